// SPDX-License-Identifier: Apache-2.0
// 6,439 zones and queries on which four name servers agree ($SITELATCH_SHARED/conformance/dns).
// Record sets are compared, per section.
#include <doctest/doctest.h>
#include <zlib.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "base/text.h"
#include "dns/testing.h"
#include "support/shared.h"

using namespace sitelatch;
using namespace sitelatch::dns;

namespace {

// The string at `"key": "`, or the strings of the list there joined by newlines. The data escapes
// only \t, \n and \".
std::string json_text(const std::string& line, const std::string& key) {
  std::size_t at = line.find("\"" + key + "\": ") + key.size() + 4;
  const bool list = line[at] == '[';
  std::string text;
  bool inside = false;
  for (; at < line.size(); ++at) {
    const char c = line[at];
    if (!inside) {
      if (c == '"') inside = true;
      if (c == ']') break;
      continue;
    }
    if (c == '"') {
      inside = false;
      if (!list) break;
      text += '\n';
    } else if (c == '\\') {
      ++at;
      text += line[at] == 't' ? '\t' : line[at] == 'n' ? '\n' : line[at];
    } else {
      text += c;
    }
  }
  return text;
}

std::string expected_text(const std::string& response) {
  std::string first, section;
  std::vector<std::string> lines;
  std::istringstream in(response);
  std::string line;
  while (std::getline(in, line)) {
    if (line.rfind("rcode ", 0) == 0) first = line.substr(6);
    if (line == "flags QR AA") first += " aa";
    if (!line.empty() && line[0] == ';') {
      section = lower(line.substr(1));
    } else if (section != "question" && !section.empty()) {
      std::istringstream words(line);
      std::string name, ttl, in_class, rest;
      words >> name >> ttl >> in_class;
      std::getline(words, rest);
      lines.push_back(section + " " + name + " " + ttl + rest + "\n");
    }
  }
  std::sort(lines.begin(), lines.end());
  return first + "\n" + join(lines, "");
}

std::string sorted_lines(const std::string& text) {
  std::set<std::string> lines;
  const std::size_t first = text.find('\n') + 1;
  std::istringstream in(text.substr(first));
  std::string line;
  while (std::getline(in, line)) lines.insert(line + "\n");
  return text.substr(0, first) + join({lines.begin(), lines.end()}, "");
}

std::vector<std::string> read_lines(const char* path) {
  std::vector<std::string> lines;
  gzFile file = gzopen(path, "rb");
  if (!file) return lines;
  std::string text;
  char buffer[65536];
  for (int got = 0; (got = gzread(file, buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<std::size_t>(got));
  gzclose(file);
  for (const std::string_view line : split(text, '\n')) {
    if (!line.empty()) lines.emplace_back(line);
  }
  return lines;
}

}  // namespace

TEST_CASE("zones and queries that four name servers agree on") {
  const std::string path = shared_path("conformance/dns/ferret-agree.jsonl.gz");
  const auto lines = read_lines(path.c_str());
  if (lines.empty()) {
    MESSAGE("SKIPPED: " << path << " is not here");
    return;
  }
  REQUIRE(lines.size() == 6439);
  int wrong = 0;
  for (const std::string& line : lines) {
    const auto view = testing::view_of(json_text(line, "zone"));
    const std::string name = json_text(line, "qname"), type = json_text(line, "qtype");
    // The data writes the wildcard label as zone files do.
    const std::string got =
        replace_all(sorted_lines(testing::ask_text(*view, name, type)), "\\052", "*");
    const std::string want = sorted_lines(expected_text(json_text(line, "response")));
    if (got == want) continue;
    if (++wrong <= 5)
      MESSAGE(json_text(line, "zone")
              << name << " " << type << "\nwanted " << want << "got " << got);
  }
  CHECK(wrong == 0);
}

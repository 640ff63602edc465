// SPDX-License-Identifier: Apache-2.0
#include "dns/testing.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "base/text.h"
#include "dns/name.h"
#include "dns/rdata.h"
#include "dns/type.h"

namespace sitelatch::dns::testing {
namespace {

std::uint32_t number(const std::string& bytes, std::size_t at, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t i = at; i < at + size; ++i)
    value = value << 8 | static_cast<unsigned char>(bytes.at(i));
  return value;
}

// A possibly compressed name as text; moves `at` past it.
std::string read_name(const std::string& message, std::size_t& at) {
  std::string wire;
  std::size_t from = at;
  bool jumped = false;
  for (int hops = 0; hops < 300; ++hops) {
    const auto size = static_cast<unsigned char>(message.at(from));
    if (size >= 0xc0) {
      if (!jumped) at = from + 2;
      jumped = true;
      const std::size_t to = number(message, from, 2) & 0x3fff;
      if (to >= from) throw std::runtime_error("a pointer forwards");
      from = to;
      continue;
    }
    wire += message.substr(from, size + 1U);
    from += size + 1U;
    if (size == 0) break;
  }
  if (!jumped) at = from;
  return name_to_text(wire);
}

std::string section(const std::string& message, std::size_t& at, std::size_t count,
                    const std::string& title) {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string owner = read_name(message, at);
    const std::uint32_t type = number(message, at, 2), record_class = number(message, at + 2, 2);
    const std::uint32_t ttl = number(message, at + 4, 4), size = number(message, at + 8, 2);
    const std::string rdata = message.substr(at + 10, size);
    if (rdata.size() != size) throw std::out_of_range("short rdata");
    at += 10 + size;
    if (type == type::opt) {
      lines.push_back(fmt::format("opt size={} ext={} version={} flags={:x} {}\n", record_class,
                                  ttl >> 24, ttl >> 16 & 0xff, ttl & 0xffff, hex(rdata)));
    } else {
      lines.push_back(fmt::format("{} {} {} {} {}\n", title, owner, ttl,
                                  type_to_text(static_cast<std::uint16_t>(type)),
                                  rdata_to_text(static_cast<std::uint16_t>(type), rdata)));
    }
  }
  std::sort(lines.begin(), lines.end());
  return join(lines, "");
}

std::string header_text(std::uint32_t flags) {
  static const char* const names[] = {"NOERROR",  "FORMERR", "SERVFAIL",
                                      "NXDOMAIN", "NOTIMP",  "REFUSED"};
  std::string text = (flags & 15) < 6 ? names[flags & 15] : fmt::format("RCODE{}", flags & 15);
  if (!(flags & 0x8000)) text += " not-a-response";
  if (flags & 0x7800) text += fmt::format(" opcode={}", flags >> 11 & 15);
  if (flags & 0x0400) text += " aa";
  if (flags & 0x0200) text += " tc";
  if (flags & 0x0100) text += " rd";
  if (flags & 0x00e0) text += " reserved-or-ra-ad";
  if (flags & 0x0010) text += " cd";
  return text + "\n";
}

}  // namespace

std::vector<NodeChange> zone_changes(const std::string& text) {
  std::map<std::pair<std::string, std::uint16_t>, Rrset> sets;
  std::vector<std::pair<std::string, std::uint16_t>> order;
  std::string origin, line;
  std::istringstream lines(text);
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string name, kind, value;
    std::uint32_t ttl = 0;
    if (!(words >> name >> ttl >> kind)) continue;
    if (kind == "IN") words >> kind;
    std::getline(words, value);
    const std::string wire = name_from_text(name).value();
    if (origin.empty()) origin = wire;
    const auto type = type_from_text(kind).value();
    auto& set = sets[{wire, type}];
    if (set.rdata.empty()) order.emplace_back(wire, type);
    set.ttl = ttl;
    set.rdata.push_back(rdata_from_text(type, trim(value)).value());
  }
  std::vector<NodeChange> changes;
  for (const auto& key : order)
    changes.push_back({origin, key.first, key.second, Choices{{1, sets[key]}}});
  return changes;
}

std::shared_ptr<const View> view_of(const std::string& text) {
  return View::empty()->with(zone_changes(text));
}

std::string query_bytes(const std::string& name, const std::string& type, std::uint16_t id) {
  std::string query{
      static_cast<char>(id >> 8), static_cast<char>(id), 0, 0, 0, 1, 0, 0, 0, 0, 0, 0};
  query += name_from_text(name, Case::keep).value();
  const auto known = type_from_text(type);
  const auto number = known ? *known : static_cast<std::uint16_t>(std::stoi(type));
  query += {static_cast<char>(number >> 8), static_cast<char>(number), 0, 1};
  return query;
}

std::string with_edns(std::string query, std::uint16_t payload, std::uint8_t version,
                      bool dnssec_ok, const std::string& options) {
  query += {0,
            0,
            41,
            static_cast<char>(payload >> 8),
            static_cast<char>(payload),
            0,
            static_cast<char>(version),
            static_cast<char>(dnssec_ok ? 0x80 : 0),
            0,
            static_cast<char>(options.size() >> 8),
            static_cast<char>(options.size())};
  query[11] = static_cast<char>(query[11] + 1);
  return query + options;
}

std::string ask(const View& view, const std::string& query, Limits limits, std::uint64_t random,
                const Asker& asker) {
  std::vector<std::uint8_t> reply(max_message_size);
  const std::size_t size =
      answer({reinterpret_cast<const std::uint8_t*>(query.data()), query.size()}, view, reply,
             limits, random, asker);
  return {reinterpret_cast<const char*>(reply.data()), size};
}

std::string reply_text(const std::string& reply) try {
  if (reply.empty()) return "none\n";
  std::string text = header_text(number(reply, 2, 2));
  std::size_t at = 12;
  for (std::uint32_t i = 0; i < number(reply, 4, 2); ++i) {
    read_name(reply, at);
    at += 4;
  }
  text += section(reply, at, number(reply, 6, 2), "answer");
  text += section(reply, at, number(reply, 8, 2), "authority");
  text += section(reply, at, number(reply, 10, 2), "additional");
  return at == reply.size() ? text : "broken: bytes left\n";
} catch (const std::exception& problem) {
  return fmt::format("broken: {}\n", problem.what());
}

std::string ask_text(const View& view, const std::string& name, const std::string& type,
                     Limits limits, std::uint64_t random) {
  return reply_text(ask(view, query_bytes(name, type), limits, random));
}

}  // namespace sitelatch::dns::testing

// SPDX-License-Identifier: Apache-2.0
#include "net/functions/node_runtime.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <set>
#include <system_error>

#include "base/text.h"
#include "net/functions/ask_program.h"
#include "net/functions/runtime_files.h"

namespace sitelatch::net {
namespace {

namespace fs = std::filesystem;

constexpr const char* node_client_source =
#include "net/functions/runtimes/node_bootstrap.inc"
    ;

constexpr int oldest_major = 14;  // that the client runs on

std::optional<Node> ask_node(const std::string& executable) {
  const auto text =
      ask_program({executable, "-p", "process.versions.node + '\\n' + process.execPath"},
                  std::chrono::seconds(10));
  const auto lines = split(text, '\n');
  if (lines.size() < 2) return std::nullopt;
  Node node;
  node.major = static_cast<int>(parse_int(lines[0].substr(0, lines[0].find('.'))).value_or(0));
  node.executable = lines[1];
  if (node.major < oldest_major || !node.executable.starts_with('/')) return std::nullopt;
  const auto folder = fs::path(node.executable).parent_path();
  node.prefix = folder.filename() == "bin" ? folder.parent_path() : folder;
  node.trees = trees_to_show({node.prefix});
  return node;
}

std::vector<std::string> node_candidates(const std::string& search_path, const std::string& home) {
  std::vector<fs::path> paths;
  std::vector<std::string> directories;
  for (const auto directory : split(search_path, ':'))
    if (directory.starts_with('/')) directories.emplace_back(directory);
  for (const char* usual : {"/usr/local/bin", "/usr/bin", "/var/lang/bin"})
    directories.emplace_back(usual);
  for (const auto& directory : directories)
    for (const char* name : {"node", "nodejs"}) paths.push_back(fs::path(directory) / name);
  std::error_code error;
  for (const auto& root : {home + "/.nvm/versions/node", home + "/.asdf/installs/nodejs",
                           home + "/.nodenv/versions", std::string("/opt/nodejs")})
    for (const auto& entry : fs::directory_iterator(root, error))
      paths.push_back(entry.path() / "bin/node");
  std::vector<std::string> found;
  std::set<std::string> seen;
  for (const auto& path : paths) {
    const auto real = fs::canonical(path, error);
    if (error || !fs::is_regular_file(real, error) || ::access(real.c_str(), X_OK) != 0) continue;
    if (seen.insert(real.string()).second) found.push_back(path.string());
  }
  return found;
}

// Lower is better.
int distance_of(const Node& node, int major) {
  return node.major >= major ? node.major - major : 1000 + major - node.major;
}

}  // namespace

std::optional<int> node_major(const std::string& runtime) {
  if (!runtime.starts_with("nodejs") || !runtime.ends_with(".x")) return std::nullopt;
  const auto major = parse_int(std::string_view(runtime).substr(6, runtime.size() - 8));
  if (!major || *major < 0 || *major > 99) return std::nullopt;
  return static_cast<int>(*major);
}

std::optional<Node> find_node(int major, const std::string& search_path, const std::string& home) {
  std::optional<Node> best;
  for (const auto& candidate : node_candidates(search_path, home)) {
    auto node = ask_node(candidate);
    if (!node || (best && distance_of(*best, major) <= distance_of(*node, major))) continue;
    best = std::move(node);
    if (best->major == major) break;
  }
  return best;
}

Result<Done> write_node_runtime(const std::string& directory) {
  if (!write_runtime_file(directory, "bootstrap.cjs", node_client_source))
    return failure(Problem{fmt::format("{}: the Node.js runtime cannot be written", directory)});
  return Done{};
}

}  // namespace sitelatch::net

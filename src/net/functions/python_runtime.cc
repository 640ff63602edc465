// SPDX-License-Identifier: Apache-2.0
#include "net/functions/python_runtime.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <system_error>

#include "base/text.h"
#include "net/functions/ask_program.h"
#include "net/functions/runtime_files.h"

namespace sitelatch::net {
namespace {

constexpr const char* client_source =
#include "net/functions/runtimes/python_bootstrap.inc"
    ;

// One line a fact; -I keeps the user's environment and directories out, as the sandbox will.
constexpr const char* questions =
    "import sys, importlib.util as u\n"
    "print(sys.version_info[0]); print(sys.version_info[1])\n"
    "print(int(bool(u.find_spec('boto3') and u.find_spec('botocore'))))\n"
    "print(sys.executable); print(sys.prefix); print(sys.base_prefix)\n";

std::optional<Python> examine(const std::string& executable) {
  const auto text = ask_program({executable, "-I", "-c", questions}, std::chrono::seconds(10));
  const auto lines = split(text, '\n');
  if (lines.size() < 6 || lines[0] != "3") return std::nullopt;
  Python python;
  python.minor = static_cast<int>(parse_int(lines[1]).value_or(0));
  python.boto3 = lines[2] == "1";
  python.executable = lines[3];
  python.prefix = lines[4];
  const std::string base(lines[5]);
  python.trees = trees_to_show({python.prefix, base});
  if (python.executable.empty()) return std::nullopt;
  return python;
}

std::vector<std::string> candidates(int minor, const std::string& search_path,
                                    const std::string& home) {
  namespace fs = std::filesystem;
  std::vector<std::string> found;
  std::set<std::string> seen;
  const auto add = [&](const fs::path& path) {
    std::error_code error;
    if (path.string().find("/shims/") != std::string::npos) return;  // leads to the versions below
    const auto real = fs::canonical(path, error);
    // The name counts where it is a virtual environment's, whose link decides what it sees.
    const bool environment = fs::exists(path.parent_path().parent_path() / "pyvenv.cfg", error);
    if (error && real.empty()) return;
    if (!fs::is_regular_file(real, error) || ::access(real.c_str(), X_OK) != 0) return;
    if (seen.insert(environment ? path.string() : real.string()).second)
      found.push_back(path.string());
  };
  std::vector<std::string> directories;
  for (const auto directory : split(search_path, ':'))
    if (directory.starts_with('/')) directories.emplace_back(directory);
  for (const char* usual : {"/usr/local/bin", "/usr/bin", "/var/lang/bin"})
    directories.emplace_back(usual);
  const auto exact = fmt::format("python3.{}", minor);
  for (const auto& directory : directories) add(fs::path(directory) / exact);
  std::error_code error;
  for (const auto& root : {home + "/.pyenv/versions", std::string("/opt/python")})
    for (const auto& entry : fs::directory_iterator(root, error)) add(entry.path() / "bin/python3");
  for (const auto& directory : directories) add(fs::path(directory) / "python3");
  return found;
}

// Lower is better.
int rank(const Python& python, int minor) {
  const int distance = std::abs(python.minor - minor);
  if (python.boto3) return distance;
  return distance == 0 ? 1000 : 2000 + distance;
}

struct Service {
  const char *folder, *version, *signing_name;
  bool global;
};
constexpr Service services[] = {
    {"route53", "2013-04-01", "route53", true}, {"iam", "2010-05-08", "iam", true},
    {"sts", "2011-06-15", "sts", false},        {"sns", "2010-03-31", "sns", false},
    {"lambda", "2015-03-31", "lambda", false},  {"cloudwatch", "2010-08-01", "monitoring", false},
    {"logs", "2014-03-28", "logs", false},      {"events", "2015-10-07", "events", false},
    {"sqs", "2012-11-05", "sqs", false},
};

std::string rule_set(const Service& service, const std::string& endpoint) {
  const auto rule = [&](const char* conditions, const std::string& url) {
    return fmt::format(
        R"({{"type":"endpoint","conditions":{},"endpoint":{{"url":{},"headers":{{}},)"
        R"("properties":{{"authSchemes":[{{"name":"sigv4","signingName":"{}",)"
        R"("signingRegion":"{}"}}]}}}}}})",
        conditions, url, service.signing_name, service.global ? "us-east-1" : "{Region}");
  };
  const auto parameter = [](const char* name, const char* built_in, const char* kind) {
    return fmt::format(R"("{}":{{"builtIn":"{}","required":false,"type":"{}","documentation":""}})",
                       name, built_in, kind);
  };
  return fmt::format(
      R"({{"version":"1.0","parameters":{{{},{},{},{}}},"rules":[{},{}]}})",
      parameter("Region", "AWS::Region", "String"),
      parameter("Endpoint", "SDK::Endpoint", "String"),
      R"("UseFIPS":{"builtIn":"AWS::UseFIPS","required":true,"default":false,"type":"Boolean",)"
      R"("documentation":""})",
      R"("UseDualStack":{"builtIn":"AWS::UseDualStack","required":true,"default":false,)"
      R"("type":"Boolean","documentation":""})",
      rule(R"([{"fn":"isSet","argv":[{"ref":"Endpoint"}]}])", R"({"ref":"Endpoint"})"),
      rule("[]", '"' + endpoint + '"'));
}

}  // namespace

std::optional<int> python_minor(const std::string& runtime) {
  if (!runtime.starts_with("python3.")) return std::nullopt;
  const auto minor = parse_int(std::string_view(runtime).substr(8));
  if (!minor || *minor < 0 || *minor > 99) return std::nullopt;
  return static_cast<int>(*minor);
}

std::optional<Python> find_python(int minor, const std::string& search_path,
                                  const std::string& home) {
  std::optional<Python> best;
  for (const auto& candidate : candidates(minor, search_path, home)) {
    auto python = examine(candidate);
    if (!python || (best && rank(*best, minor) <= rank(*python, minor))) continue;
    best = std::move(python);
    if (rank(*best, minor) == 0) break;
  }
  return best;
}

Result<Done> write_python_runtime(const std::string& directory, const std::string& api_endpoint) {
  const std::filesystem::path root(directory);
  bool good = write_runtime_file(root, "bootstrap.py", client_source);
  for (const auto& service : services)
    good = good && write_runtime_file(root,
                                      fmt::format("data/{}/{}/endpoint-rule-set-1.json",
                                                  service.folder, service.version),
                                      rule_set(service, api_endpoint));
  if (!good)
    return failure(Problem{fmt::format("{}: the Python runtime cannot be written", directory)});
  return Done{};
}

}  // namespace sitelatch::net

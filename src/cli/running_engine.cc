// SPDX-License-Identifier: Apache-2.0
#include "cli/running_engine.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "net/io/control_socket.h"
#include "store/data_directory.h"

namespace sitelatch::cli {
namespace fs = std::filesystem;
namespace {

fs::path directory_of(const EngineChoice& where) {
  return where.data_dir.empty() ? store::default_data_directory() : where.data_dir;
}

// The value of `key = value` in an ini file with one section.
std::string ini_value(std::string_view content, std::string_view key) {
  for (const auto line : split(content, '\n')) {
    const auto equals = line.find('=');
    if (equals != std::string_view::npos && trim(line.substr(0, equals)) == key)
      return std::string{trim(line.substr(equals + 1))};
  }
  return {};
}

// The shim for an aws CLI that does not know AWS_ENDPOINT_URL (before 1.29 and 2.13): it adds
// --endpoint-url, unless one is given, and runs the aws that would have been found without it.
constexpr std::string_view shim = R"SH(#!/bin/sh
# Made by sitelatch: points an `aws` that ignores AWS_ENDPOINT_URL at the engine.
here=$(cd "$(dirname "$0")" && pwd)
rest=
old_ifs=$IFS
IFS=:
for dir in $PATH; do
  case "$dir" in "$here"|"") ;; *) rest="${rest:+$rest:}$dir" ;; esac
done
IFS=$old_ifs
PATH=$rest
export PATH
if [ -z "$(command -v aws)" ]; then
  echo "sitelatch: no aws CLI on PATH; install awscli" >&2
  exit 127
fi
for argument in "$@"; do
  case "$argument" in --endpoint-url|--endpoint-url=*|--version) exec aws "$@" ;; esac
done
[ $# -gt 0 ] && [ -n "$AWS_ENDPOINT_URL" ] && [ "$1" != help ] && [ "$1" != configure ] &&
  exec aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"
exec aws "$@"
)SH";

// The discard port (RFC 863) of this very machine, where nothing listens.
constexpr const char* nobodys_url = "http://127.0.0.1:9";

std::string lookup(char const* const* environment, std::string_view name) {
  for (; environment && *environment; ++environment) {
    const std::string_view entry = *environment;
    if (entry.size() > name.size() && entry[name.size()] == '=' && entry.starts_with(name))
      return std::string{entry.substr(name.size() + 1)};
  }
  return {};
}

// An engine that listens on all addresses is asked on this machine's own.
std::string reachable_dns(const std::string& dns) {
  if (dns.starts_with("0.0.0.0:")) return "127.0.0.1" + dns.substr(7);
  if (dns.starts_with("[::]:")) return "[::1]" + dns.substr(4);
  return dns;
}

std::string with_entry_first(const std::string& list, const std::string& entry, char separator) {
  std::string out = entry;
  for (const auto part : split(list, separator))
    if (!part.empty() && part != entry) out += separator + std::string{part};
  return out;
}

// What the user's own environment may have to reach AWS by, and what goes before what is set.
std::vector<std::string> others_credentials(char const* const* inherited) {
  std::vector<std::string> out = {"AWS_SESSION_TOKEN",
                                  "AWS_SECURITY_TOKEN",
                                  "AWS_PROFILE",
                                  "AWS_DEFAULT_PROFILE",
                                  "AWS_ROLE_ARN",
                                  "AWS_ROLE_SESSION_NAME",
                                  "AWS_WEB_IDENTITY_TOKEN_FILE",
                                  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                                  "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                                  "AWS_CONTAINER_AUTHORIZATION_TOKEN",
                                  "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
                                  "AWS_CREDENTIAL_EXPIRATION",
                                  "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
                                  "AWS_USE_FIPS_ENDPOINT",
                                  "AWS_USE_DUALSTACK_ENDPOINT",
                                  "AWS_STS_REGIONAL_ENDPOINTS"};
  // An endpoint for one service wins over the general one: whatever there is must go.
  for (auto entry = inherited; entry && *entry; ++entry) {
    const std::string_view name =
        std::string_view{*entry}.substr(0, std::string_view{*entry}.find('='));
    if (name.starts_with("AWS_ENDPOINT_URL_")) out.emplace_back(name);
  }
  return out;
}

}  // namespace

Result<RunningEngine> find_engine(const EngineChoice& where) {
  const fs::path directory = directory_of(where);
  const auto none = [&] {
    return failure(Problem{fmt::format(
        "no engine is running with the data directory {}; start one with: sitelatch engine{}",
        directory.string(),
        where.data_dir.empty() ? "" : " --data-dir " + shell_quoted(directory.string()))});
  };
  std::error_code error;
  if (fs::symlink_status(directory, error).type() == fs::file_type::not_found) return none();
  // In a directory that somebody else can write to, the engine named there may be his.
  const auto files = store::PrivateDirectory::open(directory);
  if (!files) return failure(files.error());
  const auto runtime = files->read_file("engine.json");
  if (!runtime) return failure(runtime.error());
  if (!*runtime || !store::is_held(*files)) return none();
  const auto parsed = aws::from_json(**runtime);
  if (!parsed) return none();
  const auto credentials = files->read_file("credentials");
  if (!credentials) return failure(credentials.error());
  if (!*credentials) return none();
  return RunningEngine{files->path(), (*parsed)["api"].string_or(""),
                       (*parsed)["dns"].string_or(""),
                       ini_value(**credentials, "aws_access_key_id"),
                       ini_value(**credentials, "aws_secret_access_key")};
}

Result<aws::Value> ask_engine(const EngineChoice& where, const aws::Value& request) {
  const auto engine = find_engine(where);
  if (!engine) return failure(engine.error());
  const auto line = net::control_request(engine->data_dir / "control.sock", aws::to_json(request));
  if (!line) return failure(line.error());
  auto answer = aws::from_json(*line);
  if (!answer) return failure(Problem{"the engine's answer is not JSON"});
  if (answer->has("error")) return failure(Problem{(*answer)["error"].string_or("refused")});
  return *answer;
}

ToolEnvironment closed_environment(char const* const* inherited) {
  ToolEnvironment out;
  out.set = {{"AWS_ENDPOINT_URL", nobodys_url},
             {"AWS_CONFIG_FILE", "/dev/null"},
             {"AWS_SHARED_CREDENTIALS_FILE", "/dev/null"},
             {"AWS_EC2_METADATA_DISABLED", "true"}};
  out.unset = others_credentials(inherited);
  for (const auto* name :
       {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "SITELATCH_DNS", data_dir_variable})
    out.unset.emplace_back(name);
  return out;
}

ToolEnvironment tool_environment(const RunningEngine& engine, const std::string& region,
                                 char const* const* inherited) {
  ToolEnvironment out;
  const std::string directory = engine.data_dir.string();
  std::string no_proxy = lookup(inherited, "NO_PROXY");
  if (no_proxy.empty()) no_proxy = lookup(inherited, "no_proxy");
  no_proxy = with_entry_first(with_entry_first(no_proxy, "localhost", ','), "127.0.0.1", ',');
  out.set = {
      {"AWS_ENDPOINT_URL", engine.api_url},
      {"AWS_REGION", region},
      {"AWS_DEFAULT_REGION", region},
      {"AWS_ACCESS_KEY_ID", engine.access_key_id},
      {"AWS_SECRET_ACCESS_KEY", engine.secret_access_key},
      // The user's own profiles are out of reach: their keys sign nothing that goes to the engine.
      {"AWS_CONFIG_FILE", directory + "/config"},
      {"AWS_SHARED_CREDENTIALS_FILE", directory + "/credentials"},
      {"AWS_EC2_METADATA_DISABLED", "true"},
      {"AWS_PAGER", ""},
      {"NO_PROXY", no_proxy},
      {"no_proxy", no_proxy},
      {"PATH", with_entry_first(lookup(inherited, "PATH"), directory + "/bin", ':')},
      // Whom the guard's commands ask who serves: the zones' own name servers do not exist here.
      {"SITELATCH_DNS", reachable_dns(engine.dns)},
      {data_dir_variable, directory},
  };
  out.unset = others_credentials(inherited);
  return out;
}

Result<Done> write_tool_files(const fs::path& data_dir, const std::string& api_url,
                              const std::string& region) {
  using store::PrivateDirectory;
  constexpr auto until_next_start = PrivateDirectory::Kept::until_next_start;
  const auto files = PrivateDirectory::open(data_dir);
  if (!files) return failure(files.error());
  const auto bin = files->subdirectory("bin");
  if (!bin) return failure(bin.error());
  auto written = files->write_file(
      "config", fmt::format("[default]\nregion = {}\nendpoint_url = {}\n", region, api_url),
      {0600, until_next_start});
  if (!written) return written;
  return bin->write_file("aws", std::string{shim}, {0700, until_next_start});
}

std::string shell_quoted(const std::string& text) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@%+=,";
  if (!text.empty() && text.find_first_not_of(plain) == std::string::npos) return text;
  return "'" + replace_all(text, "'", "'\\''") + "'";
}

}  // namespace sitelatch::cli

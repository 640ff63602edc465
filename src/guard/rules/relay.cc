// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/relay.h"

#include <algorithm>

#include "base/text.h"

namespace sitelatch::guard {
namespace {
constexpr std::size_t shortest_secret = 16, longest_path = 255;  // a health check's ResourcePath
constexpr std::size_t longest_text = 255;  // a character string (RFC 1035 §3.3)
constexpr std::size_t most_name_servers = 16;

// Longer than name servers take to agree (fact guard-63); a Primary of which FailureThreshold
// probes must fail is not away and back that fast.
constexpr auto skew_is_over = std::chrono::seconds{20};
// A latched check is not read at each of the clock's probes, of which there is one every two
// seconds (fact guard-62).
constexpr auto between_readings = std::chrono::seconds{10};

std::string of(const Texts& environment, std::string_view name) {
  const auto found = environment.find(std::string{name});
  return found == environment.end() ? std::string{} : found->second;
}

bool unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.' || c == '~';
}

// Host names, addresses of both kinds, and names with an underscore.
bool host_character(char c) { return (unreserved(c) && c != '~') || c == ':'; }

Failure<Problem> wrong(std::string_view name, std::string_view what) {
  return problem(std::string{name} + " " + std::string{what} + ": deploy the guard again");
}

bool says(const SentinelAnswer& answer, Side side) { return answer.side == side; }
std::ptrdiff_t count(const Look& look, Side side) {
  return std::count_if(look.begin(), look.end(),
                       [side](const auto& answer) { return says(answer, side); });
}

std::string silence(const Look& look) {
  std::vector<std::string> reasons;
  for (const auto& answer : look)
    if (!answer.side) reasons.push_back(to_string(answer.server) + ": " + answer.problem);
  return join(reasons, ", ");
}

// "1.002": of seconds.
std::string seconds_of(Duration length) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(length).count();
  const auto digits = std::to_string(ms % 1000);
  return std::to_string(ms / 1000) + "." + std::string(3 - digits.size(), '0') + digits;
}
}  // namespace

std::optional<NameServer> parse_name_server(std::string_view text) {
  NameServer server;
  auto host = text;
  auto port = std::string_view{};
  const auto colon = text.find(':');
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == text.npos) return std::nullopt;
    host = text.substr(1, end - 1);
    port = text.substr(end + 1);
    if (!port.empty() && port.front() != ':') return std::nullopt;
  } else if (colon != text.npos && text.find(':', colon + 1) == text.npos) {
    host = text.substr(0, colon);
    port = text.substr(colon);
  }
  if (host.empty() || host.size() > 255 || !std::all_of(host.begin(), host.end(), host_character))
    return std::nullopt;
  server.host = std::string{host};
  if (port.empty()) return server;
  const auto number = parse_int(port.substr(1));
  if (!number || *number < 1 || *number > 65535) return std::nullopt;
  server.port = static_cast<int>(*number);
  return server;
}

std::string to_string(const NameServer& server) {
  if (server.port == 53) return server.host;
  const auto host =
      server.host.find(':') == server.host.npos ? server.host : "[" + server.host + "]";
  return host + ":" + std::to_string(server.port);
}

Texts relay_environment(const RelaySettings& settings) {
  std::vector<std::string> servers;
  for (const auto& server : settings.name_servers) servers.push_back(to_string(server));
  return {{std::string{env::relay_path}, settings.path},
          {std::string{env::sentinel}, settings.sentinel},
          {std::string{env::sentinel_primary}, settings.primary},
          {std::string{env::sentinel_secondary}, settings.secondary},
          {std::string{env::name_servers}, join(servers, " ")}};
}

Result<std::optional<RelaySettings>> read_relay(const Texts& environment) {
  RelaySettings settings{of(environment, env::relay_path),
                         of(environment, env::sentinel),
                         of(environment, env::sentinel_primary),
                         of(environment, env::sentinel_secondary),
                         {}};
  if (settings.path.empty()) return std::optional<RelaySettings>{};
  if (!is_relay_path(settings.path))
    return wrong(env::relay_path,
                 "is not '/' and 16 or more letters, digits and -._~/, so that nobody guesses it");
  if (settings.sentinel.empty()) return wrong(env::sentinel, "is not set");
  for (const auto& [name, text] : {std::pair{env::sentinel_primary, settings.primary},
                                   std::pair{env::sentinel_secondary, settings.secondary}})
    if (text.empty() || text.size() > longest_text)
      return wrong(name, "is not a text of 1 to 255 bytes");
  if (settings.primary == settings.secondary)
    return wrong(env::sentinel_secondary, "is what the primary side says too: no answer tells");
  auto list = of(environment, env::name_servers);
  std::replace(list.begin(), list.end(), ',', ' ');
  for (const auto word : split(list, ' ')) {
    if (word.empty()) continue;
    const auto server = parse_name_server(word);
    if (!server)
      return wrong(env::name_servers, "has '" + std::string{word.substr(0, 100)} +
                                          "', which is neither HOST, ADDRESS nor one of them with "
                                          ":PORT");
    settings.name_servers.push_back(*server);
  }
  if (settings.name_servers.empty() || settings.name_servers.size() > most_name_servers)
    return wrong(env::name_servers, "does not name 1 to 16 servers");
  return std::optional{std::move(settings)};
}

bool is_relay_path(std::string_view path) {
  return path.starts_with('/') && path.size() > shortest_secret && path.size() <= longest_path &&
         std::all_of(path.begin(), path.end(), [](char c) { return unreserved(c) || c == '/'; });
}

bool same_secret(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned differences = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    differences |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
  return differences == 0;
}

std::optional<Side> side_of(const std::vector<std::string>& texts, const RelaySettings& settings) {
  if (texts.size() != 1) return std::nullopt;
  if (texts[0] == settings.primary) return Side::primary;
  if (texts[0] == settings.secondary) return Side::backup;
  return std::nullopt;
}

Sighting weigh(const std::vector<Look>& looks) {
  if (looks.empty()) return {Sighting::Kind::blind, "nobody was asked"};
  const SentinelAnswer* first = nullptr;
  const SentinelAnswer* last = nullptr;
  bool primary = false;
  for (const auto& look : looks)
    for (const auto& answer : look) {
      primary = primary || says(answer, Side::primary);
      if (!says(answer, Side::backup)) continue;
      if (!first || answer.at < first->at) first = &answer;
      if (!last || answer.at >= last->at) last = &answer;
    }
  const auto& newest = looks.back();
  if (!first && primary) return {Sighting::Kind::nothing, "Primary serves by the sentinel"};
  if (!first) return {Sighting::Kind::blind, "no name server tells who serves: " + silence(newest)};
  if (last->at - first->at >= between_looks)
    return {Sighting::Kind::latch, "the sentinel says Backup by " + to_string(first->server) +
                                       ", and by " + to_string(last->server) + " " +
                                       seconds_of(last->at - first->at) + " s later"};
  const auto once = "the sentinel said Backup once, by " + to_string(first->server);
  const bool backup_now = count(newest, Side::backup) > 0;
  if (!backup_now && count(newest, Side::primary) > 0)
    return {Sighting::Kind::nothing, once + ", and Primary a second later"};
  if (looks.size() < most_looks) return {Sighting::Kind::look_again, once};
  if (backup_now) return {Sighting::Kind::nothing, once};
  return {Sighting::Kind::blind, once + ", and then no name server told: " + silence(newest)};
}

void RelayMemory::saw(const Look& look, Instant now) {
  const auto primary = count(look, Side::primary), backup = count(look, Side::backup);
  if (primary > 0) decided_at_.reset();
  if (backup > 0) {
    primary_since_.reset();
    said_primary_.clear();
  }
  if (!waiting_in_ || came_back_in_ == waiting_in_ || backup > 0 || primary == 0) return;
  // Silent servers may be the ones that have not heard of it yet.
  for (const auto& answer : look)
    if (says(answer, Side::primary)) said_primary_.insert(to_string(answer.server));
  if (said_primary_.size() < look.size()) return;
  if (!primary_since_) primary_since_ = now;
  if (now - *primary_since_ >= skew_is_over) came_back_in_ = waiting_in_;
}

void RelayMemory::met_release(std::uint64_t number) {
  if (waiting_in_ == number) return;
  waiting_in_ = number;
  said_primary_.clear();
  primary_since_.reset();
}

void RelayMemory::decided(Instant now) { decided_at_ = now; }

bool RelayMemory::rests(Instant now) const {
  return decided_at_ && now >= *decided_at_ && now < *decided_at_ + between_readings;
}

}  // namespace sitelatch::guard

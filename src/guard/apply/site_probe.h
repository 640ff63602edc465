// SPDX-License-Identifier: Apache-2.0
// Asks a site as Route 53's checkers would, from here: the check's address, port, name and SNI, no
// certificate judged, no redirect followed, 4 s to connect and 2 s more to answer. While a guard is
// latched this is the only look at Primary's own path, because the check itself probes a path that
// never answers.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "aws/wire/value.h"
#include "base/result.h"

namespace sitelatch::guard {

struct Site {
  bool tls = true;
  bool sni = true;
  std::string address;  // empty: the name's
  std::string name;     // FullyQualifiedDomainName; empty: the address alone
  int port = 443;
};
// Of a HealthCheckConfig. Problem: not HTTP(S).
Result<Site> site_of(const aws::Value& health_check_config);

// "https://primary.example.org:443/lb-check", for people.
std::string describe(const Site& site, std::string_view path);

// The HTTP status; Problem: no answer, and why. `total_ms` bounds the whole.
Result<int> probe(const Site& site, std::string_view path);

// Asks `path` at the site as Route 53's checkers would: the HTTP status, or why there was no
// answer.
using AskSite = std::function<Result<int>(const aws::Value& check_config, const std::string& path)>;
AskSite ask_site_from_here();

struct SiteAnswer {
  bool well = false;  // as Route 53's checkers would count it (rules/site_status.h)
  std::string words;  // "https://primary.example.org/lb-check answers 200"
};
SiteAnswer ask_site(const AskSite& ask, const aws::Value& check_config, const std::string& path);

}  // namespace sitelatch::guard

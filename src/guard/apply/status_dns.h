// SPDX-License-Identifier: Apache-2.0
// What users of the sites are told: asks the authoritative servers of the zone (its delegation
// set), never a resolver with a cache, and says which site the answer is. An empty answer is an
// error, and no answer is none: neither is an agreement. What answers in a zone's name without
// authority (no AA: a resolver that takes port 53 over) is not believed, unless a person has named
// the server.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "client/client.h"
#include "guard/apply/observe.h"

namespace sitelatch::guard {

struct DnsAnswer {
  int rcode = 0;
  std::vector<std::string> values;  // addresses, and targets of CNAMEs, sorted
  bool authoritative = true;        // AA: the server speaks for the zone, and from no cache
  bool truncated = false;           // TC: there is more, by TCP (RFC 7766)
};
// How long a server may take: `udp` twice, then `tcp` to connect, and to answer. A port that a
// firewall has closed answers nothing at all, so this is what it costs.
struct DnsLimits {
  std::chrono::milliseconds udp{700}, tcp{1000};
};
// `server`: "192.0.2.1:53", "[2001:db8::1]:53", or a name, port 53. By UDP; by TCP where that is
// not answered, or cut short. Problem: no answer, or none that can be read. `name` as Route 53
// spells it (\052); a wildcard is asked for by a label of ours. `type`: A, AAAA, CNAME.
Result<DnsAnswer> ask_dns_within(const DnsLimits& limits, const std::string& server,
                                 const std::string& name, const std::string& type);
Result<DnsAnswer> ask_dns(const std::string& server, const std::string& name,
                          const std::string& type);
using AskDns = std::function<Result<DnsAnswer>(const std::string& server, const std::string& name,
                                               const std::string& type)>;

// A reply's answer section; `question_end`: where it begins, behind a header and the question.
// Nothing: it cannot be read.
std::optional<DnsAnswer> read_dns_answer(const std::string& message, std::size_t question_end,
                                         int type);

enum class Serving { primary, backup, both, neither, unknown };
std::string_view to_string(Serving serving);  // "primary"; both: the two have a common answer

struct DnsSnapshot {
  std::string name, type, server;   // "client.example.org.", "A", the server that answered
  std::vector<std::string> answer;  // sorted
  Serving serving = Serving::unknown;
  std::string problem;     // why not known: no server answered, the answer was empty, ...
  bool not_asked = false;  // nobody here could be asked: a private zone, and no server given
};

// One for each name and type that has a PRIMARY record on the check. `server` empty: the zone's
// own. Nothing is there where no record uses the check.
std::vector<DnsSnapshot> ask_serving(client::Aws& aws, const RecordsSnapshot& records,
                                     const std::string& server, const AskDns& ask = ask_dns);

// Primary (true) or Backup (false), where all answers say so; nothing: they do not, or there is
// none.
std::optional<bool> primary_serves(const std::vector<DnsSnapshot>& answers);

}  // namespace sitelatch::guard

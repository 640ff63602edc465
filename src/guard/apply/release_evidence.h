// SPDX-License-Identifier: Apache-2.0
// What a person saw before they released a latch: the check, the alarm, Primary's own answers, DNS
// from each name server, and what the --check commands said. It is written into the audit log with
// the release ("seen"), so that whoever asks later why it was made need not ask the person.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "guard/apply/observe.h"
#include "guard/apply/status_dns.h"
#include "guard/rules/json.h"

namespace sitelatch::guard {

struct ReleaseEvidence {
  struct Dns {
    std::string server, name, type;
    std::vector<std::string> answer;
    std::string problem;  // empty: it answered
    bool operator==(const Dns&) const = default;
  };
  struct Command {
    std::string command;
    int status = 0;          // exit status; 128 + n: killed by signal n
    std::string output;      // stdout, then stderr; of a long one the end
    std::size_t left_out{};  // bytes of its beginning
    std::string problem;     // it could not be run
    bool operator==(const Command&) const = default;
  };

  Instant at{};
  std::string check;                 // "ResourcePath=/lb-check-failed-over, version 7, unhealthy"
  std::string alarm;                 // "ALARM since ..., actions on"
  std::vector<std::string> primary;  // "https://primary.example.org/lb-check answers 200"
  std::vector<Dns> dns;
  std::vector<Command> commands;
  bool operator==(const ReleaseEvidence&) const = default;
};

// The end of an output, in whole lines, as much as a log's line may hold beside the others.
inline constexpr std::size_t longest_output = 4096;
ReleaseEvidence::Command command_evidence(std::string command, int status, std::string output);

std::string check_words(const Snapshot& snapshot);
std::string alarm_words(const Snapshot& snapshot);
// Every name server of each zone is asked for each name that a PRIMARY record gives to the check;
// where a server is given, it alone. After two that do not answer (a blocked port) no more.
std::vector<ReleaseEvidence::Dns> ask_every_server(client::Aws& aws, const RecordsSnapshot& records,
                                                   const std::string& server, const AskDns& ask);

// A JSON object and back; nothing: it is none.
std::string to_json(const ReleaseEvidence& evidence);
std::optional<ReleaseEvidence> read_evidence(const Json& json);

std::string words_of(const ReleaseEvidence::Dns& dns);  // "NAME A -> 192.0.2.2 by SERVER"
// For people, a line each, without line ends.
std::vector<std::string> lines_of(const ReleaseEvidence& evidence);

}  // namespace sitelatch::guard

// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/release_evidence.h"

#include <doctest/doctest.h>

#include "guard/apply/audit_log.h"

using namespace sitelatch;
using namespace sitelatch::guard;

namespace {

ReleaseEvidence evidence() {
  ReleaseEvidence out;
  out.at = from_unix_ms(1'790'000'000'123);
  out.check = "ResourcePath=/lb-check-failed-over, version 7, unhealthy";
  out.alarm = "ALARM since 2026-11-22T12:00:00Z, actions on";
  out.primary = {"https://primary.example.org/lb-check answers 200"};
  out.dns = {{"ns-1.awsdns-01.org", "client.example.org.", "A", {"192.0.2.2"}, ""},
             {"ns-2.awsdns-02.com", "client.example.org.", "A", {}, "it does not answer"}};
  out.commands = {command_evidence("./sites-in-sync --all", 0, "3 caches\n\"all\" in sync é\x01\n"),
                  {"./gone", 0, "", 0, "./gone: not found"}};
  return out;
}

}  // namespace

TEST_CASE("evidence survives its line in the audit log, whatever a command said") {
  AuditEntry entry;
  entry.at = from_unix_ms(1'790'000'000'123);
  entry.action = "switch-back";
  entry.stage = "asked";
  entry.seen = evidence();
  const auto line = audit_line(entry, "id");
  CHECK(line.find('\n') == line.npos);
  const auto again = read_audit_line(line);
  REQUIRE(again);
  REQUIRE(again->seen);
  CHECK(*again->seen == evidence());
  entry.seen.reset();
  CHECK(!read_audit_line(audit_line(entry, "id"))->seen);
}

TEST_CASE("of a long output the end is kept, in whole lines, and what is left out is said") {
  std::string output;
  for (int i = 0; i < 2000; ++i) output += "line " + std::to_string(i) + "\n";
  const auto size = output.size();
  const auto kept = command_evidence("x", 1, output);
  CHECK(kept.output.size() <= longest_output);
  CHECK(kept.output.starts_with("line "));
  CHECK(kept.output.ends_with("line 1999\n"));
  CHECK(kept.left_out + kept.output.size() == size);
  const auto unbroken = command_evidence("x", 1, std::string(longest_output + 1, 'a'));
  CHECK(unbroken.output.size() == longest_output);
  CHECK(unbroken.left_out == 1);
}

TEST_CASE("evidence for people: each name server's answer, each command with what it said") {
  const auto lines = lines_of(evidence());
  const std::vector<std::string> wanted = {
      "check   ResourcePath=/lb-check-failed-over, version 7, unhealthy",
      "alarm   ALARM since 2026-11-22T12:00:00Z, actions on",
      "Primary https://primary.example.org/lb-check answers 200",
      "DNS     client.example.org. A -> 192.0.2.2 by ns-1.awsdns-01.org",
      "DNS     client.example.org. A -> it does not answer by ns-2.awsdns-02.com",
      "ran     ./sites-in-sync --all: status 0",
      "  3 caches",
      "  \"all\" in sync é\x01",
      "ran     ./gone: ./gone: not found"};
  CHECK(lines == wanted);
}

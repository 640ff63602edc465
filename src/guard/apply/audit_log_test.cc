// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/audit_log.h"

#include <doctest/doctest.h>

#include "guard/apply/doctor.h"
#include "guard/apply/drill_scratch.h"

using namespace sitelatch;
using namespace sitelatch::guard;

TEST_CASE("an entry survives its line, whatever a reason holds") {
  AuditEntry entry;
  entry.at = from_unix_ms(1'790'000'000'123);
  entry.action = "switch-back";
  entry.stage = "done";
  entry.why = "said \"now\"\nand {meant} it \x01 é";
  entry.version = "7";
  const auto again = read_audit_line(audit_line(entry, "id"));
  REQUIRE(again);
  CHECK(again->at == entry.at);
  CHECK(again->action == entry.action);
  CHECK(again->why == entry.why);
  CHECK(again->version == "7");
  CHECK(again->forced.empty());
}

TEST_CASE("lines of others are none of ours") {
  CHECK(!read_audit_line(""));
  CHECK(!read_audit_line("START RequestId: 1"));
  CHECK(!read_audit_line("[1,2]"));
  CHECK(!read_audit_line(R"({"action":"trip"})"));
  CHECK(!read_audit_line(R"({"at":"yesterday","action":"trip"})"));
  CHECK(!read_audit_line(R"({"at":"2026-11-22T10:42:21Z"})"));
}

TEST_CASE("whose resource it is, by its name") {
  const std::string id = "233e180f-f023-45a3-954e-415303f21eab";
  for (const std::string name :
       {"", "sitelatch-", "/sitelatch/", "/aws/lambda/", "/aws/lambda/sitelatch-"})
    CHECK(id_in_name(name + id) == id);
  CHECK(id_in_name("sitelatch-" + id + "-notify") == id);
  for (const auto& name : {id + "-other", "x" + id, id.substr(1), std::string{"sitelatch-prod"},
                           std::string{}, "233E180F" + id.substr(8)})
    CHECK(id_in_name(name).empty());
}

TEST_CASE("whose drill a scratch check is of") {
  CHECK(drilled_check("sitelatch-drill-233e180f-f023-45a3-954e-415303f21eab-0a1b2c3d") ==
        "233e180f-f023-45a3-954e-415303f21eab");
  CHECK(drilled_check("sitelatch-drill-").empty());
  CHECK(drilled_check("primary").empty());
}

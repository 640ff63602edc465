// SPDX-License-Identifier: Apache-2.0
// The runbook of what is there, and none of what may not be seen. (Its commands: tests/guard.)
#include <doctest/doctest.h>

#include "account.h"
#include "guard/apply/runbook.h"

using namespace sitelatch;
using namespace sitelatch::guard;
using namespace sitelatch::guard::test;

TEST_CASE("a page is of a guard that is there") {
  Account account;
  const auto none = runbook_of(account.context(), account.check());
  REQUIRE_FALSE(none);
  CHECK(none.error().kind == Error::Kind::refused);
  account.deploy_well();
  const auto found = runbook_of(account.context(), account.check());
  REQUIRE(found);
  CHECK(found->page.find("the guard of " + std::string{scenario::client_name}) !=
        std::string::npos);
  std::size_t servers = 0;
  for (auto at = found->page.find("dig "); at != std::string::npos;
       at = found->page.find("dig ", at + 1))
    ++servers;
  CHECK(servers == 4);
}

TEST_CASE("what may not be seen would read as not there: no page") {
  for (const std::string operation :
       {"GetTopicAttributes", "ListTagsForResource", "DescribeRule", "ListHostedZones"}) {
    Account account;
    account.deploy_well();
    account.deny(operation);
    CAPTURE(operation);
    const auto found = runbook_of(account.context(), account.check());
    REQUIRE_FALSE(found);
    CHECK(found.error().kind == Error::Kind::no_answer);
    CHECK(found.error().text.find(operation) != std::string::npos);
  }
}

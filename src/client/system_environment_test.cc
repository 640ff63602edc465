// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>

#include "client/environment.h"

namespace sitelatch::client {
namespace {

using namespace std::chrono_literals;

TEST_CASE("programs: their output, status and death, without a shell") {
  const auto here = system_environment();
  const auto both = here->run({"sh", "-c", "echo out; echo err >&2; exit 3"}, 10s);
  REQUIRE(both);
  CHECK(both->status == 3);
  CHECK(both->out == "out\n");
  CHECK(both->err == "err\n");
  CHECK(here->run({"echo", "$HOME; x"}, 10s)->out == "$HOME; x\n");
  CHECK(here->run({"sh", "-c", "kill -9 $$"}, 10s)->status == 137);
  CHECK_FALSE(here->run({"no-such-program-anywhere"}, 10s));
  CHECK_FALSE(here->run({}, 10s));
}

TEST_CASE("a program that does not end is killed, one that floods is read without growing") {
  const auto here = system_environment();
  const auto endless = here->run({"sleep", "1000"}, 50ms);
  REQUIRE_FALSE(endless);
  CHECK(endless.error().text.find("did not end") != std::string::npos);
  const auto flood = here->run({"sh", "-c", "head -c 5000000 /dev/zero"}, 10s);
  REQUIRE(flood);
  CHECK(flood->out.size() < 1'100'000);
}

TEST_CASE("files and variables") {
  const auto here = system_environment();
  ::setenv("SITELATCH_TEST_EMPTY", "", 1);
  CHECK_FALSE(here->variable("SITELATCH_TEST_EMPTY"));
  CHECK_FALSE(here->home().empty());
  CHECK(*here->read_file("/dev/null") == "");
  CHECK_FALSE(here->read_file("/no/such/file")->has_value());
  CHECK_FALSE(here->read_file("/dev/null/x")->has_value());
  CHECK((*here->read_file("/proc/self/comm"))->starts_with("client_test"));
}

}  // namespace
}  // namespace sitelatch::client

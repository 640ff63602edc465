// SPDX-License-Identifier: Apache-2.0
#include "function/zip.h"

#include <doctest/doctest.h>

using namespace sitelatch::function;

TEST_CASE("the embedded zip is one executable bootstrap") {
  const auto zip = function_zip();
  REQUIRE(zip.size() > 1000);
  CHECK(zip.substr(0, 4) == std::string_view{"PK\x03\x04", 4});
  CHECK(zip.find("bootstrap") == 30);
  CHECK(zip.find("PK\x05\x06") == zip.size() - 22);
  // The high half of the external attributes of the one central entry: Unix mode 0100755.
  const auto central = zip.rfind(std::string_view{"PK\x01\x02", 4});
  REQUIRE(central != zip.npos);
  CHECK(zip.substr(central + 40, 2) == std::string_view{"\xed\x81", 2});
  CHECK(function_sha256().size() == 44);
}

TEST_CASE("guard-on-aws 16: the zip is for the machine that built it, as Lambda calls it") {
#if defined(__x86_64__)
  CHECK(function_architecture() == "x86_64");
#elif defined(__aarch64__)
  CHECK(function_architecture() == "arm64");
#endif
}

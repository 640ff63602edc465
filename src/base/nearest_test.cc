// SPDX-License-Identifier: Apache-2.0
#include "base/nearest.h"

#include <doctest/doctest.h>

namespace sitelatch {
namespace {

TEST_CASE("issue 8: the nearest of the known words, and none where nothing is near") {
  const std::vector<std::string> commands = {"deploy", "destroy", "status",  "switch-back",
                                             "disarm", "arm",     "advance", "drill"};
  const auto meant = [&](std::string_view word) { return nearest(word, commands).value_or(""); };
  CHECK(meant("statsu") == "status");  // two neighbours swapped
  CHECK(meant("stauts") == "status");
  CHECK(meant("deply") == "deploy");
  CHECK(meant("STATUS") == "status");
  CHECK(meant("switchback") == "switch-back");
  CHECK(meant("switch") == "switch-back");  // its beginning
  CHECK(meant("dissarm") == "disarm");
  CHECK(meant("amr") == "arm");
  CHECK(meant("nonsense") == "");
  CHECK(meant("x") == "");
  CHECK(meant("") == "");
  CHECK(meant(std::string(1000, 'a')) == "");
}

}  // namespace
}  // namespace sitelatch

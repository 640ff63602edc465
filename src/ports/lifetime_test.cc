// SPDX-License-Identifier: Apache-2.0
#include "ports/lifetime.h"

#include <doctest/doctest.h>

#include <functional>
#include <optional>
#include <string>

using sitelatch::ports::Lifetime;

TEST_CASE("a guarded callback runs while its owner lives, and does nothing afterwards") {
  std::optional<Lifetime> lifetime(std::in_place);
  std::string heard;
  const std::function<void(std::string, int)> callback = lifetime->guard(
      [&heard](const std::string& text, int number) { heard += text + std::to_string(number); });
  callback("a", 1);
  callback("b", 2);
  CHECK(heard == "a1b2");
  lifetime.reset();
  callback("c", 3);
  CHECK(heard == "a1b2");
}

TEST_CASE("what a callback holds moves with it, and can be handed on") {
  Lifetime lifetime;
  std::string got;
  std::function<void()> callback =
      lifetime.guard([held = std::string("kept"), &got]() mutable { got = std::move(held); });
  auto elsewhere = std::move(callback);
  elsewhere();
  CHECK(got == "kept");
}

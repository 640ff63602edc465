// SPDX-License-Identifier: Apache-2.0
#include "engine/coverage.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "aws/wire/model.h"

namespace sitelatch::engine {
namespace {

TEST_CASE("coverage: every operation of the models is somewhere, once") {
  std::size_t services = 0;
  for (const auto& one : coverage()) {
    CAPTURE(one.service);
    ++services;
    const auto& model = aws::service_model(one.service);
    CHECK(one.handled.size() + one.left_out.size() + one.needs.size() == model.operations.size());
    for (const auto name : one.handled)
      CHECK_MESSAGE(std::any_of(model.operations.begin(), model.operations.end(),
                                [&](const auto& operation) { return operation.name == name; }),
                    name);
  }
  CHECK(services + 1 == aws::service_names().size());  // kms is the guard's alone
}

TEST_CASE("coverage: an operation that needs another service is not handled, and is told with it") {
  const auto page = coverage_page();
  CHECK(page.find("CreateKeySigningKey (KMS)") != page.npos);
  CHECK(page.find("| route53 | 71 |") != page.npos);
}

}  // namespace
}  // namespace sitelatch::engine

// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/prices.h"

#include <doctest/doctest.h>

namespace sitelatch::guard {
namespace {

std::string text_of(const Bill& bill) { return dollars(bill.low(), bill.high()); }

TEST_CASE("prices: dollars are rounded to the cent") {
  CHECK(dollars(0) == "0.00");
  CHECK(dollars(4'999) == "0.00");
  CHECK(dollars(5'000) == "0.01");
  CHECK(dollars(1'100'000) == "1.10");
  CHECK(dollars(12'345'678) == "12.35");
  CHECK(dollars(117'000, 118'000) == "0.12");
  CHECK(dollars(500'000, 750'000) == "0.50 to 0.75");
}

TEST_CASE("prices: a health check costs by its endpoint and what it does besides (price-1)") {
  CHECK(text_of(bill_of_check(options_of("HTTP", 30, false))) == "0.50 to 0.75");
  CHECK(text_of(bill_of_check(options_of("TCP", 30, false))) == "0.50 to 0.75");
  CHECK(text_of(bill_of_check(options_of("HTTPS", 30, false))) == "1.50 to 2.75");
  CHECK(text_of(bill_of_check(options_of("HTTP", 10, false))) == "1.50 to 2.75");
  CHECK(text_of(bill_of_check(options_of("HTTP_STR_MATCH", 30, true))) == "2.50 to 4.75");
  CHECK(text_of(bill_of_check(options_of("HTTPS_STR_MATCH", 10, true))) == "4.50 to 8.75");
}

TEST_CASE("prices: what each form adds to it") {
  CHECK(text_of(bill_of_guard(Form::guide, FunctionKind::python)) == "0.10");
  CHECK(text_of(bill_of_guard(Form::guide, FunctionKind::native)) == "0.12 to 0.17");
  CHECK(text_of(bill_of_guard(Form::config, FunctionKind::native)) == "1.10");
  CHECK(text_of(bill_of_guard(Form::hardened, FunctionKind::native)) == "2.75 to 6.16");
  CHECK(bill_of_guard(Form::engine, FunctionKind::native).charges.empty());
}

}  // namespace
}  // namespace sitelatch::guard

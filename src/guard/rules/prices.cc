// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/prices.h"

#include <fmt/format.h>

namespace sitelatch::guard {
namespace {

constexpr MicroUsd one_usd = 1'000'000, one_cent = one_usd / 100;

// Fact price-1: an endpoint in AWS, and outside.
constexpr MicroUsd check_in_aws = 50 * one_cent, check_outside = 75 * one_cent;
constexpr MicroUsd option_in_aws = 1 * one_usd, option_outside = 2 * one_usd;
// Fact price-2: of CALCULATED and CLOUDWATCH_METRIC.
constexpr MicroUsd check_without_endpoint = check_in_aws;
constexpr MicroUsd alarm_price = 10 * one_cent;  // fact price-4
// Fact price-5: of a million requests, and of a thousand gigabyte-seconds.
constexpr MicroUsd million_requests = 20 * one_cent, thousand_gb_s = 16'667;
constexpr MicroUsd million_schedules = 1 * one_usd;  // fact price-7: at most
constexpr MicroUsd gigabyte_of_log = 50 * one_cent;  // fact price-8
constexpr MicroUsd million_queries = 40 * one_cent;  // fact price-9

constexpr std::int64_t minutes_a_month = 43'800;  // 730 hours
// Of the native function, about (fact price-10): 128 MB for a tenth of a second, 600 bytes of log.
constexpr std::int64_t run_ms = 100, memory_mb = 128, log_bytes = 600;
// The relay's probes: sixteen checkers, twice a minute each (fact guard-62).
constexpr std::int64_t probes_a_month = 16 * 2 * minutes_a_month;
constexpr std::int64_t fewest_servers = 1, name_servers = 4;

constexpr MicroUsd price_of_runs(std::int64_t number) {
  const auto gb_ms = number * run_ms * memory_mb / 1024;
  return number * million_requests / 1'000'000 + gb_ms * thousand_gb_s / 1'000'000;
}
constexpr MicroUsd price_of_logs(std::int64_t number) {
  return number * log_bytes / 1'000 * gigabyte_of_log / 1'000'000;
}

Bill bill_of_guides(FunctionKind function) {
  Bill out{{{"alarm", alarm_price, alarm_price}}};
  if (function == FunctionKind::python) return out;
  out.charges.push_back({"function, once a minute, and its log", price_of_runs(minutes_a_month),
                         price_of_runs(minutes_a_month) + price_of_logs(minutes_a_month)});
  out.charges.push_back(
      {"schedule of the function", 0, minutes_a_month * million_schedules / 1'000'000});
  return out;
}

}  // namespace

MicroUsd Bill::low() const {
  MicroUsd sum = 0;
  for (const auto& charge : charges) sum += charge.low;
  return sum;
}

MicroUsd Bill::high() const {
  MicroUsd sum = 0;
  for (const auto& charge : charges) sum += charge.high;
  return sum;
}

CheckOptions options_of(std::string_view type, std::int64_t interval_s, bool measures_latency) {
  return {type.starts_with("HTTPS"), type.ends_with("_STR_MATCH"), interval_s == 10,
          measures_latency};
}

Bill bill_of_check(const CheckOptions& options) {
  Bill out{{{"health check of the endpoint", check_in_aws, check_outside}}};
  const auto add = [&out](bool has, const char* what) {
    if (has) out.charges.push_back({what, option_in_aws, option_outside});
  };
  add(options.https, "its HTTPS");
  add(options.string_match, "its search for a string");
  add(options.fast_interval, "its interval of 10 s");
  add(options.latency, "its measuring of latency");
  return out;
}

Bill bill_of_guard(Form form, FunctionKind function) {
  switch (form) {
    case Form::guide:
      return bill_of_guides(function);
    case Form::config:
      return {{{"CALCULATED health check", check_without_endpoint, check_without_endpoint},
               {"CLOUDWATCH_METRIC health check", check_without_endpoint, check_without_endpoint},
               {"alarm", alarm_price, alarm_price}}};
    case Form::hardened: {
      auto out = bill_of_guides(FunctionKind::native);
      out.charges.push_back({"HTTPS health check of the relay's URL", check_in_aws + option_in_aws,
                             check_outside + option_outside});
      out.charges.push_back({"relay, run by each probe", price_of_runs(probes_a_month),
                             price_of_runs(probes_a_month) + price_of_logs(probes_a_month)});
      out.charges.push_back({"DNS queries of the relay",
                             probes_a_month * fewest_servers * million_queries / 1'000'000,
                             probes_a_month * name_servers * million_queries / 1'000'000});
      return out;
    }
    case Form::fast:
    case Form::strict:
    case Form::engine:
      break;
  }
  return {};
}

std::string dollars(MicroUsd amount) {
  const auto cents = (amount + one_cent / 2) / one_cent;
  return fmt::format("{}.{:02}", cents / 100, cents % 100);
}

std::string dollars(MicroUsd low, MicroUsd high) {
  const auto from = dollars(low), to = dollars(high);
  return from == to ? from : from + " to " + to;
}

}  // namespace sitelatch::guard

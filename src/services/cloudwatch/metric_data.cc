// SPDX-License-Identifier: Apache-2.0
#include "services/cloudwatch/metric_data.h"

#include <fmt/format.h>

#include <cmath>

#include "services/cloudwatch/alarm.h"
#include "services/cloudwatch/java_double.h"
#include "services/cloudwatch/refusals.h"

namespace sitelatch::cloudwatch {
namespace {

using aws::Value;
using Check = aws::Outcome<Done>;

const double largest = std::ldexp(1.0, 360);

Check check_number(double value, const std::string& where) {
  if (std::isnan(value) || std::isinf(value) || std::fabs(value) > largest)
    return invalid_value(
        fmt::format("The value {} for parameter {} is invalid.", java_double(value), where));
  return Done{};
}
Check check_size(std::size_t size, std::size_t most, const std::string& where) {
  if (size > most)
    return invalid_value(
        fmt::format("The collection {} must not have a size greater than {}.", where, most));
  return Done{};
}
bool printable_ascii(std::string_view text) {
  bool visible = false;
  for (const char c : text) {
    if (c < 0x20 || c > 0x7e) return false;
    visible = visible || c != ' ';
  }
  return visible;
}

aws::Outcome<std::vector<Dimension>> dimensions_of(const Value& datum, const std::string& where) {
  auto out = dimensions_from(datum["Dimensions"]);
  const auto size = check_size(out.size(), 30, where + ".Dimensions");
  if (!size) return failure(size.error());
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto at = fmt::format("{}.Dimensions.member.{}", where, i + 1);
    if (!printable_ascii(out[i].name) || out[i].name.front() == ':')
      return invalid_value(
          fmt::format("The value {} for parameter {}.Name is invalid.", out[i].name, at));
    if (!printable_ascii(out[i].value))
      return invalid_value(
          fmt::format("The value {} for parameter {}.Value is invalid.", out[i].value, at));
    for (std::size_t j = 0; j < i; ++j)
      if (out[j].name == out[i].name)
        return invalid_value(
            fmt::format("The parameter {}.Dimensions must not contain duplicate names.", where));
  }
  return out;
}

Check check_shape(const Value& datum, const std::string& where) {
  const auto both = [&](std::string_view a, std::string_view b) -> Check {
    if (!datum.has(a) || !datum.has(b)) return Done{};
    return aws::refuse("InvalidParameterCombinationException",
                       fmt::format("The parameters {0}.{1} and {0}.{2} are mutually exclusive and "
                                   "you have specified both.",
                                   where, a, b));
  };
  for (const auto& [a, b] : {std::pair{"Value", "Values"}, std::pair{"Value", "StatisticValues"},
                             std::pair{"StatisticValues", "Values"}}) {
    const auto checked = both(a, b);
    if (!checked) return checked;
  }
  if (!datum.has("Value") && !datum.has("Values") && !datum.has("StatisticValues"))
    return aws::refuse("MissingRequiredParameterException",
                       fmt::format("The parameter {}.Value is required.", where));
  if (datum.has("Counts") && datum["Counts"].items().size() != datum["Values"].items().size())
    return invalid_value(
        fmt::format("The parameters {0}.Values and {0}.Counts must be of the same size.", where));
  return check_size(datum["Values"].items().size(), 150, where + ".Values");
}

aws::Outcome<Aggregate> aggregate_of_set(const Value& set, const std::string& where) {
  const Aggregate::Set out{set["SampleCount"].number_or(0), set["Sum"].number_or(0),
                           set["Minimum"].number_or(0), set["Maximum"].number_or(0)};
  for (const auto& [value, name] :
       {std::pair{out.count, "SampleCount"}, std::pair{out.sum, "Sum"},
        std::pair{out.minimum, "Minimum"}, std::pair{out.maximum, "Maximum"}}) {
    const auto checked = check_number(value, where + ".StatisticValues." + name);
    if (!checked) return failure(checked.error());
  }
  if (out.count <= 0)
    return invalid_value(
        fmt::format("The value {} for parameter {}.StatisticValues.SampleCount is invalid.",
                    java_double(out.count), where));
  if (out.minimum > out.maximum)
    return invalid_value(
        fmt::format("The parameter {0}.StatisticValues.Maximum must be greater than "
                    "{0}.StatisticValues.Minimum.",
                    where));
  return Aggregate::of(out);
}

aws::Outcome<Aggregate> aggregate_of(const Value& datum, const std::string& where) {
  if (datum.has("StatisticValues")) return aggregate_of_set(datum["StatisticValues"], where);
  if (datum.has("Value")) {
    const auto checked = check_number(datum["Value"].number(), where + ".Value");
    if (!checked) return failure(checked.error());
    return Aggregate{datum["Value"].number(), 1};
  }
  Aggregate out;
  const auto& values = datum["Values"].items();
  const auto& counts = datum["Counts"].items();
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double count = counts.empty() ? 1 : counts[i].number();
    const auto value =
        check_number(values[i].number(), fmt::format("{}.Values.member.{}", where, i + 1));
    if (!value) return failure(value.error());
    const auto counted = check_number(count, fmt::format("{}.Counts.member.{}", where, i + 1));
    if (!counted) return failure(counted.error());
    if (count < 0)
      return invalid_value(fmt::format("The value {} for parameter {}.Counts.member.{} is invalid.",
                                       java_double(count), where, i + 1));
    out.add(Aggregate{values[i].number(), count});
  }
  return out;
}

aws::Outcome<IncomingDatum> one(const aws::Call& call, const Value& datum,
                                const std::string& where) {
  const auto shape = check_shape(datum, where);
  if (!shape) return failure(shape.error());
  auto dimensions = dimensions_of(datum, where);
  if (!dimensions) return failure(dimensions.error());
  auto aggregate = aggregate_of(datum, where);
  if (!aggregate) return failure(aggregate.error());
  const auto name = datum["MetricName"].string_or("");
  if (!printable_ascii(name))
    return invalid_value(
        fmt::format("The value {} for parameter {}.MetricName is invalid.", name, where));
  const auto at = datum.has("Timestamp") ? datum["Timestamp"].timestamp() : call.now;
  if (at < call.now - std::chrono::hours{14 * 24})
    return invalid_value(fmt::format(
        "The parameter {}.Timestamp must specify a time within the last two weeks.", where));
  if (at > call.now + std::chrono::hours{2})
    return invalid_value(fmt::format(
        "The parameter {}.Timestamp must specify a time no more than two hours in the future.",
        where));
  const auto resolution = datum["StorageResolution"].integer_or(60);
  if (resolution != 1 && resolution != 60)
    return invalid_value(
        fmt::format("The parameter {}.StorageResolution must be equal to 1 or 60.", where));
  const auto unit = unit_by_name(datum["Unit"].string_or("None"));
  if (!unit)
    return invalid_value(fmt::format("The value {} for parameter {}.Unit is invalid.",
                                     datum["Unit"].string_or(""), where));
  return IncomingDatum{
      {call.region, call.input["Namespace"].string_or(""), name, std::move(*dimensions)},
      {std::move(*aggregate), *unit, at,
       resolution == 1 ? MetricStore::Resolution::second : MetricStore::Resolution::minute}};
}

}  // namespace

aws::Outcome<std::vector<IncomingDatum>> incoming_data(const aws::Call& call) {
  const auto name_space = call.input["Namespace"].string_or("");
  if (name_space.rfind("AWS/", 0) == 0 || !printable_ascii(name_space) || name_space.front() == ':')
    return invalid_value(
        fmt::format("The value {} for parameter Namespace is invalid.", name_space));
  std::vector<IncomingDatum> out;
  const auto take = [&](const Value& list, const std::string& where) -> Check {
    const auto& items = list.items();
    const auto size = check_size(items.size(), 1000, where);
    if (!size) return size;
    for (std::size_t i = 0; i < items.size(); ++i) {
      auto datum = one(call, items[i], fmt::format("{}.member.{}", where, i + 1));
      if (!datum) return failure(datum.error());
      out.push_back(std::move(*datum));
    }
    return Done{};
  };
  const auto plain = take(call.input["MetricData"], "MetricData");
  if (!plain) return failure(plain.error());
  const auto& entities = call.input["EntityMetricData"].items();
  for (std::size_t i = 0; i < entities.size(); ++i) {
    const auto taken = take(entities[i]["MetricData"],
                            fmt::format("EntityMetricData.member.{}.MetricData", i + 1));
    if (!taken) return failure(taken.error());
  }
  if (out.empty())
    return aws::refuse("MissingRequiredParameterException",
                       "The parameter MetricData is required.");
  return out;
}

}  // namespace sitelatch::cloudwatch

// SPDX-License-Identifier: Apache-2.0
// Metric math: the language, what its functions give, and both its users, GetMetricData and alarms.
#include "services/cloudwatch/math.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>

#include "base/text.h"
#include "services/cloudwatch/metric_search.h"
#include "services/cloudwatch/service_fixture.h"

using namespace sitelatch;
using namespace sitelatch::cloudwatch;

namespace {

const Instant begin = from_civil(2026, 1, 1, 0, 0, 0);  // a Thursday

// A point a minute: "1 2 - 4", - for a minute without one.
math::Series series(std::string_view points, std::string label = "x") {
  math::Series out{std::move(label), 60s, {}};
  auto at = begin;
  for (const auto part : split(points, ' ')) {
    if (part != "-") out.points.push_back({at, *parse_double(part)});
    at += 60s;
  }
  return out;
}
std::string written(const math::Series& from) {
  std::string out;
  auto point = from.points.begin();
  for (auto at = begin; at < begin + 5min; at += 60s) {
    if (!out.empty()) out += ' ';
    if (point != from.points.end() && point->at == at)
      out += fmt::format("{:.6g}", point++->value);
    else
      out += '-';
  }
  return out;
}

// a, b, c are series of five minutes; what the expression gives, or what is wrong with it.
std::string value_of(std::string_view expression) {
  const std::map<std::string, math::Series> given = {{"a", series("1 2 3 4 5", "A")},
                                                     {"b", series("5 - 0 -2 5", "B")},
                                                     {"c", series("- - - - -", "C")}};
  const auto node = math::parse(expression);
  if (!node) return node.error().text;
  const auto type = math::check(*node, [&](const std::string& id) {
    return given.count(id) != 0 ? std::optional{math::Type::series} : std::nullopt;
  });
  if (!type) return type.error().text;
  math::Environment environment;
  environment.from = begin;
  environment.to = begin + 5min;
  environment.period = 60s;
  environment.data_of = [&](const std::string& id) { return given.at(id); };
  environment.metrics = [&](std::string_view part) {
    std::vector<math::Series> out;
    for (const auto& [id, one] : given)
      if (id.find(part) != id.npos) out.push_back(one);
    return out;
  };
  const auto data = math::evaluate(*node, environment);
  if (const auto* one = std::get_if<double>(&data)) {
    CHECK(*type == math::Type::scalar);
    return std::isnan(*one) ? "unknown" : fmt::format("{:.6g}", *one);
  }
  if (const auto* one = std::get_if<math::Series>(&data)) {
    CHECK(*type == math::Type::series);
    return written(*one);
  }
  CHECK(*type == math::Type::array);
  std::string out;
  for (const auto& one : std::get<std::vector<math::Series>>(data))
    out += one.label + "[" + written(one) + "]";
  return out;
}

}  // namespace

TEST_CASE("expressions give what the guide's tables say") {
  struct Row {
    const char *expression, *value;
  };
  const Row rows[] = {
      // Operators: a point where both have one; none where it cannot be told.
      {"a+b", "6 - 3 2 10"},
      {"a - 1", "0 1 2 3 4"},
      {"10/b", "2 - - -5 2"},  // by zero: no point
      {"a/a", "1 1 1 1 1"},
      {"2^3^2", "512"},
      {"-2^2", "-4"},
      {"2+3*4", "14"},
      {"(2+3)*4", "20"},
      {"10-2-3", "5"},
      {"1e-3*1000", "1"},
      {".5+1.", "1.5"},
      {"-a", "-1 -2 -3 -4 -5"},
      {"--a", "1 2 3 4 5"},
      {"a > 3", "0 0 0 1 1"},
      {"3 >= a", "1 1 1 0 0"},
      {"a != 2 && a < 5", "1 0 1 1 0"},
      {"a == 1 OR a == 5", "1 0 0 0 1"},
      {"a<2 || a>4 AND a<3", "1 0 0 0 0"},
      {"b AND a", "1 - 0 1 1"},
      {"c+a", "- - - - -"},
      {"[a, b] * 2", "A[2 4 6 8 10]B[10 - 0 -4 10]"},
      {"a - [a, b]", "A[0 0 0 0 0]B[-4 - 3 6 0]"},
      // Of one series a scalar, of an array a series.
      {"AVG(a)", "3"},
      {"a-AVG(a)", "-2 -1 0 1 2"},
      {"SUM(a)", "15"},
      {"MIN(b)", "-2"},
      {"MAX(b)", "5"},
      {"STDDEV(a)", "1.41421"},
      {"DATAPOINT_COUNT(b)", "4"},
      {"DATAPOINT_COUNT(c)", "0"},
      {"AVG(c)", "unknown"},
      {"SUM([a,b])", "6 2 3 2 10"},
      {"AVG(METRICS())", "3 2 1.5 1 5"},
      {"MAX(METRICS())", "5 2 3 4 5"},
      {"MIN(METRICS(\"a\"))", "1 2 3 4 5"},
      {"DATAPOINT_COUNT([a,b])", "2 1 2 2 2"},
      {"STDDEV([a,b])", "2 0 1.5 3 0"},
      {"METRIC_COUNT(METRICS())", "3"},
      {"PERIOD(a)", "60"},
      {"a/PERIOD(a)*60", "1 2 3 4 5"},
      // Of each point.
      {"ABS(b)", "5 - 0 2 5"},
      {"CEIL(a/2)", "1 1 2 2 3"},
      {"FLOOR(a/2)", "0 1 1 2 2"},
      {"LOG10(a*0+100)", "2 2 2 2 2"},
      {"LOG(b)", "1.60944 - - - 1.60944"},
      {"ABS(-3)", "3"},
      {"ABS([b])", "B[5 - 0 2 5]"},
      // Along the series.
      {"DIFF(a)", "- 1 1 1 1"},
      {"DIFF(b)", "- - -5 -2 7"},
      {"DIFF_TIME(b)", "- - 120 60 60"},
      {"RATE(a*60)", "- 1 1 1 1"},
      {"RUNNING_SUM(b)", "5 - 5 3 8"},
      {"FILL(b, 7)", "5 7 0 -2 5"},
      {"FILL(c, 0)", "0 0 0 0 0"},
      {"FILL(b, a)", "5 2 0 -2 5"},
      {"FILL(b, REPEAT)", "5 5 0 -2 5"},
      {"FILL(b, LINEAR)", "5 2.5 0 -2 5"},
      {"FILL(c, REPEAT)", "- - - - -"},
      {"FILL([b,c], 1)", "B[5 1 0 -2 5]C[1 1 1 1 1]"},
      {"FILL(b,0)/a", "5 0 0 -0.5 1"},
      {"TIME_SERIES(4)", "4 4 4 4 4"},
      {"TIME_SERIES(MAX(a))-a", "4 3 2 1 0"},
      // Time.
      {"MINUTE(a)", "0 1 2 3 4"},
      {"HOUR(a)", "0 0 0 0 0"},
      {"DAY(a)", "4 4 4 4 4"},
      {"DATE(a)+MONTH(a)", "2 2 2 2 2"},
      {"YEAR(a)-2000", "26 26 26 26 26"},
      {"EPOCH(a)-1767225600", "0 60 120 180 240"},
      // Choice.
      {"IF(a>2, a, 0)", "0 0 3 4 5"},
      {"IF(a>2, a)", "- - 3 4 5"},
      {"IF(b, 1, 2)", "1 - 2 1 1"},
      {"IF(a>2, b, a)", "1 2 0 -2 5"},
      {"IF(a==2, b, 9)", "9 - 9 9 9"},
      {"IF(1, a, b)", "1 2 3 4 5"},
      {"IF(0, a, 6)", "6 6 6 6 6"},
      {"IF(AVG(a)>2, 1, 0)", "1"},
      {"IF(0, a)", "- - - - -"},
      {"IF(DAY(a)<6 AND (HOUR(a)>=9 OR MINUTE(a)<2), a)", "1 2 - - -"},
      // Arrays.
      {"FIRST(METRICS())", "1 2 3 4 5"},
      {"LAST(METRICS())", "- - - - -"},
      {"REMOVE_EMPTY(METRICS())", "A[1 2 3 4 5]B[5 - 0 -2 5]"},
      {"SORT(METRICS(), AVG, ASC)", "B[5 - 0 -2 5]A[1 2 3 4 5]C[- - - - -]"},
      {"SORT(METRICS(), SUM, DESC, 1)", "A[1 2 3 4 5]"},
      {"SLICE(METRICS(), 1)", "5 - 0 -2 5"},
      {"SLICE(METRICS(), 0, 2)", "A[1 2 3 4 5]B[5 - 0 -2 5]"},
      {"SLICE(METRICS(), 9)", "- - - - -"},
      {"SUM(SLICE(SORT(METRICS(), MAX, DESC), 0, 1))", "1 2 3 4 5"},
  };
  for (const auto& row : rows) {
    INFO(std::string{row.expression});
    CHECK(value_of(row.expression) == row.value);
  }
}

TEST_CASE("what is no expression is told from where it is none") {
  struct Row {
    const char *expression, *problem;
  };
  const Row rows[] = {
      {"", "Unexpected end of the expression"},
      {"a+", "Unexpected end of the expression"},
      {"a b", "Unexpected token 'b' at char 2"},
      {"a)", "Unexpected token ')' at char 1"},
      {"(a", "Unexpected end of the expression"},
      {"a = b", "Unexpected token '=' at char 2"},
      {"$a", "Unexpected token '$' at char 0"},
      {"\"a", "Unexpected token '\"' at char 0"},
      {"a + \"x\"", "Unexpected text 'x'"},
      {"z", "Unrecognized identifier 'z'"},
      {"ASC", "Unrecognized identifier 'ASC'"},
      {"MEDIAN(a)", "Unsupported function 'MEDIAN'"},
      {"AVG(5)", "Unsupported arguments for the function AVG"},
      {"AVG()", "Unsupported arguments for the function AVG"},
      {"AVG(a, b)", "Unsupported arguments for the function AVG"},
      {"IF([a], 1, 0)", "Unsupported arguments for the function IF"},
      {"FILL(a)", "Unsupported arguments for the function FILL"},
      {"FILL(a, UP)", "Unrecognized identifier 'UP'"},
      {"SORT(METRICS(), MIN, UP)", "Unsupported arguments for the function SORT"},
      {"SORT(a, AVG, ASC)", "Unsupported arguments for the function SORT"},
      {"METRICS(a)", "Unsupported arguments for the function METRICS"},
      {"METRICS() + METRICS()",
       "Unsupported operand type(s) for +: '[Array[TimeSeries], Array[TimeSeries]]'"},
      {"[a, 1]", "An array can only contain TimeSeries, not Scalar"},
      {"[]", "An array must not be empty"},
      {"ANOMALY_DETECTION_BAND(a, 2)", "The function ANOMALY_DETECTION_BAND is not supported here"},
      {"SEARCH(a, 'Sum', 60)", "Unsupported arguments for the function SEARCH"},
      {"SEARCH('{N', 'Sum', 60)", "Unexpected end at char 2 of the search"},
      {"SEARCH('', 'Sum', 60)", "The search is empty"},
      {"SEARCH('x', 'Most', 60)", "Unsupported statistic 'Most'"},
      {"SEARCH('x', 'Sum', 61)",
       "The period of a search must be 1, 5, 10, 20, 30 or a multiple of 60"},
  };
  for (const auto& row : rows) {
    INFO(std::string{row.expression});
    CHECK(value_of(row.expression) == row.problem);
  }
  CHECK(value_of(std::string(1000, '(')) == "The expression is nested too deeply");
  CHECK(value_of("1" + std::string(600, '^') + "1") == "Unexpected token '^' at char 2");
  std::string powers = "1";
  for (int i = 0; i < 600; ++i) powers += "^1";
  CHECK(value_of(powers) == "The expression is nested too deeply");
  std::string sum = "a";
  for (int i = 0; i < 1000; ++i) sum += "+a";
  CHECK(value_of(sum) == "1001 2002 3003 4004 5005");
}

namespace {

Value stat(const char* id, const char* metric, Value more = Value::structure()) {
  Value out = Value::structure(
      {{"Id", id},
       {"MetricStat", Value::structure({{"Metric", Value::structure({{"Namespace", "N"},
                                                                     {"MetricName", metric}})},
                                        {"Period", 60},
                                        {"Stat", "Sum"}})}});
  for (const auto& [name, value] : more.members()) out.set(name, value);
  return out;
}
Value hidden(const char* id, const char* metric) {
  return stat(id, metric, Value::structure({{"ReturnData", false}}));
}
Value math_query(const char* id, std::string_view expression, Value more = Value::structure()) {
  Value out = Value::structure({{"Id", id}, {"Expression", expression}});
  for (const auto& [name, value] : more.members()) out.set(name, value);
  return out;
}

struct Math : Fixture {
  void put(const char* metric, double value) {
    ok("PutMetricData",
       Value::structure(
           {{"Namespace", "N"},
            {"MetricData", Value::list({Value::structure({{"MetricName", metric},
                                                          {"Value", value},
                                                          {"Timestamp", world.timers.now()}})})}}));
  }
  Value request(Value queries) const {
    return Value::structure({{"MetricDataQueries", std::move(queries)},
                             {"StartTime", begin},
                             {"EndTime", begin + 5min},
                             {"ScanBy", "TimestampAscending"}});
  }
  // "e1 label[1 2] ..." of all results.
  std::string data(Value queries) {
    std::string out;
    const auto results = ok("GetMetricData", request(queries))["MetricDataResults"];
    for (const auto& result : results.items()) {
      out += result["Id"].string() + " " + result["Label"].string() + "[";
      for (const auto& value : result["Values"].items())
        out += fmt::format("{:g} ", value.number());
      out += "]";
      CHECK(result["Values"].items().size() == result["Timestamps"].items().size());
      CHECK(result["StatusCode"].string() == "Complete");
    }
    return out;
  }
  Value alarm_on(Value queries) const {
    return Value::structure(
        {{"AlarmName", "latch"},
         {"Metrics", std::move(queries)},
         {"EvaluationPeriods", 1},
         {"Threshold", 0.5},
         {"ComparisonOperator", "GreaterThanThreshold"},
         {"TreatMissingData", "notBreaching"},
         {"AlarmActions", Value::list({"arn:aws:sns:us-east-1:000000000000:topic"})}});
  }
};

}  // namespace

TEST_CASE("GetMetricData works out expressions over its queries") {
  Math f;
  for (int minute = 0; minute < 4; ++minute) {
    f.put("errors", minute);
    if (minute != 1) f.put("requests", 4);
    f.world.advance(60s);
  }
  CHECK(f.data(Value::list({math_query("e1", "errors/requests"), hidden("errors", "errors"),
                            hidden("requests", "requests")})) == "e1 e1[0 0.5 0.75 ]");
  CHECK(f.data(Value::list({math_query("e1", "e2*100", Value::structure({{"Label", "percent"}})),
                            math_query("e2", "m1/m2", Value::structure({{"ReturnData", false}})),
                            stat("m1", "errors"), hidden("m2", "requests")})) ==
        "e1 percent[0 50 75 ]m1 errors[0 1 2 3 ]");
  // An array: a result for each, by the metric's label.
  CHECK(f.data(Value::list(
            {math_query("e1", "METRICS()*2"), hidden("m1", "errors"), hidden("m2", "requests")})) ==
        "e1 errors[0 2 4 6 ]e1 requests[8 8 8 ]");
  CHECK(f.data(Value::list({math_query("e1", "FILL(m1,0)+m2"), hidden("m1", "nothing"),
                            hidden("m2", "errors")})) == "e1 e1[0 1 2 3 ]");
  CHECK(f.data(Value::list(
            {math_query("e1", "m1-avg"), hidden("m1", "errors"),
             math_query("avg", "AVG(m1)", Value::structure({{"ReturnData", false}}))})) ==
        "e1 e1[-1.5 -0.5 0.5 1.5 ]");
  // Pages, newest first.
  auto input = f.request(Value::list({math_query("e1", "m1+0"), hidden("m1", "errors")}));
  input.set("ScanBy", "TimestampDescending");
  input.set("MaxDatapoints", 3);
  const auto first = f.ok("GetMetricData", input);
  CHECK(first["MetricDataResults"].items()[0]["StatusCode"].string() == "PartialData");
  CHECK(first["MetricDataResults"].items()[0]["Values"].items()[0].number() == 3);
  input.set("NextToken", first["NextToken"]);
  const auto second = f.ok("GetMetricData", input);
  CHECK(second["MetricDataResults"].items()[0]["Values"].items().size() == 1);
  CHECK_FALSE(second.has("NextToken"));
}

TEST_CASE("SEARCH finds metrics by schema, names, words and what they are not") {
  const MetricId cpu{"r", "AWS/EC2", "CPUUtilization", {{"InstanceId", "i-1"}}};
  const MetricId disk{"r", "AWS/EC2", "DiskReadOps", {{"InstanceId", "i-2"}, {"Zone", "a b"}}};
  const MetricId plain{"r", "Mine", "disk_used", {}};
  struct Row {
    const char *search, *found;  // of cpu, disk, plain: their first letters
  };
  const Row rows[] = {
      {"{AWS/EC2,InstanceId}", "c"},
      {"{AWS/EC2, Zone, InstanceId}", "d"},
      {"{AWS/EC2}", ""},
      {"{Mine}", "p"},
      {"{\"Mine\"} used", "p"},
      {"utilization", "c"},
      {"Util", ""},  // a part, not a piece of one
      {"disk", "dp"},
      {"\"disk\"", ""},
      {"MetricName=\"CPUUtilization\"", "c"},
      {"MetricName=disk", "dp"},
      {"Namespace=\"AWS/EC2\"", "cd"},
      {"InstanceId=\"i-1\" OR InstanceId=\"i-2\"", "cd"},
      {"disk NOT used", "d"},
      {"(cpu OR disk) NOT Namespace=Mine", "cd"},
      {"disk AND Zone=\"a b\"", "d"},
      {"Zone=b", "d"},
      {"NOT disk", "c"},
  };
  for (const auto& row : rows) {
    INFO(std::string{row.search});
    const auto search = MetricSearch::parse(row.search);
    REQUIRE_MESSAGE(search, search.error().text);
    std::string found;
    if (search->finds(cpu)) found += 'c';
    if (search->finds(disk)) found += 'd';
    if (search->finds(plain)) found += 'p';
    CHECK(found == row.found);
  }
  for (const auto* wrong :
       {"", "{", "{a", "{a,}", "(a", "a)", "a=", "=b", "NOT", "OR", "a OR", "\"a", "{a} }"}) {
    INFO(std::string{wrong});
    CHECK_FALSE(MetricSearch::parse(wrong));
  }
  CHECK_FALSE(MetricSearch::parse(std::string(1000, '(')));
  std::string negations;
  for (int i = 0; i < 500; ++i) negations += "NOT ";
  CHECK_FALSE(MetricSearch::parse(negations + "a"));
  Math f;
  for (const auto* metric : {"errors", "requests", "rest"}) f.put(metric, 2);
  f.world.advance(60s);
  CHECK(f.data(Value::list({math_query("e1", "SEARCH('{N} r OR requests', 'Sum', 60)")})) ==
        "e1 requests[2 ]");
  CHECK(f.data(Value::list({math_query("e1", "SUM(SEARCH('{N}', 'Sum', 60))")})) == "e1 e1[6 ]");
  CHECK(f.data(Value::list({math_query("e1", "SEARCH('{Nothing}', 'Sum', 60)")})) == "");
}

TEST_CASE("labels with expressions tell of the metric and of its data") {
  Math f;
  for (const double value : {3.0, 1.0, 2.5}) {
    f.put("errors", value);
    f.world.advance(60s);
  }
  const auto labelled = [&](const char* label, Value more = Value::structure()) {
    auto input =
        f.request(Value::list({stat("m1", "errors", Value::structure({{"Label", label}}))}));
    for (const auto& [name, value] : more.members()) input.set(name, value);
    return f.ok("GetMetricData", input)["MetricDataResults"].items()[0]["Label"].string();
  };
  CHECK(labelled("plain") == "plain");
  CHECK(labelled("${LABEL}|&|${PROP('MetricName')}|&|${PROP('Stat')}|&|${PROP('Period')}") ==
        "errors|&|errors|&|Sum|&|60");
  CHECK(labelled("${PROP('Namespace')} ${PROP(\"Region\")} ${PROP('AccountId')}") ==
        "N us-east-1 000000000000");
  CHECK(labelled("[${MIN} ${MAX} ${AVG} ${SUM} ${FIRST} ${LAST} ${SUM}]") ==
        "[1 3 2.16667 6.5 3 2.5 ${SUM}]");  // six, and no more
  CHECK(labelled("${DATAPOINT_COUNT}") == "3");
  CHECK(labelled("${MIN_MAX_RANGE}, ${FIRST_LAST_TIME_RANGE}") ==
        "1 - 3, 2026-01-01 00:00:00 - 2026-01-01 00:02:00");
  CHECK(labelled("${MAX_TIME} ${LAST_TIME_RELATIVE}") == "2026-01-01 00:00:00 1m ago");
  CHECK(labelled("${MAX_TIME}",
                 Value::structure({{"LabelOptions", Value::structure({{"Timezone", "-0130"}})}})) ==
        "2025-12-31 22:30:00");
  for (const auto* other : {"${PROP('Dim.x')}", "${FOO}", "${MIN", "$MIN", "${PROP('", "${PROP()}"})
    CHECK(labelled(other) == other);
  CHECK(f.data(Value::list({math_query(
            "e1", "SEARCH('{N}', 'Sum', 60)",
            Value::structure({{"Label", "${PROP('MetricName')}!"}}))})) == "e1 errors![3 1 2.5 ]");
  auto input = f.request(Value::list({stat("m1", "errors")}));
  input.set("LabelOptions", Value::structure({{"Timezone", "UTC"}}));
  CHECK(f.error("GetMetricData", input).starts_with("ValidationError: "));
}

TEST_CASE("GetMetricData says what is wrong with its queries") {
  Math f;
  const auto refused = [&](Value queries) {
    return f.error("GetMetricData", f.request(std::move(queries)));
  };
  CHECK(refused(Value::list({math_query("e1", "m9+1")})) ==
        "ValidationError: Error in expression 'e1' [Unrecognized identifier 'm9']");
  CHECK(refused(Value::list({math_query("e1", "AVG(m1)"), hidden("m1", "x")}))
            .starts_with("ValidationError: Error in expression 'e1' [The expression must return"));
  CHECK(refused(Value::list({math_query("e1", "e2+1"), math_query("e2", "e1+1")}))
            .starts_with("ValidationError: Error in expression 'e"));
  CHECK(refused(Value::list({math_query("e1", "e1")})) ==
        "ValidationError: Error in expression 'e1' [The expression refers to itself]");
  CHECK(refused(Value::list({Value::structure({{"Id", "m1"}})})) ==
        "ValidationError: The parameter MetricDataQueries.member.1.MetricStat is required.\n");
  CHECK(refused(Value::list({stat("m1", "x", Value::structure({{"Expression", "1"}}))}))
            .starts_with("ValidationError: The parameters MetricDataQueries.member.1."));
  CHECK(
      refused(Value::list({math_query("E1", "1")}))
          .starts_with("ValidationError: The value E1 for parameter MetricDataQueries.member.Id"));
  CHECK(refused(Value::list({stat("m1", "x"), stat("m1", "y")})) ==
        "ValidationError: The values for parameter id in MetricDataQueries are not unique.");
  CHECK(refused(Value::list({math_query("q1", "SELECT AVG(x) FROM \"N\"")}))
            .starts_with("ValidationError: Error in expression 'q1' ["));
}

TEST_CASE("many expressions over many metrics end before they cost too much") {
  Math f;
  for (int minute = 0; minute < 5; ++minute) {
    for (const auto* metric : {"m1", "m2", "m3"}) f.put(metric, 1);
    f.world.advance(60s);
  }
  Value queries = Value::list();
  for (int i = 0; i < 200; ++i) queries.push(stat(("m" + std::to_string(i)).c_str(), "m1"));
  for (int i = 0; i < 300; ++i) {
    std::string expression = "METRICS()";
    while (expression.size() < 2000) expression += "+1";
    queries.push(math_query(("e" + std::to_string(i)).c_str(), expression));
  }
  CHECK(f.error("GetMetricData", f.request(queries))
            .starts_with("ValidationError: The request computes too many datapoints."));
}

TEST_CASE("an alarm on metric math: its states, its words, its place in descriptions") {
  Math f;
  f.ok("PutMetricAlarm",
       f.alarm_on(Value::list(
           {math_query("e1", "errors/requests", Value::structure({{"Label", "Error rate"}})),
            hidden("errors", "errors"), hidden("requests", "requests")})));
  const auto described = f.alarm();
  CHECK_FALSE(described.has("MetricName"));
  CHECK_FALSE(described.has("Period"));
  CHECK(described["Metrics"].items().size() == 3);
  CHECK(described["Metrics"].items()[0]["Label"].string() == "Error rate");
  CHECK(described["Metrics"].items()[1]["ReturnData"].boolean() == false);
  CHECK(described["Metrics"].items()[1]["MetricStat"]["Metric"]["MetricName"].string() == "errors");
  const auto minute = [&](double errors) {
    f.put("errors", errors), f.put("requests", 4);
    f.world.advance(60s);
  };
  minute(0), minute(1), minute(1);
  CHECK(f.state() == "OK");
  minute(3);
  f.world.advance(40s);
  CHECK(f.state() == "ALARM");
  CHECK(f.alarm()["StateReason"].string() ==
        "Threshold Crossed: 1 datapoint [0.75 (01/01/26 00:03:00)] was greater than the threshold "
        "(0.5).");
  const auto data = *aws::from_json(f.alarm()["StateReasonData"].string());
  CHECK_FALSE(data.has("statistic"));
  CHECK(data["period"].integer() == 60);
  REQUIRE(f.actions.done.size() == 1);
  const auto trigger = (*aws::from_json(f.actions.done[0].message))["Trigger"];
  CHECK(trigger["Period"].integer() == 60);
  CHECK(trigger["Metrics"].items()[0]["Expression"].string() == "errors/requests");
  CHECK(trigger["Metrics"].items()[1]["MetricStat"]["Metric"]["Namespace"].string() == "N");
  const auto event = *aws::from_json(f.actions.done[0].function_event);
  CHECK(event["alarmData"]["configuration"]["metrics"].items()[0]["expression"].string() ==
        "errors/requests");
  const auto before = f.alarm();
  f.crash();
  CHECK(f.alarm() == before);
  f.world.advance(60s);
  minute(0);
  f.world.advance(60s);
  CHECK(f.state() == "OK");
  CHECK(f.ok("DescribeAlarmsForMetric",
             Value::structure({{"Namespace", "N"}, {"MetricName", "errors"}}))["MetricAlarms"]
            .items()
            .empty());
}

TEST_CASE("an alarm on metrics of several periods goes by the longest") {
  Math f;
  auto slow = hidden("m1", "slow");
  slow.members_mut()[1].value.set("Period", 300);
  f.ok("PutMetricAlarm",
       f.alarm_on(Value::list({math_query("e1", "m1+FILL(m2,0)"), slow, hidden("m2", "quick")})));
  f.put("slow", 1);
  f.world.advance(6min);
  CHECK(f.state() == "ALARM");
}

TEST_CASE("what a metric math alarm cannot be") {
  Math f;
  const auto refused = [&](Value input) { return f.error("PutMetricAlarm", input); };
  const auto on = [&](Value queries) { return refused(f.alarm_on(std::move(queries))); };
  CHECK(on(Value::list({math_query("e1", "m1+1"), stat("m1", "x")})) ==
        "ValidationError: Exactly one element of the metrics list should return data.");
  CHECK(on(Value::list({hidden("m1", "x")})) ==
        "ValidationError: Exactly one element of the metrics list should return data.");
  CHECK(on(Value::list()) ==
        "ValidationError: Exactly one element of the metrics list should return data.");
  CHECK(on(Value::list({math_query("e1", "TIME_SERIES(1)")})) ==
        "ValidationError: The expression for an alarm must include at least one metric");
  CHECK(on(Value::list({math_query("e1", "SEARCH('{N} M', 'Sum', 60)")})) ==
        "ValidationError: SEARCH is not supported on Metric Alarms");
  CHECK(on(Value::list({math_query("e1", "METRICS()"), hidden("m1", "x")}))
            .starts_with("ValidationError: Error in expression 'e1' [The expression for an alarm"));
  CHECK(on(Value::list({stat("m1", "x", Value::structure({{"AccountId", "111111111111"}}))}))
            .starts_with("ValidationError: "));
  auto bad = stat("m1", "x");
  bad.members_mut()[1].value.set("Stat", "average");
  CHECK(on(Value::list({bad})) == "ValidationError: Invalid metrics list");
  const auto one = Value::list({stat("m1", "x")});
  CHECK(on(one) == "none");
  CHECK(refused(with(f.alarm_on(one), "Statistic", "Sum")) ==
        "ValidationError: Statistic should not be set if list of Metrics is set.");
  CHECK(refused(with(f.alarm_on(one), "Period", 60)) ==
        "ValidationError: Period should not be set if list of Metrics is set.");
  CHECK(refused(with(f.alarm_on(one), "ThresholdMetricId", "m1")).starts_with("ValidationError: "));
  CHECK(
      refused(with(f.alarm_on(one), "EvaluationPeriods", 100'000)).starts_with("ValidationError"));
}

// SPDX-License-Identifier: Apache-2.0
// Insights: the language, what it finds, and its operations.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "services/logs/query_language.h"
#include "services/logs/test_world.h"

using namespace sitelatch;
using namespace sitelatch::logs;
using namespace sitelatch::logs::test;
using namespace std::chrono_literals;

namespace {

struct Insights : Fixture {
  Insights() { make_stream(); }
  void said(std::initializer_list<const char*> messages, std::int64_t step_ms = 1000) {
    Value list = Value::list();
    auto at = now() - static_cast<std::int64_t>(messages.size()) * step_ms;
    for (const auto* message : messages)
      list.push(Value::structure({{"timestamp", at += step_ms}, {"message", message}}));
    Value input = put({});
    input.set("logEvents", list);
    ok("PutLogEvents", input);
  }
  Value question(const std::string& text) {
    return group(Value::structure({{"queryString", text},
                                   {"startTime", now() / 1000 - 86'400},
                                   {"endTime", now() / 1000 + 60}}));
  }
  Value results_of(const std::string& text) {
    const auto id = ok("StartQuery", question(text))["queryId"];
    return ok("GetQueryResults", Value::structure({{"queryId", id}}));
  }
  // "a=1 b=2; a=3": without pointers.
  std::string found(const std::string& text) {
    const auto results = results_of(text);
    if (results["status"].string() != "Complete") return results["status"].string();
    std::string out;
    for (const auto& row : results["results"].items()) {
      if (!out.empty()) out += "; ";
      std::string line;
      for (const auto& cell : row.items())
        if (cell["field"].string() != "@ptr")
          line += (line.empty() ? "" : " ") + cell["field"].string() + "=" + cell["value"].string();
      out += line;
    }
    return out;
  }
  std::string refused(const std::string& text) { return error("StartQuery", question(text)); }
};

}  // namespace

TEST_CASE("fields, filter, sort, limit: the latest first, in what was asked for") {
  Insights f;
  f.said({"one", "two", R"({"level":"ERROR","ms":12.5,"ok":true,"deep":{"list":[1,{"a":"x"}]}})"});
  CHECK(f.found("fields @message | filter @message like /^t/ | limit 5") == "@message=two");
  CHECK(f.found("fields strlen(@message) as n, toupper(@message) | sort n asc | limit 1") ==
        "n=3 toupper(@message)=ONE");
  CHECK(f.found("filter ispresent(level) | display level, ms, ok, deep.list.1.a, absent") ==
        "level=ERROR ms=12.5 ok=1 deep.list.1.a=x");
  CHECK(f.found("fields @message | filter @message in ['one', \"two\"] | sort @timestamp asc") ==
        "@message=one; @message=two");
  CHECK(f.found("fields @message | filter not (@message = 'one' or ms > 12) and @message not like "
                "'x'") == "@message=two");
  CHECK(f.found("fields ms * 2 + 1 as a, 2 ^ 3 as b, 10 % 3 as c, -ms as d | filter ms >= 12.5") ==
        "a=26 b=8 c=1 d=-12.5");
  const auto plain = f.results_of("fields @timestamp, @logStream, @log | limit 1");
  const auto& row = plain["results"].items()[0];
  CHECK(row.items()[0]["value"].string() == "2026-01-01 00:00:00.000");
  CHECK(row.items()[1]["value"].string() == "s");
  CHECK(row.items()[2]["value"].string() == "000000000000:g");
  CHECK(row.items()[3]["field"].string() == "@ptr");
  CHECK(plain["statistics"]["recordsScanned"].number() == 3);
  CHECK(plain["statistics"]["recordsMatched"].number() == 3);
  CHECK(plain["statistics"]["logGroupsScanned"].number() == 1);
  CHECK(f.found("limit 1").starts_with("@timestamp=2026-01-01 00:00:00.000 @message={"));
}

TEST_CASE("parse: globs and regular expressions") {
  Insights f;
  f.said({"[WARN] user=anna took 12 ms", "no such line"});
  CHECK(f.found("parse @message '[*] user=* took * ms' as level, user, ms | filter ispresent(ms) | "
                "display level, user, ms") == "level=WARN user=anna ms=12");
  CHECK(f.found("parse @message /user=(?<who>\\w+) took (?<ms>\\d+)/ | filter ms > 11 | display "
                "who, ms") == "who=anna ms=12");
  CHECK(f.found("parse /\\[(?<level>[A-Z/]+)\\]/ | filter level = 'WARN' | display level") ==
        "level=WARN");
  CHECK(f.found("parse '*=* ' as a, b | display a, b | filter a like /user/") ==
        "a=[WARN] user b=anna");
  CHECK(
      f.found("filter @message =~ /(?i)ANNA/ | parse @message \"took *\" as rest | display rest") ==
      "rest=12 ms");
}

TEST_CASE("stats: by groups and times, several at once, and what follows them") {
  Insights f;
  f.said({R"({"p":"a","ms":1})", R"({"p":"a","ms":3})", R"({"p":"b","ms":10})", "none"}, 60'000);
  CHECK(f.found("stats count(*) as n, sum(ms) as s by p | sort n desc, p asc") ==
        "p=a n=2 s=4; p=b n=1 s=10; n=1");
  CHECK(f.found("filter ispresent(ms) | stats avg(ms), min(ms), max(ms), count(p), "
                "count_distinct(p), stddev(ms)") ==
        "avg(ms)=4.666666666666667 min(ms)=1 max(ms)=10 count(p)=3 count_distinct(p)=2 "
        "stddev(ms)=3.858612300930074");
  CHECK(f.found("stats pct(ms, 50) as p50, median(ms) as m, earliest(p) as e, latest(p) as l, "
                "sortsFirst(p) as first, sortsLast(p) as last") ==
        "p50=3 m=3 e=a l=b first=a last=b");
  CHECK(f.found("stats count(*) by bin(2m) as t") ==
        "t=2025-12-31 23:56:00.000 count(*)=1; t=2025-12-31 23:58:00.000 count(*)=2; "
        "t=2026-01-01 00:00:00.000 count(*)=1");
  // Aliases of what stands before, and arithmetic of aggregates.
  CHECK(f.found("stats max(ms) as most, min(ms) as least, most - least as range, sum(ms)/count(ms) "
                "as mean | limit 1") == "most=10 least=1 range=9 mean=4.666666666666667");
  CHECK(f.found("stats count(*) as n by p | filter n > 1 | display p") == "p=a");
  CHECK(f.found("stats count(*) as n by p | stats max(n) as most") == "most=2");
  CHECK(f.found("filter p = 'none' | stats count(*)") == "");
  CHECK(f.found("fields p | filter ispresent(p) | sort ms desc | dedup p") == "p=b; p=a");
}

TEST_CASE("functions") {
  Insights f;
  f.said({R"({"t":" a b ","n":-2.5,"ip":"10.0.0.1","at":1700000000000})"});
  const auto one = [&f](const std::string& expression) {
    return f.found("fields " + expression + " as x");
  };
  CHECK(one("trim(t)") == "x=a b");
  CHECK(one("ltrim(t)") == "x=a b ");
  CHECK(one("rtrim(t)") == "x= a b");
  CHECK(one("replace(t, ' ', '')") == "x=ab");
  CHECK(one("substr(trim(t), 2)") == "x=b");
  CHECK(one("substr(trim(t), 0, 1)") == "x=a");
  CHECK(one("concat(tolower('AB'), n, absent)") == "x=ab-2.5");
  CHECK(one("strcontains(t, 'b')") == "x=1");
  CHECK(one("coalesce(absent, n)") == "x=-2.5");
  CHECK(one("isempty(absent)") == "x=1");
  CHECK(one("isblank(t)") == "x=0");
  CHECK(one("abs(n)") == "x=2.5");
  CHECK(one("ceil(n)") == "x=-2");
  CHECK(one("floor(n)") == "x=-3");
  CHECK(one("greatest(1, n, 3)") == "x=3");
  CHECK(one("least(1, n)") == "x=-2.5");
  CHECK(one("sqrt(16)") == "x=4");
  CHECK(one("isvalidipv4(ip)") == "x=1");
  CHECK(one("isvalidipv6(ip)") == "x=0");
  CHECK(one("isIpInSubnet(ip, '10.0.0.0/8')") == "x=1");
  CHECK(one("isIpv4InSubnet(ip, '10.0.0.2/31')") == "x=0");
  CHECK(one("isIpv6InSubnet('2001:db8::1', '2001:db8::/32')") == "x=1");
  CHECK(one("frommillis(at)") == "x=2023-11-14 22:13:20.000");
  CHECK(one("datefloor(frommillis(at), 1h)") == "x=2023-11-14 22:00:00.000");
  CHECK(one("dateceil(at, 1d)") == "x=2023-11-15 00:00:00.000");
  CHECK(one("tomillis(@timestamp)") == fmt::format("x={}", f.now()));
  CHECK(one("1 / 0") == "");
  CHECK(one("log(-1)") == "");
  CHECK(one("n = -2.5 and true") == "x=1");
}

TEST_CASE("the lines that Lambda writes of itself have fields of their own (fact logs-33)") {
  Insights f;
  f.service->append(
      "us-east-1", "/aws/lambda/f", "s",
      {{f.world.timers.now(),
        "REPORT RequestId: abc-1\tDuration: 3.50 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\t"
        "Max Memory Used: 37 MB\tInit Duration: 120.5 ms\t\n"}});
  auto question = f.question(
      "filter @type = \"REPORT\" | stats max(@memorySize / 1000 / 1000) as provisioned, "
      "max(@maxMemoryUsed / 1000 / 1000) as used, provisioned - used as over, avg(@duration) as d, "
      "latest(@requestId) as id");
  question.set("logGroupName", "/aws/lambda/f");
  const auto id = f.ok("StartQuery", question)["queryId"];
  const auto results = f.ok("GetQueryResults", Value::structure({{"queryId", id}}));
  CHECK(results["status"].string() == "Complete");
  std::string line;
  for (const auto& cell : results["results"].items()[0].items())
    line += cell["field"].string() + "=" + cell["value"].string() + " ";
  CHECK(line == "provisioned=128 used=37 over=91 d=3.5 id=abc-1 ");
}

TEST_CASE("queries that are none are refused where they are wrong, in AWS's words (fact logs-32)") {
  Insights f;
  const auto t = f.now();
  const auto prefix = fmt::format("SOURCE \"g\" START={} END={} | ", t - 86'400'000, t + 60'999);
  const auto at = [&prefix](std::size_t offset) { return prefix.size() + offset; };
  CHECK(f.refused("fields @message | wrong x") ==
        fmt::format("MalformedQueryException: unexpected symbol found wrong at line 1 and position "
                    "{}",
                    at(18)));
  CHECK(f.refused("") ==
        fmt::format("MalformedQueryException: unexpected symbol found <EOF> at line 1 and position "
                    "{}",
                    at(0)));
  CHECK(f.refused("stats count(*) by bin(1h)\n| sort bin(1h) desc") ==
        "MalformedQueryException: unexpected symbol found ( at line 2 and position 10");
  const auto outcome = f.call("StartQuery", f.question("fields a,"));
  REQUIRE_FALSE(outcome);
  const auto& location = outcome.error().members["queryCompileError"]["location"];
  CHECK(location["startCharOffset"].integer() == static_cast<std::int64_t>(at(9)));
  for (const auto* wrong : {"fields",
                            "filter",
                            "filter a =",
                            "filter (a = 1",
                            "filter a like",
                            "stats",
                            "stats a",
                            "stats count(*) by",
                            "stats sum()",
                            "stats pct(a)",
                            "stats pct(a, b)",
                            "limit",
                            "limit x",
                            "limit 0",
                            "parse @message",
                            "parse @message '*'",
                            "parse @message '* *' as a",
                            "parse @message /(/",
                            "parse @message /abc/",
                            "parse @message /(a)/",
                            "parse a b",
                            "fields nothing(a)",
                            "fields abs()",
                            "fields 'open",
                            "fields `open",
                            "fields count(*)",
                            "filter sum(a) > 1",
                            "fields a as",
                            "sort",
                            "dedup",
                            "pattern @message",
                            "dedup a | sort a",
                            "fields a | | fields b",
                            "filter a not b",
                            "filter a in b",
                            "stats count(*) | stats count(*) | stats count(*)",
                            "fields 5m",
                            "fields a b",
                            "stats count(sum(a))",
                            "filter a =~ b /"})
    CHECK_MESSAGE(f.refused(wrong).starts_with("MalformedQueryException"), wrong);
  for (const auto* deep : {"(", "not ", "-", "1 ^ "}) {
    std::string text = "filter ";
    for (int i = 0; i < 3000; ++i) text += deep;
    CHECK_MESSAGE(f.refused(text + "a").starts_with("MalformedQueryException"), deep);
  }
  CHECK(f.error("StartQuery", group(Value::structure(
                                  {{"queryString", "limit 1"}, {"startTime", 10}, {"endTime", 9}})))
            .starts_with("InvalidParameterException"));
  auto both = f.question("limit 1");
  both.set("logGroupNames", Value::list({"g"}));
  CHECK(f.error("StartQuery", both).starts_with("InvalidParameterException"));
  auto elsewhere = f.question("limit 1");
  elsewhere.set("logGroupName", "none");
  CHECK(f.error("StartQuery", elsewhere)
            .starts_with("ResourceNotFoundException: Log group 'none' does not exist for account "
                         "ID '000000000000' (Service: AWSLogs;"));
}

TEST_CASE("long sums and comments are fine") {
  Insights f;
  f.said({"x"});
  std::string sum = "1";
  for (int i = 0; i < 150; ++i) sum += " + 1";
  CHECK(f.found("# what is it\nfields " + sum + " as n # so many") == "n=151");
}

TEST_CASE("queries are kept over a crash, listed, stopped, and forgotten after a week") {
  Insights f;
  f.said({"a", "b", "c"});
  const auto first = f.ok("StartQuery", f.question("fields @message"))["queryId"];
  f.world.advance(1s);
  auto limited = f.question("fields @message");
  limited.set("limit", 2);
  const auto second = f.ok("StartQuery", limited)["queryId"];
  f.crash();
  const auto by_id = [](const Value& id) { return Value::structure({{"queryId", id}}); };
  CHECK(f.ok("GetQueryResults", by_id(second))["results"].items().size() == 2);
  auto paged = by_id(first);
  paged.set("maxItems", 2);
  auto page = f.ok("GetQueryResults", paged);
  CHECK(page["results"].items().size() == 2);
  paged.set("nextToken", page["nextToken"]);
  page = f.ok("GetQueryResults", paged);
  CHECK(page["results"].items().size() == 1);
  CHECK_FALSE(page.has("nextToken"));
  paged.set("nextToken", "x");
  CHECK(f.error("GetQueryResults", paged) ==
        "InvalidParameterException: The specified nextToken is invalid.");
  const auto queries = f.ok("DescribeQueries", group())["queries"];
  REQUIRE(queries.items().size() == 2);
  CHECK(queries.items()[0]["queryId"] == second);
  CHECK(queries.items()[1]["status"].string() == "Complete");
  const auto text = queries.items()[0]["queryString"].string();
  CHECK(text.starts_with("SOURCE \"g\" START="));
  CHECK(text.ends_with("999 | fields @message | limit 2"));
  CHECK(f.ok("DescribeQueries", Value::structure({{"status", "Scheduled"}}))["queries"]
            .items()
            .empty());
  CHECK(f.ok("ListLogGroupsForQuery", by_id(first))["logGroupIdentifiers"].strings() ==
        std::vector<std::string>{"g"});
  CHECK(f.error("StopQuery", by_id(first)).starts_with("InvalidParameterException"));
  CHECK(f.error("StopQuery", by_id("none")).starts_with("ResourceNotFoundException"));
  f.world.advance(8 * 24h);
  CHECK(f.error("GetQueryResults", by_id(first)).starts_with("ResourceNotFoundException"));
  CHECK(f.ok("DescribeQueries", Value::structure())["queries"].items().empty());
}

TEST_CASE("large queries go on a slice at a time; a crash begins them again; they can be stopped") {
  Insights f;
  std::vector<Logs::Line> lines;
  for (int i = 0; i < 5'000; ++i)
    lines.push_back({f.world.timers.now() + std::chrono::milliseconds{i}, std::to_string(i)});
  f.service->append("us-east-1", "g", "s", lines);
  const auto ask = [&f](const Value& id) {
    return *f.call_alone("GetQueryResults", Value::structure({{"queryId", id}}));
  };
  const auto id = (*f.call_alone("StartQuery", f.question("stats count(*) as n")))["queryId"];
  CHECK(ask(id)["status"].string() == "Running");
  f.world.journal.commit();
  f.crash();
  f.world.settle();
  CHECK(ask(id)["status"].string() == "Complete");
  CHECK(ask(id)["results"].items()[0].items()[0]["value"].string() == "5000");
  const auto stopped = (*f.call_alone("StartQuery", f.question("stats count(*)")))["queryId"];
  f.ok("StopQuery", Value::structure({{"queryId", stopped}}));
  CHECK(ask(stopped)["status"].string() == "Cancelled");
  CHECK(f.found("fields @message | limit 2") == "@message=4999; @message=4998");
  CHECK(f.found("fields @message | sort @message asc | limit 2") == "@message=0; @message=1");
}

TEST_CASE("patterns that cost too much end a query, and nobody waits for them") {
  Insights f;
  const std::string line(400'000, 'a');
  f.said({line.c_str()});
  CHECK(f.found("filter @message like /(?:(?:a?){15}){20}b\\b/ | stats count(*)") == "Timeout");
}

TEST_CASE("GetLogRecord gives what a pointer points at, GetLogGroupFields what there is") {
  Insights f;
  f.said({"plain", R"({"a":{"b":1}})"});
  const auto results = f.results_of("fields @message | limit 1");
  const auto& pointer = results["results"].items()[0].items()[1]["value"];
  const auto record = f.ok("GetLogRecord", Value::structure({{"logRecordPointer", pointer}}));
  CHECK(record["logRecord"]["@message"].string() == R"({"a":{"b":1}})");
  CHECK(record["logRecord"]["a.b"].string() == "1");
  CHECK(record["logRecord"]["@timestamp"].string() == std::to_string(f.now()));
  CHECK(f.error("GetLogRecord", Value::structure({{"logRecordPointer", "x"}}))
            .starts_with("InvalidParameterException"));
  const auto fields = f.ok("GetLogGroupFields", group())["logGroupFields"];
  std::string names;
  for (const auto& field : fields.items())
    names += fmt::format("{}:{} ", field["name"].string(), field["percent"].integer());
  CHECK(names == "@ingestionTime:100 @log:100 @logStream:100 @message:100 @timestamp:100 a.b:50 ");
  f.ok("DeleteLogGroup", group());
  CHECK(f.error("GetLogRecord", Value::structure({{"logRecordPointer", pointer}}))
            .starts_with("ResourceNotFoundException"));
}

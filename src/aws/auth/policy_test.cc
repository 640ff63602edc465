// SPDX-License-Identifier: Apache-2.0
#include "aws/auth/policy.h"

#include <doctest/doctest.h>

#include "base/text.h"

namespace sitelatch::aws {
namespace {
using Verdict = Decision::Verdict;
const std::string account = "123456789012";
const std::string queue = "arn:aws:sns:eu-west-1:123456789012:topic";

PolicyPrincipal user() {
  return {PolicyPrincipal::Kind::user, account, "arn:aws:iam::123456789012:user/ann",
          "arn:aws:iam::123456789012:user/ann", ""};
}
PolicyPrincipal role_session() {
  return {PolicyPrincipal::Kind::role_session, account,
          "arn:aws:sts::123456789012:assumed-role/worker/s",
          "arn:aws:iam::123456789012:role/worker", ""};
}
PolicyPrincipal root() {
  return {PolicyPrincipal::Kind::root, account, "arn:aws:iam::123456789012:root",
          "arn:aws:iam::123456789012:root", ""};
}

PolicyRef parsed(const std::string& document, PolicyUse use = PolicyUse::identity) {
  const auto policy = parse_policy(document, use);
  if (!policy) MESSAGE(document << ": " << policy.error().text);
  REQUIRE(policy);
  return *policy;
}
std::string document(const std::string& statement) {
  return R"({"Version":"2012-10-17","Statement":[)" + statement + "]}";
}
// Allow of sns:Publish on everything, under a condition.
std::string under(const std::string& condition) {
  return document(R"({"Effect":"Allow","Action":"sns:Publish","Resource":"*","Condition":)" +
                  condition + "}");
}
bool allowed(const std::string& text, const std::string& action = "sns:Publish",
             const std::string& resource = queue, const ConditionKeys& keys = {}) {
  PolicySet set;
  set.identity = {parsed(text)};
  const auto who = user();
  const std::vector<std::string> resources{resource};
  return evaluate({who, action, resources, keys}, set).allowed();
}
std::string fault(const std::string& text, PolicyUse use = PolicyUse::identity) {
  const auto policy = parse_policy(text, use);
  return policy ? "" : policy.error().text;
}
std::string statement(const std::string& effect, const std::string& principal = "") {
  return R"({"Effect":")" + effect + R"(","Action":"sns:Publish","Resource":"*")" +
         (principal.empty() ? "" : R"(,"Principal":)" + principal) + "}";
}
PolicyRef of(const std::string& effect) { return parsed(document(statement(effect))); }
PolicyRef resource_of(const std::string& effect, const std::string& principal) {
  return parsed(document(statement(effect, principal)), PolicyUse::resource);
}
Decision decide(const PolicyPrincipal& who, const PolicySet& set) {
  const std::vector<std::string> resources{queue};
  const ConditionKeys keys;
  return evaluate({who, "sns:Publish", resources, keys}, set);
}
}  // namespace

TEST_CASE("policy: actions and resources match by IAM's wildcards") {
  struct Row {
    const char *action, *resource, *asked, *on;
    bool allowed;
  };
  for (const auto& row : {
           Row{"*", "*", "sns:Publish", "x", true},
           Row{"sns:*", "*", "sns:Publish", "x", true},
           Row{"SNS:publish", "*", "sns:Publish", "x", true},
           Row{"sns:Pub*", "*", "sns:Publish", "x", true},
           Row{"sns:P?blish", "*", "sns:Publish", "x", true},
           Row{"sns:P?lish", "*", "sns:Publish", "x", false},
           Row{"sqs:*", "*", "sns:Publish", "x", false},
           Row{"sns:Publish", "arn:aws:sns:eu-west-1:1:t", "sns:Publish",
               "arn:aws:sns:eu-west-1:1:t", true},
           Row{"sns:Publish", "arn:aws:sns:eu-west-1:1:T", "sns:Publish",
               "arn:aws:sns:eu-west-1:1:t", false},
           Row{"sns:Publish", "arn:aws:sns:*:1:t*", "sns:Publish", "arn:aws:sns:eu-west-1:1:topic",
               true},
           Row{"sns:Publish", "arn:aws:sns:*:t", "sns:Publish", "arn:aws:sns:eu-west-1:1:t", false},
           Row{"sns:Publish", "arn:aws:sns", "sns:Publish", "arn:aws:sns:eu-west-1:1:t", true},
           Row{"iam:*", "arn:aws:iam::*:role/a/*", "iam:GetRole", "arn:aws:iam::1:role/a/b/c",
               true},
           Row{"iam:*", "arn:aws:iam::*:role/a/*", "iam:GetRole", "arn:aws:iam::1:role/ab", false},
           Row{"logs:*", "arn:aws:logs:*:*:*", "logs:PutLogEvents",
               "arn:aws:logs:r:1:log-group:g:log-stream:s", true},
           Row{"logs:*", "arn:aws:logs:*:*:log-group:g:*", "logs:PutLogEvents",
               "arn:aws:logs:r:1:log-group:g:log-stream:s", true},
           Row{"logs:*", "arn:aws:logs:*:*:log-group:g:*", "logs:X",
               "arn:aws:logs:r:1:log-group:h:log-stream:s", false},
           Row{"sns:ListTopics", "arn:aws:sns:*:*:*", "sns:ListTopics", "*", false},
       }) {
    CAPTURE(row.action);
    CAPTURE(row.resource);
    CHECK(allowed(document(std::string{R"({"Effect":"Allow","Action":")"} + row.action +
                           R"(","Resource":")" + row.resource + "\"}"),
                  row.asked, row.on) == row.allowed);
  }
}

TEST_CASE("policy: NotAction and NotResource") {
  const auto text = document(
      R"({"Effect":"Allow","NotAction":["iam:*","sts:*"],"NotResource":"arn:aws:sns:*:*:secret"})");
  CHECK(allowed(text, "sns:Publish", "arn:aws:sns:r:1:t"));
  CHECK_FALSE(allowed(text, "iam:GetUser", "arn:aws:sns:r:1:t"));
  CHECK_FALSE(allowed(text, "sns:Publish", "arn:aws:sns:r:1:secret"));
}

TEST_CASE("policy: every condition operator, with the key there and absent") {
  struct Row {
    const char *op, *wanted, *value;  // value nullptr: the key is absent
    bool holds;
  };
  for (const auto& row : {
           Row{"StringEquals", "a", "a", true},
           Row{"StringEquals", "a", "A", false},
           Row{"StringEquals", "a*", "ab", false},
           Row{"StringEquals", "a", nullptr, false},
           Row{"StringEqualsIfExists", "a", nullptr, true},
           Row{"StringEqualsIfExists", "a", "b", false},
           Row{"StringNotEquals", "a", "b", true},
           Row{"StringNotEquals", "a", "a", false},
           Row{"StringNotEquals", "a", nullptr, true},
           Row{"StringEqualsIgnoreCase", "a", "A", true},
           Row{"StringNotEqualsIgnoreCase", "a", "A", false},
           Row{"StringLike", "a*c", "abc", true},
           Row{"StringLike", "a?c", "ac", false},
           Row{"StringLike", "*", "", true},
           Row{"StringNotLike", "a*", "b", true},
           Row{"StringNotLike", "a*", "ab", false},
           Row{"NumericEquals", "1", "1.0", true},
           Row{"NumericNotEquals", "1", "2", true},
           Row{"NumericLessThan", "5", "4", true},
           Row{"NumericLessThan", "5", "5", false},
           Row{"NumericLessThanEquals", "5", "5", true},
           Row{"NumericLessThanEquals", "5", "6", false},
           Row{"NumericGreaterThan", "5", "6", true},
           Row{"NumericGreaterThan", "5", "5", false},
           Row{"NumericGreaterThanEquals", "5", "5", true},
           Row{"NumericGreaterThanEquals", "5", "4", false},
           Row{"NumericEquals", "1", "one", false},
           Row{"DateEquals", "2026-01-01T00:00:00Z", "1767225600", true},
           Row{"DateNotEquals", "2026-01-01T00:00:00Z", "2026-01-02", true},
           Row{"DateLessThan", "2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z", true},
           Row{"DateLessThanEquals", "2026-01-01", "2026-01-01T00:00:00Z", true},
           Row{"DateGreaterThan", "2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z", false},
           Row{"DateGreaterThanEquals", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", true},
           Row{"Bool", "true", "true", true},
           Row{"Bool", "true", "false", false},
           Row{"Bool", "false", "false", true},
           Row{"BinaryEquals", "QUI=", "QUI", true},
           Row{"BinaryEquals", "QUI=", "QUM=", false},
           Row{"IpAddress", "10.0.0.0/8", "10.1.2.3", true},
           Row{"IpAddress", "10.0.0.0/8", "11.1.2.3", false},
           Row{"IpAddress", "10.1.2.3", "10.1.2.3", true},
           Row{"IpAddress", "10.1.2.0/23", "10.1.3.9", true},
           Row{"IpAddress", "0.0.0.0/0", "1.2.3.4", true},
           Row{"IpAddress", "2001:db8::/33", "2001:db8:7fff::1", true},
           Row{"IpAddress", "2001:db8::/33", "2001:db8:8000::1", false},
           Row{"IpAddress", "10.0.0.0/99", "10.0.0.1", false},
           Row{"NotIpAddress", "10.0.0.0/8", "11.1.2.3", true},
           Row{"NotIpAddress", "10.0.0.0/8", "10.1.2.3", false},
           Row{"ArnEquals", "arn:aws:sns:*:1:t", "arn:aws:sns:r:1:t", true},
           Row{"ArnLike", "arn:aws:sns:*:1:t", "arn:aws:sns:r:2:t", false},
           Row{"ArnLike", "arn:aws:cloudwatch:r:1:alarm:*", "arn:aws:cloudwatch:r:1:alarm:x:y",
               true},
           Row{"ArnNotEquals", "arn:aws:sns:*:1:t", "arn:aws:sns:r:1:t", false},
           Row{"ArnNotLike", "arn:aws:sns:*:1:t", nullptr, true},
           Row{"ArnLike", "arn:aws:sns:*:1:t", nullptr, false},
           Row{"Null", "true", nullptr, true},
           Row{"Null", "true", "x", false},
           Row{"Null", "false", "x", true},
           Row{"Null", "false", nullptr, false},
           Row{"ForAllValues:StringEquals", "a", nullptr, true},
           Row{"ForAnyValue:StringEquals", "a", nullptr, false},
       }) {
    CAPTURE(row.op);
    CAPTURE(row.wanted);
    ConditionKeys keys;
    if (row.value) keys.set("aws:key", row.value);
    CHECK(allowed(under(std::string{"{\""} + row.op + R"(":{"AWS:Key":")" + row.wanted + "\"}}"),
                  "sns:Publish", queue, keys) == row.holds);
  }
}

TEST_CASE("policy: operators and keys by AND, values by OR, sets by their prefix") {
  const ConditionKeys keys{{"aws:a", {"1"}}, {"aws:b", {"2"}}, {"aws:tagkeys", {"x", "y"}}};
  const auto holds = [&](const std::string& c) {
    return allowed(under(c), "sns:Publish", queue, keys);
  };
  CHECK(holds(R"({"StringEquals":{"aws:a":["0","1"],"aws:b":"2"}})"));
  CHECK_FALSE(holds(R"({"StringEquals":{"aws:a":"1","aws:b":"3"}})"));
  CHECK_FALSE(holds(R"({"StringEquals":{"aws:a":"1"},"StringLike":{"aws:b":"3*"}})"));
  CHECK_FALSE(holds(R"({"StringNotEquals":{"aws:a":["0","1"]}})"));
  CHECK(holds(R"({"ForAllValues:StringEquals":{"aws:TagKeys":["x","y","z"]}})"));
  CHECK_FALSE(holds(R"({"ForAllValues:StringEquals":{"aws:TagKeys":["x"]}})"));
  CHECK(holds(R"({"ForAnyValue:StringEquals":{"aws:TagKeys":["x"]}})"));
  CHECK_FALSE(holds(R"({"ForAnyValue:StringEquals":{"aws:TagKeys":["z"]}})"));
  CHECK(holds(R"({"ForAllValues:StringNotEquals":{"aws:TagKeys":["z"]}})"));
  CHECK(holds(R"({"Bool":{"aws:missing":true},"Null":{"aws:a":false}})") == false);
  CHECK(holds(R"({"NumericEquals":{"aws:a":1}})"));
}

TEST_CASE("policy: variables are filled in, literally, and only in current documents") {
  const ConditionKeys ann{{"aws:username", {"ann"}}, {"aws:principaltag/team", {"a*"}}};
  const auto on = [](const std::string& resource) {
    return document(R"({"Effect":"Allow","Action":"sns:Publish","Resource":")" + resource + "\"}");
  };
  CHECK(allowed(on("arn:aws:sns:r:1:home-${aws:username}"), "sns:Publish",
                "arn:aws:sns:r:1:home-ann", ann));
  CHECK_FALSE(allowed(on("arn:aws:sns:r:1:home-${aws:username}"), "sns:Publish",
                      "arn:aws:sns:r:1:home-bob", ann));
  CHECK_FALSE(
      allowed(on("arn:aws:sns:r:1:home-${aws:username}"), "sns:Publish", "arn:aws:sns:r:1:home-"));
  CHECK(
      allowed(on("arn:aws:sns:r:1:${aws:username, 'any'}"), "sns:Publish", "arn:aws:sns:r:1:any"));
  CHECK(allowed(on("arn:aws:sns:r:1:${aws:PrincipalTag/team}"), "sns:Publish", "arn:aws:sns:r:1:a*",
                ann));
  CHECK_FALSE(allowed(on("arn:aws:sns:r:1:${aws:PrincipalTag/team}"), "sns:Publish",
                      "arn:aws:sns:r:1:ab", ann));
  CHECK(allowed(on("arn:aws:sns:r:1:${*}"), "sns:Publish", "arn:aws:sns:r:1:*"));
  CHECK_FALSE(allowed(on("arn:aws:sns:r:1:${*}"), "sns:Publish", "arn:aws:sns:r:1:x"));
  CHECK(allowed(under(R"({"StringEquals":{"aws:username":"${aws:username}"}})"), "sns:Publish",
                queue, ann));
  const auto old =
      parsed(replace_all(document(statement("Allow", "\"*\"")), "2012-10-17", "2008-10-17"),
             PolicyUse::resource);
  CHECK(old->statements.size() == 1);
}

// Every combination of what five policies can say, against the rules in words.
TEST_CASE("policy: the whole table of identity, boundary, session and resource policies") {
  const PolicyRef nothing = std::make_shared<Policy>();
  const PolicyRef says[] = {nullptr, nothing, of("Allow"),
                            of("Deny")};  // absent, silent, allows, denies
  const std::string principals[] = {R"({"AWS":"123456789012"})", "\"*\"", "exact", "role"};
  for (const bool session_caller : {false, true})
    for (const auto& identity : says)
      for (const auto& boundary : says)
        for (const auto& session : says)
          for (int resource_says = 0; resource_says < 3; ++resource_says)
            for (const auto& principal : principals) {
              if (!session_caller && (session || principal == "role")) continue;
              const auto who = session_caller ? role_session() : user();
              const auto named = principal == "exact"  ? "{\"AWS\":\"" + who.arn + "\"}"
                                 : principal == "role" ? "{\"AWS\":\"" + who.principal_arn + "\"}"
                                                       : principal;
              PolicySet set;
              if (identity) set.identity = {identity};
              set.boundary = boundary;
              set.session = session;
              if (resource_says)
                set.resource = resource_of(resource_says == 1 ? "Allow" : "Deny", named);

              const auto denies = [&](const PolicyRef& p) { return p == says[3]; };
              const auto limits = [&](const PolicyRef& p) { return p && p != says[2]; };
              const bool any_deny =
                  denies(identity) || denies(boundary) || denies(session) || resource_says == 2;
              const bool granted_outright = resource_says == 1 && principal != principals[0];
              bool expected = !any_deny && (identity == says[2] || granted_outright);
              const bool exact = granted_outright && principal == "exact";
              if (limits(boundary) && !exact) expected = false;
              if (limits(session) && !(exact && session_caller)) expected = false;
              const auto decision = decide(who, set);
              CAPTURE(named);
              CHECK(decision.allowed() == expected);
              CHECK((decision.verdict == Verdict::explicit_deny) == any_deny);
            }
}

TEST_CASE("policy: principals of resource policies") {
  const auto grants = [](const std::string& principal, const PolicyPrincipal& who,
                         const std::string& member = "Principal") {
    PolicySet set;
    set.resource = parsed(document(R"({"Effect":"Allow","Action":"sns:Publish","Resource":"*",")" +
                                   member + "\":" + principal + "}"),
                          PolicyUse::resource);
    return decide(who, set).allowed();
  };
  const PolicyPrincipal anonymous;
  const auto sns = service_principal("sns.amazonaws.com");
  CHECK(grants("\"*\"", user()));
  CHECK(grants("\"*\"", anonymous));
  CHECK(grants("\"*\"", sns));
  CHECK(grants(R"({"AWS":"arn:aws:iam::123456789012:user/ann"})", user()));
  CHECK_FALSE(grants(R"({"AWS":"arn:aws:iam::123456789012:user/bob"})", user()));
  CHECK_FALSE(
      grants(R"({"AWS":"123456789012"})", user()));  // hands the decision to identity policies
  CHECK_FALSE(grants(R"({"AWS":"123456789012"})", anonymous));
  CHECK(grants(R"({"AWS":["999999999999","arn:aws:iam::123456789012:role/worker"]})",
               role_session()));
  CHECK(grants(R"({"AWS":"arn:aws:sts::123456789012:assumed-role/worker/s"})", role_session()));
  CHECK_FALSE(
      grants(R"({"AWS":"arn:aws:sts::123456789012:assumed-role/worker/other"})", role_session()));
  CHECK(grants(R"({"Service":["a.amazonaws.com","sns.amazonaws.com"]})", sns));
  CHECK_FALSE(grants(R"({"Service":"events.amazonaws.com"})", sns));
  CHECK_FALSE(grants(R"({"AWS":"arn:aws:iam::123456789012:user/bob"})", sns));
  CHECK(grants(R"({"AWS":"arn:aws:iam::123456789012:user/bob"})", user(), "NotPrincipal"));
  CHECK_FALSE(grants(R"({"AWS":"arn:aws:iam::123456789012:user/ann"})", user(), "NotPrincipal"));
}

TEST_CASE("policy: across accounts both sides must allow") {
  const std::vector<std::string> theirs{"arn:aws:sns:r:999999999999:t"};
  const ConditionKeys keys;
  const auto who = user();
  const auto decide_there = [&](bool identity, const std::string& principal) {
    PolicySet set;
    if (identity) set.identity = {of("Allow")};
    if (!principal.empty()) set.resource = resource_of("Allow", principal);
    return evaluate({who, "sns:Publish", theirs, keys}, set).allowed();
  };
  CHECK(decide_there(true, R"({"AWS":"123456789012"})"));
  CHECK_FALSE(decide_there(true, ""));
  CHECK_FALSE(decide_there(false, "\"*\""));
}

TEST_CASE("policy: trust policies must allow by themselves, root included") {
  const auto trusts = [](const std::string& principal, const PolicyPrincipal& who,
                         bool identity_allows, const ConditionKeys& keys = {},
                         const std::string& condition = "") {
    PolicySet set;
    set.trust = true;
    if (!principal.empty())
      set.resource = parsed(document(R"({"Effect":"Allow","Action":"sts:AssumeRole","Principal":)" +
                                     principal + condition + "}"),
                            PolicyUse::trust);
    if (identity_allows)
      set.identity = {parsed(document(R"({"Effect":"Allow","Action":"sts:*","Resource":"*"})"))};
    const std::vector<std::string> role{"arn:aws:iam::123456789012:role/r"};
    return evaluate({who, "sts:AssumeRole", role, keys}, set).allowed();
  };
  const std::string ours = R"({"AWS":"arn:aws:iam::123456789012:root"})";
  CHECK(trusts(ours, user(), true));
  CHECK_FALSE(trusts(ours, user(), false));
  CHECK(trusts(R"({"AWS":"arn:aws:iam::123456789012:user/ann"})", user(), false));
  CHECK_FALSE(trusts(R"({"Service":"lambda.amazonaws.com"})", user(), true));
  CHECK_FALSE(trusts("", user(), true));
  CHECK(trusts(ours, root(), false));
  CHECK_FALSE(trusts(R"({"Service":"lambda.amazonaws.com"})", root(), false));
  CHECK_FALSE(trusts("", root(), false));
  CHECK(trusts(R"({"Service":"lambda.amazonaws.com"})", service_principal("lambda.amazonaws.com"),
               false));
  const std::string id = R"(,"Condition":{"StringEquals":{"sts:ExternalId":"x"}})";
  CHECK_FALSE(trusts(ours, user(), true, {}, id));
  CHECK(trusts(ours, user(), true, {{"sts:externalid", {"x"}}}, id));
  CHECK_FALSE(trusts(ours, root(), true, {{"sts:externalid", {"y"}}}, id));
}

TEST_CASE("policy: services are judged by the resource's policy alone") {
  const std::string policy =
      R"({"Version":"2012-10-17","Statement":[{"Sid":"s","Effect":"Allow",
    "Principal":{"Service":"sns.amazonaws.com"},"Action":"lambda:InvokeFunction",
    "Resource":"arn:aws:lambda:r:1:function:f",
    "Condition":{"ArnLike":{"AWS:SourceArn":"arn:aws:sns:r:1:t"}}}]})";
  const auto asks = [&](const char* service, const char* resource, const char* source) {
    return resource_policy_allows(policy, service, "lambda:InvokeFunction", resource,
                                  {{"aws:sourcearn", {source}}});
  };
  CHECK(asks("sns.amazonaws.com", "arn:aws:lambda:r:1:function:f", "arn:aws:sns:r:1:t"));
  CHECK_FALSE(asks("events.amazonaws.com", "arn:aws:lambda:r:1:function:f", "arn:aws:sns:r:1:t"));
  CHECK_FALSE(asks("sns.amazonaws.com", "arn:aws:lambda:r:1:function:g", "arn:aws:sns:r:1:t"));
  CHECK_FALSE(asks("sns.amazonaws.com", "arn:aws:lambda:r:1:function:f", "arn:aws:sns:r:1:other"));
  CHECK_FALSE(
      resource_policy_allows("not json", "sns.amazonaws.com", "lambda:InvokeFunction", "x", {}));
  CHECK_FALSE(resource_policy_allows("", "sns.amazonaws.com", "lambda:InvokeFunction", "x", {}));
}

TEST_CASE("policy: service control policies bind everybody of the account, and no service") {
  const auto region_deny = parsed(document(
      R"({"Effect":"Deny","NotAction":["iam:*","route53:*"],"Resource":"*",
          "Condition":{"StringNotEquals":{"aws:RequestedRegion":["us-east-1"]}}})"));
  const auto only_route53 =
      parsed(document(R"({"Effect":"Allow","Action":"route53:*","Resource":"*"})"));
  const auto asked = [](const PolicyPrincipal& who, const PolicyRef& scp, const char* action,
                        const char* region) {
    PolicySet set;
    set.identity = {of("Allow"),
                    parsed(document(R"({"Effect":"Allow","Action":"*","Resource":"*"})"))};
    set.service_control = {scp};
    ConditionKeys keys;
    keys.set("aws:requestedregion", region);
    const std::vector<std::string> resources{queue};
    return evaluate({who, action, resources, keys}, set);
  };
  for (const auto& who : {root(), user(), role_session()}) {
    CAPTURE(who.arn);
    const auto denied = asked(who, region_deny, "sns:Publish", "eu-west-1");
    CHECK(denied.verdict == Verdict::explicit_deny);
    CHECK(denied.because == PolicyType::service_control);
    CHECK(asked(who, region_deny, "sns:Publish", "us-east-1").allowed());
    CHECK(asked(who, region_deny, "route53:GetHealthCheck", "eu-west-1").allowed());
    const auto lacking = asked(who, only_route53, "sns:Publish", "us-east-1");
    CHECK(lacking.verdict == Verdict::implicit_deny);
    CHECK(lacking.because == PolicyType::service_control);
    CHECK(asked(who, only_route53, "route53:GetHealthCheck", "us-east-1").allowed());
  }
  PolicySet set;
  set.service_control = {region_deny};
  CHECK_FALSE(decide(user(), set).allowed());  // it grants nothing
  set.resource = resource_of("Allow", R"({"Service":"sns.amazonaws.com"})");
  CHECK(decide(service_principal("sns.amazonaws.com"), set).allowed());
  set.resource = resource_of("Allow", R"("*")");
  CHECK(decide(user(), set).because == PolicyType::service_control);
}

TEST_CASE("policy: refusals in AWS's words") {
  const auto text = [](const PolicySet& set, const PolicyPrincipal& who,
                       std::vector<std::string> resources = {queue}) {
    const ConditionKeys keys;
    const AccessRequest request{who, "sns:Publish", resources, keys};
    return denial_text(request, evaluate(request, set));
  };
  const std::string head =
      "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: sns:Publish";
  PolicySet set;
  CHECK(text(set, user()) == head + " on resource: " + queue +
                                 " because no identity-based policy allows the sns:Publish action");
  CHECK(text(set, user(), {"*"}) ==
        head + " because no identity-based policy allows the sns:Publish action");
  set.identity = {of("Deny")};
  CHECK(text(set, user()) ==
        head + " on resource: " + queue + " with an explicit deny in an identity-based policy");
  set.identity = {of("Allow")};
  set.boundary = std::make_shared<Policy>();
  CHECK(
      text(set, user()).ends_with("because no permissions boundary allows the sns:Publish action"));
  set.boundary = of("Deny");
  CHECK(text(set, user()).ends_with("with an explicit deny in a permissions boundary"));
  set.boundary = nullptr;
  set.session = std::make_shared<Policy>();
  CHECK(text(set, role_session())
            .ends_with("because no session policy allows the sns:Publish action"));
  set.session = nullptr;
  set.resource = resource_of("Deny", "\"*\"");
  CHECK(text(set, user()).ends_with("with an explicit deny in a resource-based policy"));
  PolicySet trust;
  trust.trust = true;
  CHECK(text(trust, user()) == head + " on resource: " + queue);
}

TEST_CASE("policy: the grammar") {
  struct Row {
    std::string document, fault;
  };
  const auto one = [](const std::string& statement) {
    return R"({"Version":"2012-10-17","Statement":{)" + statement + "}}";
  };
  for (const auto& row : {
           Row{"", "This policy contains invalid Json"},
           Row{"{", "This policy contains invalid Json"},
           Row{"[]", "Syntax errors in policy."},
           Row{R"({"Version":"2012-10-17"})", "Syntax errors in policy."},
           Row{R"({"Version":"2012-10-17","Statement":[]})", "Syntax errors in policy."},
           Row{R"({"Version":"2012-10-17","Statement":[],"Extra":1})", "Syntax errors in policy."},
           Row{R"({"Version":"2013-01-01","Statement":[]})", "Syntax errors in policy."},
           Row{R"({"Version":"2008-10-17","Statement":{"Effect":"Allow","Action":"*",)"
               R"("Resource":"*"}})",
               "Policy document must be version 2012-10-17 or greater."},
           Row{R"({"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}})",
               "Policy document must be version 2012-10-17 or greater."},
           Row{one(R"("Effect":"allow","Action":"*","Resource":"*")"), "Syntax errors in policy."},
           Row{one(R"("Effect":"Allow","Resource":"*")"), "Policy statement must contain actions."},
           Row{one(R"("Effect":"Allow","Action":[],"Resource":"*")"),
               "Policy statement must contain actions."},
           Row{one(R"("Effect":"Allow","Action":["*",1],"Resource":"*")"),
               "Syntax errors in policy."},
           Row{one(R"("Effect":"Allow","Action":1,"Resource":"*")"), "Syntax errors in policy."},
           Row{one(R"("Effect":"Allow","Action":"*","Resource":["*",null])"),
               "Syntax errors in policy."},
           Row{one(R"("Effect":"Allow","Action":"*","Resource":[["*"]])"),
               "Syntax errors in policy."},
           Row{one(R"("Effect":"Allow","Action":"*")"), "Policy statement must contain resources."},
           Row{one(R"("Effect":"Allow","Action":"*","NotAction":"*","Resource":"*")"),
               "Syntax errors in policy."},
           Row{one(R"("Effect":"Allow","Action":"Publish","Resource":"*")"),
               "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."},
           Row{one(R"("Effect":"Allow","Action":"a:b:c","Resource":"*")"),
               "Actions/Condition can contain only one colon."},
           Row{one(R"("Effect":"Allow","Action":"s n:b","Resource":"*")"),
               "Vendor s n is not valid"},
           Row{one(R"("Effect":"Allow","Action":"*","Resource":"topic")"),
               "Resource topic must be in ARN format or \"*\"."},
           Row{one(R"("Effect":"Allow","Action":"*","Resource":"arn:azure:x")"),
               "Partition \"azure\" is not valid for resource \"arn:azure:x\"."},
           Row{one(R"("Effect":"Allow","Action":"*","Resource":"*","Principal":"*")"),
               "Policy document should not specify a principal."},
           Row{R"({"Version":"2012-10-17","Statement":[)"
               R"({"Sid":"a","Effect":"Allow","Action":"*","Resource":"*"},)"
               R"({"Sid":"a","Effect":"Allow","Action":"*","Resource":"*"}]})",
               "Statement IDs (SID) in a single policy must be unique."},
           Row{one(R"("Effect":"Allow","Action":"*","Resource":"*",)"
                   R"("Condition":{"StringIs":{"aws:x":"y"}})"),
               "Syntax errors in policy."},
           Row{one(R"("Effect":"Allow","Action":"*","Resource":"*","Condition":)"
                   R"({"StringEquals":{"aws:x":{}}})"),
               "Syntax errors in policy."},
           Row{one(R"("Effect":"Allow","Action":1,"Resource":"*")"), "Syntax errors in policy."},
           Row{one(R"("Effect":"Allow","Action":["sns:*"],"Resource":["*"],)"
                   R"("Condition":{"ForAnyValue:StringLikeIfExists":{"aws:x":["a",1,true]}})"),
               ""},
       }) {
    CAPTURE(row.document);
    CHECK(fault(row.document) == row.fault);
  }
  const auto trust = [](const std::string& rest) {
    return fault(R"({"Version":"2012-10-17","Statement":{"Effect":"Allow")" + rest + "}}",
                 PolicyUse::trust);
  };
  CHECK(trust(R"(,"Action":"sts:AssumeRole","Principal":{"Service":"lambda.amazonaws.com"})")
            .empty());
  CHECK(trust(R"(,"Action":["sts:AssumeRole","sts:TagSession"],"Principal":{"AWS":"123456789012"})")
            .empty());
  CHECK(trust(R"(,"Action":"sts:AssumeRole")") == "Missing required field Principal");
  CHECK(trust(R"(,"Action":"sts:AssumeRole","Principal":"*","Resource":"*")") ==
        "Has prohibited field Resource");
  CHECK(trust(R"(,"Action":"sns:Publish","Principal":"*")") ==
        "AssumeRole policy may only specify STS AssumeRole actions.");
  CHECK(trust(R"(,"Action":"sts:AssumeRole","Principal":{"AWS":"nobody"})") ==
        R"(Invalid principal in policy: "AWS":"nobody")");
  CHECK(trust(R"(,"Action":"sts:AssumeRole","Principal":{"Service":"lambda"})") ==
        R"(Invalid principal in policy: "SERVICE":"lambda")");
}

TEST_CASE("policy: documents are parsed once, and hostile ones cost little") {
  PolicyCache cache;
  const auto text = document(statement("Allow"));
  CHECK(cache.get(text, PolicyUse::identity) == cache.get(text, PolicyUse::identity));
  CHECK_FALSE(cache.get("nonsense", PolicyUse::identity));
  CHECK_FALSE(parse_policy(std::string(100'000, '['), PolicyUse::identity));
  const auto stars =
      document(R"({"Effect":"Allow","Action":"sns:*a*a*a*a*a*a*a*a*b","Resource":"*"})");
  CHECK_FALSE(allowed(stars, "sns:" + std::string(10'000, 'a')));
}

}  // namespace sitelatch::aws

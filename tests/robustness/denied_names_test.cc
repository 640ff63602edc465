// SPDX-License-Identifier: Apache-2.0
// An explicit Deny holds whatever form the caller names the resource by, and however the policy
// spells a condition key: each row is a Deny, and the calls that it must refuse. The same call
// without the Deny is let through, so that no row passes by being refused for something else.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "answers.h"
#include "base/log.h"
#include "fixture.h"

namespace sitelatch::test {
namespace {
using aws::Value;

class Denied {
 public:
  Denied() {
    set_log_level(LogLevel::error);
    for (const auto& recipe : recipes()) {
      const auto input = fixture_.inputs().follow(aws::service_model(recipe.service), recipe);
      const auto out = as_root(recipe.service, recipe.operation, input);
      if (recipe.operation == "CreateAccessKey")
        user_ = {out["AccessKey"]["AccessKeyId"].string(),
                 out["AccessKey"]["SecretAccessKey"].string(), ""};
      if (recipe.operation == "CreateHostedZone")
        zone_ = out["HostedZone"]["Id"].string().substr(12);
      if (recipe.operation == "CreateHostedZone" && out.has("VPC"))
        names_.emplace_back("INNER1", out["HostedZone"]["Id"].string().substr(12));
      if (recipe.operation == "CreateReusableDelegationSet")
        names_.emplace_back("SET1", out["DelegationSet"]["Id"].string().substr(15));
      if (recipe.operation == "CreateCidrCollection")
        names_.emplace_back("CIDRS1", out["Collection"]["Id"].string());
      if (recipe.operation == "CreateTrafficPolicy")
        names_.emplace_back("POLICY1", out["TrafficPolicy"]["Id"].string());
      if (recipe.operation == "CreateTrafficPolicyInstance")
        names_.emplace_back("INSTANCE1", out["TrafficPolicyInstance"]["Id"].string());
      if (recipe.operation == "CreateHealthCheck") check_ = out["HealthCheck"]["Id"].string();
      fixture_.inputs().learn(out);
      fixture_.inputs().learn(input);
    }
  }

  Value as_root(std::string_view service, std::string_view operation, const Value& input) {
    const auto& model = aws::service_model(service);
    const auto answered =
        fixture_.call(model, *model.operation(operation), model.protocols.front(), input, false);
    INFO(std::string{operation}, ": ", answered.http.body);
    REQUIRE(answered.outcome.has_value());
    return *answered.outcome;
  }
  Value ask(std::string_view service, std::string_view operation, const std::string& json) {
    return as_root(
        service, operation,
        fixture_.inputs().follow(aws::service_model(service), {service, operation, json}));
  }

  // The statement's members beside Effect, or "" for no Deny at all.
  void deny(const std::string& statement) {
    auto document = Value::structure({{"Version", "2012-10-17"}});
    auto statements =
        Value::list({aws::from_json(R"({"Effect":"Allow","Action":"*","Resource":"*"})").value()});
    if (!statement.empty()) statements.push(aws::from_json(filled(statement)).value());
    document.set("Statement", statements);
    as_root("iam", "PutUserPolicy",
            Value::structure({{"UserName", "u"},
                              {"PolicyName", "deny"},
                              {"PolicyDocument", aws::to_json(document)}}));
  }

  std::string code_of(std::string_view service, std::string_view operation,
                      const std::string& json) {
    const auto& model = aws::service_model(service);
    const auto text = filled(json);
    const auto input = fixture_.inputs().follow(model, {service, operation, text});
    auto request =
        aws::encode_request(model, *model.operation(operation), model.protocols.front(), input);
    const auto answered = fixture_.send(model, *model.operation(operation), model.protocols.front(),
                                        std::move(request), "eu-west-1", user_);
    return answered.outcome ? "" : answered.outcome.error().code;
  }

 private:
  std::string filled(std::string text) const {
    for (const auto& [word, name] : names_) text = replace_all(std::move(text), word, name);
    return replace_all(replace_all(std::move(text), "ZONE", zone_), "CHECK", check_);
  }

  Fixture fixture_{3};
  aws::SigningIdentity user_;
  std::string zone_, check_;
  std::vector<std::pair<std::string, std::string>> names_;  // further words
};

bool is_denial(std::string_view code) {
  return code == "AccessDenied" || code == "AccessDeniedException" || code == "AuthorizationError";
}

// The forms that the model, or the service, does not take for a name.
bool is_no_name(std::string_view code) {
  return code == "ValidationException" || code == "InvalidInput" ||
         code == "InvalidParameterException" || code == "InvalidParameterValueException" ||
         code == "ResourceNotFoundException";
}

struct Row {
  std::string deny;  // a statement
  std::string_view service, operation;
  std::vector<std::string> inputs;
};

std::string on(const std::string& arn) {
  return R"({"Effect":"Deny","Action":"*","Resource":")" + arn + "\"}";
}
std::string where(const std::string& key, const std::string& value) {
  return R"({"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEquals":{")" + key +
         "\":\"" + value + "\"}}}";
}
std::string any_of(const std::string& key, const std::string& value) {
  return R"({"Effect":"Deny","Action":"*","Resource":"*","Condition":)"
         R"({"ForAnyValue:StringEquals":{")" +
         key + "\":\"" + value + "\"}}}";
}

#define ACCOUNT "000000000000"
#define F "arn:aws:lambda:eu-west-1:" ACCOUNT ":function:f"
#define LAYER "arn:aws:lambda:eu-west-1:" ACCOUNT ":layer:l"
#define T "arn:aws:sns:eu-west-1:" ACCOUNT ":t"
#define Q "arn:aws:sqs:eu-west-1:" ACCOUNT ":q"
#define LG "arn:aws:logs:eu-west-1:" ACCOUNT ":log-group:lg"
#define RULE "arn:aws:events:eu-west-1:" ACCOUNT ":rule/rule"
#define ARCHIVE "arn:aws:events:eu-west-1:" ACCOUNT ":archive/a"
#define BUS "arn:aws:events:eu-west-1:" ACCOUNT ":event-bus/bus"
#define ALARM "arn:aws:cloudwatch:eu-west-1:" ACCOUNT ":alarm:a"
#define MUTE "arn:aws:cloudwatch:eu-west-1:" ACCOUNT ":alarm-mute-rule:quiet"

std::vector<std::string> each(const std::string& before, std::initializer_list<const char*> forms,
                              const std::string& after = "\"}") {
  std::vector<std::string> out;
  for (const auto* form : forms) out.push_back(before + form + after);
  return out;
}

std::string change(const std::string& name, const std::string& zone = "ZONE") {
  return R"({"HostedZoneId":")" + zone +
         R"(","ChangeBatch":{"Changes":[{"Action":"UPSERT","ResourceRecordSet":{"Name":")" + name +
         R"(","Type":"A","TTL":60,"ResourceRecords":[{"Value":"10.0.0.1"}]}}]}})";
}
std::vector<std::string> changes(std::initializer_list<const char*> names) {
  std::vector<std::string> out;
  for (const auto* name : names) out.push_back(change(name));
  return out;
}

const std::string names_key = "route53:ChangeResourceRecordSetsNormalizedRecordNames";

std::vector<Row> rows() {
  const std::string function = R"({"FunctionName":")";
  return {
      // Lambda: names, partial ARNs, ARNs, and the two names of $LATEST (fact lambda-25).
      {on(F), "lambda", "GetFunction",
       each(function,
            {"f", ACCOUNT ":function:f", "eu-west-1:" ACCOUNT ":function:f", "function:f", F,
             "f:$LATEST", F ":$LATEST", "arn:aws-cn:lambda:eu-west-1:" ACCOUNT ":function:f",
             "arn:aws:anything:eu-west-1:" ACCOUNT ":function:f"})},
      {on(F), "lambda", "Invoke",
       each(function, {"f", F, "f:$LATEST"}, R"(","InvocationType":"DryRun"})")},
      {on(F),
       "lambda",
       "Invoke",
       {R"({"FunctionName":"f","Qualifier":"$LATEST","InvocationType":"DryRun"})"}},
      {on(F ":$LATEST"), "lambda", "Invoke",
       each(function, {"f", F, ACCOUNT ":function:f", "f:$LATEST"},
            R"(","InvocationType":"DryRun"})")},
      {on(F ":live"),
       "lambda",
       "Invoke",
       {R"({"FunctionName":"f:live","InvocationType":"DryRun"})",
        R"({"FunctionName":"f","Qualifier":"live","InvocationType":"DryRun"})",
        R"({"FunctionName":")" F R"(:live","InvocationType":"DryRun"})"}},
      {on(F), "lambda", "ListTags", {R"({"Resource":")" F "\"}"}},
      {on(F), "lambda", "UpdateFunctionUrlConfig",
       each(function, {"f", F, ACCOUNT ":function:f"}, R"(","AuthType":"NONE"})")},
      {on(F), "lambda", "GetFunctionUrlConfig", each(function, {"f", F, "function:f"})},
      {on(F), "lambda", "ListFunctionUrlConfigs", each(function, {"f", F})},
      {on(F ":live"),
       "lambda",
       "UpdateFunctionUrlConfig",
       {R"({"FunctionName":"f:live","AuthType":"NONE"})",
        R"({"FunctionName":"f","Qualifier":"live","AuthType":"NONE"})",
        R"({"FunctionName":")" F R"(","Qualifier":"live","AuthType":"NONE"})"}},
      // Layers: names, ARNs, and the ARN of a version.
      {on(LAYER ":1"), "lambda", "GetLayerVersion",
       each(R"({"LayerName":")", {"l", LAYER}, R"(","VersionNumber":1})")},
      {on(LAYER ":1"), "lambda", "GetLayerVersionByArn", {R"({"Arn":")" LAYER R"(:1"})"}},
      {on(LAYER ":1"), "lambda", "DeleteLayerVersion",
       each(R"({"LayerName":")", {"l", LAYER}, R"(","VersionNumber":1})")},
      {on(LAYER), "lambda", "ListLayerVersions", each(R"({"LayerName":")", {"l", LAYER})},
      {on(LAYER ":1"), "lambda", "UpdateFunctionConfiguration",
       each(function, {"f", F}, R"(","Layers":[")" LAYER R"(:1"]})")},
      {any_of("lambda:Layer", LAYER ":1"), "lambda", "UpdateFunctionConfiguration",
       each(function, {"f", F}, R"(","Layers":[")" LAYER R"(:1"]})")},
      {on(F), "lambda", "ListProvisionedConcurrencyConfigs", each(function, {"f", F})},
      {on(F), "lambda", "PutFunctionRecursionConfig",
       each(function, {"f", F}, R"(","RecursiveLoop":"Allow"})")},
      {where("lambda:FunctionUrlAuthType", "NONE"), "lambda", "UpdateFunctionUrlConfig",
       each(function, {"f", F}, R"(","AuthType":"NONE"})")},
      // NOLINTBEGIN(bugprone-suspicious-missing-comma)
      // Logs: names, ARNs, ARNs with `:*`, and ARNs of elsewhere that mean the group here.
      {on(LG),
       "logs",
       "FilterLogEvents",
       {R"({"logGroupName":"lg"})", R"({"logGroupIdentifier":"lg"})",
        R"({"logGroupIdentifier":")" LG "\"}", R"({"logGroupIdentifier":")" LG ":*\"}",
        R"({"logGroupIdentifier":"arn:aws:logs:us-east-1:)" ACCOUNT R"(:log-group:lg"})"}},
      {on(LG ":*"),
       "logs",
       "DescribeLogStreams",
       {R"({"logGroupName":"lg"})", R"({"logGroupIdentifier":")" LG ":*\"}"}},
      {on(LG ":*"),
       "logs",
       "GetLogEvents",
       {R"({"logGroupName":"lg","logStreamName":"ls"})",
        R"({"logGroupIdentifier":")" LG R"(","logStreamName":"ls"})"}},
      {on(LG),
       "logs",
       "ListTagsForResource",
       {R"({"resourceArn":")" LG "\"}", R"({"resourceArn":")" LG ":*\"}"}},
      {on(LG ":*"), "logs", "DescribeMetricFilters", {R"({"logGroupName":"lg"})"}},
      {on(LG),
       "logs",
       "PutSubscriptionFilter",
       {R"({"logGroupName":"lg","filterName":"s","filterPattern":"","destinationArn":")" F "\"}"}},
      {on(LG),
       "logs",
       "StartQuery",
       {R"({"logGroupName":"lg","startTime":1,"endTime":2,"queryString":"limit 1"})",
        R"({"logGroupNames":["other","lg"],"startTime":1,"endTime":2,"queryString":"limit 1"})",
        R"({"logGroupIdentifiers":[")" LG
        R"(:*"],"startTime":1,"endTime":2,"queryString":"limit 1"})"}},
      {on(LG),
       "logs",
       "DisassociateKmsKey",
       {R"({"logGroupName":"lg"})", R"({"resourceIdentifier":")" LG "\"}"}},
      {on("arn:aws:logs:eu-west-1:" ACCOUNT ":destination:d"),
       "logs",
       "PutDestinationPolicy",
       {R"({"destinationName":"d","accessPolicy":"{}"})"}},
      {on("arn:aws:logs:eu-west-1:" ACCOUNT ":destination:d"),
       "logs",
       "ListTagsForResource",
       {R"({"resourceArn":"arn:aws:logs:eu-west-1:)" ACCOUNT R"(:destination:d"})"}},
      {on("arn:aws:logs:eu-west-1:" ACCOUNT ":delivery-source:src"),
       "logs",
       "GetDeliverySource",
       {R"({"name":"src"})"}},
      {on("arn:aws:logs:eu-west-1:" ACCOUNT ":delivery-destination:dst"),
       "logs",
       "GetDeliveryDestinationPolicy",
       {R"({"deliveryDestinationName":"dst"})"}},
      {on("arn:aws:logs:eu-west-1:" ACCOUNT ":anomaly-detector:*"),
       "logs",
       "ListAnomalies",
       {"{}"}},
      // NOLINTEND(bugprone-suspicious-missing-comma)
      // EventBridge: the bus by name and by ARN, the rule by name and by ARN.
      {on(RULE),
       "events",
       "DescribeRule",
       {R"({"Name":"rule"})", R"({"Name":"rule","EventBusName":"default"})",
        R"({"Name":"rule","EventBusName":"arn:aws:events:eu-west-1:)" ACCOUNT
        R"(:event-bus/default"})"}},
      {on(RULE), "events", "ListTargetsByRule", {R"({"Rule":"rule"})"}},
      {on(BUS), "events", "DescribeEventBus", {R"({"Name":"bus"})", R"({"Name":")" BUS "\"}"}},
      {on(BUS),
       "events",
       "PutEvents",
       {R"({"Entries":[{"EventBusName":"bus"}]})", R"({"Entries":[{"EventBusName":")" BUS "\"}]}",
        R"({"Entries":[{},{"EventBusName":"bus"}]})"}},
      {on(BUS),
       "events",
       "PutPermission",
       {R"({"EventBusName":"bus","Action":"events:PutEvents","Principal":"*","StatementId":"s"})"}},
      {on(ARCHIVE), "events", "DescribeArchive", {R"({"ArchiveName":"a"})"}},
      {on(BUS), "events", "TagResource", {R"({"ResourceARN":")" BUS R"(","Tags":[]})"}},
      {on(RULE), "events", "ListTagsForResource", {R"({"ResourceARN":")" RULE "\"}"}},
      // CloudWatch, SNS.
      {on(ALARM),
       "cloudwatch",
       "SetAlarmState",
       {R"({"AlarmName":"a","StateValue":"OK","StateReason":"r"})"}},
      {on(ALARM), "cloudwatch", "DescribeAlarms", {R"({"AlarmNames":["b","a"]})"}},
      {on(ALARM), "cloudwatch", "ListTagsForResource", {R"({"ResourceARN":")" ALARM "\"}"}},
      {on(ALARM),
       "cloudwatch",
       "PutAlarmMuteRule",
       {R"-({"Name":"quiet","Rule":{"Schedule":{"Expression":"cron(0 2 * * *)",)-"
        R"("Duration":"PT1H"}},"MuteTargets":{"AlarmNames":["a"]}})"}},
      {on(MUTE), "cloudwatch", "GetAlarmMuteRule", {R"({"AlarmMuteRuleName":"quiet"})"}},
      {on("arn:aws:cloudwatch::" ACCOUNT ":dashboard/main"),
       "cloudwatch",
       "GetDashboard",
       {R"({"DashboardName":"main"})"}},
      {on(T),
       "sns",
       "Publish",
       {R"({"TopicArn":")" T R"(","Message":"m"})", R"({"TargetArn":")" T R"(","Message":"m"})"}},
      {on(T),
       "sns",
       "PublishBatch",
       {R"({"TopicArn":")" T R"(","PublishBatchRequestEntries":[{"Id":"1","Message":"m"}]})"}},
      {on(T), "sns", "ListTagsForResource", {R"({"ResourceArn":")" T "\"}"}},
      // SQS: a queue by its address, whatever host it names, and by its name.
      {on(Q), "sqs", "SendMessage",
       each(R"({"MessageBody":"m","QueueUrl":")",
            {"http://127.0.0.1:4566/" ACCOUNT "/q", "/" ACCOUNT "/q", ACCOUNT "/q/",
             "https://sqs.us-east-1.amazonaws.com/" ACCOUNT "/q?x=/" ACCOUNT "/p"})},
      {on(Q),
       "sqs",
       "SendMessageBatch",
       {R"({"QueueUrl":"/)" ACCOUNT R"(/q","Entries":[{"Id":"1","MessageBody":"m"}]})"}},
      {on(Q), "sqs", "GetQueueUrl", {R"({"QueueName":"q"})"}},
      {R"({"Effect":"Deny","Action":"SQS:sendMESSAGE","Resource":"*"})",
       "sqs",
       "SendMessageBatch",
       {R"({"QueueUrl":"/)" ACCOUNT R"(/q","Entries":[{"Id":"1","MessageBody":"m"}]})"}},
      {on("arn:aws:sqs:eu-west-1:" ACCOUNT ":dead"),
       "sqs",
       "ListMessageMoveTasks",
       {R"({"SourceArn":"arn:aws:sqs:eu-west-1:)" ACCOUNT R"(:dead"})"}},
      // IAM: names are the same in any case; the ARN is the entity's own.
      {on("arn:aws:iam::" ACCOUNT ":role/r"),
       "iam",
       "GetRole",
       {R"({"RoleName":"r"})", R"({"RoleName":"R"})"}},
      {on("arn:aws:iam::" ACCOUNT ":group/g"),
       "iam",
       "GetGroup",
       {R"({"GroupName":"g"})", R"({"GroupName":"G"})"}},
      {on("arn:aws:iam::" ACCOUNT ":user/u"),
       "iam",
       "ListAccessKeys",
       {R"({"UserName":"u"})", R"({"UserName":"U"})", "{}"}},
      {on("arn:aws:iam::" ACCOUNT ":user/admin/*"),
       "iam",
       "UpdateUser",
       {R"({"UserName":"u","NewPath":"/admin/","NewUserName":"u"})"}},
      {on("arn:aws:iam::" ACCOUNT ":instance-profile/ip"),
       "iam",
       "GetInstanceProfile",
       {R"({"InstanceProfileName":"ip"})", R"({"InstanceProfileName":"IP"})"}},
      {on("arn:aws:iam::" ACCOUNT ":oidc-provider/idp.test"),
       "iam",
       "GetOpenIDConnectProvider",
       {R"({"OpenIDConnectProviderArn":"arn:aws:iam::)" ACCOUNT R"(:oidc-provider/idp.test"})"}},
      {on("arn:aws:iam::" ACCOUNT ":mfa/m"),
       "iam",
       "ListMFADeviceTags",
       {R"({"SerialNumber":"arn:aws:iam::)" ACCOUNT R"(:mfa/m"})"}},
      {on("arn:aws:iam::" ACCOUNT ":user/u"),
       "iam",
       "GetLoginProfile",
       {R"({"UserName":"u"})", R"({"UserName":"U"})", "{}"}},
      {on("arn:aws:iam::" ACCOUNT ":group/x/*"),
       "iam",
       "UpdateGroup",
       {R"({"GroupName":"g","NewPath":"/x/","NewGroupName":"g"})"}},
      {on("arn:aws:sts::" ACCOUNT ":federated-user/fed"),
       "sts",
       "GetFederationToken",
       {R"({"Name":"fed"})"}},
      {on("arn:aws:iam::" ACCOUNT ":role/r"),
       "lambda",
       "UpdateFunctionConfiguration",
       {R"({"FunctionName":"f","Role":"arn:aws:iam::)" ACCOUNT R"(:role/r"})"}},
      {where("iam:PolicyARN", "arn:aws:iam::" ACCOUNT ":policy/p"),
       "iam",
       "DetachRolePolicy",
       {R"({"RoleName":"r","PolicyArn":"arn:aws:iam::)" ACCOUNT R"(:policy/p"})"}},
      // Route 53: ids with and without prefix, record names in every spelling of theirs.
      {on("arn:aws:route53:::hostedzone/ZONE"),
       "route53",
       "GetHostedZone",
       {R"({"Id":"ZONE"})", R"({"Id":"/hostedzone/ZONE"})", R"({"Id":"hostedzone/ZONE"})",
        R"({"Id":"/x//ZONE"})"}},
      {on("arn:aws:route53:::hostedzone/ZONE"),
       "route53",
       "ChangeResourceRecordSets",
       {change("n.example.test"), change("n.example.test", "/hostedzone/ZONE")}},
      {on("arn:aws:route53:::healthcheck/CHECK"),
       "route53",
       "ListTagsForResource",
       {R"({"ResourceType":"healthcheck","ResourceId":"CHECK"})"}},
      {on("arn:aws:route53:::healthcheck/CHECK"),
       "route53",
       "UpdateHealthCheck",
       {R"({"HealthCheckId":"CHECK","ResourcePath":"/x"})"}},
      {on("arn:aws:route53:::hostedzone/ZONE"),
       "route53",
       "GetDNSSEC",
       {R"({"HostedZoneId":"ZONE"})", R"({"HostedZoneId":"/hostedzone/ZONE"})"}},
      {on("arn:aws:route53:::delegationset/SET1"),
       "route53",
       "GetReusableDelegationSet",
       {R"({"Id":"SET1"})", R"({"Id":"/delegationset/SET1"})"}},
      {any_of("route53:VPCs", "VPCId=vpc-1,VPCRegion=us-east-1"),
       "route53",
       "ListHostedZonesByVPC",
       {R"({"VPCId":"vpc-1","VPCRegion":"us-east-1"})"}},
      {any_of("route53:vpcs", "VPCId=vpc-9,VPCRegion=eu-west-1"),
       "route53",
       "CreateVPCAssociationAuthorization",
       {R"({"HostedZoneId":"INNER1","VPC":{"VPCRegion":"eu-west-1","VPCId":"vpc-9"}})"}},
      {on("arn:aws:route53:::cidrcollection/CIDRS1"),
       "route53",
       "ListCidrBlocks",
       {R"({"CollectionId":"CIDRS1"})"}},
      {on("arn:aws:route53:::cidrcollection/CIDRS1"),
       "route53",
       "ChangeCidrCollection",
       {R"({"Id":"CIDRS1","Changes":[{"LocationName":"rome","Action":"DELETE_IF_EXISTS",)"
        R"("CidrList":["11.0.0.0/8"]}]})"}},
      {on("arn:aws:route53:::trafficpolicy/POLICY1"),
       "route53",
       "ListTrafficPolicyInstancesByPolicy",
       {R"({"TrafficPolicyId":"POLICY1","TrafficPolicyVersion":1})"}},
      {on("arn:aws:route53:::trafficpolicy/POLICY1"),
       "route53",
       "GetTrafficPolicy",
       {R"({"Id":"POLICY1","Version":1})"}},
      {on("arn:aws:route53:::trafficpolicy/POLICY1"),
       "route53",
       "UpdateTrafficPolicyInstance",
       {R"({"Id":"INSTANCE1","TTL":5,"TrafficPolicyId":"POLICY1","TrafficPolicyVersion":1})"}},
      {on("arn:aws:route53:::trafficpolicyinstance/INSTANCE1"),
       "route53",
       "UpdateTrafficPolicyInstance",
       {R"({"Id":"INSTANCE1","TTL":5,"TrafficPolicyId":"POLICY1","TrafficPolicyVersion":1})"}},
      // Fact route53-86.
      {any_of("aws:tagkeys", "sitelatch:manual-resume"),
       "route53",
       "ChangeTagsForResource",
       {R"({"ResourceType":"healthcheck","ResourceId":"CHECK","AddTags":[{"Key":"a","Value":"b"},)"
        R"({"Key":"sitelatch:manual-resume","Value":"true"}]})",
        R"({"ResourceType":"healthcheck","ResourceId":"/healthcheck/CHECK","RemoveTagKeys":)"
        R"(["sitelatch:manual-resume"]})"}},
      {any_of(names_key, "primary.example.test"), "route53", "ChangeResourceRecordSets",
       changes({"primary.example.test", "primary.example.test.", "PRIMARY.Example.TEST",
                R"(prim\\141ry.example.test)", R"(prim\\101ry.example.test.)",
                R"(p\\rimary.example.test)"})},
      {any_of(names_key, R"(\\052.example.test)"), "route53", "ChangeResourceRecordSets",
       changes({"*.example.test", R"(\\052.example.test.)"})},
      {any_of("route53:changeresourcerecordsetsRECORDTYPES", "A"), "route53",
       "ChangeResourceRecordSets", changes({"n.example.test"})},
      {any_of("route53:ChangeResourceRecordSetsActions", "UPSERT"), "route53",
       "ChangeResourceRecordSets", changes({"n.example.test"})},
  };
}

}  // namespace

TEST_CASE("an explicit Deny holds whatever form the caller names the resource by") {
  Denied fixture;
  for (const auto& row : rows()) {
    fixture.deny("");
    std::vector<std::string> codes;  // without the Deny: some forms are no names at all
    for (const auto& input : row.inputs) {
      INFO(std::string{row.operation}, " ", input);
      codes.push_back(fixture.code_of(row.service, row.operation, input));
      INFO(codes.back());
      CHECK_FALSE(is_denial(codes.back()));
      CHECK((codes.back().empty() || is_no_name(codes.back())));
    }
    CHECK(codes.front() == "");
    if (row.operation == "UpdateUser")
      fixture.ask("iam", "UpdateUser", R"({"UserName":"u","NewPath":"/"})");
    if (row.operation == "UpdateGroup")
      fixture.ask("iam", "UpdateGroup", R"({"GroupName":"g","NewPath":"/"})");
    if (row.operation == "DetachRolePolicy")
      fixture.ask("iam", "AttachRolePolicy", row.inputs.front());
    fixture.deny(row.deny);
    for (std::size_t i = 0; i < row.inputs.size(); ++i) {
      INFO(row.deny, " ", std::string{row.operation}, " ", row.inputs[i]);
      const auto code = fixture.code_of(row.service, row.operation, row.inputs[i]);
      INFO(code);
      CHECK((is_denial(code) || (is_no_name(code) && code == codes[i])));
    }
  }
}

TEST_CASE("a Deny on aws:ResourceTag/Environment holds in every service that has tags") {
  Denied fixture;
  const std::string list = R"([{"Key":"Environment","Value":"Production"}])";
  fixture.ask("cloudwatch", "TagResource", R"({"ResourceARN":")" ALARM R"(","Tags":)" + list + "}");
  fixture.ask("cloudwatch", "TagResource", R"({"ResourceARN":")" MUTE R"(","Tags":)" + list + "}");
  fixture.ask("logs", "TagResource",
              R"({"resourceArn":")" LG R"(","tags":{"Environment":"Production"}})");
  fixture.ask("sns", "TagResource", R"({"ResourceArn":")" T R"(","Tags":)" + list + "}");
  fixture.ask("events", "TagResource", R"({"ResourceARN":")" RULE R"(","Tags":)" + list + "}");
  fixture.ask("lambda", "TagResource",
              R"({"Resource":")" F R"(","Tags":{"Environment":"Production"}})");
  fixture.ask("sqs", "TagQueue",
              R"({"QueueUrl":"/)" ACCOUNT R"(/q","Tags":{"Environment":"Production"}})");
  fixture.ask("iam", "TagRole", R"({"RoleName":"r","Tags":)" + list + "}");
  fixture.ask("iam", "TagUser", R"({"UserName":"u","Tags":)" + list + "}");
  fixture.ask("iam", "TagPolicy",
              R"({"PolicyArn":"arn:aws:iam::)" ACCOUNT R"(:policy/p","Tags":)" + list + "}");
  struct Call {
    std::string_view service, operation;
    std::string input;
  };
  const Call calls[] = {
      {"cloudwatch", "SetAlarmState", R"({"AlarmName":"a","StateValue":"OK","StateReason":"r"})"},
      {"cloudwatch", "DescribeAlarms", R"({"AlarmNames":["a"]})"},
      {"cloudwatch", "GetAlarmMuteRule", R"({"AlarmMuteRuleName":"quiet"})"},
      {"logs", "DescribeLogStreams", R"({"logGroupName":"lg"})"},
      {"logs", "GetLogEvents", R"({"logGroupName":"lg","logStreamName":"ls"})"},
      {"sns", "Publish", R"({"TopicArn":")" T R"(","Message":"m"})"},
      {"sqs", "SendMessage", R"({"QueueUrl":"/)" ACCOUNT R"(/q","MessageBody":"m"})"},
      {"events", "DescribeRule", R"({"Name":"rule"})"},
      {"lambda", "Invoke", R"({"FunctionName":"f","InvocationType":"DryRun"})"},
      {"iam", "GetRole", R"({"RoleName":"r"})"},
      {"iam", "GetPolicy", R"({"PolicyArn":"arn:aws:iam::)" ACCOUNT R"(:policy/p"})"},
      {"sts", "AssumeRole",
       R"({"RoleArn":"arn:aws:iam::)" ACCOUNT R"(:role/r","RoleSessionName":"session"})"},
  };
  for (const auto& call : calls) {
    INFO(std::string{call.service}, " ", std::string{call.operation});
    fixture.deny("");
    CHECK(fixture.code_of(call.service, call.operation, call.input) == "");
    for (const char* key : {"aws:ResourceTag/Environment", "aws:resourcetag/environment",
                            "AWS:RESOURCETAG/ENVIRONMENT"}) {
      fixture.deny(where(key, "Production"));
      CHECK(is_denial(fixture.code_of(call.service, call.operation, call.input)));
    }
  }
}

TEST_CASE("a Deny on aws:RequestTag/Environment and aws:TagKeys holds for whoever tags") {
  Denied fixture;
  struct Call {
    std::string_view service, operation;
    std::string input;
  };
  const std::string list = R"([{"Key":"Environment","Value":"Production"}])";
  const Call calls[] = {
      {"cloudwatch", "TagResource", R"({"ResourceARN":")" ALARM R"(","Tags":)" + list + "}"},
      {"logs", "TagResource", R"({"resourceArn":")" LG R"(","tags":{"Environment":"Production"}})"},
      {"logs", "TagLogGroup", R"({"logGroupName":"lg","tags":{"Environment":"Production"}})"},
      {"sns", "TagResource", R"({"ResourceArn":")" T R"(","Tags":)" + list + "}"},
      {"events", "TagResource", R"({"ResourceARN":")" RULE R"(","Tags":)" + list + "}"},
      {"lambda", "TagResource", R"({"Resource":")" F R"(","Tags":{"Environment":"Production"}})"},
      {"sqs", "TagQueue",
       R"({"QueueUrl":"/)" ACCOUNT R"(/q","Tags":{"Environment":"Production"}})"},
      {"sqs", "CreateQueue", R"({"QueueName":"new","tags":{"Environment":"Production"}})"},
      {"iam", "TagRole", R"({"RoleName":"r","Tags":)" + list + "}"},
      {"sts", "AssumeRole",
       R"({"RoleArn":"arn:aws:iam::)" ACCOUNT R"(:role/r","RoleSessionName":"session","Tags":)" +
           list + "}"},
  };
  for (const auto& call : calls) {
    const auto& model = aws::service_model(call.service);
    if (!model.operation(call.operation)) continue;
    INFO(std::string{call.service}, " ", std::string{call.operation});
    fixture.deny(where("aws:RequestTag/Environment", "Production"));
    CHECK(is_denial(fixture.code_of(call.service, call.operation, call.input)));
    fixture.deny(any_of("aws:TagKeys", "Environment"));
    CHECK(is_denial(fixture.code_of(call.service, call.operation, call.input)));
  }
}

}  // namespace sitelatch::test

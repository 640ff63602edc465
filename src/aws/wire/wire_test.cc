// SPDX-License-Identifier: Apache-2.0
// The wire by tables of our own: they stand in the project, so that the rules are tested without
// those of others (conformance_test.cc).
#include <doctest/doctest.h>

#include "aws/wire/test_support.h"
#include "base/text.h"

using namespace sitelatch;
using namespace sitelatch::aws;

namespace {

HttpRequest post(std::string content_type, std::string body, std::string target = "/") {
  HttpRequest request;
  request.method = "POST";
  request.target = std::move(target);
  if (!content_type.empty()) request.headers.set("Content-Type", std::move(content_type));
  request.body = std::move(body);
  return request;
}
HttpRequest form(std::string body) {
  return post("application/x-www-form-urlencoded", std::move(body));
}
HttpRequest json(std::string target, std::string body, std::string version = "1.0") {
  auto request = post("application/x-amz-json-" + version, std::move(body));
  request.headers.set("X-Amz-Target", std::move(target));
  return request;
}
HttpRequest cbor(std::string operation, std::string body) {
  auto request = post("application/cbor", std::move(body),
                      "/service/GraniteServiceVersion20100801/operation/" + operation);
  request.headers.set("smithy-protocol", "rpc-v2-cbor");
  return request;
}
HttpRequest get(std::string method, std::string target) {
  HttpRequest request;
  request.method = std::move(method);
  request.target = std::move(target);
  return request;
}

Value decoded(const HttpRequest& request, std::string_view scope = {}) {
  const auto what = recognise(request, scope);
  const auto input = decode_input(what, request);
  REQUIRE_MESSAGE(input.has_value(),
                  (input ? "" : input.error().code + ": " + input.error().message));
  return *input;
}
std::string refused(const HttpRequest& request, std::string_view scope = {}) {
  const auto input = decode_input(recognise(request, scope), request);
  return input ? "" : input.error().code;
}

Recognised known(std::string_view service, std::string_view operation, Protocol protocol) {
  Recognised what;
  what.service = &service_model(service);
  what.operation = what.service->operation(operation);
  what.operation_name = operation;
  what.protocol = protocol;
  REQUIRE(what.operation);
  return what;
}

std::string validated(std::string_view service, std::string_view operation, const Value& input,
                      Protocol protocol = Protocol::query) {
  const auto error = validate(known(service, operation, protocol), input);
  return error ? error->code + "|" + error->message : "";
}

}  // namespace

TEST_CASE("recognise: service and operation by target, Action, smithy path and path") {
  struct Row {
    HttpRequest request;
    const char* scope;
    const char* service;
    const char* operation;
    Protocol protocol;
  };
  const Row rows[] = {
      {json("GraniteServiceVersion20100801.DescribeAlarms", "{}"), "monitoring", "cloudwatch",
       "DescribeAlarms", Protocol::json_1_0},
      {json("Logs_20140328.CreateLogGroup", "{}", "1.1"), "", "logs", "CreateLogGroup",
       Protocol::json_1_1},
      {json("AWSEvents.PutRule", "{}", "1.1"), "events", "events", "PutRule", Protocol::json_1_1},
      {form("Action=DescribeAlarms&Version=2010-08-01"), "monitoring", "cloudwatch",
       "DescribeAlarms", Protocol::query},
      {form("Action=GetCallerIdentity&Version=2011-06-15"), "", "sts", "GetCallerIdentity",
       Protocol::query},
      {form("Action=CreateRole&Version=2010-05-08"), "", "iam", "CreateRole", Protocol::query},
      {get("GET", "/?Action=ConfirmSubscription&TopicArn=arn&Token=t"), "", "sns",
       "ConfirmSubscription", Protocol::query},
      {cbor("SetAlarmState", ""), "", "cloudwatch", "SetAlarmState", Protocol::cbor},
      {get("GET", "/2013-04-01/healthcheck/abc/status"), "", "route53", "GetHealthCheckStatus",
       Protocol::rest_xml},
      {get("POST", "/2013-04-01/hostedzone/Z1/rrset/"), "route53", "route53",
       "ChangeResourceRecordSets", Protocol::rest_xml},
      {get("POST", "/2013-04-01/hostedzone/Z1/rrset"), "route53", "route53",
       "ChangeResourceRecordSets", Protocol::rest_xml},
      {get("GET", "/2013-04-01/hostedzone/Z1/rrset/?type=A&name=a"), "route53", "route53",
       "ListResourceRecordSets", Protocol::rest_xml},
      {get("GET", "/2013-04-01/healthcheckcount"), "", "route53", "GetHealthCheckCount",
       Protocol::rest_xml},
      {get("GET", "/2015-03-31/functions/"), "lambda", "lambda", "ListFunctions",
       Protocol::rest_json},
      {get("GET", "/2015-03-31/functions"), "", "lambda", "ListFunctions", Protocol::rest_json},
      {get("POST", "/2015-03-31/functions/f/invocations"), "", "lambda", "Invoke",
       Protocol::rest_json},
      {get("DELETE", "/2015-03-31/functions/f/policy/sid"), "", "lambda", "RemovePermission",
       Protocol::rest_json},
      {get("DELETE", "/2017-10-31/functions/f/concurrency"), "", "lambda",
       "DeleteFunctionConcurrency", Protocol::rest_json},
  };
  for (const auto& row : rows) {
    const auto what = recognise(row.request, row.scope);
    CAPTURE(row.operation);
    CHECK(!what.refusal);
    REQUIRE(what.operation);
    CHECK(what.service->name == row.service);
    CHECK(what.operation->name == row.operation);
    CHECK(what.protocol == row.protocol);
  }
}

TEST_CASE("recognise: what cannot be handled names the operation") {
  struct Row {
    HttpRequest request;
    const char* scope;
    const char* code;
    const char* text;
    int status;
  };
  const Row rows[] = {
      {form("Action=Fly&Version=2010-05-08"), "iam", "InvalidAction",
       "Could not find operation Fly for version 2010-05-08", 400},
      {form("Action=CreateRole&Version=2009-01-01"), "iam", "InvalidAction",
       "Could not find operation CreateRole for version 2009-01-01", 400},
      {form("Action=GetMetricWidgetImage&Version=2010-08-01"), "monitoring", "InvalidAction",
       "GetMetricWidgetImage", 400},
      {form("Version=2010-05-08"), "iam", "MissingAction", "", 400},
      {form("Action=RunInstances&Version=2016-11-15"), "ec2", "InvalidAction",
       "RunInstances for version 2016-11-15", 400},
      {json("Logs_20140328.Fly", "{}"), "logs", "UnknownOperationException", "Fly", 400},
      {json("Nobody.Fly", "{}"), "", "UnknownOperationException", "Fly", 400},
      {cbor("Fly", ""), "", "UnknownOperationException", "Fly", 404},
      {get("GET", "/"), "", "UnknownOperationException", "", 404},
      {get("PATCH", "/2015-03-31/functions/f"), "lambda", "UnknownOperationException", "", 404},
      {get("GET", "/"), "logs", "UnknownOperationException", "", 400},
  };
  for (const auto& row : rows) {
    const auto what = recognise(row.request, row.scope);
    CAPTURE(row.request.body);
    CAPTURE(row.request.target);
    REQUIRE(what.refusal);
    CHECK(what.refusal->code == row.code);
    CHECK(what.refusal->message.find(row.text) != std::string::npos);
    CHECK(status_of(what, *what.refusal) == row.status);
    CHECK(encode_error(what, *what.refusal, "id").status == row.status);
    CHECK(!decode_input(what, row.request));
  }
}

TEST_CASE("labels: encoded ARNs, encoded slashes") {
  const auto by_arn = decoded(
      get("POST",
          "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A1%3Afunction%3Af/invocations"));
  CHECK(by_arn["FunctionName"].string() == "arn:aws:lambda:us-east-1:1:function:f");
  const auto plain = decoded(get("POST",
                                 "/2015-03-31/functions/arn:aws:lambda:us-east-1:1:function:f/"
                                 "invocations?Qualifier=%24LATEST"));
  CHECK(plain["Qualifier"].string() == "$LATEST");
  const auto zone = decoded(get("GET", "/2013-04-01/hostedzone/%2Fhostedzone%2FZ1"));
  CHECK(zone["Id"].string() == "/hostedzone/Z1");
  const auto tags = decoded(get("DELETE", "/2017-03-31/tags/arn%3Aaws%3Al?tagKeys=a&tagKeys=b"));
  CHECK(tags["TagKeys"].strings() == std::vector<std::string>{"a", "b"});
}

TEST_CASE("query: nesting, maps, gaps and order of indices, empty lists") {
  const auto topic = decoded(
      form("Action=CreateTopic&Version=2010-03-31&Name=a+b%2Bc&Attributes.entry.1.key=DisplayName"
           "&Attributes.entry.1.value=x&Tags.member.10.Key=ten&Tags.member.10.Value=&Tags.member.2."
           "Key=two"));
  CHECK(topic["Name"].string() == "a b+c");
  CHECK(topic["Attributes"]["DisplayName"].string() == "x");
  REQUIRE(topic["Tags"].items().size() == 2);
  CHECK(topic["Tags"].items()[0]["Key"].string() == "two");
  CHECK(topic["Tags"].items()[1]["Value"].string().empty());
  const auto alarm = decoded(
      form("Action=PutMetricAlarm&Version=2010-08-01&Threshold=1&Period=60&ActionsEnabled=True&"
           "AlarmActions="
           "&Unknown.member.1=x&Metrics.member.1.MetricStat.Metric.Dimensions.member.1.Name=n"));
  CHECK(alarm["Threshold"].number() == 1.0);
  CHECK(alarm["ActionsEnabled"].boolean());
  CHECK(alarm["AlarmActions"].is_list());
  CHECK(alarm["AlarmActions"].items().empty());
  CHECK(alarm["Metrics"]
            .items()[0]["MetricStat"]["Metric"]["Dimensions"]
            .items()[0]["Name"]
            .string() == "n");
  CHECK(!alarm.has("Unknown"));
}

TEST_CASE("rest-xml: bodies, comments, CDATA, namespaces, and the service's errors") {
  const auto input = decoded(
      post("",
           "<?xml version='1.0'?><x:UpdateHealthCheckRequest "
           "xmlns:x='https://route53.amazonaws.com/doc/2013-04-01/'>"
           "<x:ResourcePath>/lb<!-- c -->-check<![CDATA[&failed]]></x:ResourcePath><x:Port> "
           "8080 </x:Port><x:Disabled>true</x:Disabled>"
           "<Regions xmlns='https://route53.amazonaws.com/doc/2013-04-01/'>"
           "<Region>us-east-1</Region><Region>eu-west-1</Region><Region>us-west-2</Region>"
           "</Regions>"
           "</x:UpdateHealthCheckRequest>",
           "/2013-04-01/healthcheck/h1"));
  CHECK(input["HealthCheckId"].string() == "h1");
  CHECK(input["ResourcePath"].string() == "/lb-check&failed");
  CHECK(input["Port"].integer() == 8080);
  CHECK(input["Disabled"].boolean());
  CHECK(input["Regions"].strings() ==
        std::vector<std::string>{"us-east-1", "eu-west-1", "us-west-2"});
  const auto what = known("route53", "CreateHealthCheck", Protocol::rest_xml);
  const auto response = encode_output(
      what,
      Value::structure(
          {{"HealthCheck", Value::structure({{"Id", "h1"},
                                             {"CallerReference", "<&>"},
                                             {"HealthCheckConfig",
                                              Value::structure({{"Type", "HTTP"}, {"Port", 80}})},
                                             {"HealthCheckVersion", 1}})},
           {"Location", "https://route53.amazonaws.com/2013-04-01/healthcheck/h1"}}),
      "id-1");
  CHECK(response.status == 201);
  CHECK(response.headers.get("Location") ==
        "https://route53.amazonaws.com/2013-04-01/healthcheck/h1");
  CHECK(response.headers.get("x-amzn-requestid") == "id-1");
  CHECK(response.body ==
        "<CreateHealthCheckResponse "
        "xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><HealthCheck><Id>h1</Id>"
        "<CallerReference>&lt;&amp;&gt;</CallerReference><HealthCheckConfig><Port>80</"
        "Port><Type>HTTP</Type></HealthCheckConfig>"
        "<HealthCheckVersion>1</HealthCheckVersion></HealthCheck></CreateHealthCheckResponse>");
  const auto error =
      encode_error(what, {"HealthCheckAlreadyExists", "A different health check", 0, {}}, "id-2");
  CHECK(error.status == 409);
  CHECK(error.body ==
        "<?xml version=\"1.0\"?>\n<ErrorResponse "
        "xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><Error><Type>Sender</Type>"
        "<Code>HealthCheckAlreadyExists</Code><Message>A different health "
        "check</Message></Error><RequestId>id-2</RequestId></ErrorResponse>");
}

TEST_CASE("query answers: wrapper, result, metadata, codes") {
  const auto topic = known("sns", "CreateTopic", Protocol::query);
  const auto answer = encode_output(topic, Value::structure({{"TopicArn", "arn:a"}}), "r");
  CHECK(answer.headers.get("Content-Type") == "text/xml");
  CHECK(answer.body ==
        "<CreateTopicResponse "
        "xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><CreateTopicResult><TopicArn>arn:a</"
        "TopicArn>"
        "</CreateTopicResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></"
        "CreateTopicResponse>");
  const auto none = encode_output(known("cloudwatch", "PutMetricAlarm", Protocol::query), {}, "r");
  CHECK(none.body ==
        "<PutMetricAlarmResponse "
        "xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\"><ResponseMetadata><RequestId>r</"
        "RequestId>"
        "</ResponseMetadata></PutMetricAlarmResponse>");
  const auto alarms = encode_output(known("cloudwatch", "DescribeAlarms", Protocol::query),
                                    Value::structure({{"MetricAlarms", Value::list()}}), "r");
  CHECK(alarms.body.find("<MetricAlarms></MetricAlarms>") != std::string::npos);
  const auto error =
      encode_error(topic, {"InvalidParameterException", "Invalid parameter: Name", 0, {}}, "r");
  CHECK(error.status == 400);
  CHECK(error.body.find("<Code>InvalidParameter</Code>") != std::string::npos);
  CHECK(encode_error(topic, {"NotFoundException", "", 0, {}}, "r").body.find("<Message>") ==
        std::string::npos);
  CHECK(encode_error(topic, {"InternalErrorException", "x", 0, {}}, "r")
            .body.find("<Type>Receiver</Type>") != std::string::npos);
  CHECK(encode_error(topic, {"AccessDeniedException", "no", 0, {}}, "r").status == 403);
  CHECK(encode_error(topic, {"AccessDeniedException", "no", 0, {}}, "r")
            .body.find("<Code>AccessDenied</Code>") != std::string::npos);
}

TEST_CASE("CloudWatch: one error in three protocols (facts wire-3 and wire-4)") {
  const Error error{"InvalidParameterCombinationException", "both", 0, {}};
  auto what = known("cloudwatch", "PutMetricAlarm", Protocol::json_1_0);
  what.query_mode = true;
  const auto in_json = encode_error(what, error, "r");
  CHECK(in_json.status == 400);
  CHECK(in_json.headers.get("x-amzn-query-error") == "InvalidParameterCombination;Sender");
  CHECK(in_json.body ==
        R"({"__type":"com.amazonaws.cloudwatch.v2010_08_01#InvalidParameterCombinationException",)"
        R"("message":"both"})");
  what.query_mode = false;
  CHECK(!encode_error(what, error, "r").headers.find("x-amzn-query-error"));
  what.protocol = Protocol::cbor;
  const auto in_cbor = encode_error(what, error, "r");
  CHECK(in_cbor.headers.get("smithy-protocol") == "rpc-v2-cbor");
  CHECK(in_cbor.body.find(
            "com.amazonaws.cloudwatch.v2010_08_01#InvalidParameterCombinationException") !=
        std::string::npos);
  const auto seen = decode_response(*what.service, *what.operation, Protocol::cbor, in_cbor);
  REQUIRE(!seen);
  CHECK(seen.error().code == "InvalidParameterCombinationException");
  CHECK(seen.error().message == "both");
  what.protocol = Protocol::query;
  CHECK(encode_error(what, error, "r").body.find("<Code>InvalidParameterCombination</Code>") !=
        std::string::npos);
  what.protocol = Protocol::json_1_0;
  const auto gone = encode_error(known("cloudwatch", "SetAlarmState", Protocol::json_1_0),
                                 {"ResourceNotFound", "", 0, {}}, "r");
  CHECK(gone.status == 404);
  CHECK(gone.body == R"({"__type":"com.amazonaws.cloudwatch.v2010_08_01#ResourceNotFound"})");
  what.query_mode = true;
  const auto invalid = encode_error(what, {"ValidationError", "1 validation error", 0, {}}, "r");
  CHECK(invalid.headers.get("x-amzn-query-error") == "ValidationError;Sender");
  CHECK(invalid.body == R"({"__type":"com.amazon.coral.validate#ValidationException",)"
                        R"("message":"1 validation error"})");
}

TEST_CASE("SQS: one operation in two protocols, each with its own names (facts sqs-1 to sqs-4)") {
  const std::string url = "http://127.0.0.1:4566/000000000000/q";
  auto in_model = post(
      "application/x-amz-json-1.0",
      R"({"QueueUrl":")" + url + R"(","AttributeNames":["All"],"MaxNumberOfMessages":2})", "/");
  in_model.headers.set("X-Amz-Target", "AmazonSQS.ReceiveMessage");
  const Value input = Value::structure(
      {{"QueueUrl", url}, {"AttributeNames", Value::list({"All"})}, {"MaxNumberOfMessages", 2}});
  CHECK(decoded(in_model, "sqs") == input);
  const auto form_at = [](const std::string& more, const char* path = "/") {
    return post("application/x-www-form-urlencoded", "Version=2012-11-05&" + more, path);
  };
  const auto said = form_at("Action=ReceiveMessage&QueueUrl=" + percent_encode(url) +
                            "&AttributeName.1=All&MaxNumberOfMessages=2");
  CHECK(decoded(said, "sqs")["AttributeNames"] == Value::list({"All"}));
  // At the queue's own address the path says which one it is.
  CHECK(decoded(form_at("Action=DeleteQueue", "/000000000000/q"), "sqs") ==
        Value::structure({{"QueueUrl", "/000000000000/q"}}));
  const auto batch =
      decoded(form_at("Action=SendMessageBatch&SendMessageBatchRequestEntry.1.Id=a&"
                      "SendMessageBatchRequestEntry.1.MessageAttribute.1.Name=n&"
                      "SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.DataType=String&"
                      "SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.StringValue=v",
                      "/000000000000/q"),
              "sqs");
  CHECK(batch["Entries"].items().at(0)["MessageAttributes"]["n"]["StringValue"] == Value{"v"});

  const auto query = recognise(said, "sqs");
  const auto answer = encode_output(
      query,
      Value::structure(
          {{"Messages",
            Value::list({Value::structure(
                {{"Body", "b"}, {"Attributes", Value::structure({{"SenderId", "s"}})}})})}}),
      "r");
  CHECK(answer.body.find("<ReceiveMessageResult><Message><Body>b</Body><Attribute><Name>SenderId"
                         "</Name><Value>s</Value></Attribute></Message></ReceiveMessageResult>") !=
        std::string::npos);

  const Error gone{"QueueDoesNotExist", "no", 0, {}};
  const auto in_json = encode_error(recognise(in_model, "sqs"), gone, "r");
  CHECK(in_json.status == 400);
  CHECK(in_json.body == R"({"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"no"})");
  CHECK(in_json.headers.get("x-amzn-query-error") ==
        "AWS.SimpleQueueService.NonExistentQueue;Sender");
  CHECK(encode_error(query, gone, "r")
            .body.find("<Code>AWS.SimpleQueueService.NonExistentQueue</Code>") !=
        std::string::npos);
  CHECK(encode_error(recognise(in_model, "sqs"), {"AccessDenied", "no", 0, {}}, "r").status == 403);

  CHECK(
      validated("sqs", "SendMessage", Value::structure({{"QueueUrl", url}}), Protocol::json_1_0) ==
      "MissingRequiredParameterException|The request must contain the parameter MessageBody.");
  CHECK(validated("sqs", "CreateQueue",
                  Value::structure(
                      {{"QueueName", "q"}, {"Attributes", Value::structure({{"Nonsense", "1"}})}}),
                  Protocol::json_1_0)
            .empty());
  CHECK(validated("sqs", "SendMessageBatch",
                  Value::structure({{"QueueUrl", url},
                                    {"Entries", Value::list({Value::structure({{"Id", "a"}})})}}),
                  Protocol::json_1_0) ==
        "MissingRequiredParameterException|The request must contain the parameter "
        "SendMessageBatchRequestEntry.1.MessageBody.");
}

TEST_CASE("Lambda: Invoke both ways, empty answers, errors with Type") {
  auto request = post("application/x-www-form-urlencoded", "not=a&form{",
                      "/2015-03-31/functions/f/invocations");
  request.headers.set("x-amz-invocation-type", "Event");
  const auto input = decoded(request, "lambda");
  CHECK(input["Payload"].string() == "not=a&form{");
  CHECK(input["InvocationType"].string() == "Event");
  const auto what = known("lambda", "Invoke", Protocol::rest_json);
  const auto answer = encode_output(what,
                                    Value::structure({{"StatusCode", 200},
                                                      {"FunctionError", "Unhandled"},
                                                      {"ExecutedVersion", "$LATEST"},
                                                      {"Payload", "{\"errorType\":\"X\"}"}}),
                                    "r");
  CHECK(answer.status == 200);
  CHECK(answer.headers.get("X-Amz-Function-Error") == "Unhandled");
  CHECK(answer.headers.get("X-Amz-Executed-Version") == "$LATEST");
  CHECK(answer.body == "{\"errorType\":\"X\"}");
  CHECK(answer.headers.get("Content-Type") == "application/json");
  CHECK(encode_output(what, Value::structure({{"StatusCode", 202}}), "r").status == 202);
  const auto deleted = encode_output(known("lambda", "TagResource", Protocol::rest_json), {}, "r");
  CHECK(deleted.status == 204);
  CHECK(deleted.body.empty());
  const auto missing =
      encode_error(what, {"ResourceNotFoundException", "Function not found: x", 0, {}}, "r");
  CHECK(missing.status == 404);
  CHECK(missing.headers.get("x-amzn-ErrorType") == "ResourceNotFoundException");
  CHECK(test::same(codec::read_document(missing.body),
                   Value::structure({{"Type", "User"}, {"Message", "Function not found: x"}})));
  const auto busy = encode_error(
      what,
      {"TooManyRequestsException", "Rate Exceeded.", 0,
       Value::structure({{"Reason", "ReservedFunctionConcurrentInvocationLimitExceeded"},
                         {"retryAfterSeconds", "1"}})},
      "r");
  CHECK(busy.status == 429);
  CHECK(busy.headers.get("Retry-After") == "1");
  const auto invalid =
      encode_error(what, {"ValidationException", "1 validation error", 0, {}}, "r");
  CHECK(invalid.body == R"({"message":"1 validation error"})");
}

TEST_CASE("JSON: answers of operations without output are empty") {
  const auto response = encode_output(known("logs", "CreateLogGroup", Protocol::json_1_1), {}, "r");
  CHECK(response.status == 200);
  CHECK(response.body.empty());
  CHECK(response.headers.get("Content-Type") == "application/x-amz-json-1.1");
  const auto numbers =
      decoded(json("GraniteServiceVersion20100801.PutMetricAlarm",
                   R"({"Threshold":1,"Period":60.0,"ActionsEnabled":null,"Extra":[[[1]]]})"));
  CHECK(numbers["Threshold"].number() == 1.0);
  CHECK(numbers["Period"].integer() == 60);
  CHECK(!numbers.has("ActionsEnabled"));
}

TEST_CASE("CBOR: the sample of fact wire-33, indefinite lengths, half floats, timestamps") {
  const auto alarm = decoded(
      cbor("PutMetricAlarm", *unhex("a469416c61726d4e616d656161714576616c756174696f6e506572696f6473"
                                    "01695468726573686f6c64fb3ff000000000000072436f6d70617269736f6e"
                                    "4f70657261746f72714c6573735468616e5468726573686f6c64")));
  CHECK(alarm["AlarmName"].string() == "a");
  CHECK(alarm["EvaluationPeriods"].integer() == 1);
  CHECK(alarm["Threshold"].number() == 1.0);
  // {_ "AlarmName": (_ "a", "b"), "Threshold": 1.5 as a half float, "Period": 60 as a float,
  // "AlarmActions": [_ "x"]}
  const auto odd = decoded(
      cbor("PutMetricAlarm", *unhex("bf69416c61726d4e616d657f61616162ff695468726573686f6c64f93e0066"
                                    "506572696f64fa427000006c416c61726d416374696f6e739f6178ffff")));
  CHECK(odd["AlarmName"].string() == "ab");
  CHECK(odd["Threshold"].number() == 1.5);
  CHECK(odd["Period"].integer() == 60);
  CHECK(odd["AlarmActions"].strings() == std::vector<std::string>{"x"});
  std::string out;
  const auto& model = service_model("cloudwatch");
  Member place;
  place.shape = model.shape_index.at("Timestamp");
  codec::write_cbor(out, model, place, Value{from_unix_ms(1767225600000)});
  CHECK(hex(out) == "c11a6955b900");
  CHECK(codec::read_cbor(model, place, *unhex("c1fb41da556e40200000")).timestamp() ==
        from_unix_ms(1767225600500));
}

TEST_CASE("malformed bodies are 400 in the protocol's words") {
  const std::string deep_json(5000, '[');
  std::string deep_xml, deep_cbor(5000, '\x81'),
      deep_query = "Action=CreateTopic&Version=2010-03-31&a";
  for (int i = 0; i < 5000; ++i) deep_xml += "<a>", deep_query += ".b";
  struct Row {
    HttpRequest request;
    const char* code;
  };
  const auto xml = [](std::string body) {
    return post("", std::move(body), "/2013-04-01/healthcheck");
  };
  const auto target = "GraniteServiceVersion20100801.PutMetricAlarm";
  const Row rows[] = {
      {json(target, "{"), "SerializationException"},
      {json(target, "[]"), "SerializationException"},
      {json(target, R"({"AlarmName":1})"), "SerializationException"},
      {json(target, R"({"AlarmName":{}})"), "SerializationException"},
      {json(target, R"({"Period":"60"})"), "SerializationException"},
      {json(target, R"({"Period":1e99})"), "SerializationException"},
      {json(target, R"({"Period":4294967296})"), "SerializationException"},
      {json(target, R"({"AlarmActions":"x"})"), "SerializationException"},
      {json(target, "{\"AlarmName\":\"\xff\"}"), "SerializationException"},
      {json(target, "{\"x\":" + deep_json), "SerializationException"},
      {xml("<a>"), "InvalidInput"},
      {xml("<a></b>"), "InvalidInput"},
      {xml("nothing"), "InvalidInput"},
      {xml("<!DOCTYPE a [<!ENTITY x "
           "'y'>]><CreateHealthCheckRequest><CallerReference>&x;</CallerReference></"
           "CreateHealthCheckRequest>"),
       "InvalidInput"},
      {xml("<a><CallerReference>\xff</CallerReference></a>"), "InvalidInput"},
      {xml("<a><HealthCheckConfig/></a>"), "MalformedInput"},
      {xml(deep_xml), "InvalidInput"},
      {form("Action=CreateTopic&Version=2010-03-31&Name=%zz"), "MalformedQueryString"},
      {form("Action=CreateTopic&Version=2010-03-31&Name=%ff"), "MalformedQueryString"},
      {form("Action=CreateTopic&Version=2010-03-31&Tags.member=x"), "MalformedInput"},
      {form("Action=CreateTopic&Version=2010-03-31&Name.member.1=x"), "MalformedInput"},
      {form("Action=PutMetricAlarm&Version=2010-08-01&Period=abc"), "MalformedInput"},
      {form("Action=SetAlarmState&Version=2010-08-01&StateValue.a.b=abc"), "MalformedInput"},
      {form(deep_query), "MalformedInput"},
      {cbor("PutMetricAlarm", "\xff"), "SerializationException"},
      {cbor("PutMetricAlarm", *unhex("a1")), "SerializationException"},
      {cbor("PutMetricAlarm", *unhex("bb7fffffffffffffff")), "SerializationException"},
      {cbor("PutMetricAlarm", *unhex("a169416c61726d4e616d657b7fffffffffffffff")),
       "SerializationException"},
      {cbor("PutMetricAlarm", *unhex("a169416c61726d4e616d6501")), "SerializationException"},
      {cbor("PutMetricAlarm", *unhex("a16161") + deep_cbor), "SerializationException"},
      {cbor("PutMetricAlarm", *unhex("a000")), "SerializationException"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.request.body.substr(0, 100));
    CHECK(refused(row.request) == row.code);
    const auto what = recognise(row.request);
    const auto input = decode_input(what, row.request);
    if (!input && std::string_view{row.code} != "MalformedQueryString")
      CHECK(encode_error(what, input.error(), "r").status == 400);
  }
}

TEST_CASE("gzip: inflated, refused when it is not gzip or a bomb") {
  auto request = json("GraniteServiceVersion20100801.PutMetricData",
                      codec::deflate_gzip(R"({"Namespace":"n"})"));
  request.headers.set("Content-Encoding", "gzip");
  CHECK(decoded(request)["Namespace"].string() == "n");
  auto cut = request;
  cut.body.resize(cut.body.size() - 4);
  CHECK(refused(cut) == "SerializationException");
  auto plain = request;
  plain.body = "{}";
  CHECK(refused(plain) == "SerializationException");
  auto bomb = request;
  bomb.body = codec::deflate_gzip(std::string(64 << 20, ' '));
  CHECK(bomb.body.size() < 100000);
  CHECK(refused(bomb) == "RequestEntityTooLarge");
  const auto response =
      encode_error(recognise(bomb), decode_input(recognise(bomb), bomb).error(), "r");
  CHECK(response.status == 413);
}

TEST_CASE("validation: AWS's words, by service") {
  const auto structure = [](std::initializer_list<std::pair<std::string_view, Value>> members) {
    return Value::structure(members);
  };
  CHECK(
      validated("cloudwatch", "SetAlarmState",
                structure({{"AlarmName", "a"}, {"StateValue", "INVALID"}, {"StateReason", "r"}})) ==
      "ValidationError|1 validation error detected: Value 'INVALID' at 'stateValue' failed to "
      "satisfy constraint: "
      "Member must satisfy enum value set: [INSUFFICIENT_DATA, ALARM, OK]");
  CHECK(validated("iam", "GetRole", structure({})) ==
        "ValidationError|1 validation error detected: Value null at 'roleName' failed to satisfy "
        "constraint: Member must not be null");
  CHECK(validated("iam", "GetRole", structure({{"RoleName", "a b"}})) ==
        "ValidationError|The specified value for roleName is invalid. It must contain only "
        "alphanumeric characters and/or the following: +=,.@_-");
  CHECK(validated("iam", "CreateUser", structure({{"UserName", "a"}, {"Path", "x"}})) ==
        "ValidationError|The specified value for path is invalid. It must begin and end with / and "
        "contain only alphanumeric characters and/or / characters.");
  CHECK(validated("iam", "CreateUser", structure({{"UserName", "a b"}, {"Path", "x"}}))
            .starts_with("ValidationError|2 validation errors detected: "));
  CHECK(validated(
            "events", "PutTargets",
            structure({{"Rule", "r"},
                       {"Targets", Value::list({structure({{"Id", "!@#$@!#$"}, {"Arn", "a"}})})}}),
            Protocol::json_1_1) ==
        "ValidationException|1 validation error detected: Value '!@#$@!#$' at "
        "'targets.1.member.id' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+");
  CHECK(validated("logs", "FilterLogEvents", structure({{"logGroupName", "g"}, {"limit", 10001}}),
                  Protocol::json_1_1) ==
        "InvalidParameterException|1 validation error detected: Value '10001' at 'limit' failed to "
        "satisfy constraint: "
        "Member must have value less than or equal to 10000");
  CHECK(validated("lambda", "CreateFunction",
                  structure({{"FunctionName", "f"}, {"Role", "r1"}, {"Code", structure({})}}),
                  Protocol::rest_json) ==
        "ValidationException|1 validation error detected: Value 'r1' at 'role' failed to satisfy "
        "constraint: "
        "Member must satisfy regular expression pattern: "
        "arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+");
  const auto good_role = "arn:aws:iam::123456789012:role/r";
  CHECK(validated("lambda", "CreateFunction",
                  structure({{"FunctionName", "f"},
                             {"Role", good_role},
                             {"Code", structure({})},
                             {"Architectures", Value::list({"x86_64", "arm64"})}}),
                  Protocol::rest_json) ==
        "ValidationException|1 validation error detected: Value '[x86_64, arm64]' at "
        "'architectures' failed to satisfy constraint: "
        "Member must have length less than or equal to 1");
  CHECK(validated("lambda", "CreateFunction",
                  structure({{"FunctionName", "f"},
                             {"Role", good_role},
                             {"Code", structure({})},
                             {"Architectures", Value::list({"z80"})}}),
                  Protocol::rest_json) ==
        "ValidationException|1 validation error detected: Value '[z80]' at 'architectures' failed "
        "to satisfy constraint: "
        "Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64]]");
  // The runtime has a text of Lambda's own: it is not for the gateway.
  CHECK(validated("lambda", "CreateFunction",
                  structure({{"FunctionName", "f"},
                             {"Role", good_role},
                             {"Code", structure({})},
                             {"Runtime", "cobol"}}),
                  Protocol::rest_json)
            .empty());
  CHECK(validated("iam", "GetRole", structure({{"RoleName", std::string(65, 'a')}}))
            .find("length less than or equal to 64") != std::string::npos);
  // Length counts code points, not bytes.
  CHECK(validated("cloudwatch", "DescribeAlarms",
                  structure({{"AlarmNamePrefix", replace_all(std::string(255, 'x'), "x", "é")}}))
            .empty());
  CHECK(validated("sts", "AssumeRole", structure({}))
            .starts_with("ValidationError|2 validation errors detected: Value null at 'roleArn'"));
  CHECK(validated("route53", "GetHealthCheck", structure({{"HealthCheckId", std::string(65, 'a')}}),
                  Protocol::rest_xml)
            .starts_with("InvalidInput|1 validation"));
}

TEST_CASE("patterns of the models: what they take and refuse") {
  struct Row {
    const char* pattern;
    const char* text;
    bool matches;
  };
  const Row rows[] = {
      {"[\\w+=,.@-]+", "Admin-role_1@x", true},
      {"[\\w+=,.@-]+", "a b", false},
      {"[\\w+=,.@-]+", "", false},
      {"^[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*$", "Grüße 名前/٣", true},
      {"^[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*$", "a#b", false},
      {"(?!^[0-9]+$)([a-zA-Z0-9-_]+)", "123", false},
      {"(?!^[0-9]+$)([a-zA-Z0-9-_]+)", "123a", true},
      {"[0-9A-Za-z\\.\\-_]*(?<!\\.)", "a.b", true},
      {"[0-9A-Za-z\\.\\-_]*(?<!\\.)", "a.b.", false},
      {"^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$", "a-b-c", true},
      {"^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$", "a--c", false},
      {"(\\u002F)|(\\u002F[\\u0021-\\u007E]+\\u002F)", "/", true},
      {"(\\u002F)|(\\u002F[\\u0021-\\u007E]+\\u002F)", "/a/b/", true},
      {"(\\u002F)|(\\u002F[\\u0021-\\u007E]+\\u002F)", "/a", false},
      {"((/[A-Za-z0-9\\.,\\+@=_-]+)*)/", "/a/b/", true},
      {"((/[A-Za-z0-9\\.,\\+@=_-]+)*)/", "/a b/", false},
      {"^\\d{12}$", "123456789012", true},
      {"^\\d{12}$", "1234567890123", false},
      {"(lambda:[*]|lambda:[a-zA-Z]+|[*])", "lambda:*", true},
      {"(lambda:[*]|lambda:[a-zA-Z]+|[*])", "sns:Publish", false},
      {".*\\S.*", "  ", false},
      {".*\\S.*", " x ", true},
      {"^(?!\\s*$).+", "   ", false},
      {"^(?!\\s*$).+", " a", true},
      {"\\p{ASCII}+", "abc", true},
      {"\\p{ASCII}+", "é", false},
      {"(a*)*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac", false},
      {"^(?:^x$|^$)", "", true},
      {"a{2,3}", "aa", true},
      {"a{2,3}", "aaaa", false},
      {"a|bc", "bc", true},
      {"[^:].*", ":a", false},
      {"$|a", "", true},
      {"v[1-9][0-9]*(\\.[A-Za-z0-9-]*)?", "v1.a", true},
  };
  for (const auto& row : rows) {
    CAPTURE(row.pattern);
    CAPTURE(row.text);
    const auto pattern = Pattern::compile(row.pattern);
    REQUIRE(pattern);
    CHECK(pattern->matches(row.text) == row.matches);
  }
  CHECK(!Pattern::compile("(unclosed"));
  CHECK(!Pattern::compile("\\1"));
}

TEST_CASE("models: all load, every pattern compiles, every operation that is kept has its shapes") {
  for (const auto name : service_names()) {
    const auto& model = service_model(name);
    CAPTURE(name);
    CHECK(model.operations.size() > 10);
    CHECK(find_service(model.signing_name) == &model);
    CHECK(model.operation(model.operations.back().name) == &model.operations.back());
    for (const auto& shape : model.shapes) {
      if (!shape.pattern) continue;
      CAPTURE(shape.pattern->text());
      CHECK(Pattern::compile(shape.pattern->text()));
    }
  }
  CHECK(find_service("s3") == nullptr);
  CHECK(service_model("sns").error_shape("InvalidParameter") ==
        service_model("sns").shape_named("InvalidParameterException"));
  CHECK(service_model("sns").error_shape("CreateTopicInput") == nullptr);
}

TEST_CASE("rest-xml: what breaks Route 53's schema is told as its validator tells it") {
  const auto refusal = [](std::string_view operation, const std::string& path,
                          const std::string& document) -> std::string {
    const auto what = recognise(post("", document, path), {});
    REQUIRE(what.operation);
    REQUIRE(what.operation->name == operation);
    const auto input = decode_input(what, post("", document, path));
    return input ? "" : input.error().code + ": " + input.error().message;
  };
  const std::string space = " xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"";
  const auto name = [](std::string_view member) {
    return "\"https://route53.amazonaws.com/doc/2013-04-01/\":" + std::string{member};
  };
  const auto check = [&](const std::string& inside) {
    return refusal(
        "CreateHealthCheck", "/2013-04-01/healthcheck",
        "<CreateHealthCheckRequest" + space + ">" + inside + "</CreateHealthCheckRequest>");
  };
  const auto change = [&](const std::string& record) {
    return refusal("ChangeResourceRecordSets", "/2013-04-01/hostedzone/Z1/rrset/",
                   "<ChangeResourceRecordSetsRequest" + space +
                       "><ChangeBatch><Changes><Change><Action>CREATE</Action><ResourceRecordSet>" +
                       record +
                       "</ResourceRecordSet></Change></Changes></ChangeBatch>"
                       "</ChangeResourceRecordSetsRequest>");
  };
  const std::string invalid = "InvalidInput: Invalid XML ; ";
  const std::string at = invalid +
                         "javax.xml.stream.XMLStreamException: org.xml.sax.SAXParseException; "
                         "lineNumber: 1; columnNumber: ";
  const std::string nonce = "<CallerReference>r</CallerReference>",
                    config = "<HealthCheckConfig><Type>TCP</Type></HealthCheckConfig>";
  CHECK(check(nonce + config).empty());
  CHECK(check(config + nonce).empty());          // any order
  SUBCASE("a value's length, where it ended") {  // keycloak-benchmark#508: column 185 for 69
    CHECK(check("<CallerReference>" + std::string(69, 'a') + "</CallerReference>" + config) ==
          at + "185; cvc-maxLength-valid: Value '" + std::string(69, 'a') +
              "' with length = '69' is not facet-valid with respect to maxLength '64' for type "
              "'HealthCheckNonce'.");
    CHECK(check("\n <CallerReference></CallerReference>" + config) ==
          invalid +
              "javax.xml.stream.XMLStreamException: org.xml.sax.SAXParseException; "
              "lineNumber: 2; columnNumber: 37; cvc-minLength-valid: Value '' with length = "
              "'0' is not facet-valid with respect to minLength '1' for type "
              "'HealthCheckNonce'.");
  }
  SUBCASE("numbers, booleans, patterns, enumerations") {
    const auto with = [&](const std::string& member) {
      return check(nonce + "<HealthCheckConfig><Type>TCP</Type>" + member + "</HealthCheckConfig>");
    };
    CHECK(with("<Port>abc</Port>")
              .find("cvc-datatype-valid.1.2.1: 'abc' is not a valid value for "
                    "'integer'.") != std::string::npos);
    CHECK(with("<Port>70000</Port>")
              .find("cvc-maxInclusive-valid: Value '70000' is not facet-valid "
                    "with respect to maxInclusive '65535' for type 'Port'.") != std::string::npos);
    CHECK(with("<Port>0</Port>").find("cvc-minInclusive-valid: Value '0'") != std::string::npos);
    CHECK(with("<Inverted>yes</Inverted>")
              .find("cvc-datatype-valid.1.2.1: 'yes' is not a valid value "
                    "for 'boolean'.") != std::string::npos);
    CHECK(with("<IPAddress>1.2.3</IPAddress>").find("cvc-pattern-valid: Value '1.2.3'") !=
          std::string::npos);
    CHECK(check(nonce + "<HealthCheckConfig><Type>UDP</Type></HealthCheckConfig>")
              .find(invalid +
                    "cvc-enumeration-valid: Value 'UDP' is not facet-valid with respect to "
                    "enumeration '[HTTP, HTTPS, ") == 0);
  }
  SUBCASE("members that are missing, unknown, doubled, out of place") {
    CHECK(check(nonce) == invalid +
                              "cvc-complex-type.2.4.b: The content of element "
                              "'CreateHealthCheckRequest' is not complete. One of '{" +
                              name("HealthCheckConfig") + "}' is expected.");
    CHECK(change(
              "<Name>a.test</Name><Type>A</Type><TTL>1</TTL><ResourceRecords></ResourceRecords>") ==
          invalid +
              "cvc-complex-type.2.4.b: The content of element 'ResourceRecords' is not "
              "complete. One of '{" +
              name("ResourceRecord") + "}' is expected.");
    CHECK(check(nonce + config + "<Comment>c</Comment>") ==
          invalid +
              "cvc-complex-type.2.4.d: Invalid content was found starting with element "
              "'Comment'. No child element is expected at this point.");
    CHECK(check("<Comment>c</Comment>" + nonce + config) ==
          invalid +
              "cvc-complex-type.2.4.a: Invalid content was found starting with element "
              "'Comment'. One of '{" +
              name("CallerReference") + ", " + name("HealthCheckConfig") + "}' is expected.");
    CHECK(check(nonce + nonce + config)
              .find("cvc-complex-type.2.4.a: Invalid content was found "
                    "starting with element 'CallerReference'") != std::string::npos);
    CHECK(check(nonce + config + "text").find("cvc-complex-type.2.3: ") != std::string::npos);
    CHECK(check(nonce + "<HealthCheckConfig a='b'><Type>TCP</Type></HealthCheckConfig>")
              .find("cvc-complex-type.3.2.2: Attribute 'a'") != std::string::npos);
    CHECK(check("<CallerReference><a/></CallerReference>" + config).find("cvc-type.3.1.2: ") !=
          std::string::npos);
  }
  SUBCASE("no answer holds what is no text") {
    const auto surrogate = check(
        "<CallerReference>r</CallerReference><HealthCheckConfig><Type>"
        "&#xD800;</Type></HealthCheckConfig>");
    CHECK(surrogate == invalid + "a reference to what is no character");
    std::string wide = "a";  // so that a cut at a power of two lies inside of a character
    while (wide.size() < 9000) wide += "\xc3\xa9";
    CHECK(valid_utf8(check("<CallerReference>" + wide + "</CallerReference>" + config)));
  }
  SUBCASE("another root, another namespace") {
    const auto zone = [&](const std::string& document) {
      return refusal("CreateHostedZone", "/2013-04-01/hostedzone", document);
    };
    CHECK(zone("<Name>a.test</Name>") ==
          "MalformedInput: Name is not valid, expected CreateHostedZoneRequest");
    CHECK(zone("<CreateHostedZoneRequest><Name>a.test</Name></CreateHostedZoneRequest>") ==
          invalid + "cvc-elt.1: Cannot find the declaration of element 'CreateHostedZoneRequest'.");
  }
}

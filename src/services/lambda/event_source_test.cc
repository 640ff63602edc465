// SPDX-License-Identifier: Apache-2.0
// Event source mappings of queues: by AWS's API, and what comes of the messages.
#include "services/lambda/event_source.h"

#include "services/lambda/test_world.h"

namespace sitelatch::lambda::test {

namespace {

const std::string queue_arn = "arn:aws:sqs:eu-west-1:000000000000:q";
const std::string fifo_arn = queue_arn + ".fifo";

struct SourceWorld : LambdaWorld {
  SourceWorld() {
    make_function();
    queues.queues[queue_arn];
    queues.queues[fifo_arn];
    world.functions.run = [this](const auto&, const auto& invocation, const auto& done) {
      const auto event = *aws::from_json(invocation.payload);
      batches.emplace_back();
      for (const auto& record : event["Records"].items())
        batches.back().push_back(record["body"].string());
      last_event = event;
      done(answer);
    };
  }
  static Value mapping_input(Value more = Value::structure(), const std::string& arn = queue_arn) {
    more.set("FunctionName", "f");
    more.set("EventSourceArn", arn);
    return more;
  }
  std::string map(Value more = Value::structure(), const std::string& arn = queue_arn) {
    const auto made = ok("CreateEventSourceMapping", mapping_input(std::move(more), arn));
    CHECK(made["State"].string() == "Creating");
    return made["UUID"].string();
  }
  std::string state(const std::string& uuid) {
    return ok("GetEventSourceMapping", Value::structure({{"UUID", uuid}}))["State"].string();
  }
  void send(const std::string& body, const std::string& arn = queue_arn) {
    queues.send(arn, body);
    world.settle();
  }
  std::size_t in_flight(const std::string& arn = queue_arn) {
    return queues.queues[arn].in_flight.size();
  }

  std::vector<std::vector<std::string>> batches;  // bodies, an invocation each
  Value last_event;
  ports::InvocationOutcome answer = ports::sim::success_outcome("null");
};

}  // namespace

TEST_CASE(
    "a message of a queue becomes an event of the function, and is deleted when that succeeds") {
  SourceWorld w;
  const auto uuid = w.map();
  CHECK(w.state(uuid) == "Enabled");
  w.send("hello");
  REQUIRE(w.batches == std::vector<std::vector<std::string>>{{"hello"}});
  const auto& record = w.last_event["Records"].items()[0];
  CHECK(record["messageId"].string() == "m1");
  CHECK(record["receiptHandle"].string() == "r-m1");
  CHECK(record["md5OfBody"].string() == "md5");
  CHECK(record["attributes"]["ApproximateReceiveCount"].string() == "1");
  CHECK(record["eventSource"].string() == "aws:sqs");
  CHECK(record["eventSourceARN"].string() == queue_arn);
  CHECK(record["awsRegion"].string() == "eu-west-1");
  CHECK(w.queues.removed == std::vector<std::string>{"r-m1"});

  // What fails stays in flight, and comes again.
  w.answer = handler_error();
  w.send("bad");
  CHECK(w.in_flight() == 1);
  w.answer = ports::sim::success_outcome("null");
  w.queues.give_back(queue_arn);
  w.world.settle();
  CHECK(w.batches.back() == std::vector<std::string>{"bad"});
  CHECK(w.in_flight() == 0);
}

TEST_CASE("attributes of messages, in the words of events") {
  EventSourceMapping mapping;
  mapping.source_arn = queue_arn;
  const auto record = event_record(
      Value::structure(
          {{"MessageId", "m"},
           {"Body", "b"},
           {"MD5OfMessageAttributes", "md5a"},
           {"MessageAttributes",
            Value::structure(
                {{"n", Value::structure({{"DataType", "Number"}, {"StringValue", "7"}})},
                 {"x", Value::structure({{"DataType", "Binary"}, {"BinaryValue", "\xff"}})}})}}),
      mapping);
  CHECK(record["messageAttributes"]["n"]["stringValue"].string() == "7");
  CHECK(record["messageAttributes"]["n"]["dataType"].string() == "Number");
  CHECK(record["messageAttributes"]["n"]["stringListValues"].is_list());
  CHECK(record["messageAttributes"]["x"]["binaryValue"].string() == "/w==");
  CHECK(record["md5OfMessageAttributes"].string() == "md5a");
}

TEST_CASE("batches: as many as there are, at most the batch size, or what a window brings") {
  SourceWorld w;
  for (int i = 1; i <= 12; ++i) w.queues.send(queue_arn, std::to_string(i));
  const auto uuid = w.map(Value::structure({{"BatchSize", 5}}));
  w.world.settle();
  REQUIRE(w.batches.size() == 3);
  CHECK(w.batches[0].size() == 5);
  CHECK(w.batches[2] == std::vector<std::string>{"11", "12"});
  CHECK(w.in_flight() == 0);

  w.batches.clear();
  w.ok("UpdateEventSourceMapping",
       Value::structure(
           {{"UUID", uuid}, {"BatchSize", 25}, {"MaximumBatchingWindowInSeconds", 20}}));
  w.send("a");
  w.send("b");
  w.world.advance(seconds{19});
  CHECK(w.batches.empty());
  w.world.advance(seconds{1});
  CHECK(w.batches == std::vector<std::vector<std::string>>{{"a", "b"}});
  for (int i = 0; i < 25; ++i) w.queues.send(queue_arn, "x");
  w.world.settle();
  REQUIRE(w.batches.size() == 2);  // full before its window is over
  CHECK(w.batches[1].size() == 25);
}

TEST_CASE("a function may say which messages of a batch have failed") {
  SourceWorld w;
  for (const auto* body : {"1", "2", "3"}) w.queues.send(queue_arn, body);
  w.answer = ports::sim::success_outcome(R"({"batchItemFailures":[{"itemIdentifier":"m2"}]})");
  w.map(Value::structure({{"FunctionResponseTypes", Value::list({"ReportBatchItemFailures"})}}));
  w.world.settle();
  CHECK(w.queues.removed == std::vector<std::string>{"r-m1", "r-m3"});
  CHECK(w.in_flight() == 1);
}

TEST_CASE("what an answer says of failures: nothing, some, or all where it is none") {
  const std::vector<std::string> ids{"a", "b"};
  const std::vector<std::string> none, all = ids, one{"b"};
  const std::vector<std::pair<std::string, std::vector<std::string>>> table = {
      {"", all},
      {"null", none},
      {"{}", none},
      {R"({"batchItemFailures":null})", none},
      {R"({"batchItemFailures":[]})", none},
      {R"({"batchItemFailures":[{"itemIdentifier":"b"}]})", one},
      {R"({"batchItemFailures":[{"itemIdentifier":""}]})", all},
      {R"({"batchItemFailures":[{"itemIdentifier":null}]})", all},
      {R"({"batchItemFailures":[{"itemIdentifier":"c"}]})", all},
      {R"({"batchItemFailures":[{"other":"b"}]})", all},
      {R"({"batchItemFailures":7})", all},
      {R"({"batchItemFailures":["b"]})", all},
      {R"("text")", all},
      {"not JSON", all}};
  for (const auto& [answer, failed] : table)
    CHECK_MESSAGE(failed_messages(answer, ids) == failed, answer);
}

TEST_CASE("filters: what matches none is deleted unseen") {
  SourceWorld w;
  const auto filters = [](const char* pattern) {
    return Value::structure(
        {{"FilterCriteria",
          Value::structure(
              {{"Filters", Value::list({Value::structure({{"Pattern", pattern}})})}})}});
  };
  CHECK(w.refusal("CreateEventSourceMapping", SourceWorld::mapping_input(filters("{"))) ==
        "InvalidParameterValueException: Invalid filter pattern definition.");
  w.map(filters("wanted"));
  w.send(R"({"wanted":1})");
  w.send(R"({"other":1})");
  w.send("text");
  CHECK(w.batches == std::vector<std::vector<std::string>>{{R"({"wanted":1})"}});
  CHECK(w.queues.removed.size() == 3);
}

TEST_CASE("a mapping that is disabled, deleted, or whose function has no room reads nothing") {
  SourceWorld w;
  const auto uuid = w.map(Value::structure({{"Enabled", false}}));
  CHECK(w.state(uuid) == "Disabled");
  w.send("1");
  CHECK(w.batches.empty());
  const auto named = Value::structure({{"UUID", uuid}});
  auto enabled = named;
  enabled.set("Enabled", true);
  CHECK(w.ok("UpdateEventSourceMapping", enabled)["State"].string() == "Enabling");
  w.world.settle();
  CHECK(w.batches.size() == 1);

  w.ok("PutFunctionConcurrency",
       Value::structure({{"FunctionName", "f"}, {"ReservedConcurrentExecutions", 0}}));
  w.send("2");
  CHECK(w.batches.size() == 1);
  CHECK(w.in_flight() == 0);  // it was not even received
  w.ok("DeleteFunctionConcurrency", Value::structure({{"FunctionName", "f"}}));
  w.world.advance(seconds{1});
  CHECK(w.batches.size() == 2);

  // Mappings are not deleted with their function; one of its name is found again.
  w.ok("DeleteFunction", Value::structure({{"FunctionName", "f"}}));
  w.send("3");
  w.world.advance(seconds{5});
  CHECK(w.batches.size() == 2);
  w.make_function();
  w.world.advance(seconds{1});
  CHECK(w.batches.size() == 3);

  CHECK(w.ok("DeleteEventSourceMapping", named)["State"].string() == "Deleting");
  CHECK(w.refusal("GetEventSourceMapping", named) ==
        "ResourceNotFoundException: The resource you requested does not exist.");
  w.send("4");
  CHECK(w.batches.size() == 3);
}

TEST_CASE("a role that cannot be assumed, and a queue that is gone, are tried again, not at once") {
  SourceWorld w;
  w.map(Value::structure({{"BatchSize", 1}}));
  w.roles.trusted = false;
  for (const auto* body : {"1", "2", "3"}) w.queues.send(queue_arn, body);
  w.world.settle();
  CHECK(w.in_flight() == 1);
  w.roles.trusted = true;
  w.world.advance(seconds{1});
  CHECK(w.batches.size() == 2);

  w.queues.queues.erase(queue_arn);
  w.world.advance(seconds{60});
  w.queues.queues[queue_arn];
  w.queues.send(queue_arn, "back");
  w.world.advance(seconds{1});
  CHECK(w.batches.back() == std::vector<std::string>{"back"});
}

TEST_CASE("FIFO queues are read one batch after the other; others by as many as may run") {
  SourceWorld w;
  std::vector<std::function<void(ports::InvocationOutcome)>> running;
  w.world.functions.run = [&](const auto&, const auto&, const auto& done) {
    running.push_back(done);
  };
  const auto fill = [&](const std::string& arn) {
    for (int i = 0; i < 20; ++i) w.queues.send(arn, "x");
    w.world.settle();
  };
  w.map(Value::structure({{"BatchSize", 1}}), fifo_arn);
  fill(fifo_arn);
  CHECK(running.size() == 1);
  std::exchange(running, {}).front()(ports::sim::success_outcome("null"));
  w.world.settle();
  CHECK(running.size() == 1);
  running.clear();
  w.map(Value::structure(
      {{"BatchSize", 1}, {"ScalingConfig", Value::structure({{"MaximumConcurrency", 3}})}}));
  fill(queue_arn);
  CHECK(running.size() == 3);
}

TEST_CASE("mappings are listed, tagged, and read on after the engine's end") {
  SourceWorld w;
  CHECK(w.ok("ListEventSourceMappings", Value::structure())["EventSourceMappings"].items().empty());
  const auto uuid = w.map(Value::structure({{"Tags", Value::structure({{"a", "b"}})}}));
  const auto arn = "arn:aws:lambda:eu-west-1:000000000000:event-source-mapping:" + uuid;
  const auto before = w.ok("GetEventSourceMapping", Value::structure({{"UUID", uuid}}));
  CHECK(before["EventSourceMappingArn"].string() == arn);
  CHECK(before["FunctionArn"].string() == function_arn);
  CHECK(before["BatchSize"].integer() == 10);
  CHECK(before["FunctionResponseTypes"].items().empty());
  w.crash();
  CHECK(w.ok("GetEventSourceMapping", Value::structure({{"UUID", uuid}})) == before);
  CHECK(w.ok("ListTags", Value::structure({{"Resource", arn}}))["Tags"]["a"].string() == "b");
  const auto count = [&](Value filter) {
    return w.ok("ListEventSourceMappings", filter)["EventSourceMappings"].items().size();
  };
  CHECK(count(Value::structure({{"FunctionName", "f"}})) == 1);
  CHECK(count(Value::structure({{"FunctionName", "g"}})) == 0);
  CHECK(count(Value::structure({{"EventSourceArn", queue_arn}})) == 1);
  CHECK(count(Value::structure({{"EventSourceArn", fifo_arn}})) == 0);
  CHECK(w.refusal("ListEventSourceMappings", Value::structure({{"Marker", "x"}})) ==
        "InvalidParameterValueException: Invalid marker: x");
  w.send("after");
  CHECK(w.batches.size() == 1);
}

TEST_CASE("what CreateEventSourceMapping refuses, word for word") {
  SourceWorld w;
  const auto refusal = [&](const char* member, Value value, const std::string& arn = queue_arn) {
    auto input = SourceWorld::mapping_input({}, arn);
    input.set(member, std::move(value));
    return w.refusal("CreateEventSourceMapping", input);
  };
  const std::string invalid = "InvalidParameterValueException: ";
  CHECK(refusal("EventSourceArn", Value{}) == invalid + "Unrecognized event source.");
  CHECK(refusal("FunctionName", "nobody") == invalid + "Function does not exist");
  CHECK(refusal("FunctionName", "f:nobody") == invalid + "Function does not exist");
  CHECK(refusal("StartingPosition", "LATEST") ==
        invalid + "StartingPosition is not valid for SQS event sources.");
  CHECK(refusal("ParallelizationFactor", 2) ==
        invalid +
            "Unsupported ParallelizationFactor parameter for given event source mapping type.");
  CHECK(refusal("BatchSize", 11) ==
        invalid +
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is "
            "greater than 10");
  CHECK(refusal("MaximumBatchingWindowInSeconds", 1, fifo_arn) ==
        invalid + "Batching window is not supported for FIFO queues");
  CHECK(refusal("EventSourceArn", "arn:aws:kinesis:eu-west-1:000000000000:stream/s") ==
        invalid + "Stream not found: arn:aws:kinesis:eu-west-1:000000000000:stream/s");
  CHECK(refusal("EventSourceArn", topic_arn).starts_with(invalid + "Unrecognized event source, "));
  CHECK(refusal("EventSourceArn", queue_arn + "2")
            .starts_with(invalid + "Error occurred while ReceiveMessage. SQS Error Code: "
                                   "AWS.SimpleQueueService.NonExistentQueue."));
  w.queues.refused = "sqs:DeleteMessage";
  CHECK(refusal("Enabled", true) ==
        invalid +
            "The function execution role does not have permissions to call DeleteMessage on "
            "SQS");
  w.queues.refused.clear();
  w.queues.queues[queue_arn].visibility_s = 2;
  CHECK(refusal("Enabled", true) ==
        invalid + "Queue visibility timeout: 2 seconds is less than Function timeout: 3 seconds");
  w.queues.queues[queue_arn].visibility_s = 30;
  const auto uuid = w.map();
  CHECK(refusal("Enabled", true) ==
        "ResourceConflictException: An event source mapping with SQS arn (\" " + queue_arn +
            " \") and function (\" f \") already exists. Please update or delete the existing "
            "mapping with UUID " +
            uuid);
}

}  // namespace sitelatch::lambda::test

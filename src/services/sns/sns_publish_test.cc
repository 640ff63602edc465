// SPDX-License-Identifier: Apache-2.0
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/text.h"
#include "services/sns/testing.h"

using namespace sitelatch;
using namespace sitelatch::sns;
using namespace sitelatch::sns::testing;

namespace {

Value message(const std::string& topic, const Value& more) {
  Value out = Value::structure({{"TopicArn", topic}, {"Message", "m"}});
  for (const auto& [name, value] : more.members()) out.set(name, value);
  return out;
}

bool verifies(const std::string& certificate_pem, const std::string& text,
              const std::string& signature, const EVP_MD* digest) {
  BIO* bio = BIO_new_mem_buf(certificate_pem.data(), static_cast<int>(certificate_pem.size()));
  X509* certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  EVP_PKEY* key = X509_get_pubkey(certificate);
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  const auto bytes = unbase64(signature).value();
  EVP_DigestVerifyInit(context, nullptr, digest, nullptr, key);
  const bool good =
      EVP_DigestVerify(context, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                       reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1;
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(key);
  X509_free(certificate);
  BIO_free(bio);
  return good;
}

}  // namespace

TEST_CASE("the Lambda event, key by key") {
  Fixture f;
  const auto topic = f.topic();
  const auto arn = f.subscribe(topic, "lambda", function_arn);
  const auto id =
      f.ok("Publish",
           message(topic,
                   Value::structure(
                       {{"MessageAttributes",
                         Value::structure(
                             {{"k", Value::structure({{"DataType", "String"},
                                                      {"StringValue", "v"}})}})}})))["MessageId"]
          .string();
  REQUIRE(f.functions.events.size() == 1);
  const auto event = aws::from_json(f.functions.events[0]).value();
  const auto& sns = event["Records"].items().at(0)["Sns"];
  const auto text = "Message\nm\nMessageId\n" + id +
                    "\nTimestamp\n2026-01-01T00:00:00.000Z\nTopicArn\n" + topic +
                    "\nType\nNotification\n";
  CHECK(verifies(test_key().certificate_pem, text, sns["Signature"].string(), EVP_sha1()));
  const auto certificate = sns["SigningCertUrl"].string();
  CHECK(f.sns->certificate(certificate.substr(endpoint.size())) == test_key().certificate_pem);
  CHECK(f.sns->certificate("/SimpleNotificationService-0.pem") == std::nullopt);
  CHECK(f.functions.events[0] ==
        R"({"Records":[{"EventSource":"aws:sns","EventVersion":"1.0","EventSubscriptionArn":")" +
            arn + R"(","Sns":{"Type":"Notification","MessageId":")" + id + R"(","TopicArn":")" +
            topic +
            R"(","Subject":null,"Message":"m","Timestamp":"2026-01-01T00:00:)"
            R"(00.000Z","SignatureVersion":"1","Signature":")" +
            sns["Signature"].string() + R"(","SigningCertUrl":")" + certificate +
            R"(","UnsubscribeUrl":")" + endpoint + "/?Action=Unsubscribe&SubscriptionArn=" + arn +
            R"(","MessageAttributes":{"k":{"Type":"String","Value":"v"}}}}]})");
}

TEST_CASE("signature version 2 is SHA-256, with the subject in it") {
  Fixture f;
  const auto topic = f.topic();
  f.ok("SetTopicAttributes",
       Value::structure(
           {{"TopicArn", topic}, {"AttributeName", "SignatureVersion"}, {"AttributeValue", "2"}}));
  f.confirmed_http(topic, "http://site/");
  f.ok("Publish", message(topic, Value::structure({{"Subject", "s"}})));
  const auto body = aws::from_json(f.world.courier.posts.at(0).body).value();
  std::string names;
  for (const auto& [name, value] : body.members()) names += name + " ";
  CHECK(names ==
        "Type MessageId TopicArn Subject Message Timestamp SignatureVersion Signature "
        "SigningCertURL UnsubscribeURL ");
  CHECK(body["SignatureVersion"].string() == "2");
  const auto text = "Message\nm\nMessageId\n" + body["MessageId"].string() +
                    "\nSubject\ns\nTimestamp\n" + body["Timestamp"].string() + "\nTopicArn\n" +
                    topic + "\nType\nNotification\n";
  CHECK(verifies(test_key().certificate_pem, text, body["Signature"].string(), EVP_sha256()));
}

TEST_CASE("refused messages") {
  Fixture f;
  const auto topic = f.topic();
  const std::string p = "InvalidParameterException: Invalid parameter: ";
  const auto refusal = [&](std::initializer_list<std::pair<std::string_view, Value>> more) {
    return f.refusal("Publish", message(topic, Value::structure(more)));
  };
  CHECK(refusal({{"Message", ""}}) == p + "Empty message");
  CHECK(refusal({{"Subject", ""}}) == p + "Subject");
  CHECK(refusal({{"Subject", std::string(101, 's')}}) == p + "Subject");
  CHECK(refusal({{"Subject", std::string(100, 's')}}) == "accepted");
  CHECK(refusal({{"Subject", "a\nb"}}) == p + "Subject");
  CHECK(refusal({{"Message", std::string(262'145, 'x')}}) == p + "Message too long");
  CHECK(refusal({{"Message", std::string(262'144, 'x')}}) == "accepted");
  CHECK(refusal({{"MessageStructure", "json"}}) ==
        p + "Message Structure - JSON message body failed to parse");
  CHECK(refusal({{"MessageStructure", "json"}, {"Message", R"({"lambda":"x","default":1})"}}) ==
        p + "Message Structure - No default entry in JSON message body");
  CHECK(refusal({{"MessageDeduplicationId", "d"}})
            .starts_with(p + "MessageDeduplicationId Reason: "));
  CHECK(f.refusal("Publish", Value::structure({{"Message", "m"}})) ==
        p + "TopicArn or TargetArn Reason: no value for required parameter");
  CHECK(f.refusal("Publish", message(topic + "x", {})) ==
        "NotFoundException: Topic does not exist");
  const auto attribute = [&](const std::string& type, const char* member, const std::string& value,
                             const std::string& name = "k") {
    return refusal(
        {{"MessageAttributes",
          Value::structure({{name, Value::structure({{"DataType", type}, {member, value}})}})}});
  };
  CHECK(attribute("Colour", "StringValue", "x") ==
        "InvalidParameterValueException: The message attribute 'k' has an invalid message "
        "attribute type, the set of supported type prefixes is Binary, Number, and String.");
  CHECK(attribute("String", "StringValue", "") ==
        "InvalidParameterValueException: The message attribute 'k' must contain non-empty message "
        "attribute value for message attribute type 'String'.");
  CHECK(attribute("Binary", "StringValue", "x") ==
        "InvalidParameterValueException: The message attribute 'k' with type 'Binary' must use "
        "field 'Binary'.");
  CHECK(attribute("Number", "StringValue", "x")
            .starts_with("InvalidParameterValueException: Could not cast"));
  CHECK(attribute("String", "StringValue", "x", ".k")
            .starts_with("InvalidParameterValueException: Invalid message attribute name"));
  CHECK(attribute("Number.int", "StringValue", "7") == "accepted");
}

TEST_CASE("each protocol gets its own text") {
  Fixture f;
  const auto topic = f.topic();
  f.subscribe(topic, "lambda", function_arn);
  f.confirmed_http(topic, "http://site/");
  f.ok("Publish", message(topic, Value::structure({{"MessageStructure", "json"},
                                                   {"Message", R"({"default":"d","http":"h"})"}})));
  CHECK(f.functions.events.at(0).find(R"("Message":"d")") != std::string::npos);
  CHECK(f.world.courier.posts.at(0).body.find(R"("Message" : "h")") == std::string::npos);
  CHECK(aws::from_json(f.world.courier.posts.at(0).body).value()["Message"].string() == "h");
}

TEST_CASE("a batch: all entries, or AWS's refusal") {
  Fixture f;
  const auto topic = f.topic();
  f.subscribe(topic, "lambda", function_arn);
  const auto entry = [](const std::string& id, const std::string& text) {
    return Value::structure({{"Id", id}, {"Message", text}});
  };
  const auto batch = [&](const Value& entries) {
    return Value::structure({{"TopicArn", topic}, {"PublishBatchRequestEntries", entries}});
  };
  const auto out = f.ok("PublishBatch", batch(Value::list({entry("a", "1"), entry("b", "2")})));
  CHECK(out["Successful"].items().size() == 2);
  CHECK(out["Failed"].is_list());
  CHECK(out["Failed"].items().empty());
  CHECK(f.functions.events.size() == 2);
  CHECK(f.refusal("PublishBatch", batch(Value::list())).starts_with("EmptyBatchRequestException"));
  CHECK(f.refusal("PublishBatch", batch(Value::list({entry("a", "1"), entry("a", "2")})))
            .starts_with("BatchEntryIdsNotDistinctException"));
  CHECK(f.refusal("PublishBatch", batch(Value::list({entry("a.b", "1")})))
            .starts_with("InvalidBatchEntryIdException"));
  CHECK(f.refusal("PublishBatch", batch(Value::list({entry("a", "1"), entry("b", "")}))) ==
        "InvalidParameterException: Invalid parameter: Empty message");
  CHECK(f.refusal("PublishBatch", batch(Value::list({entry("a", std::string(200'000, 'x')),
                                                     entry("b", std::string(100'000, 'x'))})))
            .starts_with("BatchRequestTooLongException"));
  CHECK(f.functions.events.size() == 2);
}

TEST_CASE("services publish as the topic's policy says") {
  Fixture f;
  const auto topic = f.topic();
  f.subscribe(topic, "lambda", function_arn);
  Sns::ServiceMessage m{"cloudwatch.amazonaws.com",
                        "arn:aws:cloudwatch:us-east-1:000000000000:alarm:a",
                        account,
                        topic,
                        "ALARM: \"a\"",
                        "{}"};
  CHECK(f.sns->publish_as_service(m).has_value());
  m.service_principal = "events.amazonaws.com";
  CHECK(f.sns->publish_as_service(m).error().message ==
        "events.amazonaws.com is not authorized to perform: SNS:Publish on resource: " + topic);
  const auto set = [&](const char* name, const std::string& value) {
    f.ok("SetTopicAttributes",
         Value::structure(
             {{"TopicArn", topic}, {"AttributeName", name}, {"AttributeValue", value}}));
  };
  set("Policy",
      R"({"Version":"2012-10-17","Statement":[{"Sid":"e","Effect":"Allow",)"
      R"("Principal":{"Service":"events.amazonaws.com"},"Action":"sns:Publish","Resource":")" +
          topic + R"("}]})");
  CHECK(f.sns->publish_as_service(m).has_value());
  m.service_principal = "cloudwatch.amazonaws.com";
  const auto denied = f.sns->publish_as_service(m);
  CHECK(denied.error().code == "AuthorizationErrorException");
  CHECK(denied.error().message ==
        "CloudWatch Alarms is not authorized to perform: SNS:Publish on resource: " + topic);
  m.service_principal = "events.amazonaws.com";
  set("KmsMasterKeyId", "alias/aws/sns");
  CHECK(f.sns->publish_as_service(m).error().message.ends_with(
      "does not have authorization to access the SNS topic encryption key."));
  m.topic_arn += "x";
  CHECK(f.sns->publish_as_service(m).error().code == "NotFoundException");
  CHECK(f.sns->publish_authorised(topic, std::nullopt, "m").has_value());
}

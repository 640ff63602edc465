// SPDX-License-Identifier: Apache-2.0
// Requests that real clients sent ($SITELATCH_SHARED/reference/wire-samples): each is recognised as
// what its name says, decodes, keeps the model's constraints, and reads the same after we encode it
// ourselves.
#include <doctest/doctest.h>

#include <cstdio>

#include "aws/wire/test_support.h"

using namespace sitelatch;
using namespace sitelatch::aws;

namespace {

struct Sample {
  std::string name;
  HttpRequest request;
  bool cut = false;
  std::string scope_service;
};

// Request line, headers, blank line, body; the last line says what the recorder answered. Binary
// bodies are hex.
Sample read_sample(const std::filesystem::path& path) {
  Sample sample;
  sample.name = path.parent_path().filename().string() + "/" + path.stem().string();
  auto text = test::slurp(path);
  auto answered = text.rfind("\n--- answered");
  if (answered != std::string::npos) text.resize(answered);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  const auto blank = std::min(text.find("\n\n"), text.size());
  const auto lines = split(std::string_view{text}.substr(0, blank), '\n');
  const auto first = split(lines[0], ' ');
  sample.request.method = first[0];
  sample.request.target = first[1];
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const auto colon = lines[i].find(": ");
    if (colon != std::string_view::npos)
      sample.request.headers.add(std::string{lines[i].substr(0, colon)},
                                 std::string{lines[i].substr(colon + 2)});
  }
  if (blank + 2 < text.size()) sample.request.body = text.substr(blank + 2);
  while (sample.request.body.starts_with('\n')) sample.request.body.erase(0, 1);
  sample.cut = sample.request.body.find("[cut, ") != std::string::npos;
  auto& body = sample.request.body;
  if (body.starts_with("[binary ")) {
    const auto bytes = unhex(replace_all(body.substr(body.find('\n') + 1), "\n", ""));
    if (bytes) body = *bytes;
  }
  const auto authorization = sample.request.headers.get("Authorization");
  const auto credential =
      split(std::string_view{authorization}.substr(0, authorization.find(',')), '/');
  if (credential.size() == 5) sample.scope_service = credential[3];
  return sample;
}

std::vector<Sample> samples() {
  std::vector<Sample> all;
  const auto folder = test::shared("reference/wire-samples");
  if (!folder) {
    MESSAGE("SKIPPED: the recorded requests are not at hand (SITELATCH_SHARED)");
    return all;
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator{*folder})
    if (entry.path().extension() == ".txt") all.push_back(read_sample(entry.path()));
  return all;
}

const Sample* find(const std::vector<Sample>& all, std::string_view name) {
  for (const auto& sample : all)
    if (sample.name == name) return &sample;
  return nullptr;
}

Value input_of(const std::vector<Sample>& all, std::string_view name) {
  const auto* sample = find(all, name);
  REQUIRE_MESSAGE(sample, name);
  const auto what = recognise(sample->request, sample->scope_service);
  const auto input = decode_input(what, sample->request);
  REQUIRE_MESSAGE(input.has_value(), name);
  return *input;
}

// Recorded against a server that takes anything: AWS refuses these by its own model.
const char* made_invalid(std::string_view name) {
  if (name.ends_with("lambda-update-function-configuration-full"))
    return "an environment variable named A: two characters at least";
  if (name == "js-v3.1169/sts-assume-role") return "a session named s: two characters at least";
  return nullptr;
}

}  // namespace

TEST_CASE("every recorded request is recognised, with and without its scope, decoded, and valid") {
  int decoded = 0;
  for (const auto& sample : samples()) {
    const auto what = recognise(sample.request, sample.scope_service);
    CHECK_MESSAGE(!what.refusal,
                  sample.name << ": " << (what.refusal ? what.refusal->message : ""));
    if (what.refusal) continue;
    CHECK_MESSAGE(what.operation != nullptr, sample.name);
    const auto guessed = recognise(sample.request);
    CHECK_MESSAGE(guessed.operation == what.operation, sample.name);
    // Bodies that were cut in the recording cannot be read, unless the body is no more than a
    // payload.
    if (sample.cut) continue;
    const auto input = decode_input(what, sample.request);
    CHECK_MESSAGE(input.has_value(), sample.name << ": " << (input ? "" : input.error().message));
    if (!input) continue;
    const auto invalid = validate(what, *input);
    if (const auto* reason = made_invalid(sample.name))
      CHECK_MESSAGE(invalid, sample.name << ": " << reason);
    else
      CHECK_MESSAGE(!invalid, sample.name << ": " << (invalid ? invalid->message : ""));
    const auto again = encode_request(*what.service, *what.operation, what.protocol, *input);
    const auto recognised_again = recognise(again, sample.scope_service);
    CHECK_MESSAGE(recognised_again.operation == what.operation, sample.name);
    const auto input_again = decode_input(recognised_again, again);
    CHECK_MESSAGE((input_again && test::same(*input_again, *input)), sample.name);
    ++decoded;
  }
  std::printf("recorded requests decoded: %d\n", decoded);
}

TEST_CASE("recorded requests say what their clients were told to say") {
  const auto all = samples();
  if (all.empty()) return;
  for (const auto client : {"cli-1.45.11", "cli-2.9.19"}) {
    const auto in = [&](std::string_view name) {
      return input_of(all, std::string{client} + "/" + std::string{name});
    };
    const auto update = in("route53-update-health-check");
    CHECK(update["HealthCheckId"].string().size() > 3);
    CHECK(update["ResourcePath"].string().starts_with("/"));
    CHECK(in("sns-publish")["TopicArn"].string().starts_with("arn:aws:sns:"));
    CHECK(in("cloudwatch-put-metric-alarm")["ComparisonOperator"].string() == "LessThanThreshold");
    CHECK(in("events-put-targets")["Targets"].items().size() >= 1);
    CHECK(in("lambda-create-function")["Code"]["ZipFile"].string().starts_with("PK"));
    CHECK(in("lambda-put-function-event-invoke-config-qualifier")["Qualifier"].string() ==
          "$LATEST");
  }
  const auto cbor = input_of(all, "js-v3.1169/cw-cbor-put-metric-alarm");
  const auto query = input_of(all, "js-v3.1169/cw-query-put-metric-alarm");
  CHECK(cbor["AlarmName"].is_string());
  CHECK(test::same(cbor, query));
  CHECK(input_of(all, "boto3-1.43.11/lambda-invoke-arn")["FunctionName"].string().starts_with(
      "arn:aws:lambda:"));
  CHECK(input_of(all, "terraform-aws-5.100.0/003-CreateRole")["AssumeRolePolicyDocument"]
            .is_string());
}

// SPDX-License-Identifier: Apache-2.0
// AWS's protocol cases ($SITELATCH_SHARED/conformance/aws-protocols), each in both roles: requests
// decoded as a server and encoded as a client, answers encoded as a server and decoded as a client.
// What does not pass stands in the table, with reason.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <set>

#include "aws/wire/test_support.h"

using namespace sitelatch;
using namespace sitelatch::aws;

namespace {

enum class Role { decode_request, encode_request, encode_answer, decode_answer };

struct Excepted {
  Role role;
  std::string_view id;
  std::string_view reason;
};
const Excepted excepted[] = {
#include "aws/wire/conformance_exceptions.inc"
};

struct Suite {
  std::string file;
  Protocol protocol;
};

Protocol protocol_of(const std::string& stem) {
  if (stem.starts_with("query")) return Protocol::query;
  if (stem.starts_with("rest-json")) return Protocol::rest_json;
  if (stem.starts_with("rest-xml")) return Protocol::rest_xml;
  if (stem.starts_with("json_1_0")) return Protocol::json_1_0;
  if (stem.starts_with("json")) return Protocol::json_1_1;
  return Protocol::cbor;
}

struct Case {
  const Value& json;
  std::unique_ptr<ServiceModel> model;
  const Operation* operation;
  Protocol protocol;
  std::string id;

  Member root(ShapeId shape) const {
    Member member;
    member.shape = shape;
    return member;
  }
  Value typed_by(ShapeId shape, const Value& plain) const {
    return shape == no_shape ? Value::structure() : test::typed(*model, root(shape), plain);
  }
  std::string bytes(const Value& text) const {
    const auto raw = text.string_or("");
    return protocol == Protocol::cbor ? unbase64(raw).value_or("bad base64") : raw;
  }
};

// Empty: passed.
std::string difference(const Value& got, const Value& wanted) {
  return test::same(got, wanted) ? ""
                                 : "got " + test::shown(got) + " wanted " + test::shown(wanted);
}

std::string compare_bodies(const Case& c, ShapeId shape, const std::string& got,
                           const std::string& wanted, std::string_view content_type) {
  if (got == wanted) return "";
  const auto text = "got " + got + " wanted " + wanted;
  try {
    if (c.protocol == Protocol::cbor) {
      if (shape == no_shape) return text;
      return difference(codec::read_cbor(*c.model, c.root(shape), got, codec::as_client),
                        codec::read_cbor(*c.model, c.root(shape), wanted, codec::as_client));
    }
    if (content_type.find("form") != std::string_view::npos) {
      auto a = codec::read_form(got), b = codec::read_form(wanted);
      std::sort(a.begin(), a.end());
      std::sort(b.begin(), b.end());
      return a == b ? "" : text;
    }
    if (content_type.find("xml") != std::string_view::npos)
      return test::canonical_xml(got) == test::canonical_xml(wanted) ? "" : text;
    if (content_type.find("json") != std::string_view::npos)
      return difference(codec::read_document(got), codec::read_document(wanted));
  } catch (const codec::Malformed& problem) {
    return problem.message() + ": " + text;
  }
  return text;
}

std::string compare_headers(const Headers& got, const Value& wanted) {
  for (const auto& [name, value] : wanted.members()) {
    if (equal_ignoring_case(name, "Content-Length")) continue;  // whoever moves the bytes
    const auto* header = got.find(name);
    if (!header) return "no header " + name;
    auto shown = *header;
    if (equal_ignoring_case(name, "Content-Type")) shown = shown.substr(0, shown.find(';'));
    if (shown == value.string()) continue;
    const auto a = parse_double(shown), b = parse_double(value.string());
    if (!a || !b || *a != *b) return name + ": got " + shown + " wanted " + value.string();
  }
  return "";
}

Headers headers_of(const Value& json) {
  Headers headers;
  for (const auto& [name, value] : json.members()) headers.add(name, value.string());
  return headers;
}

std::string decode_request(const Case& c) {
  const auto& wire = c.json["serialized"];
  HttpRequest request;
  request.method = wire["method"].string_or("POST");
  request.target = wire["uri"].string_or("/");
  request.headers = headers_of(wire["headers"]);
  request.body = c.bytes(wire["body"]);
  if (!wire.has("body"))  // the cases of compression leave it out
    request.body = encode_request(*c.model, *c.operation, c.protocol,
                                  c.typed_by(c.operation->input, c.json["params"]))
                       .body;
  Recognised what;
  what.service = c.model.get();
  what.operation = c.operation;
  what.protocol = c.protocol;
  if (c.protocol == Protocol::rest_json || c.protocol == Protocol::rest_xml) {
    if (c.model->route(request.method, request.path(), request.query(), &what.labels) !=
        c.operation)
      return "the path does not lead to the operation";
  }
  const auto input = decode_input(what, request);
  if (!input) return input.error().code + ": " + input.error().message;
  return difference(*input, c.typed_by(c.operation->input, c.json["params"]));
}

std::string encode_request_case(const Case& c) {
  const auto& wire = c.json["serialized"];
  const auto request = encode_request(*c.model, *c.operation, c.protocol,
                                      c.typed_by(c.operation->input, c.json["params"]));
  if (request.method != wire["method"].string_or("POST")) return "method " + request.method;
  HttpRequest wanted;
  wanted.target = wire["uri"].string_or("/");
  if (request.path() != wanted.path()) return "path " + request.target + " wanted " + wanted.target;
  auto a = codec::read_form(request.query()), b = codec::read_form(wanted.query());
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  if (a != b) return "query " + request.target + " wanted " + wanted.target;
  const auto headers = compare_headers(request.headers, wire["headers"]);
  if (!headers.empty()) return headers;
  for (const auto& name : wire["forbidHeaders"].items())
    if (request.headers.find(name.string())) return "has header " + name.string();
  if (!wire.has("body")) return "";
  return compare_bodies(c, c.operation->input, request.body, c.bytes(wire["body"]),
                        request.headers.get("Content-Type"));
}

std::string encode_answer(const Case& c) {
  const auto& wire = c.json["response"];
  Recognised what;
  what.service = c.model.get();
  what.operation = c.operation;
  what.protocol = c.protocol;
  what.query_mode = true;
  HttpResponse response;
  ShapeId shape = c.operation->output;
  if (c.json.has("errorCode")) {
    const auto* error_shape = c.model->error_shape(c.json["errorCode"].string());
    if (!error_shape) return "no such error shape";
    shape = static_cast<ShapeId>(error_shape - c.model->shapes.data());
    Error error{c.json["errorCode"].string(), c.json["errorMessage"].string_or(""), 0,
                c.typed_by(shape, c.json["error"])};
    response = encode_error(what, error, "foo-id");
  } else {
    const auto request_id = headers_of(wire["headers"]).get("X-Amzn-Requestid");
    response = encode_output(what, c.typed_by(shape, c.json["result"]), request_id);
  }
  if (response.status != wire["status_code"].integer())
    return "status " + std::to_string(response.status);
  auto wanted_headers = wire["headers"];
  if (wanted_headers.is_struct() &&
      wanted_headers["Content-Type"].string_or("") == "application/xml")
    wanted_headers.set("Content-Type", "text/xml");  // as AWS's own servers say it
  const auto headers = compare_headers(response.headers, wanted_headers);
  if (!headers.empty()) return headers;
  auto body = response.body;
  // The wrapper of query answers names the service's own namespace and the request; the cases leave
  // those open.
  const auto cut = body.find("<ResponseMetadata>");
  if (c.protocol == Protocol::query && cut != std::string::npos)
    body = body.substr(0, cut) + body.substr(body.find("</ResponseMetadata>") + 19);
  if (c.protocol == Protocol::query && !c.json.has("errorCode"))
    body = replace_all(body, "xmlns=\"\"", "xmlns=\"https://example.com/\"");
  return compare_bodies(c, shape, body, c.bytes(wire["body"]),
                        response.headers.get("Content-Type"));
}

std::string decode_answer(const Case& c) {
  const auto& wire = c.json["response"];
  HttpResponse response;
  response.status = static_cast<int>(wire["status_code"].integer());
  response.headers = headers_of(wire["headers"]);
  response.body = c.bytes(wire["body"]);
  const auto output = decode_response(*c.model, *c.operation, c.protocol, response);
  if (!c.json.has("errorCode")) {
    if (!output) return output.error().code + ": " + output.error().message;
    return difference(*output, c.typed_by(c.operation->output, c.json["result"]));
  }
  if (output) return "not seen as an error";
  const auto& error = output.error();
  if (error.code != c.json["errorCode"].string()) return "code " + error.code;
  if (c.json.has("errorMessage") && error.message != c.json["errorMessage"].string())
    return "message " + error.message;
  const auto* shape = c.model->error_shape(error.code);
  if (!shape) return "no such error shape";
  return difference(error.members, c.typed_by(static_cast<ShapeId>(shape - c.model->shapes.data()),
                                              c.json["error"]));
}

std::string run(const Case& c, Role role) {
  switch (role) {
    case Role::decode_request:
      return decode_request(c);
    case Role::encode_request:
      return encode_request_case(c);
    case Role::encode_answer:
      return encode_answer(c);
    case Role::decode_answer:
      return decode_answer(c);
  }
  return "?";
}

Case make_case(const Value& suite, const Value& json, Protocol protocol) {
  auto metadata = suite["metadata"];
  if (protocol == Protocol::json_1_0) metadata.set("shapeNamespace", "aws.protocoltests.json10");
  const auto model_json = Value::structure(
      {{"metadata", metadata},
       {"operations", Value::structure({{json["given"]["name"].string(), json["given"]}})},
       {"shapes", suite["shapes"]}});
  auto model = parse_model("case", to_json(model_json));
  const auto* operation = &model->operations.front();
  return {json, std::move(model), operation, protocol, json["id"].string()};
}

struct Tally {
  int passed = 0, excepted = 0, failed = 0;
  std::set<std::string> excepted_and_passed;
};

void run_folder(const std::filesystem::path& folder, Role role, Tally& tally) {
  for (const auto& entry : std::filesystem::directory_iterator{folder}) {
    const auto stem = entry.path().stem().string();
    if (stem.starts_with("ec2")) continue;  // a protocol of none of our services
    const auto suites = from_json(test::slurp(entry.path()));
    REQUIRE(suites);
    for (const auto& suite : suites->items())
      for (const auto& json : suite["cases"].items()) {
        const auto c = make_case(suite, json, protocol_of(stem));
        const auto problem = run(c, role);
        const auto at =
            std::find_if(std::begin(excepted), std::end(excepted),
                         [&](const Excepted& e) { return e.role == role && e.id == c.id; });
        if (at != std::end(excepted)) {
          ++tally.excepted;
          if (problem.empty()) tally.excepted_and_passed.insert(c.id);
          continue;
        }
        problem.empty() ? ++tally.passed : ++tally.failed;
        CHECK_MESSAGE(problem.empty(), stem << " " << c.id << ": " << problem);
      }
  }
}

void check_role(const char* folder, Role role, const std::string& what, int at_least) {
  const auto cases = test::shared(std::string{"conformance/aws-protocols/"} + folder);
  if (!cases) {
    MESSAGE("SKIPPED: AWS's protocol cases are not at hand (SITELATCH_SHARED)");
    return;
  }
  Tally tally;
  run_folder(*cases, role, tally);
  std::printf("%s: %d passed, %d excepted, %d failed\n", what.c_str(), tally.passed, tally.excepted,
              tally.failed);
  for (const auto& id : tally.excepted_and_passed)
    CHECK_MESSAGE(false, id << " is excepted in " << what << " but passes");
  CHECK(tally.passed >= at_least);
}

}  // namespace

TEST_CASE("AWS's protocol cases: requests decoded as a server") {
  check_role("input", Role::decode_request, "requests decoded", 314);
}
TEST_CASE("AWS's protocol cases: requests encoded as a client") {
  check_role("input", Role::encode_request, "requests encoded", 329);
}
TEST_CASE("AWS's protocol cases: answers encoded as a server") {
  check_role("output", Role::encode_answer, "answers encoded", 270);
}
TEST_CASE("AWS's protocol cases: answers decoded as a client") {
  check_role("output", Role::decode_answer, "answers decoded", 334);
}

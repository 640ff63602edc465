// SPDX-License-Identifier: Apache-2.0
#include "services/lambda/url_event.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "aws/wire/value.h"
#include "base/text.h"
#include "services/lambda/json_text.h"

namespace sitelatch::lambda {
using aws::Value;
namespace {

// "12/Mar/2020:19:03:58 +0000"
std::string log_time(Instant t) {
  static constexpr std::array<std::string_view, 12> months{
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto c = civil(t);
  return fmt::format("{:02}/{}/{:04}:{:02}:{:02}:{:02} +0000", c.day,
                     months[static_cast<std::size_t>(c.month - 1)], c.year, c.hour, c.minute,
                     c.second);
}

// Of values that share a name; in the order of names, for the sake of tests.
using Joined = std::map<std::string, std::string>;
void join_to(Joined& texts, std::string name, std::string_view value) {
  const auto [at, is_new] = texts.emplace(std::move(name), value);
  if (!is_new) at->second.append(",").append(value);
}
Value object_of(const Joined& texts) {
  Value out = Value::structure();
  for (const auto& [name, value] : texts)
    out.members_mut().push_back({repaired_utf8(name), repaired_utf8(value)});
  return out;
}

// What concerns the connection alone, and what we say ourselves of who asked.
bool ours(std::string_view name) {
  static constexpr std::array<std::string_view, 8> names{
      "connection", "cookie",          "expect",           "keep-alive",
      "te",         "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto"};
  return name == "transfer-encoding" || std::find(names.begin(), names.end(), name) != names.end();
}

Value headers_of(const UrlCall& call) {
  Joined headers;
  for (const auto& [name, value] : call.request.headers)
    if (auto small = lower(name); !ours(small)) join_to(headers, std::move(small), value);
  if (!call.request.peer.empty()) headers["x-forwarded-for"] = call.request.peer;
  headers["x-forwarded-port"] = call.port.empty() ? "80" : call.port;
  headers["x-forwarded-proto"] = "http";
  if (!call.request.body.empty())
    headers["content-length"] = std::to_string(call.request.body.size());
  return object_of(headers);
}

Value cookies_of(const aws::Headers& headers) {
  Value out = Value::list();
  for (const auto& [name, value] : headers)
    if (equal_ignoring_case(name, "Cookie"))
      for (const auto cookie : split(value, ';'))
        if (const auto text = trim(cookie); !text.empty()) out.push(repaired_utf8(text));
  return out;
}

Value parameters_of(std::string_view query) {
  Joined parameters;
  const auto decoded = [](std::string_view text) {
    return percent_decode(text, Plus::is_space).value_or(std::string{text});
  };
  for (const auto part : split(query, '&')) {
    if (part.empty()) continue;
    const auto equals = std::min(part.find('='), part.size());
    const auto value = part.substr(std::min(equals + 1, part.size()));
    join_to(parameters, decoded(part.substr(0, equals)), decoded(value));
  }
  return object_of(parameters);
}

// What travels as text; everything else does in base64.
bool travels_as_text(const aws::HttpRequest& request) {
  if (request.headers.find("Content-Encoding") || !valid_utf8(request.body)) return false;
  const auto type = lower(request.headers.get("Content-Type"));
  const auto kind = trim(std::string_view{type}.substr(0, type.find(';')));
  return kind.starts_with("text/") || kind == "application/json" || kind == "application/xml" ||
         kind == "application/javascript" || kind.ends_with("+json") || kind.ends_with("+xml");
}

Value signer_of(const aws::Caller& signer) {
  Value iam = Value::structure({{"accessKey", signer.access_key_id},
                                {"accountId", signer.account},
                                {"callerId", signer.user_id}});
  iam.members_mut().push_back({"cognitoIdentity", Value{}});
  iam.members_mut().push_back({"principalOrgId", Value{}});
  iam.set("userArn", signer.arn);
  iam.set("userId", signer.user_id);
  return Value::structure({{"iam", iam}});
}

Value http_of(const UrlCall& call, const std::string& path) {
  const auto* agent = call.request.headers.find("User-Agent");
  return Value::structure({{"method", call.request.method},
                           {"path", path},
                           {"protocol", "HTTP/1.1"},
                           {"sourceIp", call.request.peer},
                           {"userAgent", agent ? Value{repaired_utf8(*agent)} : Value{}}});
}

}  // namespace

std::string url_event(const UrlCall& call, const std::string& account, const std::string& region) {
  const auto& place = call.place;
  const auto domain = place.domain_name.empty() ? place.id + ".lambda-url." + region + ".localhost"
                                                : place.domain_name;
  const auto question = std::min(place.target.find('?'), place.target.size());
  const auto path = repaired_utf8(std::string_view{place.target}.substr(0, question));
  const auto query =
      std::string_view{place.target}.substr(std::min(question + 1, place.target.size()));

  Value context = Value::structure(
      {{"accountId", call.signer ? account : std::string{"anonymous"}}, {"apiId", place.id}});
  if (call.signer) context.set("authorizer", signer_of(*call.signer));
  context.set("domainName", domain);
  context.set("domainPrefix", place.id);
  context.set("http", http_of(call, path));
  context.set("requestId", call.request_id);
  context.set("routeKey", "$default");
  context.set("stage", "$default");
  context.set("time", log_time(call.at));
  context.set("timeEpoch", unix_ms(call.at));

  Value event = Value::structure({{"version", "2.0"},
                                  {"routeKey", "$default"},
                                  {"rawPath", path},
                                  {"rawQueryString", repaired_utf8(query)}});
  if (auto cookies = cookies_of(call.request.headers); !cookies.items().empty())
    event.set("cookies", std::move(cookies));
  event.set("headers", headers_of(call));
  if (auto parameters = parameters_of(query); !parameters.members().empty())
    event.set("queryStringParameters", std::move(parameters));
  event.set("requestContext", std::move(context));
  const auto& body = call.request.body;
  const bool binary = !body.empty() && !travels_as_text(call.request);
  if (!body.empty()) event.set("body", binary ? base64(body) : body);
  event.set("isBase64Encoded", binary);
  return aws::to_json(event);
}

}  // namespace sitelatch::lambda

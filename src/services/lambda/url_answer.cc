// SPDX-License-Identifier: Apache-2.0
#include "services/lambda/url_answer.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "base/text.h"
#include "services/lambda/json_text.h"

namespace sitelatch::lambda {
using aws::HttpResponse;
using aws::Value;
namespace {

HttpResponse json_answer(int status, std::string body) {
  HttpResponse out;
  out.status = status;
  out.headers.add("Content-Type", "application/json");
  out.body = std::move(body);
  return out;
}

HttpResponse bad_gateway() { return json_answer(502, "Internal Server Error"); }

// A number, or its digits (AWS takes both); nothing that HTTP knows as an interim answer.
std::optional<int> status_of(const Value& value) {
  auto status = value.is_integer() ? std::optional(value.integer()) : std::nullopt;
  if (value.is_string()) status = parse_int(value.string());
  if (!status || *status < 200 || *status > 599) return std::nullopt;
  return static_cast<int>(*status);
}

// RFC 9110 §5.1 and §5.5
bool is_field_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && std::strchr("!#$%&'*+-.^_`|~", c) != nullptr);
  });
}
bool is_field_value(std::string_view value) {
  return std::none_of(value.begin(), value.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
  });
}

// The message's frame is the server's.
bool of_the_frame(std::string_view name) {
  static constexpr std::array<std::string_view, 8> names{
      "connection", "content-length",    "date",   "keep-alive", "te",
      "trailer",    "transfer-encoding", "upgrade"};
  return std::find(names.begin(), names.end(), lower(name)) != names.end();
}

std::optional<std::string> text_of(const Value& value) {
  if (value.is_string()) return value.string();
  if (value.is_bool() || value.is_number()) return aws::to_json(value);
  return std::nullopt;
}

bool add_headers(const Value& headers, HttpResponse& out) {
  if (headers && !headers.is_struct()) return false;
  for (const auto& [name, value] : headers.members()) {
    if (value.is_null()) continue;
    const auto text = text_of(value);
    if (!text || !is_field_name(name) || !is_field_value(*text)) return false;
    if (!of_the_frame(name)) out.headers.add(name, *text);
  }
  return true;
}

bool add_cookies(const Value& cookies, HttpResponse& out) {
  if (cookies && !cookies.is_list()) return false;
  for (const auto& cookie : cookies.items()) {
    if (!cookie.is_string() || !is_field_value(cookie.string())) return false;
    out.headers.add("Set-Cookie", cookie.string());
  }
  return true;
}

bool add_body(const Value& answer, HttpResponse& out) {
  const auto& body = answer["body"];
  const auto& encoded = answer["isBase64Encoded"];
  if (body.is_null()) return true;
  if (!body.is_string() || (encoded && !encoded.is_bool())) return false;
  if (!encoded.boolean_or(false)) {
    out.body = body.string();
    return true;
  }
  auto bytes = unbase64(body.string());
  if (bytes) out.body = *std::move(bytes);
  return bytes.has_value();
}

// The function says status, headers and body itself.
HttpResponse as_told(const Value& answer) {
  HttpResponse out;
  const auto status = status_of(answer["statusCode"]);
  if (!status || !add_headers(answer["headers"], out) || !add_cookies(answer["cookies"], out) ||
      !add_body(answer, out))
    return bad_gateway();
  out.status = *status;
  if (out.status == 204 || out.status == 304) out.body.clear();
  if (!out.headers.find("Content-Type")) out.headers.add("Content-Type", "application/json");
  return out;
}

HttpResponse answer_of_payload(const std::string& payload) {
  if (!is_json(payload)) return bad_gateway();
  const auto value = aws::from_json(payload);
  if (value && value->is_struct() && value->has("statusCode")) return as_told(*value);
  if (value && value->is_string()) return json_answer(200, value->string());
  return json_answer(200, without_blanks(payload));
}

}  // namespace

HttpResponse url_answer(const aws::Outcome<Execution>& outcome) {
  if (!outcome) return url_refusal(502, outcome.error().code, outcome.error().message);
  const auto& verdict = outcome->verdict;
  switch (verdict.kind) {
    case Verdict::Kind::success:
      return answer_of_payload(verdict.payload);
    case Verdict::Kind::host_error:
      return url_refusal(
          500, "ServiceException",
          "The engine could not run the function: " + repaired_utf8(verdict.payload));
    case Verdict::Kind::function_error:
      break;
  }
  return bad_gateway();
}

HttpResponse url_refusal(int status, std::string_view type, std::string_view message) {
  auto out = json_answer(status, aws::to_json(Value::structure({{"Message", message}})));
  out.headers.add("x-amzn-ErrorType", std::string{type});
  return out;
}

HttpResponse url_forbidden() {
  return url_refusal(403, "AccessDeniedException",
                     "Forbidden. For troubleshooting Function URL authorization issues, see: "
                     "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html");
}

HttpResponse url_too_large() {
  return url_refusal(413, "RequestTooLargeException",
                     "Request must be smaller than 6291456 bytes for the InvokeFunction operation");
}

HttpResponse no_such_url() {
  auto out = json_answer(403, R"({"Message":null})");
  out.headers.add("x-amzn-ErrorType", "AccessDeniedException");
  return out;
}

HttpResponse url_throttled(bool reserved) {
  auto out = json_answer(
      429, aws::to_json(Value::structure(
               {{"Reason", reserved ? "ReservedFunctionConcurrentInvocationLimitExceeded"
                                    : "ConcurrentInvocationLimitExceeded"},
                {"Type", "User"},
                {"message", "Rate Exceeded."}})));
  out.headers.add("x-amzn-ErrorType", "TooManyRequestsException");
  return out;
}

}  // namespace sitelatch::lambda

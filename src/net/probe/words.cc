// SPDX-License-Identifier: Apache-2.0
#include "net/probe/words.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cerrno>
#include <cstring>

#include "base/text.h"
#include "ports/prober.h"

namespace sitelatch::net {
namespace {

const char* usual_reason(int code) {
  switch (code) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 429:
      return "Too Many Requests";
    case 500:
      return "Internal Server Error";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "";
  }
}

// The endpoint's words are the endpoint's: short and printable here, whatever it sent.
std::string shown_reason(int code, const std::string& reason) {
  std::string shown;
  for (const char c : reason.substr(0, 64)) shown += c >= ' ' && c < 0x7f ? c : '?';
  return shown.empty() ? usual_reason(code) : shown;
}

std::string code_words(int code, const std::string& reason, const std::string& resolved) {
  const std::string shown = shown_reason(code, reason);
  if (resolved.empty())
    return fmt::format("HTTP Status Code {}{}{}", code, shown.empty() ? "" : ", ", shown);
  return fmt::format("HTTP Status Code: {}. Resolved IP: {}.{}{}", code, resolved,
                     shown.empty() ? "" : " ", shown);
}

}  // namespace

const char* const timed_out_sentence = ports::timed_out_sentence;
const char* const no_response_sentence =
    "The endpoint did not return an HTTP status code within the timeout limit.";
const char* const no_body_sentence =
    "The endpoint did not return the response body within the timeout limit.";
const char* const closed_sentence = "The connection was closed by the endpoint.";
const char* const malformed_sentence = "The endpoint returned an invalid HTTP response.";
const char* const header_too_long_sentence =
    "The headers of the response are longer than 16384 bytes.";
const char* const resolution_failed_sentence = "DNS resolution failed";
const char* const endless_handshake_sentence = "SSL handshake failed (too long).";
const char* const restricted_sentence = "The IP address is restricted or private.";

std::string words_for_status(bool success, int code, const std::string& reason,
                             const std::string& resolved) {
  return fmt::format("{}: {}", success ? "Success" : "Failure", code_words(code, reason, resolved));
}

std::string words_for_missing_string(int code, const std::string& reason,
                                     const std::string& resolved) {
  return fmt::format(
      "Failure: {}. The search string was not found in the first 5120 bytes of the response body.",
      code_words(code, reason, resolved));
}

std::string words_for_failure(const std::string& sentence, const std::string& resolved) {
  if (resolved.empty()) return "Failure: " + sentence;
  return fmt::format("Failure: Resolved IP: {}. {}", resolved, sentence);
}

std::string words_for_connection(const std::string& resolved) {
  if (resolved.empty()) return "Success: Connection established";
  return fmt::format("Success: Resolved IP: {}. Connection established", resolved);
}

std::string sentence_for_errno(int error) {
  switch (error) {
    case ETIMEDOUT:
      return timed_out_sentence;
    case ECONNREFUSED:
      return "The connection was refused by the endpoint.";
    case ECONNRESET:
    case EPIPE:
      return closed_sentence;
    default:
      return fmt::format("The endpoint could not be reached ({}).", std::strerror(error));
  }
}

std::string sentence_for_tls() {
  const unsigned long error = ERR_peek_error();
  if (error == 0 || ERR_GET_LIB(error) != ERR_LIB_SSL) return "";
  const int reason = ERR_GET_REASON(error);
  if (reason > SSL_AD_REASON_OFFSET && reason < SSL_AD_REASON_OFFSET + 256) {
    const char* const name = SSL_alert_desc_string_long(reason - SSL_AD_REASON_OFFSET);
    return "SSL alert " + replace_all(name, " ", "_");
  }
  if (reason == SSL_R_UNEXPECTED_EOF_WHILE_READING) return closed_sentence;
  const char* const text = ERR_reason_error_string(error);
  return fmt::format("SSL handshake failed ({}).", text ? text : "unknown reason");
}

}  // namespace sitelatch::net

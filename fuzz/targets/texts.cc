// SPDX-License-Identifier: Apache-2.0
// The small readers at the bottom: numbers, times, durations, encodings, ARNs, endpoints, JSON
// values. Input: what, bytes.
#include "aws/auth/arn.h"
#include "aws/wire/codec.h"
#include "aws/wire/value.h"
#include "base/text.h"
#include "base/time.h"
#include "function/connection.h"
#include "net/io/endpoint.h"
#include "target.h"

using namespace sitelatch;
using fuzz::require;

namespace {

void encodings(const std::string& bytes) {
  require(unbase64(base64(bytes)) == bytes, "base64 comes back");
  require(unhex(hex(bytes)) == bytes, "hex comes back");
  require(percent_decode(percent_encode(bytes)) == bytes, "percent-encoding comes back");
  if (const auto decoded = unbase64(bytes))
    require(unbase64(base64(*decoded)) == *decoded, "what base64 says can be said");
  (void)unhex(bytes);
  (void)percent_decode(bytes, Plus::is_space);
  if (valid_utf8(bytes)) require(utf8_length(bytes) <= bytes.size(), "characters have bytes");
}

void times(const std::string& text) {
  (void)parse_int(text);
  (void)parse_double(text);
  if (const auto duration = parse_duration(text)) (void)describe(*duration);
  if (const auto at = parse_iso8601(text)) {
    const auto again = parse_iso8601(iso8601_seconds(*at));
    require(!again || unix_seconds(*again) == unix_seconds(*at), "a time comes back");
  }
  try {
    const auto at = aws::codec::read_timestamp(text);
    std::string out;
    for (const auto format : {aws::TimestampFormat::iso8601, aws::TimestampFormat::epoch_seconds,
                              aws::TimestampFormat::http_date})
      aws::codec::write_timestamp(out, at, format);
  } catch (const aws::codec::Malformed& malformed) {
    require(!malformed.message().empty(), "a refusal says why");
  }
}

void places(const std::string& text) {
  if (const auto arn = aws::parse_arn(text)) require(arn->text() == text, "an ARN comes back");
  if (const auto endpoint = net::parse_endpoint(text)) {
    const auto again = net::parse_endpoint(net::to_string(*endpoint));
    require(again && again->address == endpoint->address && again->port == endpoint->port,
            "an endpoint comes back");
  }
  if (const auto endpoint = function::parse_endpoint(text)) (void)endpoint->host_header();
}

void values(const std::string& text) {
  const auto value = aws::from_json(text);
  if (!value) return;
  const auto written = aws::to_json(*value);
  const auto again = aws::from_json(written);
  require(again && aws::to_json(*again) == written, "a value that is written can be read");
}

void packed(const std::string& bytes) {
  require(aws::codec::inflate_gzip(aws::codec::deflate_gzip(bytes), bytes.size() + 1) == bytes,
          "gzip comes back");
  try {
    require(aws::codec::inflate_gzip(bytes, 10'000).size() <= 10'000, "inflating has a bound");
  } catch (const aws::codec::Malformed&) {
  }
}

}  // namespace

FUZZ_TARGET(texts) {
  const auto what = input.choice(5);
  const auto bytes = input.rest();
  switch (what) {
    case 0:
      return encodings(bytes);
    case 1:
      return times(bytes);
    case 2:
      return places(bytes);
    case 3:
      return values(bytes);
    default:
      packed(bytes);
  }
}

// SPDX-License-Identifier: Apache-2.0
// Bytes as requests of every protocol: recognised, decoded, validated, encoded again. The first
// byte chooses the form. With libFuzzer, or as a replayer of files (SITELATCH_FUZZ_REPLAY).
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "aws/wire.h"

namespace {

using namespace sitelatch::aws;

HttpRequest request_of(unsigned form, std::string body) {
  HttpRequest request;
  request.method = "POST";
  switch (form % 7) {
    case 0:
      request.headers.set("Content-Type", "application/x-www-form-urlencoded");
      request.body = "Action=PutMetricAlarm&Version=2010-08-01&" + body;
      return request;
    case 1:
      request.headers.set("X-Amz-Target", "GraniteServiceVersion20100801.PutMetricAlarm");
      break;
    case 2:
      request.headers.set("smithy-protocol", "rpc-v2-cbor");
      request.target = "/service/GraniteServiceVersion20100801/operation/PutMetricData";
      break;
    case 3:
      request.target = "/2013-04-01/hostedzone/Z1/rrset";
      break;
    case 4:
      request.target = "/2015-03-31/functions";
      break;
    case 5:
      request.headers.set("X-Amz-Target", "GraniteServiceVersion20100801.PutMetricData");
      request.headers.set("Content-Encoding", "gzip");
      break;
    default:
      request.target = "/" + body;
      return request;
  }
  request.body = std::move(body);
  return request;
}

void exercise(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return;
  const auto request = request_of(data[0], {reinterpret_cast<const char*>(data) + 1, size - 1});
  const auto what = recognise(request);
  const auto input = decode_input(what, request);
  if (!input) {
    encode_error(what, input.error(), "id");
    return;
  }
  if (const auto invalid = validate(what, *input)) encode_error(what, *invalid, "id");
  const auto again = encode_request(*what.service, *what.operation, what.protocol, *input);
  if (!decode_input(recognise(again, what.service->signing_name), again)) {
    // Labels may be absent or empty in what we made up; bodies must read again.
    if (what.labels.empty() && what.protocol != Protocol::rest_json &&
        what.protocol != Protocol::rest_xml)
      std::abort();
  }
  // The same bytes as an answer.
  HttpResponse response;
  response.body = request.body;
  response.status = data[0] & 0x80 ? 400 : 200;
  (void)decode_response(*what.service, *what.operation, what.protocol, response).has_value();
}

}  // namespace

#ifdef SITELATCH_FUZZ_REPLAY
int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    std::ifstream in{argv[i], std::ios::binary};
    const std::string bytes{std::istreambuf_iterator<char>{in}, {}};
    exercise(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  }
  return 0;
}
#else
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  exercise(data, size);
  return 0;
}
#endif

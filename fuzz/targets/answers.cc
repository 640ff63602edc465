// SPDX-License-Identifier: Apache-2.0
// Anything as an answer of AWS's: the client decodes it, or says what is wrong with it. Input:
// service, operation (two bytes), protocol, good or bad status, content type, error header, body.
#include "aws/wire/wire.h"
#include "base/time.h"
#include "client/curl_transport.h"
#include "client/error.h"
#include "client/retry.h"
#include "target.h"

using namespace sitelatch;
using namespace sitelatch::aws;

FUZZ_TARGET(answers) {
  static constexpr int statuses[] = {200, 400, 403, 404, 413, 429, 500, 503, 301, 0};
  const auto names = service_names();
  const auto& model = service_model(names[input.choice(names.size())]);
  const auto& operation = model.operations[input.number() % model.operations.size()];
  const auto protocol = model.protocols[input.choice(model.protocols.size())];
  if (operation.known_only) return;
  HttpResponse response;
  response.status = statuses[input.choice(std::size(statuses))];
  // Header lines as libcurl hands them over.
  for (auto line = input.text(); !line.empty(); line = input.text())
    client::take_header_line(response.headers, line);
  response.body = input.rest();
  (void)parse_http_date(response.headers.get("Date"));
  const auto decoded = decode_response(model, operation, protocol, response);
  if (decoded) return (void)to_json(*decoded);
  require(!decoded.error().code.empty(), "an error has a code");
  client::Error error;
  error.code = decoded.error().code;
  error.message = decoded.error().message;
  error.status = response.status;
  error.service = model.name;
  error.operation = operation.name;
  (void)client::retry_of(error);
  (void)client::is_absent(error);
  (void)client::is_denied(error);
  require(!client::explain(error, "do it").empty(), "an error can be explained");
}

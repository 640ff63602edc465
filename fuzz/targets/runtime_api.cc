// SPDX-License-Identifier: Apache-2.0
// What a function says to the Runtime API and on its output, in pieces of any size: the same
// requests however the bytes were cut, nothing kept beyond the limits. Input: size of pieces,
// bytes.
#include "net/functions/runtime_api.h"

#include <algorithm>

#include "net/functions/output.h"
#include "target.h"

using namespace sitelatch;

namespace {

std::string read_requests(std::string_view bytes, std::size_t piece) {
  net::RuntimeRequestReader reader;
  std::string out;
  while (!bytes.empty() && !reader.broken()) {
    const auto taken = bytes.substr(0, piece);
    bytes.remove_prefix(taken.size());
    reader.feed(taken);
    while (const auto request = reader.take()) {
      fuzz::require(request->body.size() <= net::max_runtime_payload, "a body has a limit");
      const auto call = net::recognise_runtime_call(*request);
      out += request->method + ' ' + request->path + ' ' + std::to_string(request->body.size()) +
             (request->keep_alive ? " keep" : " close") +
             std::to_string(static_cast<int>(call.kind)) + call.request_id + '\n';
      for (const auto& [name, value] : request->headers) out += name + '=' + value + '\n';
      out += request->body + '\n';
    }
    (void)reader.take_expectation();
  }
  return out + (reader.broken() ? "broken" : "");
}

std::vector<std::string> read_output(std::string_view bytes, std::size_t piece) {
  net::FunctionOutput output{"\x1bmark", 4096};
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size())))
    output.feed(bytes.substr(0, piece));
  auto lines = output.take();
  std::size_t size = 0;
  for (const auto& line : lines) size += line.size();
  fuzz::require(size <= 2 * 4096 + 64, "what a function prints is kept up to a limit");
  (void)output.take_dropped();
  return lines;
}

}  // namespace

FUZZ_TARGET(runtime_api) {
  const auto piece = std::max<std::size_t>(1, input.byte());
  const auto bytes = input.rest();
  require(read_requests(bytes, piece) == read_requests(bytes, bytes.size() + 1),
          "requests do not depend on the pieces");
  (void)read_output(bytes, piece);
  (void)net::runtime_error(400, bytes, bytes);
}

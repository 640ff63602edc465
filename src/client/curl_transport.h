// SPDX-License-Identifier: Apache-2.0
// The real Transport: libcurl, loaded with the first request. One handle keeps the connections, the
// names looked up and the certificates of all hosts. TLS is always verified; no redirects; answers
// are read up to a bound.
#pragma once

#include <memory>

#include "client/transport.h"

namespace sitelatch::client {

// One line of an answer's head as libcurl hands it over, into the headers; an interim answer's (100
// Continue) are forgotten when the next status line comes.
void take_header_line(aws::Headers& headers, std::string_view line);

class CurlTransport final : public Transport {
 public:
  CurlTransport();
  ~CurlTransport() override;
  CurlTransport(const CurlTransport&) = delete;
  CurlTransport& operator=(const CurlTransport&) = delete;

  Result<aws::HttpResponse, TransportError> send(const Exchange& exchange) override;

 private:
  class Handle;
  std::unique_ptr<Handle> handle_;
};

}  // namespace sitelatch::client

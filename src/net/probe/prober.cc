// SPDX-License-Identifier: Apache-2.0
#include "net/probe/prober.h"

#include <fmt/format.h>

#include "net/probe/thread.h"

namespace sitelatch::net {

SocketProber::SocketProber(const ProbeLimits& limits,
                           std::function<void(std::function<void()>)> post)
    : thread_(std::make_unique<Thread>(limits, std::move(post))) {}
SocketProber::~SocketProber() = default;

void SocketProber::probe(ports::ProbeRequest request,
                         std::function<void(ports::Observation)> done) {
  thread_->submit(std::move(request), std::move(done));
}

void SocketProber::publish(std::shared_ptr<const dns::View> view) {
  thread_->publish(std::move(view));
}

std::string probe_request_text(const ports::ProbeRequest& request) {
  std::string host = request.host_name;
  if (host.empty()) {
    const bool v6 = request.address.find(':') != std::string::npos;
    host = v6 ? "[" + request.address + "]" : request.address;
  }
  const std::uint16_t usual = request.kind == ports::ProbeRequest::Kind::https ? 443 : 80;
  if (request.port != usual) host += fmt::format(":{}", request.port);
  const std::string slash = request.path.empty() || request.path[0] != '/' ? "/" : "";
  return fmt::format(
      "GET {}{} HTTP/1.1\r\n"
      "Host: {}\r\n"
      "Connection: close\r\n"
      "User-Agent: Amazon-Route53-Health-Check-Service (ref {}; report http://amzn.to/1vsZADi)\r\n"
      "Accept: */*\r\n"
      "Accept-Encoding: identity,gzip,deflate\r\n\r\n",
      slash, request.path, host, request.health_check_id);
}

}  // namespace sitelatch::net

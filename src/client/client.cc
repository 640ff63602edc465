// SPDX-License-Identifier: Apache-2.0
#include "client/client.h"

#include <unistd.h>

#include "client/curl_transport.h"
#include "client/fault_transport.h"
#include "client/session.h"
#include "net/io/system_ports.h"

namespace sitelatch::client {
namespace {

constexpr int killed_status = 137;

// A client with the world it borrows.
class ConnectedClient final : public Aws {
 public:
  explicit ConnectedClient(Options options)
      : faults_(curl_, fault_plan(*environment_), [] { ::_exit(killed_status); }),
        client_(std::move(options), {*environment_, *clock_, entropy_, faults_}) {}

  Outcome<Reply> send(const Call& call) override { return client_.send(call); }
  std::string region() override { return client_.region(); }
  Duration clock_offset() const override { return client_.clock_offset(); }
  aws::EndpointVariant endpoint_variant() override { return client_.endpoint_variant(); }

 private:
  std::unique_ptr<Environment> environment_ = system_environment();
  std::unique_ptr<Clock> clock_ = system_clock();
  net::SystemEntropy entropy_;
  CurlTransport curl_;
  FaultTransport faults_;
  Client client_;
};

}  // namespace

Client::Client(Options options, Dependencies dependencies)
    : session_(std::make_unique<Session>(std::move(options), dependencies)) {}
Client::~Client() = default;

Outcome<Reply> Client::send(const Call& call) { return session_->send(call); }
std::string Client::region() { return session_->region(); }
Duration Client::clock_offset() const { return session_->clock_offset(); }
aws::EndpointVariant Client::endpoint_variant() { return session_->endpoint_variant(); }
Outcome<std::string> Client::endpoint(std::string_view service, std::string_view region) {
  return session_->endpoint(service, region);
}
Outcome<std::string> Client::credentials_source() { return session_->credentials_source(); }

std::unique_ptr<Aws> connect(Options options) {
  return std::make_unique<ConnectedClient>(std::move(options));
}

}  // namespace sitelatch::client

// SPDX-License-Identifier: Apache-2.0
#include "wired_account.h"

#include <utility>

#include "native_function.h"

namespace sitelatch::guard::test {
namespace {

realism::Fault fault_of(Break how, const WiredAccount::Made& call) {
  using realism::FaultKind;
  realism::Fault fault;
  fault.service = call.service;
  fault.operation = call.operation;
  fault.region = call.region;
  switch (how) {
    case Break::throttled_once:
      fault.count = 1;
      [[fallthrough]];
    case Break::throttled:
      fault.kind = FaultKind::throttle;
      return fault;
    case Break::denied:
      fault.kind = FaultKind::deny;
      return fault;
    case Break::lost_once:
      fault.count = 1;
      [[fallthrough]];
    case Break::unheard:
      fault.kind = FaultKind::lose_answer;
      return fault;
    case Break::late:
      fault.kind = FaultKind::lag;
      fault.operation.clear();
      fault.behind = 20s;
      return fault;
  }
  return fault;
}

}  // namespace

std::string_view to_string(Break how) {
  switch (how) {
    case Break::throttled_once:
      return "throttled once";
    case Break::throttled:
      return "throttled";
    case Break::denied:
      return "denied";
    case Break::lost_once:
      return "answer lost once";
    case Break::unheard:
      return "answers lost";
    case Break::late:
      return "late";
  }
  return "";
}

Result<aws::HttpResponse, client::TransportError> WiredAccount::Wire::send(
    const client::Exchange& exchange) {
  auto request = exchange.request;
  request.peer = "192.0.2.77";
  auto response = story.http(std::move(request));
  if (response.lost)
    return failure(client::TransportError{client::Cause::connection, "the connection was closed"});
  return response;
}

WiredAccount::WiredAccount() {
  const auto root = story.root();
  environment.variables = {{"AWS_ACCESS_KEY_ID", root.access_key_id},
                           {"AWS_SECRET_ACCESS_KEY", root.secret_access_key},
                           {"AWS_REGION", "us-east-1"},
                           {"AWS_ENDPOINT_URL", "http://aws.test"},
                           {"AWS_EC2_METADATA_DISABLED", "true"}};
  client_ = std::make_unique<client::Client>(
      client::Options{}, client::Dependencies{environment, *this, entropy_, wire_});
  story.functions[default_names(check()).function] = native_function();
}

void WiredAccount::break_from(const Made& call, Break how) { realism().add(fault_of(how, call)); }

void WiredAccount::mend() {
  before_call = nullptr;
  realism().clear();
}

client::Outcome<client::Reply> WiredAccount::send(const client::Call& call) {
  const bool global = call.service == "route53" || call.service == "iam" || call.service == "sts";
  made_.push_back(
      {call.service, call.operation, global || call.region.empty() ? "us-east-1" : call.region});
  if (before_call) before_call(made_.back());
  return client_->send(call);
}

}  // namespace sitelatch::guard::test

// SPDX-License-Identifier: Apache-2.0
// The one door for all AWS requests: recognise, authenticate, decode, validate, authorise, handle,
// encode. It knows no service by name: what it needs to know stands in the models and in each
// Service. Every reply, of a read too, leaves once everything that it may rest on is durable.
// Called on the control thread only.
//
//   serve -> hooks -> recognise -> who signed? -> decode, validate -> may they? -> Service::handle
//     -> encode -> reply
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "aws/http.h"
#include "aws/policy.h"
#include "aws/service.h"
#include "aws/sigv4.h"
#include "aws/wire.h"
#include "ports/entropy.h"
#include "ports/journal.h"
#include "ports/timers.h"
#include "ports/wall_clock.h"
#include "services/iam/identities.h"

namespace sitelatch::engine {

class Gateway {
 public:
  struct Options {
    std::string account = "000000000000";
    bool accept_any_credentials = false;   // a key that nobody has is the account's root
    std::size_t largest_body = 80u << 20;  // a zip of 50 MB in base64, and its surroundings
  };
  using Reply = std::function<void(aws::HttpResponse)>;
  // Requests that are not AWS's (certificates, pages): answers true when it took the request, and
  // then replies once.
  using Hook = std::function<bool(const aws::HttpRequest&, const Reply&)>;

  Gateway(const ports::WallClock& wall, ports::Timers& timers, ports::Entropy& entropy,
          ports::Journal& journal, const iam::Identities& identities,
          std::vector<aws::Service*> services, Options options);

  void add_hook(Hook hook) { hooks_.push_back(std::move(hook)); }
  // Replies exactly once, on the control thread, never inside this call except for what a hook
  // answers.
  void serve(aws::HttpRequest request, Reply reply);

  // Handled operations by model name: the registry that coverage is written from.
  std::map<std::string, std::vector<std::string>> handled() const;

 private:
  struct Exchange;
  struct Handled {
    aws::Service* service = nullptr;
    std::set<std::string, std::less<>> operations;
  };

  void answer(const std::shared_ptr<Exchange>& exchange, const aws::Outcome<>& outcome);
  // Each step of the way to the handler; an Error ends it.
  aws::Outcome<Done> prepare(Exchange& exchange);
  aws::Outcome<Done> authenticate(Exchange& exchange, const aws::Service* service);
  aws::Outcome<Done> authorise(const Exchange& exchange, const aws::Service& service);
  aws::ConditionKeys global_keys(const Exchange& exchange) const;
  std::string http_date() const;

  const ports::WallClock& wall_;
  ports::Timers& timers_;
  ports::Entropy& entropy_;
  ports::Journal& journal_;
  const iam::Identities& identities_;
  Options options_;
  std::map<std::string, Handled, std::less<>> services_;  // by model name
  std::vector<Hook> hooks_;
  aws::SignatureVerifier verifier_;
  aws::PolicyCache resource_policies_;
};

}  // namespace sitelatch::engine

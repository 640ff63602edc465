// SPDX-License-Identifier: Apache-2.0
// The one door for all AWS requests: recognise, authenticate, decode, validate, authorise, handle,
// encode. It knows no service by name: what it needs to know stands in the models and in each
// Service. Every reply, of a read too, leaves once everything that it may rest on is durable.
// On the control thread, but for what its comment says otherwise.
//
//   serve -> hooks -> claim, service -> who signed? -> inflate, decode, validate -> [realism]
//     -> may they? -> Service::handle -> encode -> reply
//
// Before the signature is verified nothing of the body is decoded. Of large and of compressed
// bodies the hash and all decoding are left to Workers.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "aws/auth/policy.h"
#include "aws/auth/sigv4.h"
#include "aws/service/service.h"
#include "aws/wire/http.h"
#include "aws/wire/wire.h"
#include "engine/past.h"
#include "engine/realism/realism.h"
#include "engine/tally.h"
#include "engine/workers.h"
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
    Workers* workers = nullptr;            // none: everything is done on the control thread
    // Both or none: how the engine departs from an account that is always there, and what was so a
    // while ago.
    realism::Realism* realism = nullptr;
    Past* past = nullptr;
    Tally* tally = nullptr;  // of what is answered; outlives this
  };
  using Reply = std::function<void(aws::HttpResponse)>;
  using Vouch = std::function<void()>;
  // What the server is told of who sent a request; each may be empty, or called once.
  struct Standing {
    Vouch vouch;  // the caller has proved who it is
    Vouch admit;  // nobody is named, and whose the thing is lets everybody in
  };
  // Requests that are not AWS's (certificates, pages): answers true when it took the request, and
  // then replies once.
  using Hook = std::function<bool(const aws::HttpRequest&, const Reply&)>;

  Gateway(const ports::WallClock& wall, ports::Timers& timers, ports::Entropy& entropy,
          ports::Journal& journal, const iam::Identities& identities,
          const std::vector<aws::Service*>& services, Options options);

  void add_hook(Hook hook) { hooks_.push_back(std::move(hook)); }
  // Replies exactly once, on the control thread, never inside this call except for what a hook
  // answers. `vouch` is called once the caller has proved who it is.
  void serve(aws::HttpRequest request, Reply reply, Vouch vouch = {});

  // --- before a body is taken ---
  // The refusal of a request by its head and the length it announces: no signature or a broken one,
  // scope and age, more than the operation takes; else what it takes at most. On any thread.
  struct BodyLimit {
    std::size_t bytes = 0;
    std::optional<aws::SignatureClaim> claim;
  };
  aws::Outcome<BodyLimit> body_limit(const aws::HttpRequest& head,
                                     std::optional<std::uint64_t> length) const;
  // Whether the key that a claim names exists at all.
  aws::Outcome<Done> known_key(const aws::SignatureClaim& claim) const;

  // --- for what is no operation of a model (url_door.h) ---
  // By a head: whether the scope, the age and the key of a signature could be right.
  aws::Outcome<Done> plausible(const aws::SignatureClaim& claim,
                               const aws::ServiceModel& service) const;
  // Whose signature it is. `body_hash`: what hash_of_body gave; empty: it is hashed here.
  aws::Outcome<aws::Caller> signer_of(const aws::HttpRequest& request,
                                      const aws::SignatureClaim& claim,
                                      const aws::ServiceModel& service,
                                      const std::string& body_hash);
  // Who wants something, and how the request for it came.
  struct Asker {
    const aws::HttpRequest& request;
    const aws::Caller& caller;
    const aws::ServiceModel& service;
    std::string region;
    const realism::Ruling& ruling;
  };
  // Whether the policies that have a say grant all of it.
  aws::Outcome<Done> permit(const Asker& asker, const std::vector<aws::Permission>& asked);

  // Handled operations by model name: the registry that coverage is written from.
  std::map<std::string, std::vector<std::string>> handled() const;

 private:
  struct Exchange;
  using Shared = std::shared_ptr<Exchange>;
  struct Handled {
    aws::Service* service = nullptr;
    std::set<std::string, std::less<>> operations;
  };

  // Runs a step; an Error, or what it throws, is the request's answer.
  template <class Step>
  void guarded(const Shared& exchange, Step step);
  void offload(const Shared& exchange, void (Gateway::*work)(Exchange&) const,
               aws::Outcome<Done> (Gateway::*then)(const Shared&));
  void answer(const Shared& exchange, const aws::Outcome<>& outcome);
  static void count(const Exchange& exchange, int status, Tally& tally);
  // The way to the handler, in this order.
  aws::Outcome<Done> begin(const Shared& exchange);
  void hash_body(Exchange& exchange) const;  // on a worker, if heavy
  aws::Outcome<Done> verify(const Shared& exchange);
  void read(Exchange& exchange) const;  // on a worker, if heavy
  aws::Outcome<Done> handle(const Shared& exchange);

  const Handled* find(const aws::ServiceModel* model) const;
  std::size_t largest_body(const aws::Recognised& what, bool is_signed) const;
  aws::Outcome<Done> identify(Exchange& exchange) const;
  aws::Outcome<Done> check_scope(const aws::SignatureClaim& claim,
                                 const aws::ServiceModel& service) const;
  aws::Outcome<Done> authenticate(Exchange& exchange);
  aws::Outcome<Done> decode(Exchange& exchange) const;
  bool any_key_will_do(const aws::HttpRequest& head, const aws::SignatureClaim& claim) const;
  std::string region_asked(const Exchange& exchange) const;
  aws::Outcome<Done> consult_realism(Exchange& exchange) const;
  aws::PolicySet policies_of(const Asker& asker) const;
  aws::Outcome<Done> authorise(const Exchange& exchange, const aws::Service& service);
  void note_use(const Exchange& x) const;
  aws::ConditionKeys global_keys(const Asker& asker) const;

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

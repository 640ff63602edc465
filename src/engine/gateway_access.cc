// SPDX-License-Identifier: Apache-2.0
// The gateway's questions: who signed this, what stands in its way, and may they.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "engine/gateway.h"
#include "engine/gateway_exchange.h"
#include "engine/web_origin.h"

namespace sitelatch::engine {
namespace {
// Services with one endpoint for the world: clients sign with whatever region they are set to (fact
// gateway-4).
constexpr std::array<std::string_view, 3> global_services = {"iam", "route53", "sts"};

bool is_global(const aws::ServiceModel& model) {
  return std::find(global_services.begin(), global_services.end(), model.name) !=
         global_services.end();
}

// "sns.eu-west-1.amazonaws.com" says a region; "127.0.0.1:4566" does not.
std::string region_of_host(const std::string& host) {
  for (const auto part : split(host, '.'))
    if (aws::looks_like_region(part)) return std::string{part};
  return "us-east-1";
}

// SNS has a code of its own for what others call AccessDenied; its model says so.
std::string denied_code(const aws::ServiceModel& model) {
  return model.error_shape("AuthorizationError") ? "AuthorizationError" : "AccessDenied";
}
}  // namespace

// Scope and age.
aws::Outcome<Done> Gateway::check_scope(const aws::SignatureClaim& claim,
                                        const aws::ServiceModel& service) const {
  aws::ExpectedScope expected{service.signing_name};
  if (is_global(service)) expected.region = aws::ExpectedScope::Region::any;
  return aws::check_claim(claim, expected, wall_.now());
}

// A key that nobody has is root's, when that was asked for. Never a browser's: then any page that a
// person looks at would be root.
bool Gateway::any_key_will_do(const aws::HttpRequest& head,
                              const aws::SignatureClaim& claim) const {
  return options_.accept_any_credentials && !from_browser(head) &&
         !identities_.knows(claim.access_key_id, claim.session_token);
}

aws::Outcome<Done> Gateway::authenticate(Exchange& x) {
  if (!x.claim) {
    x.region = region_of_host(x.request.headers.get("Host"));
    const auto* handled = find(x.what.service);
    // What is packed is looked into later, and may turn out to be another operation.
    const bool packed = x.request.headers.find("Content-Encoding") != nullptr;
    if (!handled || !x.what.operation || packed ||
        !handled->service->allows_anonymous(x.what.operation->name))
      return failure(aws::missing_authentication());
    return Done{};
  }
  const auto& signature = *x.claim;
  x.region = signature.region;
  if (!x.what.service) return Done{};  // refused for that, when it is decoded
  auto caller = signer_of(x.request, signature, *x.what.service, x.body_hash);
  if (!caller) return failure(caller.error());
  x.caller = std::move(*caller);
  x.verified_for = x.what.service;
  return Done{};
}

aws::Outcome<aws::Caller> Gateway::signer_of(const aws::HttpRequest& request,
                                             const aws::SignatureClaim& claim,
                                             const aws::ServiceModel& service,
                                             const std::string& body_hash) {
  if (any_key_will_do(request, claim)) {
    if (!is_global(service) && !aws::looks_like_region(claim.region))
      return aws::refuse(
          "SignatureDoesNotMatch",
          fmt::format("Credential should be scoped to a valid Region, not '{}'. ", claim.region));
    auto root = identities_.root_caller();
    root.access_key_id = claim.access_key_id;
    return root;
  }
  const auto in_scope = check_scope(claim, service);
  if (!in_scope) return failure(in_scope.error());
  auto known = identities_.find_key(claim.access_key_id, claim.session_token);
  if (!known) return failure(known.error());
  const auto verified = verifier_.verify(request, claim, known->secret_access_key, body_hash);
  if (!verified) return failure(verified.error());
  // A federated user has no say in IAM (API GetFederationToken).
  if (known->caller.federated && service.name == "iam")
    return aws::refuse("InvalidClientTokenId",
                       "The security token included in the request is invalid.");
  return std::move(known->caller);
}

aws::Outcome<Done> Gateway::plausible(const aws::SignatureClaim& claim,
                                      const aws::ServiceModel& service) const {
  const auto in_scope = check_scope(claim, service);
  if (!in_scope && !options_.accept_any_credentials) return in_scope;
  return known_key(claim);
}

// Of global services, where their control plane is.
std::string Gateway::region_asked(const Exchange& x) const {
  return is_global(*x.what.service) ? "us-east-1" : x.region;
}

// Measurements age by what is asked for; everything else by what is asked.
aws::Outcome<Done> Gateway::consult_realism(Exchange& x) const {
  const auto now = timers_.now();
  const std::string_view service = x.what.service->name, operation = x.what.operation->name;
  const auto region = region_asked(x);
  x.ruling = options_.realism->rule({service, operation, region}, now);
  if (x.ruling.refusal) return failure(*x.ruling.refusal);
  const auto then = now - x.ruling.answer_age;
  if (then == now) return Done{};
  if (service == "cloudwatch" && operation.starts_with("GetMetric")) {
    if (x.input["EndTime"].is_timestamp() && x.input["EndTime"].timestamp() > then)
      x.input.set("EndTime", then);
  } else {
    x.past = options_.past->at(then, service);
  }
  return Done{};
}

// The caller's rights, as they are known by now.
aws::PolicySet Gateway::policies_of(const Asker& asker) const {
  const auto past = asker.ruling.rights_age > Duration{}
                        ? options_.past->at(timers_.now() - asker.ruling.rights_age, "iam")
                        : nullptr;
  auto policies = past ? identities_.policies_of(asker.caller, past->identities())
                       : identities_.policies_of(asker.caller);
  if (options_.realism) policies.service_control = options_.realism->service_control();
  return policies;
}

aws::ConditionKeys Gateway::global_keys(const Asker& asker) const {
  const auto& request = asker.request;
  aws::ConditionKeys keys;
  identities_.add_keys(asker.caller, keys);
  const auto now = timers_.now();
  keys.set("aws:currenttime", iso8601_seconds(now));
  keys.set("aws:epochtime", std::to_string(unix_seconds(now)));
  keys.set("aws:requestedregion", asker.region);
  // Clients of AWS come by TLS; that they reach an engine on this machine without is no difference
  // that their policies should meet (fact gateway-9).
  keys.set("aws:securetransport", "true");
  keys.set("aws:viaawsservice", "false");
  if (!request.peer.empty()) keys.set("aws:sourceip", request.peer);
  if (const auto* agent = request.headers.find("User-Agent")) keys.set("aws:useragent", *agent);
  if (const auto* referer = request.headers.find("Referer")) keys.set("aws:referer", *referer);
  return keys;
}

aws::Outcome<Done> Gateway::authorise(const Exchange& x, const aws::Service& service) {
  note_use(x);
  return permit({x.request, x.caller, *x.what.service, region_asked(x), x.ruling},
                service.authorisation(*x.call));
}

// Every authenticated call, whatever becomes of it (fact iam-32).
void Gateway::note_use(const Exchange& x) const {
  const auto& caller = x.caller;
  const bool root = caller.kind == aws::Caller::Kind::root;
  const auto entity = root ? std::string{} : caller.user_id.substr(0, caller.user_id.find(':'));
  if (caller.federated) return;
  const auto key = root && caller.access_key_id.starts_with("AKIA")
                       ? identities_.root_key().access_key_id
                       : caller.access_key_id;
  identities_.directory().usage().note(key, entity,
                                       {timers_.now(), std::string{x.what.service->name},
                                        region_asked(x), std::string{x.what.operation->name}});
}

aws::Outcome<Done> Gateway::permit(const Asker& asker, const std::vector<aws::Permission>& asked) {
  if (asked.empty()) return Done{};
  const auto principal = aws::principal_of(asker.caller);
  const auto global = global_keys(asker);
  if (asker.ruling.denied)
    return aws::refuse(denied_code(asker.service),
                       aws::denial_text({principal, asked.front().action, asked.front().resources,
                                         asked.front().keys, asked.front().denied_as},
                                        aws::Decision{}));
  auto policies = policies_of(asker);
  const bool root = asker.caller.kind == aws::Caller::Kind::root;
  const bool no_trust_asked =
      std::none_of(asked.begin(), asked.end(),
                   [](const aws::Permission& p) { return p.resource_policy_required; });
  if (root && no_trust_asked && !policies.session && policies.service_control.empty())
    return Done{};

  for (const auto& permission : asked) {
    auto keys = permission.keys;
    keys.add_missing(global);
    policies.trust = permission.resource_policy_required;
    policies.resource = permission.resource_policy.empty()
                            ? nullptr
                            : resource_policies_.get(permission.resource_policy,
                                                     policies.trust ? aws::PolicyUse::trust
                                                                    : aws::PolicyUse::resource);
    const aws::AccessRequest request{principal, permission.action, permission.resources, keys,
                                     permission.denied_as};
    const auto decision = aws::evaluate(request, policies);
    if (!decision.allowed())
      return aws::refuse(denied_code(asker.service), aws::denial_text(request, decision));
  }
  return Done{};
}

}  // namespace sitelatch::engine

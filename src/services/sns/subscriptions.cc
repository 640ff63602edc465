// SPDX-License-Identifier: Apache-2.0
#include "services/sns/subscriptions.h"

#include <algorithm>
#include <vector>

#include "aws/wire/stored.h"
#include "ports/rows.h"

namespace sitelatch::sns {
namespace {

constexpr std::string_view subscription_table = "sns.subscriptions";

std::string endpoint_key(const Subscription& s) {
  return s.topic_arn + '\n' + s.protocol + '\n' + s.endpoint;
}

std::pair<Instant, std::string> expiry_of(const Subscription& s) {
  return {s.token_made + token_life, s.arn};
}

}  // namespace

Subscriptions::Subscriptions(ports::Journal& journal, ports::Timers& timers)
    : journal_(journal), timers_(timers) {
  ports::take_rows(journal_, subscription_table,
                   [this](std::string_view key, std::string_view text) {
                     auto subscription = subscription_from(aws::stored_value(text));
                     ports::expect_of_row(key == subscription.arn, "another subscription's");
                     keep(std::move(subscription));
                   });
  watch_expiry();
}

const Subscription* Subscriptions::find(const std::string& arn) const {
  const auto found = subscriptions_.find(arn);
  return found == subscriptions_.end() ? nullptr : &found->second;
}

const Subscription* Subscriptions::find_by_token(const std::string& token) const {
  const auto found = by_token_.find(token);
  return found == by_token_.end() ? nullptr : find(found->second);
}

const Subscription* Subscriptions::find_same(const Subscription& like) const {
  const auto found = by_endpoint_.find(endpoint_key(like));
  return found == by_endpoint_.end() ? nullptr : find(found->second);
}

void Subscriptions::visit(const std::string& prefix, const std::string& after,
                          const std::function<bool(const Subscription&)>& visitor) const {
  for (auto at = subscriptions_.upper_bound(std::max(prefix, after));
       at != subscriptions_.end() && at->first.starts_with(prefix); ++at)
    if (!visitor(at->second)) return;
}

void Subscriptions::visit_topic(const std::string& topic_arn,
                                const std::function<void(const Subscription&)>& visitor) const {
  visit(topic_arn + ":", "", [&](const Subscription& s) {
    visitor(s);
    return true;
  });
}

const Subscription& Subscriptions::save(Subscription subscription) {
  journal_.put(subscription_table, subscription.arn, aws::to_json(to_value(subscription)));
  const Subscription& kept = keep(std::move(subscription));
  watch_expiry();
  return kept;
}

void Subscriptions::forget(const std::string& arn) {
  const auto found = subscriptions_.find(arn);
  if (found == subscriptions_.end()) return;
  journal_.erase(subscription_table, arn);
  remove_from_indexes(found->second);
  subscriptions_.erase(found);
}

void Subscriptions::forget_topic(const std::string& topic_arn) {
  std::vector<std::string> arns;
  visit_topic(topic_arn, [&](const Subscription& s) { arns.push_back(s.arn); });
  for (const auto& arn : arns) forget(arn);
}

const Subscription& Subscriptions::keep(Subscription s) {
  const auto [at, is_new] = subscriptions_.try_emplace(s.arn);
  if (!is_new) remove_from_indexes(at->second);
  at->second = std::move(s);
  index(at->second);
  return at->second;
}

void Subscriptions::index(const Subscription& s) {
  by_endpoint_[endpoint_key(s)] = s.arn;
  if (!s.token.empty()) by_token_[s.token] = s.arn;
  if (s.state != Subscription::State::confirmed) expiring_.insert(expiry_of(s));
}

void Subscriptions::remove_from_indexes(const Subscription& s) {
  by_endpoint_.erase(endpoint_key(s));
  by_token_.erase(s.token);
  expiring_.erase(expiry_of(s));
}

void Subscriptions::watch_expiry() {
  if (expiring_.empty()) return expiry_.cancel();
  expiry_.set(timers_, expiring_.begin()->first, [this] { forget_expired(); });
}

void Subscriptions::forget_expired() {
  while (!expiring_.empty() && expiring_.begin()->first <= timers_.now()) {
    const auto expired = expiring_.extract(expiring_.begin());
    forget(expired.value().second);
  }
  watch_expiry();
}

}  // namespace sitelatch::sns

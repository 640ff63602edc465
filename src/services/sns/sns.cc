// SPDX-License-Identifier: Apache-2.0
#include "services/sns/sns.h"

#include "aws/wire/stored.h"
#include "base/check.h"
#include "base/log.h"
#include "ports/rows.h"

namespace sitelatch::sns {

Sns::Sns(Dependencies dependencies, std::string account, std::string endpoint)
    : dependencies_(dependencies),
      account_(std::move(account)),
      endpoint_(std::move(endpoint)),
      topics_(dependencies.journal),
      subscriptions_(dependencies.journal, dependencies.timers) {
  load();
  queue_ = std::make_unique<DeliveryQueue>(dependencies_.journal, dependencies_.timers,
                                           [this](const Delivery& d) { attempt(d); });
  if (!subscriptions_.empty()) need_signing_key();
}
Sns::~Sns() = default;

bool Sns::allows_anonymous(std::string_view operation) const {
  return operation == "ConfirmSubscription" || operation == "Unsubscribe";
}

void Sns::load() {
  const auto each = [&](std::string_view table, auto&& take) {
    ports::take_rows(
        dependencies_.journal, table,
        [&](std::string_view key, std::string_view text) { take(key, aws::stored_value(text)); });
  };
  each("sns.signing", [&](std::string_view, const aws::Value& row) {
    signer_ = std::make_unique<MessageSigner>(
        SigningKey{row["private_key"].string(), row["certificate"].string()});
  });
}

// A key is made only where there is somebody to sign for: an engine without subscriptions never
// pays for it.
void Sns::need_signing_key() {
  if (signer_ || key_is_made_) return;
  key_is_made_ = true;
  dependencies_.key_maker.make(lifetime_.guard([this](const SigningKey& key) { adopt(key); }));
}

void Sns::adopt(const SigningKey& key) {
  signer_ = std::make_unique<MessageSigner>(key);
  dependencies_.journal.put(
      "sns.signing", "key",
      aws::to_json(aws::Value::structure(
          {{"private_key", key.private_key_pem}, {"certificate", key.certificate_pem}})));
  queue_->wake_parked();
}

std::optional<std::string> Sns::certificate(std::string_view path) const {
  if (!signer_ || path != "/" + signer_->certificate_name()) return std::nullopt;
  return signer_->certificate_pem();
}

}  // namespace sitelatch::sns

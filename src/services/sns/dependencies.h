// SPDX-License-Identifier: Apache-2.0
// What SNS needs of the rest of the engine: ports, and interfaces of its own that engine/
// satisfies.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "aws/service/dispatch.h"
#include "aws/service/queues.h"
#include "base/time.h"
#include "ports/courier.h"
#include "ports/entropy.h"
#include "ports/journal.h"
#include "ports/timers.h"

namespace sitelatch::sns {

class FunctionDeliveries {
 public:
  virtual aws::DispatchOutcome dispatch(const std::string& function_arn, const std::string& payload,
                                        const std::string& topic_arn) = 0;

 protected:
  ~FunctionDeliveries() = default;
};

// AWS/SNS metrics with the dimension TopicName.
class DeliveryMetrics {
 public:
  virtual void count(std::string_view region, std::string_view metric_name,
                     std::string_view topic_name, double value, std::string_view unit,
                     Instant at) = 0;

 protected:
  ~DeliveryMetrics() = default;
};

struct SigningKey {
  std::string private_key_pem, certificate_pem;
};

// Makes the key that signs notifications, away from the control thread (it takes up to a second of
// CPU time), and gives it back on the control thread, later. make_signing_key() in signer.h is the
// work itself.
class SigningKeyMaker {
 public:
  virtual void make(std::function<void(SigningKey)> done) = 0;

 protected:
  ~SigningKeyMaker() = default;
};

// All of it, owned by the engine and outliving the service.
struct Dependencies {
  ports::Journal& journal;
  ports::Timers& timers;
  ports::Entropy& entropy;
  ports::Courier& courier;
  FunctionDeliveries& functions;
  aws::Queues& queues;
  DeliveryMetrics& metrics;
  SigningKeyMaker& key_maker;
};

}  // namespace sitelatch::sns

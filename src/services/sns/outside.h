// SPDX-License-Identifier: Apache-2.0
// What SNS needs of the rest of the engine, as interfaces of its own that engine/ satisfies.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace sitelatch::sns {

// What came of handing a notification to a function's asynchronous queue.
struct Handover {
  enum class Kind {
    accepted,  // queued durably, in the same journal batch
    refused,   // a client-side error (no such function, no permission): not retried (fact sns-31)
    failed,    // a server-side error: retried for 23 days (fact sns-30)
  };
  Kind kind = Kind::failed;
  std::string request_id;  // when accepted
  std::string reason;      // otherwise, for the log
};

class FunctionDeliveries {
 public:
  virtual Handover hand_over(const std::string& function_arn, const std::string& payload,
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

}  // namespace sitelatch::sns

// SPDX-License-Identifier: Apache-2.0
// Carries messages out of the house: HTTP(S) posts to subscribers, and mail. One attempt a call;
// the sender retries.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"

namespace sitelatch::ports {

struct Post {
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  Duration limit = std::chrono::seconds{15};  // wall time for the whole exchange
};
struct Mail {
  std::string to, subject, body;
};
struct Receipt {
  int http_status = 0;  // 0: no answer (failure says why)
  std::string failure;  // empty: it arrived (for a post: an answer of any status came)
};

class Courier {
 public:
  // `done` runs once on the control thread, later, never inside the call.
  virtual void post(Post post, std::function<void(Receipt)> done) = 0;
  virtual void mail(Mail mail, std::function<void(Receipt)> done) = 0;

 protected:
  ~Courier() = default;
};

}  // namespace sitelatch::ports

// SPDX-License-Identifier: Apache-2.0
// Function URLs as their callers meet them: which there are, what a caller must be allowed to, the
// invocation and its answer, and the metrics of all that (fact lambda-50). Who the caller is, and
// whether he may, is asked by engine/url_door.h before invoke().
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "aws/auth/permission.h"
#include "aws/wire/http.h"
#include "services/lambda/functions.h"
#include "services/lambda/invoker.h"
#include "services/lambda/url_event.h"

namespace sitelatch::lambda {

class UrlServer {
 public:
  static constexpr std::size_t largest_body = 6'291'456;

  UrlServer(const Functions& functions, Invoker& invoker)
      : functions_(functions), invoker_(invoker) {}

  // Good until something is changed, so for the step in which it was asked.
  using Target = Functions::UrlOwner;
  std::optional<Target> find(const UrlPlace& place) const;

  // All must be granted: to somebody who is not named where the URL asks for no signature.
  static std::vector<aws::Permission> questions(const Target& target);

  // Runs what the URL stands for. `answer` is called once, inside the call or later.
  void invoke(const Target& target, const UrlCall& call,
              std::function<void(aws::HttpResponse)> answer);

  // What a request to a function's URL came to.
  struct Served {
    std::string region, function_name;
    int status = 0;
    Duration latency{};
  };
  void count(const Served& served) const;

 private:
  const Functions& functions_;
  Invoker& invoker_;
};

}  // namespace sitelatch::lambda

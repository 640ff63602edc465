// SPDX-License-Identifier: Apache-2.0
// An Account whose calls go the whole way: through the program's own client (signatures, retries,
// backoff, limits) and the engine's gateway, with the engine's own faults and AWS's everyday lags
// (engine/realism), and whose guard has its own function (native_function.h). What a command does
// when one call of it goes wrong is tried here:
//
//   WiredAccount account;
//   account.before_call = [&](const auto& call) { account.break_from(call, Break::unheard); };
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "account.h"
#include "client/client.h"
#include "client/transport.h"

namespace sitelatch::guard::test {

// How one call goes wrong.
enum class Break {
  throttled_once,  // and taken when it is sent again
  throttled,       // every time
  denied,
  lost_once,  // carried out, its answer lost; what is sent again is answered
  unheard,    // carried out every time, and never answered
  late,       // from this call on its service's reads answer what was so 20 s ago
};
std::string_view to_string(Break how);

class WiredAccount final : public Account {
 public:
  WiredAccount();

  struct Made {
    std::string service, operation, region;
  };
  // The calls that were made, one for each that the command meant, however often it was sent.
  const std::vector<Made>& made() const { return made_; }

  // Called before each call is sent; may break it.
  std::function<void(const Made& call)> before_call;
  // This call, and each of the same operation after it, until mend().
  void break_from(const Made& call, Break how);
  void mend();
  realism::Realism& realism() { return story.realism; }

  client::Outcome<client::Reply> send(const client::Call& call) override;

 private:
  // From the client's wire to the engine's gateway.
  struct Wire final : client::Transport {
    explicit Wire(scenario::FailoverStory& to) : story(to) {}
    Result<aws::HttpResponse, client::TransportError> send(
        const client::Exchange& exchange) override;
    scenario::FailoverStory& story;
  };

  Wire wire_{story};
  ports::sim::SeededEntropy entropy_{17};
  std::unique_ptr<client::Client> client_;
  std::vector<Made> made_;
};

}  // namespace sitelatch::guard::test

// SPDX-License-Identifier: Apache-2.0
// The accounts that a console shows: the fleet of all their guards, each guard by "guard:N:ID" (the
// N-th account's), and, where there is one, the engine itself ("engine").
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "console/console.h"
#include "console/reading.h"

namespace sitelatch::console {

struct Account {
  std::string label;        // "prod, eu-west-1"; empty: there is only this one
  guard::Context& context;  // borrowed
  Pace pace;
  Weighing weighing{};
  // Guards that no alarm tells of: health checks under the engine's own manual resume.
  std::function<std::vector<std::string>()> more_guards = [] { return std::vector<std::string>{}; };
};

struct GuardKey {
  std::size_t account = 0;
  std::string id;
};
// "guard:0:233e180f-..."; nothing: it is none.
std::optional<GuardKey> guard_key(const std::string& subject);

class Accounts final : public Looking {
 public:
  // `engine`: what the page of the engine shows; nothing: there is none.
  Accounts(std::vector<Account> accounts, std::function<aws::Value()> engine);

  bool knows(const std::string& subject) const override;
  std::chrono::milliseconds pace(const std::string& subject) const override;
  aws::Value look(const std::string& subject) override;

  // As it was at the last look; nothing: it has not been looked at. From any thread.
  std::optional<GuardView> seen(const std::string& subject) const;

 private:
  aws::Value fleet();
  aws::Value guard(const std::string& subject);

  std::vector<Account> accounts_;
  std::vector<Reader> readers_;
  const std::function<aws::Value()> engine_;
  mutable std::mutex mutex_;
  std::map<std::string, GuardView> seen_;
};

}  // namespace sitelatch::console

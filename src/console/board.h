// SPDX-License-Identifier: Apache-2.0
// Where what was seen is put up, and where pages wait for news: by subject ("fleet", "engine",
// "acts", "guard:0:ID") the newest text and its revision. Who asks for something newer than he has
// is told at once or when it comes; who waits long is told that there is nothing yet, so that both
// sides know of each other. What nobody asks for is not looked at. For any threads.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace sitelatch::console {

struct Wanted {
  std::string subject;
  std::uint64_t after = 0;  // the revision that the asker has; 0: none
};
struct Posted {
  std::string subject;
  std::uint64_t revision = 0;
  std::shared_ptr<const std::string> text;
};

class Board {
 public:
  using Clock = std::chrono::steady_clock;
  // Called once, on any thread, with what is newer; empty: nothing yet.
  using Tell = std::function<void(std::vector<Posted>)>;

  void ask(std::vector<Wanted> wanted, Tell tell);
  void post(const std::string& subject, std::string text);
  // The subjects that somebody has asked for within `within`, and waits for still or may ask again.
  std::vector<std::string> watched(std::chrono::milliseconds within) const;
  // Tells those that have waited for `patience`.
  void tell_patient(std::chrono::milliseconds patience);
  // Everybody who waits is told, and who asks from now on at once.
  void close();
  // Returns when somebody asks, or at `until`.
  void wait_for_askers(Clock::time_point until);
  // When somebody has last asked.
  Clock::time_point last_asked() const;

 private:
  struct Waiting {
    std::vector<Wanted> wanted;
    Tell tell;
    Clock::time_point since;
  };
  std::vector<Posted> newer(const std::vector<Wanted>& wanted) const;

  mutable std::mutex mutex_;
  std::condition_variable asked_;
  bool news_ = false, open_ = true;
  std::map<std::string, Posted> posted_;
  std::map<std::string, Clock::time_point> asked_for_;
  std::vector<Waiting> waiting_;
  Clock::time_point last_asked_ = Clock::now();
};

}  // namespace sitelatch::console

// SPDX-License-Identifier: Apache-2.0
#include "console/board.h"

#include <algorithm>
#include <utility>

namespace sitelatch::console {
namespace {

// A browser's tab that is gone without a word leaves one of these for a while.
constexpr std::size_t most_waiting = 48;

}  // namespace

std::vector<Posted> Board::newer(const std::vector<Wanted>& wanted) const {
  std::vector<Posted> out;
  for (const auto& one : wanted) {
    const auto found = posted_.find(one.subject);
    if (found != posted_.end() && found->second.revision > one.after) out.push_back(found->second);
  }
  return out;
}

void Board::ask(std::vector<Wanted> wanted, Tell tell) {
  std::vector<Posted> news;
  std::optional<Waiting> given_up;
  {
    const std::lock_guard lock(mutex_);
    const auto now = last_asked_ = Clock::now();
    for (const auto& one : wanted) asked_for_[one.subject] = now;
    news = newer(wanted);
    news_ = true;
    if (news.empty() && open_) {
      if (waiting_.size() >= most_waiting) {
        given_up = std::move(waiting_.front());
        waiting_.erase(waiting_.begin());
      }
      waiting_.push_back({std::move(wanted), std::exchange(tell, nullptr), now});
    }
  }
  asked_.notify_all();
  if (tell) tell(std::move(news));
  if (given_up) given_up->tell({});
}

void Board::post(const std::string& subject, std::string text) {
  std::vector<std::pair<Tell, std::vector<Posted>>> told;
  {
    const std::lock_guard lock(mutex_);
    auto& at = posted_[subject];
    at.subject = subject;
    ++at.revision;
    at.text = std::make_shared<const std::string>(std::move(text));
    std::vector<Waiting> rest;
    for (auto& one : waiting_) {
      auto news = newer(one.wanted);
      if (news.empty())
        rest.push_back(std::move(one));
      else
        told.emplace_back(std::move(one.tell), std::move(news));
    }
    waiting_ = std::move(rest);
  }
  for (auto& [tell, news] : told) tell(std::move(news));
}

std::vector<std::string> Board::watched(std::chrono::milliseconds within) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  const auto now = Clock::now();
  for (const auto& [subject, at] : asked_for_) {
    const bool waits =
        std::any_of(waiting_.begin(), waiting_.end(), [&, &subject = subject](const Waiting& one) {
          return std::any_of(one.wanted.begin(), one.wanted.end(),
                             [&](const Wanted& wanted) { return wanted.subject == subject; });
        });
    if (waits || now - at < within) out.push_back(subject);
  }
  return out;
}

void Board::tell_patient(std::chrono::milliseconds patience) {
  std::vector<Waiting> told;
  {
    const std::lock_guard lock(mutex_);
    const auto until = Clock::now() - patience;
    const auto rest = std::stable_partition(waiting_.begin(), waiting_.end(),
                                            [&](const Waiting& one) { return one.since > until; });
    told.assign(std::make_move_iterator(rest), std::make_move_iterator(waiting_.end()));
    waiting_.erase(rest, waiting_.end());
  }
  for (auto& one : told) one.tell({});
}

void Board::close() {
  std::vector<Waiting> told;
  {
    const std::lock_guard lock(mutex_);
    open_ = false;
    told.swap(waiting_);
  }
  asked_.notify_all();
  for (auto& one : told) one.tell({});
}

void Board::wait_for_askers(Clock::time_point until) {
  std::unique_lock lock(mutex_);
  asked_.wait_until(lock, until, [&] { return news_ || !open_; });
  news_ = false;
}

Board::Clock::time_point Board::last_asked() const {
  const std::lock_guard lock(mutex_);
  return last_asked_;
}

}  // namespace sitelatch::console

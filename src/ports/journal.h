// SPDX-License-Identifier: Apache-2.0
// What was acknowledged survives: named tables of key and value bytes, ordered by key (bytewise).
// All puts and erases of one control-loop batch are committed together, atomically; when_durable
// callbacks of that batch run on the control thread after the commit, in order. So an event's
// changes are all there after a crash or none of them, and whatever leaves the process (a reply, a
// DNS view, a started function) goes through when_durable. A service keeps its state in memory,
// reads its tables once at construction, and writes each changed entity through.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace sitelatch::ports {

class Journal {
 public:
  virtual void put(std::string_view table, std::string_view key, std::string_view value) = 0;
  virtual void erase(std::string_view table, std::string_view key) = 0;

  // Visits keys in [from, to) in order (to empty: to the end), own uncommitted writes included,
  // until the visitor answers false. The visitor must not write.
  using Visitor = std::function<bool(std::string_view key, std::string_view value)>;
  virtual void scan(std::string_view table, std::string_view from, std::string_view to,
                    const Visitor& visit) const = 0;
  // The same from the far end: the greatest key below `to` first, down to `from`.
  virtual void scan_back(std::string_view table, std::string_view from, std::string_view to,
                         const Visitor& visit) const = 0;
  // Erases [from, to).
  virtual void erase_range(std::string_view table, std::string_view from, std::string_view to) = 0;

  // Runs the callback on the control thread once everything written so far is durable; never inside
  // this call.
  virtual void when_durable(std::function<void()> callback) = 0;

 protected:
  ~Journal() = default;
};

}  // namespace sitelatch::ports

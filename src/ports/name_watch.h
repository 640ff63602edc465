// SPDX-License-Identifier: Apache-2.0
// What the machine's resolver says of names that are not ours (aliases' targets), kept fresh:
// looked up again when its time to live is over, by wall time, for what it looks at is outside.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace sitelatch::ports {

struct NameAnswer {
  enum class Kind {
    found,
    nothing,  // the resolver says that there is no such name, or no address at it
    unknown   // it does not say, or not in time
  };
  Kind kind = Kind::unknown;
  std::vector<std::string> addresses;  // 4 bytes or 16, sorted
  friend bool operator==(const NameAnswer&, const NameAnswer&) = default;
};

class NameWatch {
 public:
  // Until forget(). `told` runs on the control thread, never inside this call, with the first
  // answer and with each that differs from the one before. Watching what is watched already
  // changes who is told.
  virtual void watch(const std::string& name, std::function<void(const NameAnswer&)> told) = 0;
  virtual void forget(const std::string& name) = 0;

 protected:
  ~NameWatch() = default;
};

}  // namespace sitelatch::ports

// SPDX-License-Identifier: Apache-2.0
// A Unix socket (mode 0600) for commands to the running engine: one line of JSON in, one line of
// JSON out, then closed. One thread for all connections, which waits for none of them: who says
// nothing or does not read loses the connection, when others come or after seconds.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"

namespace sitelatch::net {

class ControlSocket {
 public:
  // Called on the socket's thread; `reply` once, from any thread, at no cost to it.
  using Handler = std::function<void(std::string request, std::function<void(std::string)> reply)>;

  // A stale socket file is replaced (the caller holds the directory's lock).
  static Result<std::unique_ptr<ControlSocket>> listen(const std::filesystem::path& path,
                                                       Handler handler);
  virtual ~ControlSocket() = default;  // removes the file; waits for nobody
};

// The other side: sends one line, waits for the answer's line as long as it takes.
Result<std::string> control_request(const std::filesystem::path& path, const std::string& request);

}  // namespace sitelatch::net

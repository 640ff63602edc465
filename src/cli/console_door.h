// SPDX-License-Identifier: Apache-2.0
// The engine's console, at no cost until somebody opens it: the engine keeps a listening socket,
// and starts `sitelatch console` on it when the first connection comes (as inetd does). The console
// is a process of its own: what it does costs the engine nothing, and no fault of it ends the
// engine. It ends by itself when nobody looks, and with the engine.
#pragma once

#include <string>
#include <thread>

#include "base/fd.h"
#include "base/result.h"

namespace sitelatch::cli {

class ConsoleDoor {
 public:
  // `where`: "ADDR:PORT"; empty: the usual place, or a free port where that is taken. Problem: no
  // socket there, or not this machine's own address.
  static Result<ConsoleDoor> open(const std::string& where);
  ConsoleDoor(ConsoleDoor&&) noexcept = default;
  ConsoleDoor& operator=(ConsoleDoor&&) = delete;
  ~ConsoleDoor();  // ends the console

  std::string url() const { return url_; }
  // From here on it is watched. `data_dir`: the engine's.
  void watch(const std::string& data_dir);

 private:
  ConsoleDoor(Fd listening, Fd stop, std::string token, std::string url)
      : listening_(std::move(listening)),
        stop_(std::move(stop)),
        token_(std::move(token)),
        url_(std::move(url)) {}

  Fd listening_, stop_;
  std::string token_, url_;
  std::thread watcher_;
};

}  // namespace sitelatch::cli

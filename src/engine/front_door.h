// SPDX-License-Identifier: Apache-2.0
// What is decided about a request by its head alone, on the HTTP server's thread, before its body
// is taken: whether a web page of others sent it, and how large its body may be. Only whether the
// key it names exists, and what a function's URL asks of its callers, is asked of the control
// thread, and only for large bodies.
#pragma once

#include <functional>
#include <mutex>

#include "engine/gateway.h"
#include "engine/url_door.h"
#include "engine/web_origin.h"
#include "net/http/http_server.h"

namespace sitelatch::engine {

class FrontDoor final : public net::HttpServer::Door {
 public:
  // `post` brings a task to the control thread.
  FrontDoor(AcceptedHosts hosts, std::function<void(std::function<void()>)> post)
      : hosts_(std::move(hosts)), post_(std::move(post)) {}

  // On the control thread. Until the first, and from close() to the next, large bodies are refused
  // with 503. After close() nobody is in what was opened.
  void open(const Gateway& gateway, const UrlDoor& urls);
  void close();

  std::optional<aws::HttpResponse> refusal(const aws::HttpRequest& head) const override;
  void consider(const aws::HttpRequest& head, std::optional<std::uint64_t> length,
                std::function<void(Decision)> decide) override;

 private:
  const AcceptedHosts hosts_;
  const std::function<void(std::function<void()>)> post_;
  // Held by the server's thread while it asks; the control thread, which alone changes them, reads
  // them without it.
  std::mutex mutex_;
  const Gateway* gateway_ = nullptr;
  const UrlDoor* urls_ = nullptr;
};

}  // namespace sitelatch::engine

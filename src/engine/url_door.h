// SPDX-License-Identifier: Apache-2.0
// The door beside the gateway: HTTP requests to function URLs, which are no operations of AWS's API
// (facts lambda-45 to lambda-50). Where the URL asks for a signature the gateway says whose it is;
// what policies say of the caller is asked of it too. On the control thread, but for what its
// comment says otherwise.
//
//   head -> is there such a URL? -> preflight? -> [signed? -> hash, verify] -> [realism] -> may
//   they?
//     -> room? -> the function -> answer
//
// An unknown address costs one look into a map. A request without a signature is "admitted" once
// the function's policy lets everybody in: the server counts it no longer as one that has proved
// nothing, but never keeps its connection before others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <variant>

#include "aws/wire/http.h"
#include "engine/gateway.h"
#include "engine/realism/realism.h"
#include "engine/workers.h"
#include "ports/entropy.h"
#include "ports/journal.h"
#include "ports/timers.h"
#include "ports/wall_clock.h"
#include "services/lambda/url_server.h"

namespace sitelatch::engine {

class UrlDoor {
 public:
  struct World {
    const ports::WallClock& wall;
    ports::Timers& timers;
    ports::Entropy& entropy;
    ports::Journal& journal;
    realism::Realism* realism = nullptr;  // none: nothing departs
    Workers* workers = nullptr;           // none: everything on the control thread
  };
  // Invocations at a time for callers who are not named (fact gateway-22).
  static constexpr int unsigned_at_a_time = 128;

  UrlDoor(World world, lambda::UrlServer& urls, Gateway& gateway)
      : world_(world), urls_(urls), gateway_(gateway) {}

  // Where a request goes; nothing: to the API. By its head, on any thread.
  static std::optional<lambda::UrlPlace> place_of(const aws::HttpRequest& head);

  // Replies exactly once, never inside this call.
  void serve(aws::HttpRequest request, lambda::UrlPlace place, Gateway::Reply reply,
             Gateway::Standing standing);

  // Before a large body is taken: its refusal by the head and the length that it announces, or what
  // is taken at most.
  std::variant<aws::HttpResponse, std::size_t> consider(const aws::HttpRequest& head,
                                                        const lambda::UrlPlace& place,
                                                        std::optional<std::uint64_t> length) const;

 private:
  struct Visit;
  using Shared = std::shared_ptr<Visit>;
  using Target = lambda::UrlServer::Target;

  template <class Step>
  void guarded(const Shared& visit, Step step);
  void begin(const Shared& visit);
  void verify(const Shared& visit);
  void enter(const Shared& visit);
  void invoke(const Shared& visit, const Target& target);
  bool permitted(const Target& target, const aws::HttpRequest& request, const aws::Caller& caller,
                 const realism::Ruling& ruling) const;
  aws::HttpResponse refused(const Visit& visit, const aws::Error& error) const;
  void answer(const Shared& visit, aws::HttpResponse response);

  World world_;
  lambda::UrlServer& urls_;
  Gateway& gateway_;
  int unsigned_running_ = 0;
};

}  // namespace sitelatch::engine

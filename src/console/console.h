// SPDX-License-Identifier: Apache-2.0
// The console: an HTTP server for the page and its news, and one thread that looks at what somebody
// watches, each subject in its pace, and at nothing else. An idle console does nothing at all.
//
// News are server-sent events in answers that end: an answer is held until there is something new
// (or a quarter of a minute is over), tells it and ends, and the browser asks again by itself with
// the revision that it has (Last-Event-ID). So no connection lives longer than its request, and
// whoever goes away leaves nothing behind.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "aws/wire/value.h"
#include "console/board.h"
#include "console/gate.h"
#include "net/http/http_server.h"

namespace sitelatch::console {

// What can be looked at. knows() and pace() from any thread, look() on the console's.
class Looking {
 public:
  virtual ~Looking() = default;
  virtual bool knows(const std::string& subject) const = 0;
  virtual std::chrono::milliseconds pace(const std::string& subject) const = 0;
  virtual aws::Value look(const std::string& subject) = 0;  // what cannot be seen says so in it
};

// What may be done, one after the other on a thread of their own (what takes minutes goes on
// elsewhere, and is told on the board). Problem: refused, and why.
using Act = std::function<Result<aws::Value>(const aws::Value& request)>;

class Console {
 public:
  struct Options {
    std::string token;
    Act act;     // nothing: everything is refused
    Act engine;  // acts upon the engine: clock, forced health, faults; nothing: as above
  };
  // Borrows board and looking. Problem: not this machine's own address, or no socket.
  static Result<std::unique_ptr<Console>> start(Fd listening, Options options, Board& board,
                                                Looking& looking);
  ~Console();

  net::Endpoint endpoint() const { return server_->endpoint(); }
  // "http://127.0.0.1:4567/?token=..."
  std::string url() const;

 private:
  class Door;
  class Hand;
  Console(Options options, Board& board, Looking& looking);
  void answer(aws::HttpRequest request, net::HttpServer::Reply reply);
  aws::HttpResponse act(const aws::HttpRequest& request);
  void tell_news(const aws::HttpRequest& request, net::HttpServer::Reply reply);
  void look_on();
  void look_at(const std::string& subject);

  Options options_;
  Board& board_;
  Looking& looking_;
  const std::string epoch_;  // of this process's revisions
  std::unique_ptr<Gate> gate_;
  std::unique_ptr<Door> door_;
  std::atomic<bool> stopping_{false};
  std::unique_ptr<net::HttpServer> server_;
  std::unique_ptr<Hand> hand_;
  std::thread looker_;
};

std::string url_with_token(const net::Endpoint& at, const std::string& token);

// A Last-Event-ID, "EPOCH-3-17": the revisions of as many subjects; of another epoch, or none: 0s.
std::vector<std::uint64_t> revisions_in(std::string_view last_event_id, std::string_view epoch,
                                        std::size_t subjects);
// The answer's body: an event for each that is newer; where nothing is, a comment.
std::string events_of(const std::vector<Posted>& news, const std::vector<Wanted>& wanted,
                      std::string_view epoch);

}  // namespace sitelatch::console

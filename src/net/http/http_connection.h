// SPDX-License-Identifier: Apache-2.0
// One client's connection: from bytes to requests, from answers to bytes. On the server's thread.
//
//   head -> [asked] -> body -> [queued] -> in_hand -> answering -> head ...
//                 any -> lingering (refused: what still comes is thrown away) -> closed
//
// Never holds more unparsed bytes than one head may have, and reads no further request before the
// last one is answered than fits there.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <span>
#include <string>
#include <string_view>

#include "net/http/chunked_body.h"
#include "net/http/http_message.h"
#include "net/http/http_server.h"
#include "net/http/request_head.h"
#include "net/io/epoll.h"

namespace sitelatch::net {

class HttpConnection;

// What a connection needs of its server.
class ConnectionHost {
 public:
  virtual ~ConnectionHost() = default;
  virtual const HttpServer::Options& options() const = 0;
  virtual HttpServer::Door* door() const = 0;
  virtual bool draining() const = 0;
  // Where bytes are received, by one connection at a time: idle ones hold no buffer.
  virtual std::span<char> scratch() = 0;
  // What the connection holds has changed; false: there is no room for it, and it must go.
  virtual bool hold(HttpConnection& connection, std::size_t bytes) = 0;
  virtual void ask_door(HttpConnection& connection) = 0;
  virtual void hand_over(HttpConnection& connection) = 0;
  virtual void closed(HttpConnection& connection) = 0;
};

class HttpConnection {
 public:
  using Clock = std::chrono::steady_clock;
  enum class State { head, asked, body, queued, in_hand, answering, lingering, closed };

  HttpConnection(ConnectionHost& host, std::uint64_t id, Fd socket, std::string peer);
  bool watch(Epoll& epoll);

  std::uint64_t id() const { return id_; }
  const std::string& peer() const { return peer_; }
  State state() const { return state_; }
  bool idle() const { return state_ == State::head && in_.empty(); }
  bool overdue(Clock::time_point now) const;
  // Bytes a second since this stage began: who is slowest goes first.
  double rate(Clock::time_point now) const;
  // Whether it is the client that everything waits for.
  bool waits_for_client() const {
    return state_ == State::head || state_ == State::body || state_ == State::answering ||
           state_ == State::lingering;
  }
  const RequestHead& head() const { return head_; }
  aws::HttpRequest take_request();
  void now_queued() { enter(State::queued); }
  void now_in_hand() { enter(State::in_hand); }
  void answer(aws::HttpResponse response);
  void decided(HttpServer::Door::Decision decision);
  void refuse(int status, std::string_view text);  // and ends the connection
  void close_overdue();
  void close();

  bool proven = false;                         // kept by the server
  std::size_t held = 0;                        // as the server counts it
  std::list<HttpConnection*>::iterator place;  // in the server's order of arrival

 private:
  enum class Step { go_on, wait };
  void ready(std::uint32_t events);
  void read();
  void received(std::string_view bytes);
  Step step(std::string_view& bytes);
  Step read_head(std::string_view& bytes);
  Step read_body(std::string_view& bytes);
  Step take_chunks(std::string_view& bytes);
  Step begin_body();
  Step request_is_whole();
  void ask_door();
  void go_on();
  void refuse(aws::HttpResponse response);
  void send_answer(aws::HttpResponse response);
  void write();
  void answered();
  void throw_away();
  void enter(State state);
  void moved(std::uint64_t bytes);
  bool takes_bytes() const;
  void listen();
  bool account();

  ConnectionHost& host_;
  const std::uint64_t id_;
  const std::string peer_;
  WatchedFd socket_;
  std::uint32_t listening_for_ = 0;
  State state_ = State::head;
  Clock::time_point since_ = Clock::now();
  std::uint64_t moved_ = 0;  // bytes in this stage
  // Enough bytes for one span of grace had come, or gone, when the next one began.
  Clock::time_point span_since_ = since_;
  std::uint64_t span_moved_ = 0;

  std::string in_;  // received, not yet understood
  HeadEnd head_end_;
  RequestHead head_;
  ChunkedBody chunks_;
  std::uint64_t body_max_ = 0;  // of this body
  bool considered_ = false;     // the door was asked
  std::size_t body_held_ = 0;   // of a request in hand
  bool head_only_ = false;      // the answer to HEAD
  std::uint64_t requests_ = 0;
  int empty_lines_ = 0;

  std::string out_head_, out_body_;
  std::shared_ptr<const std::string> out_file_;  // instead of out_body_
  std::size_t sent_ = 0;
  bool close_after_ = false, refused_ = false, client_done_ = false;
};

}  // namespace sitelatch::net

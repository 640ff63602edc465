// SPDX-License-Identifier: Apache-2.0
// Beast parses, one Asio thread moves the bytes; completion handlers rather than coroutines
// (house-style.md: g++ 12).
#include "net/http/http_server.h"

#include <fmt/format.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <future>
#include <list>
#include <mutex>
#include <optional>
#include <thread>

#include "base/log.h"

namespace sitelatch::net {
namespace {
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Context = asio::io_context;
using Socket = asio::basic_stream_socket<asio::ip::tcp, Context::executor_type>;
using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Context::executor_type>;
using Clock = std::chrono::steady_clock;
using Error = boost::system::error_code;

std::string_view reason_phrase(int status) {
  const auto text = http::obsolete_reason(static_cast<http::status>(status));
  return {text.data(), text.size()};
}

// Nothing that a client said can begin a header of its own.
std::string one_line(std::string text) {
  for (char& c : text)
    if (c == '\r' || c == '\n' || c == '\0') c = ' ';
  return text;
}

std::string serialize(const aws::HttpResponse& response, bool head, bool keep_alive) {
  std::string out;
  out.reserve(256 + (head ? 0 : response.body.size()));
  out += fmt::format("HTTP/1.1 {} {}\r\n", response.status, reason_phrase(response.status));
  for (const auto& [name, value] : response.headers) {
    out += one_line(name);
    out += ": ";
    out += one_line(value);
    out += "\r\n";
  }
  // RFC 9110 §8.6: no Content-Length with 1xx and 204.
  if (response.status != 204 && response.status >= 200 && !response.headers.find("Content-Length"))
    out += fmt::format("Content-Length: {}\r\n", response.body.size());
  if (!keep_alive) out += "Connection: close\r\n";
  out += "\r\n";
  if (!head && response.status != 204) out += response.body;
  return out;
}

class Server;

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Server& server, Socket socket) : server_(server), socket_(std::move(socket)) {
    Error error;
    const auto remote = socket_.remote_endpoint(error);
    if (!error) peer_ = remote.address().to_string();
    socket_.set_option(asio::ip::tcp::no_delay(true), error);
  }

  void read();
  // Ends the connection; the server lets go of it.
  void close();
  bool idle() const { return !busy_; }
  // Whether it is the client that everything waits for: to send a request, or to take its answer.
  bool waits_for_client() const { return !busy_ || writing_; }
  Clock::time_point last_activity() const { return last_activity_; }

 private:
  void header_read(Error error);
  void read_body();
  void request_read(Error error);
  void respond(const aws::HttpResponse& response);
  void refuse(int status, std::string_view text);
  friend class Server;

  Server& server_;
  Socket socket_;
  std::string peer_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  std::string outgoing_;
  bool head_ = false, keep_alive_ = true, busy_ = false, writing_ = false;
  Clock::time_point last_activity_ = Clock::now();
  std::list<std::shared_ptr<Connection>>::iterator place_;
  bool closed_ = false;
};

class Server final : public HttpServer {
 public:
  Server(Options options, Handler handler)
      : options_(options), handler_(std::move(handler)), acceptor_(context_), sweep_(context_) {}

  ~Server() override {
    // Replies may still come: from here on they do nothing.
    {
      const std::lock_guard lock(alive_->mutex);
      alive_->alive = false;
    }
    context_.stop();
    if (thread_.joinable()) thread_.join();
  }

  Result<Done> start(const Endpoint& endpoint) {
    Error error;
    const auto address = asio::ip::make_address(endpoint.address, error);
    if (error)
      return failure(Problem{fmt::format("\"{}\" is not an IP address", endpoint.address)});
    const asio::ip::tcp::endpoint local{address, endpoint.port};
    acceptor_.open(local.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(local, error);
    if (!error) acceptor_.listen(1024, error);
    if (error == asio::error::address_in_use)
      return failure(Problem{
          fmt::format("{} is in use by another process; stop that, or choose another with --api",
                      to_string(endpoint))});
    if (error)
      return failure(
          Problem{fmt::format("cannot listen on {}: {}", to_string(endpoint), error.message())});
    endpoint_ = {endpoint.address, acceptor_.local_endpoint().port()};
    accept();
    sweep();
    thread_ = std::thread([this] {
      context_.run();
      close_all();
    });
    return Done{};
  }

  Endpoint endpoint() const override { return endpoint_; }

  void drain(std::chrono::milliseconds grace) override {
    auto drained = std::make_shared<std::promise<void>>();
    auto done = drained->get_future();
    asio::post(context_, [this, drained] {
      Error ignored;
      acceptor_.close(ignored);
      draining_ = drained;
      for (const auto& connection : snapshot())
        if (connection->idle()) connection->close();
      finish_drain_if_idle();
    });
    done.wait_for(grace);
  }

  // --- for connections ---
  const Options& options() const { return options_; }
  bool draining() const { return draining_ != nullptr; }

  void hand_over(const std::shared_ptr<Connection>& connection, aws::HttpRequest request) {
    ++in_flight_;
    auto used = std::make_shared<std::atomic<bool>>(false);
    std::weak_ptr<Connection> weak = connection;
    handler_(std::move(request), [this, alive = alive_, weak, used](aws::HttpResponse response) {
      if (used->exchange(true)) return;
      const std::lock_guard lock(alive->mutex);
      if (!alive->alive) return;
      asio::post(context_, [this, weak, response = std::move(response)] {
        if (const auto to = weak.lock())
          to->respond(response);
        else
          answered();
      });
    });
  }
  void answered() {
    --in_flight_;
    finish_drain_if_idle();
  }
  void forget(std::list<std::shared_ptr<Connection>>::iterator place) { connections_.erase(place); }

 private:
  void accept() {
    acceptor_.async_accept([this](Error error, Socket socket) {
      if (error == asio::error::operation_aborted || !acceptor_.is_open()) return;
      if (!error && connections_.size() < options_.max_connections) {
        start_connection(std::move(socket));
      } else if (error) {
        // Out of descriptors, say: wait for some to come back instead of spinning.
        log(LogLevel::warning, "net",
            fmt::format("cannot accept a connection: {}", error.message()));
        pause_.emplace(context_, std::chrono::milliseconds{50});
        pause_->async_wait([this](Error) { accept(); });
        return;
      }
      accept();
    });
  }
  void start_connection(Socket socket) {
    auto connection = std::make_shared<Connection>(*this, std::move(socket));
    connection->place_ = connections_.insert(connections_.end(), connection);
    connection->read();
  }
  void sweep() {
    sweep_.expires_after(std::chrono::seconds{5});
    sweep_.async_wait([this](Error error) {
      if (error) return;
      const auto oldest = Clock::now() - options_.idle_limit;
      for (const auto& connection : snapshot())
        if (connection->waits_for_client() && connection->last_activity() < oldest)
          connection->close();
      sweep();
    });
  }
  // Closing changes the list.
  std::vector<std::shared_ptr<Connection>> snapshot() const {
    return {connections_.begin(), connections_.end()};
  }
  void close_all() {
    for (const auto& connection : snapshot()) connection->close();
  }
  void finish_drain_if_idle() {
    if (!draining_ || in_flight_ > 0) return;
    draining_->set_value();
    draining_ = std::make_shared<std::promise<void>>();  // stays draining; nobody waits any more
  }

  Options options_;
  Handler handler_;
  struct Alive {
    std::mutex mutex;
    bool alive = true;
  };
  std::shared_ptr<Alive> alive_ = std::make_shared<Alive>();
  Context context_{1};
  std::list<std::shared_ptr<Connection>> connections_;  // owns them; each leaves by close()
  Acceptor acceptor_;
  asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Context::executor_type> sweep_;
  std::optional<asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Context::executor_type>>
      pause_;
  Endpoint endpoint_;
  std::size_t in_flight_ = 0;
  std::shared_ptr<std::promise<void>> draining_;
  std::thread thread_;
};

void Connection::close() {
  if (std::exchange(closed_, true)) return;
  const auto self = shared_from_this();
  Error ignored;
  socket_.close(ignored);
  server_.forget(place_);
}

void Connection::read() {
  if (server_.draining()) return close();
  busy_ = false;
  last_activity_ = Clock::now();
  parser_.emplace();
  parser_->body_limit(server_.options().max_body_bytes);
  parser_->header_limit(static_cast<std::uint32_t>(server_.options().max_header_bytes));
  http::async_read_header(
      socket_, buffer_, *parser_,
      [self = shared_from_this()](Error error, std::size_t) { self->header_read(error); });
}

void Connection::header_read(Error error) {
  if (error == http::error::end_of_stream || error == asio::error::operation_aborted ||
      error == asio::error::connection_reset || error == http::error::partial_message)
    return close();
  if (error == http::error::header_limit) return refuse(431, "the request's header is too large");
  if (error == http::error::body_limit) return refuse(413, "the request's body is too large");
  if (error) return refuse(400, "malformed HTTP request");
  if (const auto length = parser_->content_length();
      length && *length > server_.options().max_body_bytes)
    return refuse(413, "the request's body is too large");
  if (beast::iequals(parser_->get()[http::field::expect], "100-continue")) {
    outgoing_ = "HTTP/1.1 100 Continue\r\n\r\n";
    asio::async_write(socket_, asio::buffer(outgoing_),
                      [self = shared_from_this()](Error failed, std::size_t) {
                        if (failed) return self->close();
                        self->read_body();
                      });
    return;
  }
  read_body();
}

void Connection::read_body() {
  http::async_read(
      socket_, buffer_, *parser_,
      [self = shared_from_this()](Error error, std::size_t) { self->request_read(error); });
}

void Connection::request_read(Error error) {
  if (error == http::error::body_limit) return refuse(413, "the request's body is too large");
  if (error == http::error::end_of_stream || error == http::error::partial_message ||
      (error && error.category() == boost::system::system_category()) ||
      error == asio::error::operation_aborted)
    return close();
  if (error) return refuse(400, "malformed HTTP request");
  auto message = parser_->release();
  aws::HttpRequest request;
  request.method = std::string{message.method_string()};
  request.target = std::string{message.target()};
  request.headers.reserve(static_cast<std::size_t>(std::distance(message.begin(), message.end())));
  for (const auto& field : message)
    request.headers.emplace_back(std::string{field.name_string()}, std::string{field.value()});
  request.body = std::move(message.body());
  request.peer = peer_;
  head_ = message.method() == http::verb::head;
  keep_alive_ = message.keep_alive();
  busy_ = true;
  server_.hand_over(shared_from_this(), std::move(request));
}

void Connection::respond(const aws::HttpResponse& response) {
  if (server_.draining()) keep_alive_ = false;
  outgoing_ = serialize(response, head_, keep_alive_);
  writing_ = true;
  last_activity_ = Clock::now();
  asio::async_write(socket_, asio::buffer(outgoing_),
                    [self = shared_from_this()](Error error, std::size_t) {
                      self->server_.answered();
                      self->writing_ = false;
                      self->outgoing_.clear();
                      if (error) return self->close();
                      if (self->keep_alive_) return self->read();
                      Error ignored;
                      self->socket_.shutdown(Socket::shutdown_both, ignored);
                      self->close();
                    });
}

// Answers without a request to hand over, and closes: what follows on the connection cannot be told
// apart.
void Connection::refuse(int status, std::string_view text) {
  aws::HttpResponse response;
  response.status = status;
  response.headers.add("Content-Type", "text/plain; charset=utf-8");
  response.body = fmt::format("{}\n", text);
  outgoing_ = serialize(response, false, false);
  asio::async_write(socket_, asio::buffer(outgoing_),
                    [self = shared_from_this()](Error, std::size_t) {
                      Error ignored;
                      self->socket_.shutdown(Socket::shutdown_both, ignored);
                      self->close();
                    });
}

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::listen(const Endpoint& endpoint, Options options,
                                                       Handler handler) {
  auto server = std::make_unique<Server>(options, std::move(handler));
  auto started = server->start(endpoint);
  if (!started) return failure(started.error());
  return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace sitelatch::net

// SPDX-License-Identifier: Apache-2.0
#include "console/console.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <map>
#include <mutex>

#include "base/log.h"
#include "base/text.h"
#include "console/assets.h"
#include "net/io/system_ports.h"

namespace sitelatch::console {
namespace {

using aws::HttpRequest;
using aws::HttpResponse;
using aws::Value;
using namespace std::chrono_literals;

// A held answer says that there is nothing new after so long.
constexpr auto patience = 15s;
// Who has gone is looked for in vain for so long.
constexpr auto watched_within = 30s;
constexpr auto longest_turn = 1s;
constexpr std::size_t largest_body = 16u << 10;

HttpResponse json(int status, const Value& value) {
  auto response = plain(status, "");
  response.headers.set("Content-Type", "application/json");
  response.body = aws::to_json(value);
  return response;
}

HttpResponse refused(int status, std::string why) {
  return json(status, Value::structure({{"error", std::move(why)}}));
}

std::string random_token(std::size_t digits) {
  net::SystemEntropy entropy;
  return ports::random_hex(entropy, digits);
}

}  // namespace

// By the head alone: strangers' pages send no body to us, and nobody sends a large one.
class Console::Door final : public net::HttpServer::Door {
 public:
  explicit Door(const Gate& gate) : gate_(gate) {}
  std::optional<HttpResponse> refusal(const HttpRequest& head) const override {
    return gate_.refusal(head);
  }
  void consider(const HttpRequest&, std::optional<std::uint64_t>,
                std::function<void(Decision)> decide) override {
    decide({plain(413, "That is too much."), 0});
  }

 private:
  const Gate& gate_;
};

// What takes its time keeps no page waiting for its news.
class Console::Hand {
 public:
  ~Hand() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    given_.notify_all();
    thread_.join();
  }
  void give(std::function<void()> task) {
    {
      const std::lock_guard lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    given_.notify_all();
  }

 private:
  void run() {
    for (;;) {
      std::function<void()> task;
      {
        std::unique_lock lock(mutex_);
        given_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
        if (stopping_) return;
        task = std::move(tasks_.front());
        tasks_.pop_front();
      }
      task();
    }
  }

  std::mutex mutex_;
  std::condition_variable given_;
  std::deque<std::function<void()>> tasks_;
  bool stopping_ = false;
  std::thread thread_{[this] { run(); }};
};

Console::Console(Options options, Board& board, Looking& looking)
    : options_(std::move(options)), board_(board), looking_(looking), epoch_(random_token(8)) {}

Result<std::unique_ptr<Console>> Console::start(Fd listening, Options options, Board& board,
                                                Looking& looking) {
  const auto at = net::endpoint_of(listening);
  if (!at) return failure(at.error());
  if (!net::is_loopback(at->address))
    return failure(Problem{fmt::format(
        "the console listens on this machine's own addresses alone (127.0.0.1, ::1), not on {}: it "
        "speaks no TLS. From elsewhere: ssh -L {}:127.0.0.1:{}",
        at->address, at->port, at->port)});
  std::unique_ptr<Console> out(new Console(std::move(options), board, looking));
  out->gate_ = std::make_unique<Gate>(out->options_.token, at->port);
  out->door_ = std::make_unique<Door>(*out->gate_);
  out->hand_ = std::make_unique<Hand>();
  net::HttpServer::Options limits;
  limits.max_body_bytes = limits.small_body_bytes = largest_body;
  limits.max_connections = 128;
  limits.max_bytes_in_flight = 16u << 20;
  auto server = net::HttpServer::adopt(
      std::move(listening), limits,
      [console = out.get()](HttpRequest request, net::HttpServer::Reply reply) {
        console->answer(std::move(request), std::move(reply));
      },
      out->door_.get());
  if (!server) return failure(server.error());
  out->server_ = std::move(*server);
  out->looker_ = std::thread([console = out.get()] { console->look_on(); });
  return out;
}

Console::~Console() {
  stopping_ = true;
  board_.close();
  if (server_) server_->drain(1s);
  server_.reset();  // nobody gives the hand anything any more
  hand_.reset();
  if (looker_.joinable()) looker_.join();
}

std::string Console::url() const { return url_with_token(endpoint(), options_.token); }

std::string url_with_token(const net::Endpoint& at, const std::string& token) {
  return fmt::format("http://{}/?token={}", net::to_string(at), token);
}

// --- requests, on the server's thread

void Console::answer(HttpRequest request, net::HttpServer::Reply reply) {
  if (auto entrance = gate_->entrance(request)) return reply(std::move(*entrance));
  if (!gate_->knows(request)) return reply(Gate::no_entry());
  reply.vouch();
  if (request.method == "POST")
    return hand_->give([this, request = std::move(request), reply] { reply(act(request)); });
  if (request.path() == "/api/events") return tell_news(request, std::move(reply));
  const auto found = asset(request.path());
  if (!found) return reply(plain(404, "There is nothing here."));
  auto response = plain(200, "");
  response.headers.set("Content-Type", std::string{found->type});
  response.body = std::string{found->text};
  reply(std::move(response));
}

HttpResponse Console::act(const HttpRequest& request) {
  if (auto refusal = Gate::refusal_of_act(request)) return std::move(*refusal);
  const auto parsed = aws::from_json(request.body);
  if (!parsed || !parsed->is_struct()) return refused(400, "This is no JSON object.");
  const auto& doing = request.path() == "/api/act"      ? options_.act
                      : request.path() == "/api/engine" ? options_.engine
                                                        : Act{};
  if (!doing) return refused(404, "Nothing of the kind can be done here.");
  const auto done = doing(*parsed);
  return done ? json(200, *done) : refused(409, done.error().text);
}

void Console::tell_news(const HttpRequest& request, net::HttpServer::Reply reply) {
  std::vector<Wanted> wanted;
  const auto subjects = parameter(request, "of");
  for (const auto part : split(subjects, ',')) {
    const std::string subject{part};
    if (subject != "acts" && !looking_.knows(subject))
      return reply(refused(404, "There is no such guard or page here."));
    wanted.push_back({subject, 0});
  }
  if (wanted.empty() || wanted.size() > 4) return reply(refused(400, "News of what?"));
  const auto has = revisions_in(request.headers.get("Last-Event-ID"), epoch_, wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) wanted[i].after = has[i];
  auto tell = [this, wanted, reply](const std::vector<Posted>& news) {
    auto response = plain(200, "");
    response.headers.set("Content-Type", "text/event-stream");
    response.body = events_of(news, wanted, epoch_);
    reply(std::move(response));
  };
  board_.ask(std::move(wanted), std::move(tell));
}

std::vector<std::uint64_t> revisions_in(std::string_view last_event_id, std::string_view epoch,
                                        std::size_t subjects) {
  std::vector<std::uint64_t> out(subjects, 0);
  const auto parts = split(last_event_id, '-');
  if (parts.size() != subjects + 1 || parts.front() != epoch) return out;
  for (std::size_t i = 0; i < subjects; ++i) {
    const auto number = parse_int(parts[i + 1]);
    out[i] = number && *number > 0 ? static_cast<std::uint64_t>(*number) : 0;
  }
  return out;
}

std::string events_of(const std::vector<Posted>& news, const std::vector<Wanted>& wanted,
                      std::string_view epoch) {
  std::string out = "retry: 300\n";
  std::string id{epoch};
  for (const auto& one : wanted) {
    const auto found = std::find_if(news.begin(), news.end(), [&](const Posted& posted) {
      return posted.subject == one.subject;
    });
    id += fmt::format("-{}", found == news.end() ? one.after : found->revision);
  }
  if (news.empty()) return out + ": nothing new\nevent: still\ndata: {}\n\n";
  for (const auto& posted : news)
    out += fmt::format("id: {}\nevent: {}\ndata: {}\n\n", id,
                       posted.subject == "acts" ? "acts" : "view", *posted.text);
  return out;
}

// --- looking, on a thread of its own

void Console::look_on() {
  std::map<std::string, Board::Clock::time_point> next;
  while (!stopping_) {
    const auto now = Board::Clock::now();
    auto until = now + longest_turn;
    const auto watched = board_.watched(watched_within);
    for (const auto& subject : watched) {
      if (stopping_) return;
      if (subject == "acts") continue;
      auto& due = next[subject];
      if (Board::Clock::now() >= due) {
        look_at(subject);
        due = Board::Clock::now() + looking_.pace(subject);
      }
      until = std::min(until, due);
    }
    board_.tell_patient(patience);
    // Nobody watches: the next who asks wakes it.
    board_.wait_for_askers(watched.empty() ? Board::Clock::time_point::max() : until);
  }
}

void Console::look_at(const std::string& subject) {
  // Whatever happens while looking, the page says so, and the next look is made.
  try {
    board_.post(subject, aws::to_json(looking_.look(subject)));
  } catch (const std::exception& error) {
    log(LogLevel::error, "console", fmt::format("looking at {}: {}", subject, error.what()));
    board_.post(subject, aws::to_json(Value::structure({{"problem", std::string{error.what()}}})));
  }
}

}  // namespace sitelatch::console

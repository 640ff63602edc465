// SPDX-License-Identifier: Apache-2.0
// The console over real sockets, looked at by a client that knows no mercy; and its parts that are
// pure.
#include "console/console.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/text.h"
#include "console/accounts.h"
#include "console/assets.h"
#include "console/rehearsal.h"

namespace sitelatch::console {
namespace {

using aws::Value;

struct Page final : Looking {
  std::atomic<int> looks{0};
  bool breaks = false;
  bool knows(const std::string& subject) const override { return subject == "fleet"; }
  std::chrono::milliseconds pace(const std::string&) const override {
    return std::chrono::milliseconds{1};
  }
  Value look(const std::string& subject) override {
    if (breaks) throw std::runtime_error("a bug");
    return Value::structure({{"kind", subject}, {"look", ++looks}});
  }
};

struct World {
  Board board;
  Page page;
  std::unique_ptr<Console> console;
  std::vector<std::string> acted;

  World() {
    auto socket = net::listening_socket({"127.0.0.1", 0}, "--listen");
    REQUIRE(socket);
    auto act = [this](const Value& request) -> Result<Value> {
      acted.push_back(request["action"].string_or(""));
      if (acted.back() == "refuse") return problem("No.");
      return Value::structure({{"run", 1}});
    };
    auto started = Console::start(std::move(*socket), {"token", act, {}}, board, page);
    REQUIRE(started);
    console = std::move(*started);
  }
  ~World() { console.reset(); }

  // The whole answer; `head`: lines after the request's, without Host and Connection.
  std::string ask(const std::string& line, const std::string& head = "",
                  const std::string& body = "") {
    const Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(console->endpoint().port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(socket.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) == 0);
    const auto host = "127.0.0.1:" + std::to_string(console->endpoint().port);
    auto request = line + " HTTP/1.1\r\nConnection: close\r\n" + head;
    if (head.find("Host:") == std::string::npos) request += "Host: " + host + "\r\n";
    if (!body.empty()) request += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    request += "\r\n" + body;
    REQUIRE(::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(request.size()));
    std::string out;
    char buffer[4096];
    for (ssize_t got = 0; (got = ::recv(socket.get(), buffer, sizeof buffer, 0)) > 0;)
      out.append(buffer, static_cast<std::size_t>(got));
    return out;
  }
  std::string cookie() {
    const auto answer = ask("GET /?token=token");
    const auto at = answer.find("Set-Cookie: ");
    REQUIRE(at != std::string::npos);
    return "Cookie: " + answer.substr(at + 12, answer.find(';', at) - at - 12) + "\r\n";
  }
  std::string origin() const {
    return "Origin: http://127.0.0.1:" + std::to_string(console->endpoint().port) + "\r\n";
  }
};

bool says(const std::string& answer, const char* text) {
  return answer.find(text) != std::string::npos;
}

TEST_CASE("console: nobody sees anything without the session") {
  World world;
  for (const auto* path : {"GET /", "GET /app.js", "GET /api/events?of=fleet", "POST /api/act"})
    CHECK_MESSAGE(world.ask(path).starts_with("HTTP/1.1 401"), path);
  CHECK(world.ask("GET /?token=wrong").starts_with("HTTP/1.1 401"));
  CHECK(world.ask("GET /", "Host: evil.example\r\n").starts_with("HTTP/1.1 403"));
  CHECK(world.page.looks == 0);
}

TEST_CASE("console: the page, its parts, and nothing else") {
  World world;
  const auto cookie = world.cookie();
  const auto page = world.ask("GET /", cookie);
  CHECK(page.starts_with("HTTP/1.1 200"));
  CHECK(says(page, "script-src 'self'"));
  CHECK(says(page, "<script type=\"module\" src=\"/app.js\">"));
  CHECK(says(world.ask("GET /app.js", cookie), "text/javascript"));
  CHECK(world.ask("GET /etc/passwd", cookie).starts_with("HTTP/1.1 404"));
  CHECK(world.ask("GET /../app.js", cookie).starts_with("HTTP/1.1 404"));
}

TEST_CASE("console: news are what was seen last, then what is newer") {
  World world;
  const auto cookie = world.cookie();
  const auto first = world.ask("GET /api/events?of=fleet", cookie);
  REQUIRE(says(first, "event: view"));
  REQUIRE(says(first, "\"kind\":\"fleet\""));
  const auto id_at = first.find("id: ");
  const auto id = first.substr(id_at + 4, first.find('\n', id_at) - id_at - 4);
  const auto second =
      world.ask("GET /api/events?of=fleet", cookie + "Last-Event-ID: " + id + "\r\n");
  CHECK(says(second, "event: view"));
  CHECK(!says(second, ("id: " + id + "\n").c_str()));
  CHECK(world.ask("GET /api/events?of=secret", cookie).starts_with("HTTP/1.1 404"));
  CHECK(world.ask("GET /api/events?of=", cookie).starts_with("HTTP/1.1 404"));
}

TEST_CASE("console: a look that fails is told, and the next is made") {
  World world;
  world.page.breaks = true;
  const auto cookie = world.cookie();
  CHECK(says(world.ask("GET /api/events?of=fleet", cookie), "a bug"));
}

TEST_CASE("console: acts are for our own page") {
  World world;
  const auto cookie = world.cookie();
  const std::string json = "Content-Type: application/json\r\n";
  const std::string body = "{\"action\":\"trip\"}";
  CHECK(
      world.ask("POST /api/act", cookie + world.origin() + json, body).starts_with("HTTP/1.1 200"));
  CHECK(world.acted == std::vector<std::string>{"trip"});
  // A forged Origin, none, another type, no session, no object, nothing to do it.
  for (const auto& head : {cookie + "Origin: https://evil.example\r\n" + json, cookie + json,
                           cookie + world.origin() + "Content-Type: text/plain\r\n"})
    CHECK_MESSAGE(world.ask("POST /api/act", head, body).starts_with("HTTP/1.1 403"), head);
  CHECK(world.ask("POST /api/act", world.origin() + json, body).starts_with("HTTP/1.1 401"));
  CHECK(world.ask("POST /api/act", cookie + world.origin() + json, "[1]")
            .starts_with("HTTP/1.1 400"));
  CHECK(world.ask("POST /api/engine", cookie + world.origin() + json, body)
            .starts_with("HTTP/1.1 404"));
  CHECK(world.ask("POST /api/act", cookie + world.origin() + json, std::string(20'000, ' '))
            .starts_with("HTTP/1.1 413"));
  CHECK(world.acted.size() == 1);
  const auto refused =
      world.ask("POST /api/act", cookie + world.origin() + json, "{\"action\":\"refuse\"}");
  CHECK(refused.starts_with("HTTP/1.1 409"));
  CHECK(says(refused, "{\"error\":\"No.\"}"));
}

TEST_CASE("console: only on this machine's own addresses") {
  auto socket = net::listening_socket({"0.0.0.0", 0}, "--listen");
  REQUIRE(socket);
  Board board;
  Page page;
  const auto started = Console::start(std::move(*socket), {"token", {}, {}}, board, page);
  REQUIRE(!started);
  CHECK(started.error().text.find("own addresses alone") != std::string::npos);
}

TEST_CASE("events: revisions of this process alone") {
  CHECK(revisions_in("abc-3-17", "abc", 2) == std::vector<std::uint64_t>{3, 17});
  CHECK(revisions_in("abd-3-17", "abc", 2) == std::vector<std::uint64_t>{0, 0});
  CHECK(revisions_in("abc-3", "abc", 2) == std::vector<std::uint64_t>{0, 0});
  CHECK(revisions_in("abc-x-17", "abc", 2) == std::vector<std::uint64_t>{0, 17});
  CHECK(revisions_in("", "abc", 1) == std::vector<std::uint64_t>{0});
}

TEST_CASE("events: nothing new is an event too, and keeps the id") {
  const auto body = events_of({}, {{"fleet", 3}}, "abc");
  CHECK(body.find("event: still\ndata: {}") != std::string::npos);
  CHECK(body.find("id:") == std::string::npos);
}

TEST_CASE("keys of guards") {
  CHECK(guard_key("guard:2:abc-1")->account == 2);
  CHECK(guard_key("guard:2:abc-1")->id == "abc-1");
  for (const auto* bad : {"guard:2", "guard:x:abc", "guard:-1:abc", "guard:0:a b", "fleet",
                          "guard:0:abc:d", "guard:0:../x"})
    CHECK_MESSAGE(!guard_key(bad), bad);
}

TEST_CASE("assets: all that the page loads is there") {
  const auto page = asset("/");
  REQUIRE(page);
  CHECK(page->text.find("<!doctype html>") == 0);
  for (const auto* path : {"/app.js", "/dom.js", "/words.js", "/fleet.js", "/guard.js",
                           "/drawings.js", "/acts.js", "/rehearsal.js", "/style.css"}) {
    const auto found = asset(path);
    REQUIRE_MESSAGE(found, path);
    CHECK_MESSAGE(found->text.size() > 500, path);
    // Nothing from elsewhere, nothing inline.
    CHECK_MESSAGE(found->text.find("https://") == std::string_view::npos, path);
    CHECK_MESSAGE(found->text.find("innerHTML") == std::string_view::npos, path);
    CHECK_MESSAGE(found->text.find("eval(") == std::string_view::npos, path);
  }
  CHECK(page->text.find("onclick") == std::string_view::npos);
  CHECK(page->text.find("style=") == std::string_view::npos);
}

TEST_CASE("rehearsal: what the page may ask of the engine") {
  const auto of = [](std::initializer_list<std::pair<std::string_view, Value>> members) {
    const auto request = control_request(Value::structure(members));
    return request ? aws::to_json(*request) : "refused: " + request.error().text;
  };
  CHECK(of({{"do", "advance"}, {"by", "90s"}}) ==
        R"({"command":"advance","nanoseconds":90000000000})");
  CHECK(of({{"do", "health"}, {"id", "x"}, {"status", "down"}}) ==
        R"({"command":"health","id":"x","status":"down"})");
  CHECK(of({{"do", "fault"}, {"kind", "outage"}, {"service", "sns"}, {"for", "5m"}}) ==
        R"({"command":"fault","kind":"outage","service":"sns","forNanoseconds":300000000000})");
  CHECK(of({{"do", "clear"}, {"id", "3"}}) == R"({"command":"clear-faults","id":3})");
  CHECK(of({{"do", "advance"}, {"by", "far"}}).starts_with("refused"));
  CHECK(of({{"do", "service-control"}, {"document", "{}"}}).starts_with("refused"));
  CHECK(of({{"do", 7}}).starts_with("refused"));
}

TEST_CASE("rehearsal: mail as the engine keeps it") {
  const auto mail = read_mail(
      "To: ops@example.com\r\nSubject: Latched\r\nContent-Transfer-Encoding: base64\r\n\r\n"
      "QmFja3VwIHNlcnZlcy4=\r\n");
  CHECK(mail["to"].string() == "ops@example.com");
  CHECK(mail["subject"].string() == "Latched");
  CHECK(mail["body"].string() == "Backup serves.");
  CHECK(read_mail("Subject: x").has("subject"));
}

}  // namespace
}  // namespace sitelatch::console

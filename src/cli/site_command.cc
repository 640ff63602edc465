// SPDX-License-Identifier: Apache-2.0
// A small site to practise on, in Keycloak's place: /lb-check answers 200 UP or 503 DOWN, / says
// which site served.
//   curl -X POST -d DOWN http://127.0.1.1:8080/lb-check      (or SIGUSR1: down, SIGUSR2: up)
#include <fmt/format.h>
#include <signal.h>

#include <atomic>

#include "base/text.h"
#include "cli/commands.h"
#include "net/http/http_server.h"

namespace sitelatch::cli {
namespace {

aws::HttpResponse text(int status, std::string body) {
  aws::HttpResponse response;
  response.status = status;
  response.headers.add("Content-Type", "text/plain; charset=utf-8");
  response.headers.add("Cache-Control", "no-store");
  response.body = std::move(body);
  return response;
}

aws::HttpResponse answer(const aws::HttpRequest& request, const std::string& name,
                         std::atomic<bool>& up) {
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (request.path() == "/lb-check") {
    if (request.method == "POST" || request.method == "PUT") {
      const std::string word = upper(trim(request.body));
      if (word != "UP" && word != "DOWN") return text(400, "send UP or DOWN\n");
      up = word == "UP";
    } else if (!reads) {
      return text(405, "use GET, or POST with UP or DOWN\n");
    }
    return up ? text(200, "UP\n") : text(503, "DOWN\n");
  }
  if (request.path() == "/" && reads) return text(200, fmt::format("This is {}.\n", name));
  return text(404, "not found\n");
}

}  // namespace

int run_site(const SiteOptions& options) {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGUSR1, SIGUSR2}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  const auto endpoint = net::parse_endpoint(options.listen);
  if (!endpoint) {
    fmt::print(stderr, "sitelatch: --listen {}\n", endpoint.error().text);
    return exit_usage;
  }
  std::atomic<bool> up{true};
  auto server = net::HttpServer::listen(
      *endpoint, {}, [&](const aws::HttpRequest& request, const net::HttpServer::Reply& reply) {
        reply(answer(request, options.name, up));
      });
  if (!server) {
    fmt::print(stderr, "sitelatch: {}\n", replace_all(server.error().text, "--api", "--listen"));
    return exit_failed;
  }
  fmt::print("ready site={} http://{}\n", options.name, net::to_string((*server)->endpoint()));
  std::fflush(stdout);
  while (true) {
    int signal = 0;
    sigwait(&signals, &signal);
    if (signal == SIGUSR1)
      up = false;
    else if (signal == SIGUSR2)
      up = true;
    else
      break;
  }
  (*server)->drain(std::chrono::seconds{1});
  return exit_done;
}

}  // namespace sitelatch::cli

// SPDX-License-Identifier: Apache-2.0
#include "cli/interrupts.h"

#include <csignal>

namespace sitelatch::cli {
namespace {

volatile std::sig_atomic_t interrupted = 0;
void on_signal(int) { interrupted = 1; }

}  // namespace

void listen_for_interrupts() {
  struct sigaction action {};
  action.sa_handler = &on_signal;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  ::sigaction(SIGHUP, &action, nullptr);
}

void ImpatientClock::sleep(Duration d) {
  inner_.sleep(d, [this] { check(); });
}

void ImpatientClock::check() const {
  if (listening_ && interrupted) throw guard::Interrupted{};
}

guard::Context impatient(guard::Context& plain, ImpatientClock& clock) {
  auto context = plain;
  return {context.aws,
          clock,
          context.environment,
          context.entropy,
          [&clock, progress = context.progress](const std::string& sentence) {
            clock.check();
            progress(sentence);
          },
          context.dns_server,
          context.ask_site,
          context.ask_dns};
}

}  // namespace sitelatch::cli

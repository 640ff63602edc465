// SPDX-License-Identifier: Apache-2.0
#include "cli/interrupts.h"

#include <unistd.h>

#include <csignal>

namespace sitelatch::cli {
namespace {

volatile std::sig_atomic_t interrupted = 0;
void on_signal(int) { interrupted = 1; }

// What end_at_once() needs, in types that a signal's handler may read.
volatile std::sig_atomic_t last_status = 0, farewell_size = 0;
const char* volatile farewell_text = "";
void end_at_once(int) {
  // Where it cannot be written nobody sees the terminal either.
  if (farewell_size > 0)
    (void)!::write(STDOUT_FILENO, farewell_text, static_cast<std::size_t>(farewell_size));
  ::_exit(last_status);
}

void upon_interrupts(void (*act)(int)) {
  struct sigaction action {};
  action.sa_handler = act;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  ::sigaction(SIGHUP, &action, nullptr);
}

}  // namespace

void listen_for_interrupts() { upon_interrupts(&on_signal); }

void end_on_interrupts(int status, std::string_view farewell) {
  last_status = status;
  farewell_size = 0;
  farewell_text = farewell.data();
  farewell_size = static_cast<std::sig_atomic_t>(farewell.size());
  upon_interrupts(&end_at_once);
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
          context.ask_dns,
          context.waiting};
}

}  // namespace sitelatch::cli

// SPDX-License-Identifier: Apache-2.0
// What the guard's commands share on this side of AWS: the connection, the questions to a person,
// and one report at the end: sentences for people or one JSON document for programs on stdout.
// Progress, questions and errors go to stderr.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "aws/wire/value.h"
#include "base/sentences.h"
#include "cli/commands.h"
#include "cli/guard_commands.h"
#include "cli/wait_line.h"
#include "cli/watchful_clock.h"
#include "client/client.h"
#include "guard/apply/carry_out.h"
#include "guard/apply/status.h"
#include "net/io/system_ports.h"

namespace sitelatch::cli {

// Everything that an operator's command works with.
class GuardContext {
 public:
  explicit GuardContext(const GuardOptions& options, std::string dns_server = {});
  guard::Context& context() { return context_; }
  client::Aws& aws() { return *aws_; }
  WatchfulClock& clock() { return clock_; }
  // Our clock's time as AWS has corrected it.
  Instant aws_time() const {
    return Instant{clock_.now().time_since_epoch()} + aws_->clock_offset();
  }

 private:
  std::unique_ptr<client::Environment> environment_;
  WaitLine waits_;
  WatchfulClock clock_;
  net::SystemEntropy entropy_;
  std::unique_ptr<client::Aws> aws_;
  guard::Context context_;
};

// A second connection with the same options.
std::unique_ptr<client::Aws> another_client(const GuardOptions& options);

// One line on stderr.
void say(const std::string& sentence);

// Problem: it cannot be written, and why.
Result<Done> write_file(const std::string& path, const std::string& text);

// --yes; or a person at a terminal says so. Without either it is refused with a sentence on stderr.
bool confirmed(const GuardOptions& options, const std::string& question);
// The same, where the name itself must be typed.
bool confirmed_by_name(const GuardOptions& options, const std::string& question,
                       const std::string& name);

// The report of a command that changes something.
struct Report {
  std::string result;  // "done", "refused", "failed", ...
  std::string sentence;
  aws::Value details = aws::Value::structure();  // JSON only
  std::vector<guard::Refusal> refusals;
  std::vector<std::string> notes;
};
int finish(const GuardOptions& options, const Report& report, int status);
// A failure of the outside world, in a sentence.
int fail(const GuardOptions& options, const std::string& sentence, int status);
int exit_status_of(guard::Error::Kind kind);

aws::Value to_value(const guard::View& view);
aws::Value to_value(const std::vector<guard::DnsSnapshot>& dns);
// What cron acts on: the state's code, or that of DNS or of a link that needs attention.
int status_code(const guard::View& view);
constexpr int exit_no_guards = 12;  // nobody named one, and none was found
constexpr int exit_link = 19;       // armed, but a link needs attention
constexpr int exit_dns = 20;        // DNS answers otherwise than the state demands, or not at all

}  // namespace sitelatch::cli

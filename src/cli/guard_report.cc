// SPDX-License-Identifier: Apache-2.0
#include "cli/guard_report.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>

#include "base/text.h"
#include "cli/terminal.h"

namespace sitelatch::cli {
namespace {

using aws::Value;

client::Options client_options(const GuardOptions& options) {
  client::Options out;
  out.region = options.region;
  out.region_if_none = "us-east-1";  // where health checks report and are changed
  out.profile = options.profile;
  out.endpoint_url = options.endpoint_url;
  return out;
}

std::string dns_server_of(const client::Environment& environment, std::string given) {
  if (!given.empty()) return given;
  return environment.variable("SITELATCH_DNS").value_or("");
}

bool at_terminal() { return ::isatty(STDIN_FILENO) == 1; }

std::string typed() {
  std::string line;
  std::getline(std::cin, line);
  return std::string{trim(line)};
}

}  // namespace

GuardContext::GuardContext(const GuardOptions& options, std::string dns_server)
    : environment_(client::system_environment()),
      waits_(
          can_draw(STDERR_FILENO) ? WaitLine::Kind::drawn : WaitLine::Kind::plain,
          [] { return room_of(STDERR_FILENO).value_or(Room{}).columns; },
          [](const std::string& text) {
            std::fputs(text.c_str(), stderr);  // throws nothing where nobody reads
            std::fflush(stderr);
          }),
      clock_(
          client::system_clock(), clock_of_engine(*environment_, options.endpoint_url),
          [](const std::string& sentence) { say(sentence); },
          [this](Asleep asleep) {
            if (asleep == Asleep::still)
              waits_.tick(clock_.now());
            else
              waits_.woke();
          }),
      aws_(client::connect(client_options(options))),
      context_{
          *aws_,
          clock_,
          *environment_,
          entropy_,
          [this](const std::string& sentence) { waits_.said(sentence, clock_.now()); },
          dns_server_of(*environment_, std::move(dns_server)),
          guard::ask_site_from_here(),
          guard::ask_dns,
          [this](const std::optional<guard::Wait>& wait) { waits_.awaits(wait, clock_.now()); }} {}

std::unique_ptr<client::Aws> another_client(const GuardOptions& options) {
  return client::connect(client_options(options));
}

void say(const std::string& sentence) {
  // A line that is drawn over and over (wait_line.h) may stand there.
  if (can_draw(STDERR_FILENO)) fmt::print(stderr, "{}", erase_line);
  fmt::print(stderr, "{}\n", sentence);
  std::fflush(stderr);
}

Result<Done> write_file(const std::string& path, const std::string& text) {
  errno = 0;
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file)
    return failure(Problem{fmt::format("{} cannot be written: {}", path,
                                       errno == 0 ? "not all of it" : std::strerror(errno))});
  return Done{};
}

bool confirmed(const GuardOptions& options, const std::string& question) {
  if (options.yes) return true;
  if (!at_terminal()) {
    say("Nobody can be asked here (stdin is no terminal), so nothing is changed; --yes says so "
        "beforehand.");
    return false;
  }
  fmt::print(stderr, "{} [y/N] ", question);
  std::fflush(stderr);
  const auto answer = lower(typed());
  return answer == "y" || answer == "yes";
}

bool confirmed_by_name(const GuardOptions& options, const std::string& question,
                       const std::string& name) {
  if (options.yes) return true;
  if (!at_terminal()) {
    say("Nobody can be asked here (stdin is no terminal), so nothing is changed; --yes says so "
        "beforehand.");
    return false;
  }
  fmt::print(stderr, "{}\nType {} to go on: ", question, name);
  std::fflush(stderr);
  return typed() == name;
}

int finish(const GuardOptions& options, const Report& given, int status) {
  auto report = given;
  report.sentence = as_sentence(report.sentence);
  for (auto& note : report.notes) note = as_sentence(note);
  if (options.output == Output::json) {
    auto out = Value::structure({{"result", report.result}, {"sentence", report.sentence}});
    for (const auto& [name, value] : report.details.members()) out.set(name, value);
    if (!report.refusals.empty()) {
      auto list = Value::list();
      for (const auto& refusal : report.refusals)
        list.push(Value::structure({{"name", refusal.name.empty() ? Value{} : Value{refusal.name}},
                                    {"why", refusal.why}}));
      out.set("refusals", list);
    }
    if (!report.notes.empty()) {
      auto list = Value::list();
      for (const auto& note : report.notes) list.push(note);
      out.set("notes", list);
    }
    out.set("exit_code", status);
    fmt::print("{}\n", aws::to_json(out));
    return status;
  }
  auto* stream = status == exit_done ? stdout : stderr;
  fmt::print(stream, "{}\n", report.sentence);
  for (const auto& refusal : report.refusals)
    fmt::print(
        stream, "- {}{}\n", refusal.why,
        refusal.name.empty() ? "" : fmt::format(" (--force {} overrides this)", refusal.name));
  for (const auto& note : report.notes) fmt::print(stderr, "Note: {}\n", note);
  return status;
}

int exit_status_of(guard::Error::Kind kind) {
  switch (kind) {
    case guard::Error::Kind::refused:
      return exit_refused;
    case guard::Error::Kind::not_in_time:
      return exit_not_in_time;
    case guard::Error::Kind::no_answer:
      return exit_no_answer;
    case guard::Error::Kind::usage:
      return exit_usage;
    case guard::Error::Kind::conflict:
    case guard::Error::Kind::failed:
      return exit_failed;
  }
  return exit_failed;
}

int fail(const GuardOptions& options, const std::string& sentence, int status) {
  return finish(
      options,
      {status == exit_refused ? "refused" : "failed", sentence, Value::structure(), {}, {}},
      status);
}

}  // namespace sitelatch::cli

// SPDX-License-Identifier: Apache-2.0
#include "program_copy.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <iostream>
#include <system_error>

namespace sitelatch::guard::test {
namespace {

constexpr char separator = '\0';

int to_original = -1;       // in a copy: where its words go
std::string failed_checks;  // of this process

// Remembers what failed, because a copy's count dies with it.
struct FailedChecks final : doctest::IReporter {
  explicit FailedChecks(const doctest::ContextOptions&) {}
  void log_assert(const doctest::AssertData& check) override {
    if (!check.m_failed) return;
    failed_checks += std::string{check.m_file} + ":" + std::to_string(check.m_line) + ": " +
                     check.m_expr + " (" + check.m_decomp.c_str() + ")\n";
  }
  void log_message(const doctest::MessageData& message) override {
    if (message.m_severity != doctest::assertType::is_warn)
      failed_checks += std::string{message.m_string.c_str()} + "\n";
  }
  void report_query(const doctest::QueryData&) override {}
  void test_run_start() override {}
  void test_run_end(const doctest::TestRunStats&) override {}
  void test_case_start(const doctest::TestCaseData&) override {}
  void test_case_reenter(const doctest::TestCaseData&) override {}
  void test_case_end(const doctest::CurrentTestCaseStats&) override {}
  void test_case_exception(const doctest::TestCaseException&) override {}
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void test_case_skipped(const doctest::TestCaseData&) override {}
};
REGISTER_LISTENER("failed_checks", 1, FailedChecks);

void write_all(int fd, const std::string& bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const auto n = ::write(fd, bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;  // the original will say that this copy died
    done += static_cast<std::size_t>(n);
  }
}

std::string read_all(int fd) {
  std::string out;
  char buffer[4096];
  for (;;) {
    const auto n = ::read(fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return out;
    out.append(buffer, static_cast<std::size_t>(n));
  }
}

[[noreturn]] void throw_errno(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

bool is_copy() { return to_original >= 0; }

std::optional<EndedCopy> run_copy() {
  int ends[2];
  if (::pipe(ends) != 0) throw_errno("pipe");
  std::cout.flush();
  std::fflush(nullptr);  // or both print it
  const auto copy = ::fork();
  if (copy < 0) throw_errno("fork");
  if (copy == 0) {
    ::close(ends[0]);
    to_original = ends[1];
    failed_checks.clear();
    return std::nullopt;
  }
  ::close(ends[1]);
  const auto text = read_all(ends[0]);
  ::close(ends[0]);
  int status = 0;
  while (::waitpid(copy, &status, 0) < 0 && errno == EINTR) {
  }
  EndedCopy ended;
  const auto end_of_words = text.find(separator);
  ended.died = !WIFEXITED(status) || WEXITSTATUS(status) != 0 || end_of_words == text.npos;
  ended.words = text.substr(0, end_of_words);
  if (end_of_words != text.npos) ended.failed_checks = text.substr(end_of_words + 1);
  return ended;
}

void end_copy(const std::string& words) {
  std::cout.flush();
  std::fflush(nullptr);
  write_all(to_original, words + separator + failed_checks);
  ::_exit(0);  // nothing of the original's is destroyed or printed a second time
}

}  // namespace sitelatch::guard::test

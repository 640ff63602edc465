// SPDX-License-Identifier: Apache-2.0
#include "console/acts.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/fd.h"
#include "base/text.h"
#include "console/accounts.h"

namespace sitelatch::console {
namespace {

using aws::Value;

constexpr std::size_t longest_text = 500;  // of a reason
constexpr std::size_t most_runs = 8, most_lines = 200, most_bytes = 1u << 20;
constexpr int look_every_ms = 100;

Result<std::string> text_in(const Value& request, std::string_view member) {
  const auto& value = request[member];
  if (value.is_null()) return std::string{};
  if (!value.is_string()) return problem(std::string{member} + " is no text.");
  std::string text{trim(value.string())};
  if (text.size() > longest_text || !valid_utf8(text) ||
      std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20; }))
    return problem(fmt::format("The {} is one line of at most {} letters.", member, longest_text));
  return text;
}

}  // namespace

Result<ActWish> read_wish(const Value& request) {
  ActWish out;
  struct Member {
    std::string_view name;
    std::string ActWish::*member;
  };
  static constexpr std::array<Member, 7> members{{{"subject", &ActWish::subject},
                                                  {"action", &ActWish::action},
                                                  {"reason", &ActWish::reason},
                                                  {"typed", &ActWish::typed},
                                                  {"keep", &ActWish::keep},
                                                  {"length", &ActWish::length},
                                                  {"reach", &ActWish::reach}}};
  for (const auto& [name, member] : members) {
    auto text = text_in(request, name);
    if (!text) return failure(text.error());
    out.*member = std::move(*text);
  }
  out.planned = request["planned"].is_bool() && request["planned"].boolean();
  return out;
}

Result<std::vector<std::string>> words_of(const ActWish& wish, const GuardView& view,
                                          const std::vector<std::string>& checks) {
  std::vector<std::string> out = {wish.action, view.id};
  const auto with_reason = [&] { out.push_back("--reason=" + wish.reason); };
  if (wish.action != "drill" && wish.reason.empty())
    return problem("Say why: it goes into the audit log, and the next person on duty reads it.");
  if (wish.action == "trip") {
    with_reason();
    if (wish.planned) out.emplace_back("--planned");
  } else if (wish.action == "switch-back") {
    if (wish.typed != view.name_to_type)
      return problem(
          fmt::format("Nothing was released: type {} to say that you mean it.", view.name_to_type));
    with_reason();
    if (view.version) out.push_back(fmt::format("--expected-version={}", *view.version));
    for (const auto& check : checks) out.push_back("--check=" + check);
  } else if (wish.action == "arm") {
    with_reason();
  } else if (wish.action == "disarm") {
    if (!parse_duration(wish.length)) return problem("For how long? As in 30m or 2h.");
    if (wish.keep != "primary" && wish.keep != "backup")
      return problem("Who serves meanwhile: primary or backup?");
    with_reason();
    out.push_back("--for=" + wish.length);
    out.push_back("--keep=" + wish.keep);
  } else if (wish.action == "drill") {
    if (wish.reach == "yes") out.emplace_back("--reach");
  } else {
    return problem("There is no such act.");
  }
  return out;
}

// --- running

struct Acts::Run {
  std::int64_t number = 0;
  std::string subject, action, shown;  // shown: the command, for people
  pid_t pid = 0;
  Fd out, err;
  std::vector<std::string> lines;
  std::string partial, answer;  // of stderr; stdout
  std::optional<int> status;
  bool stopping = false;
  std::thread thread;
};

namespace {

// A document of the command's, or what it said instead.
Value result_of(const std::string& answer, int status) {
  auto out = Value::structure({{"status", status}});
  const auto parsed = aws::from_json(answer);
  if (!parsed || !parsed->is_struct()) {
    const auto text = trim(answer);
    if (!text.empty()) out.set("sentence", text);
    return out;
  }
  for (const auto* member : {"result", "sentence", "refusals", "notes", "legs"})
    if (parsed->has(member)) out.set(member, (*parsed)[member]);
  return out;
}

std::string text_from(const Fd& file, std::size_t from) {
  std::string out;
  std::array<char, 4096> buffer{};
  while (out.size() < most_bytes) {
    const auto got =
        ::pread(file.get(), buffer.data(), buffer.size(), static_cast<off_t>(from + out.size()));
    if (got <= 0) break;
    out.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return out;
}

std::vector<char*> pointers_of(const std::vector<std::string>& words) {
  std::vector<char*> out;
  for (const auto& word : words) out.push_back(const_cast<char*>(word.c_str()));
  out.push_back(nullptr);
  return out;
}

}  // namespace

Acts::Acts(Options options, Board& board) : options_(std::move(options)), board_(board) { post(); }

Acts::~Acts() {
  std::vector<std::shared_ptr<Run>> runs;
  {
    const std::lock_guard lock(mutex_);
    runs = runs_;
    for (const auto& run : runs)
      if (!run->status) ::kill(run->pid, SIGINT);
  }
  for (const auto& run : runs)
    if (run->thread.joinable()) run->thread.join();
}

Result<Value> Acts::start(const ActWish& wish, const GuardView& view, std::size_t account) {
  auto words = words_of(wish, view, options_.checks);
  if (!words) return failure(words.error());
  const auto run = std::make_shared<Run>();
  run->subject = wish.subject;
  run->action = wish.action;
  run->shown = "sitelatch";
  for (const auto& word : *words) run->shown += " " + options_.quoted(word);
  auto all = options_.program;
  all.insert(all.end(), words->begin(), words->end());
  for (const auto* word : {"--yes", "--output=json"}) all.emplace_back(word);
  if (account < options_.account_words.size())
    for (const auto& word : options_.account_words[account]) all.push_back(word);
  forget_old();
  const std::lock_guard lock(mutex_);
  for (const auto& other : runs_)
    if (!other->status && other->subject == wish.subject)
      return problem(fmt::format("A {} of this guard is still under way.", other->action));
  run->out.reset(::memfd_create("answer", MFD_CLOEXEC));
  run->err.reset(::memfd_create("progress", MFD_CLOEXEC));
  if (!run->out || !run->err) return problem(std::strerror(errno));
  const Fd nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  auto argv = pointers_of(all);
  // No handler of this process's runs in the child: what comes meanwhile waits until it has none.
  sigset_t every, before;
  sigfillset(&every);
  ::pthread_sigmask(SIG_SETMASK, &every, &before);
  const auto pid = ::fork();
  if (pid != 0) ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) return problem(std::strerror(errno));
  if (pid == 0) {
    // Ctrl-C at the console's terminal is the console's own: it ends what runs in good order.
    ::setpgid(0, 0);
    // What is begun in the background of a script ignores SIGINT, and would hand that down.
    ::signal(SIGINT, SIG_DFL);
    ::signal(SIGPIPE, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::dup2(nothing.get(), STDIN_FILENO);
    ::dup2(run->out.get(), STDOUT_FILENO);
    ::dup2(run->err.get(), STDERR_FILENO);
    ::execvp(argv[0], argv.data());
    ::_exit(127);
  }
  run->pid = pid;
  run->number = ++last_;
  runs_.push_back(run);
  run->thread = std::thread([this, run] { follow(run); });
  return Value::structure({{"run", run->number}});
}

// What has ended long ago. (Not under the lock: its thread may have a last word to say.)
void Acts::forget_old() {
  std::vector<std::shared_ptr<Run>> old;
  {
    const std::lock_guard lock(mutex_);
    while (runs_.size() >= most_runs && runs_.front()->status) {
      old.push_back(runs_.front());
      runs_.erase(runs_.begin());
    }
  }
  for (const auto& run : old) run->thread.join();
}

Result<Value> Acts::stop(std::int64_t number) {
  const std::lock_guard lock(mutex_);
  for (const auto& run : runs_)
    if (run->number == number && !run->status) {
      ::kill(run->pid, SIGINT);
      run->stopping = true;
      return Value::structure({{"run", number}});
    }
  return problem("It is over already.");
}

bool Acts::any_under_way() const {
  const std::lock_guard lock(mutex_);
  return std::any_of(runs_.begin(), runs_.end(),
                     [](const std::shared_ptr<Run>& run) { return !run->status; });
}

// The command writes into files that nobody else has, not into pipes: should the console be killed,
// it goes on to its end.
void Acts::follow(const std::shared_ptr<Run>& run) {
  post();
  std::size_t read_so_far = 0;
  for (bool over = false; !over;) {
    int status = 0;
    const auto ended = ::waitpid(run->pid, &status, WNOHANG);
    over = ended == run->pid || (ended < 0 && errno != EINTR);
    const auto more = text_from(run->err, read_so_far);
    read_so_far += more.size();
    bool news = over;
    {
      const std::lock_guard lock(mutex_);
      run->partial += more;
      for (auto end = run->partial.find('\n'); end != std::string::npos;
           end = run->partial.find('\n')) {
        run->lines.push_back(run->partial.substr(0, end));
        run->partial.erase(0, end + 1);
        news = true;
      }
      if (run->lines.size() > most_lines)
        run->lines.erase(run->lines.begin(),
                         run->lines.end() - static_cast<std::ptrdiff_t>(most_lines));
      if (over) {
        run->answer = text_from(run->out, 0);
        run->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      }
    }
    if (news) post();
    if (!over) ::poll(nullptr, 0, look_every_ms);
  }
}

void Acts::post() {
  auto list = Value::list();
  const std::lock_guard lock(mutex_);  // and so the posts are in order
  for (const auto& run : runs_) {
    auto lines = Value::list();
    for (const auto& line : run->lines) lines.push(line);
    auto one = Value::structure({{"number", run->number},
                                 {"subject", run->subject},
                                 {"action", run->action},
                                 {"command", run->shown},
                                 {"lines", lines},
                                 {"stopping", run->stopping}});
    if (run->status) one.set("end", result_of(run->answer, *run->status));
    list.push(std::move(one));
  }
  board_.post("acts", aws::to_json(Value::structure({{"runs", list}})));
}

}  // namespace sitelatch::console

// SPDX-License-Identifier: Apache-2.0
#include "net/functions/function_host.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <future>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <thread>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "net/functions/code.h"
#include "net/functions/code_cache.h"
#include "net/functions/environment.h"
#include "net/functions/node_runtime.h"
#include "net/functions/protections.h"
#include "net/functions/python_runtime.h"
#include "net/functions/relay.h"
#include "net/functions/workers.h"
#include "net/io/system_ports.h"

namespace sitelatch::net {
namespace {

using Kind = ports::InvocationOutcome::Kind;
using Clock = FunctionHostLoop::Clock;
using namespace std::chrono_literals;

std::string from_environment(const std::string& chosen, const char* name) {
  if (!chosen.empty()) return chosen;
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

std::string this_program() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).string();
}

// AWS's own is 9001, which some clients assume.
std::uint16_t runtime_port_beside(std::uint16_t api, std::uint16_t dns) {
  std::uint16_t port = 9001;
  while (port == api || port == dns) ++port;
  return port;
}

// No process of this machine that we can see runs as this user.
bool is_unused(uid_t user) {
  errno = 0;
  ::getpriority(PRIO_USER, user);
  return errno == ESRCH;
}

constexpr std::size_t worker_count = 3;

void make_directory(const std::string& path, std::filesystem::perms mode) {
  std::filesystem::create_directories(path);
  std::filesystem::permissions(path, mode);
}

}  // namespace

class ProcessFunctionHost::Pool {
 public:
  Pool(Options options, std::function<void(std::function<void()>)> post)
      : options_(std::move(options)), post_(std::move(post)) {
    options_.search_path = from_environment(options_.search_path, "PATH");
    options_.home = from_environment(options_.home, "HOME");
    if (options_.self_exe.empty()) options_.self_exe = this_program();
    lay_out_directories();
    workers_.emplace(worker_count);
    codes_.emplace(code_cache_options(), loop_, *workers_, entropy_);
    thread_ = std::thread([this] {
      // Before any function, and not before the engine is ready.
      if (!settled_) settle_network();
      loop_.run();
    });
    loop_.post([this] { reap(); });
  }
  ~Pool() {
    loop_.post([this] {
      environments_.clear();
      loop_.stop();
    });
    thread_.join();    // before the workers: it gives them orders until its end
    workers_.reset();  // what they were doing is finished first; its answers go nowhere
    if (!code_root_.empty()) remove_tree(code_root_);
  }

  void invoke(FunctionJobPointer job) {
    // std::function wants copies: the job travels in a shared box.
    auto box = std::make_shared<FunctionJobPointer>(std::move(job));
    loop_.post([this, box] { accept(std::move(*box)); });
  }
  void retire(const std::string& function_arn) {
    loop_.post([this, function_arn] {
      for (auto& [environment, code, user] : environments_)
        if (environment->function_arn() == function_arn) environment->end_after_job();
    });
  }
  void end_all() {
    std::promise<void> ended;
    loop_.post([this, &ended] {
      constexpr const char* why = "all functions were ended";
      ++round_;
      for (auto& job : std::exchange(waiting_, {})) refuse(std::move(job), Kind::host_error, why);
      for (auto& [environment, code, user] : environments_) environment->end(why);
      ended.set_value();
    });
    ended.get_future().wait();
  }
  void stop(Duration grace, const std::function<void()>& stopped) {
    loop_.post([this, grace, stopped] {
      stopping_ = true;
      stopped_ = stopped;
      for (auto& job : std::exchange(waiting_, {}))
        refuse(std::move(job), Kind::host_error, "the engine is stopping");
      for (auto& [environment, code, user] : environments_) environment->end_after_job();
      loop_.at(Clock::now() + grace, [this] {
        for (auto& [environment, code, user] : environments_)
          environment->end("the engine is stopping");
      });
      tell_when_stopped();
    });
  }
  std::vector<std::string> missing_protections() {
    std::promise<std::vector<std::string>> known;
    loop_.post(
        [this, &known] { known.set_value(describe_missing(isolation_, network_, groups_.get())); });
    return known.get_future().get();
  }

 private:
  struct Entry {
    std::unique_ptr<FunctionEnvironment> environment;
    CodeCache::Use code;
    uid_t user = 0;
  };

  void lay_out_directories() {
    using std::filesystem::perms;
    remove_tree(options_.work_dir);
    make_directory(options_.work_dir, perms::owner_all);
    make_directory(options_.work_dir + "/root",
                   perms::owner_all | perms::group_exec | perms::others_exec);
    isolation_ = probe_isolation(options_.work_dir + "/root");
    if (options_.sandboxing == Options::Sandboxing::no_namespaces)
      isolation_.namespaces = isolation_.proc = isolation_.network = false;
    if (options_.accounting == Options::Accounting::groups_where_possible)
      groups_ = std::make_unique<FunctionCgroups>();
    // Whoever asked for the world beyond is told at once that there is none.
    if (!isolation_.network || options_.network == FunctionNetwork::outbound) settle_network();
    if (isolation_.network && options_.network != FunctionNetwork::host) {
      options_.api_endpoint = fmt::format("http://127.0.0.1:{}", options_.api.port);
      relay_ = std::make_unique<FunctionRelay>(RelayTargets{options_.api, options_.dns});
    }
    code_root_ = options_.work_dir;
    if (!isolation_.namespaces && isolation_.own_users()) code_root_ = open_code_root();
    make_directory(code_root_ + "/code", perms::owner_all | perms::group_exec | perms::others_exec);
    const auto runtime = code_root_ + "/runtime";
    make_directory(runtime, perms::owner_all | perms::group_read | perms::group_exec |
                                perms::others_read | perms::others_exec);
    if (auto written = write_python_runtime(runtime, options_.api_endpoint); !written)
      throw std::runtime_error(written.error().text);
    if (auto written = write_node_runtime(runtime); !written)
      throw std::runtime_error(written.error().text);
  }

  void settle_network() {
    probe_outbound(isolation_, options_.search_path);
    const auto network = choose_network(options_.network, isolation_);
    if (!network) throw std::runtime_error(network.error().text);
    network_ = *network;
    settled_ = true;
    for (const auto& sentence : describe_missing(isolation_, network_, groups_.get()))
      log(LogLevel::warning, "lambda", sentence);
    log(LogLevel::info, "lambda", fmt::format("functions' network: {}", name_of(network_)));
  }

  CodeCache::Options code_cache_options() {
    CodeCache::Options options;
    options.directory = code_root_ + "/code";
    options.idle_limit = options_.idle_limit;
    if (isolation_.own_users()) options.draw_group = [this] { return draw_user(); };
    return options;
  }

  // Functions run as other users and without mounts of their own: the way to their code must be
  // open to them, and the engine's directory is not. A fresh name, so that nobody can have prepared
  // it.
  static std::string open_code_root() {
    std::string name = "/tmp/sitelatch-functions-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr || ::chmod(name.c_str(), 0711) != 0)
      throw std::runtime_error(name + " cannot be made");
    return name;
  }

  void post_outcome(FunctionJobPointer job, ports::InvocationOutcome outcome) {
    post_([done = std::move(job->done), result = std::make_shared<ports::InvocationOutcome>(
                                            std::move(outcome))] { done(std::move(*result)); });
  }
  void refuse(FunctionJobPointer job, Kind kind, std::string reason) {
    ports::InvocationOutcome outcome;
    outcome.kind = kind;
    outcome.reason = std::move(reason);
    outcome.environment_id = ports::random_hex(entropy_, 32);
    post_outcome(std::move(job), std::move(outcome));
  }

  void accept(FunctionJobPointer job) {
    if (stopping_) return refuse(std::move(job), Kind::host_error, "the engine is stopping");
    if (auto* environment = warm_for(*job)) return environment->give(std::move(job));
    if (environments_.size() + codes_->waiting() >= options_.max_environments && !evict_idle()) {
      if (waiting_.size() >= options_.max_waiting)
        return refuse(std::move(job), Kind::host_error, "too many functions are waiting");
      waiting_.push_back(std::move(job));
      return;
    }
    prepare(std::move(job));
  }

  // Idle first, the one used last; else one that is about to be.
  FunctionEnvironment* warm_for(const FunctionJob& job) {
    const auto needed_until =
        std::chrono::system_clock::now() + std::chrono::seconds(job.spec.timeout_s + 60);
    FunctionEnvironment* best = nullptr;
    for (auto& [environment, code, user] : environments_) {
      if (environment->key() != job.spec.environment_key || doomed_.contains(environment.get()))
        continue;
      if (!environment->is_idle() && !environment->is_answered()) continue;
      const auto expiry = environment->credentials_expire();
      if (expiry != WallInstant{} && expiry < needed_until) {
        if (job.invocation.credentials.expiration > expiry) {
          doomed_.insert(environment.get());
          environment->end_after_job();
        }
        if (doomed_.contains(environment.get())) continue;
      }
      const bool better = best == nullptr || (environment->is_idle() && !best->is_idle()) ||
                          (environment->is_idle() == best->is_idle() &&
                           environment->idle_since() > best->idle_since());
      if (better) best = environment.get();
    }
    return best;
  }

  // Room is made by the environment that was idle longest; it counts until it is gone, which takes
  // a moment.
  bool evict_idle() {
    FunctionEnvironment* oldest = nullptr;
    for (auto& [environment, code, user] : environments_)
      if (environment->is_idle() && !doomed_.contains(environment.get()) &&
          (oldest == nullptr || environment->idle_since() < oldest->idle_since()))
        oldest = environment.get();
    if (oldest != nullptr) {
      doomed_.insert(oldest);
      oldest->end_after_job();
    }
    return false;
  }

  void prepare(FunctionJobPointer job) {
    const auto& spec = job->spec;
    CodeCache::Package package;
    package.key = hex(spec.code_sha256) + "/" + spec.runtime;
    package.zip = spec.zip;
    for (const auto& layer : spec.layers) {
      package.key += "/" + hex(layer.code_sha256);
      package.layers.push_back(layer.zip);
    }
    package.also = [this, runtime = spec.runtime] { find_runtime(runtime); };
    auto box = std::make_shared<FunctionJobPointer>(std::move(job));
    codes_->get(std::move(package), [this, box, round = round_](
                                        Result<CodeCache::Use, CodeCache::Refusal> code) {
      if (round != round_)
        return refuse(std::move(*box), Kind::host_error, "all functions were ended");
      if (code) return start(*std::move(code), std::move(*box));
      // What the machine lacks is tried again, by the rules of AWS's asynchronous invocations.
      const bool machine = code.error().fault == CodeCache::Refusal::Fault::machine;
      refuse(std::move(*box), machine ? Kind::host_error : Kind::no_bootstrap, code.error().text);
      tell_when_stopped();
    });
  }

  // What of the machine runs a managed runtime, with our client for it.
  struct Interpreter {
    enum class Kind { python, node } kind = Kind::python;
    std::string executable, prefix;
    std::vector<std::string> trees;
  };

  // On a worker. Found once for each version.
  void find_runtime(const std::string& runtime) {
    if (!python_minor(runtime) && !node_major(runtime)) return;
    {
      const std::lock_guard lock(interpreters_mutex_);
      if (const auto known = interpreters_.find(runtime);
          known != interpreters_.end() && known->second)
        return;
    }
    // Without mounts of its own, another user reaches only what is open to all.
    const bool closed = !isolation_.namespaces && isolation_.own_users();
    auto found = look_for(runtime, closed ? "" : options_.search_path,
                          closed ? "/nonexistent" : options_.home);
    const std::lock_guard lock(interpreters_mutex_);
    interpreters_[runtime] = std::move(found);
  }

  static std::optional<Interpreter> look_for(const std::string& runtime,
                                             const std::string& search_path,
                                             const std::string& home) {
    if (const auto minor = python_minor(runtime)) {
      const auto python = find_python(*minor, search_path, home);
      if (!python) return std::nullopt;
      if (!python->boto3 || python->minor != *minor)
        log(LogLevel::info, "functions",
            fmt::format("{} runs on {} (3.{}{})", runtime, python->executable, python->minor,
                        python->boto3 ? "" : ", without boto3"));
      return Interpreter{Interpreter::Kind::python, python->executable, python->prefix,
                         python->trees};
    }
    const auto major = node_major(runtime);
    const auto node = find_node(*major, search_path, home);
    if (!node) return std::nullopt;
    if (node->major != *major)
      log(LogLevel::info, "functions",
          fmt::format("{} runs on {} (Node.js {})", runtime, node->executable, node->major));
    return Interpreter{Interpreter::Kind::node, node->executable, node->prefix, node->trees};
  }

  void start(CodeCache::Use code, FunctionJobPointer job) {
    if (stopping_) {
      refuse(std::move(job), Kind::host_error, "the engine is stopping");
      return tell_when_stopped();
    }
    std::optional<Interpreter> interpreter;
    const auto& runtime = job->spec.runtime;
    if (python_minor(runtime) || node_major(runtime)) {
      const std::lock_guard lock(interpreters_mutex_);
      interpreter = interpreters_[runtime];
      if (!interpreter) {
        const auto reason =
            node_major(runtime)
                ? fmt::format("this machine has no Node.js for the runtime {}", runtime)
                : fmt::format("this machine has no Python 3 for the runtime {}", runtime);
        return refuse(std::move(job), Kind::no_bootstrap, reason);
      }
    } else if (!runtime.starts_with("provided")) {
      const auto reason = fmt::format("the runtime {} is not available on this machine", runtime);
      return refuse(std::move(job), Kind::no_bootstrap, reason);
    }
    FunctionEnvironment::Settings settings;
    settings.id = ports::random_hex(entropy_, 32);
    settings.mark = interpreter ? "\x1e" + ports::random_hex(entropy_, 16) + ":" : std::string();
    settings.self_exe = options_.self_exe;
    settings.isolation = isolation_;
    settings.init_limit = options_.init_limit;
    settings.memory_limit_bytes = std::uint64_t{job->spec.memory_mb + options_.memory_headroom_mb}
                                  << 20;
    const auto user = isolation_.own_users() ? draw_user() : Result<uid_t>(::geteuid());
    if (!user) return refuse(std::move(job), Kind::host_error, user.error().text);
    settings.plan = plan_for(job->spec, job->invocation, code, interpreter, settings);
    settings.plan.uid = *user;
    settings.groups = groups_.get();
    settings.relay = relay_.get();
    settings.relay_key = ++last_relay_key_;
    environments_.push_back({nullptr, std::move(code), settings.plan.uid});
    auto& entry = environments_.back();
    Entry* self = &entry;
    FunctionEnvironment::Events events;
    events.finished = [this](FunctionJobPointer done, ports::InvocationOutcome outcome) {
      post_outcome(std::move(done), std::move(outcome));
    };
    events.returned = [this](FunctionJobPointer back) { accept_again(std::move(back)); };
    events.idle = [this] { serve_waiting(); };
    // Later: the environment is still at work when it says so.
    events.gone = [this, self] { loop_.post([this, self] { forget(self); }); };
    entry.environment = std::make_unique<FunctionEnvironment>(loop_, std::move(settings),
                                                              std::move(job), std::move(events));
    if (auto started = entry.environment->start(); !started)
      entry.environment->fail_start(started.error().text);
  }

  SandboxPlan plan_for(const ports::FunctionSpec& spec, const ports::Invocation& invocation,
                       const CodeCache::Use& code, const std::optional<Interpreter>& interpreter,
                       const FunctionEnvironment::Settings& settings) {
    SandboxPlan plan;
    plan.namespaces = isolation_.namespaces;
    plan.proc = isolation_.proc;
    plan.own_user = isolation_.own_users();
    plan.nested = isolation_.nested;
    plan.gid = plan.own_user ? code.group() : ::getegid();
    plan.tmp_mb = spec.ephemeral_mb;
    plan.data_mb = spec.memory_mb + 2048;
    // Without a user of its own a function's processes count together with all of the engine's user
    // (RLIMIT_NPROC).
    plan.max_processes = plan.own_user ? options_.max_processes : 4 * options_.max_processes;
    plan.network = network_plan();
    plan.root = options_.work_dir + "/root";
    plan.code = code.directory();
    plan.runtime = code_root_ + "/runtime";
    plan.opt = code.layers();
    Folders seen{code.directory(), plan.runtime, plan.opt.empty() ? "/opt" : plan.opt};
    if (plan.namespaces) seen = {"/var/task", "/var/runtime", "/opt"};
    if (interpreter) {
      plan.binds = interpreter->trees;
      plan.lang = interpreter->prefix;
      plan.commands = {command_of(*interpreter, spec, seen, settings.mark)};
    } else {
      plan.commands = {{seen.task + "/bootstrap"}, {seen.opt + "/bootstrap"}};
    }
    plan.environment = environment_for(spec, invocation, settings.id, interpreter, seen);
    return plan;
  }

  // As the function sees them.
  struct Folders {
    std::string task, runtime, opt;
  };

  static std::vector<std::string> command_of(const Interpreter& interpreter,
                                             const ports::FunctionSpec& spec, const Folders& seen,
                                             const std::string& mark) {
    std::vector<std::string> command;
    // A program of the function's or of a layer's that starts the runtime in its own way.
    if (const auto wrapper = spec.variables.find("AWS_LAMBDA_EXEC_WRAPPER");
        wrapper != spec.variables.end() && !wrapper->second.empty())
      command.push_back(wrapper->second);
    command.push_back(interpreter.executable);
    if (interpreter.kind == Interpreter::Kind::python) {
      command.insert(command.end(), {"-u", seen.runtime + "/bootstrap.py"});
    } else {
      // As much of the function's memory as AWS's own start gives.
      command.push_back(fmt::format("--max-old-space-size={}", spec.memory_mb * 9 / 10));
      command.push_back(seen.runtime + "/bootstrap.cjs");
    }
    command.insert(command.end(), {mark, seen.opt});
    return command;
  }

  // AWS's own, and what the machine has for everybody: the AWS SDK may be there, as AWS's runtime
  // brings it.
  static std::string node_path(const Interpreter& node, const std::string& runtime,
                               const Folders& seen) {
    return fmt::format(
        "{0}/nodejs/node{1}/node_modules:{0}/nodejs/node_modules:{2}/node_modules:{2}:{3}:"
        "{4}/lib/node_modules:/usr/local/lib/node_modules:/usr/share/nodejs",
        seen.opt, node_major(runtime).value_or(0), seen.runtime, seen.task, node.prefix);
  }

  NetworkPlan network_plan() const {
    NetworkPlan plan;
    plan.kind = network_;
    if (network_ == FunctionNetwork::host) return plan;
    plan.api_port = options_.api.port;
    plan.dns_port = options_.dns.port;
    plan.runtime_port = runtime_port_beside(plan.api_port, plan.dns_port);
    if (network_ == FunctionNetwork::outbound) {
      plan.unreachable = unreachable_prefixes();
      plan.nameserver = outbound_nameserver;
    } else if (plan.dns_port != 0) {
      plan.nameserver = "127.0.0.1";
    }
    return plan;
  }

  // A user, or the group of a code, that nobody has: none of ours, and no process of the machine.
  Result<std::uint32_t> draw_user() {
    for (int tries = 0; tries < 1000; ++tries) {
      const auto user = isolation_.first_uid + random_below(isolation_.uid_count);
      const bool ours = std::any_of(environments_.begin(), environments_.end(),
                                    [&](const Entry& entry) { return entry.user == user; }) ||
                        codes_->has_group(user);
      if (!ours && is_unused(user)) return user;
    }
    return problem("every user of the functions' range is taken");
  }
  std::uint32_t random_below(std::uint32_t bound) {
    std::array<unsigned char, 4> bytes{};
    entropy_.fill(bytes);
    std::uint32_t value = 0;
    for (const auto byte : bytes) value = value << 8 | byte;
    return value % bound;
  }

  // AWS's own names (fact lambda-26), over the user's; and what leads any SDK to the engine.
  std::vector<std::string> environment_for(const ports::FunctionSpec& spec,
                                           const ports::Invocation& invocation,
                                           const std::string& id,
                                           const std::optional<Interpreter>& interpreter,
                                           const Folders& seen) const {
    const auto& [task, runtime, opt] = seen;
    auto all = spec.variables;
    const auto by_default = [&](const char* name, const std::string& value) {
      all.emplace(name, value);
    };
    by_default("AWS_ENDPOINT_URL", options_.api_endpoint);
    by_default("AWS_EC2_METADATA_DISABLED", "true");
    by_default("LANG", std::filesystem::exists("/usr/lib/locale/locale-archive") ? "en_US.UTF-8"
                                                                                 : "C.UTF-8");
    // AWS's own, to the letter.
    by_default("PATH", "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:" + opt + "/bin");
    by_default("LD_LIBRARY_PATH", "/var/lang/lib:/lib64:/usr/lib64:" + runtime + ":" + runtime +
                                      "/lib:" + task + ":" + task + "/lib:" + opt + "/lib");
    by_default("TZ", ":UTC");
    by_default("HOME", "/tmp");
    by_default("AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR");
    if (interpreter && interpreter->kind == Interpreter::Kind::python) {
      by_default("PYTHONPATH", runtime);
      by_default("AWS_DATA_PATH", runtime + "/data");
    } else if (interpreter) {
      by_default("NODE_PATH", node_path(*interpreter, spec.runtime, seen));
    }
    if (spec.json_log) {
      by_default("AWS_LAMBDA_LOG_FORMAT", "JSON");
      by_default("AWS_LAMBDA_LOG_LEVEL", spec.log_level);
    }
    const auto& credentials = invocation.credentials;
    all["AWS_ACCESS_KEY_ID"] = credentials.access_key_id;
    all["AWS_SECRET_ACCESS_KEY"] = credentials.secret_access_key;
    all["AWS_SESSION_TOKEN"] = credentials.session_token;
    all["AWS_REGION"] = all["AWS_DEFAULT_REGION"] = spec.region;
    if (interpreter) all["AWS_EXECUTION_ENV"] = "AWS_Lambda_" + spec.runtime;
    all["AWS_LAMBDA_FUNCTION_NAME"] = spec.function_name;
    all["AWS_LAMBDA_FUNCTION_VERSION"] = spec.version;
    all["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] = std::to_string(spec.memory_mb);
    all["AWS_LAMBDA_INITIALIZATION_TYPE"] = "on-demand";
    all["AWS_LAMBDA_LOG_GROUP_NAME"] = spec.log_group;
    const auto today = civil(Instant(
        std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch())));
    all["AWS_LAMBDA_LOG_STREAM_NAME"] = fmt::format("{:04}/{:02}/{:02}/[{}]{}", today.year,
                                                    today.month, today.day, spec.version, id);
    all["LAMBDA_TASK_ROOT"] = task;
    all["LAMBDA_RUNTIME_DIR"] = runtime;
    all["_HANDLER"] = spec.handler;
    all["PWD"] = task;
    all["SHLVL"] = "0";
    all.erase("AWS_LAMBDA_RUNTIME_API");  // the environment's, which knows the port, comes later
    std::vector<std::string> texts;
    for (const auto& [name, value] : all)
      if (name.find('\0') == std::string::npos && value.find('\0') == std::string::npos)
        texts.push_back(name + "=" + value);
    return texts;
  }

  void accept_again(FunctionJobPointer job) {
    auto box = std::make_shared<FunctionJobPointer>(std::move(job));
    loop_.post([this, box] { accept(std::move(*box)); });
  }

  void serve_waiting() {
    if (waiting_.empty()) return;
    loop_.post([this] {
      for (std::size_t count = waiting_.size(); count > 0; --count) {
        auto job = std::move(waiting_.front());
        waiting_.pop_front();
        accept(std::move(job));
      }
    });
  }

  void forget(Entry* entry) {
    // At the pool's end all are let go of at once, while some are still on their way here.
    if (std::none_of(environments_.begin(), environments_.end(),
                     [&](const Entry& held) { return &held == entry; }))
      return;
    doomed_.erase(entry->environment.get());
    environments_.remove_if([&](const Entry& held) { return &held == entry; });
    serve_waiting();
    tell_when_stopped();
  }

  void tell_when_stopped() {
    if (!stopping_ || !stopped_ || !environments_.empty() || codes_->waiting() > 0) return;
    post_(std::exchange(stopped_, nullptr));
  }

  // Idle environments and unused code go after a while.
  void reap() {
    const auto now = Clock::now();
    for (auto& [environment, code, user] : environments_)
      if (environment->is_idle() && environment->idle_since() < now - options_.idle_limit)
        environment->end_after_job();
    codes_->reap(now);
    const auto pace = std::clamp<Duration>(options_.idle_limit / 4, 10ms, 10s);
    loop_.at(Clock::now() + pace, [this] { reap(); });
  }

  Options options_;
  std::function<void(std::function<void()>)> post_;
  Isolation isolation_;
  std::unique_ptr<FunctionCgroups> groups_;  // nullptr: memory is sampled
  bool settled_ = false;                     // what follows; by the host's own thread, in the end
  FunctionNetwork network_ = FunctionNetwork::host;
  std::unique_ptr<FunctionRelay> relay_;
  FunctionRelay::Key last_relay_key_ = 0;
  std::string code_root_;
  FunctionHostLoop loop_;
  SystemEntropy entropy_;
  std::optional<Workers> workers_;
  std::optional<CodeCache> codes_;
  std::list<Entry> environments_;
  std::set<FunctionEnvironment*> doomed_;  // end as soon as they can; never chosen
  std::deque<FunctionJobPointer> waiting_;
  std::uint64_t round_ = 0;  // since the last end_all()
  bool stopping_ = false;
  std::function<void()> stopped_;
  std::mutex interpreters_mutex_;
  std::map<std::string, std::optional<Interpreter>> interpreters_;
  std::thread thread_;
};

ProcessFunctionHost::ProcessFunctionHost(Options options,
                                         std::function<void(std::function<void()>)> post)
    : pool_(std::make_unique<Pool>(std::move(options), std::move(post))) {}
ProcessFunctionHost::~ProcessFunctionHost() = default;

void ProcessFunctionHost::invoke(ports::FunctionSpec spec, ports::Invocation invocation,
                                 std::function<void(ports::InvocationOutcome)> done) {
  auto job = std::make_unique<FunctionJob>();
  job->spec = std::move(spec);
  job->invocation = std::move(invocation);
  job->done = std::move(done);
  pool_->invoke(std::move(job));
}

void ProcessFunctionHost::retire(const std::string& function_arn) { pool_->retire(function_arn); }
void ProcessFunctionHost::end_all() { pool_->end_all(); }
void ProcessFunctionHost::stop(Duration grace, const std::function<void()>& stopped) {
  pool_->stop(grace, stopped);
}
std::vector<std::string> ProcessFunctionHost::missing_protections() {
  return pool_->missing_protections();
}

}  // namespace sitelatch::net

// SPDX-License-Identifier: Apache-2.0
#include "net/functions/cgroup.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "base/text.h"
#include "net/functions/child.h"

namespace sitelatch::net {
namespace {

constexpr std::string_view group_prefix = "sitelatch-";
constexpr std::string_view engine_leaf = "/sitelatch-engine";
constexpr std::uint64_t tcp_buffers_limit = 64 << 20;  // version 1 counts them apart

std::string read_file(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// These files want one write, and say whether they took it.
bool write_file(const std::string& path, const std::string& text) {
  const Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return fd && ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

std::uint64_t number_in(const std::string& path) {
  const auto text = read_file(path);
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, parse_int(trim(text)).value_or(0)));
}

// "name value" a line.
std::uint64_t field_in(const std::string& text, std::string_view name) {
  for (const auto line : split(text, '\n'))
    if (line.size() > name.size() && line.starts_with(name) && line[name.size()] == ' ')
      return static_cast<std::uint64_t>(
          std::max<std::int64_t>(0, parse_int(line.substr(name.size() + 1)).value_or(0)));
  return 0;
}

bool lists(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::vector<std::string> words_of(const std::string& text, char between) {
  std::vector<std::string> words;
  for (const auto word : split(trim(text), between))
    if (!word.empty()) words.emplace_back(word);
  return words;
}

bool is_alone_in(const std::string& directory) {
  return trim(read_file(directory + "/cgroup.procs")) == std::to_string(::getpid());
}

bool is_populated(const std::string& directory) {
  return !trim(read_file(directory + "/cgroup.procs")).empty();
}

// Groups of engines that are no more. Only empty ones go: rmdir refuses the others.
void remove_leftovers(const std::string& directory) {
  std::error_code error;
  std::vector<std::string> leftovers;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    const auto name = entry.path().filename().string();
    if (!name.starts_with(group_prefix)) continue;
    const auto pid =
        parse_int(name.substr(group_prefix.size(), name.rfind('-') - group_prefix.size()));
    // Any other error, EPERM too, means that there is such a process.
    if (pid && *pid > 0 && ::kill(static_cast<pid_t>(*pid), 0) != 0 && errno == ESRCH)
      leftovers.push_back(entry.path().string());
  }
  for (const auto& leftover : leftovers) {
    for (const auto& entry : std::filesystem::directory_iterator(leftover, error))
      ::rmdir(entry.path().c_str());
    ::rmdir(leftover.c_str());
  }
}

struct Joining {
  const int* doors;
  std::size_t count;
};
SITELATCH_UNWATCHED int join_groups(void* argument) {
  const auto& joining = *static_cast<const Joining*>(argument);
  for (std::size_t i = 0; i < joining.count; ++i)
    if (::write(joining.doors[i], "0", 1) != 1) return leave_child(1);
  return leave_child(0);
}
// Tried by a child.
bool can_join(const FunctionCgroup* group) {
  if (group == nullptr) return false;
  const auto doors = group->doors();
  Joining joining{doors.data(), doors.size()};
  const pid_t pid = clone_child(join_groups, &joining, 0);
  int status = 0;
  return pid > 0 && ::waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
         WEXITSTATUS(status) == 0;
}

std::string fresh_name() {
  std::uint32_t number = 0;
  if (::getrandom(&number, sizeof number, 0) != sizeof number) number = 0;
  return fmt::format("{}{}-{:08x}", group_prefix, ::getpid(), number);
}

}  // namespace

FunctionCgroup::FunctionCgroup(std::vector<Part> parts) : parts_(std::move(parts)) {
  for (const auto& part : parts_)
    doors_.emplace_back(::open((part.directory + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
}

FunctionCgroup::~FunctionCgroup() {
  doors_.clear();
  // A process that was just reaped may still be leaving.
  for (const auto& part : parts_)
    for (int round = 0; ::rmdir(part.directory.c_str()) != 0 && errno == EBUSY && round < 50;
         ++round)
      ::usleep(200);
}

std::vector<int> FunctionCgroup::doors() const {
  std::vector<int> numbers;
  for (const auto& door : doors_) numbers.push_back(door.get());
  return numbers;
}

const FunctionCgroup::Part* FunctionCgroup::memory_part() const {
  const auto found =
      std::find_if(parts_.begin(), parts_.end(), [](const Part& part) { return part.memory; });
  return found == parts_.end() ? nullptr : &*found;
}

std::uint64_t FunctionCgroup::memory_bytes() const {
  const auto* part = memory_part();
  if (part == nullptr) return 0;
  const auto used =
      number_in(part->directory + (part->version_2 ? "/memory.current" : "/memory.usage_in_bytes"));
  const auto statistics = read_file(part->directory + "/memory.stat");
  auto files = field_in(statistics, "inactive_file") + field_in(statistics, "active_file");
  if (part->version_2) files += field_in(statistics, "slab_reclaimable");
  return used > files ? used - files : 0;
}

bool FunctionCgroup::memory_exhausted() const {
  const auto* part = memory_part();
  if (part == nullptr) return false;
  const auto* file = part->version_2 ? "/memory.events" : "/memory.oom_control";
  return field_in(read_file(part->directory + file), "oom_kill") > 0;
}

void FunctionCgroup::kill() const {
  // Since Linux 5.14. Otherwise process by process: stopped before they are killed, so that none
  // forks in between.
  for (const auto& part : parts_)
    if (part.version_2 && write_file(part.directory + "/cgroup.kill", "1")) return;
  if (parts_.empty()) return;
  for (int round = 0; round < 100; ++round) {
    const auto pids = words_of(read_file(parts_.front().directory + "/cgroup.procs"), '\n');
    if (pids.empty()) return;
    for (const auto& pid : pids) ::kill(static_cast<pid_t>(parse_int(pid).value_or(0)), SIGSTOP);
    for (const auto& pid : pids) ::kill(static_cast<pid_t>(parse_int(pid).value_or(0)), SIGKILL);
  }
}

std::vector<FunctionCgroups::Hierarchy> FunctionCgroups::hierarchies(const std::string& cgroup,
                                                                     const std::string& mounts) {
  // "4:memory:/user" and, version 2, "0::/user"
  std::map<std::string, std::string> group_of;
  for (const auto line : split(cgroup, '\n')) {
    const auto first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    for (const auto controller : split(line.substr(first + 1, second - first - 1), ','))
      group_of[std::string(controller)] = line.substr(second + 1);
  }
  std::vector<Hierarchy> found;
  for (const auto line : split(mounts, '\n')) {
    // "32 24 0:29 /root /mount options - cgroup source rw,memory"
    const auto dash = line.find(" - ");
    if (dash == std::string_view::npos) continue;
    const auto before = split(line.substr(0, dash), ' ');
    const auto after = split(line.substr(dash + 3), ' ');
    if (before.size() < 5 || after.size() < 3) continue;
    Hierarchy hierarchy;
    hierarchy.version_2 = after[0] == "cgroup2";
    if (!hierarchy.version_2 && after[0] != "cgroup") continue;
    std::string group;
    if (hierarchy.version_2) {
      group = group_of[""];
    } else {
      for (const auto option : split(after[2], ','))
        if (group_of.contains(std::string(option))) {
          hierarchy.controllers.emplace_back(option);
          group = group_of[std::string(option)];
        }
      if (hierarchy.controllers.empty()) continue;
    }
    // A container sees its own group mounted as the root.
    const std::string root(before[3] == "/" ? "" : before[3]);
    if (group.empty() || group.find("/..") != std::string::npos || !group.starts_with(root))
      continue;
    group.erase(0, root.size());
    if (hierarchy.version_2 && group.ends_with(engine_leaf))
      group.erase(group.size() - engine_leaf.size());
    hierarchy.directory = std::string(before[4]) + (group == "/" ? "" : group);
    found.push_back(std::move(hierarchy));
  }
  return found;
}

FunctionCgroups::FunctionCgroups() : name_(fresh_name()) {
  const auto all = hierarchies(read_file("/proc/self/cgroup"), read_file("/proc/self/mountinfo"));
  for (const auto& hierarchy : all)
    if (hierarchy.version_2)
      open_version_2(hierarchy);
    else
      open_version_1(hierarchy);
  // A group that cannot be joined is none.
  if (bases_.empty()) return;
  bool joined = false;
  {
    const auto trial = make("trial", {std::uint64_t{64} << 20, 64});
    joined = can_join(trial.get());
  }
  if (!joined) {
    for (const auto& base : bases_) ::rmdir(base.directory.c_str());
    bases_.clear();
  }
  for (const auto& base : bases_) {
    memory_ = memory_ || base.memory;
    processes_ = processes_ || base.processes;
  }
}

FunctionCgroups::~FunctionCgroups() {
  for (const auto& base : bases_) ::rmdir(base.directory.c_str());
}

void FunctionCgroups::open_version_1(const Hierarchy& hierarchy) {
  Base base{hierarchy.directory + "/" + name_, false, lists(hierarchy.controllers, "memory"),
            lists(hierarchy.controllers, "pids"), lists(hierarchy.controllers, "cpu")};
  if (!base.memory && !base.processes && !base.time) return;
  remove_leftovers(hierarchy.directory);
  if (::mkdir(base.directory.c_str(), 0755) != 0) return;
  // Before Linux 5.11 a group of version 1 counts what the groups below it hold only when told to.
  if (base.memory) write_file(base.directory + "/memory.use_hierarchy", "1");
  bases_.push_back(std::move(base));
}

// cgroups(7), "Cgroups v2 subtree control": a group that hands controllers on has no process of its
// own, but the root of all, which has no cgroup.type. The kernel refuses "+memory" there; "+pids"
// and "+cpu" it takes, and then nobody can join the groups below. So the engine moves first, and
// only where it is alone: the others are not ours to move.
void FunctionCgroups::open_version_2(const Hierarchy& hierarchy) {
  const auto& own = hierarchy.directory;
  const auto available = words_of(read_file(own + "/cgroup.controllers"), ' ');
  if (!lists(available, "memory") && !lists(available, "pids")) return;
  remove_leftovers(own);
  const auto leaf = own + std::string(engine_leaf);
  const bool moves = ::access((own + "/cgroup.type").c_str(), F_OK) == 0 && is_populated(own);
  if (moves) {
    if (!is_alone_in(own)) return;
    if (::mkdir(leaf.c_str(), 0755) != 0 && errno != EEXIST) return;
    if (!write_file(leaf + "/cgroup.procs", "0")) return;
  }
  const auto enable = [](const std::string& directory) {
    bool any = false;
    for (const char* controller : {"+memory", "+pids", "+cpu"})
      any = write_file(directory + "/cgroup.subtree_control", controller) || any;
    return any;
  };
  if (!enable(own)) {
    if (!moves) return;
    write_file(own + "/cgroup.procs", "0");
    ::rmdir(leaf.c_str());
    return;
  }
  const auto enabled = words_of(read_file(own + "/cgroup.subtree_control"), ' ');
  Base base{own + "/" + name_, true, lists(enabled, "memory"), lists(enabled, "pids"),
            lists(enabled, "cpu")};
  if (::mkdir(base.directory.c_str(), 0755) != 0) return;
  enable(base.directory);
  bases_.push_back(std::move(base));
}

std::unique_ptr<FunctionCgroup> FunctionCgroups::make(const std::string& name,
                                                      const CgroupLimits& limits) const {
  if (bases_.empty()) return nullptr;
  std::vector<FunctionCgroup::Part> parts;
  const auto memory = std::to_string(limits.memory_bytes);
  bool good = true;
  for (const auto& base : bases_) {
    const auto directory = base.directory + "/" + name;
    if (::mkdir(directory.c_str(), 0755) != 0) {
      good = false;
      break;
    }
    parts.push_back({directory, base.memory, base.version_2});
    const auto set = [&](const char* file, const std::string& value) {
      return write_file(directory + "/" + file, value);
    };
    if (base.memory && base.version_2) {
      good = good && set("memory.max", memory);
      set("memory.swap.max", "0");
      // All of the function, not the one process that the kernel would choose.
      set("memory.oom.group", "1");
    } else if (base.memory) {
      good = good && set("memory.limit_in_bytes", memory);
      // After the line above: memory with swap may never be less than without.
      set("memory.memsw.limit_in_bytes", memory);  // absent where swap is not counted
      set("memory.swappiness", "0");
      set("memory.kmem.tcp.limit_in_bytes", std::to_string(tcp_buffers_limit));
    }
    if (base.processes) good = good && set("pids.max", std::to_string(limits.processes));
    // Half of what one thread of the engine weighs.
    if (base.time) set(base.version_2 ? "cpu.weight" : "cpu.shares", base.version_2 ? "50" : "512");
  }
  auto group = std::make_unique<FunctionCgroup>(std::move(parts));
  const auto doors = group->doors();
  if (std::any_of(doors.begin(), doors.end(), [](int door) { return door < 0; })) good = false;
  if (!good) return nullptr;
  return group;
}

}  // namespace sitelatch::net

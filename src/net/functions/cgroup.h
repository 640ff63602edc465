// SPDX-License-Identifier: Apache-2.0
// Control groups for functions, below the engine's own, where the machine lets us make some:
// version 2 where the engine is alone in its group, as in a service of systemd's (it then moves
// into a group `sitelatch-engine` beside them, since a group with limits for its children holds no
// processes itself), version 1 hierarchy by hierarchy.
// Memory and processes are limited; the processor's time is shared by group, so that a function
// with a thousand processes weighs as much as one with one.
//
// A group's memory is everything that the kernel holds for it: pages mapped or not, /tmp, buffers
// of pipes and sockets, tables. Groups are removed with their owners; what an engine that was
// killed left behind is removed by the next.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"

namespace sitelatch::net {

struct CgroupLimits {
  std::uint64_t memory_bytes = 0;
  std::uint32_t processes = 0;
};

// One directory a hierarchy, made for one environment.
class FunctionCgroup {
 public:
  struct Part {
    std::string directory;
    bool memory = false, version_2 = false;
  };
  explicit FunctionCgroup(std::vector<Part> parts);
  ~FunctionCgroup();  // its processes are gone by then
  FunctionCgroup(const FunctionCgroup&) = delete;
  FunctionCgroup& operator=(const FunctionCgroup&) = delete;

  // Open `cgroup.procs` files: who writes "0" there joins.
  std::vector<int> doors() const;
  // What cannot be dropped at need: without clean pages of files.
  std::uint64_t memory_bytes() const;
  // The kernel has ended a process of this group for its memory.
  bool memory_exhausted() const;
  // Every process in it, however they are related.
  void kill() const;

 private:
  const Part* memory_part() const;
  std::vector<Part> parts_;
  std::vector<Fd> doors_;
};

class FunctionCgroups {
 public:
  // Where this process stands. Files as the kernel shows them: /proc/self/cgroup and
  // /proc/self/mountinfo.
  struct Hierarchy {
    // of the process's own group; after its move to `sitelatch-engine`, of the one above
    std::string directory;
    std::vector<std::string> controllers;
    bool version_2 = false;
  };
  static std::vector<Hierarchy> hierarchies(const std::string& cgroup, const std::string& mounts);

  FunctionCgroups();   // finds out by trying
  ~FunctionCgroups();  // removes what it made

  bool limits_memory() const { return memory_; }
  bool limits_processes() const { return processes_; }
  // nullptr where no group can be made.
  std::unique_ptr<FunctionCgroup> make(const std::string& name, const CgroupLimits& limits) const;

 private:
  struct Base {
    std::string directory;
    bool version_2 = false, memory = false, processes = false, time = false;
  };
  void open_version_1(const Hierarchy& hierarchy);
  void open_version_2(const Hierarchy& hierarchy);

  std::string name_;
  std::vector<Base> bases_;
  bool memory_ = false, processes_ = false;
};

}  // namespace sitelatch::net

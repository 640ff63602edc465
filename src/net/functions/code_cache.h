// SPDX-License-Identifier: Apache-2.0
// Code that is unpacked, for all environments that run it: a directory for each package, made once
// by a worker however many ask for it meanwhile, kept while anybody uses it and for a while after.
// What is unpacked and used by nobody is bounded: it bounds the disk.
//
//   asked for --worker--> ready <--> used      ready, unused: goes after a while, or as surplus
//                 '-----> refused to all who wait, and forgotten: whoever asks next tries again
//
// Belongs to the function host's loop. What it has ordered of the workers comes back by way of the
// loop: both have to end before it does.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "net/functions/host_loop.h"
#include "net/functions/workers.h"
#include "ports/entropy.h"

namespace sitelatch::net {

class CodeCache {
  struct Code;

 public:
  using Clock = FunctionHostLoop::Clock;

  struct Options {
    std::string directory;  // exists; each code gets one of its own in it
    Duration idle_limit = std::chrono::minutes(10);
    std::size_t most_unused = 64;
    // A group that nobody else has, to which a code is closed. Empty: all are left as they are
    // made.
    std::function<Result<gid_t>()> draw_group;
  };
  struct Package {
    std::string key;                         // the same key, the same code
    std::shared_ptr<const std::string> zip;  // nullptr is no zip, and refused as such
    std::vector<std::shared_ptr<const std::string>> layers = {};  // unpacked beside it
    std::function<void()> also = {};  // run on the worker after unpacking; may throw as that does
  };
  struct Refusal {
    // What the machine lacks (space, descriptors, groups) may be there at the next try.
    enum class Fault { code, machine } fault = Fault::code;
    std::string text;
  };
  // While one lives, its code stays. Not beyond the cache.
  class Use {
   public:
    explicit Use(Code& code);
    const std::string& directory() const;
    const std::string& layers() const;  // their directory; empty: there are none
    gid_t group() const;                // the engine's own where there are none to draw

   private:
    struct End {
      void operator()(Code* code) const;
    };
    std::unique_ptr<Code, End> code_;
  };
  using Done = std::function<void(Result<Use, Refusal>)>;

  CodeCache(Options options, FunctionHostLoop& loop, Workers& workers, ports::Entropy& entropy);

  // `done` runs once: inside the call when the code is ready or no group is left, else from the
  // loop.
  void get(Package package, Done done);
  std::size_t waiting() const { return waiting_; }  // for a `done` from the loop
  bool has_group(gid_t group) const;
  // Deletes what nobody has used for the idle limit, and of more than `most_unused` those that
  // nobody has used for longest.
  void reap(Clock::time_point now);

 private:
  struct Code {
    bool ready = false;
    std::string directory, layers;
    gid_t group = 0;
    std::size_t users = 0;
    Clock::time_point last_used{};
    std::vector<Done> waiting;

    bool is_unused() const { return ready && users == 0; }
  };
  using Codes = std::map<std::string, Code>;  // where they stand, they stay: Use points to them

  void order_unpacking(Package package, const Code& code);
  void unpacked(const std::string& key, const std::optional<Refusal>& refusal);
  void drop(Codes::iterator code);

  Options options_;
  FunctionHostLoop& loop_;
  Workers& workers_;
  ports::Entropy& entropy_;  // nobody guesses the name of a directory
  Codes codes_;
  std::size_t waiting_ = 0;
};

}  // namespace sitelatch::net

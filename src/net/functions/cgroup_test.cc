// SPDX-License-Identifier: Apache-2.0
// Where this process's groups are, from texts of other machines. What groups do is tried in
// hostile_resources_test.cc.
#include "net/functions/cgroup.h"

#include <doctest/doctest.h>

using sitelatch::net::FunctionCgroups;

TEST_CASE("version 2, as systemd has it") {
  const auto found = FunctionCgroups::hierarchies(
      "0::/system.slice/sitelatch.service\n",
      "24 30 0:22 / /proc rw,nosuid - proc proc rw\n"
      "29 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n");
  REQUIRE(found.size() == 1);
  CHECK(found[0].version_2);
  CHECK(found[0].directory == "/sys/fs/cgroup/system.slice/sitelatch.service");
}

TEST_CASE("an engine that has moved within its service has its groups where it was") {
  const std::string mounts = "29 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
  const auto directory = [&](const std::string& group) {
    return FunctionCgroups::hierarchies("0::" + group + "\n", mounts).at(0).directory;
  };
  CHECK(directory("/a.service/sitelatch-engine") == "/sys/fs/cgroup/a.service");
  CHECK(directory("/sitelatch-engine") == "/sys/fs/cgroup");
  CHECK(directory("/a.service/engine") == "/sys/fs/cgroup/a.service/engine");
}

TEST_CASE("version 1 hierarchies, some with several controllers, beside an empty version 2") {
  const auto found = FunctionCgroups::hierarchies(
      "4:memory:/api/one\n3:cpu,cpuacct:/\n2:pids:/\n1:name=systemd:/x\n0::/\n",
      "33 32 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
      "34 32 0:30 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
      "35 32 0:31 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
      "36 32 0:32 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
  REQUIRE(found.size() == 4);
  CHECK(found[0].directory == "/sys/fs/cgroup/memory/api/one");
  CHECK(found[0].controllers == std::vector<std::string>{"memory"});
  CHECK(found[1].directory == "/sys/fs/cgroup/cpu,cpuacct");
  CHECK(found[1].controllers == std::vector<std::string>{"cpu", "cpuacct"});
  CHECK(found[2].directory == "/sys/fs/cgroup/pids");
  CHECK(found[3].version_2);
}

TEST_CASE("a container that sees its own group as the root, and one that stands outside of it") {
  const auto inside = FunctionCgroups::hierarchies(
      "4:memory:/docker/abc\n",
      "33 32 0:29 /docker/abc /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
  REQUIRE(inside.size() == 1);
  CHECK(inside[0].directory == "/sys/fs/cgroup/memory");
  CHECK(FunctionCgroups::hierarchies(
            "4:memory:/other\n",
            "33 32 0:29 /docker/abc /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n")
            .empty());
  CHECK(FunctionCgroups::hierarchies("0::/../outside\n",
                                     "29 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n")
            .empty());
  CHECK(FunctionCgroups::hierarchies("garbage\n:\n", "more garbage\n - \n").empty());
}

// SPDX-License-Identifier: Apache-2.0
// Functions that attack: the engine, each other, the machine. Each test first makes sure that the
// attack would succeed without the sandbox where that can be shown.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <sstream>

#include "net/functions/test_world.h"

namespace {

using namespace sitelatch;
using namespace sitelatch::test;

// How many processes of this machine have `word` in their command line.
int processes_with(const std::string& word) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::ifstream in(entry.path() / "cmdline");
    std::ostringstream text;
    text << in.rdbuf();
    if (contains(text.str(), word)) ++count;
  }
  return count;
}
bool soon(const std::function<bool()>& condition) {
  for (int i = 0; i < 300; ++i) {
    if (condition()) return true;
    ::usleep(10000);
  }
  return false;
}
std::string unique_word() {
  return fmt::format("word-{}-{}", ::getpid(),
                     std::chrono::steady_clock::now().time_since_epoch().count());
}

// Evaluates a Python expression in the function; the answer is its text or the name of the
// exception.
ports::FunctionSpec expression_evaluator() {
  return World::raw(
      "import os, sys, signal, socket, subprocess, ctypes\n"
      "def answer(e):\n    try: return str(eval(e))\n    except BaseException as x: return "
      "type(x).__name__");
}
bool namespaces_here() {
  World world;
  for (const auto& sentence : world.host->missing_protections())
    if (contains(sentence, "refuses")) {
      MESSAGE("SKIPPED: " << sentence);
      return false;
    }
  return true;
}

}  // namespace

TEST_CASE("a function sees no files of the engine and can change none of its own code") {
  if (!namespaces_here()) return;
  World world;
  const auto secret = world.directory + "/secret";
  std::ofstream(secret) << "key";
  ::chmod(secret.c_str(), 0644);
  ::chmod(world.directory.c_str(), 0755);
  const auto spec = expression_evaluator();
  const auto eval = [&](const std::string& text) { return world.run(spec, text).payload; };
  CHECK(eval("open('" + secret + "').read()") == "FileNotFoundError");
  CHECK(eval("os.listdir('/root')") == "FileNotFoundError");
  CHECK(eval("os.listdir('/home')") == "FileNotFoundError");
  CHECK(eval("open('/etc/shadow').read()") == "FileNotFoundError");
  CHECK(eval("open('/var/task/bootstrap', 'a')") != "");
  CHECK((eval("open('/var/task/x', 'w')") == "OSError"));
  CHECK((eval("open('/x', 'w')") == "OSError"));
  CHECK((eval("open('/usr/x', 'w')") == "OSError"));
  CHECK(eval("open('/tmp/x', 'w').write('mine')") == "4");
  CHECK(eval("open('/tmp/x').read()") == "mine");
  CHECK(eval("sorted(os.listdir('/'))").find("work") == std::string::npos);
  CHECK(eval("os.getuid() == os.geteuid() and os.getgroups() in ([], [os.getgid()])") == "True");
  if (::geteuid() == 0) CHECK(std::stol(eval("os.getuid()")) >= 60000);
  CHECK(contains(eval("open('/proc/self/status').read()"), "CapEff:\t0000000000000000"));
  CHECK(contains(eval("open('/proc/self/status').read()"), "CapBnd:\t0000000000000000"));
  CHECK(contains(eval("open('/proc/self/status').read()"), "NoNewPrivs:\t1"));
  CHECK(contains(eval("open('/proc/self/status').read()"), "Seccomp:\t2"));
  // Descriptors: the three, the listing itself, the connection.
  CHECK(std::stol(eval("len(os.listdir('/proc/self/fd'))")) <= 5);
}

TEST_CASE("a function sees no processes but its own, and cannot reach the engine's") {
  if (!namespaces_here()) return;
  World world;
  ::setenv("SITELATCH_TEST_SECRET", "engine-secret", 1);
  const auto spec = expression_evaluator();
  const auto eval = [&](const std::string& text) { return world.run(spec, text).payload; };
  CHECK(eval("sorted(int(p) for p in os.listdir('/proc') if p.isdigit())") == "[1, 2]");
  CHECK(eval(fmt::format("os.kill({}, 9)", ::getpid())) == "ProcessLookupError");
  CHECK(eval("open('/proc/1/environ','rb').read()") == "PermissionError");
  CHECK(eval("open('/proc/1/mem','rb')") == "PermissionError");
  CHECK(eval("ctypes.CDLL(None).ptrace(16, 1, 0, 0)") == "-1");
  CHECK(eval("os.environ.get('SITELATCH_TEST_SECRET')") == "None");
  CHECK(eval("os.environ.get('AWS_ACCESS_KEY_ID')") == "ASIAEXAMPLE");
  CHECK(eval("ctypes.CDLL(None).unshare(0x10000000)") == "-1");
  CHECK(eval("ctypes.CDLL(None).mount(b'x', b'/tmp', b'tmpfs', 0, 0)") == "-1");
  CHECK(eval("subprocess.run(['true']).returncode") == "0");
  CHECK(eval("subprocess.run(['/bin/su', '-c', 'id'], stdin=subprocess.DEVNULL, "
             "stderr=subprocess.DEVNULL).returncode != 0") == "True");
  // Its first process cannot be ended from within, and the function goes on.
  CHECK(eval("os.kill(1, 9)") != "");
  CHECK(eval("1 + 1") == "2");
}

TEST_CASE("on a shared network nobody else is served by a function's Runtime API") {
  World world([](auto& options) { options.network = net::FunctionNetwork::host; });
  const auto spec = expression_evaluator();
  const auto address = world.run(spec, "os.environ['AWS_LAMBDA_RUNTIME_API']").payload;
  const auto port = parse_int(address.substr(address.find(':') + 1));
  REQUIRE(port);
  // The engine's own user, root even, is a stranger there.
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(*port));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::connect(socket, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0);
  const std::string request = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n\r\n";
  ::send(socket, request.data(), request.size(), MSG_NOSIGNAL);
  std::array<char, 256> buffer;
  CHECK(::recv(socket, buffer.data(), buffer.size(), 0) <= 0);
  ::close(socket);
  // Nor another function, which has another user.
  auto other = expression_evaluator();
  other.environment_key = "other";
  const auto stolen = world.run(
      other, fmt::format("(lambda s: (s.sendall(b'GET /2018-06-01/runtime/invocation/next "
                         "HTTP/1.1\\r\\n\\r\\n'), s.recv(10))[1])"
                         "(socket.create_connection(('127.0.0.1', {})))",
                         *port));
  CHECK((stolen.payload == "b''" || stolen.payload == "ConnectionResetError" ||
         stolen.payload == "BrokenPipeError"));
  CHECK(world.run(spec, "40 + 2").payload == "42");
}

TEST_CASE("a fork bomb ends with its environment and harms nothing else") {
  World world;
  const auto word = unique_word();
  auto spec = World::program("#!/bin/bash\nf() { sh -c 'sleep 100; : " + word +
                             "' & f | f & }\nwhile true; do f; done\n");
  spec.timeout_s = 1;
  spec.environment_key = word;
  World hasty([](auto& options) { options.init_limit = 300ms; });
  const auto outcome = hasty.run(spec);
  CHECK(outcome.kind != Kind::success);
  CHECK(soon([&] { return processes_with(word) == 0; }));
  CHECK(world.run(expression_evaluator(), "6 * 7").payload == "42");
}

TEST_CASE("daemons do not outlive their environment") {
  World world;
  const auto word = unique_word();
  // Detached twice over, with a session and a name of its own, ignoring every polite signal.
  auto spec = World::raw(
      "import subprocess\ndef answer(e):\n"
      "    if os.fork() == 0:\n        os.setsid()\n        if os.fork() == 0:\n            "
      "os.closerange(0, 100)\n"
      "            os.execvp('/bin/sh', ['sh', '-c', 'trap \"\" TERM HUP INT; while :; do sleep 1; "
      "done; " +
      word +
      "'])\n"
      "        os._exit(0)\n    return 'started'");
  CHECK(world.run(spec).payload == "started");
  CHECK(soon([&] { return processes_with(word) == 1; }));
  SUBCASE("retired") {
    world.host->retire(spec.function_arn);
    CHECK(soon([&] { return processes_with(word) == 0; }));
  }
  SUBCASE("the host ends") {
    world.host.reset();
    CHECK(processes_with(word) == 0);
  }
}

TEST_CASE("no function outlives an engine that is killed") {
  const auto word = unique_word();
  std::string directory = fresh_directory();
  const pid_t engine = ::fork();
  REQUIRE(engine >= 0);
  if (engine == 0) {
    ControlThread control;
    ProcessFunctionHost::Options options;
    options.work_dir = directory + "/work";
    ProcessFunctionHost host(options,
                             [&](std::function<void()> task) { control.post(std::move(task)); });
    host.invoke(
        World::program("#!/bin/bash\n(setsid sh -c 'trap \"\" TERM; while :; do sleep 1; done; " +
                       word + "' &)\nwhile :; do sleep 1; done; " + word + "\n"),
        {}, [](InvocationOutcome) {});
    control.run_until([] { return false; }, 60s);
    ::_exit(0);
  }
  CHECK(soon([&] { return processes_with(word) >= 1; }));
  ::kill(engine, SIGKILL);
  ::waitpid(engine, nullptr, 0);
  CHECK(soon([&] { return processes_with(word) == 0; }));
  std::filesystem::remove_all(directory);
}

TEST_CASE("a function that fills its memory is ended") {
  World world;
  SUBCASE("in one process") {
    const auto outcome =
        world.run(World::python("def handler(event, context):\n    x = []\n    while True: "
                                "x.append(bytearray(10_000_000))\n"));
    CAPTURE(shown(outcome));
    CHECK(outcome.kind == Kind::out_of_memory);
    CHECK(outcome.max_memory_mb >= 128);
  }
  SUBCASE("in many") {
    const auto outcome =
        world.run(World::python("import os, time\ndef handler(event, context):\n    for i in "
                                "range(8):\n        if os.fork() == 0:\n"
                                "            x = os.urandom(40_000_000)\n            "
                                "time.sleep(100)\n    time.sleep(100)\n"));
    CHECK(outcome.kind == Kind::out_of_memory);
  }
  SUBCASE("before its first event") {
    CHECK(world
              .run(World::python("x = bytearray(500_000_000)\nfor i in range(0, len(x), 4096): "
                                 "x[i] = 1\nimport time; time.sleep(9)\n"))
              .kind == Kind::out_of_memory);
  }
  SUBCASE("pages shared after a fork count once") {
    auto spec = World::python(
        "import os, time\ndef handler(event, context):\n    x = os.urandom(60_000_000)\n    for i "
        "in range(5):\n        if os.fork() == 0:\n"
        "            time.sleep(0.4); os._exit(0)\n    time.sleep(0.5)\n    return 'ok'\n");
    const auto outcome = world.run(spec);
    CAPTURE(shown(outcome));
    CHECK(outcome.kind == Kind::success);
  }
  CHECK(world.run(expression_evaluator(), "6 * 7").payload == "42");
}

TEST_CASE("a function cannot fill the disk or leave files behind") {
  if (!namespaces_here()) return;
  World world;
  auto spec = World::raw(
      "import shutil\ndef answer(e):\n    n = 0\n    try:\n        for i in range(100):\n          "
      "  with open('/tmp/f%d' % i, 'wb') as f:\n"
      "                for j in range(4): n += f.write(bytes(1 << 20))\n    except OSError as x: "
      "return '%d %d' % (n >> 20, x.errno)\n    return 'all'");
  spec.ephemeral_mb = 64;
  const auto outcome = world.run(spec);
  CAPTURE(shown(outcome));
  CHECK(contains(outcome.payload, " 28"));  // ENOSPC
  CHECK(parse_int(outcome.payload.substr(0, outcome.payload.find(' '))).value_or(999) <= 64);
  auto other = expression_evaluator();
  CHECK(world.run(other, "os.listdir('/tmp')").payload == "[]");
}

TEST_CASE("a flood of output is bounded and does not stop the function") {
  World world;
  const auto outcome = world.run(World::python(
      "import os\ndef handler(event, context):\n    line = b'x' * 99 + b'\\n'\n"
      "    for i in range(300): os.write(1, line * 1000)\n    print('last')\n    return 'done'\n"));
  CHECK(outcome.kind == Kind::success);
  CHECK(outcome.dropped_bytes > 20000000);
  CHECK(outcome.lines.size() > 1000);
  auto endless = World::python(
      "import os\ndef handler(event, context):\n    while True: os.write(1, b'y\\n' * 10000)\n");
  endless.timeout_s = 1;
  CHECK(world.run(endless).kind == Kind::timed_out);
}

TEST_CASE("a user's loader variables act on the function alone") {
  World world;
  auto spec = expression_evaluator();
  spec.variables = {{"LD_PRELOAD", "/var/task/evil.so"},
                    {"MINE", "1"},
                    {"AWS_LAMBDA_RUNTIME_API", "127.0.0.1:1"}};
  CHECK(world.run(spec, "os.environ['MINE']").payload == "1");
}

TEST_CASE("without namespaces the essentials still hold") {
  if (::geteuid() != 0) {
    MESSAGE("SKIPPED: needs root");
    return;
  }
  World world([](auto& options) {
    options.sandboxing = ProcessFunctionHost::Options::Sandboxing::no_namespaces;
  });
  CHECK(world.host->missing_protections().size() >= 2);
  const auto word = unique_word();
  auto spec = World::raw(
      "import subprocess\ndef answer(e):\n    if e == 'daemon':\n"
      "        subprocess.Popen(['sh', '-c', 'while :; do sleep 1; done; " +
      word +
      "'], start_new_session=True)\n        return 'started'\n"
      "    try: return str(eval(e))\n    except BaseException as x: return type(x).__name__");
  const auto eval = [&](const std::string& text) { return world.run(spec, text).payload; };
  CHECK(std::stol(eval("os.getuid()")) >= 60000);
  CHECK(eval("os.listdir('/root')") == "PermissionError");
  CHECK(eval("open('/proc/" + std::to_string(::getpid()) + "/environ','rb').read()") ==
        "PermissionError");
  CHECK(eval("os.kill(" + std::to_string(::getpid()) + ", 9)") == "PermissionError");
  CHECK(eval("os.kill(os.getppid(), 9)") == "PermissionError");
  CHECK(eval("open('bootstrap', 'a')") == "PermissionError");
  CHECK(eval("daemon") == "started");
  CHECK(soon([&] { return processes_with(word) == 1; }));
  world.host->retire(spec.function_arn);
  CHECK(soon([&] { return processes_with(word) == 0; }));
  CHECK(world.run(World::python("def handler(e, c): return e\n"), "[1]").payload == "[1]");
}

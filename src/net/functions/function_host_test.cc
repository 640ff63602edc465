// SPDX-License-Identifier: Apache-2.0
// Real functions in real sandboxes: ordinary ones and failing ones. The hostile ones are in
// function_host_hostile_test.cc.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>

#include "net/functions/sandbox.h"
#include "net/functions/test_world.h"

namespace {

// The host executes its own binary anew: in tests, that is this one.
__attribute__((constructor)) void become_sandbox(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "function-sandbox")
    ::_exit(sitelatch::net::run_function_sandbox(argc, argv));
}

using namespace sitelatch;
using namespace sitelatch::test;

}  // namespace

TEST_CASE("a Python function answers, prints, and is kept warm") {
  World world;
  const auto spec = World::python(
      "import os\nn = 0\ndef handler(event, context):\n    global n\n    n += 1\n    "
      "print('first\\nsecond')\n    print('no newline', end='')\n"
      "    return {'n': n, 'event': event, 'id': context.aws_request_id, 'name': "
      "context.function_name,\n"
      "            'memory': context.memory_limit_in_mb, 'arn': context.invoked_function_arn, "
      "'group': context.log_group_name,\n"
      "            'stream': context.log_stream_name, 'left': "
      "context.get_remaining_time_in_millis(), 'cwd': os.getcwd(), 'file': __file__}\n");
  const auto cold = world.run(spec, "{\"a\":\"\\u00e4\"}");
  CAPTURE(shown(cold));
  REQUIRE(cold.kind == Kind::success);
  const auto answer = json(cold.payload);
  CHECK(answer.at("id").as_string() == world.last_request_id);
  CHECK(answer.at("name").as_string() == "f");
  CHECK(answer.at("memory").as_string() == "128");
  CHECK(answer.at("arn").as_string() == spec.function_arn);
  CHECK(answer.at("group").as_string() == "/aws/lambda/f");
  CHECK(contains(std::string(answer.at("stream").as_string()), "/[$LATEST]" + cold.environment_id));
  CHECK(answer.at("left").as_int64() > std::int64_t{500} * spec.timeout_s);
  CHECK(answer.at("left").as_int64() <= std::int64_t{1000} * spec.timeout_s);
  CHECK(answer.at("cwd").as_string() == "/var/task");
  CHECK(answer.at("file").as_string() == "/var/task/lambda.py");
  CHECK(answer.at("event").at("a").as_string() == "\xc3\xa4");
  CHECK(cold.lines == std::vector<std::string>{"first", "second", "no newline"});
  CHECK(cold.init_duration.has_value());
  CHECK(cold.max_memory_mb >= 5);
  CHECK(cold.environment_id.size() == 32);
  const auto warm = world.run(spec);
  CHECK(json(warm.payload).at("n").as_int64() == 2);
  CHECK(warm.environment_id == cold.environment_id);
  CHECK_FALSE(warm.init_duration.has_value());
}

TEST_CASE("what goes wrong in a Python function is told as AWS tells it") {
  World world;
  SUBCASE("an exception") {
    const auto outcome =
        world.run(World::python("def handler(event, context):\n    raise ValueError('no good')\n"));
    CAPTURE(shown(outcome));
    REQUIRE(outcome.kind == Kind::function_error);
    CHECK(outcome.payload ==
          "{\"errorMessage\": \"no good\", \"errorType\": \"ValueError\", \"requestId\": \"" +
              world.last_request_id +
              "\", \"stackTrace\": [\"  File \\\"/var/task/lambda.py\\\", line 2, in handler\\n    "
              "raise ValueError('no good')\\n\"]}");
    REQUIRE(outcome.lines.size() == 1);
    CHECK(outcome.lines[0] ==
          "[ERROR] ValueError: no good\nTraceback (most recent call last):\n\xc2\xa0\xc2\xa0"
          "File \"/var/task/lambda.py\", line 2, in handler\n\xc2\xa0\xc2\xa0\xc2\xa0\xc2\xa0raise "
          "ValueError('no good')");
  }
  const auto init = [&](const ports::FunctionSpec& spec, std::string_view type,
                        std::string_view message) {
    const auto outcome = world.run(spec);
    CAPTURE(shown(outcome));
    REQUIRE(outcome.kind == Kind::init_error);
    const auto error = json(outcome.payload);
    CHECK(error.at("errorType").as_string() == type);
    CHECK(error.at("errorMessage").as_string() == message);
    CHECK(error.at("requestId").as_string() == "");
    REQUIRE_FALSE(outcome.lines.empty());
    CHECK(outcome.lines[0].starts_with(fmt::format("[ERROR] {}: {}", type, message)));
  };
  SUBCASE("an import that fails") {
    init(World::python("import nowhere\n"), "Runtime.ImportModuleError",
         "Unable to import module 'lambda': No module named 'nowhere'");
  }
  SUBCASE("no such module") {
    auto spec = World::python("");
    spec.handler = "other.handler";
    init(spec, "Runtime.ImportModuleError",
         "Unable to import module 'other': No module named 'other'");
  }
  SUBCASE("no such handler") {
    init(World::python("x = 1\n"), "Runtime.HandlerNotFound",
         "Handler 'handler' missing on module 'lambda'");
  }
  SUBCASE("a handler without a dot") {
    auto spec = World::python("");
    spec.handler = "lambda";
    init(spec, "Runtime.MalformedHandlerName",
         "Bad handler 'lambda': not enough values to unpack (expected 2, got 1)");
  }
  SUBCASE("a syntax error") {
    init(World::python("def handler(:\n"), "Runtime.UserCodeSyntaxError",
         "Syntax error in module 'lambda': invalid syntax (lambda.py, line 1)");
  }
  SUBCASE("an exception while the module loads") {
    init(World::python("1 / 0\n"), "ZeroDivisionError", "division by zero");
  }
  SUBCASE("an answer that is not JSON") {
    const auto outcome =
        world.run(World::python("def handler(event, context):\n    return object()\n"));
    CHECK(outcome.kind == Kind::function_error);
    CHECK(json(outcome.payload).at("errorType").as_string() == "Runtime.MarshalError");
    CHECK(json(outcome.payload).at("errorMessage").as_string() ==
          "Unable to marshal response: Object of type object is not JSON serializable");
  }
  SUBCASE("sys.exit") {
    const auto outcome =
        world.run(World::python("import sys\ndef handler(event, context):\n    sys.exit(3)\n"));
    CHECK(outcome.kind == Kind::exited);
    CHECK(outcome.reason == "exit status 3");
    CHECK(world.run(World::python("import sys\ndef handler(event, context):\n    sys.exit(0)\n"))
              .reason == "");
  }
  SUBCASE("a signal of its own") {
    const auto outcome = world.run(
        World::python("import os\ndef handler(event, context):\n    os.kill(os.getpid(), 9)\n"));
    CHECK(outcome.kind == Kind::exited);
    CHECK(outcome.reason == "signal: killed");
  }
  SUBCASE("sys.exit while the module loads") {
    const auto outcome = world.run(World::python("import sys\nsys.exit(1)\n"));
    CHECK(outcome.kind == Kind::init_error);
    CHECK(outcome.reason == "exit status 1");
  }
  SUBCASE("the time runs out, and the next one starts afresh") {
    auto spec = World::python(
        "import time\ndef handler(event, context):\n    print('waiting')\n    "
        "time.sleep(event.get('s', 0))\n    return 1\n");
    spec.timeout_s = 1;
    const auto outcome = world.run(spec, "{\"s\":60}");
    CHECK(outcome.kind == Kind::timed_out);
    CHECK(outcome.duration == Duration(1s));
    CHECK(outcome.lines == std::vector<std::string>{"waiting"});
    const auto next = world.run(spec);
    CHECK(next.kind == Kind::success);
    CHECK(next.init_duration.has_value());
    CHECK(next.environment_id != outcome.environment_id);
  }
  SUBCASE("too large an answer") {
    const auto outcome =
        world.run(World::python("def handler(event, context):\n    return 'x' * 7000000\n"));
    CHECK(outcome.kind == Kind::function_error);
    CHECK(json(outcome.payload).at("errorType").as_string() == "Function.ResponseSizeTooLarge");
    CHECK(json(outcome.payload).at("errorMessage").as_string() ==
          "Response payload size exceeded maximum allowed payload size (6291556 bytes).");
  }
}

TEST_CASE("logging in Python") {
  World world;
  const auto outcome = world.run(
      World::python("import logging\nlog = logging.getLogger()\nlog.setLevel(logging.INFO)\ndef "
                    "handler(event, context):\n"
                    "    log.info('two\\nlines')\n    log.debug('unseen')\n    print(1)\n    "
                    "log.error('plain %s', 'text')\n    return None\n"));
  CAPTURE(shown(outcome));
  CHECK(outcome.payload == "null");
  REQUIRE(outcome.lines.size() == 3);
  CHECK(outcome.lines[0].starts_with("[INFO]\t20"));
  CHECK(outcome.lines[0].ends_with("Z\t" + world.last_request_id + "\ttwo\nlines"));
  CHECK(outcome.lines[1] == "1");
  CHECK(outcome.lines[2].ends_with("Z\t" + world.last_request_id + "\tplain text"));
}

TEST_CASE("a custom runtime in bash and curl") {
  World world;
  auto spec = World::bash(
      "echo \"saw $EVENT in $PWD as $_HANDLER, $AWS_EXECUTION_ENV.\"; echo out >/dev/stderr; echo "
      "err >&2; id -u >&2; hostname >&2");
  const auto outcome = world.run(spec, "{\"k\":1}");
  CAPTURE(shown(outcome));
  REQUIRE(outcome.kind == Kind::success);
  CHECK(outcome.payload == "saw {\"k\":1} in /var/task as lambda.handler, .");
  REQUIRE(outcome.lines.size() == 4);
  CHECK(outcome.lines[0] == "out");
  CHECK(outcome.lines[1] == "err");
  CHECK(world.run(spec, "2").environment_id == outcome.environment_id);
}

TEST_CASE("custom runtimes that cannot start") {
  World world;
  SUBCASE("no bootstrap") {
    const auto outcome =
        world.run(World::function("provided.al2", make_zip({{"other", "x", 0755}})));
    CHECK(outcome.kind == Kind::no_bootstrap);
    CHECK(outcome.reason ==
          "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]");
  }
  SUBCASE("not executable") {
    const auto outcome =
        world.run(World::function("provided.al2", make_zip({{"bootstrap", "#!/bin/sh\n", 0644}})));
    CHECK(outcome.kind == Kind::no_bootstrap);
    CHECK(outcome.reason ==
          "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]");
  }
  SUBCASE("not a program") {
    const auto outcome =
        world.run(World::function("provided.al2", make_zip({{"bootstrap", "nothing", 0755}})));
    CHECK(outcome.kind == Kind::no_bootstrap);
    CHECK(outcome.reason == "fork/exec /var/task/bootstrap: exec format error");
  }
  SUBCASE("exits at once") {
    const auto outcome = world.run(World::program("#!/bin/sh\necho hello\nexit 7\n"));
    CHECK(outcome.kind == Kind::init_error);
    CHECK(outcome.reason == "exit status 7");
    CHECK(outcome.lines == std::vector<std::string>{"hello"});
  }
  SUBCASE("a runtime that is not here") {
    const auto outcome = world.run(World::function("java21", make_zip({{"x.jar", "x", 0644}})));
    CHECK(outcome.kind == Kind::no_bootstrap);
    CHECK(contains(outcome.reason, "java21"));
  }
  SUBCASE("not a zip") {
    CHECK(world.run(World::function("provided.al2", "nothing")).kind == Kind::no_bootstrap);
  }
  SUBCASE("init that hangs is tried once more under the function's timeout") {
    World hasty([](auto& options) { options.init_limit = 200ms; });
    auto spec = World::program("#!/bin/sh\nsleep 100\n");
    spec.timeout_s = 1;
    CHECK(hasty.run(spec).kind == Kind::timed_out);
  }
}

TEST_CASE("several at once have environments of their own, and then one suffices") {
  World world;
  const auto spec = World::raw("import time\ndef answer(e):\n    time.sleep(0.3); return e");
  std::array<std::optional<InvocationOutcome>, 3> outcomes;
  for (auto& outcome : outcomes) world.start(spec, "\"x\"", outcome);
  REQUIRE(world.control.run_until([&] { return outcomes[0] && outcomes[1] && outcomes[2]; }));
  for (const auto& outcome : outcomes) CHECK(outcome->kind == Kind::success);
  CHECK(outcomes[0]->environment_id != outcomes[1]->environment_id);
  CHECK(outcomes[1]->environment_id != outcomes[2]->environment_id);
}

TEST_CASE("beyond the greatest number of environments, invocations wait") {
  World world([](auto& options) { options.max_environments = 1; });
  const auto a = World::raw("def answer(e): return 'a' + e"),
             b = World::raw("def answer(e): return 'b' + e");
  std::array<std::optional<InvocationOutcome>, 4> outcomes;
  world.start(a, "1", outcomes[0]);
  world.start(b, "2", outcomes[1]);
  world.start(a, "3", outcomes[2]);
  world.start(b, "4", outcomes[3]);
  REQUIRE(world.control.run_until(
      [&] { return outcomes[0] && outcomes[1] && outcomes[2] && outcomes[3]; }));
  CHECK(outcomes[0]->payload == "a1");
  CHECK(outcomes[1]->payload == "b2");
  CHECK(outcomes[2]->payload == "a3");
  CHECK(outcomes[3]->payload == "b4");
}

TEST_CASE("retired, expired and idle environments are not used again") {
  World world([](auto& options) { options.idle_limit = 300ms; });
  const auto spec = World::raw("def answer(e): return e");
  const auto first = world.run(spec);
  CHECK(world.run(spec).environment_id == first.environment_id);
  world.host->retire(spec.function_arn);
  const auto second = world.run(spec);
  CHECK(second.environment_id != first.environment_id);
  // A file in its /tmp is not needed to see it go: the next one is cold.
  std::optional<InvocationOutcome> later;
  std::thread wait([&] {
    ::usleep(900000);
    world.control.post([&] { world.start(spec, "1", later); });
  });
  REQUIRE(world.control.run_until([&] { return later.has_value(); }));
  wait.join();
  CHECK(later->environment_id != second.environment_id);
}

TEST_CASE("a runtime that ends between two invocations is replaced without a failure") {
  World world;
  const auto spec = World::raw(
      "n = 0\ndef answer(e):\n    global n\n    n += 1\n    import threading\n    "
      "threading.Timer(0.05, lambda: os._exit(1)).start()\n    return e");
  for (int i = 0; i < 4; ++i) {
    ::usleep(40000);
    const auto outcome = world.run(spec);
    // Either it answers, or it dies under way: never a lost job, never somebody else's failure at
    // init.
    CHECK((outcome.kind == Kind::success || outcome.kind == Kind::exited));
  }
}

TEST_CASE("stopping gives running functions their time and ends the others") {
  World world;
  std::optional<InvocationOutcome> quick, slow;
  // Warm, so that only the time of its handler counts.
  const auto half =
      World::raw("import time\ndef answer(e):\n    time.sleep(float(e)); return 'done'");
  CHECK(world.run(half, "0").kind == Kind::success);
  world.start(half, "0.5", quick);
  auto never = World::raw("import time\ndef answer(e):\n    time.sleep(50); return 'done'");
  never.timeout_s = 60;
  world.start(never, "{}", slow);
  std::thread delay([&] {
    ::usleep(300000);
    world.control.post([&] { world.host->stop(1500ms, [] {}); });
  });
  bool stopped = false;
  REQUIRE(world.control.run_until([&] { return quick && slow; }));
  delay.join();
  CHECK(quick->kind == Kind::success);
  CHECK(slow->kind == Kind::host_error);
  world.host->stop(0s, [&] { stopped = true; });
  REQUIRE(world.control.run_until([&] { return stopped; }));
  CHECK(world.run(never).kind == Kind::host_error);
}

// The loop orders the removal of code until its very end, and workers may be busy for longer.
TEST_CASE("the host may end while one code is being unpacked and another is about to go") {
  World world([](auto& options) { options.idle_limit = 20ms; });
  std::vector<ZipEntry> many;
  for (int i = 0; i < 1000; ++i) many.push_back({fmt::format("d{}/f{}", i % 100, i), "x", 0644});
  std::optional<InvocationOutcome> large;
  world.start(World::function("provided.al2023", make_zip(many)), "{}", large);
  // Ready and used by nobody: it goes with one of the next looks at what is idle.
  const auto unused = World::function("java21", make_zip({{"x.jar", "x", 0644}}));
  CHECK(world.run(unused).kind == Kind::no_bootstrap);
  world.host.reset();
  CHECK_FALSE(std::filesystem::exists(world.directory + "/work/code"));
}

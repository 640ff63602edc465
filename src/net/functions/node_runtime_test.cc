// SPDX-License-Identifier: Apache-2.0
// Node.js functions, as CommonJS and as ES modules: handlers of every style, the context, errors in
// AWS's shape, the console's lines. Where the machine has no Node.js: skipped, and said so.
#include "net/functions/node_runtime.h"

#include <cstdlib>

#include "net/functions/test_world.h"

namespace {

using namespace sitelatch;
using namespace sitelatch::test;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool node_is_here() {
  static const bool here = net::find_node(20, environment("PATH"), environment("HOME")).has_value();
  if (!here) MESSAGE("SKIPPED: this machine has no Node.js");
  return here;
}

ports::FunctionSpec node(const std::vector<ZipEntry>& files,
                         const std::string& handler = "index.handler") {
  auto spec = World::function("nodejs20.x", make_zip(files));
  spec.handler = handler;
  spec.memory_mb = 256;
  // Each has settings of its own.
  static int count = 0;
  spec.environment_key += std::to_string(++count);
  return spec;
}
ports::FunctionSpec common(const std::string& source) { return node({{"index.js", source, 0644}}); }
ports::FunctionSpec module(const std::string& source) {
  return node({{"index.mjs", source, 0644}});
}

// "TIME\tREQUEST\tLEVEL\ttext" -> "REQUEST\tLEVEL\ttext"; what has no time: as it is.
std::string without_time(const std::string& line) {
  return line.size() > 24 && line[10] == 'T' && line[23] == 'Z' ? line.substr(25) : line;
}

}  // namespace

TEST_CASE("which runtimes are Node.js") {
  CHECK(net::node_major("nodejs20.x") == 20);
  CHECK(net::node_major("nodejs16.x") == 16);
  for (const auto* other :
       {"nodejs", "nodejs4.3", "python3.11", "nodejs.x", "nodejsx.x", "nodejs-1.x"})
    CHECK_FALSE(net::node_major(other));
}

TEST_CASE("Node.js handlers: async, callback, context.succeed, CommonJS and modules") {
  if (!node_is_here()) return;
  World world;
  const auto answer = [&](ports::FunctionSpec spec,
                          const std::string& event = "{\"a\":[1,\"é\"]}") {
    const auto outcome = world.run(std::move(spec), event);
    INFO(shown(outcome));
    CHECK(outcome.kind == Kind::success);
    return outcome.payload;
  };
  CHECK(answer(common("exports.handler = async (event) => event;")) == "{\"a\":[1,\"é\"]}");
  CHECK(answer(common("exports.handler = async () => {};")) == "null");
  CHECK(answer(common("exports.handler = (e, c, callback) => "
                      "setTimeout(() => callback(null, 'late'), 5);")) == "\"late\"");
  CHECK(answer(common("exports.handler = (e, c) => c.succeed(3);")) == "3");
  // The answer waits until nothing is left to do, unless it is told not to.
  CHECK(
      answer(common("let n = 0; exports.handler = (e, c, callback) => {"
                    " setTimeout(() => ++n, 20); callback(null, { get n() { return n; } }); };")) ==
      "{\"n\":1}");
  CHECK(answer(common("exports.handler = (e, c, callback) => {"
                      " c.callbackWaitsForEmptyEventLoop = false;"
                      " setInterval(() => {}, 1000); callback(null, 'now'); };")) == "\"now\"");
  // Nothing answers, and nothing is left that could: null.
  CHECK(answer(common("exports.handler = () => {};")) == "null");
  CHECK(answer(module("import path from 'path'; export const handler = async () => "
                      "[path.basename('/x/y'), typeof require];")) == "[\"y\",\"undefined\"]");
  CHECK(answer(node({{"package.json", "{\"type\":\"module\"}", 0644},
                     {"src/app.js", "export const api = { go: async () => 'deep' };", 0644}},
                    "src/app.api.go")) == "\"deep\"");
  CHECK(answer(node({{"lib/common.cjs", "module.exports.handler = async () => 1;", 0644}},
                    "lib/common.handler")) == "1");
}

TEST_CASE("Node.js context and environment") {
  if (!node_is_here()) return;
  World world;
  auto spec = common(
      "exports.handler = async (event, c) => ({ ...c, left: c.getRemainingTimeInMillis() > 0,"
      " env: process.env.AWS_EXECUTION_ENV, path: process.env.NODE_PATH, cwd: process.cwd(),"
      " uid: process.getuid(), argv: process.argv.length });");
  spec.version = "3";
  const auto outcome = world.run(std::move(spec));
  INFO(shown(outcome));
  const auto got = json(outcome.payload);
  CHECK(got.at("functionName").as_string() == "f");
  CHECK(got.at("functionVersion").as_string() == "3");
  CHECK(got.at("memoryLimitInMB").as_string() == "256");
  CHECK(got.at("logGroupName").as_string() == "/aws/lambda/f");
  CHECK(got.at("invokedFunctionArn").as_string() ==
        "arn:aws:lambda:eu-west-1:000000000000:function:f");
  CHECK(got.at("awsRequestId").as_string() == world.last_request_id.c_str());
  CHECK(got.at("callbackWaitsForEmptyEventLoop").as_bool());
  CHECK(got.at("left").as_bool());
  CHECK(got.at("env").as_string() == "AWS_Lambda_nodejs20.x");
  CHECK(got.at("cwd").as_string() == "/var/task");
  CHECK(got.at("argv").as_int64() == 2);
  CHECK(got.at("uid").as_int64() != 0);
  CHECK(contains(std::string(got.at("path").as_string()), "/opt/nodejs/node_modules"));
}

TEST_CASE("Node.js errors have AWS's shape, and are logged as AWS logs them") {
  if (!node_is_here()) return;
  World world;
  const auto failing = [&](ports::FunctionSpec spec, Kind kind = Kind::function_error) {
    const auto outcome = world.run(std::move(spec));
    INFO(shown(outcome));
    CHECK(outcome.kind == kind);
    return outcome;
  };
  const auto thrown = failing(common(
      "class Mine extends Error { constructor(m) { super(m); this.name = 'Mine';"
      " this.code = 7; } }\nexports.handler = async () => { throw new Mine('no\\nway'); };"));
  const auto fault = json(thrown.payload);
  CHECK(fault.at("errorType").as_string() == "Mine");
  CHECK(fault.at("errorMessage").as_string() == "no\nway");
  CHECK(contains(std::string(fault.at("trace").as_array()[0].as_string()), "Mine: no"));
  CHECK(fault.size() == 3);
  REQUIRE(thrown.lines.size() == 1);
  CHECK(without_time(thrown.lines[0])
            .starts_with(world.last_request_id + "\tERROR\tInvoke Error \t{\"errorType\":\"Mine\","
                                                 "\"errorMessage\":\"no\\nway\",\"code\":7,"));
  CHECK(failing(common("exports.handler = (e, c, done) => done('text');")).payload ==
        R"({"errorType":"string","errorMessage":"text","trace":[]})");
  CHECK(failing(common("exports.handler = async () => Promise.reject(undefined);")).payload ==
        R"({"errorType":"string","errorMessage":"handled","trace":[]})");
  CHECK(contains(
      failing(common("exports.handler = async () => { const a = {}; a.a = a; return a; };"))
          .payload,
      "Unable to stringify response body"));
  CHECK(contains(failing(common("exports.handler = async () => new Promise(() => {});")).payload,
                 "\"Runtime.NodeJsExit\""));
  // Nobody catches these: the runtime tells of them and ends.
  CHECK(contains(failing(common("exports.handler = (e, c, done) => setTimeout(() => "
                                "{ throw new TypeError('lost'); }, 1);"))
                     .payload,
                 R"("errorType":"TypeError","errorMessage":"lost")"));
  CHECK(
      contains(failing(common("exports.handler = (e, c, done) => { Promise.reject(new Error('r'));"
                              " setTimeout(() => {}, 9000); };"))
                   .payload,
               R"("errorType":"Runtime.UnhandledPromiseRejection","errorMessage":"Error: r")"));
  CHECK(failing(common("exports.handler = async () => process.exit(3);"), Kind::exited).reason ==
        "exit status 3");

  const auto init_fault = [&](ports::FunctionSpec spec) {
    return json(failing(std::move(spec), Kind::init_error).payload);
  };
  const auto missing = init_fault(common("require('nothing');"));
  CHECK(missing.at("errorType").as_string() == "Runtime.ImportModuleError");
  CHECK(contains(std::string(missing.at("errorMessage").as_string()),
                 "Error: Cannot find module 'nothing'"));
  CHECK(init_fault(node({{"other.js", "", 0644}})).at("errorType").as_string() ==
        "Runtime.ImportModuleError");
  CHECK(init_fault(common("exports.handler = async (")).at("errorType").as_string() ==
        "Runtime.UserCodeSyntaxError");
  CHECK(init_fault(common("exports.other = 1;")).at("errorMessage").as_string() ==
        "index.handler is undefined or not exported");
  CHECK(init_fault(common("exports.handler = 1;")).at("errorMessage").as_string() ==
        "index.handler is not a function");
  CHECK(init_fault(node({{"index.js", "", 0644}}, "index")).at("errorType").as_string() ==
        "Runtime.MalformedHandlerName");
  CHECK(
      init_fault(node({{"index.js", "", 0644}}, "../index.handler")).at("errorType").as_string() ==
      "Runtime.MalformedHandlerName");
  CHECK(init_fault(common("throw new RangeError('at once');")).at("errorType").as_string() ==
        "RangeError");
}

TEST_CASE("the console of Node.js functions: text with tabs, or JSON from a level on") {
  if (!node_is_here()) return;
  World world;
  const std::string source =
      "exports.handler = async () => { console.log('a %s', 'b', {c: 1}); console.debug('d');"
      " console.warn('two\\nlines'); console.error(new TypeError('bad')); "
      "process.stdout.write('raw\\n'); };";
  const auto text = world.run(common(source));
  INFO(shown(text));
  REQUIRE(text.lines.size() == 5);
  const auto id = world.last_request_id;
  CHECK(without_time(text.lines[0]) == id + "\tINFO\ta b { c: 1 }");
  CHECK(without_time(text.lines[1]) == id + "\tDEBUG\td");
  CHECK(without_time(text.lines[2]) == id + "\tWARN\ttwo\nlines");
  CHECK(without_time(text.lines[3]).starts_with(id + "\tERROR\tTypeError: bad\n    at "));
  CHECK(text.lines[4] == "raw");

  auto spec = common(source);
  spec.json_log = true;
  spec.log_level = "INFO";
  const auto structured = world.run(std::move(spec));
  INFO(shown(structured));
  REQUIRE(structured.lines.size() == 4);
  const auto first = json(structured.lines[0]);
  CHECK(first.at("level").as_string() == "INFO");
  CHECK(first.at("requestId").as_string() == world.last_request_id.c_str());
  CHECK(first.at("message").as_string() == "a b { c: 1 }");
  CHECK(first.at("timestamp").as_string().size() == 24);
  CHECK(json(structured.lines[1]).at("message").as_string() == "two\nlines");
  const auto error = json(structured.lines[2]).at("message").as_object();
  CHECK(error.at("errorType").as_string() == "TypeError");
  CHECK(error.at("errorMessage").as_string() == "bad");
  CHECK(error.at("stackTrace").as_array().size() > 1);
  CHECK(structured.lines[3] == "raw");

  auto object =
      common("exports.handler = async () => { console.log({a: 1}); throw new Error('x'); };");
  object.json_log = true;
  object.log_level = "ERROR";
  const auto failed = world.run(std::move(object));
  INFO(shown(failed));
  REQUIRE(failed.lines.size() == 1);
  CHECK(json(failed.lines[0]).at("message").as_object().at("errorMessage").as_string() == "x");
}

TEST_CASE("Node.js without namespaces of its own") {
  if (!node_is_here()) return;
  World world([](auto& options) {
    options.sandboxing = ProcessFunctionHost::Options::Sandboxing::no_namespaces;
  });
  const auto outcome = world.run(common("exports.handler = async (event) => event;"), "[1]");
  INFO(shown(outcome));
  CHECK(outcome.payload == "[1]");
}

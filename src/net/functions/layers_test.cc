// SPDX-License-Identifier: Apache-2.0
// Layers as functions meet them at /opt, and those that mean harm.
#include <sys/stat.h>

#include "net/functions/code.h"
#include "net/functions/node_runtime.h"
#include "net/functions/test_world.h"

namespace {

using namespace sitelatch;
using namespace sitelatch::test;
namespace fs = std::filesystem;

ports::FunctionSpec with_layers(ports::FunctionSpec spec,
                                const std::vector<std::vector<ZipEntry>>& layers) {
  for (const auto& files : layers) {
    const auto zip = make_zip(files);
    spec.layers.push_back({base64(std::to_string(std::hash<std::string>{}(zip))),
                           std::make_shared<const std::string>(zip)});
    spec.environment_key += "+" + spec.layers.back().code_sha256;
  }
  return spec;
}

}  // namespace

TEST_CASE("layers lie one over the other at /opt, read-only, and Python finds their modules") {
  World world;
  const std::vector<ZipEntry> first{{"python/a.py", "x = 'first'", 0644},
                                    {"python/b.py", "y = 'below'", 0644},
                                    {"lib/data.txt", "data", 0644}};
  const std::vector<ZipEntry> second{{"python/a.py", "x = 'second'", 0644}};
  const auto spec = with_layers(
      World::python(
          "import a, b, os\n"
          "def handler(e, c):\n"
          "    try:\n"
          "        open('/opt/new', 'w')\n"
          "        closed = False\n"
          "    except OSError:\n"
          "        closed = True\n"
          "    return [a.x, b.y, open('/opt/lib/data.txt').read(), closed, a.__file__]\n"),
      {first, second});
  const auto outcome = world.run(spec);
  INFO(shown(outcome));
  CHECK(outcome.payload == R"(["second", "below", "data", true, "/opt/python/a.py"])");
  // The function's own modules come first; without layers there is nothing there.
  auto own = World::function(
      "python3.11", make_zip({{"lambda.py", "import a\ndef handler(e, c): return a.x\n", 0644},
                              {"a.py", "x = 'own'", 0644}}));
  CHECK(world.run(with_layers(own, {first})).payload == "\"own\"");
  CHECK(world.run(World::python("import os\ndef handler(e, c): return os.listdir('/opt')\n"))
            .payload == "[]");
}

TEST_CASE("a bootstrap, a program and a wrapper may come from a layer") {
  World world;
  auto bare = World::function("provided.al2023", make_zip({{"file", "x", 0644}}));
  const auto bootstrap = World::raw("def answer(e): return '\"of the layer\"'\n");
  auto spec = with_layers(bare, {{{"nothing", "", 0644}}});
  spec.layers.front() = {bootstrap.code_sha256, bootstrap.zip};
  const auto outcome = world.run(spec);
  INFO(shown(outcome));
  CHECK(outcome.payload == "\"of the layer\"");

  auto wrapped = World::python("import os\ndef handler(e, c): return os.environ.get('WRAPPED')\n");
  wrapped.variables["AWS_LAMBDA_EXEC_WRAPPER"] = "/opt/wrap";
  const auto through = world.run(
      with_layers(wrapped, {{{"wrap", "#!/bin/sh\nexport WRAPPED=yes\nexec \"$@\"\n", 0755}}}));
  INFO(shown(through));
  CHECK(through.payload == "\"yes\"");
}

TEST_CASE("Node.js finds a layer's packages, by require and by import") {
  if (!net::find_node(20, "/usr/bin:/usr/local/bin", "")) {
    MESSAGE("SKIPPED: this machine has no Node.js");
    return;
  }
  World world;
  const std::vector<ZipEntry> layer{
      {"nodejs/node_modules/greet/index.js", "module.exports = { hello: 'from the layer' };", 0644},
      {"nodejs/node_modules/modern/package.json",
       R"({"name":"modern","type":"module","exports":"./m.js"})", 0644},
      {"nodejs/node_modules/modern/m.js", "export const hello = 'modern';", 0644}};
  auto required = World::function("nodejs20.x", make_zip({{"lambda.js",
                                                           "const { hello } = require('greet');\n"
                                                           "exports.handler = async () => hello;",
                                                           0644}}));
  CHECK(world.run(with_layers(required, {layer})).payload == "\"from the layer\"");
  auto imported = World::function(
      "nodejs20.x", make_zip({{"lambda.mjs",
                               "import greet from 'greet';\nimport { hello } from 'modern';\n"
                               "export const handler = async () => [greet.hello, hello];",
                               0644}}));
  const auto outcome = world.run(with_layers(imported, {layer}));
  INFO(shown(outcome));
  CHECK(outcome.payload == R"(["from the layer","modern"])");
}

TEST_CASE("a layer writes nothing outside of its directory, be it through another's link") {
  const auto root = fresh_directory();
  const auto unpack = [&](const std::vector<std::vector<ZipEntry>>& layers,
                          const net::UnpackLimits& limits = {}) {
    const auto directory = root + "/opt";
    fs::remove_all(directory);
    fs::create_directories(directory);
    std::vector<net::ZipPointer> zips;
    for (const auto& files : layers)
      zips.push_back(std::make_shared<const std::string>(make_zip(files)));
    return net::unpack_layers(zips, directory, std::nullopt, limits);
  };
  const ZipEntry link{"python", root, S_IFLNK | 0777};
  CHECK(unpack({{link}}));
  CHECK_FALSE(unpack({{link}, {{"python/x", "out", 0644}}}));
  CHECK_FALSE(fs::exists(root + "/x"));
  // A link in a file's place is replaced, not followed.
  const ZipEntry file_link{"target", root + "/made", S_IFLNK | 0777};
  CHECK(unpack({{file_link}, {{"target", "inside", 0644}}}));
  CHECK_FALSE(fs::exists(root + "/made"));
  CHECK(fs::is_regular_file(fs::symlink_status(root + "/opt/target")));
  CHECK_FALSE(unpack({{{"../x", "out", 0644}}}));
  CHECK_FALSE(unpack({{{"/x", "out", 0644}}}));
  // The limits are for all of them together.
  const std::vector<ZipEntry> half{{"a", std::string(600, 'a'), 0644}};
  const std::vector<ZipEntry> other{{"b", std::string(600, 'b'), 0644}};
  net::UnpackLimits limits;
  limits.bytes = 1000;
  CHECK(unpack({half}, limits));
  CHECK_FALSE(unpack({half, other}, limits));
  limits = {};
  limits.entries = 1;
  CHECK_FALSE(unpack({half, other}, limits));
  fs::remove_all(root);
}

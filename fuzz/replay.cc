// SPDX-License-Identifier: Apache-2.0
// All targets without libFuzzer, for any compiler:
//   fuzz_replay NAME FILES...     what one target does with these inputs (a crash of its fuzzer)
//   fuzz_replay --all FOLDER      every target with all of FOLDER/NAME/* (the test fuzz_seeds)
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <vector>

#include "target.h"

namespace sitelatch::fuzz {
namespace targets {
#define TARGET(name) void name(Input input);
#include "targets.inc"
#undef TARGET
}  // namespace targets
namespace {
namespace fs = std::filesystem;

using Target = void (*)(Input);
const std::map<std::string, Target>& all() {
  static const std::map<std::string, Target> table{
#define TARGET(name) {#name, targets::name},
#include "targets.inc"
#undef TARGET
  };
  return table;
}

void replay(const std::string& name, const fs::path& file) {
  std::ifstream in{file, std::ios::binary};
  if (!in) {
    std::fprintf(stderr, "fuzz_replay: cannot read %s\n", file.c_str());
    std::exit(2);
  }
  const std::string bytes{std::istreambuf_iterator<char>{in}, {}};
  std::printf("%s %s (%zu bytes)\n", name.c_str(), file.c_str(), bytes.size());
  std::fflush(stdout);  // an abort names its input
  all().at(name)(Input{bytes});
}

// Every target has seeds, and every folder a target.
int replay_all(const fs::path& folder) {
  std::size_t count = 0;
  for (const auto& [name, target] : all()) {
    std::vector<fs::path> files;
    if (fs::is_directory(folder / name))
      for (const auto& entry : fs::directory_iterator{folder / name}) files.push_back(entry.path());
    if (files.empty()) {
      std::fprintf(stderr, "fuzz_replay: no seeds for %s\n", name.c_str());
      return 1;
    }
    std::sort(files.begin(), files.end());
    for (const auto& file : files) replay(name, file);
    count += files.size();
  }
  for (const auto& entry : fs::directory_iterator{folder})
    if (!all().contains(entry.path().filename().string())) {
      std::fprintf(stderr, "fuzz_replay: seeds of no target: %s\n", entry.path().c_str());
      return 1;
    }
  std::printf("replayed %zu inputs of %zu targets\n", count, all().size());
  return 0;
}

}  // namespace
}  // namespace sitelatch::fuzz

int main(int argc, char** argv) {
  using namespace sitelatch::fuzz;
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() == 2 && arguments[0] == "--all") return replay_all(arguments[1]);
  if (arguments.size() < 2 || !all().contains(arguments[0])) {
    std::fprintf(stderr, "usage: fuzz_replay NAME FILES... | --all FOLDER; NAME is one of");
    for (const auto& [name, target] : all()) std::fprintf(stderr, " %s", name.c_str());
    std::fprintf(stderr, "\n");
    return 2;
  }
  for (std::size_t i = 1; i < arguments.size(); ++i) replay(arguments[0], arguments[i]);
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
// All targets without libFuzzer, for any compiler:
//   fuzz_replay NAME FILES...     what one target does with these inputs (a crash of its fuzzer)
//   fuzz_replay --all FOLDER      every target with all of FOLDER/NAME/* (the test fuzz_seeds)
//   fuzz_replay --vary N FOLDER [NAME]
//                                 the same, and each input N times with a few bytes changed, always
//                                 the same ones. Blind, but wherever there is a compiler; the last
//                                 input tried stands in the file fuzz-last-input.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
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

std::string replay(const std::string& name, const fs::path& file) {
  std::ifstream in{file, std::ios::binary};
  if (!in) {
    std::fprintf(stderr, "fuzz_replay: cannot read %s\n", file.c_str());
    std::exit(2);
  }
  const std::string bytes{std::istreambuf_iterator<char>{in}, {}};
  std::printf("%s %s (%zu bytes)\n", name.c_str(), file.c_str(), bytes.size());
  std::fflush(stdout);  // an abort names its input
  all().at(name)(Input{bytes});
  return bytes;
}

std::string varied(std::string bytes, std::mt19937_64& random) {
  const auto below = [&](std::size_t n) { return n == 0 ? 0 : random() % n; };
  for (auto changes = 1 + below(4); changes > 0; --changes) {
    const auto at = below(bytes.size() + 1);
    switch (below(5)) {
      case 0:
        bytes.insert(at, 1, static_cast<char>(below(256)));
        break;
      case 1:
        bytes.erase(at, 1 + below(4));
        break;
      case 2:
        bytes.insert(at, bytes.substr(below(bytes.size()), below(12)));
        break;
      case 3:
        bytes.resize(at);
        break;
      default:
        if (at < bytes.size()) bytes[at] = static_cast<char>(below(256));
    }
  }
  return bytes;
}

// Every target has seeds, and every folder a target.
int replay_all(const fs::path& folder, std::size_t variations, const std::string& only) {
  std::size_t count = 0;
  for (const auto& [name, target] : all()) {
    if (!only.empty() && name != only) continue;
    std::vector<fs::path> files;
    if (fs::is_directory(folder / name))
      for (const auto& entry : fs::directory_iterator{folder / name}) files.push_back(entry.path());
    if (files.empty()) {
      std::fprintf(stderr, "fuzz_replay: no seeds for %s\n", name.c_str());
      return 1;
    }
    std::sort(files.begin(), files.end());
    for (const auto& file : files) {
      const auto bytes = replay(name, file);
      std::mt19937_64 random{count};
      for (std::size_t i = 0; i < variations; ++i) {
        const auto input = varied(bytes, random);
        std::ofstream{"fuzz-last-input", std::ios::binary} << input;
        target(Input{input});
      }
      count += 1 + variations;
    }
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
  if (arguments.size() == 2 && arguments[0] == "--all") return replay_all(arguments[1], 0, "");
  if (arguments.size() >= 3 && arguments[0] == "--vary")
    return replay_all(arguments[2], std::stoul(arguments[1]),
                      arguments.size() > 3 ? arguments[3] : "");
  if (arguments.size() < 2 || !all().contains(arguments[0])) {
    std::fprintf(
        stderr,
        "usage: fuzz_replay NAME FILES... | --all FOLDER | --vary N FOLDER [NAME]; NAME is one of");
    for (const auto& [name, target] : all()) std::fprintf(stderr, " %s", name.c_str());
    std::fprintf(stderr, "\n");
    return 2;
  }
  for (std::size_t i = 1; i < arguments.size(); ++i) replay(arguments[0], arguments[i]);
  return 0;
}

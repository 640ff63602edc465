// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <exception>
#include <string_view>

#include "base/log_line.h"
#include "cli/commands.h"
#include "net/functions/sandbox.h"

int main(int argc, char** argv) {
  // The engine starts functions through itself: before anything else is set up.
  if (argc > 1 && std::string_view{argv[1]} == "function-sandbox")
    return sitelatch::net::run_function_sandbox(argc, argv);
  try {
    return sitelatch::cli::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "sitelatch: %s\n", sitelatch::log_line(error.what()).c_str());
    return sitelatch::cli::exit_failed;
  }
}

// SPDX-License-Identifier: Apache-2.0
// How a command finds a running engine: its data directory's runtime file and control socket.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "aws/wire/value.h"
#include "base/result.h"
#include "cli/commands.h"

namespace sitelatch::cli {

// Where the engine's data directory is, when a command is not told: `sitelatch env` exports it, so
// that its own commands go where the tools go.
inline constexpr const char* data_dir_variable = "SITELATCH_DATA_DIR";

struct RunningEngine {
  std::filesystem::path data_dir;
  std::string api_url;  // "http://127.0.0.1:4566"
  std::string dns;      // "127.0.0.1:5300"
  std::string access_key_id, secret_access_key;
};

// Problem: none runs there (and how to start one).
Result<RunningEngine> find_engine(const EngineChoice& where);
// Sends a command and gives the answer's object; the engine's refusal is a Problem.
Result<aws::Value> ask_engine(const EngineChoice& where, const aws::Value& request);

// What an environment must have and must not have so that tools speak to this engine and to nothing
// else.
struct ToolEnvironment {
  std::vector<std::pair<std::string, std::string>> set;
  std::vector<std::string> unset;
};
// `inherited`: the variables there are now ("NAME=value" as in environ).
ToolEnvironment tool_environment(const RunningEngine& engine, const std::string& region,
                                 char const* const* inherited);
// Where there is no engine to speak to: nothing to speak to at all. The user's own credentials are
// out of force, and what is called for fails at once.
ToolEnvironment closed_environment(char const* const* inherited);

// Writes DIR/config and DIR/bin/aws, which the environment above points to. Called by the engine at
// its start.
Result<Done> write_tool_files(const std::filesystem::path& data_dir, const std::string& api_url,
                              const std::string& region);

std::string shell_quoted(const std::string& text);

}  // namespace sitelatch::cli

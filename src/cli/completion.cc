// SPDX-License-Identifier: Apache-2.0
#include "cli/completion.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

namespace sitelatch::cli {
namespace {

struct Place {
  std::string path;  // "sitelatch fault throttle"
  const CommandPage* page;
};

void add_places(const CommandPage& page, const std::string& path, std::vector<Place>& places) {
  places.push_back({path, &page});
  for (const auto& command : page.commands) add_places(command, path + " " + command.name, places);
}

std::vector<Place> places_of(const CommandPage& program) {
  std::vector<Place> places;
  add_places(program, program.name, places);
  return places;
}

// The first thing that a sentence says: a list of choices has no room for more.
std::string short_of(std::string_view what) {
  std::size_t end = what.size();
  for (const std::string_view mark : {"; ", ": ", " (", ". "}) end = std::min(end, what.find(mark));
  return std::string{what.substr(0, end)};
}

// Inside of '...'.
std::string in_quotes(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string{"'\\''"} : std::string{c};
  return out + "'";
}

bool wants_directory(const CommandOption& option) { return option.value == "DIR"; }
bool wants_file(const CommandOption& option) { return option.value == "FILE"; }
// A guard's name in the configuration file is what one can remember of them.
bool wants_guard(const CommandOption& option) { return option.value.starts_with("ID|NAME"); }

std::string joined(const std::vector<std::string>& words, std::string_view between) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : std::string{between}) + word;
  return out;
}

// --- bash

std::string bash_value(const CommandOption& option) {
  if (!option.choices.empty())
    return fmt::format("mapfile -t COMPREPLY < <(compgen -W {} -- \"$cur\")",
                       in_quotes(joined(option.choices, " ")));
  if (wants_directory(option))
    return "compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- \"$cur\")";
  if (wants_file(option))
    return "compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")";
  return "COMPREPLY=()";
}

std::string bash(const CommandPage& program) {
  std::string descents, values, words;
  for (const auto& [path, page] : places_of(program)) {
    std::vector<std::string> offered;
    for (const auto& command : page->commands) {
      offered.push_back(command.name);
      descents += fmt::format("{}\"{} {}\"", descents.empty() ? "" : "|", path, command.name);
    }
    bool files = false, guards = false;
    for (const auto& option : page->options) {
      if (!option.positional.empty()) {
        guards = guards || wants_guard(option);
        offered.insert(offered.end(), option.choices.begin(), option.choices.end());
        files = files || wants_file(option);
        continue;
      }
      std::string pattern;
      for (const auto& name : option.names) {
        offered.push_back(name);
        pattern += fmt::format("{}\"{} {}\"", pattern.empty() ? "" : "|", path, name);
      }
      if (!option.value.empty())
        values += fmt::format("    {}) {}; return ;;\n", pattern, bash_value(option));
    }
    words += fmt::format("    \"{}\") words={}{}{} ;;\n", path, in_quotes(joined(offered, " ")),
                         files ? " files=yes" : "", guards ? " guards=yes" : "");
  }
  return fmt::format(R"bash(# bash completion of {0}, made by `{0} completion bash`
_{0}() {{
  local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD-1]}}
  local path={0} words="" files="" guards="" i
  # bash splits --output=json at the sign.
  if [ "$cur" = "=" ]; then
    cur=""
  elif [ "$prev" = "=" ]; then
    prev=${{COMP_WORDS[COMP_CWORD-2]}}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [ "${{COMP_WORDS[i]}}" = -- ]; then return; fi
    case "$path ${{COMP_WORDS[i]}}" in
    {1}) path="$path ${{COMP_WORDS[i]}}" ;;
    esac
  done
  case "$path $prev" in
{2}  esac
  case "$path" in
{3}  esac
  if [ -n "$guards" ]; then words+=" $({0} config names 2>/dev/null)"; fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
  if [ -n "$files" ] && [ ${{#COMPREPLY[@]}} -eq 0 ]; then
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
  fi
}}
complete -F _{0} {0}
)bash",
                     program.name, descents, values, words);
}

// --- zsh

// What _arguments and _describe read as marks of their own.
std::string zsh_text(std::string_view text, std::string_view marks) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || marks.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string zsh_action(const CommandOption& option) {
  if (!option.choices.empty()) return "(" + joined(option.choices, " ") + ")";
  if (wants_directory(option)) return "_files -/";
  if (wants_file(option)) return "_files";
  if (wants_guard(option)) return "{compadd -- ${(f)\"$(sitelatch config names 2>/dev/null)\"}}";
  return " ";
}

std::string zsh_specification(const CommandOption& option) {
  const auto said = zsh_text(short_of(option.what), "[]:");
  const auto value = option.value.empty()
                         ? std::string{}
                         : fmt::format(":{}:{}", zsh_text(option.value, ":"), zsh_action(option));
  const auto star = option.repeated ? "*" : "";
  std::string out;
  for (const auto& name : option.names)
    out += " \\\n    " +
           in_quotes(fmt::format("{}{}{}[{}]{}", star, name,
                                 value.empty() || !name.starts_with("--") ? "" : "=", said, value));
  return out;
}

std::string function_of(std::string path) {
  for (char& c : path)
    if (c == ' ' || c == '-') c = '_';
  return "_" + path;
}

std::string zsh(const CommandPage& program) {
  std::string out = fmt::format(
      "#compdef {0}\n# zsh completion of {0}, made by `{0} completion zsh`\n", program.name);
  for (const auto& [path, page] : places_of(program)) {
    std::string specifications, positionals;
    for (const auto& option : page->options) {
      if (option.positional.empty())
        specifications += zsh_specification(option);
      else
        positionals += " \\\n    " +
                       in_quotes(fmt::format("{}:{}:{}", option.repeated ? "*" : "",
                                             zsh_text(option.positional, ":"), zsh_action(option)));
    }
    out += fmt::format("\n{}() {{\n", function_of(path));
    if (page->commands.empty()) {
      out += fmt::format("  _arguments -s{}{}\n}}\n", specifications, positionals);
      continue;
    }
    out += "  local state line\n  local -a commands=(\n";
    for (const auto& command : page->commands)
      out += "    " +
             in_quotes(zsh_text(command.name, ":") + ":" + zsh_text(short_of(command.what), "")) +
             "\n";
    out += fmt::format(
        "  )\n  _arguments -C -s{} \\\n    '1: :->command' '*:: :->rest'\n"
        "  case $state in\n    command) _describe command commands ;;\n    rest)\n"
        "      case $line[1] in\n",
        specifications);
    for (const auto& command : page->commands)
      out +=
          fmt::format("        {}) {} ;;\n", command.name, function_of(path + " " + command.name));
    out += "      esac ;;\n  esac\n}\n";
  }
  // Sourced, it registers itself; as a file of $fpath it is the function.
  out += fmt::format(
      "\nif [ \"$funcstack[1]\" = \"_{0}\" ]; then _{0} \"$@\"; else compdef _{0} {0}; fi\n",
      program.name);
  return out;
}

// --- fish

std::string fish_condition(const Place& place) {
  if (place.path.find(' ') == std::string::npos) return "__fish_use_subcommand";
  std::string out;
  auto rest = place.path.substr(place.path.find(' ') + 1);
  while (!rest.empty()) {
    const auto end = std::min(rest.find(' '), rest.size());
    out += (out.empty() ? "" : "; and ") + ("__fish_seen_subcommand_from " + rest.substr(0, end));
    rest.erase(0, end == rest.size() ? end : end + 1);
  }
  return out;
}

std::string fish_option(const CommandOption& option) {
  std::string out;
  for (const auto& name : option.names)
    out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  if (option.value.empty()) return out;
  if (!option.choices.empty()) return out + " -x -a " + in_quotes(joined(option.choices, " "));
  if (wants_file(option)) return out + " -r -F";
  if (wants_directory(option)) return out + " -x -a '(__fish_complete_directories)'";
  return out + " -x";
}

std::string fish(const CommandPage& program) {
  std::string out =
      fmt::format("# fish completion of {0}, made by `{0} completion fish`\ncomplete -c {0} -f\n",
                  program.name);
  for (const auto& place : places_of(program)) {
    auto condition = fish_condition(place);
    for (const auto& option : place.page->options) {
      if (option.positional.empty()) {
        out += fmt::format("complete -c {} -n {}{} -d {}\n", program.name, in_quotes(condition),
                           fish_option(option), in_quotes(short_of(option.what)));
      } else if (wants_file(option)) {
        out += fmt::format("complete -c {} -n {} -F\n", program.name, in_quotes(condition));
      } else if (wants_guard(option)) {
        out += fmt::format("complete -c {0} -n {1} -a '({0} config names 2>/dev/null)'\n",
                           program.name, in_quotes(condition));
      } else if (!option.choices.empty()) {
        out += fmt::format("complete -c {} -n {} -a {}\n", program.name, in_quotes(condition),
                           in_quotes(joined(option.choices, " ")));
      }
    }
    if (place.page->commands.empty()) continue;
    std::vector<std::string> names;
    for (const auto& command : place.page->commands) names.push_back(command.name);
    if (condition != "__fish_use_subcommand")
      condition += "; and not __fish_seen_subcommand_from " + joined(names, " ");
    for (const auto& command : place.page->commands)
      out += fmt::format("complete -c {} -n {} -a {} -d {}\n", program.name, in_quotes(condition),
                         command.name, in_quotes(short_of(command.what)));
  }
  return out;
}

}  // namespace

std::string completion(const CommandPage& program, Shell shell) {
  switch (shell) {
    case Shell::bash:
      return bash(program);
    case Shell::zsh:
      return zsh(program);
    case Shell::fish:
      return fish(program);
  }
  return {};
}

}  // namespace sitelatch::cli

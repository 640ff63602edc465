// SPDX-License-Identifier: Apache-2.0
#include "cli/command_page.h"

#include <doctest/doctest.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Validators.hpp>
#include <string>
#include <vector>

#include "cli/completion.h"
#include "cli/man_page.h"

namespace sitelatch::cli {
namespace {

struct Program {
  CLI::App app{"keeps things"};
  std::string clock = "wall", place, name;
  std::vector<std::string> hosts;
  bool fast = false;

  Program() {
    app.name("latch");
    auto* run = app.add_subcommand("run", "run it; until it ends");
    run->add_option("--clock", clock, "wall, or manual")
        ->check(CLI::IsMember({"wall", "manual"}))
        ->capture_default_str();
    run->add_option("--place", place, "where (default: here)")
        ->type_name("DIR")
        ->envname("LATCH_PLACE");
    run->add_option("--host", hosts, "a [host]: more")->type_name("NAME");
    run->add_flag("--fast,-f", fast, "at the operator's risk");
    run->footer("Not for everybody.\n\nExamples:\n  latch run\n  .hidden \\ line");
    auto* list = app.add_subcommand("list", "what there is");
    auto* all = list->add_subcommand("all", "everything");
    all->add_option("which", name, "of which")->type_name("ID|NAME ...");
    auto* one = list->add_subcommand("one", "one of them");
    one->add_option("name", name, "which")->required()->type_name("FILE")->envname("LATCH_NAME");
    app.add_subcommand("inner", "for the makers")->group("");
  }
};

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("a command is read as --help knows it; hidden ones are not") {
  Program program;
  const auto page = command_page(program.app);
  CHECK(page.name == "latch");
  REQUIRE(page.commands.size() == 2);
  const auto& run = page.commands[0];
  CHECK(run.what == "run it; until it ends");
  REQUIRE(run.options.size() == 5);  // and --help
  const auto& clock = run.options[1];
  CHECK(clock.choices == std::vector<std::string>{"wall", "manual"});
  CHECK(clock.value == "wall|manual");
  CHECK(clock.initial == "wall");
  CHECK(run.options[2].value == "DIR");
  CHECK(run.options[2].variable == "LATCH_PLACE");
  CHECK(run.options[3].repeated);
  CHECK(run.options[4].names == std::vector<std::string>{"--fast", "-f"});
  CHECK(run.options[4].value.empty());
  const auto& one = page.commands[1].commands[1];
  REQUIRE(one.options.size() == 2);
  CHECK(one.options[1].positional == "name");
  CHECK(one.options[1].required);
}

TEST_CASE("a manual page has every command, option and example, and no line of it is a request") {
  Program program;
  const auto pages = man_pages(command_page(program.app), "latch 1.0");
  std::vector<std::string> files;
  for (const auto& page : pages) files.push_back(page.file);
  CHECK(files == std::vector<std::string>{"latch.1", "latch-run.1", "latch-list.1",
                                          "latch-list-all.1", "latch-list-one.1"});
  CHECK(has(pages[0].text, ".TP\n\\fBrun\\fR\nrun it; until it ends\n"));
  CHECK(has(pages[0].text, "\\fBlatch\\-list\\fR(1)"));
  const auto& run = pages[1].text;
  CHECK(has(run, ".SH NAME\nlatch\\-run \\- run it; until it ends\n"));
  CHECK(has(run, "\\fB\\-\\-clock\\fR \\fIwall|manual\\fR\nwall, or manual (default: wall)\n"));
  CHECK(has(run, "\\fB\\-\\-fast\\fR, \\fB\\-f\\fR\nat the operator\\(aqs risk\n"));
  CHECK(has(run, ".SH ENVIRONMENT\n.TP\n\\fBLATCH_PLACE\\fR\n"));
  CHECK(has(run, ".SH NOTES\n.nf\nNot for everybody.\n"));
  CHECK(has(run, ".SH EXAMPLES\n.nf\n  latch run\n  .hidden \\e line\n.fi\n"));
  CHECK(has(pages[4].text, "\\fBlatch list one\\fR [\\fIOPTIONS\\fR] \\fINAME\\fR\n"));
  CHECK(has(pages[4].text, ".TP\n\\fBLATCH_NAME\\fR\nin place of \\fBNAME\\fR\n"));
}

TEST_CASE("what would be a request of groff's is text") {
  CHECK(roff_text(".so /etc/passwd\n'x") == "\\&.so /etc/passwd\n\\&\\(aqx");
  CHECK(roff_text("a\\b ~ ^ `c`") == "a\\eb \\(ti \\(ha \\(gac\\(ga");
}

TEST_CASE("completions know commands, options, values and what is a file") {
  Program program;
  const auto page = command_page(program.app);
  const auto bash = completion(page, Shell::bash);
  CHECK(has(bash, "\"latch run\"|\"latch list\"|\"latch list all\"|\"latch list one\")"));
  CHECK(has(bash, "\"latch run --clock\") mapfile -t COMPREPLY < <(compgen -W 'wall manual'"));
  CHECK(has(bash,
            "\"latch run --place\") compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d"));
  CHECK(has(bash, "\"latch list one\") words='--help -h' files=yes ;;"));
  CHECK(has(bash, "\"latch list all\") words='--help -h' guards=yes ;;"));
  const auto zsh = completion(page, Shell::zsh);
  CHECK(has(zsh, "'--clock=[wall, or manual]:wall|manual:(wall manual)'"));
  CHECK(has(zsh, "'*--host=[a \\[host\\]]:NAME: '"));
  CHECK(has(zsh, "'-f[at the operator'\\''s risk]'"));
  CHECK(has(zsh, "        one) _latch_list_one ;;\n"));
  CHECK(has(zsh, "':which:{compadd -- ${(f)"));
  const auto fish = completion(page, Shell::fish);
  CHECK(has(fish, "complete -c latch -n '__fish_use_subcommand' -a run -d 'run it'\n"));
  CHECK(has(fish,
            "complete -c latch -n '__fish_seen_subcommand_from run' -l clock -x -a 'wall manual' "
            "-d 'wall, or manual'\n"));
  CHECK(
      has(fish, "-n '__fish_seen_subcommand_from list; and __fish_seen_subcommand_from one' -F\n"));
  CHECK(has(fish, " -a '(latch config names 2>/dev/null)'\n"));
  for (const auto* text : {&bash, &zsh, &fish}) CHECK(!has(*text, "inner"));
}

}  // namespace
}  // namespace sitelatch::cli

// SPDX-License-Identifier: Apache-2.0
#include "cli/man_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "base/text.h"
#include "settings/keys.h"

namespace sitelatch::cli {
namespace {

std::string upper(std::string_view text) {
  std::string out{text};
  for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

bool is_environment(const CommandOption& option) { return !option.variable.empty(); }

// "\fB\-\-output\fR \fItext|json\fR"
std::string option_head(const CommandOption& option) {
  std::string head;
  for (const auto& name : option.names)
    head += fmt::format("{}\\fB{}\\fR", head.empty() ? "" : ", ", roff_text(name));
  if (!option.positional.empty())
    head += fmt::format("\\fI{}\\fR", roff_text(upper(option.positional)));
  else if (!option.value.empty())
    head += fmt::format(" \\fI{}\\fR", roff_text(option.value));
  return head;
}

std::string option_body(const CommandOption& option) {
  std::string body = option.what;
  if (!option.initial.empty()) body += fmt::format(" (default: {})", option.initial);
  if (!option.variable.empty()) body += fmt::format(" (environment: {})", option.variable);
  return roff_text(body);
}

std::string synopsis(const CommandPage& page, const std::string& full) {
  std::string line = fmt::format("\\fB{}\\fR", roff_text(full));
  const bool flags = std::any_of(page.options.begin(), page.options.end(),
                                 [](const auto& option) { return option.positional.empty(); });
  if (flags) line += " [\\fIOPTIONS\\fR]";
  for (const auto& option : page.options) {
    if (option.positional.empty()) continue;
    line += fmt::format(" {}\\fI{}\\fR{}{}", option.required ? "" : "[",
                        roff_text(upper(option.positional)), option.repeated ? " ..." : "",
                        option.required ? "" : "]");
  }
  if (!page.commands.empty()) line += " \\fICOMMAND\\fR";
  return line;
}

// Paragraphs of --help: those that begin with a word and a colon ("Examples:") get a section of
// their own; lines stay as they are.
std::string sections_of(std::string_view after) {
  std::string out;
  std::vector<std::string> known = {"Example", "Examples", "Exit status", "Start here"};
  bool literal = false;
  const auto end_literal = [&] {
    if (literal) out += ".fi\n";
    literal = false;
  };
  for (const auto line : split(after, '\n')) {
    const auto colon = line.find(':');
    const auto comma = line.substr(0, colon).find(',');
    const std::string title{line.substr(0, std::min(colon, comma))};
    if (colon != std::string_view::npos &&
        std::find(known.begin(), known.end(), title) != known.end()) {
      end_literal();
      out += fmt::format(".SH {}\n", upper(title.starts_with("Example") ? "Examples" : title));
      const auto rest = comma < colon ? line.substr(comma + 1) : line.substr(colon + 1);
      if (const auto said = trim(rest); !said.empty())
        out +=
            roff_text(fmt::format(
                "{}{}", static_cast<char>(std::toupper(static_cast<unsigned char>(said.front()))),
                said.substr(1))) +
            "\n.PP\n";
      out += ".nf\n";
      literal = true;
      continue;
    }
    if (!literal) {
      out += out.empty() ? ".SH NOTES\n.nf\n" : ".nf\n";
      literal = true;
    }
    out += roff_text(line) + "\n";
  }
  end_literal();
  return out;
}

std::string page_text(const CommandPage& page, const std::string& full, const std::string& parent,
                      std::string_view version) {
  std::string dashed = full;
  std::replace(dashed.begin(), dashed.end(), ' ', '-');
  std::string out = fmt::format(
      ".\\\" Made by `sitelatch man-pages` from the same source as --help.\n"
      ".TH {} 1 \"\" \"{}\" \"Sitelatch\"\n.nh\n.ad l\n.SH NAME\n{} \\- {}\n.SH SYNOPSIS\n{}\n",
      roff_text(upper(dashed)), version, roff_text(dashed), roff_text(page.what),
      synopsis(page, full));
  if (!page.commands.empty()) {
    out += ".SH COMMANDS\n";
    for (const auto& command : page.commands)
      out += fmt::format(".TP\n\\fB{}\\fR\n{}\n", roff_text(command.name), roff_text(command.what));
  }
  if (!page.options.empty()) {
    out += ".SH OPTIONS\n";
    for (const auto& option : page.options)
      out += fmt::format(".TP\n{}\n{}\n", option_head(option), option_body(option));
  }
  if (std::any_of(page.options.begin(), page.options.end(), is_environment)) {
    out += ".SH ENVIRONMENT\n";
    for (const auto& option : page.options)
      if (is_environment(option))
        out += fmt::format(
            ".TP\n\\fB{}\\fR\nin place of \\fB{}\\fR\n", roff_text(option.variable),
            roff_text(option.names.empty() ? upper(option.positional) : option.names.front()));
  }
  out += sections_of(page.after);
  std::vector<std::string> see;
  if (!parent.empty()) see.push_back(parent);
  for (const auto& command : page.commands) see.push_back(dashed + "-" + command.name);
  if (!see.empty()) {
    out += ".SH SEE ALSO\n";
    for (std::size_t i = 0; i < see.size(); ++i)
      out += fmt::format("\\fB{}\\fR(1){}\n", roff_text(see[i]), i + 1 < see.size() ? "," : "");
  }
  return out;
}

void add_pages(const CommandPage& page, const std::string& full, const std::string& parent,
               std::string_view version, std::vector<ManPage>& pages) {
  std::string dashed = full;
  std::replace(dashed.begin(), dashed.end(), ' ', '-');
  pages.push_back({dashed + ".1", page_text(page, full, parent, version)});
  for (const auto& command : page.commands)
    add_pages(command, full + " " + command.name, dashed, version, pages);
}

}  // namespace

std::string roff_text(std::string_view text) {
  std::string out;
  bool line_begins = true;
  for (const char c : text) {
    if (line_begins && (c == '.' || c == '\'')) out += "\\&";
    line_begins = c == '\n';
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else if (c == '`')
      out += "\\(ga";
    else if (c == '\'')
      out += "\\(aq";
    else if (c == '^')
      out += "\\(ha";
    else if (c == '~')
      out += "\\(ti";
    else
      out += c;
  }
  return out;
}

ManPage config_man_page(std::string_view version) {
  std::string out = fmt::format(
      ".\\\" Made by `sitelatch man-pages` from the table that reads the file.\n"
      ".TH SITELATCH.TOML 5 \"\" \"{}\" \"Sitelatch\"\n.nh\n.ad l\n.SH NAME\n"
      "sitelatch.toml \\- guards by name, and defaults of the commands of sitelatch\n"
      ".SH DESCRIPTION\n",
      version);
  for (const auto rule : settings::rules_of_the_file()) out += roff_text(rule) + "\n.PP\n";
  const std::pair<settings::Place, const char*> places[] = {
      {settings::Place::guard, "KEYS OF A GUARD"},
      {settings::Place::anywhere, "KEYS OF A GUARD OR OF ALL"},
      {settings::Place::top, "KEYS OF ALL"},
      {settings::Place::console, "KEYS OF THE CONSOLE"}};
  for (const auto& [place, title] : places) {
    out += fmt::format(".SH {}\nThese stand {}.\n", title,
                       roff_text(settings::where_it_stands(place)));
    for (const auto& key : settings::keys()) {
      if (key.place != place) continue;
      out +=
          fmt::format(".TP\n\\fB{}\\fR = {}\n{}{}\n", roff_text(key.name), roff_text(key.example),
                      roff_text(key.what), key.list ? " (a string, or an array of strings)" : "");
    }
  }
  out += ".SH EXAMPLE\n.nf\n";
  out += roff_text(
      "profile = \"production\"\n\n[guards.shop]\nhealth-check = \"client.example.com\"\n"
      "check = [\"/usr/local/bin/sites-in-sync shop\"]\nnotify = \"oncall@example.com\"\n");
  out += ".fi\n.SH SEE ALSO\n\\fBsitelatch\\fR(1), \\fBsitelatch\\-config\\fR(1)\n";
  return {"sitelatch.toml.5", std::move(out)};
}

std::vector<ManPage> man_pages(const CommandPage& program, std::string_view version) {
  std::vector<ManPage> pages;
  add_pages(program, program.name, "", version, pages);
  return pages;
}

}  // namespace sitelatch::cli

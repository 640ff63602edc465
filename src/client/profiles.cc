// SPDX-License-Identifier: Apache-2.0
#include "client/profiles.h"

#include <fmt/format.h>

#include "base/text.h"
#include "client/failures.h"

namespace sitelatch::client {
namespace {

struct Heading {
  std::string kind;  // "profile", "services", "sso-session"; "default" and plain names: ""
  std::string name;
};

std::string without_quotes(std::string_view text) {
  text = trim(text);
  if (text.size() >= 2 && (text.front() == '"' || text.front() == '\'') &&
      text.back() == text.front())
    text = text.substr(1, text.size() - 2);
  return std::string{text};
}

Heading read_heading(std::string_view text) {
  for (const std::string_view kind : {"profile", "services", "sso-session"})
    if (text.starts_with(kind) && text.size() > kind.size() &&
        (text[kind.size()] == ' ' || text[kind.size()] == '\t'))
      return {std::string{kind}, without_quotes(text.substr(kind.size()))};
  return {"", without_quotes(text)};
}

// Splits at the first '=' or ':', as Python's configparser does.
bool split_setting(std::string_view line, std::string& name, std::string& value) {
  const auto at = line.find_first_of("=:");
  if (at == std::string_view::npos || trim(line.substr(0, at)).empty()) return false;
  name = lower(trim(line.substr(0, at)));
  value = std::string{trim(line.substr(at + 1))};
  return true;
}

void merge(Section& into, const Section& from) {
  for (const auto& [name, value] : from.settings) into.settings[name] = value;
  for (const auto& [name, value] : from.nested) into.nested[name] = value;
}

Outcome<std::map<std::string, Section>> read_sections(const Environment& environment,
                                                      const std::string& path) {
  auto text = environment.read_file(path);
  if (!text) return failure(configuration_error("ConfigFileError", text.error().text));
  return parse_sections(text->value_or(""), path);
}

std::string file_path(const Environment& environment, std::string_view variable,
                      std::string_view usual) {
  auto path = environment.variable(variable).value_or("~/.aws/" + std::string{usual});
  if (path.starts_with("~/")) path = environment.home() + path.substr(1);
  return path;
}

}  // namespace

std::string Section::get(std::string_view name) const {
  const auto found = settings.find(std::string{name});
  return found == settings.end() ? "" : found->second;
}

const Section* Profiles::find(std::string_view name) const {
  const auto found = profiles.find(std::string{name});
  return found == profiles.end() ? nullptr : &found->second;
}

std::vector<std::string> Profiles::names() const {
  std::vector<std::string> names;
  for (const auto& [name, section] : profiles) names.push_back(name);
  return names;
}

Outcome<std::map<std::string, Section>> parse_sections(std::string_view text,
                                                       std::string_view path) {
  std::map<std::string, Section> sections;
  Section* section = nullptr;
  std::string last;  // the setting that indented lines belong to
  int number = 0;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  for (const auto raw : split(text, '\n')) {
    ++number;
    const auto line = trim(raw);
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    const bool indented = raw.front() == ' ' || raw.front() == '\t';
    std::string name, value;
    if (!indented && line.front() == '[' && line.find(']') != std::string_view::npos) {
      section = &sections[std::string{trim(line.substr(1, line.find(']') - 1))}];
      last.clear();
    } else if (section && indented && !last.empty()) {
      if (split_setting(line, name, value)) section->nested[last][name] = value;
    } else if (section && split_setting(line, name, value)) {
      section->settings[name] = value;
      last = name;
    } else {
      return failure(configuration_error(
          "ConfigParseError",
          fmt::format("{}, line {}: neither a [section] nor a setting", path, number)));
    }
  }
  return sections;
}

Outcome<Profiles> read_profiles(const Environment& environment) {
  Profiles profiles;
  profiles.config_path = file_path(environment, "AWS_CONFIG_FILE", "config");
  profiles.credentials_path = file_path(environment, "AWS_SHARED_CREDENTIALS_FILE", "credentials");
  const auto config = read_sections(environment, profiles.config_path);
  if (!config) return failure(config.error());
  const auto credentials = read_sections(environment, profiles.credentials_path);
  if (!credentials) return failure(credentials.error());
  for (const auto& [text, section] : *config) {
    const auto heading = read_heading(text);
    if (heading.kind == "services")
      merge(profiles.services[heading.name], section);
    else if (heading.kind.empty() && heading.name == "default")
      merge(profiles.profiles["default"], section);
  }
  // [profile default] counts before [default], so it is merged later.
  for (const auto& [text, section] : *config) {
    const auto heading = read_heading(text);
    if (heading.kind == "profile") merge(profiles.profiles[heading.name], section);
  }
  for (const auto& [text, section] : *credentials)
    merge(profiles.profiles[without_quotes(text)], section);
  return profiles;
}

}  // namespace sitelatch::client

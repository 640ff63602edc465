// SPDX-License-Identifier: Apache-2.0
// The one place that knows the TOML library: its header costs seconds.
#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <optional>

#include "base/nearest.h"
#include "base/text.h"
#include "settings/settings.h"

namespace sitelatch::settings {
namespace {

constexpr std::size_t longest_name = 64;
constexpr const char* all_of_them = "All keys: sitelatch config example";

std::string_view type_of(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "an array";
    case toml::node_type::string:
      return "a string";
    case toml::node_type::integer:
      return "an integer";
    case toml::node_type::floating_point:
      return "a number with a fraction";
    case toml::node_type::boolean:
      return "true or false";
    default:
      return "a date or time";
  }
}

bool is_any_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// "https://user:secret@host/"
bool has_password(std::string_view text) {
  const auto scheme = text.find("://");
  if (scheme == std::string_view::npos) return false;
  const auto authority = text.substr(scheme + 3, text.substr(scheme + 3).find_first_of("/?#"));
  const auto at = authority.rfind('@');
  return at != std::string_view::npos &&
         authority.substr(0, at).find(':') != std::string_view::npos;
}

class Reader {
 public:
  explicit Reader(const std::string& file) : file_(file) {}

  void top(const toml::table& table) {
    for (const auto& [key, node] : table) {
      if (key == "guards")
        guards(node);
      else if (key == "console")
        section(node, Place::console, "[console]", out_.settings.console);
      else
        one(key, node, Place::top, "at the top of the file", out_.settings.defaults);
    }
    auto& guards = out_.settings.guards;
    std::sort(guards.begin(), guards.end(),
              [](const Guard& a, const Guard& b) { return a.origin.line < b.origin.line; });
  }

  void fault(const toml::source_region& where, std::string sentence) {
    out_.faults.push_back({{file_, where.begin.line}, std::move(sentence)});
  }

  Parsed take() {
    std::stable_sort(out_.faults.begin(), out_.faults.end(),
                     [](const Fault& a, const Fault& b) { return a.origin.line < b.origin.line; });
    return std::move(out_);
  }

 private:
  void guards(const toml::node& node) {
    const auto* table = node.as_table();
    if (!table)
      return fault(node.source(),
                   "guards are tables with a name each, such as [guards.shop], not " +
                       std::string{type_of(node)});
    for (const auto& [key, guard] : *table) {
      const std::string name{key.str()};
      if (!is_guard_name(name)) {
        fault(key.source(),
              fmt::format("\"{}\" is no name for a guard: 1 to {} letters, digits, '-', '_' and "
                          "'.', with a letter or digit in front",
                          name, longest_name));
        continue;
      }
      Guard read{name, {}, {file_, key.source().begin.line}};
      section(guard, Place::guard, fmt::format("[guards.{}]", name), read.table);
      out_.settings.guards.push_back(std::move(read));
    }
  }

  static bool is_guard_name(std::string_view name) {
    const auto plain = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    };
    return !name.empty() && name.size() <= longest_name && plain(name.front()) &&
           std::all_of(name.begin(), name.end(),
                       [&](char c) { return plain(c) || c == '-' || c == '_' || c == '.'; });
  }

  void section(const toml::node& node, Place place, const std::string& called, Table& table) {
    const auto* inside = node.as_table();
    if (!inside)
      return fault(node.source(), fmt::format("{} is a table, not {}", called, type_of(node)));
    for (const auto& [key, value] : *inside) one(key, value, place, "in " + called, table);
  }

  void one(const toml::key& key, const toml::node& node, Place place, const std::string& where,
           Table& table) {
    const std::string name{key.str()};
    const auto* known = find_key(place, name);
    if (!known) return fault(key.source(), unknown(name, place, where));
    const auto values = values_of(*known, node);
    if (!values) {
      const auto wanted = known->list ? "a string or an array of strings" : "a string";
      return fault(node.source(),
                   fmt::format("{} takes {} ({}), such as {} = {}, not {}", name, wanted,
                               known->value, name, known->example,
                               node.is_array() && known->list ? "an array of anything else"
                                                              : type_of(node)));
    }
    for (const auto& value : *values) {
      if (value.empty() || value.find('\0') != std::string::npos)
        return fault(node.source(), fmt::format("{} is empty, or has a zero byte in it: it takes "
                                                "{}, such as {} = {}",
                                                name, known->value, name, known->example));
      if (has_password(value))
        return fault(node.source(), name +
                                        " has a password in it, and no secrets belong in this "
                                        "file: whoever can read it has them");
    }
    table.insert_or_assign(name, Setting{*values, {file_, key.source().begin.line}});
  }

  static std::optional<std::vector<std::string>> values_of(const Key& key, const toml::node& node) {
    if (const auto* text = node.as_string()) return std::vector<std::string>{text->get()};
    const auto* list = node.as_array();
    if (!list || !key.list) return std::nullopt;
    std::vector<std::string> out;
    for (const auto& item : *list) {
      const auto* text = item.as_string();
      if (!text) return std::nullopt;
      out.push_back(text->get());
    }
    return out;
  }

  static std::string unknown(const std::string& name, Place place, const std::string& where) {
    const auto plain = lower(name);
    for (const auto part : {"secret", "password", "token", "access-key", "access_key"})
      if (plain.find(part) != std::string::npos)
        return fmt::format(
            "no secrets belong in this file, and {} is not read: credentials are "
            "found as the aws CLI finds them; profile = \"NAME\" says which",
            name);
    if (is_any_of(name, {"yes", "force", "reason", "change-records", "expected-version", "keep",
                         "keep-latched", "restore", "planned"}))
      return fmt::format("{} is a person's word each time, and is not taken from a file", name);
    std::vector<std::string> known;
    for (const auto& key : keys()) {
      if (key.name == name)
        return fmt::format("{} does not stand {}: it stands {}", name, where,
                           where_it_stands(key.place));
      if (find_key(place, key.name)) known.emplace_back(key.name);
    }
    if (place == Place::top) {
      known.emplace_back("guards");
      known.emplace_back("console");
    }
    const auto meant = nearest(name, known);
    return fmt::format("there is no key \"{}\" {}.{} {}", name, where,
                       meant ? fmt::format(" Did you mean {}?", *meant) : "", all_of_them);
  }

  std::string file_;
  Parsed out_;
};

}  // namespace

Parsed parse(std::string_view text, const std::string& file) {
  Reader reader(file);
  try {
    reader.top(toml::parse(text));
  } catch (const toml::parse_error& error) {
    reader.fault(error.source(), "this is not TOML: " + std::string{error.description()});
  }
  return reader.take();
}

}  // namespace sitelatch::settings

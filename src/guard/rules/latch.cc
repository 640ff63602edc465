// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/latch.h"

#include "base/text.h"

namespace sitelatch::guard {
namespace {
// The console adds a leading slash; Keycloak 24's guide leaves it out.
std::string_view without_slash(std::string_view path) {
  return path.starts_with('/') ? path.substr(1) : path;
}

bool same_path(std::string_view a, std::string_view b) {
  return without_slash(a) == without_slash(b);
}

LatchValue value_of_path(std::string_view path) {
  if (same_path(path, failed_over_path)) return LatchValue::failed_over;
  if (same_path(path, switched_over_path)) return LatchValue::switched_over;
  if (same_path(path, "health/down")) return LatchValue::health_down;
  return LatchValue::none;
}

// RFC 2606: nothing ever resolves there.
bool under_invalid(std::string_view name) {
  const auto text = lower(name.ends_with('.') ? name.substr(0, name.size() - 1) : name);
  return text == "invalid" || text.ends_with(".invalid");
}

bool has_path(const Check& check) { return check.type.starts_with("HTTP"); }

LatchValue value_on(const Check& check) {
  if (check.type == "CALCULATED" && check.health_threshold > check.children)
    return LatchValue::no_quorum;
  if (check.fqdn && !check.by_address && under_invalid(*check.fqdn))
    return LatchValue::invalid_name;
  return has_path(check) && check.path ? value_of_path(*check.path) : LatchValue::none;
}
}  // namespace

std::string_view to_string(LatchKind kind) { return kind == LatchKind::path ? "path" : "inverted"; }

std::optional<LatchKind> latch_kind(std::string_view text) {
  if (text == "path") return LatchKind::path;
  if (text == "inverted") return LatchKind::inverted;
  return std::nullopt;
}

std::string_view to_string(LatchValue value) {
  switch (value) {
    case LatchValue::none:
      return "none";
    case LatchValue::failed_over:
      return "/lb-check-failed-over";
    case LatchValue::switched_over:
      return "/lb-check-switched-over";
    case LatchValue::health_down:
      return "health/down";
    case LatchValue::always_inverted:
      return "Disabled and Inverted";
    case LatchValue::invalid_name:
      return "a name under .invalid";
    case LatchValue::no_quorum:
      return "more healthy children asked for than there are";
  }
  return "none";
}

bool is_latch_path(std::string_view path) { return value_of_path(path) != LatchValue::none; }

LatchSnapshot latch_on(const Check& check) {
  if (check.disabled && check.inverted) return {LatchValue::always_inverted, true};
  const auto value = value_on(check);
  return {value, value != LatchValue::none && !check.disabled && !check.inverted};
}

bool same_but_version(Check a, const Check& b) {
  a.version = b.version;
  return a == b;
}

Check apply(const CheckChange& change, Check check) {
  if (change.path) check.path = change.path;
  if (change.reset_path) check.path.reset();
  if (change.disabled) check.disabled = *change.disabled;
  if (change.inverted) check.inverted = *change.inverted;
  ++check.version;
  return check;
}

std::string describe(const Check& check) {
  std::string out = check.path ? "ResourcePath=" + *check.path : "no ResourcePath";
  if (check.disabled) out += " Disabled";
  if (check.inverted) out += " Inverted";
  return out;
}

std::string describe(const CheckChange& change) {
  std::vector<std::string> parts;
  if (change.path) parts.push_back("ResourcePath=" + *change.path);
  if (change.reset_path) parts.emplace_back("ResetElements=ResourcePath");
  if (change.disabled) parts.emplace_back(*change.disabled ? "Disabled=true" : "Disabled=false");
  if (change.inverted) parts.emplace_back(*change.inverted ? "Inverted=true" : "Inverted=false");
  return join(parts, " ");
}

CheckChange latching(const Check& check, LatchKind kind, bool planned) {
  CheckChange change;
  if (kind == LatchKind::inverted || !has_path(check)) {
    change.disabled = true;
    change.inverted = true;
    return change;
  }
  const auto path = planned ? switched_over_path : failed_over_path;
  if (check.path != path) change.path = std::string{path};
  if (check.disabled) change.disabled = false;
  if (check.inverted) change.inverted = false;
  return change;
}

CheckChange releasing(const Check& check, std::string_view original_path) {
  CheckChange change;
  if (check.path && is_latch_path(*check.path)) {
    if (original_path.empty()) {
      change.reset_path = true;
    } else {
      change.path = std::string{original_path};
    }
  }
  if (check.disabled) change.disabled = false;
  if (check.inverted) change.inverted = false;
  return change;
}

}  // namespace sitelatch::guard

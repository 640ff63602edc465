// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/form.h"

#include <array>

namespace sitelatch::guard {
namespace {

constexpr std::array<std::pair<Form, std::string_view>, 6> named_forms = {{
    {Form::guide, "guide"},
    {Form::config, "config"},
    {Form::engine, "engine"},
    {Form::hardened, "hardened"},
    {Form::fast, "fast"},
    {Form::strict, "strict"},
}};

}  // namespace

std::string_view to_string(Form form) {
  for (const auto& [one, name] : named_forms)
    if (one == form) return name;
  return "";
}

std::optional<Form> form_named(std::string_view text) {
  for (const auto& [form, name] : named_forms)
    if (name == text) return form;
  return std::nullopt;
}

std::vector<std::string> form_names() {
  std::vector<std::string> names;
  for (const auto& [form, name] : named_forms) names.emplace_back(name);
  return names;
}

std::optional<std::string> not_built_yet(Form form) {
  switch (form) {
    case Form::guide:
    case Form::config:
    case Form::engine:
    case Form::hardened:
      return std::nullopt;
    case Form::fast:
    case Form::strict:
      return "not built yet: --form " + std::string{to_string(form)} +
             " is a design (docs/forms.md). What can be deployed: guide; hardened, which latches "
             "within seconds; config, whose failover is the latch; on Sitelatch's engine also "
             "engine";
  }
  return std::nullopt;
}

}  // namespace sitelatch::guard

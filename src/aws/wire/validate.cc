// SPDX-License-Identifier: Apache-2.0
// Validation by the model's constraints, in the words of AWS ("1 validation error detected: Value
// 'x' at 'stateValue' failed to satisfy constraint: ..."). What differs by service is data, in the
// tables below.
#include <fmt/format.h>

#include <array>

#include "aws/wire/codec.h"
#include "aws/wire/wire.h"
#include "base/text.h"

namespace sitelatch::aws {
namespace {

struct Manner {
  std::string_view service;
  std::string_view code;
  bool enums_reversed = false;     // CloudWatch lists a set backwards (fact wire-10)
  bool elements_not_null = false;  // IAM ends an element's constraints with it (fact wire-11)
  bool missing_only = false;       // SQS: the first parameter that is missing, nothing else
};
constexpr Manner usual{"", "ValidationException"};
constexpr std::array<Manner, 7> manners{{
    {"iam", "ValidationError", false, true},
    {"sts", "ValidationError"},
    {"cloudwatch", "ValidationError", true},  // ValidationException in JSON and CBOR: errors.cc
    {"sns", "ValidationError"},
    {"route53", "InvalidInput"},
    {"logs", "InvalidParameterException"},
    {"sqs", "MissingRequiredParameterException", false, false, true},
}};

// Shapes whose enum the service checks itself, with a text of its own.
struct Exemption {
  std::string_view service;
  std::string_view shape;
};
constexpr std::array<Exemption, 1> own_enums{{{"lambda", "Runtime"}}};

// Patterns of which a service says in words what they mean, where nothing else is wrong with the
// input (fact wire-37).
struct PatternWords {
  std::string_view service, pattern, words;
};
constexpr std::array<PatternWords, 2> wordings{{
    {"iam", R"([\w+=,.@-]+)",
     "It must contain only alphanumeric characters and/or the following: +=,.@_-"},
    {"iam", R"((\u002F)|(\u002F[\u0021-\u007E]+\u002F))",
     "It must begin and end with / and contain only alphanumeric characters and/or / characters."},
}};

const Manner& manner_of(std::string_view service) {
  for (const auto& manner : manners)
    if (manner.service == service) return manner;
  return usual;
}

std::string joined(const std::vector<std::string>& items, bool reversed) {
  std::string out = "[";
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i) out += ", ";
    out += items[reversed ? items.size() - 1 - i : i];
  }
  return out + "]";
}

std::string bound_text(double bound) { return fmt::format("{:.0f}", bound); }

// As Java prints it: lists in brackets, maps and structures in braces.
void print(std::string& out, const Value& value, int depth = 0) {
  constexpr std::size_t shown_max = 4096;
  if (out.size() > shown_max || depth > codec::max_depth) return;
  if (value.is_list()) {
    out += '[';
    for (std::size_t i = 0; i < value.items().size() && out.size() <= shown_max; ++i) {
      if (i) out += ", ";
      print(out, value.items()[i], depth + 1);
    }
    out += ']';
  } else if (value.is_struct()) {
    out += '{';
    bool first = true;
    for (const auto& [name, inner] : value.members()) {
      if (out.size() > shown_max) break;
      if (!first) out += ", ";
      first = false;
      out += name + "=";
      print(out, inner, depth + 1);
    }
    out += '}';
  } else if (value.is_string()) {
    out += value.string();
  } else if (value.is_bool()) {
    out += value.boolean() ? "true" : "false";
  } else if (value.is_integer()) {
    out += fmt::format("{}", value.integer());
  } else if (value.is_double()) {
    codec::write_double(out, value.number());
  } else if (value.is_timestamp()) {
    out += iso8601_seconds(value.timestamp());
  } else {
    out += "null";
  }
}

class Validator {
 public:
  Validator(const ServiceModel& model, const Manner& manner) : model_(model), manner_(manner) {}

  void structure(const Shape& shape, const std::string& path, const Value& value, int depth) {
    if (depth > 2 * codec::max_depth) return;  // no decoder goes as deep
    for (const auto& member : shape.members) {
      if (!member.required && (member.shape == no_shape || !model_.shape(member.shape).constrained))
        continue;
      auto name = member.name;
      if (name[0] >= 'A' && name[0] <= 'Z') name[0] = static_cast<char>(name[0] | 0x20);
      const auto where = path.empty() ? name : path + "." + name;
      const auto& inner = value[member.name];
      if (!inner.is_null())
        check(member, where, inner, depth);
      else if (member.required && manner_.missing_only) {
        // An empty list does not travel in a form: what must have entries is the handler's to say.
        if (model_.shape(member.shape).kind == Kind::list) continue;
        missing(path.empty() ? member.name : path + "." + member.name);
      } else if (member.required)
        violation(where, inner, "Member must not be null");
    }
  }

  std::optional<Error> result() const {
    if (count_ == 0) return std::nullopt;
    if (manner_.missing_only) return Error{std::string{manner_.code}, text_, 0, {}};
    if (count_ == 1 && !in_words_.empty())
      return Error{std::string{manner_.code}, in_words_, 0, {}};
    return Error{
        std::string{manner_.code},
        fmt::format("{} validation error{} detected: {}", count_, count_ == 1 ? "" : "s", text_),
        0,
        {}};
  }

 private:
  void check(const Member& place, const std::string& where, const Value& value, int depth) {
    const auto& shape = model_.shape(place.shape);
    if (!shape.constrained) return;
    if (manner_.missing_only && is_scalar(shape)) return;
    for (const auto& broken : violations(shape, value)) {
      violation(where, value, broken);
      if (shape.pattern && broken.ends_with(shape.pattern->text())) say(where, *shape.pattern);
    }
    switch (shape.kind) {
      case Kind::structure:
        structure(shape, where, value, depth + 1);
        break;
      case Kind::list:
        list(shape, where, value, depth);
        break;
      case Kind::map:
        map(shape, where, value, depth);
        break;
      default:
        break;
    }
  }

  void missing(const std::string& name) {
    if (count_++ == 0) text_ = "The request must contain the parameter " + name + ".";
  }
  void say(const std::string& where, const LazyPattern& pattern) {
    for (const auto& wording : wordings)
      if (wording.service == model_.name && wording.pattern == pattern.text())
        in_words_ = fmt::format("The specified value for {} is invalid. {}", where, wording.words);
  }

  void list(const Shape& shape, const std::string& where, const Value& value, int depth) {
    const auto& element = model_.shape(shape.element.shape);
    if (!element.constrained) return;
    if (manner_.missing_only) {  // entries are called by their type's name and number
      int number = 0;
      for (const auto& item : value.items())
        if (item.is_struct())
          structure(element, fmt::format("{}.{}", element.name, ++number), item, depth + 1);
      return;
    }
    if (!is_scalar(element)) {
      int index = 0;
      for (const auto& item : value.items()) {
        ++index;
        const auto at = fmt::format("{}.{}.member", where, index);
        if (item.is_null())
          violation(at, item, "Member must not be null");
        else
          check(shape.element, at, item, depth + 1);
      }
      return;
    }
    for (const auto& item : value.items())
      if (item.is_null() || !violations(element, item).empty())
        return violation(where, value, "Member must satisfy constraint: " + constraints(element));
  }

  void map(const Shape& shape, const std::string& where, const Value& value, int depth) {
    const auto& key = model_.shape(shape.key.shape);
    const auto& element = model_.shape(shape.element.shape);
    if (manner_.missing_only) {
      for (const auto& [name, inner] : value.members())
        if (inner.is_struct())
          structure(element, where + "." + name.substr(0, 128), inner, depth + 1);
      return;
    }
    bool bad_key = false, bad_value = false;
    for (const auto& [name, inner] : value.members()) {
      bad_key = bad_key || !violations(key, Value{name}).empty();
      if (inner.is_null() || !element.constrained) continue;
      if (is_scalar(element))
        bad_value = bad_value || !violations(element, inner).empty();
      else
        check(shape.element, where + "." + name.substr(0, 128) + ".member", inner, depth + 1);
    }
    if (bad_key) violation(where, value, "Map keys must satisfy constraint: " + constraints(key));
    if (bad_value)
      violation(where, value, "Map value must satisfy constraint: " + constraints(element));
  }

  static bool is_scalar(const Shape& shape) {
    return shape.kind != Kind::structure && shape.kind != Kind::list && shape.kind != Kind::map;
  }

  bool enum_applies(const Shape& shape) const {
    if (shape.enumeration.empty()) return false;
    for (const auto& own : own_enums)
      if (own.service == model_.name && own.shape == shape.name) return false;
    return true;
  }

  std::string enum_text(const Shape& shape) const {
    return "Member must satisfy enum value set: " +
           joined(shape.enumeration, manner_.enums_reversed);
  }

  // What the value breaks of its own shape.
  std::vector<std::string> violations(const Shape& shape, const Value& value) const {
    std::vector<std::string> out;
    if (value.is_number()) {
      if (shape.min && value.number() < *shape.min)
        out.push_back("Member must have value greater than or equal to " + bound_text(*shape.min));
      if (shape.max && value.number() > *shape.max)
        out.push_back("Member must have value less than or equal to " + bound_text(*shape.max));
      return out;
    }
    const auto size = static_cast<double>(size_of(shape, value));
    if (shape.min && size < *shape.min)
      out.push_back("Member must have length greater than or equal to " + bound_text(*shape.min));
    // A text far too long is refused for that; matching it would only cost time.
    const bool far_too_long = shape.max && size > 4096 && size > 4 * *shape.max;
    if (shape.pattern && value.is_string() && !far_too_long &&
        !shape.pattern->matches(value.string()))
      out.push_back("Member must satisfy regular expression pattern: " + shape.pattern->text());
    if (shape.max && size > *shape.max)
      out.push_back("Member must have length less than or equal to " + bound_text(*shape.max));
    if (breaks_enum(shape, value)) out.push_back(enum_text(shape));
    return out;
  }

  bool breaks_enum(const Shape& shape, const Value& value) const {
    if (!value.is_string() || !enum_applies(shape)) return false;
    for (const auto& allowed : shape.enumeration)
      if (allowed == value.string()) return false;
    return true;
  }

  static std::size_t size_of(const Shape& shape, const Value& value) {
    if (value.is_list()) return value.items().size();
    if (value.is_struct()) return value.members().size();
    if (!value.is_string()) return 0;
    return shape.kind == Kind::blob ? value.string().size() : utf8_length(value.string());
  }

  std::string constraints(const Shape& shape) const {
    std::vector<std::string> parts;
    const std::string_view what =
        shape.kind == Kind::integer || shape.kind == Kind::floating ? "value" : "length";
    if (shape.max)
      parts.push_back(fmt::format("Member must have {} less than or equal to {}", what,
                                  bound_text(*shape.max)));
    if (shape.min)
      parts.push_back(fmt::format("Member must have {} greater than or equal to {}", what,
                                  bound_text(*shape.min)));
    if (shape.pattern)
      parts.push_back("Member must satisfy regular expression pattern: " + shape.pattern->text());
    if (enum_applies(shape)) parts.push_back(enum_text(shape));
    if (manner_.elements_not_null) parts.emplace_back("Member must not be null");
    return joined(parts, false);
  }

  void violation(const std::string& where, const Value& value, std::string_view constraint) {
    constexpr int violations_max = 50;
    if (++count_ > violations_max) {
      count_ = violations_max;
      return;
    }
    if (!text_.empty()) text_ += "; ";
    std::string shown;
    print(shown, value);
    text_ += value.is_null() ? "Value null" : fmt::format("Value '{}'", shown);
    text_ += fmt::format(" at '{}' failed to satisfy constraint: {}", where, constraint);
  }

  const ServiceModel& model_;
  const Manner& manner_;
  std::string text_, in_words_;
  int count_ = 0;
};

}  // namespace

std::optional<Error> validate(const Recognised& what, const Value& input) {
  if (!what.operation || what.operation->input == no_shape) return std::nullopt;
  const auto& shape = what.service->shape(what.operation->input);
  if (!shape.constrained) return std::nullopt;
  Validator validator{*what.service, manner_of(what.service->name)};
  validator.structure(shape, "", input, 0);
  return validator.result();
}

}  // namespace sitelatch::aws

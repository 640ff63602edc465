// SPDX-License-Identifier: Apache-2.0
// The guard's own documents: JSON, the record in tags and variables, lines of the audit log,
// policies as AWS answers them. Input: what, NUL-ended parts.
#include "guard/apply/audit_log.h"
#include "guard/apply/reading.h"
#include "guard/apply/status_dns.h"
#include "guard/rules/json.h"
#include "guard/rules/record.h"
#include "target.h"

using namespace sitelatch;
using namespace sitelatch::guard;

namespace {

void json(const std::string& text) {
  const auto parsed = Json::parse(text);
  if (!parsed) return;
  fuzz::require(*parsed == *Json::parse(text), "a document equals itself");
  if (parsed->is_string()) {
    const auto again = Json::parse(json_text(parsed->text()));
    fuzz::require(again && again->text() == parsed->text(), "a text that is written can be read");
  }
}

void record(fuzz::Input& input) {
  Texts environment, tags;
  for (const auto name : {env::original_path, env::latch, env::release})
    environment[std::string{name}] = input.text();
  for (const auto name : record_tag_keys()) tags[std::string{name}] = input.text();
  for (const auto name : function_tag_keys()) tags[std::string{name}] = input.text();
  const auto read = read_record(environment, tags);
  for (const auto& [key, value] : record_tags(read))
    fuzz::require(value.size() <= 256, "a tag's value has at most 256 characters");
  (void)record_environment(read);
  (void)read.path_to_restore();
}

void audit(const std::string& line) {
  const auto entry = read_audit_line(line);
  if (!entry) return;
  const auto again = read_audit_line(audit_line(*entry, "id"));
  fuzz::require(again && again->action == entry->action && again->who == entry->who,
                "an audit line that is written can be read");
}

}  // namespace

FUZZ_TARGET(guard_json) {
  switch (input.choice(6)) {
    case 0:
      return json(input.rest());
    case 1:
      return record(input);
    case 2:
      return audit(input.rest());
    case 3:
      (void)permissions_from(input.rest());
      return;
    case 4: {
      const auto type = input.choice(2) ? 28 : 1;
      const auto message = input.rest();
      if (message.size() >= 12) (void)read_dns_answer(message, 12, type);
      return;
    }
    default: {
      const auto text = input.rest();
      const auto tag = tag_text(text);
      require(tag.size() <= 256, "a tag's value has at most 256 characters");
      if (text.size() <= 80) require(from_tag_text(tag) == text, "a tag's text comes back");
      (void)from_tag_text(text);
      (void)document_from(text);
      require(Json::parse(json_text(text)).has_value(), "any bytes are written as JSON");
    }
  }
}

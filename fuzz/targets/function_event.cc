// SPDX-License-Identifier: Apache-2.0
// The guard's function: events of any bytes and AWS's answers of any bytes. Nothing crashes,
// nothing but a right notification is evidence. Input: what, bytes.
#include "function/aws_client.h"
#include "function/guard_calls.h"
#include "function/xml.h"
#include "guard/rules/testing.h"
#include "target.h"

using namespace sitelatch;

namespace {

void read_event(const std::string& text) {
  const auto ours = guard::testing::arrangement();
  for (const auto& record : guard::parse_event(text).records) {
    if (!record) continue;
    // Evidence names this topic, this alarm and this check, in so many words.
    if (guard::judge(*record, ours))
      fuzz::require(record->topic_arn == ours.alarm_topic_arn &&
                        record->message.find("ALARM") != std::string::npos,
                    "evidence is the alarm's own notification");
  }
}

void read_answers(const std::string& text) {
  if (const auto check = function::read_check_xml(text)) {
    const auto change = guard::latching(*check, guard::LatchKind::path, false);
    fuzz::require(guard::latched(guard::apply(change, *check)) || !check->children,
                  "what is latched is latched");
  }
  (void)function::read_status_xml(text);
  (void)function::read_alarm_xml(text, guard::testing::arrangement().alarm_arn);
  const auto tags = function::read_tags_xml(text);
  (void)guard::read_record({{"SITELATCH_RELEASE", text}}, tags);
  (void)function::parse_xml("<a>" + function::xml_text(text) + "</a>");
}

void read_http(const std::string& bytes, std::size_t piece) {
  std::string_view left{bytes};
  const function::MoreBytes more = [&](std::string& buffer) -> Result<Done> {
    buffer.append(left.substr(0, piece));
    left.remove_prefix(std::min(piece, left.size()));
    return Done{};
  };
  const auto reading = function::read_response(more, 10'000);
  if (reading) fuzz::require(reading->response.body.size() <= 10'000, "an answer has a limit");
}

}  // namespace

FUZZ_TARGET(function_event) {
  const auto what = input.choice(3);
  const auto piece = what == 2 ? std::max<std::size_t>(1, input.byte()) : 1;
  const auto bytes = input.rest();
  if (what == 0) return read_event(bytes);
  if (what == 1) return read_answers(bytes);
  read_http(bytes, piece);
}

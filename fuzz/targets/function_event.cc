// SPDX-License-Identifier: Apache-2.0
// The guard's function: events of any bytes, AWS's answers and name servers' of any bytes. Nothing
// crashes, nothing but a right notification is evidence, and nothing but an answer to the question
// says who serves. Input: what, bytes.
#include "function/aws_client.h"
#include "function/dns_message.h"
#include "function/guard_calls.h"
#include "function/xml.h"
#include "guard/rules/relay.h"
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

// Of a name server; the id and the question are put right, so that more than noise is read.
void read_reply(std::string bytes) {
  const auto query = function::txt_query(0x1234, "_sentinel.client.example.test").value();
  for (const bool mended : {false, true}) {
    if (mended) bytes.replace(0, std::min<std::size_t>(2, bytes.size()), query, 0, 2);
    const auto reply = function::read_txt_reply(bytes, query);
    fuzz::require(reply.texts.empty() == (reply.kind != function::TxtReply::Kind::texts),
                  "texts are those of an answer");
    if (reply.kind == function::TxtReply::Kind::texts)
      fuzz::require(bytes.substr(0, 2) == query.substr(0, 2) && (bytes[2] & '\x84') == '\x84' &&
                        (bytes[3] & 15) == 0,
                    "an answer to this question, with authority");
  }
}

void read_servers(const std::string& text) {
  if (const auto server = guard::parse_name_server(text))
    fuzz::require(guard::parse_name_server(guard::to_string(*server)) == server,
                  "a name server comes back");
  (void)guard::read_relay({{"SITELATCH_RELAY_PATH", "/relay/0123456789abcdef"},
                           {"SITELATCH_SENTINEL", text},
                           {"SITELATCH_SENTINEL_PRIMARY", "primary"},
                           {"SITELATCH_SENTINEL_SECONDARY", "backup"},
                           {"SITELATCH_NAME_SERVERS", text}});
  (void)function::txt_query(1, text);
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
  const auto what = input.choice(5);
  const auto piece = what == 2 ? std::max<std::size_t>(1, input.byte()) : 1;
  const auto bytes = input.rest();
  if (what == 0) return read_event(bytes);
  if (what == 1) return read_answers(bytes);
  if (what == 3) return read_reply(bytes);
  if (what == 4) return read_servers(bytes);
  read_http(bytes, piece);
}

// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/reach.h"

#include <algorithm>
#include <cctype>

#include "aws/auth/sigv4_digest.h"
#include "base/text.h"
#include "guard/rules/record.h"

namespace sitelatch::guard {
namespace {

std::optional<Instant> time_in(std::string_view word, std::string_view name) {
  if (!word.starts_with(name)) return std::nullopt;
  return parse_iso8601(word.substr(name.size()));
}

bool is_digest(std::string_view text) {
  return text.size() == 32 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

}  // namespace

std::string shown_code(std::string_view code) {
  return std::string{code.substr(0, 4)} + "-" + std::string{code.substr(code.size() < 4 ? 0 : 4)};
}

std::string digest_of_code(std::string_view typed) {
  std::string plain;
  for (const char c : typed)
    if (std::isalnum(static_cast<unsigned char>(c)))
      plain += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return aws::hex_of(aws::sha256("sitelatch drill " + plain)).substr(0, 32);
}

std::string tag_text(const Asked& asked) {
  return asked.digest + " at=" + iso8601_seconds(asked.at) +
         " until=" + iso8601_seconds(asked.until);
}

std::optional<Asked> read_asked(std::string_view text) {
  const auto words = split(text, ' ');
  if (words.size() != 3 || !is_digest(words[0])) return std::nullopt;
  const auto at = time_in(words[1], "at="), until = time_in(words[2], "until=");
  if (!at || !until) return std::nullopt;
  return Asked{std::string{words[0]}, *at, *until};
}

std::string tag_text(const Acknowledged& given) {
  return tag_text(given.digest + " at=" + iso8601_seconds(given.at) + " by " + given.who);
}

std::optional<Acknowledged> read_acknowledged(std::string_view text) {
  const auto plain = from_tag_text(text);
  const auto words = split(plain, ' ');
  if (words.size() < 4 || !is_digest(words[0]) || words[2] != "by") return std::nullopt;
  const auto at = time_in(words[1], "at=");
  if (!at) return std::nullopt;
  return Acknowledged{std::string{words[0]}, *at, plain.substr(plain.find(" by ") + 4)};
}

std::optional<std::string> not_waited_for(const std::optional<Asked>& asked, std::string_view typed,
                                          Instant now) {
  if (!asked) return "no drill of this guard waits for an answer";
  if (asked->digest != digest_of_code(typed))
    return "that is not the code that the drill of " + iso8601_seconds(asked->at) +
           " has sent: read it in the newest message";
  if (now > asked->until)
    return "the drill of " + iso8601_seconds(asked->at) + " waited until " +
           iso8601_seconds(asked->until) + ", and that is over";
  return std::nullopt;
}

Message message_of(const Asked& asked, std::string_view code, const std::string& id,
                   const std::string& dns_name) {
  const auto shown = shown_code(code);
  const auto command = "sitelatch acknowledge " + id + " " + shown;
  Message message;
  message.subject =
      subject_with("Sitelatch drill: answer with " + shown + ", nothing has failed at ",
                   dns_name.empty() ? "check " + id : dns_name);
  message.text =
      "This is a rehearsal: nothing has failed, and nothing moves. It asks whether somebody reads "
      "what is sent when " +
      (dns_name.empty() ? "health check " + id : dns_name) +
      " fails over.\n\nPlease answer until " + iso8601_seconds(asked.until) + " with:\n  " +
      command + "\nor tell this code to whoever runs the drill: " + shown + "\n";
  return message;
}

}  // namespace sitelatch::guard

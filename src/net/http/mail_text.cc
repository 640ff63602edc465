// SPDX-License-Identifier: Apache-2.0
#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/text.h"
#include "net/http/courier.h"

namespace sitelatch::net {
namespace {

bool is_plain(std::string_view text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e) return false;
  return true;
}

// Where a UTF-8 text may be cut so that a piece has at most `most` bytes.
std::size_t piece_size(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text.size();
  std::size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return end == 0 ? most : end;
}

// RFC 2047: encoded words of at most 75 characters, folded.
std::string header_text(std::string_view text) {
  if (is_plain(text) && text.size() < 900) return std::string{text};
  std::string out;
  while (!text.empty()) {
    const auto size = piece_size(text, 45);
    if (!out.empty()) out += "\r\n ";
    out += "=?UTF-8?B?" + base64(text.substr(0, size)) + "?=";
    text.remove_prefix(size);
  }
  return out;
}

// An address is no place for line ends: what follows one would be a header of its own. (SNS takes
// no such address; this is for whatever else may write mail.)
std::string without_controls(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) out += c;
  return out;
}

// Base64 in lines of 76: any body is carried unchanged, whatever its lines are.
std::string body_lines(std::string_view body) {
  const auto encoded = base64(body);
  std::string out;
  for (std::size_t at = 0; at < encoded.size(); at += 76) out += encoded.substr(at, 76) + "\r\n";
  return out;
}

bool has_short_plain_lines(std::string_view body) {
  for (const auto line : split(body, '\n'))
    if (line.size() > 900 || line.find('\r') != std::string_view::npos ||
        line.find('\0') != std::string_view::npos)
      return false;
  return valid_utf8(body);
}

}  // namespace

std::string rfc5322(const ports::Mail& mail, const std::string& from, WallInstant date,
                    const std::string& message_id) {
  const auto when = std::chrono::time_point_cast<std::chrono::seconds>(date);
  const bool as_text = has_short_plain_lines(mail.body);
  std::string out;
  out += fmt::format("Date: {:%a, %d %b %Y %H:%M:%S} +0000\r\n",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(
                         std::chrono::time_point_cast<std::chrono::system_clock::duration>(when))));
  out += "From: Sitelatch Notifications <" + from + ">\r\n";
  out += "To: " + without_controls(mail.to) + "\r\n";
  out += "Subject: " + header_text(mail.subject) + "\r\n";
  out += "Message-ID: <" + message_id + ">\r\n";
  out += "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\n";
  out += as_text ? "Content-Transfer-Encoding: 8bit\r\n\r\n"
                 : "Content-Transfer-Encoding: base64\r\n\r\n";
  out += as_text ? replace_all(mail.body, "\n", "\r\n") : body_lines(mail.body);
  return out;
}

}  // namespace sitelatch::net

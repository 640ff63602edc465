// SPDX-License-Identifier: Apache-2.0
#include "function/dns_message.h"

#include "base/text.h"

namespace sitelatch::function {
namespace {
constexpr std::size_t header_size = 12;
constexpr std::size_t longest_name = 255, longest_label = 63;
constexpr unsigned type_txt = 16, class_in = 1;

unsigned byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}
unsigned number_at(std::string_view bytes, std::size_t at) {
  return byte_at(bytes, at) << 8 | byte_at(bytes, at + 1);
}

void put(std::string& out, unsigned number) {
  out += static_cast<char>(number >> 8);
  out += static_cast<char>(number & 255);
}

// The name at `at`, without compression and in lower case; moves `at` behind it. Pointers lead
// backwards only, each before the last, so that there is an end (RFC 1035 §4.1.4).
std::optional<std::string> read_name(std::string_view message, std::size_t& at) {
  std::string name;
  std::size_t here = at, limit = message.size();
  bool jumped = false;
  while (here < limit) {
    const auto length = byte_at(message, here);
    if (length >= 0xc0) {
      if (here + 2 > limit) return std::nullopt;
      const std::size_t target = number_at(message, here) & 0x3fff;
      if (target >= here) return std::nullopt;
      if (!jumped) at = here + 2;
      jumped = true;
      limit = here;
      here = target;
      continue;
    }
    if (length > longest_label || here + 1 + length > limit) return std::nullopt;
    name += lower(message.substr(here, 1 + length));
    if (name.size() > longest_name) return std::nullopt;
    here += 1 + length;
    if (length > 0) continue;
    if (!jumped) at = here;
    return name;
  }
  return std::nullopt;
}

// One or more character strings that fill the data exactly (RFC 1035 §3.3.14).
std::optional<std::string> read_strings(std::string_view data) {
  if (data.empty()) return std::nullopt;
  std::string text;
  while (!data.empty()) {
    const std::size_t length = byte_at(data, 0);
    if (1 + length > data.size()) return std::nullopt;
    text += data.substr(1, length);
    data.remove_prefix(1 + length);
  }
  return text;
}

std::string rcode_words(unsigned rcode) {
  return rcode == 2   ? "SERVFAIL"
         : rcode == 3 ? "NXDOMAIN"
         : rcode == 5 ? "REFUSED"
                      : "rcode " + std::to_string(rcode);
}

TxtReply unusable(std::string problem) {
  return {TxtReply::Kind::unusable, {}, std::move(problem)};
}

// The answer section: records of the question's name, type and class, and nothing else.
TxtReply read_answers(std::string_view reply, std::size_t at) {
  std::size_t question_at = header_size;
  const auto asked = read_name(reply, question_at);
  TxtReply out{TxtReply::Kind::texts, {}, ""};
  for (unsigned left = number_at(reply, 6); left > 0; --left) {
    const auto name = read_name(reply, at);
    if (!name || at + 10 > reply.size()) return unusable("answers what cannot be read");
    const auto type = number_at(reply, at), of_class = number_at(reply, at + 2);
    const std::size_t length = number_at(reply, at + 8);
    if (at + 10 + length > reply.size()) return unusable("answers what cannot be read");
    if (name != asked || type != type_txt || of_class != class_in)
      return unusable("answers something else than was asked for");
    const auto text = read_strings(reply.substr(at + 10, length));
    if (!text) return unusable("answers what cannot be read");
    out.texts.push_back(*text);
    at += 10 + length;
  }
  return out;
}
}  // namespace

std::optional<std::string> txt_query(std::uint16_t id, std::string_view name) {
  std::string query;
  put(query, id);
  put(query, 0);  // a query; no recursion
  put(query, 1);  // one question
  query.append(6, '\0');
  if (name.ends_with('.')) name.remove_suffix(1);
  for (const auto label : split(name, '.')) {
    if (label.empty() || label.size() > longest_label || label.find('\\') != label.npos)
      return std::nullopt;
    query += static_cast<char>(label.size());
    query += label;
  }
  query += '\0';
  if (query.size() - header_size > longest_name) return std::nullopt;
  put(query, type_txt);
  put(query, class_in);
  return query;
}

TxtReply read_txt_reply(std::string_view reply, std::string_view query) {
  if (query.size() < header_size || reply.size() < query.size() ||
      reply.substr(0, 2) != query.substr(0, 2))
    return {};
  const auto flags = number_at(reply, 2);
  constexpr unsigned is_reply = 0x8000, opcode = 0x7800, authoritative = 0x0400, cut = 0x0200,
                     rcode = 0x000f;
  if ((flags & is_reply) == 0 || (flags & opcode) != 0 || number_at(reply, 4) != 1 ||
      !equal_ignoring_case(reply.substr(header_size, query.size() - header_size),
                           query.substr(header_size)))
    return {};
  if ((flags & cut) != 0) return {TxtReply::Kind::truncated, {}, ""};
  if ((flags & rcode) != 0) return unusable("answers " + rcode_words(flags & rcode));
  if ((flags & authoritative) == 0)
    return unusable("answers without authority: something on the way speaks in its name");
  if (number_at(reply, 6) == 0) return unusable("answers with no TXT record");
  return read_answers(reply, query.size());
}

}  // namespace sitelatch::function

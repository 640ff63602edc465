// SPDX-License-Identifier: Apache-2.0
#include "dns/query.h"

#include <algorithm>

#include "dns/cookie.h"
#include "dns/type.h"

namespace sitelatch::dns {
namespace {

// Past a possibly compressed name; 0 if it runs out of the bytes.
std::size_t skip_name(std::span<const std::uint8_t> bytes, std::size_t at) {
  while (at < bytes.size()) {
    const std::uint8_t size = bytes[at];
    if (size == 0) return at + 1;
    if (size >= 0xc0) return at + 2 <= bytes.size() ? at + 2 : 0;
    if (size > max_label_size) return 0;
    at += size + std::size_t{1};
  }
  return 0;
}

}  // namespace

void Query::read(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < header_size || (bytes[2] & 0x80)) return;
  verdict = Verdict::refuse;
  rcode = rcode::notimp;
  if ((bytes[2] & 0x78) != 0) return;  // an opcode other than QUERY
  rcode = rcode::formerr;
  if (read_16(&bytes[4]) == 1) return read_question(bytes);  // exactly one question
  if (read_16(&bytes[4]) == 0) return read_cookie_request(bytes);
}

// No question is an error but for who only wants a cookie (RFC 7873 §5.4).
void Query::read_cookie_request(std::span<const std::uint8_t> bytes) {
  if (read_16(&bytes[6]) != 0 || read_16(&bytes[8]) != 0) return;
  if (!read_records(bytes, header_size)) return;
  if (rcode == rcode::formerr && !cookie.empty()) rcode = rcode::noerror;
}

void Query::read_question(std::span<const std::uint8_t> bytes) {
  const std::size_t size = name.assign(bytes.data() + header_size, bytes.size() - header_size);
  if (size == 0 || header_size + size + 4 > bytes.size()) return;
  const std::uint8_t* after = bytes.data() + header_size + size;
  type = read_16(after);
  const std::uint16_t question_class = read_16(after + 2);
  question_end = header_size + size + 4;
  const bool nothing_follows = bytes.size() == question_end && read_16(&bytes[6]) == 0 &&
                               read_16(&bytes[8]) == 0 && read_16(&bytes[10]) == 0;
  if (!nothing_follows && !read_records(bytes, question_end)) return;
  if (rcode == rcode::badvers) return;
  rcode = rcode::refused;
  if (question_class != 1 || type == type::axfr || type == type::ixfr) return;
  rcode = rcode::noerror;
  verdict = Verdict::resolve;
}

// The records after the question, of which only OPT matters. They must fill the message exactly.
bool Query::read_records(std::span<const std::uint8_t> bytes, std::size_t at) {
  const std::size_t before_additional = std::size_t{read_16(&bytes[6])} + read_16(&bytes[8]);
  const std::size_t count = before_additional + read_16(&bytes[10]);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t after_name = skip_name(bytes, at);
    if (after_name == 0 || after_name + 10 > bytes.size()) return false;
    const std::size_t end = after_name + 10 + read_16(&bytes[after_name + 8]);
    if (end > bytes.size()) return false;
    if (read_16(&bytes[after_name]) == type::opt) {
      if (i < before_additional || after_name != at + 1) return false;  // owner must be the root
      if (!read_opt(bytes.subspan(after_name, end - after_name))) return false;
    }
    at = end;
  }
  return at == bytes.size();
}

// From the record's type on. Unknown options are ignored, but must be well formed (RFC 6891
// §6.1.2); of several cookies the first counts (RFC 7873 §5.2).
bool Query::read_opt(std::span<const std::uint8_t> record) {
  if (edns) return false;  // more than one (RFC 6891 §6.1.1)
  std::size_t at = 10;
  std::span<const std::uint8_t> found;
  while (at + 4 <= record.size()) {
    const std::size_t size = read_16(&record[at + 2]), end = at + 4 + size;
    if (end > record.size()) return false;
    if (read_16(&record[at]) == cookie_option_code) {
      if (!is_cookie_size(size)) return false;  // RFC 7873 §5.2.2
      if (found.empty()) found = record.subspan(at + 4, size);
    }
    if (read_16(&record[at]) == subnet_option_code && !subnet.told &&
        !read_subnet(record.subspan(at + 4, size)))
      return false;
    at = end;
  }
  if (at != record.size()) return false;
  cookie = found;
  edns = true;
  payload_size = std::max<std::uint16_t>(512, read_16(&record[2]));
  dnssec_ok = (record[6] & 0x80) != 0;
  if (record[5] != 0) rcode = rcode::badvers;
  return true;
}

// RFC 7871 §6: a length that the family has, no scope in a question, as many bytes as the length
// takes and no bit behind it; else FORMERR (§7.1.2).
bool Query::read_subnet(std::span<const std::uint8_t> option) {
  if (option.size() < 4) return false;
  Subnet out{true, read_16(&option[0]), option[2], option.subspan(4)};
  const unsigned most = out.family == 1 ? 32 : out.family == 2 ? 128 : 0;
  if (out.family > 2 || out.length > most || option[3] != 0) return false;
  if (out.address.size() != (out.length + 7U) / 8) return false;
  if (out.length % 8 != 0 && (out.address.back() & (0xffU >> out.length % 8)) != 0) return false;
  subnet = out;
  return true;
}

}  // namespace sitelatch::dns

// SPDX-License-Identifier: Apache-2.0
#include "dns/rdata.h"

#include <arpa/inet.h>

#include <algorithm>

#include "base/text.h"
#include "dns/name.h"
#include "dns/rdata_fields.h"
#include "dns/type.h"

namespace sitelatch::dns {
namespace {

template <int family, std::size_t size>
std::optional<std::string> address(const std::string& text) {
  char bytes[size];
  if (inet_pton(family, text.c_str(), bytes) != 1 || text.find('\0') != std::string::npos)
    return std::nullopt;
  return std::string(bytes, size);
}

// inet_pton takes "::ffff:1.2.3.4" as AWS does, and refuses zones ("%eth0") and leading zeros.
std::optional<std::string> ipv4(const std::string& text) { return address<AF_INET, 4>(text); }
std::optional<std::string> ipv6(const std::string& text) { return address<AF_INET6, 16>(text); }

Result<std::string> soa(Fields fields) {
  fields.count(7, "SOARRDATANotSevenFields (SOA record doesn't have 7 fields)").name().name();
  for (int i = 0; i < 5; ++i)
    fields.number(4, "SOARRDATAIllegalNumber (Value is not a 32-bit number)");
  return fields.finish();
}

// RFC 8659 §4.1: flags, tag (1..255 letters and digits), value: the rest, without a length.
Result<std::string> caa(Fields fields) {
  fields.count(3, "CAARRDATANotThreeFields (CAA record doesn't have 3 fields)")
      .number(1, "CAARRDATAIllegalFlags (Flags must be a number between 0 and 255)");
  const Word tag = fields.peek();
  const bool valid =
      !tag.bytes.empty() && std::all_of(tag.bytes.begin(), tag.bytes.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      });
  if (!valid) fields.refuse("CAARRDATAIllegalTag (Tag must be letters and digits)");
  fields.character_string(false);
  const Word value = fields.take();
  if (!value.quoted)
    fields.refuse("InvalidCharacterString (Value should be enclosed in quotation marks)");
  fields.append(value.bytes);
  return fields.finish();
}

Result<std::string> service(Fields fields) {
  fields.at_least(2, "SVCBRRDATANotEnoughFields (Value needs a priority and a target name)")
      .number(2, "SVCBRRDATAIllegalPriority (Priority must be a number between 0 and 65535)")
      .name();
  std::vector<std::string> rest;
  while (!fields.ended()) rest.push_back(fields.take().bytes);
  const auto parameters = service_parameters_from_text(rest);
  if (!parameters) {
    fields.refuse(parameters.error().text);
  } else {
    fields.append(*parameters);
  }
  return fields.finish();
}

Result<std::string> numbers_and_hex(Fields fields, const std::vector<unsigned>& sizes,
                                    std::string_view kind) {
  const std::string count = std::string(kind) + "RRDATANotEnoughFields (Value has too few fields)";
  const std::string number =
      std::string(kind) + "RRDATAIllegalNumber (Value contains a number out of range)";
  const std::string digits =
      std::string(kind) + "RRDATAIllegalHex (Value is not a string of hexadecimal digits)";
  fields.at_least(sizes.size() + 1, count);
  for (const unsigned size : sizes) fields.number(size, number);
  return fields.hex_rest(digits).finish();
}

Result<std::string> naptr(Fields fields) {
  return fields.count(6, "NAPTRRRDATANotSixFields (NAPTR record doesn't have 6 fields)")
      .number(2, "NAPTRRRDATAIllegalOrder (Order must be a number between 0 and 65535)")
      .number(2, "NAPTRRRDATAIllegalPreference (Preference must be a number between 0 and 65535)")
      .character_string()
      .character_string()
      .character_string()
      .name()
      .finish();
}

}  // namespace

Result<std::string> rdata_from_text(std::uint16_t record_type, std::string_view text) {
  Fields fields(text);
  switch (record_type) {
    case type::a: {
      constexpr std::string_view problem =
          "ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address)";
      return fields.single("A").bytes(ipv4(fields.peek().bytes), problem).finish();
    }
    case type::aaaa: {
      constexpr std::string_view problem =
          "AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address)";
      return fields.single("AAAA").bytes(ipv6(fields.peek().bytes), problem).finish();
    }
    case type::ns:
    case type::cname:
    case type::ptr:
      return fields.count(1, "UnsupportedCharacter (Value contains unsupported characters)")
          .name()
          .finish();
    case type::mx:
      return fields.count(2, "MXRRDATANotTwoFields (MX record doesn't have 2 fields)")
          .number(2, "MXRRDATAIllegalPriority (Priority must be a number between 0 and 65535)")
          .name()
          .finish();
    case type::txt:
    case type::spf:
      return fields
          .character_strings("InvalidCharacterString (Value should be enclosed in quotation marks)")
          .finish();
    case type::srv:
      fields.count(4, "SRVRRDATANotFourFields (SRV record doesn't have 4 fields)");
      for (int i = 0; i < 3; ++i) {
        fields.number(2,
                      "SRVRRDATAIllegalNumber (Priority, weight and port must be numbers between 0 "
                      "and 65535)");
      }
      return fields.name().finish();
    case type::soa:
      return soa(std::move(fields));
    case type::naptr:
      return naptr(std::move(fields));
    case type::caa:
      return caa(std::move(fields));
    case type::ds:
      return numbers_and_hex(std::move(fields), {2, 1, 1}, "DS");
    case type::tlsa:
      return numbers_and_hex(std::move(fields), {1, 1, 1}, "TLSA");
    case type::sshfp:
      return numbers_and_hex(std::move(fields), {1, 1}, "SSHFP");
    case type::svcb:
    case type::https:
      return service(std::move(fields));
    default:
      return fields.refuse("UnsupportedRRType (Record type is not supported)").finish();
  }
}

}  // namespace sitelatch::dns

// SPDX-License-Identifier: Apache-2.0
// The parameters of SVCB and HTTPS records: `alpn="h2,h3" port=443 ipv4hint=192.0.2.1` (RFC 9460
// §2.1, Appendix A).
#include <arpa/inet.h>
#include <fmt/format.h>

#include <array>
#include <map>

#include "base/text.h"
#include "dns/rdata.h"
#include "dns/rdata_fields.h"

namespace sitelatch::dns {
namespace {

enum ParameterKey : std::uint16_t {
  mandatory = 0,
  alpn = 1,
  no_default_alpn = 2,
  port = 3,
  ipv4hint = 4,
  ech = 5,
  ipv6hint = 6
};
constexpr std::array<std::string_view, 7> key_names{"mandatory", "alpn", "no-default-alpn", "port",
                                                    "ipv4hint",  "ech",  "ipv6hint"};

std::optional<std::uint16_t> key_of(std::string_view name) {
  for (std::size_t i = 0; i < key_names.size(); ++i) {
    if (key_names[i] == name) return static_cast<std::uint16_t>(i);
  }
  if (name.substr(0, 3) != "key" || name.size() < 4 || (name.size() > 4 && name[3] == '0'))
    return std::nullopt;
  const auto number = parse_int(name.substr(3));
  if (!number || *number < 0 || *number >= 65535 || name[3] < '0' || name[3] > '9')
    return std::nullopt;
  return static_cast<std::uint16_t>(*number);
}

std::string key_text(std::uint64_t key) {
  return key < key_names.size() ? std::string(key_names[key]) : fmt::format("key{}", key);
}

std::optional<std::string> hints(int family, const std::string& value) {
  std::string wire;
  for (const std::string_view part : split(value, ',')) {
    char bytes[16];
    if (inet_pton(family, std::string(part).c_str(), bytes) != 1) return std::nullopt;
    wire.append(bytes, family == AF_INET ? 4 : 16);
  }
  return wire;
}

std::optional<std::string> protocols(const std::string& value) {
  std::string wire;
  for (const std::string_view part : split(value, ',')) {
    if (part.empty() || part.size() > 255) return std::nullopt;
    append_number(wire, part.size(), 1);
    wire += part;
  }
  return wire;
}

std::optional<std::string> mandatory_keys(const std::string& value) {
  std::map<std::uint16_t, bool> keys;
  for (const std::string_view part : split(value, ',')) {
    const auto key = key_of(part);
    if (!key || *key == mandatory || !keys.emplace(*key, true).second) return std::nullopt;
  }
  std::string wire;
  for (const auto& entry : keys) append_number(wire, entry.first, 2);
  return wire;
}

std::optional<std::string> value_of(std::uint16_t key, const std::string& value) {
  switch (key) {
    case mandatory:
      return mandatory_keys(value);
    case alpn:
      return protocols(value);
    case no_default_alpn:
      return value.empty() ? std::optional<std::string>("") : std::nullopt;
    case port: {
      const auto number = parse_int(value);
      if (!number || *number < 0 || *number > 65535) return std::nullopt;
      std::string wire;
      append_number(wire, static_cast<std::uint64_t>(*number), 2);
      return wire;
    }
    case ipv4hint:
      return hints(AF_INET, value);
    case ech:
      return unbase64(value);
    case ipv6hint:
      return hints(AF_INET6, value);
    default:
      return value;
  }
}

std::uint64_t number_at(std::string_view wire, std::size_t at) {
  return static_cast<std::uint64_t>(static_cast<unsigned char>(wire[at])) << 8 |
         static_cast<unsigned char>(wire[at + 1]);
}

std::string text_of(std::uint64_t key, std::string_view value) {
  std::vector<std::string> parts;
  const auto addresses = [&](int family, std::size_t size) {
    for (std::size_t at = 0; at + size <= value.size(); at += size) {
      char text[INET6_ADDRSTRLEN];
      inet_ntop(family, value.data() + at, text, sizeof text);
      parts.emplace_back(text);
    }
    return join(parts, ",");
  };
  switch (key) {
    case mandatory:
      for (std::size_t at = 0; at + 2 <= value.size(); at += 2)
        parts.push_back(key_text(number_at(value, at)));
      return join(parts, ",");
    case alpn:
      for (std::size_t at = 0; at < value.size();) {
        const auto size = static_cast<unsigned char>(value[at]);
        parts.emplace_back(value.substr(at + 1, size));
        at += size + std::size_t{1};
      }
      return quoted(join(parts, ","));
    case port:
      return value.size() == 2 ? std::to_string(number_at(value, 0)) : quoted(value);
    case ipv4hint:
      return addresses(AF_INET, 4);
    case ech:
      return quoted(base64(value));
    case ipv6hint:
      return addresses(AF_INET6, 16);
    default:
      return quoted(value);
  }
}

}  // namespace

Result<std::string> service_parameters_from_text(const std::vector<std::string>& fields) {
  std::map<std::uint16_t, std::string> parameters;  // on the wire in the order of their keys
  for (const std::string& field : fields) {
    const std::size_t equals = field.find('=');
    const auto key = key_of(std::string_view(field).substr(0, equals));
    if (!key) return failure(Problem{"SVCBRRDATAIllegalKey (Value contains an unknown parameter)"});
    const std::string given = equals == std::string::npos ? "" : field.substr(equals + 1);
    const auto value = value_of(*key, given);
    if (!value)
      return failure(Problem{"SVCBRRDATAIllegalValue (Value contains an invalid parameter)"});
    if (!parameters.emplace(*key, *value).second) {
      return failure(Problem{"SVCBRRDATADuplicateKey (Value contains a parameter twice)"});
    }
  }
  const auto required = parameters.find(mandatory);
  for (std::size_t at = 0; required != parameters.end() && at + 1 < required->second.size();
       at += 2) {
    if (!parameters.contains(static_cast<std::uint16_t>(number_at(required->second, at)))) {
      return failure(Problem{"SVCBRRDATAMissingKey (Value lacks a mandatory parameter)"});
    }
  }
  std::string wire;
  for (const auto& [key, value] : parameters) {
    append_number(wire, key, 2);
    append_number(wire, value.size(), 2);
    wire += value;
  }
  return wire;
}

std::string service_parameters_to_text(std::string_view wire) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at + 4 <= wire.size();) {
    const std::uint64_t key = number_at(wire, at);
    const std::size_t size = number_at(wire, at + 2);
    const std::string_view value = wire.substr(at + 4, size);
    words.push_back(value.empty() ? key_text(key) : key_text(key) + "=" + text_of(key, value));
    at += 4 + size;
  }
  return join(words, " ");
}

}  // namespace sitelatch::dns

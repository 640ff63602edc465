// SPDX-License-Identifier: Apache-2.0
#include "dns/type.h"

#include <array>

namespace sitelatch::dns {
namespace {

struct Named {
  std::string_view text;
  std::uint16_t number;
};
constexpr std::array<Named, 17> served{{{"SOA", type::soa},
                                        {"A", type::a},
                                        {"TXT", type::txt},
                                        {"NS", type::ns},
                                        {"CNAME", type::cname},
                                        {"MX", type::mx},
                                        {"NAPTR", type::naptr},
                                        {"PTR", type::ptr},
                                        {"SRV", type::srv},
                                        {"SPF", type::spf},
                                        {"AAAA", type::aaaa},
                                        {"CAA", type::caa},
                                        {"DS", type::ds},
                                        {"TLSA", type::tlsa},
                                        {"SSHFP", type::sshfp},
                                        {"SVCB", type::svcb},
                                        {"HTTPS", type::https}}};

}  // namespace

std::optional<std::uint16_t> type_from_text(std::string_view text) {
  for (const Named& named : served) {
    if (named.text == text) return named.number;
  }
  return std::nullopt;
}

std::string type_to_text(std::uint16_t number) {
  for (const Named& named : served) {
    if (named.number == number) return std::string(named.text);
  }
  return "TYPE" + std::to_string(number);
}

}  // namespace sitelatch::dns

// SPDX-License-Identifier: Apache-2.0
// Zone data: names and record values between text and wire form, both ways. Input: direction, type,
// bytes.
#include "dns/rdata.h"

#include "base/text.h"
#include "dns/name.h"
#include "dns/type.h"
#include "target.h"

using namespace sitelatch;

namespace {

void name_from(const std::string& text) {
  const auto wire = dns::name_from_text(text);
  if (!wire) return;
  fuzz::require(wire->size() <= dns::max_name_size, "a name is at most 255 bytes");
  fuzz::require(dns::name_size(*wire) == wire->size(), "what was read is a whole name");
  const auto again = dns::name_from_text(dns::name_to_text(*wire));
  fuzz::require(again && *again == *wire, "a name that is written can be read");
  fuzz::require(lower(*wire) == *wire, "names are read in lower case");
}

}  // namespace

FUZZ_TARGET(rdata) {
  const auto direction = input.choice(3);
  const auto type = static_cast<std::uint16_t>(input.number());
  const auto bytes = input.rest();
  if (direction == 0) return name_from(bytes);
  if (direction == 1) {
    (void)dns::rdata_to_text(type, bytes);
    (void)dns::service_parameters_to_text(bytes);
    if (const auto size = dns::name_size(bytes)) {
      require(*size <= bytes.size() && *size > 0, "a name lies within its bytes");
      (void)dns::name_to_text(std::string_view{bytes}.substr(0, *size));
      (void)dns::label_count(std::string_view{bytes}.substr(0, *size));
    }
    return;
  }
  const auto rdata = dns::rdata_from_text(type, bytes);
  if (!rdata) return require(!rdata.error().text.empty(), "a refusal says why");
  require(rdata->size() <= 65535, "rdata fits its length");
  const auto text = dns::rdata_to_text(type, *rdata);
  const auto again = dns::rdata_from_text(type, text);
  require(again && *again == *rdata, "a value that is written can be read, and is the same");
}

// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/python_function.h"

#include <zlib.h>

#include <cstdint>
#include <string_view>

namespace sitelatch::guard {
namespace {

constexpr std::string_view source =
    R"PY(# Sitelatch: latches the health check of a failed Primary site.
import json
import os

import boto3

CHECK = os.environ["SITELATCH_HEALTH_CHECK_ID"]
LATCH = ({"Disabled": True, "Inverted": True} if os.environ.get("SITELATCH_LATCH") == "inverted"
         else {"ResourcePath": "/lb-check-failed-over"})


def is_alarm_of_ours(alarm):
    trigger = alarm.get("Trigger", {})
    dimensions = {d.get("name"): d.get("value") for d in trigger.get("Dimensions", [])}
    return (alarm.get("NewStateValue") == "ALARM"
            and trigger.get("MetricName") == "HealthCheckStatus"
            and dimensions.get("HealthCheckId") == CHECK)


def handler(event, context):
    for record in event["Records"]:
        alarm = json.loads(record["Sns"]["Message"])
        if is_alarm_of_ours(alarm):
            boto3.client("route53").update_health_check(HealthCheckId=CHECK, **LATCH)
            print(json.dumps({"latched": CHECK, "why": alarm.get("NewStateReason")}))
        else:
            print(json.dumps({"refused": alarm.get("AlarmName"),
                              "state": alarm.get("NewStateValue")}))
)PY";

// Little-endian fields of PKZIP's APPNOTE 4.3.
class Fields {
 public:
  Fields& two(std::uint32_t value) { return bytes(value, 2); }
  Fields& four(std::uint32_t value) { return bytes(value, 4); }
  Fields& text(std::string_view value) {
    out_ += value;
    return *this;
  }
  const std::string& out() const { return out_; }

 private:
  Fields& bytes(std::uint32_t value, int count) {
    for (int i = 0; i < count; ++i) out_ += static_cast<char>((value >> (8 * i)) & 0xff);
    return *this;
  }
  std::string out_;
};

// One stored file, dated 1 January 1980, mode 0644.
std::string stored_zip(std::string_view name, std::string_view content) {
  constexpr std::uint32_t version = 20, date = 0x21, made_by_unix = 3 << 8 | version,
                          mode = 0100644u << 16;
  const auto size = static_cast<std::uint32_t>(content.size());
  const auto name_size = static_cast<std::uint32_t>(name.size());
  const auto sum =
      static_cast<std::uint32_t>(::crc32(0, reinterpret_cast<const unsigned char*>(content.data()),
                                         static_cast<unsigned>(content.size())));
  Fields common;  // from "version needed" to "extra length", the same in both headers
  common.two(version)
      .two(0)
      .two(0)
      .two(0)
      .two(date)
      .four(sum)
      .four(size)
      .four(size)
      .two(name_size)
      .two(0);
  Fields zip;
  zip.four(0x04034b50).text(common.out()).text(name).text(content);
  const auto directory_at = static_cast<std::uint32_t>(zip.out().size());
  zip.four(0x02014b50)
      .two(made_by_unix)
      .text(common.out())
      .two(0)
      .two(0)
      .two(0)
      .four(mode)
      .four(0)
      .text(name);
  const auto directory_size = static_cast<std::uint32_t>(zip.out().size()) - directory_at;
  zip.four(0x06054b50).two(0).two(0).two(1).two(1).four(directory_size).four(directory_at).two(0);
  return zip.out();
}

}  // namespace

std::string python_zip(std::string_view code) { return stored_zip("lambda.py", code); }

const std::string& python_function_zip() {
  static const std::string zip = python_zip(source);
  return zip;
}

}  // namespace sitelatch::guard

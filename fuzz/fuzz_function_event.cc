// SPDX-License-Identifier: Apache-2.0
// Events of any bytes, and AWS's answers of any bytes: nothing crashes, nothing but a right
// notification is evidence.
#include <cstdint>
#include <cstdlib>

#include "function/guard_calls.h"
#include "guard/rules/testing.h"

using namespace sitelatch;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto ours = guard::testing::arrangement();
  const auto event = guard::parse_event(text);
  for (const auto& record : event.records) {
    if (!record) continue;
    // Evidence names this topic, this alarm and this check, in so many words.
    if (guard::judge(*record, ours) && (record->topic_arn != ours.alarm_topic_arn ||
                                        record->message.find("ALARM") == std::string::npos))
      std::abort();
  }
  if (const auto check = function::read_check_xml(text))
    (void)guard::latching(*check, guard::LatchKind::path, false);
  (void)function::read_alarm_xml(text, ours.alarm_arn);
  const auto tags = function::read_tags_xml(text);
  (void)guard::read_record({{"SITELATCH_RELEASE", std::string{text}}}, tags);
  return 0;
}

#ifdef SITELATCH_FUZZ_REPLAY
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    std::ifstream file{argv[i], std::ios::binary};
    const std::string bytes{std::istreambuf_iterator<char>{file}, {}};
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  }
  std::printf("replayed %d inputs\n", argc - 1);
}
#endif

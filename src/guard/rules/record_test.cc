// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <random>

#include "guard/rules/testing.h"

using namespace sitelatch;
using namespace sitelatch::guard;
using guard::testing::at;

namespace {
Record full() {
  Record r;
  r.original_path = "/lb-check?deep=1&x=%20";
  r.latch = LatchKind::inverted;
  r.release = {7, at(10), at(5), std::chrono::seconds{300}};
  r.maintenance = Maintenance{at(20), at(1820), Keep::backup, "Kernel; \"reboot\" = ütf"};
  r.latch_note = LatchNote{7, at(30), LatchedBy::relatch, true, "/other path=1"};
  r.notified_maintenance_end = at(40);
  r.reminded = Reminded{7, at(30), 48};
  return r;
}
}  // namespace

TEST_CASE("a record survives tags and environment") {
  const auto record = full();
  CHECK(read_record(record_environment(record), record_tags(record)) == record);
  CHECK(read_record({}, record_tags(record)) == record);  // the environment lost
  CHECK(read_record({}, {}) == Record{});
}

TEST_CASE("the environment alone still tells path, latch and release") {
  const auto record = read_record(record_environment(full()), {});
  CHECK(record.original_path == full().original_path);
  CHECK(record.latch == full().latch);
  CHECK(record.release == full().release);
  CHECK_FALSE(record.latch_note);
}

TEST_CASE("tags win over an older environment") {
  auto old = full();
  old.release.number = 6;
  CHECK(read_record(record_environment(old), record_tags(full())).release.number == 7);
}

TEST_CASE("every tag is one that AWS takes") {
  for (const auto& [key, value] : record_tags(full())) {
    CHECK(value.size() <= 256);
    for (const char c : value)
      CHECK((std::isalnum(static_cast<unsigned char>(c)) ||
             std::string_view{" _.:/=+-@"}.find(c) != std::string_view::npos));
  }
}

TEST_CASE("a path too long for a tag is left to the environment, never cut") {
  Record r;
  r.original_path = "/" + std::string(250, '?');
  CHECK_FALSE(record_tags(r).contains("sitelatch:original-path"));
  CHECK(read_record(record_environment(r), record_tags(r)).original_path == r.original_path);
}

TEST_CASE("what people were told: the end of a maintenance, a reminder, or both") {
  for (const auto* text : {"1763812840000", "0 reminded=4h release=7 since=1763812830000",
                           "1763812840000 reminded=24h release=0 since=1763812830000"}) {
    CAPTURE(text);
    CHECK(record_tags(read_record({}, {{"sitelatch:notified", text}})).at("sitelatch:notified") ==
          text);
  }
  // Of an older program: its end of a maintenance is read all the same.
  CHECK(read_record({}, {{"sitelatch:notified", "1763812840000"}}).notified_maintenance_end ==
        from_unix_ms(1'763'812'840'000));
  for (const auto* garbled : {"0 reminded=4 release=7 since=1", "0 reminded=xh release=7 since=1",
                              "0 reminded=4h since=1", "0 reminded=4h release=7",
                              "0 reminded=99999999h release=7 since=1"})
    CHECK_FALSE(read_record({}, {{"sitelatch:notified", garbled}}).reminded);
}

TEST_CASE("garbled parts read as not there") {
  const Texts tags = {{"sitelatch:release", "x at=1"},
                      {"sitelatch:maintenance", "since=1 until=999999999999999999 keep=primary"},
                      {"sitelatch:latched", "release=-1"},
                      {"sitelatch:notified", "soon"},
                      {"sitelatch:latch", "glue"}};
  CHECK(read_record({}, tags) == Record{});
  std::mt19937 random{1};
  for (int i = 0; i < 20'000; ++i) {
    auto mangled = record_tags(full());
    for (auto& [key, value] : mangled)
      for (int n = 0; n < 3 && !value.empty(); ++n)
        value[random() % value.size()] = static_cast<char>(random() % 256);
    const auto record = read_record(mangled, mangled);  // must not throw
    CHECK(record.release.window <= std::chrono::hours{24});
  }
}

TEST_CASE("tag text and back") {
  CHECK(tag_text("a=b") == "a=3Db");
  CHECK(from_tag_text(tag_text("a=b & \xc3\xbc")) == "a=b & \xc3\xbc");
  CHECK(from_tag_text("=") == "=");
  CHECK(from_tag_text("=4") == "=4");
  CHECK(from_tag_text("=zz") == "=zz");
}

TEST_CASE("what a release restores is what the latch of this release replaced") {
  auto r = full();
  CHECK(r.path_to_restore() == "/other path=1");
  r.release.number = 8;
  CHECK(r.path_to_restore() == full().original_path);
}

// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/reach.h"

#include <doctest/doctest.h>

#include "guard/rules/testing.h"

using namespace sitelatch;
using namespace sitelatch::guard;
using namespace guard::testing;

namespace {
const Asked asked{digest_of_code("K7Q42MXD"), at(0), at(900)};
}  // namespace

TEST_CASE("a code is the same however somebody types it, and no other") {
  CHECK(shown_code("K7Q42MXD") == "K7Q4-2MXD");
  for (const auto* typed : {"K7Q4-2MXD", "k7q42mxd", " k7q4 2mxd\n", "K7Q4_2MXD."})
    CHECK_FALSE(not_waited_for(asked, typed, at(60)));
  for (const auto* typed : {"", "K7Q4-2MXE", "K7Q4-2MX", "K7Q4-2MXDD"})
    CHECK(not_waited_for(asked, typed, at(60)));
  CHECK(code_letters.find_first_of("01IO") == std::string_view::npos);
}

TEST_CASE("nobody waits, or no longer: it says so") {
  CHECK(not_waited_for(std::nullopt, "K7Q4-2MXD", at(60)) ==
        "no drill of this guard waits for an answer");
  CHECK_FALSE(not_waited_for(asked, "K7Q4-2MXD", at(900)));
  CHECK(not_waited_for(asked, "K7Q4-2MXD", at(901))->find("is over") != std::string::npos);
}

TEST_CASE("what is asked and answered survives a tag, and the code is not in it") {
  CHECK(read_asked(tag_text(asked)) == asked);
  CHECK(tag_text(asked).find("K7Q4") == std::string::npos);
  const Acknowledged given{asked.digest, at(180),
                           "arn:aws:sts::000000000000:assumed-role/On Call/jo=x@example.org"};
  CHECK(read_acknowledged(tag_text(given)) == given);
  const Acknowledged long_name{asked.digest, at(180), std::string(400, 'x')};
  CHECK(tag_text(long_name).size() <= 256);
  CHECK(read_acknowledged(tag_text(long_name))->at == at(180));
  for (const auto* garbled : {"", "x", "0 at=2026-11-22T12:00:00Z until=2026-11-22T12:00:00Z"}) {
    CHECK_FALSE(read_asked(garbled));
    CHECK_FALSE(read_acknowledged(garbled));
  }
}

TEST_CASE("the message says that nothing has failed, and how to answer") {
  const auto mail = message_of(asked, "K7Q42MXD", id, "client.example.test");
  CHECK(mail.subject ==
        "Sitelatch drill: answer with K7Q4-2MXD, nothing has failed at client.example.test");
  CHECK(mail.text.find("sitelatch acknowledge " + id + " K7Q4-2MXD\n") != std::string::npos);
  CHECK(mail.text.find("until 2026-11-22T12:15:00Z") != std::string::npos);
  const auto cut = message_of(asked, "K7Q42MXD", id, std::string(250, 'a')).subject;
  CHECK(cut.size() == 99);
  CHECK(cut.find("K7Q4-2MXD") != std::string::npos);
}

// SPDX-License-Identifier: Apache-2.0
#include "function/dns_message.h"

#include <doctest/doctest.h>

using namespace sitelatch;
using namespace sitelatch::function;

namespace {
const std::string sentinel_name = "_sentinel.client.example.test";
std::string asked() { return txt_query(0x1234, sentinel_name).value(); }

std::string two(unsigned number) {
  return {static_cast<char>(number >> 8), static_cast<char>(number & 255)};
}

struct Reply {
  unsigned id = 0x1234, flags = 0x8400, questions = 1, answers = 1, type = 16, of_class = 1;
  std::string owner = "\xc0\x0c";  // the question's
  std::string data =
      "\x06"
      "backup";
  std::string length{};  // empty: data's
  std::string behind{};  // authority, additional
  std::string bytes() const {
    auto out =
        two(id) + two(flags) + two(questions) + two(answers) + two(0) + two(0) + asked().substr(12);
    for (unsigned i = 0; i < answers && i < 3; ++i)
      out += owner + two(type) + two(of_class) + std::string{"\0\0\0\1", 4} +
             (length.empty() ? two(static_cast<unsigned>(data.size())) : length) + data;
    return out + behind;
  }
  TxtReply read() const { return read_txt_reply(bytes(), asked()); }
};
using Is = TxtReply::Kind;
}  // namespace

TEST_CASE("a query is a header and one question, without recursion") {
  CHECK(asked() == std::string{"\x12\x34\0\0\0\1\0\0\0\0\0\0", 12} +
                       "\x09_sentinel\x06"
                       "client\x07"
                       "example\x04test" +
                       std::string{"\0\0\x10\0\1", 5});
  CHECK(txt_query(1, sentinel_name + ".") == txt_query(1, sentinel_name));
  for (const std::string& wrong :
       {std::string{}, std::string{"."}, std::string{"a..b"}, std::string{".a"},
        std::string(64, 'x'), std::string{"a\\052"}, [] {
          std::string many;
          for (int i = 0; i < 130; ++i) many += "a.";
          return many;
        }()})
    CHECK_FALSE(txt_query(1, wrong));
}

TEST_CASE("the answer's texts") {
  CHECK(Reply{}.read().kind == Is::texts);
  CHECK(Reply{}.read().texts == std::vector<std::string>{"backup"});
  Reply reply;
  reply.data = std::string{
      "\x03"
      "bac\0\x03kup",
      9};  // the strings of one record
  CHECK(reply.read().texts == std::vector<std::string>{"backup"});
  reply = {};
  reply.answers = 2;
  CHECK(reply.read().texts == std::vector<std::string>{"backup", "backup"});
  reply = {};
  reply.owner = "\x09_SENTINEL\xc0\x16";  // any case, compressed or not
  CHECK(reply.read().texts == std::vector<std::string>{"backup"});
  reply = {};
  reply.behind = std::string(50, '\xff');  // what stands behind the answers is not looked at
  CHECK(reply.read().kind == Is::texts);
}

TEST_CASE("what is not the answer to the question is passed over") {
  const auto kind = [](auto change) {
    Reply reply;
    change(reply);
    return reply.read().kind;
  };
  CHECK(kind([](Reply& r) { r.id = 0x1235; }) == Is::foreign);
  CHECK(kind([](Reply& r) { r.flags = 0x0400; }) == Is::foreign);  // a query
  CHECK(kind([](Reply& r) { r.flags = 0x8400 | 0x2000; }) == Is::foreign);
  CHECK(kind([](Reply& r) { r.questions = 0; }) == Is::foreign);
  CHECK(kind([](Reply& r) { r.questions = 2; }) == Is::foreign);
  CHECK(read_txt_reply(Reply{}.bytes(), *txt_query(0x1234, "_sentinel.other.example.test")).kind ==
        Is::foreign);
  CHECK(read_txt_reply("", asked()).kind == Is::foreign);
  CHECK(read_txt_reply(Reply{}.bytes(), "").kind == Is::foreign);
}

TEST_CASE("an answer that does not tell is said in words") {
  const auto words = [](auto change) {
    Reply reply;
    change(reply);
    const auto read = reply.read();
    CHECK(read.texts.empty());
    return read.kind == Is::unusable ? read.problem : "no";
  };
  CHECK(words([](Reply& r) { r.flags = 0x8403; }) == "answers NXDOMAIN");
  CHECK(words([](Reply& r) { r.flags = 0x8405; }) == "answers REFUSED");
  CHECK(words([](Reply& r) { r.flags = 0x8402; }) == "answers SERVFAIL");
  CHECK(words([](Reply& r) { r.flags = 0x8409; }) == "answers rcode 9");
  CHECK(words([](Reply& r) { r.flags = 0x8000; }).find("without authority") != std::string::npos);
  CHECK(words([](Reply& r) { r.answers = 0; }) == "answers with no TXT record");
  for (const auto part : {&Reply::type, &Reply::of_class})
    CHECK(words([part](Reply& r) { r.*part = 5; }).find("something else") != std::string::npos);
  CHECK(words([](Reply& r) { r.owner = "\xc0\x16"; }).find("something else") != std::string::npos);
  Reply cut;
  cut.flags = 0x8600;
  CHECK(cut.read().kind == Is::truncated);
}

TEST_CASE("hostile answers end in nothing") {
  const auto garbled = [](auto change) {
    Reply reply;
    change(reply);
    const auto read = reply.read();
    CHECK(read.kind == Is::unusable);
    CHECK(read.texts.empty() == (read.kind != Is::texts));
  };
  garbled([](Reply& r) { r.owner = "\xc0\x2f"; });  // a pointer to itself
  garbled([](Reply& r) { r.owner = "\xc0\xff"; });  // forwards
  garbled([](Reply& r) {
    r.owner =
        "\x01"
        "a\xc0\x2f";
  });                                               // to before itself: round and round
  garbled([](Reply& r) { r.owner = "\x80\x0c"; });  // a kind of label that nobody uses
  garbled([](Reply& r) { r.data = ""; });
  garbled([](Reply& r) {
    r.data =
        "\x07"
        "backup";
  });  // a string beyond its record
  garbled([](Reply& r) {
    r.data =
        "\x05"
        "backup";
  });                                                // bytes left over
  garbled([](Reply& r) { r.length = "\xff\xff"; });  // a record beyond the message
  garbled([](Reply& r) { r.answers = 65535; });      // more than there are
  garbled([](Reply& r) {
    std::string long_name;
    for (int i = 0; i < 5; ++i) long_name += '\x3f' + std::string(63, 'x');
    r.owner = long_name + '\0';
  });
  // Every beginning of a right answer, and every answer with one byte changed: whatever is read out
  // of it comes from this question's answer.
  const auto whole = Reply{}.bytes();
  for (std::size_t size = 0; size < whole.size(); ++size)
    CHECK(read_txt_reply(whole.substr(0, size), asked()).kind != Is::texts);
  int texts = 0;
  for (std::size_t at = 0; at < whole.size(); ++at)
    for (int value = 0; value < 256; ++value) {
      auto changed = whole;
      changed[at] = static_cast<char>(value);
      const auto read = read_txt_reply(changed, asked());
      if (changed == whole || read.kind != Is::texts) continue;
      ++texts;
      // Flags that nobody looks at, counts of the sections behind, the TTL, the case of the
      // question; or other texts.
      const bool harmless = at == 2 || at == 3 || (at >= 8 && at < asked().size()) ||
                            (at >= asked().size() + 6 && at < asked().size() + 10);
      CHECK((harmless || read.texts != std::vector<std::string>{"backup"}));
    }
  CHECK(texts > 100);
}

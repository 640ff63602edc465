// SPDX-License-Identifier: Apache-2.0
// answer() on hostile queries: no reply to a response, never more than the asker takes, always a
// well-formed message.
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "dns/testing.h"

using namespace sitelatch::dns;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const std::shared_ptr<const View> view = testing::view_of(
      "example.com 900 SOA a.b h.b 1 2 3 4 5\nexample.com 60 NS ns.example.com\nns.example.com 60 "
      "A 192.0.2.1\n"
      "*.w.example.com 60 CNAME c.example.com\nc.example.com 60 CNAME a.example.com\na.example.com "
      "60 A 192.0.2.2\n"
      "sub.example.com 60 NS ns.sub.example.com\nns.sub.example.com 60 AAAA ::1\nl.example.com 60 "
      "CNAME l.example.com\n");
  const std::string query(reinterpret_cast<const char*>(bytes), size);
  for (const auto transport : {Limits::Transport::udp, Limits::Transport::tcp}) {
    const std::string reply = testing::ask(*view, query, {transport}, 1);
    if (reply.empty()) continue;
    if (size < 12 || (bytes[2] & 0x80) || reply.size() < 12) std::abort();
    if (transport == Limits::Transport::udp && reply.size() > default_udp_payload) std::abort();
    if (testing::reply_text(reply).rfind("broken", 0) == 0) std::abort();
  }
  return 0;
}

#ifdef SITELATCH_FUZZ_REPLAY
int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    std::ifstream in{argv[i], std::ios::binary};
    const std::string bytes{std::istreambuf_iterator<char>{in}, {}};
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  }
  return 0;
}
#endif

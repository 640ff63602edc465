// SPDX-License-Identifier: Apache-2.0
// Asks a DNS server for www.example.com A as fast as it answers: dns_load ADDRESS PORT [SECONDS
// [SOCKETS]]. Each socket keeps 64 queries under way; what is lost is given up after 100 ms. Prints
// answers a second and the bytes of an answer.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <vector>

#include "base/fd.h"
#include "dns/testing.h"

using namespace sitelatch;
using Clock = std::chrono::steady_clock;

namespace {

constexpr unsigned under_way = 64;

class Asker {
 public:
  Asker(const char* address, std::uint16_t port)
      : query_(dns::testing::query_bytes("www.example.com", "A")),
        fd_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    inet_pton(AF_INET, address, &to.sin_addr);
    if (connect(fd_.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) std::exit(1);
    query_part_ = {query_.data(), query_.size()};
    for (unsigned i = 0; i < under_way; ++i) {
      out_[i].msg_hdr.msg_iov = &query_part_;
      out_[i].msg_hdr.msg_iovlen = 1;
      in_parts_[i] = {replies_[i].data(), replies_[i].size()};
      in_[i].msg_hdr.msg_iov = &in_parts_[i];
      in_[i].msg_hdr.msg_iovlen = 1;
    }
  }
  int fd() const { return fd_.get(); }

  void ask(unsigned count) {
    if (sendmmsg(fd_.get(), out_.data(), count, 0) < 0) std::exit(1);
    last_ = Clock::now();
  }
  unsigned take() {
    const int got = recvmmsg(fd_.get(), in_.data(), under_way, MSG_DONTWAIT, nullptr);
    if (got > 0) bytes_ = in_[0].msg_len;
    return got > 0 ? static_cast<unsigned>(got) : 0;
  }
  bool is_stuck() const { return Clock::now() - last_ > std::chrono::milliseconds(100); }
  unsigned bytes() const { return bytes_; }

 private:
  std::string query_;
  sitelatch::Fd fd_;
  iovec query_part_{};
  std::array<mmsghdr, under_way> out_{}, in_{};
  std::array<iovec, under_way> in_parts_{};
  std::array<std::array<char, 1232>, under_way> replies_{};
  Clock::time_point last_;
  unsigned bytes_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const auto length = std::chrono::seconds(argc > 3 ? std::atoi(argv[3]) : 3);
  const std::size_t sockets = argc > 4 ? static_cast<std::size_t>(std::atoi(argv[4])) : 8;
  std::vector<std::unique_ptr<Asker>> askers;
  std::vector<pollfd> ready;
  for (std::size_t i = 0; i < sockets; ++i) {
    askers.push_back(
        std::make_unique<Asker>(argv[1], static_cast<std::uint16_t>(std::atoi(argv[2]))));
    ready.push_back({askers.back()->fd(), POLLIN, 0});
    askers.back()->ask(under_way);
  }
  std::uint64_t answers = 0;
  const auto start = Clock::now();
  while (Clock::now() - start < length) {
    poll(ready.data(), ready.size(), 100);
    for (std::size_t i = 0; i < sockets; ++i) {
      const unsigned got = ready[i].revents ? askers[i]->take() : 0;
      answers += got;
      if (got > 0) askers[i]->ask(got);
      if (askers[i]->is_stuck()) askers[i]->ask(under_way);
    }
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  fmt::print("{:.0f} answers a second of {} bytes\n", static_cast<double>(answers) / seconds,
             askers[0]->bytes());
}

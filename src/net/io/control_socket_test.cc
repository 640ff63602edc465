// SPDX-License-Identifier: Apache-2.0
#include "net/io/control_socket.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <vector>

#include "base/fd.h"

namespace sitelatch::net {
namespace {

struct Place {
  std::filesystem::path folder;
  Place() {
    char name[] = "/tmp/sitelatch-control-XXXXXX";
    folder = ::mkdtemp(name);
  }
  ~Place() { std::filesystem::remove_all(folder); }
  std::filesystem::path socket() const { return folder / "control.sock"; }
};

Fd connect_to(const std::filesystem::path& path) {
  Fd link(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::strcpy(to.sun_path, path.c_str());
  REQUIRE(::connect(link.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
  return link;
}
bool closed_by_peer(const Fd& link) {
  char byte = 0;
  return ::recv(link.get(), &byte, 1, 0) <= 0;
}

}  // namespace

TEST_CASE("control socket: a line is answered by a line") {
  Place place;
  auto socket = ControlSocket::listen(
      place.socket(), [](std::string request, auto reply) { reply("<" + request + ">"); });
  REQUIRE(socket);
  CHECK(*control_request(place.socket(), "x") == "<x>");
  CHECK(*control_request(place.socket(), "y") == "<y>");
}

TEST_CASE("control socket: the silent make room, and who never ends a line is cut off") {
  Place place;
  auto socket =
      ControlSocket::listen(place.socket(), [](std::string, auto reply) { reply("answer"); });
  REQUIRE(socket);
  std::vector<Fd> silent;
  for (int i = 0; i < 200; ++i) silent.push_back(connect_to(place.socket()));
  CHECK(*control_request(place.socket(), "x") == "answer");
  CHECK(closed_by_peer(silent.front()));
  auto endless = connect_to(place.socket());
  const std::string much(1 << 16, 'x');
  while (::send(endless.get(), much.data(), much.size(), MSG_NOSIGNAL) > 0) {
  }
  CHECK(*control_request(place.socket(), "x") == "answer");
}

TEST_CASE("control socket: who answers does not wait for who does not read") {
  Place place;
  auto socket = ControlSocket::listen(place.socket(), [](std::string, auto reply) {
    reply(std::string(8 << 20, 'a'));  // far more than the socket takes; returns at once
  });
  REQUIRE(socket);
  std::vector<Fd> deaf;
  for (int i = 0; i < 8; ++i) {
    deaf.push_back(connect_to(place.socket()));
    REQUIRE(::send(deaf.back().get(), "x\n", 2, MSG_NOSIGNAL) == 2);
  }
  CHECK(control_request(place.socket(), "x")->size() == 8u << 20);
}

}  // namespace sitelatch::net

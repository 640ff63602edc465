// SPDX-License-Identifier: Apache-2.0
#include "net/io/control_socket.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

namespace sitelatch::net {
namespace {

constexpr std::size_t longest_line = 1u << 20;
constexpr std::size_t most_guests = 64;
constexpr auto patience = std::chrono::seconds{10};  // for a whole line

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

Failure<Problem> problem(std::string what) {
  return {Problem{fmt::format("{}: {}", what, std::strerror(errno))}};
}

bool fill_address(sockaddr_un& address, const std::filesystem::path& path) {
  address.sun_family = AF_UNIX;
  const std::string& text = path.native();
  if (text.size() >= sizeof address.sun_path) return false;
  std::memcpy(address.sun_path, text.c_str(), text.size() + 1);
  return true;
}
// Paths longer than a socket address allows are reached through the directory's descriptor.
Result<sockaddr_un> socket_address(const std::filesystem::path& path, Descriptor& directory) {
  sockaddr_un address{};
  if (fill_address(address, path)) return address;
  directory = Descriptor(::open(path.parent_path().c_str(), O_DIRECTORY | O_CLOEXEC));
  if (directory.get() >= 0 &&
      fill_address(address,
                   fmt::format("/proc/self/fd/{}/{}", directory.get(), path.filename().string())))
    return address;
  errno = ENAMETOOLONG;
  return problem(path.string());
}

std::optional<std::string> read_line(int fd) {
  std::string line;
  char buffer[4096];
  while (line.size() < longest_line) {
    const auto got = ::read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return std::nullopt;
    line.append(buffer, static_cast<std::size_t>(got));
    if (line.back() == '\n') {
      line.pop_back();
      return line;
    }
  }
  return std::nullopt;
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

// To a non-blocking socket: who does not read within seconds loses the rest.
void answer_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
      continue;
    }
    pollfd room{fd, POLLOUT, 0};
    if (errno != EINTR && (errno != EAGAIN || ::poll(&room, 1, 2000) != 1)) return;
  }
}

class Listener final : public ControlSocket {
 public:
  Listener(std::filesystem::path path, Handler handler, Descriptor socket)
      : path_(std::move(path)),
        handler_(std::move(handler)),
        socket_(std::move(socket)),
        stop_(::eventfd(0, EFD_CLOEXEC)),
        thread_([this] { serve(); }) {}
  ~Listener() override {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(stop_.get(), &one, sizeof one);
    thread_.join();
    ::unlink(path_.c_str());
  }

 private:
  // Somebody who has connected and not yet said a whole line.
  struct Guest {
    Descriptor connection;
    std::string said;
    std::chrono::steady_clock::time_point until;
  };

  void serve() {
    while (true) {
      std::vector<pollfd> waiting{{stop_.get(), POLLIN, 0}};
      if (guests_.size() < most_guests) waiting.push_back({socket_.get(), POLLIN, 0});
      const auto first_guest = waiting.size();
      for (const auto& guest : guests_) waiting.push_back({guest.connection.get(), POLLIN, 0});
      const int patience_ms = guests_.empty() ? -1 : 1000;
      if (::poll(waiting.data(), waiting.size(), patience_ms) < 0 && errno != EINTR) return;
      if (waiting[0].revents) return;
      for (auto i = waiting.size(); i-- > first_guest;)
        if (waiting[i].revents && !listen_to(guests_[i - first_guest]))
          guests_.erase(guests_.begin() + static_cast<std::ptrdiff_t>(i - first_guest));
      const auto now = std::chrono::steady_clock::now();
      std::erase_if(guests_, [&](const Guest& guest) { return guest.until < now; });
      if (first_guest == 2 && waiting[1].revents) welcome(now);
    }
  }
  void welcome(std::chrono::steady_clock::time_point now) {
    Descriptor connection(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (connection.get() >= 0) {
      guests_.push_back({std::move(connection), {}, now + patience});
    } else if (errno == EMFILE || errno == ENFILE) {
      ::poll(nullptr, 0, 100);  // others may give theirs back
    }
  }
  // False: this guest is done with, or gone.
  bool listen_to(Guest& guest) {
    char buffer[4096];
    const auto got = ::read(guest.connection.get(), buffer, sizeof buffer);
    if (got < 0) return errno == EINTR || errno == EAGAIN;
    guest.said.append(buffer, static_cast<std::size_t>(got));
    if (got == 0 || guest.said.size() > longest_line) return false;
    if (guest.said.back() != '\n') return true;
    guest.said.pop_back();
    auto shared = std::make_shared<Descriptor>(std::move(guest.connection));
    handler_(std::move(guest.said),
             [shared](const std::string& answer) { answer_all(shared->get(), answer + "\n"); });
    return false;
  }

  std::filesystem::path path_;
  Handler handler_;
  Descriptor socket_, stop_;
  std::vector<Guest> guests_;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<ControlSocket>> ControlSocket::listen(const std::filesystem::path& path,
                                                             Handler handler) {
  Descriptor directory;
  auto address = socket_address(path, directory);
  if (!address) return failure(address.error());
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ::unlink(path.c_str());
  const mode_t mask = ::umask(0177);
  const bool bound =
      ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) == 0;
  ::umask(mask);
  if (!bound || ::listen(socket.get(), 16) != 0)
    return problem(fmt::format("cannot listen on {}", path.string()));
  return std::unique_ptr<ControlSocket>(
      std::make_unique<Listener>(path, std::move(handler), std::move(socket)));
}

Result<std::string> control_request(const std::filesystem::path& path, const std::string& request) {
  Descriptor directory;
  auto address = socket_address(path, directory);
  if (!address) return failure(address.error());
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0)
    return problem(fmt::format("cannot reach the engine at {}", path.string()));
  if (!write_all(socket.get(), request + "\n")) return problem("cannot send to the engine");
  auto answer = read_line(socket.get());
  if (!answer) return failure(Problem{"the engine ended before it answered"});
  return *answer;
}

}  // namespace sitelatch::net

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

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace sitelatch::net {
namespace {

constexpr std::size_t longest_line = 128u << 10;  // of a request
constexpr std::size_t longest_answer = 16u << 20;
constexpr std::size_t most_guests = 64;
constexpr auto patience = std::chrono::seconds{10};  // for a whole line, and for its answer

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
  while (line.size() < longest_answer) {
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

// Answers on their way to the socket's thread: nobody else waits for a guest that does not read.
class Answers {
 public:
  // Throws std::system_error: without it nobody could end the socket's thread.
  Answers() : wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (wake_.get() < 0)
      throw std::system_error(errno, std::generic_category(),
                              "no descriptors for the control socket");
  }
  int wake_fd() const { return wake_.get(); }
  void put(std::uint64_t guest, std::string answer) {
    const std::lock_guard lock(mutex_);
    waiting_.emplace_back(guest, std::move(answer));
    wake();
  }
  void wake() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
  }
  std::vector<std::pair<std::uint64_t, std::string>> take() {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = ::read(wake_.get(), &count, sizeof count);
    const std::lock_guard lock(mutex_);
    return std::exchange(waiting_, {});
  }

 private:
  const Descriptor wake_;
  std::mutex mutex_;
  std::vector<std::pair<std::uint64_t, std::string>> waiting_;
};

// A guest says a line, waits for its answer, takes it: the first and the last within `patience`.
class Listener final : public ControlSocket {
 public:
  Listener(std::filesystem::path path, Handler handler, Descriptor socket)
      : path_(std::move(path)),
        handler_(std::move(handler)),
        socket_(std::move(socket)),
        thread_([this] { serve(); }) {}
  ~Listener() override {
    stopping_ = true;
    answers_->wake();
    thread_.join();
    ::unlink(path_.c_str());
  }

 private:
  enum class Stage { speaking, waiting, taking };
  struct Guest {
    std::uint64_t id;
    Descriptor connection;
    std::chrono::steady_clock::time_point until;
    Stage stage = Stage::speaking;
    std::string text = {};  // what it has said, then what it has not yet taken
  };

  void serve() {
    while (!stopping_) {
      std::vector<pollfd> waiting{{answers_->wake_fd(), POLLIN, 0}, {socket_.get(), POLLIN, 0}};
      for (const auto& guest : guests_)
        waiting.push_back({guest.connection.get(), events_of(guest.stage), 0});
      if (::poll(waiting.data(), waiting.size(), guests_.empty() ? -1 : 1000) < 0 && errno != EINTR)
        return;
      for (std::size_t i = 0; i < guests_.size(); ++i)
        if (waiting[i + 2].revents && !proceed(guests_[i], waiting[i + 2].revents))
          guests_[i].connection = Descriptor{};
      for (auto& [id, answer] : answers_->take()) begin_answer(id, std::move(answer));
      const auto now = std::chrono::steady_clock::now();
      std::erase_if(guests_, [&](const Guest& guest) {
        return guest.connection.get() < 0 || (guest.stage != Stage::waiting && guest.until < now);
      });
      if (waiting[1].revents) welcome(now);
    }
  }
  static short events_of(Stage stage) {
    return stage == Stage::speaking ? POLLIN : stage == Stage::taking ? POLLOUT : 0;
  }
  // When the house is full, who has been idle for longest leaves.
  void welcome(std::chrono::steady_clock::time_point now) {
    const bool full = guests_.size() >= most_guests;
    const auto idle = std::find_if(guests_.begin(), guests_.end(), [](const Guest& guest) {
      return guest.stage != Stage::waiting;
    });
    if (full && idle != guests_.end()) guests_.erase(idle);
    Descriptor connection(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (guests_.size() >= most_guests) return;  // all of them wait for us
    if (connection.get() >= 0) {
      guests_.push_back({++last_id_, std::move(connection), now + patience});
    } else if (errno == EMFILE || errno == ENFILE) {
      ::poll(nullptr, 0, 100);  // others may give theirs back
    }
  }
  // False: this guest is done with, or gone.
  bool proceed(Guest& guest, short events) {
    if (guest.stage == Stage::speaking) return listen_to(guest);
    if (guest.stage == Stage::taking) return give(guest);
    return !(events & (POLLERR | POLLHUP));
  }
  bool listen_to(Guest& guest) {
    char buffer[4096];
    const auto got = ::read(guest.connection.get(), buffer, sizeof buffer);
    if (got < 0) return errno == EINTR || errno == EAGAIN;
    guest.text.append(buffer, static_cast<std::size_t>(got));
    if (got == 0 || guest.text.size() > longest_line) return false;
    if (guest.text.back() != '\n') return true;
    guest.text.pop_back();
    guest.stage = Stage::waiting;
    handler_(std::exchange(guest.text, {}),
             [answers = answers_, id = guest.id](std::string answer) {
               answers->put(id, std::move(answer));
             });
    return true;
  }
  void begin_answer(std::uint64_t id, std::string answer) {
    const auto guest = std::find_if(guests_.begin(), guests_.end(),
                                    [&](const Guest& each) { return each.id == id; });
    if (guest == guests_.end() || guest->stage != Stage::waiting || guest->connection.get() < 0)
      return;
    guest->stage = Stage::taking;
    guest->text = std::move(answer) + "\n";
    guest->until = std::chrono::steady_clock::now() + patience;
    if (!give(*guest)) guest->connection = Descriptor{};
  }
  static bool give(Guest& guest) {
    while (!guest.text.empty()) {
      const auto sent =
          ::send(guest.connection.get(), guest.text.data(), guest.text.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent <= 0) return sent < 0 && errno == EAGAIN;
      guest.text.erase(0, static_cast<std::size_t>(sent));
    }
    return false;  // it has all
  }

  std::filesystem::path path_;
  Handler handler_;
  Descriptor socket_;
  const std::shared_ptr<Answers> answers_ = std::make_shared<Answers>();  // replies outlive us
  std::vector<Guest> guests_;  // in the order of their coming
  std::uint64_t last_id_ = 0;
  std::atomic<bool> stopping_{false};
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
  if (!bound || ::listen(socket.get(), 128) != 0)
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

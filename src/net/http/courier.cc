// SPDX-License-Identifier: Apache-2.0
#include "net/http/courier.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <span>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <vector>

#include "base/fd.h"
#include "base/ip.h"
#include "base/log.h"
#include "base/text.h"
#include "net/io/curl_library.h"

namespace sitelatch::net {
namespace {

constexpr std::size_t most_at_once = 64;
constexpr std::size_t longest_answer_bytes =
    64 * 1024;  // nobody reads it; beyond that the exchange counts as done

using Done = std::function<void(ports::Receipt)>;

// One attempt: what is sent, and what came of it.
struct Job {
  std::optional<ports::Post> post;
  std::optional<ports::Mail> mail;
  Done done;
  CURL* handle = nullptr;
  curl_slist* headers = nullptr;
  curl_slist* recipients = nullptr;
  std::string upload;  // the mail's text
  std::size_t uploaded = 0, received = 0;
  bool too_long = false;
  bool refused_address = false;  // one that it may not connect to
};

// Restricted, or no address of one machine (multicast, broadcast).
bool is_forbidden(const sockaddr& address) {
  std::array<std::uint8_t, 16> bytes{};
  if (address.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    std::memcpy(bytes.data(), &v4.sin_addr, 4);
    return bytes[0] >= 224 || is_restricted_address(std::span{bytes}.first(4));
  }
  if (address.sa_family != AF_INET6) return true;
  sockaddr_in6 v6{};
  std::memcpy(&v6, &address, sizeof v6);
  std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
  return bytes[0] == 0xff || is_restricted_address(std::span{bytes});
}

// Opens the socket that libcurl is about to connect to this very address.
extern "C" curl_socket_t courier_open_socket(void* job, curlsocktype, curl_sockaddr* to) {
  if (is_forbidden(to->addr)) {
    static_cast<Job*>(job)->refused_address = true;
    return CURL_SOCKET_BAD;
  }
  return ::socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

// Nothing that could end the command or the header line that it stands in, or name a second one.
bool is_one_address(const std::string& to) {
  for (const char c : to)
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) return false;
  return !to.empty() && to.find_first_of("<>,;\"") == std::string::npos;
}

// "smtp://user:password@host": a user is named.
bool names_user(const std::string& url) {
  const auto scheme = url.find("://");
  const auto begin = scheme == std::string::npos ? 0 : scheme + 3;
  return url.substr(begin, url.find_first_of("/?#", begin) - begin).find('@') != std::string::npos;
}

extern "C" std::size_t courier_receive(char*, std::size_t size, std::size_t count, void* job) {
  auto& self = *static_cast<Job*>(job);
  self.received += size * count;
  self.too_long = self.received > longest_answer_bytes;
  return self.too_long ? 0 : size * count;
}
extern "C" std::size_t courier_upload(char* out, std::size_t size, std::size_t count, void* job) {
  auto& self = *static_cast<Job*>(job);
  const auto part = std::min(size * count, self.upload.size() - self.uploaded);
  self.upload.copy(out, part, self.uploaded);
  self.uploaded += part;
  return part;
}

std::string random_name() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", random(), random(), random(), random());
}

WallInstant wall_now() {
  return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + std::generic_category().message(errno));
}

// A directory of ours, no link: what lies in it may hold secrets of the application's.
Fd open_folder(const std::string& folder) {
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) fail("cannot make " + folder);
  Fd at(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat found {};
  if (!at || ::fstat(at.get(), &found) != 0) fail("cannot open " + folder);
  if (found.st_uid != ::geteuid())
    throw std::runtime_error(folder + " belongs to another user: no mail is kept there");
  return at;
}

// The file appears under its name only when it is complete and on disk.
void write_file(const std::string& folder, const std::string& name, const std::string& text) {
  const Fd at = open_folder(folder);
  const auto hidden = "." + name + ".tmp";
  Fd file(::openat(at.get(), hidden.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                   0600));
  if (!file) fail("cannot write " + folder + "/" + hidden);
  std::size_t written = 0;
  while (written < text.size()) {
    const auto n = ::write(file.get(), text.data() + written, text.size() - written);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) break;
    written += static_cast<std::size_t>(n);
  }
  if (written < text.size() || ::fsync(file.get()) != 0 ||
      ::renameat(at.get(), hidden.c_str(), at.get(), name.c_str()) != 0) {
    const int why = errno;
    ::unlinkat(at.get(), hidden.c_str(), 0);
    errno = why;
    fail("cannot write " + folder + "/" + name);
  }
}

}  // namespace

// The thread starts with the first job and ends with the courier. libcurl comes with the first job
// that needs it.
class CurlCourier::Worker {
 public:
  Worker(CourierConfig config, std::function<void(std::function<void()>)> post_to_control)
      : config_(std::move(config)), post_to_control_(std::move(post_to_control)) {}

  ~Worker() {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
      wake();
    }
    if (thread_.joinable()) thread_.join();
  }

  void take(std::unique_ptr<Job> job) {
    const std::lock_guard lock(mutex_);
    if (!thread_.joinable()) {
      try {
        thread_ = std::thread([this] { run(); });
      } catch (const std::system_error& error) {
        return answer(*job, {0, error.what()});  // tried again as any delivery that failed
      }
    }
    queue_.push_back(std::move(job));
    wake();
  }

 private:
  // With the mutex held.
  void wake() {
    if (multi_)
      curl_->multi_wakeup(multi_);
    else
      something_new_.notify_one();
  }

  void run() {
    while (take_new()) {
      if (!multi_) {
        std::unique_lock lock(mutex_);
        something_new_.wait(lock, [&] { return !queue_.empty() || ending_; });
        continue;
      }
      int active = 0;
      curl_->multi_perform(multi_, &active);
      finish_ended();
      if (jobs_.size() < most_at_once && has_new()) continue;
      curl_->multi_poll(multi_, nullptr, 0, 60'000, nullptr);
    }
    for (auto& [handle, job] : jobs_) release(*job);
    jobs_.clear();
    const std::lock_guard lock(mutex_);
    if (multi_) curl_->multi_cleanup(multi_);
    multi_ = nullptr;
  }

  void open() {
    if (multi_) return;
    const CurlLibrary& curl = curl_library();
    CURLM* const made = curl.multi_init();
    if (!made) throw std::runtime_error("libcurl gives no handle");
    const std::lock_guard lock(mutex_);
    curl_ = &curl;
    multi_ = made;
  }

  bool has_new() {
    const std::lock_guard lock(mutex_);
    return !queue_.empty() || ending_;
  }

  // Starts what fits; false when it is time to end.
  bool take_new() {
    while (true) {
      std::unique_ptr<Job> job;
      {
        const std::lock_guard lock(mutex_);
        if (ending_) return false;
        if (queue_.empty() || jobs_.size() >= most_at_once) return true;
        job = std::move(queue_.front());
        queue_.pop_front();
      }
      start(std::move(job));
    }
  }

  void start(std::unique_ptr<Job> job) {
    try {
      if (job->mail && !is_one_address(job->mail->to))
        throw std::runtime_error("the address is not well formed");
      if (job->mail && config_.smtp_url.empty()) return keep_mail(*job);
      open();
      job->handle = curl_->easy_init();
      if (!job->handle) throw std::runtime_error("libcurl gives no handle");
      prepare(*job);
      Job* const started = job.get();
      jobs_.emplace(started->handle, std::move(job));
      curl_->multi_add_handle(multi_, started->handle);
    } catch (const std::exception& error) {
      release(*job);
      answer(*job, {0, error.what()});
    }
  }

  void keep_mail(Job& job) {
    if (config_.mail_folder.empty())
      throw std::runtime_error("no mail folder and no SMTP server is configured");
    const auto name = random_name();
    const auto text = rfc5322(*job.mail, config_.mail_from, wall_now(), name + "@sitelatch.local");
    write_file(config_.mail_folder, fmt::format("{}-{}.eml", stamp(), name.substr(0, 8)), text);
    answer(job, {});
  }
  static std::string stamp() {
    return std::to_string(
        std::chrono::duration_cast<std::chrono::microseconds>(wall_now().time_since_epoch())
            .count());
  }

  template <class T>
  void set(Job& job, CURLoption option, T value) {
    if (curl_->easy_setopt(job.handle, option, value) != CURLE_OK)
      throw std::runtime_error(fmt::format("libcurl refuses option {}", static_cast<int>(option)));
  }

  void prepare(Job& job) {
    set(job, CURLOPT_NOSIGNAL, 1L);
    set(job, CURLOPT_FOLLOWLOCATION, 0L);
    set(job, CURLOPT_WRITEFUNCTION, &courier_receive);
    set(job, CURLOPT_WRITEDATA, static_cast<void*>(&job));
    if (!config_.ca_file.empty()) set(job, CURLOPT_CAINFO, config_.ca_file.c_str());
    if (job.post)
      prepare_post(job);
    else
      prepare_mail(job);
  }

  void prepare_post(Job& job) {
    const ports::Post& post = *job.post;
    set(job, CURLOPT_PROTOCOLS_STR, "http,https");
    set(job, CURLOPT_URL, post.url.c_str());
    set(job, CURLOPT_TIMEOUT_MS, milliseconds(post.limit));
    if (!config_.allow_link_local) {
      set(job, CURLOPT_OPENSOCKETFUNCTION, &courier_open_socket);
      set(job, CURLOPT_OPENSOCKETDATA, static_cast<void*>(&job));
    }
    set(job, CURLOPT_POST, 1L);
    set(job, CURLOPT_POSTFIELDS, post.body.data());
    set(job, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(post.body.size()));
    for (const auto& [name, value] : post.headers) add_header(job, name + ": " + value);
    add_header(job, "Expect:");  // no 100-continue
    set(job, CURLOPT_HTTPHEADER, job.headers);
  }

  void add_header(Job& job, const std::string& line) {
    if (line.find_first_of("\r\n") != std::string::npos)
      throw std::runtime_error("a header holds a line break");
    job.headers = curl_->slist_append(job.headers, line.c_str());
  }

  void prepare_mail(Job& job) {
    const ports::Mail& mail = *job.mail;
    job.upload = rfc5322(mail, config_.mail_from, wall_now(), random_name() + "@sitelatch.local");
    job.recipients = curl_->slist_append(nullptr, ("<" + mail.to + ">").c_str());
    set(job, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    set(job, CURLOPT_URL, config_.smtp_url.c_str());
    // Who stands between can strip STARTTLS from what the server offers: with a password nothing
    // is said in the clear.
    set(job, CURLOPT_USE_SSL,
        static_cast<long>(names_user(config_.smtp_url) ? CURLUSESSL_ALL : CURLUSESSL_TRY));
    set(job, CURLOPT_TIMEOUT_MS, 60'000L);
    set(job, CURLOPT_MAIL_FROM, ("<" + config_.mail_from + ">").c_str());
    set(job, CURLOPT_MAIL_RCPT, job.recipients);
    set(job, CURLOPT_READFUNCTION, &courier_upload);
    set(job, CURLOPT_READDATA, static_cast<void*>(&job));
    set(job, CURLOPT_UPLOAD, 1L);
  }

  static long milliseconds(Duration d) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(d).count();
    return std::max<long>(1, static_cast<long>(ms));
  }

  void finish_ended() {
    int left = 0;
    while (CURLMsg* message = curl_->multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      CURL* const handle = message->easy_handle;
      const CURLcode code = message->data.result;
      auto node = jobs_.extract(handle);
      Job& job = *node.mapped();
      const auto receipt = receipt_of(job, code);
      release(job);
      answer(job, receipt);
    }
  }

  ports::Receipt receipt_of(const Job& job, CURLcode code) {
    long status = 0;
    if (job.post) curl_->easy_getinfo(job.handle, CURLINFO_RESPONSE_CODE, &status);
    const bool arrived = code == CURLE_OK || (code == CURLE_WRITE_ERROR && job.too_long);
    if (arrived) return {static_cast<int>(status), ""};
    if (job.refused_address && code == CURLE_COULDNT_CONNECT)
      return {0,
              "the address is link-local, where machines serve their credentials; posts to such "
              "addresses need --allow-link-local"};
    if (job.mail && code == CURLE_USE_SSL_FAILED)
      return {0, "the mail server offers no STARTTLS, and a password is not sent without it"};
    return {0, curl_->easy_strerror(code)};
  }

  void release(Job& job) {
    if (!curl_) return;
    if (job.handle) {
      curl_->multi_remove_handle(multi_, job.handle);
      curl_->easy_cleanup(job.handle);
      job.handle = nullptr;
    }
    curl_->slist_free_all(job.headers);
    curl_->slist_free_all(job.recipients);
    job.headers = job.recipients = nullptr;
  }

  void answer(Job& job, ports::Receipt receipt) {
    post_to_control_([done = std::move(job.done), receipt = std::move(receipt)] { done(receipt); });
  }

  const CourierConfig config_;
  const std::function<void(std::function<void()>)> post_to_control_;
  const CurlLibrary* curl_ = nullptr;
  std::map<CURL*, std::unique_ptr<Job>> jobs_;  // the worker's own

  std::mutex mutex_;  // guards what follows
  std::condition_variable something_new_;
  std::deque<std::unique_ptr<Job>> queue_;
  CURLM* multi_ =
      nullptr;  // set and cleared under the mutex by the worker, which alone uses it otherwise
  bool ending_ = false;
  std::thread thread_;
};

CurlCourier::CurlCourier(CourierConfig config,
                         std::function<void(std::function<void()>)> post_to_control)
    : worker_(std::make_unique<Worker>(std::move(config), std::move(post_to_control))) {}
CurlCourier::~CurlCourier() = default;

void CurlCourier::post(ports::Post post, std::function<void(ports::Receipt)> done) {
  auto job = std::make_unique<Job>();
  job->post = std::move(post);
  job->done = std::move(done);
  worker_->take(std::move(job));
}

void CurlCourier::mail(ports::Mail mail, std::function<void(ports::Receipt)> done) {
  auto job = std::make_unique<Job>();
  job->mail = std::move(mail);
  job->done = std::move(done);
  worker_->take(std::move(job));
}

}  // namespace sitelatch::net

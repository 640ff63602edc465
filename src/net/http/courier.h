// SPDX-License-Identifier: Apache-2.0
// The real Courier: HTTP(S) posts and mail by libcurl, which is loaded when the first of them is
// sent, so that an engine that sends nothing pays neither for it nor for its memory. One worker
// thread carries all of them at once; one attempt each; http and https only, no redirects, answers
// read up to a bound. Proxies as in the environment (http_proxy ...). Mail goes to a folder, one
// RFC 5322 file each, or to an SMTP server; a password is sent over TLS alone. Which address a post
// goes to is judged when it is connected to, whatever its name resolved to before.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "ports/courier.h"

namespace sitelatch::net {

struct CourierConfig {
  std::string mail_folder;  // made when the first mail comes; used when smtp_url is empty
  std::string smtp_url;     // "smtp://mail.example.com:25", "smtps://user:password@host"
  std::string mail_from = "no-reply@sns.sitelatch.local";
  std::string ca_file;  // of trusted certificates; empty: libcurl's own
  // Whether posts go to link-local addresses too, where a machine's credentials are served
  // (base/ip.h).
  bool allow_link_local = false;
};

class CurlCourier final : public ports::Courier {
 public:
  // `post_to_control` runs its argument on the control thread, later; it is called from the worker.
  CurlCourier(CourierConfig config, std::function<void(std::function<void()>)> post_to_control);
  // What is under way is dropped: its `done` never runs.
  ~CurlCourier();
  CurlCourier(const CurlCourier&) = delete;
  CurlCourier& operator=(const CurlCourier&) = delete;

  void post(ports::Post post, std::function<void(ports::Receipt)> done) override;
  void mail(ports::Mail mail, std::function<void(ports::Receipt)> done) override;

 private:
  class Worker;
  std::unique_ptr<Worker> worker_;
};

// A mail as it travels: headers and body, CRLF lines, UTF-8 (RFC 5322, RFC 2047 for the subject).
std::string rfc5322(const ports::Mail& mail, const std::string& from, WallInstant date,
                    const std::string& message_id);

}  // namespace sitelatch::net

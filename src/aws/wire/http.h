// SPDX-License-Identifier: Apache-2.0
// An HTTP exchange as plain values, between the gateway, the signer, the client and whoever moves
// the bytes.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sitelatch::aws {

// Header names compare without case; order and duplicates are kept (SigV4 needs both).
struct Headers : std::vector<std::pair<std::string, std::string>> {
  using vector::vector;
  // The first value, or nullptr.
  const std::string* find(std::string_view name) const;
  std::string get(std::string_view name) const;        // first value or ""
  void set(std::string_view name, std::string value);  // replaces all of that name
  void add(std::string_view name, std::string value);
};

struct HttpRequest {
  std::string method = "GET";
  std::string target =
      "/";  // path and query exactly as sent: "/2013-04-01/healthcheck?marker=a%2Fb"
  Headers headers;
  std::string body;
  std::string peer;  // "127.0.0.1" of the client; empty when unknown

  std::string_view path() const;   // target up to '?'
  std::string_view query() const;  // after '?', or ""
};

struct HttpResponse {
  int status = 200;
  Headers headers;
  std::string body;
  std::shared_ptr<const std::string> file =
      {};             // instead of the body: one copy for all its readers
  bool lost = false;  // nobody is answered: the connection is closed instead
};

}  // namespace sitelatch::aws

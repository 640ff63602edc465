// SPDX-License-Identifier: Apache-2.0
// What a user of the sites would see: one DNS question to one server, one page of one site.
// Blocking, seconds at most.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "net/http/http_server.h"

namespace sitelatch::cli {

struct DnsReply {
  int rcode = 0;
  std::vector<std::string> addresses;  // of the A records, in order
};
// Nothing: no reply within two seconds, or not a reply.
std::optional<DnsReply> ask_a(const net::Endpoint& server, const std::string& name);

struct Page {
  int status = 0;
  std::string body;
};
// Nothing: no connection or no answer within two seconds.
std::optional<Page> fetch(const net::Endpoint& site, const std::string& path);

}  // namespace sitelatch::cli

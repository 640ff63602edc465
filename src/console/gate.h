// SPDX-License-Identifier: Apache-2.0
// Who may see the console and act by it. It listens on this machine's own addresses, which every
// program and every web page in a browser of this machine reaches, so it asks: is the Host one of
// this machine's own names (a foreign page's name may have been made to resolve here); was it sent
// by a page of others (Origin, Sec-Fetch-Site); does the caller have the session's cookie, which he
// gets for the token in the first URL. An act besides: POST, our Origin, JSON. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "aws/wire/http.h"

namespace sitelatch::console {

class Gate {
 public:
  // `port`: that the server listens on; cookies are kept by host alone, so their name has it.
  Gate(std::string token, std::uint16_t port);

  // By the head of any request, before its body is taken. Nothing: it may go on.
  std::optional<aws::HttpResponse> refusal(const aws::HttpRequest& head) const;
  // The token in the URL: gives the cookie, and leads to the same page without it.
  std::optional<aws::HttpResponse> entrance(const aws::HttpRequest& request) const;
  // Has the session's cookie. Else the answer is no_entry().
  bool knows(const aws::HttpRequest& request) const;
  static aws::HttpResponse no_entry();
  // Of a POST that acts. Nothing: it may.
  static std::optional<aws::HttpResponse> refusal_of_act(const aws::HttpRequest& request);

 private:
  const std::string token_, cookie_name_, session_;
};

// What every answer carries: nothing inline, nothing from elsewhere, in nobody's frame, kept by
// nobody.
aws::HttpResponse with_policies(aws::HttpResponse response);
aws::HttpResponse plain(int status, std::string_view text);

// The value of a query's parameter, decoded; empty: it is not there.
std::string parameter(const aws::HttpRequest& request, std::string_view name);

}  // namespace sitelatch::console

// SPDX-License-Identifier: Apache-2.0
// Which requests come from web pages of others. A browser sends a page's simple requests to any
// address, this machine's too, so the API refuses what a foreign page could have it send: a
// foreign Origin, a Sec-Fetch-Site of another site, and a Host name that is not ours (a page whose
// own name was made to resolve to this machine). Function URLs are for pages of anybody, so of
// requests to them the Host alone is asked. Fact gateway-14. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/wire/http.h"

namespace sitelatch::engine {

// Names that the engine answers to besides addresses, the loopback's names and AWS's own.
struct AcceptedHosts {
  std::vector<std::string> names;  // lower case
  // Names that no stranger on the internet can hold, such as other containers use: "sitelatch",
  // "x.internal", "x.local". For listeners beyond loopback.
  bool private_names = false;
};

// Why the request is refused, in a sentence; nothing: it may go on.
std::optional<std::string> cross_site_refusal(const aws::HttpRequest& head,
                                              const AcceptedHosts& hosts);

// Whether a browser made it: what it sends proves nothing of who wanted it sent.
bool from_browser(const aws::HttpRequest& head);

}  // namespace sitelatch::engine

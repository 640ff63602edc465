// SPDX-License-Identifier: Apache-2.0
// The canonical request of SigV4: one text for what was asked, whatever intermediaries did to its
// spelling. (IAM User Guide, "Create a signed AWS API request"; fact gateway-5.)
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "aws/wire/http.h"

namespace sitelatch::aws {

struct CanonicalRules {
  // Segments are percent-encoded once more than they came; S3 alone takes them as they came.
  enum class Path { encoded_again, as_sent } path = Path::encoded_again;
  // "." and ".." and empty segments are resolved.
  bool normalise_path = true;
  // How query names and values came: each octet re-encoded from what it means, '+' being a plus or
  // a blank, or taken as sent.
  enum class Query { reencoded, plus_is_blank, as_sent } query = Query::reencoded;
  bool with_session_token =
      true;  // false: X-Amz-Security-Token was added to the query after signing
};

// `signed_headers`: lower-case names, sorted. The query's X-Amz-Signature is never part of it.
std::string canonical_request(const HttpRequest& request,
                              const std::vector<std::string>& signed_headers,
                              std::string_view payload_hash, const CanonicalRules& rules);

// A header's value as SigV4 sees it: trimmed, runs of white space as one blank.
std::string canonical_header_value(std::string_view value);

}  // namespace sitelatch::aws

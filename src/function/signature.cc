// SPDX-License-Identifier: Apache-2.0
#include "function/signature.h"

#include <algorithm>
#include <cstdlib>

#include "aws/auth/sigv4_canonical.h"
#include "aws/auth/sigv4_digest.h"
#include "base/text.h"
#include "base/time.h"
#include "function/environment.h"

namespace sitelatch::function {
namespace {
// "20261122T104432Z"
std::string timestamp_now() {
  const auto wall = std::chrono::system_clock::now().time_since_epoch();
  auto text = iso8601_seconds(Instant{std::chrono::duration_cast<Duration>(wall)});
  text.erase(std::remove_if(text.begin(), text.end(), [](char c) { return c == '-' || c == ':'; }),
             text.end());
  return text;
}

std::string chain(std::string_view key, std::string_view text) {
  return std::string{aws::bytes_of(aws::hmac_sha256(key, text))};
}
}  // namespace

Result<Done> sign_from_environment(aws::HttpRequest& request, std::string_view service,
                                   std::string_view region) {
  const auto key_id = variable("AWS_ACCESS_KEY_ID"), secret = variable("AWS_SECRET_ACCESS_KEY"),
             token = variable("AWS_SESSION_TOKEN");
  if (key_id.empty() || secret.empty())
    return failure(Problem{"there are no credentials in the environment"});
  const auto timestamp = timestamp_now();
  const auto date = timestamp.substr(0, 8);
  request.headers.set("X-Amz-Date", timestamp);
  if (!token.empty()) request.headers.set("X-Amz-Security-Token", token);

  std::vector<std::string> names;
  for (const auto& [name, value] : request.headers) names.push_back(lower(name));
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  const auto canonical =
      aws::canonical_request(request, names, aws::hex_of(aws::sha256(request.body)), {});
  const auto scope =
      date + "/" + std::string{region} + "/" + std::string{service} + "/aws4_request";
  const auto to_sign =
      "AWS4-HMAC-SHA256\n" + timestamp + "\n" + scope + "\n" + aws::hex_of(aws::sha256(canonical));
  const auto key =
      chain(chain(chain(chain("AWS4" + secret, date), region), service), "aws4_request");
  const auto signature = aws::hex_of(aws::hmac_sha256(key, to_sign));
  request.headers.set("Authorization", "AWS4-HMAC-SHA256 Credential=" + key_id + "/" + scope +
                                           ", SignedHeaders=" + join(names, ";") +
                                           ", Signature=" + signature);
  return Done{};
}

}  // namespace sitelatch::function

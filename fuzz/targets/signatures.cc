// SPDX-License-Identifier: Apache-2.0
// SigV4: claims of any form are read, judged and verified; and whatever request we sign, we verify
// (and refuse once it was changed). Input: what; method, target, host, authorization, date, token,
// payload hash, each ended by NUL; body.
#include "aws/auth/sigv4.h"
#include "target.h"

using namespace sitelatch;
using namespace sitelatch::aws;

namespace {

const WallInstant now{from_civil(2026, 11, 22, 10, 44, 32).time_since_epoch()};
constexpr std::string_view secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

HttpRequest request_from(fuzz::Input& input) {
  HttpRequest request;
  request.method = input.text();
  request.target = input.text();
  for (const char* name :
       {"Host", "Authorization", "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Content-Sha256"})
    if (auto value = input.text(); !value.empty()) request.headers.add(name, std::move(value));
  request.body = input.rest();
  return request;
}

void verify_own(HttpRequest request, bool in_query) {
  if (!request.headers.find("Host")) request.headers.set("Host", "localhost");
  for (const auto* name :
       {"Authorization", "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Content-Sha256"})
    std::erase_if(request.headers, [&](const auto& header) { return header.first == name; });
  if (request.target.find("X-Amz-") != std::string::npos) return;
  const SigningIdentity identity{"AKID", std::string{secret}, ""};
  if (in_query)
    presign(request, identity, {"eu-west-1", "sns"}, now, std::chrono::seconds{60});
  else
    sign(request, identity, {"eu-west-1", "sns"}, now);
  const auto claim = read_signature(request);
  fuzz::require(claim && *claim, "our own signature can be read");
  fuzz::require(bool{check_claim(**claim, {"sns"}, now)}, "our own claim is good");
  SignatureVerifier verifier;
  fuzz::require(bool{verifier.verify(request, **claim, secret)}, "our own signature is good");
  fuzz::require(!verifier.verify(request, **claim, "another"), "another key's is not");
  if (in_query) return;
  request.body += 'x';
  fuzz::require(!verifier.verify(request, **claim, secret), "another body's is not");
}

}  // namespace

FUZZ_TARGET(signatures) {
  const auto what = input.choice(3);
  auto request = request_from(input);
  if (what > 0) return verify_own(std::move(request), what == 2);
  const auto claim = read_signature(request);
  if (!claim) return require(!claim.error().code.empty(), "a refusal has a code");
  if (!*claim) return;
  for (const auto region : {ExpectedScope::Region::like_one, ExpectedScope::Region::any})
    (void)check_claim(**claim, {"sns", region}, now);
  SignatureVerifier verifier;
  require(!verifier.verify(request, **claim, secret), "nobody guesses a signature");
  for (const auto path : {CanonicalRules::Path::encoded_again, CanonicalRules::Path::as_sent})
    (void)canonical_request(request, (*claim)->signed_headers, "hash", {path});
}

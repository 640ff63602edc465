// SPDX-License-Identifier: Apache-2.0
// Web identity tokens: OpenID Connect ID tokens (JWT, RFC 7519) that are verified by the keys of
// their issuer (JWKS, RFC 7517). Pure. Nothing is taken of a token before its signature holds, but
// the issuer by whose keys that is found out.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/service/tags.h"
#include "aws/wire/value.h"

namespace sitelatch::sts {

struct WebIdentityToken {
  std::string algorithm, key_id;  // of the header
  std::string issuer;             // "https://..."
  aws::Value claims;
  std::string signed_part, signature;
};
// Nothing: no JWT with an issuer.
std::optional<WebIdentityToken> read_token(std::string_view text);

// By one of the keys of a JWKS: RS256, RS384, RS512, ES256, ES384, ES512.
bool verify_token(const WebIdentityToken& token, std::string_view jwks);
// Whether a text is a JWKS with at least one key that could verify something.
bool is_jwks(std::string_view text);

std::vector<std::string> audiences(const WebIdentityToken& token);
std::optional<std::int64_t> seconds_claim(const WebIdentityToken& token, std::string_view name);
std::string text_claim(const WebIdentityToken& token, std::string_view name);  // "": none

// The condition keys that AWS has of a token, by its provider's URL without "https://" (facts
// sts-14, sts-15).
void add_claim_keys(const WebIdentityToken& token, std::string_view provider,
                    aws::ConditionKeys& keys);
// Session tags and source identity that the issuer sends along.
aws::Tags principal_tags(const WebIdentityToken& token);
std::string source_identity(const WebIdentityToken& token);

}  // namespace sitelatch::sts

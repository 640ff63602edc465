// SPDX-License-Identifier: Apache-2.0
// Whom TLS trusts: the host's CA bundle, read lazily. OpenSSL 3.0 needs 23-50 ms to parse the 145
// certificates of a bundle, most of a cold start; this lookup decodes the PEM once, finds subjects
// by a look at the DER, and parses only the issuer that a chain asks for (1.5-4 ms).
#pragma once

#include <string>

struct ssl_ctx_st;

namespace sitelatch::function {

// AWS_CA_BUNDLE, SSL_CERT_FILE, else where Amazon Linux, Debian, Alpine and others have it. Empty:
// none was found.
std::string ca_bundle_path();
// The context of all connections: certificates and names verified, TLS 1.2 and above. Made at the
// first call.
ssl_ctx_st* tls_context();

}  // namespace sitelatch::function

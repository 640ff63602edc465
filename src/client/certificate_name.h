// SPDX-License-Identifier: Apache-2.0
// Whom a certificate is for, by its subjectAltName alone (RFC 9525 §2). libcurl falls back to the
// common name where there is none.
#pragma once

#include <string>

namespace sitelatch::client {

// `pem`: one certificate. `host`: a name or an address, without brackets. False also for what is no
// certificate.
bool certificate_names(const std::string& pem, const std::string& host);

}  // namespace sitelatch::client

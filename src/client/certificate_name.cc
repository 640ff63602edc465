// SPDX-License-Identifier: Apache-2.0
#include "client/certificate_name.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

namespace sitelatch::client {

bool certificate_names(const std::string& pem, const std::string& host) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> text(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  if (!text) return false;
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr), &X509_free);
  if (!certificate) return false;
  const int as_address = X509_check_ip_asc(certificate.get(), host.c_str(), 0);
  if (as_address >= 0) return as_address == 1;  // below: it is no address
  return X509_check_host(certificate.get(), host.data(), host.size(),
                         X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS,
                         nullptr) == 1;
}

}  // namespace sitelatch::client

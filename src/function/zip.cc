// SPDX-License-Identifier: Apache-2.0
#include "function/zip.h"

#include <openssl/sha.h>

#include "base/text.h"

__asm__(
    ".pushsection .rodata\n"
    ".global sitelatch_function_zip_begin\n"
    ".global sitelatch_function_zip_end\n"
    ".balign 16\n"
    "sitelatch_function_zip_begin:\n"
    ".incbin \"" SITELATCH_FUNCTION_ZIP
    "\"\n"
    "sitelatch_function_zip_end:\n"
    ".byte 0\n"
    ".popsection\n");

extern "C" const char sitelatch_function_zip_begin[];
extern "C" const char sitelatch_function_zip_end[];

namespace sitelatch::function {

std::string_view function_zip() {
  return {sitelatch_function_zip_begin,
          static_cast<std::size_t>(sitelatch_function_zip_end - sitelatch_function_zip_begin)};
}

std::string_view function_architecture() { return SITELATCH_FUNCTION_ARCHITECTURE; }

const std::string& function_sha256() {
  static const std::string text = [] {
    const auto zip = function_zip();
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256(reinterpret_cast<const unsigned char*>(zip.data()), zip.size(), digest);
    return base64({reinterpret_cast<const char*>(digest), sizeof digest});
  }();
  return text;
}

}  // namespace sitelatch::function

// SPDX-License-Identifier: Apache-2.0
// What a checker says it saw, in AWS's words where they are known (fact probe-4), in their manner
// where not (facts probe-5 to probe-7).
#pragma once

#include <string>

namespace sitelatch::net {

// `resolved` is the address that a name resolved to, empty where the check is by address.
std::string words_for_status(bool success, int code, const std::string& reason,
                             const std::string& resolved);
std::string words_for_missing_string(int code, const std::string& reason,
                                     const std::string& resolved);
std::string words_for_failure(const std::string& sentence, const std::string& resolved);
std::string words_for_connection(const std::string& resolved);  // TCP, success

// The sentence for an errno of connect, send or recv.
std::string sentence_for_errno(int error);
// The sentence for what OpenSSL just reported on this thread; empty if it reported nothing.
std::string sentence_for_tls();

extern const char* const timed_out_sentence;  // no connection in time
extern const char* const no_response_sentence;
extern const char* const no_body_sentence;
extern const char* const closed_sentence;
extern const char* const malformed_sentence;
extern const char* const header_too_long_sentence;
extern const char* const resolution_failed_sentence;
extern const char* const restricted_sentence;
extern const char* const endless_handshake_sentence;

}  // namespace sitelatch::net

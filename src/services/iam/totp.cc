// SPDX-License-Identifier: Apache-2.0
#include "services/iam/totp.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <stdexcept>

#include "aws/auth/sigv4_digest.h"

namespace sitelatch::iam {

std::int64_t totp_step(WallInstant t) {
  return std::chrono::floor<std::chrono::seconds>(t.time_since_epoch()).count() / 30;
}

std::string totp_code(std::string_view seed, std::int64_t step) {
  std::array<unsigned char, 8> counter{};
  for (std::size_t i = 0; i < counter.size(); ++i)
    counter[i] = static_cast<unsigned char>(static_cast<std::uint64_t>(step) >> (56 - 8 * i));
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  if (!HMAC(EVP_sha1(), seed.data(), static_cast<int>(seed.size()), counter.data(), counter.size(),
            mac.data(), &size))
    throw std::runtime_error("a one-time code cannot be made");
  // RFC 4226 5.3: four bytes from where the last half byte says, without the sign.
  const std::size_t at = mac[size - 1] & 0x0f;
  const std::uint32_t number = (static_cast<std::uint32_t>(mac[at] & 0x7f) << 24) |
                               (static_cast<std::uint32_t>(mac[at + 1]) << 16) |
                               (static_cast<std::uint32_t>(mac[at + 2]) << 8) | mac[at + 3];
  return fmt::format("{:06}", number % 1'000'000);
}

std::optional<std::int64_t> find_code(std::string_view seed, std::string_view code,
                                      std::int64_t about, std::int64_t reach, std::int64_t last) {
  // Nearest first: a code may come twice within a long reach.
  for (std::int64_t away = 0; away <= reach; ++away)
    for (const auto step : {about - away, about + away})
      if (step > last && aws::equal_in_constant_time(totp_code(seed, step), code)) return step;
  return std::nullopt;
}

std::optional<std::int64_t> find_pair(std::string_view seed, std::string_view first,
                                      std::string_view second, std::int64_t about,
                                      std::int64_t reach) {
  for (std::int64_t away = 0; away <= reach; ++away)
    for (const auto step : {about - away, about + away})
      if (totp_code(seed, step) == second && totp_code(seed, step - 1) == first) return step;
  return std::nullopt;
}

std::string base32(std::string_view bytes) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string out;
  std::uint32_t held = 0;
  int bits = 0;
  for (const char c : bytes) {
    held = (held << 8) | static_cast<unsigned char>(c);
    for (bits += 8; bits >= 5; bits -= 5) out += alphabet[(held >> (bits - 5)) & 31];
  }
  if (bits > 0) out += alphabet[(held << (5 - bits)) & 31];
  return out;
}

}  // namespace sitelatch::iam

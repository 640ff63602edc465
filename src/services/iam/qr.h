// SPDX-License-Identifier: Apache-2.0
// A text as a QR code (ISO/IEC 18004: byte mode, error correction level L, mask 0), as a PNG: what
// CreateVirtualMFADevice shows to a telephone. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sitelatch::iam {

using QrModules = std::vector<std::vector<bool>>;  // rows; true: dark

std::optional<QrModules> qr_modules(std::string_view text);  // nothing: longer than 858 bytes
std::optional<std::string> qr_png(std::string_view text);

}  // namespace sitelatch::iam

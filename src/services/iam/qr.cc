// SPDX-License-Identifier: Apache-2.0
#include "services/iam/qr.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>

namespace sitelatch::iam {
namespace {
using Bytes = std::vector<std::uint8_t>;
constexpr int most_version = 20;
// Of level L, by version (ISO/IEC 18004 table 9).
constexpr std::array<int, most_version> correction_of_block = {
    7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28};
constexpr std::array<int, most_version> blocks_of = {1, 1, 1, 1, 1, 2, 2, 2, 2, 4,
                                                     4, 4, 4, 4, 6, 6, 6, 6, 7, 8};

int of(const std::array<int, most_version>& table, int version) {
  return table[static_cast<std::size_t>(version - 1)];
}

// Where the small squares stand, in both directions (annex E).
std::vector<int> alignments(int version) {
  if (version == 1) return {};
  const int count = version / 7 + 2, last = 4 * version + 10;
  const int step = (version * 4 + count * 2 + 1) / (count * 2 - 2) * 2;
  std::vector<int> out{6};
  for (int i = count - 2; i >= 0; --i) out.push_back(last - i * step);
  return out;
}

// Codewords of a version: what its square has besides patterns, format and version.
int codewords_of(int version) {
  int modules = (16 * version + 128) * version + 64;
  if (version >= 2) {
    const int count = version / 7 + 2;
    modules -= (25 * count - 10) * count - 55;
    if (version >= 7) modules -= 36;
  }
  return modules / 8;
}
int data_codewords_of(int version) {
  return codewords_of(version) - of(correction_of_block, version) * of(blocks_of, version);
}

// --- Reed-Solomon over the field of 256 with x^8+x^4+x^3+x^2+1 ---

std::uint8_t product(std::uint8_t a, std::uint8_t b) {
  unsigned out = 0;
  for (int bit = 7; bit >= 0; --bit) {
    out = (out << 1) ^ ((out >> 7) * 0x11d);
    out ^= ((b >> bit) & 1u) * a;
  }
  return static_cast<std::uint8_t>(out);
}

Bytes correction_of(const Bytes& data, int size) {
  Bytes generator(static_cast<std::size_t>(size), 0);
  generator.back() = 1;
  std::uint8_t root = 1;
  for (int i = 0; i < size; ++i) {
    for (std::size_t j = 0; j < generator.size(); ++j) {
      generator[j] = product(generator[j], root);
      if (j + 1 < generator.size()) generator[j] ^= generator[j + 1];
    }
    root = product(root, 2);
  }
  Bytes rest(generator.size(), 0);
  for (const auto byte : data) {
    const std::uint8_t factor = byte ^ rest.front();
    std::rotate(rest.begin(), rest.begin() + 1, rest.end());
    rest.back() = 0;
    for (std::size_t j = 0; j < rest.size(); ++j) rest[j] ^= product(generator[j], factor);
  }
  return rest;
}

Bytes data_of(std::string_view text, int version) {
  std::vector<bool> bits;
  const auto put = [&bits](unsigned value, int count) {
    for (int i = count - 1; i >= 0; --i) bits.push_back(((value >> i) & 1u) != 0);
  };
  const auto room = static_cast<std::size_t>(data_codewords_of(version)) * 8;
  put(4, 4);  // bytes
  put(static_cast<unsigned>(text.size()), version < 10 ? 8 : 16);
  for (const char c : text) put(static_cast<unsigned char>(c), 8);
  put(0, static_cast<int>(std::min<std::size_t>(4, room - bits.size())));
  while (bits.size() % 8 != 0) bits.push_back(false);
  Bytes out(bits.size() / 8, 0);
  for (std::size_t i = 0; i < bits.size(); ++i)
    if (bits[i]) out[i / 8] |= static_cast<std::uint8_t>(0x80u >> (i % 8));
  for (bool first = true; out.size() < room / 8; first = !first) out.push_back(first ? 0xec : 0x11);
  return out;
}

// The blocks with their corrections, a codeword of each in turn (8.6); the first ones are shorter.
Bytes interleaved(const Bytes& data, int version) {
  const auto blocks = static_cast<std::size_t>(of(blocks_of, version));
  const auto all = static_cast<std::size_t>(codewords_of(version));
  const auto size = static_cast<std::size_t>(of(correction_of_block, version));
  const std::size_t short_ones = blocks - all % blocks, shorter = all / blocks - size;
  std::vector<Bytes> parts, corrections;
  auto at = data.begin();
  for (std::size_t i = 0; i < blocks; ++i) {
    const auto end = at + static_cast<std::ptrdiff_t>(shorter + (i < short_ones ? 0 : 1));
    parts.emplace_back(at, end);
    at = end;
    corrections.push_back(correction_of(parts.back(), static_cast<int>(size)));
  }
  Bytes out;
  for (std::size_t i = 0; i <= shorter; ++i)
    for (const auto& part : parts)
      if (i < part.size()) out.push_back(part[i]);
  for (std::size_t i = 0; i < size; ++i)
    for (const auto& correction : corrections) out.push_back(correction[i]);
  return out;
}

class Square {
 public:
  explicit Square(int version)
      : version_(version),
        size_(version * 4 + 17),
        dark_(side(), std::vector<bool>(side(), false)),
        taken_(dark_) {
    for (int i = 0; i < size_; ++i) {  // timing
      set(6, i, i % 2 == 0);
      set(i, 6, i % 2 == 0);
    }
    for (const auto& [x, y] : {std::pair{3, 3}, {size_ - 4, 3}, {3, size_ - 4}})
      rings(x, y, 4, [](int distance) { return distance != 2 && distance != 4; });
    const auto places = alignments(version);
    for (const int x : places)
      for (const int y : places) {
        const int last = size_ - 7;
        if ((x == 6 && y == 6) || (x == 6 && y == last) || (x == last && y == 6)) continue;
        rings(x, y, 2, [](int distance) { return distance != 1; });
      }
    draw_format();
    draw_version();
  }

  // From the lower right corner, in columns of two, up and down (8.7.3), with mask 0.
  void fill(const Bytes& codewords) {
    std::size_t bit = 0;
    bool up = true;
    for (int right = size_ - 1; right >= 1; right -= 2, up = !up) {
      if (right == 6) right = 5;
      for (int i = 0; i < size_; ++i)
        for (const int x : {right, right - 1}) {
          const int y = up ? size_ - 1 - i : i;
          if (taken_[at(y)][at(x)]) continue;
          const bool one =
              bit < codewords.size() * 8 && ((codewords[bit / 8] >> (7 - bit % 8)) & 1) != 0;
          ++bit;
          dark_[at(y)][at(x)] = one != ((x + y) % 2 == 0);
        }
    }
  }
  const QrModules& modules() const { return dark_; }

 private:
  static std::size_t at(int i) { return static_cast<std::size_t>(i); }
  std::size_t side() const { return at(size_); }
  void set(int x, int y, bool dark) {
    dark_[at(y)][at(x)] = dark;
    taken_[at(y)][at(x)] = true;
  }
  template <class IsDark>
  void rings(int x, int y, int reach, IsDark is_dark) {
    for (int dy = -reach; dy <= reach; ++dy)
      for (int dx = -reach; dx <= reach; ++dx)
        if (x + dx >= 0 && x + dx < size_ && y + dy >= 0 && y + dy < size_)
          set(x + dx, y + dy, is_dark(std::max(std::abs(dx), std::abs(dy))));
  }
  void draw_format() {
    constexpr unsigned level_and_mask = 1u << 3;  // level L is 01, mask 0
    unsigned rest = level_and_mask;
    for (int i = 0; i < 10; ++i) rest = (rest << 1) ^ ((rest >> 9) * 0x537);
    const unsigned bits = (level_and_mask << 10 | rest) ^ 0x5412;
    const auto bit = [bits](int i) { return ((bits >> i) & 1u) != 0; };
    for (int i = 0; i <= 5; ++i) set(8, i, bit(i));
    set(8, 7, bit(6));
    set(8, 8, bit(7));
    set(7, 8, bit(8));
    for (int i = 9; i < 15; ++i) set(14 - i, 8, bit(i));
    for (int i = 0; i < 8; ++i) set(size_ - 1 - i, 8, bit(i));
    for (int i = 8; i < 15; ++i) set(8, size_ - 15 + i, bit(i));
    set(8, size_ - 8, true);
  }
  void draw_version() {
    if (version_ < 7) return;
    auto rest = static_cast<unsigned>(version_);
    for (int i = 0; i < 12; ++i) rest = (rest << 1) ^ ((rest >> 11) * 0x1f25);
    const unsigned bits = static_cast<unsigned>(version_) << 12 | rest;
    for (int i = 0; i < 18; ++i) {
      const bool dark = ((bits >> i) & 1u) != 0;
      set(size_ - 11 + i % 3, i / 3, dark);
      set(i / 3, size_ - 11 + i % 3, dark);
    }
  }

  int version_, size_;
  QrModules dark_, taken_;
};

// --- PNG ---

std::string number(std::uint32_t value) {
  std::string out;
  for (const int shift : {24, 16, 8, 0}) out += static_cast<char>((value >> shift) & 0xff);
  return out;
}
std::string chunk(std::string_view type, std::string_view data) {
  const auto body = std::string{type} + std::string{data};
  const auto crc =
      crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
  return number(static_cast<std::uint32_t>(data.size())) + body +
         number(static_cast<std::uint32_t>(crc));
}
}  // namespace

std::optional<QrModules> qr_modules(std::string_view text) {
  for (int version = 1; version <= most_version; ++version) {
    const std::size_t head_bits = 4 + (version < 10 ? 8 : 16);
    if (head_bits + text.size() * 8 > static_cast<std::size_t>(data_codewords_of(version)) * 8)
      continue;
    Square square(version);
    square.fill(interleaved(data_of(text, version), version));
    return square.modules();
  }
  return std::nullopt;
}

std::optional<std::string> qr_png(std::string_view text) {
  constexpr std::size_t scale = 4, border = 4;
  const auto modules = qr_modules(text);
  if (!modules) return std::nullopt;
  const auto side = (modules->size() + 2 * border) * scale;
  // A byte says which filter a row has (none), then eight pixels a byte: 1 is white.
  std::string pixels;
  for (std::size_t y = 0; y < side; ++y) {
    std::string row((side + 7) / 8, '\xff');
    const auto my = y / scale;
    for (std::size_t x = 0; x < side; ++x) {
      const auto mx = x / scale;
      const bool inside = mx >= border && my >= border && mx - border < modules->size() &&
                          my - border < modules->size();
      if (inside && (*modules)[my - border][mx - border])
        row[x / 8] = static_cast<char>(row[x / 8] & ~(0x80 >> (x % 8)));
    }
    pixels += '\0' + row;
  }
  auto packed_size = compressBound(static_cast<uLong>(pixels.size()));
  std::string packed(packed_size, '\0');
  if (compress(reinterpret_cast<Bytef*>(packed.data()), &packed_size,
               reinterpret_cast<const Bytef*>(pixels.data()),
               static_cast<uLong>(pixels.size())) != Z_OK)
    return std::nullopt;
  packed.resize(packed_size);
  const auto length = number(static_cast<std::uint32_t>(side));
  const std::string one_bit_grey{"\x01\x00\x00\x00\x00", 5};
  return "\x89PNG\r\n\x1a\n" + chunk("IHDR", length + length + one_bit_grey) +
         chunk("IDAT", packed) + chunk("IEND", "");
}

}  // namespace sitelatch::iam

// SPDX-License-Identifier: Apache-2.0
#include <zlib.h>

#include <new>

#include "aws/wire/codec.h"
#include "base/check.h"
#include "base/text.h"

namespace sitelatch::aws::codec {
namespace {
constexpr int gzip_window = 15 + 16;
constexpr std::size_t inflated_bytes_max = 16 << 20;
// Beyond a megabyte nothing that a client has to say shrinks further than this (fact wire-31).
constexpr std::size_t ratio_max = 200;
constexpr std::size_t ratio_free_bytes = 1 << 20;

struct Inflating {
  Inflating() {
    // zlib fails here for want of memory alone.
    if (inflateInit2(&stream, gzip_window) != Z_OK) throw std::bad_alloc{};
  }
  ~Inflating() { inflateEnd(&stream); }
  Inflating(const Inflating&) = delete;
  Inflating& operator=(const Inflating&) = delete;
  z_stream stream{};
};
}  // namespace

std::optional<std::string> unpacked_body(const HttpRequest& request) {
  const auto* encoding = request.headers.find("Content-Encoding");
  if (!encoding || !equal_ignoring_case(trim(split(*encoding, ',').back()), "gzip"))
    return std::nullopt;
  return inflate_gzip(request.body, inflated_bytes_max);
}

std::string inflate_gzip(std::string_view bytes, std::size_t bound) {
  Inflating inflating;
  z_stream& stream = inflating.stream;
  // zlib reads it only.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string out;
  char buffer[16384];
  int state = Z_OK;
  const auto too_large = [&] {
    return out.size() > bound ||
           (out.size() > ratio_free_bytes && out.size() / ratio_max > stream.total_in);
  };
  while (state == Z_OK && !too_large()) {
    stream.next_out = reinterpret_cast<Bytef*>(buffer);
    stream.avail_out = sizeof buffer;
    state = inflate(&stream, Z_NO_FLUSH);
    out.append(buffer, sizeof buffer - stream.avail_out);
  }
  if (state == Z_MEM_ERROR) throw std::bad_alloc{};
  if (too_large())
    throw Malformed{"The request body is too large once it is decompressed",
                    "RequestEntityTooLarge"};
  if (state != Z_STREAM_END || stream.avail_in != 0)
    throw Malformed{"The request body is not in the gzip format that Content-Encoding announces"};
  return out;
}

std::string deflate_gzip(std::string_view bytes) {
  z_stream stream{};
  ENSURE(deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, gzip_window, 8,
                      Z_DEFAULT_STRATEGY) == Z_OK,
         "zlib starts");
  std::string input{bytes};
  std::string out(deflateBound(&stream, static_cast<uLong>(input.size())), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int state = deflate(&stream, Z_FINISH);
  deflateEnd(&stream);
  ENSURE(state == Z_STREAM_END, "the bound is enough");
  out.resize(stream.total_out);
  return out;
}

}  // namespace sitelatch::aws::codec

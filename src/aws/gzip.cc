// SPDX-License-Identifier: Apache-2.0
#include <zlib.h>

#include "aws/codec.h"
#include "base/check.h"
#include "base/text.h"

namespace sitelatch::aws::codec {
namespace {
constexpr int gzip_window = 15 + 16;
constexpr std::size_t inflated_bytes_max = 16 << 20;
}  // namespace

std::optional<std::string> unpacked_body(const HttpRequest& request) {
  const auto* encoding = request.headers.find("Content-Encoding");
  if (!encoding || !equal_ignoring_case(trim(split(*encoding, ',').back()), "gzip"))
    return std::nullopt;
  return inflate_gzip(request.body, inflated_bytes_max);
}

std::string inflate_gzip(std::string_view bytes, std::size_t bound) {
  z_stream stream{};
  ENSURE(inflateInit2(&stream, gzip_window) == Z_OK, "zlib starts");
  std::string input{bytes};
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  std::string out;
  char buffer[16384];
  int state = Z_OK;
  while (state == Z_OK && out.size() <= bound) {
    stream.next_out = reinterpret_cast<Bytef*>(buffer);
    stream.avail_out = sizeof buffer;
    state = inflate(&stream, Z_NO_FLUSH);
    out.append(buffer, sizeof buffer - stream.avail_out);
  }
  inflateEnd(&stream);
  if (out.size() > bound)
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

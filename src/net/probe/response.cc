// SPDX-License-Identifier: Apache-2.0
#include "net/probe/response.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "base/text.h"

namespace sitelatch::net {
namespace {

bool is_token_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c != 0 && std::strchr("!#$%&'*+-.^_`|~", c) != nullptr);
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Visible, blank or obs-text (RFC 7230 §3.2).
bool is_field_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= ' ' && byte != 0x7f);
  });
}

}  // namespace

// gzip, or deflate with zlib's frame or (as some servers send it) without.
class ProbeResponse::Inflater {
 public:
  Inflater() : ready_(inflateInit2(&stream_, 15 + 32) == Z_OK) {}
  ~Inflater() {
    if (ready_) inflateEnd(&stream_);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // Appends at most `room` bytes. False: the data ended or is broken; what came out before counts.
  bool add(std::string_view bytes, std::string& out, std::size_t room) {
    if (first_) {  // two bytes tell the frame, whatever pieces they come in
      head_ += bytes;
      if (head_.size() < 2) return true;
      bytes = head_;
    }
    const std::size_t before = out.size();
    int result = run(bytes, out, room);
    if (result == Z_DATA_ERROR && first_ && out.size() == before &&
        inflateReset2(&stream_, -15) == Z_OK) {
      result = run(bytes, out, room);
    }
    first_ = false;
    return result == Z_OK || result == Z_BUF_ERROR;
  }

 private:
  int run(std::string_view bytes, std::string& out, std::size_t room) {
    if (!ready_) return Z_STREAM_ERROR;
    const std::size_t before = out.size();
    out.resize(before + room);
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    stream_.next_out = reinterpret_cast<Bytef*>(&out[before]);
    stream_.avail_out = static_cast<uInt>(room);
    const int result = inflate(&stream_, Z_SYNC_FLUSH);
    out.resize(out.size() - stream_.avail_out);
    return result;
  }

  z_stream stream_{};
  std::string head_;
  bool ready_ = false, first_ = true;
};

ProbeResponse::ProbeResponse(const std::string* search) : search_(search) {}
ProbeResponse::~ProbeResponse() = default;

ProbeResponse::State ProbeResponse::feed(std::string_view bytes) {
  while (state_ == State::head && !bytes.empty()) take_head(bytes);
  if (state_ == State::body && !bytes.empty()) take_body(bytes);
  return state_;
}

ProbeResponse::State ProbeResponse::end() {
  if (state_ == State::head) state_ = State::closed;
  // A body cut short is searched as far as it came.
  if (state_ == State::body) finish_body();
  return state_;
}

// One line, or what there is of it. Lines end in CRLF, or in LF alone (RFC 7230 §3.5).
void ProbeResponse::take_head(std::string_view& bytes) {
  const std::size_t newline = bytes.find('\n');
  const std::size_t size = newline == std::string_view::npos ? bytes.size() : newline + 1;
  head_size_ += size;
  if (head_size_ > max_head) {
    state_ = State::too_long;
    return;
  }
  line_.append(bytes.substr(0, size));
  bytes.remove_prefix(size);
  if (newline == std::string_view::npos) {
    // Garbage is seen at once, not after its 16,384 bytes or its silence.
    const std::size_t shown = std::min<std::size_t>(line_.size(), 5);
    if (!has_status_ &&
        std::string_view(line_).substr(0, shown) != std::string_view("HTTP/").substr(0, shown)) {
      state_ = State::malformed;
    }
    return;
  }
  line_.pop_back();
  if (!line_.empty() && line_.back() == '\r') line_.pop_back();
  const std::string line = std::move(line_);
  line_.clear();
  if (!take_line(line)) state_ = State::malformed;
}

bool ProbeResponse::take_line(std::string_view line) {
  if (!has_status_) return take_status(line);
  if (line.empty()) {
    finish_head();
    return true;
  }
  if (line[0] == ' ' || line[0] == '\t') return head_size_ > 0 && is_field_text(line);  // obs-fold
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string_view name = line.substr(0, colon), value = line.substr(colon + 1);
  if (!std::all_of(name.begin(), name.end(), is_token_character) || !is_field_text(value))
    return false;
  return take_field(name, trim(value));
}

// HTTP/1.x SP three digits, then nothing or SP and a reason (RFC 7230 §3.1.2).
bool ProbeResponse::take_status(std::string_view line) {
  if (line.size() < 12 || line.substr(0, 7) != "HTTP/1." || !is_digit(line[7]) || line[8] != ' ')
    return false;
  if (!is_digit(line[9]) || !is_digit(line[10]) || !is_digit(line[11])) return false;
  if (line.size() > 12 && line[12] != ' ') return false;
  code_ = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
  if (code_ < 100) return false;
  reason_ = line.size() > 13 ? std::string(line.substr(13)) : "";
  has_status_ = true;
  return is_field_text(reason_);
}

bool ProbeResponse::take_field(std::string_view name, std::string_view value) {
  if (equal_ignoring_case(name, "Content-Length")) {
    const auto length = parse_int(value);
    if (value.empty() || !std::all_of(value.begin(), value.end(), is_digit) || !length)
      return false;
    if (has_length_ && left_ != static_cast<std::uint64_t>(*length)) return false;
    has_length_ = true;
    left_ = static_cast<std::uint64_t>(*length);
  } else if (equal_ignoring_case(name, "Transfer-Encoding")) {
    if (lower(value).ends_with("chunked")) framing_ = Framing::chunked;
  } else if (equal_ignoring_case(name, "Content-Encoding")) {
    const std::string encoding = lower(value);
    encoded_ = encoding == "gzip" || encoding == "x-gzip" || encoding == "deflate";
  }
  return true;
}

void ProbeResponse::finish_head() {
  if (code_ < 200 && code_ != 101) {  // interim: the real one follows
    has_status_ = has_length_ = encoded_ = false;
    framing_ = Framing::until_close;
    return;
  }
  if (!search_ || !code_is_good()) {
    state_ = State::done;
    return;
  }
  state_ = State::body;
  if (encoded_) inflater_ = std::make_unique<Inflater>();
  if (framing_ == Framing::chunked) {
    left_ = 0;
  } else if (has_length_) {
    framing_ = Framing::length;
  }
  const bool empty = code_ == 204 || code_ == 304 || (framing_ == Framing::length && left_ == 0);
  if (empty) finish_body();
}

void ProbeResponse::take_body(std::string_view bytes) {
  bytes = bytes.substr(0, max_body - body_size_);
  body_size_ += bytes.size();
  take_framed(bytes);
  if (state_ == State::body && body_size_ == max_body) finish_body();
}

void ProbeResponse::take_framed(std::string_view bytes) {
  if (framing_ == Framing::chunked) return take_chunks(bytes);
  if (framing_ == Framing::length) {
    bytes = bytes.substr(0, std::min<std::uint64_t>(left_, bytes.size()));
    left_ -= bytes.size();
  }
  take_decoded(bytes);
  if (state_ == State::body && framing_ == Framing::length && left_ == 0) finish_body();
}

// RFC 7230 §4.1. A malformed chunk ends the body there.
void ProbeResponse::take_chunks(std::string_view bytes) {
  while (!bytes.empty() && state_ == State::body) {
    if (chunk_ == Chunk::data) {
      const std::string_view data = bytes.substr(0, std::min<std::uint64_t>(left_, bytes.size()));
      bytes.remove_prefix(data.size());
      left_ -= data.size();
      if (left_ == 0) chunk_ = Chunk::data_end;
      take_decoded(data);
      continue;
    }
    const char c = bytes[0];
    bytes.remove_prefix(1);
    if (chunk_ == Chunk::data_end) {
      if (c == '\n') {
        chunk_ = Chunk::size;
      } else if (c != '\r') {
        finish_body();
      }
    } else if (!take_chunk_size(c)) {
      finish_body();
    }
  }
}

// One character of the size line. False: it is broken, or was the last chunk's.
bool ProbeResponse::take_chunk_size(char c) {
  if (++chunk_line_size_ > max_chunk_line) return false;
  if (c == '\n') {
    if (!chunk_has_digits_ || left_ == 0) return false;
    chunk_ = Chunk::data;
    chunk_line_size_ = 0;
    chunk_has_digits_ = chunk_in_extension_ = false;
    return true;
  }
  if (chunk_in_extension_) return true;
  const int digit = hex_digit(c);
  if (digit >= 0 && left_ < (std::uint64_t{1} << 56)) {
    left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
    chunk_has_digits_ = true;
    return true;
  }
  chunk_in_extension_ = c == ';' || c == '\r' || c == ' ' || c == '\t';
  return chunk_in_extension_;
}

void ProbeResponse::take_decoded(std::string_view bytes) {
  const std::size_t room = max_searched - searched_.size();
  const std::size_t known = searched_.size();
  bool more = true;
  if (inflater_) {
    more = inflater_->add(bytes, searched_, room);
  } else {
    searched_.append(bytes.substr(0, room));
  }
  const std::size_t from = known >= search_->size() ? known - search_->size() + 1 : 0;
  found_ = searched_.find(*search_, from) != std::string::npos;
  if (found_ || !more || searched_.size() >= max_searched) finish_body();
}

void ProbeResponse::finish_body() {
  if (search_->empty()) found_ = true;
  state_ = State::done;
}

}  // namespace sitelatch::net

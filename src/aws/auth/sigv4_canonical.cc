// SPDX-License-Identifier: Apache-2.0
#include "aws/auth/sigv4_canonical.h"

#include <algorithm>

#include "base/text.h"

namespace sitelatch::aws {
namespace {
bool blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

bool unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.' || c == '~';
}

void append_encoded(std::string& out, char c) {
  constexpr char digits[] = "0123456789ABCDEF";
  if (unreserved(c)) {
    out += c;
    return;
  }
  const auto byte = static_cast<unsigned char>(c);
  out += '%';
  out += digits[byte >> 4];
  out += digits[byte & 15];
}

// RFC 3986 §5.2.4, and empty segments dropped; a trailing slash stays.
std::string normalised(std::string_view path) {
  std::vector<std::string_view> kept;
  const auto segments = split(path, '/');
  for (const auto segment : segments) {
    if (segment.empty() || segment == ".") continue;
    if (segment != "..") {
      kept.push_back(segment);
    } else if (!kept.empty()) {
      kept.pop_back();
    }
  }
  std::string out = "/";
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (i) out += '/';
    out += kept[i];
  }
  if (!kept.empty() && path.ends_with('/')) out += '/';
  return out;
}

void append_path(std::string& out, std::string_view path, const CanonicalRules& rules) {
  const bool odd =
      path.find("//") != path.npos || path.find("/.") != path.npos || !path.starts_with('/');
  std::string resolved;
  if (rules.normalise_path && odd) path = resolved = normalised(path);
  if (path.empty()) path = "/";
  for (const char c : path) {
    const bool escape = c == '%' && rules.path == CanonicalRules::Path::as_sent;
    if (c == '/' || escape) {
      out += c;
    } else {
      append_encoded(out, c);
    }
  }
}

std::string canonical_query_part(std::string_view text, CanonicalRules::Query rule) {
  std::string out;
  out.reserve(text.size() + 8);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (c == '%' && high >= 0 && low >= 0) {
      if (rule == CanonicalRules::Query::as_sent) {
        out += text.substr(i, 3);
      } else {
        append_encoded(out, static_cast<char>(high * 16 + low));
      }
      i += 2;
    } else if (c == '+' && rule == CanonicalRules::Query::plus_is_blank) {
      out += "%20";
    } else {
      append_encoded(out, c);
    }
  }
  return out;
}

void append_query(std::string& out, std::string_view query, const CanonicalRules& rules) {
  if (query.empty()) return;
  std::vector<std::pair<std::string, std::string>> parameters;
  for (const auto part : split(query, '&')) {
    if (part.empty()) continue;
    const auto equals = part.find('=');
    const auto name = part.substr(0, equals);
    if (name == "X-Amz-Signature" || (name == "X-Amz-Security-Token" && !rules.with_session_token))
      continue;
    const auto value = equals == part.npos ? std::string_view{} : part.substr(equals + 1);
    parameters.emplace_back(canonical_query_part(name, rules.query),
                            canonical_query_part(value, rules.query));
  }
  std::sort(parameters.begin(), parameters.end());
  bool first = true;
  for (const auto& [name, value] : parameters) {
    if (!first) out += '&';
    first = false;
    out += name;
    out += '=';
    out += value;
  }
}

void append_header_value(std::string& out, std::string_view value) {
  value = trim(value);
  bool after_blank = false;
  for (const char c : value) {
    if (blank(c)) {
      after_blank = true;
      continue;
    }
    if (after_blank) out += ' ';
    after_blank = false;
    out += c;
  }
}
}  // namespace

std::string canonical_header_value(std::string_view value) {
  std::string out;
  append_header_value(out, value);
  return out;
}

std::string canonical_request(const HttpRequest& request,
                              const std::vector<std::string>& signed_headers,
                              std::string_view payload_hash, const CanonicalRules& rules) {
  std::string out;
  out.reserve(512 + request.target.size());
  out += request.method;
  out += '\n';
  append_path(out, request.path(), rules);
  out += '\n';
  append_query(out, request.query(), rules);
  out += '\n';
  for (const auto& name : signed_headers) {
    out += name;
    out += ':';
    bool first = true;
    for (const auto& [header, value] : request.headers) {
      if (!equal_ignoring_case(header, name)) continue;
      if (!first) out += ',';
      first = false;
      append_header_value(out, value);
    }
    out += '\n';
  }
  out += '\n';
  for (std::size_t i = 0; i < signed_headers.size(); ++i) {
    if (i) out += ';';
    out += signed_headers[i];
  }
  out += '\n';
  out += payload_hash;
  return out;
}

}  // namespace sitelatch::aws

// SPDX-License-Identifier: Apache-2.0
#include "aws/auth/sigv4.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "aws/wire/value.h"
#include "base/text.h"
#include "support/shared.h"

namespace sitelatch::aws {
namespace {
namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ifstream in{path, std::ios::binary};
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

// "METHOD target HTTP/1.1", headers (folded ones joined), blank line, body.
HttpRequest parse_request(std::string_view text) {
  HttpRequest request;
  auto line_end = text.find('\n');
  std::string_view first = trim(text.substr(0, line_end));
  const auto space = first.find(' ');
  const auto last = first.rfind(' ');
  request.method = first.substr(0, space);
  request.target = first.substr(space + 1, last - space - 1);
  auto rest = line_end == text.npos ? std::string_view{} : text.substr(line_end + 1);
  while (!rest.empty()) {
    line_end = rest.find('\n');
    const auto line = rest.substr(0, line_end);
    rest = line_end == rest.npos ? std::string_view{} : rest.substr(line_end + 1);
    if (line.empty() || line == "\r") break;
    if (line[0] == ' ' || line[0] == '\t') {
      request.headers.back().second += "\n" + std::string{line};
      continue;
    }
    const auto colon = line.find(':');
    request.headers.emplace_back(line.substr(0, colon), trim(line.substr(colon + 1)));
  }
  request.body = rest;
  return request;
}

WallInstant wall(std::string_view iso) {
  return WallInstant{parse_iso8601(iso)->time_since_epoch()};
}

std::string field(std::string_view header, std::string_view name) {
  const auto at = header.find(name);
  const auto rest = header.substr(at + name.size());
  return std::string{rest.substr(0, rest.find_first_of(", \r\n"))};
}

HttpRequest simple_request() {
  HttpRequest request;
  request.method = "POST";
  request.target = "/";
  request.headers = {{"Host", "127.0.0.1:4566"},
                     {"Content-Type", "application/x-www-form-urlencoded"}};
  request.body = "Action=GetCallerIdentity&Version=2011-06-15";
  return request;
}
const SigningIdentity identity{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ""};
const WallInstant noon = wall("2026-11-22T12:00:00Z");
}  // namespace

TEST_CASE("sigv4: AWS's vectors, signing and verifying, by header and by query") {
  const auto folder = shared_path("conformance/sigv4");
  if (!fs::exists(folder)) {
    MESSAGE("SKIPPED: no " << folder.string());
    return;
  }
  int vectors = 0;
  for (const auto& entry : fs::directory_iterator{folder}) {
    if (!entry.is_directory()) continue;
    CAPTURE(entry.path().filename().string());
    ++vectors;
    const auto context = *from_json(read(entry.path() / "context.json"));
    const auto& keys = context["credentials"];
    const SigningIdentity signer{keys["access_key_id"].string(), keys["secret_access_key"].string(),
                                 keys["token"].string_or("")};
    const SigningScope scope{context["region"].string(), context["service"].string()};
    const auto now = wall(context["timestamp"].string());
    SigningOptions options;
    options.rules.normalise_path = context["normalize"].boolean_or(false);
    options.content_sha256_header = context["sign_body"].boolean_or(false);
    options.token_after_signing = context["omit_session_token"].boolean_or(false);
    const auto plain = parse_request(read(entry.path() / "request.txt"));
    SignatureVerifier verifier;

    auto by_header = plain;
    sign(by_header, signer, scope, now, options);
    const auto authorization = by_header.headers.get("Authorization");
    CHECK(field(authorization, "Signature=") == read(entry.path() / "header-signature.txt"));
    const auto names_text = field(authorization, "SignedHeaders=");
    const auto names = split(names_text, ';');
    CHECK(canonical_request(by_header, {names.begin(), names.end()}, hex_of(sha256(by_header.body)),
                            options.rules) == read(entry.path() / "header-canonical-request.txt"));

    auto by_query = plain;
    presign(by_query, signer, scope, now,
            std::chrono::seconds{context["expiration_in_seconds"].integer()}, options);
    CHECK(by_query.target.substr(by_query.target.rfind('=') + 1) ==
          read(entry.path() / "query-signature.txt"));

    for (const auto* file : {"header-signed-request.txt", "query-signed-request.txt"}) {
      CAPTURE(file);
      auto received = parse_request(read(entry.path() / file));
      const auto claim = read_signature(received);
      REQUIRE(claim);
      REQUIRE(claim->has_value());
      CHECK((*claim)->access_key_id == signer.access_key_id);
      CHECK(check_claim(**claim, {scope.service}, now));
      CHECK(verifier.verify(received, **claim, signer.secret_access_key));
      CHECK_FALSE(verifier.verify(received, **claim, "another secret"));
      received.body += "x";
      CHECK_FALSE(verifier.verify(received, **claim, signer.secret_access_key));
    }
  }
  CHECK(vectors == 38);
}

TEST_CASE("sigv4: recorded requests of real clients verify") {
  const auto folder = shared_path("reference/wire-samples");
  if (!fs::exists(folder)) {
    MESSAGE("SKIPPED: no " << folder.string());
    return;
  }
  SignatureVerifier verifier;
  int verified = 0, cut = 0;
  for (const auto& entry : fs::recursive_directory_iterator{folder}) {
    if (!entry.is_regular_file() || entry.path().filename() == "README.md") continue;
    CAPTURE(entry.path().string());
    auto text = read(entry.path());
    const auto client = entry.path().parent_path().filename().string();
    const bool terraform = client.starts_with("terraform");
    const auto answered = text.rfind("\n--- answered");
    if (answered != text.npos) text.resize(answered);
    auto request = parse_request(text);
    const auto length =
        static_cast<std::size_t>(parse_int(request.headers.get("content-length")).value_or(0));
    if (request.body.find("[cut,") != std::string::npos) {
      ++cut;
      continue;
    }
    if (terraform && request.body.starts_with('\n')) request.body.erase(0, 1);
    if (request.body.starts_with("[binary ")) {
      request.body = replace_all(request.body.substr(request.body.find('\n')), "\n", "");
      request.body = unhex(request.body).value_or("");
    }
    request.body.resize(std::min(length, request.body.size()));
    const auto claim = read_signature(request);
    REQUIRE(claim);
    REQUIRE(claim->has_value());
    const auto secret = terraform                    ? "test"
                        : !client.starts_with("cli") ? "x"
                                                     : "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    CHECK(check_claim(**claim, {(*claim)->service}, (*claim)->signed_at));
    const auto outcome = verifier.verify(request, **claim, secret);
    if (!outcome) MESSAGE(outcome.error().message);
    CHECK(outcome);
    ++verified;
  }
  MESSAGE(verified << " verified, " << cut << " cut");
  CHECK(verified > 150);
}

TEST_CASE("sigv4: a request is refused when anything signed was changed") {
  SignatureVerifier verifier;
  const auto check = [&](auto change) {
    auto request = simple_request();
    request.target = "/a/b?x=1&y=2";
    sign(request, identity, {"us-east-1", "sts"}, noon);
    change(request);
    const auto claim = read_signature(request);
    REQUIRE(claim);
    return verifier.verify(request, **claim, identity.secret_access_key).has_value();
  };
  CHECK(check([](HttpRequest&) {}));
  CHECK(check([](HttpRequest& r) { r.target = "/a/b?y=2&x=1"; }));  // order is no content
  CHECK(check([](HttpRequest& r) { r.headers.set("User-Agent", "anything"); }));
  CHECK_FALSE(check([](HttpRequest& r) { r.method = "PUT"; }));
  CHECK_FALSE(check([](HttpRequest& r) { r.target = "/a/c?x=1&y=2"; }));
  CHECK_FALSE(check([](HttpRequest& r) { r.target = "/a/b?x=1&y=3"; }));
  CHECK_FALSE(check([](HttpRequest& r) { r.target += "&z=1"; }));
  CHECK_FALSE(check([](HttpRequest& r) { r.body += " "; }));
  CHECK_FALSE(check([](HttpRequest& r) { r.headers.set("Host", "elsewhere"); }));
  CHECK_FALSE(check([](HttpRequest& r) { r.headers.set("X-Amz-Date", "20261122T120001Z"); }));
  CHECK_FALSE(
      check([](HttpRequest& r) { r.headers.set("x-amz-content-sha256", "UNSIGNED-PAYLOAD"); }));
}

TEST_CASE("sigv4: an unsigned payload is S3's alone") {
  SignatureVerifier verifier;
  for (const auto* service : {"s3", "sns"}) {
    auto request = simple_request();
    presign(request, identity, {"us-east-1", service}, noon, std::chrono::seconds{60});
    const auto claim = read_signature(request);
    REQUIRE(claim);
    auto unsigned_body = request;
    unsigned_body.body = "other";
    CHECK(verifier.verify(request, **claim, identity.secret_access_key).has_value() ==
          (std::string{service} == "sns"));
    CHECK_FALSE(verifier.verify(unsigned_body, **claim, identity.secret_access_key));
  }
}

TEST_CASE("sigv4: broken Authorization headers name what is missing") {
  const auto refusal = [](std::string header, bool dated = true) {
    auto request = simple_request();
    if (dated) request.headers.set("X-Amz-Date", "20261122T120000Z");
    request.headers.set("Authorization", std::move(header));
    const auto claim = read_signature(request);
    REQUIRE_FALSE(claim);
    return claim.error();
  };
  const std::string whole =
      "AWS4-HMAC-SHA256 Credential=A/20261122/us-east-1/sts/aws4_request, SignedHeaders=host, "
      "Signature=00";
  CHECK(refusal("AWS4-HMAC-SHA256 Credential=a").code == "IncompleteSignature");
  CHECK(refusal("AWS4-HMAC-SHA256")
            .message.starts_with("Authorization header requires 'Credential' parameter. "
                                 "Authorization header requires 'Signature' parameter. "
                                 "Authorization header requires 'SignedHeaders' parameter. "));
  CHECK(refusal(whole, false).message.find("'X-Amz-Date' or a 'Date'") != std::string::npos);
  CHECK(refusal("Bearer abc").message.find("missing equal-sign") != std::string::npos);
  CHECK(refusal("AWS4-HMAC-SHA256 Credential=A/us-east-1/sts/aws4_request, SignedHeaders=host, "
                "Signature=00")
            .message ==
        "Credential must have at least 5 slash-delimited elements, e.g. "
        "keyid/date/region/service/term, got "
        "'A/us-east-1/sts/aws4_request'");
  CHECK(refusal("AWS4-ECDSA-P256-SHA256 Credential=x").code == "IncompleteSignature");
  CHECK(refusal("AWS4-HMAC-SHA256 Credential=A/20261122/us-east-1/sts/aws4_request, "
                "SignedHeaders=x-amz-date, Signature=00")
            .code == "SignatureDoesNotMatch");
  auto bad_date = simple_request();
  bad_date.headers.set("X-Amz-Date", "2026-11-22");
  bad_date.headers.set("Authorization", whole);
  CHECK(read_signature(bad_date).error().message.starts_with(
      "Date must be in ISO-8601 'basic format'. Got '2026-11-22'"));
  auto http_date = simple_request();
  http_date.headers.set("Date", "Sun, 22 Nov 2026 12:00:00 GMT");
  http_date.headers.set("Authorization", whole);
  CHECK((*read_signature(http_date))->signed_at == noon);
  CHECK_FALSE(*read_signature(simple_request()));
}

TEST_CASE("sigv4: broken presigned queries") {
  const auto refusal = [](std::string query) {
    auto request = simple_request();
    request.target = "/?" + query;
    const auto claim = read_signature(request);
    REQUIRE_FALSE(claim);
    return claim.error().message;
  };
  const std::string most =
      "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=A%2F20261122%2Fus-east-1%2Fsts%2Faws4_"
      "request&X-Amz-SignedHeaders="
      "host&X-Amz-Signature=00";
  CHECK(refusal("X-Amz-Signature=00")
            .starts_with("AWS query-string parameters must include 'X-Amz-Algorithm'. "));
  CHECK(refusal(most) ==
        "AWS query-string parameters must include 'X-Amz-Date'. Re-examine the query-string "
        "parameters.");
  CHECK(refusal(most + "&X-Amz-Date=20261122T120000Z&X-Amz-Expires=604801")
            .find("less than a week") != std::string::npos);
  CHECK(refusal(most + "&X-Amz-Date=20261122T120000Z&X-Amz-Expires=x") ==
        "X-Amz-Expires should be a number");
}

TEST_CASE("sigv4: scope and age") {
  SignatureClaim claim;
  claim.date = "20261122";
  claim.region = "eu-west-1";
  claim.service = "sns";
  claim.terminator = "aws4_request";
  claim.timestamp = "20261122T120000Z";
  claim.signed_at = noon;
  const auto at = [&](std::chrono::seconds offset) {
    return check_claim(claim, {"sns"}, noon + offset);
  };
  using std::chrono::minutes;
  using std::chrono::seconds;
  CHECK(at(seconds{0}));
  CHECK(at(minutes{15}));
  CHECK(at(-minutes{15}));
  CHECK(at(minutes{15} + seconds{1}).error().message ==
        "Signature expired: 20261122T120000Z is now earlier than 20261122T120001Z "
        "(20261122T121501Z - 15 min.)");
  CHECK(at(-minutes{15} - seconds{1}).error().message ==
        "Signature not yet current: 20261122T120000Z is still later than 20261122T115959Z "
        "(20261122T114459Z + 15 min.)");
  claim.form = SignatureClaim::Form::query;
  claim.valid_for = std::chrono::hours{24 * 7};
  CHECK(at(std::chrono::hours{24 * 7}));
  CHECK_FALSE(at(std::chrono::hours{24 * 7} + seconds{1}));

  auto other = claim;
  other.date = "20261121";
  CHECK(check_claim(other, {"sns"}, noon)
            .error()
            .message.starts_with("Date in Credential scope does not match YYYYMMDD from ISO-8601 "
                                 "version of date from HTTP"));
  other = claim;
  other.region = "nowhere";
  CHECK(check_claim(other, {"sns"}, noon)
            .error()
            .message.starts_with("Credential should be scoped to a valid Region, not 'nowhere'"));
  CHECK(check_claim(other, {"sns", ExpectedScope::Region::any}, noon));
  CHECK(check_claim(claim, {"sts"}, noon)
            .error()
            .message.starts_with("Credential should be scoped to correct service: 'sts'"));
  other = claim;
  other.terminator = "aws3";
  CHECK(check_claim(other, {"sns"}, noon)
            .error()
            .message.starts_with("Credential should be scoped with a valid terminator"));
}

TEST_CASE("sigv4: what looks like a region") {
  for (const auto* good :
       {"us-east-1", "us-gov-west-1", "ap-southeast-3", "cn-north-1", "us-iso-east-1"})
    CHECK(looks_like_region(good));
  for (const auto* bad : {"", "us", "us-east", "useast1", "US-EAST-1", "us-east-x", "us--1",
                          "a-b-c-d-e-1", "us-east-1/"})
    CHECK_FALSE(looks_like_region(bad));
}

TEST_CASE("sigv4: HMAC as in RFC 4231") {
  CHECK(hex_of(hmac_sha256("Jefe", "what do ya want for nothing?")) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(hex_of(hmac_sha256(std::string(131, '\xaa'),
                           "Test Using Larger Than Block-Size Key - Hash Key First")) ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

}  // namespace sitelatch::aws

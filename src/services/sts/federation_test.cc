// SPDX-License-Identifier: Apache-2.0
// Web identity tokens, federation, one-time codes. The tokens were signed with openssl, by keys
// that were made for nothing else; the fake's wall clock stands at 1'800'000'000.
#include <doctest/doctest.h>

#include "base/text.h"
#include "services/sts/testing.h"
#include "services/sts/web_identity.h"

namespace sitelatch::sts {
namespace {
const std::string jwks =
    "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"r\",\"use\":\"sig\",\"alg\":\"RS256\",\"n\":\"sde-"
    "Z2LfdhdCvPC4o5E_TH_L6YAI06AcWcQlJKtQwRBxlq-pYefVEd-PtuJOoLGb784BlSLBjS54C4-dW6X0RsaJpfFO"
    "r3SVAoYMQJOlnUJ0qHDNVnEdtZOatIJUSZaZ3Zwh8B__m5OGMcK8dp0PTTcjtinD13-0jBAyCXR6reJoS3f4wVq9"
    "phgFm710d-0DBNlSKuAyF7Cwv4Jh2Ez2-OSRBzKJnsK1udrob9BbtCq3R3diVLApiiNhfcPQLUzu_w-Y5vB2ZepH"
    "jINRikoCQRmnwb-gUTEgFR_tNRh9s0UZvo8KVgP5g3fVrRwI0yB6ZNscsTlpDr-9i8UTw1HBdw\",\"e\":\"AQA"
    "B\"},{\"kty\":\"EC\",\"kid\":\"e\",\"crv\":\"P-256\",\"x\":\"6HP-247gyQyVWlJBwm8kQzAq7CX"
    "0HczOBqi_llQA0eo\",\"y\":\"U_StqwWntGDQHbBvR5ag7uoUSWnBP1EpL0ut5zhKkkU\"}]}";
const std::string rsa_token =
    "eyJhbGciOiJSUzI1NiIsImtpZCI6InIiLCJ0eXAiOiJKV1QifQ.eyJpc3MiOiJodHRwczovL2lkcC50ZXN0L3JlY"
    "WxtIiwic3ViIjoicmVwbzpvcmcvYXBwOnJlZjpyZWZzL2hlYWRzL21haW4iLCJhdWQiOiJjbGllbnQiLCJpYXQiO"
    "jE3OTk5OTkwMDAsImV4cCI6MTgwMDAwMzYwMH0.bCN7OxsDaVRxCGH4weeoNY3eFxhldcCeioingcUJyhhx1yjSn"
    "bHmqahGjgc5ZlMbW7Pm8DYm5RmtCVPqz4RED3eVm4yz5adKw9C3Ia7wmL0lV9S0EyQj9nXaWpDsdkx4zGQ6WXLdv"
    "gS2en146LvJdxvTaNBiHarKAapX7nhD4jJff_9j1uPqGuRHX-4ZtsLAdTCifRt9Vk870FHozRVPT7-h0Q4gmABGH"
    "gwOMsanhdx3du_19nw5VE7n0hks9buCI5Y08v-8TFMQJyqgg9DjeEJ-2bAQAwNvlz0ITu9BbRBwo7KWMH-509WNz"
    "q-cUzyhcsYpkdK7wtAmKcEuDptF9w";
const std::string ec_token =
    "eyJhbGciOiJFUzI1NiIsImtpZCI6ImUiLCJ0eXAiOiJKV1QifQ.eyJpc3MiOiJodHRwczovL2lkcC50ZXN0L3JlY"
    "WxtIiwic3ViIjoicmVwbzpvcmcvYXBwOnJlZjpyZWZzL2hlYWRzL21haW4iLCJhdWQiOiJjbGllbnQiLCJpYXQiO"
    "jE3OTk5OTkwMDAsImV4cCI6MTgwMDAwMzYwMH0.Y0WcNm9D4sUX-lq0I7qLabtXzPD7LIjCDpsOiCmyHPwN4mc7A"
    "M0Fq1Ctsjtz35tFx9105uNn327-u92dXkl6jA";
const std::string other_audience_token =
    "eyJhbGciOiJSUzI1NiIsImtpZCI6InIiLCJ0eXAiOiJKV1QifQ.eyJpc3MiOiJodHRwczovL2lkcC50ZXN0L3JlY"
    "WxtIiwic3ViIjoicmVwbzpvcmcvYXBwOnJlZjpyZWZzL2hlYWRzL21haW4iLCJhdWQiOiJvdGhlciIsImlhdCI6M"
    "Tc5OTk5OTAwMCwiZXhwIjoxODAwMDAzNjAwfQ.XxbRG3LdRTLyPRwOSWb2eAB1LfRzCb9xjZBO5NOVA8GoAFFivF"
    "lP4OSEAdNSVs-rnVon5l9qiyZ3hiX6YFmvUWjIXK3Ady7KWxi_KDS-RkqiOHmsTO4eOUt8p0_BP-hvsFR-wcsr2s"
    "EBE_RIpp2o5nTHaTSroMtEJehH9MTWb7ksH4mLJFOxEQeZhmXukZhoHahmYNZFHBYmZ8GSHMyHn-jsyCrvGxeRD4"
    "kQ4V_eBxluOp8NCdH7BuGvUAmj9MDTuJO-RHxq3prC-HZe0toDLdJ9NhbCkdrQB0arf5W-O6bIi2WJp0yG1WkRHb"
    "9aHHJRW5thZx7Os3g3LhhD-OZPCw";
const std::string expired_token =
    "eyJhbGciOiJSUzI1NiIsImtpZCI6InIiLCJ0eXAiOiJKV1QifQ.eyJpc3MiOiJodHRwczovL2lkcC50ZXN0L3JlY"
    "WxtIiwic3ViIjoicmVwbzpvcmcvYXBwOnJlZjpyZWZzL2hlYWRzL21haW4iLCJhdWQiOiJjbGllbnQiLCJpYXQiO"
    "jE3OTk5OTkwMDAsImV4cCI6MTc5OTk5OTk5OX0.eLnpxHq0vxAipBC3Cd1ZJxX34MqrAfmN4l2HByK59Fh4t4npA"
    "3Z3tontI14kErAW3kOC9jLXHTD3xIwzZqiIGNXmtNdmpUv_ZoQMKEUlq4bmihmkI_3b2WE98ZFbQvJnT-tJL3pI4"
    "5krr7UNwH6NXPmqdEewYptUjkyABJ2H1tnE_CImC6x82xe37y7nVwzUFoX_aMknB2LNkTs4ryVp6fEXvibGgp_QA"
    "c8W0IB8i-Iz3qTYWo8a1CK19RkgBblHEwec2zMvohMaiX479ZzguJbnCqMZg_KtphIMKLIdBu51e62gZ40OiNcuH"
    "YtwO3k6IPU3fvYfCZxedeX3saIAWQ";
const std::string tagged_token =
    "eyJhbGciOiJSUzI1NiIsImtpZCI6InIiLCJ0eXAiOiJKV1QifQ.eyJpc3MiOiJodHRwczovL2lkcC50ZXN0L3JlY"
    "WxtIiwic3ViIjoicmVwbzpvcmcvYXBwOnJlZjpyZWZzL2hlYWRzL21haW4iLCJhdWQiOiJjbGllbnQiLCJpYXQiO"
    "jE3OTk5OTkwMDAsImV4cCI6MTgwMDAwMzYwMCwiaHR0cHM6Ly9hd3MuYW1hem9uLmNvbS90YWdzIjp7InByaW5ja"
    "XBhbF90YWdzIjp7IlRlYW0iOlsic3JlIl19fX0.cf32ZdsKoVQpCu57AVOPiW8Iy2LyhNNbnc6ovcUaIM9Bej352"
    "uaZAV3KDHls23QC63Z3pRbix5ekiyDyVAWRC5CR4ba33QFYrbvKjtvODtkxh4MbCfUkBgm3Y-prbAak6LxE2pKPK"
    "0TYUZjQb2dmXMZ5u4Ten53HfY5ItuLEx57MxCxnHI0PusjH0KT9YG2vLmkL8d6r3ggRoivw9AtJ48-Qb6FVi9mSg"
    "wved83vTuOfu3eSZRaPcte-kVO2Gs3YwrnEtq1nRQ0s_QNU8BjiOQXX-1gIBuGNLgcEib3ptpecXF1sTrYk3hhG7"
    "kyCCVxvUd3O6mpnCoQRMxf3VL7lWg";
const std::string foreign_token =
    "eyJhbGciOiJSUzI1NiIsImtpZCI6InIiLCJ0eXAiOiJKV1QifQ.eyJpc3MiOiJodHRwczovL2Vsc2V3aGVyZS50Z"
    "XN0Iiwic3ViIjoicmVwbzpvcmcvYXBwOnJlZjpyZWZzL2hlYWRzL21haW4iLCJhdWQiOiJjbGllbnQiLCJpYXQiO"
    "jE3OTk5OTkwMDAsImV4cCI6MTgwMDAwMzYwMH0.TTxVvpXAjlGDLlUY5mJY3ld8I4TaJTnA1boyPG8NCYEUPA-ts"
    "ukc4_CiSwn0C_gkFb2v27iRGBUA1jtj5oRQSKDR5sd7DlIGATvwhXmLkIA_CuDy-8bROxp6SghEByT3kl6CE28Sb"
    "3EMx-KbOWB1S9BVXSF8-iXPJjShk38umM7NNDTqypMdxLOUqHyBhRebqm2YDqt3lbcWMMIiZ4sAif6OmxBNPR40r"
    "WmNiMGrLYHU8zUPCKY5BeU_LHhV7-0UHd3KfqnIu8IptdyMiZOp-6wwKM3Q7x3sgoPGjJ6Pk8JLc5eLOgQOuC7QH"
    "xj9bd1ZUyQx3DHfFZaGGw0zHO9dnQ";

const std::string trusting =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":)"
    R"("arn:aws:iam::000000000000:oidc-provider/idp.test/realm"},)"
    R"("Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":)"
    R"({"idp.test/realm:aud":"client"},"StringLike":)"
    R"({"idp.test/realm:sub":"repo:org/*:ref:refs/heads/main"}}}]})";

Value with_token(const std::string& token) {
  return Value::structure(
      {{"RoleArn", role_arn}, {"RoleSessionName", "ci"}, {"WebIdentityToken", token}});
}
struct Federation : Fixture {
  Federation() {
    sessions.jwks = jwks;
    sessions.trust = trusting;
    caller = {};  // nobody has signed
  }
  std::string refused(const std::string& token) {
    const auto out = run("AssumeRoleWithWebIdentity", with_token(token));
    REQUIRE_FALSE(out);
    return out.error().code + ": " + out.error().message;
  }
};
const std::string not_authorized =
    "AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity";
}  // namespace

TEST_CASE("sts: a web identity that its issuer's keys verify and the role trusts gets a session") {
  Federation f;
  for (const auto& token : {rsa_token, ec_token}) {
    const auto out = f.run("AssumeRoleWithWebIdentity", with_token(token));
    if (!out) MESSAGE(out.error().message);
    REQUIRE(out);
    CHECK((*out)["SubjectFromWebIdentityToken"].string() == "repo:org/app:ref:refs/heads/main");
    CHECK((*out)["Audience"].string() == "client");
    CHECK((*out)["Provider"].string() == provider_arn);
    CHECK((*out)["AssumedRoleUser"]["Arn"].string() ==
          "arn:aws:sts::000000000000:assumed-role/reader/ci");
    CHECK((*out)["Credentials"]["AccessKeyId"].string() == "ASIAROLE");
  }
  CHECK(f.sts.allows_anonymous("AssumeRoleWithWebIdentity"));
  CHECK_FALSE(f.sts.allows_anonymous("AssumeRole"));
}

TEST_CASE("sts: no session for a token that nobody verified, and none for one that does not fit") {
  Federation f;
  // The signature of another text, none at all, and an algorithm that is none.
  const auto parts = split(rsa_token, '.');
  const auto others = split(tagged_token, '.');
  const auto mixed =
      std::string{parts[0]} + "." + std::string{others[1]} + "." + std::string{parts[2]};
  const auto unsigned_one = std::string{parts[0]} + "." + std::string{parts[1]} + ".";
  auto none = base64(R"({"alg":"none"})");
  while (none.ends_with('=')) none.pop_back();
  const std::string not_verified =
      "InvalidIdentityToken: The ID Token provided is not valid: its signature does not verify.";
  CHECK(f.refused(mixed) == not_verified);
  CHECK(f.refused(unsigned_one) == not_verified);
  CHECK(f.refused(none + "." + std::string{parts[1]} + ".") == not_verified);
  CHECK(f.refused("an.access.token").starts_with("InvalidIdentityToken: The ID Token provided is"));
  CHECK(f.refused(foreign_token) ==
        "InvalidIdentityToken: No OpenIDConnect provider found in your account for "
        "https://elsewhere.test");
  CHECK(f.refused(expired_token) ==
        "ExpiredTokenException: Token expired: current date/time 1800000000 must be before the "
        "expiration date/time 1799999999");
  CHECK(f.refused(other_audience_token) == "InvalidIdentityToken: Incorrect token audience");
  f.sessions.jwks = "";
  CHECK(f.refused(rsa_token) ==
        "InvalidIdentityToken: Couldn't retrieve verification key from your identity provider,  "
        "please reference AssumeRoleWithWebIdentity documentation for requirements");
  f.sessions.jwks = jwks;
  // Tags ask for a right of their own, which the trust policy does not give.
  CHECK(f.refused(tagged_token) == not_authorized);
  f.sessions.trust = replace_all(trusting, "\"sts:AssumeRoleWithWebIdentity\"", "\"sts:*\"");
  CHECK(f.run("AssumeRoleWithWebIdentity", with_token(tagged_token)));
  CHECK(f.sessions.last.tags == aws::Tags{{"Team", "sre"}});
  f.sessions.trust = replace_all(trusting, "heads/main", "heads/release");
  CHECK(f.refused(rsa_token) == not_authorized);
  f.sessions.trust = replace_all(trusting, "oidc-provider/idp.test", "oidc-provider/other.test");
  CHECK(f.refused(rsa_token) == not_authorized);
  f.sessions.trust = trusting;
  auto long_one = with_token(rsa_token);
  long_one.set("DurationSeconds", 7201);
  CHECK(f.run("AssumeRoleWithWebIdentity", long_one).error().code == "ValidationError");
  CHECK(is_jwks(jwks));
  CHECK_FALSE(is_jwks("{\"keys\":[]}"));
  CHECK_FALSE(is_jwks("x"));
}

TEST_CASE("sts: a SAML assertion is refused, because nobody verifies it") {
  Fixture f;
  auto in = Value::structure({{"RoleArn", role_arn},
                              {"PrincipalArn", "arn:aws:iam::000000000000:saml-provider/none"},
                              {"SAMLAssertion", "PHhtbC8+"}});
  CHECK(f.run("AssumeRoleWithSAML", in).error().message == "Specified provider doesn't exist");
  in.set("PrincipalArn", "arn:aws:iam::000000000000:saml-provider/idp");
  CHECK(f.run("AssumeRoleWithSAML", in).error().message == "Response signature invalid");
  CHECK(f.run("AssumeRoleWithSAML", in).error().code == "InvalidIdentityToken");
  in.set("SAMLAssertion", "<<<<");
  CHECK(f.run("AssumeRoleWithSAML", in).error().message == "Invalid base64 SAMLResponse");
}

TEST_CASE("sts: a federated user gets a name, and no more than was asked for") {
  Fixture f;
  const auto out = f.run("GetFederationToken",
                         Value::structure({{"Name", "bob"},
                                           {"Policy", R"({"Version":"2012-10-17","Statement":)"
                                                      R"([{"Effect":"Allow","Action":"sns:*",)"
                                                      R"("Resource":"*"}]})"}}));
  REQUIRE(out);
  CHECK((*out)["FederatedUser"]["Arn"].string() == "arn:aws:sts::000000000000:federated-user/bob");
  CHECK((*out)["FederatedUser"]["FederatedUserId"].string() == "000000000000:bob");
  CHECK(f.sessions.lasts == std::chrono::hours{12});
  CHECK_FALSE(f.sessions.last.policy.empty());
  CHECK(f.run("GetFederationToken", Value::structure({{"Name", "bob"}, {"Policy", "{"}}))
            .error()
            .code == "MalformedPolicyDocument");
  f.caller.access_key_id = "ASIASESSION";
  CHECK(f.run("GetFederationToken", Value::structure({{"Name", "bob"}})).error().message ==
        "Cannot call GetFederationToken with session credentials");
}

TEST_CASE("sts: a one-time code counts once, and for its user") {
  Fixture f;
  const std::string serial = "arn:aws:iam::000000000000:mfa/ann";
  const auto get = [&](const std::string& device, const std::string& code) {
    return f.run("GetSessionToken",
                 Value::structure({{"SerialNumber", device.empty() ? Value{} : Value{device}},
                                   {"TokenCode", code.empty() ? Value{} : Value{code}}}));
  };
  CHECK(get(serial, "").error().message ==
        "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass "
        "code.");
  CHECK(get(serial + "x", "123456").error().message ==
        "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA "
        "serial number is valid and associated with this user.");
  CHECK(get(serial, "000000").error().message ==
        "MultiFactorAuthentication failed with invalid MFA one time pass code. ");
  CHECK(get(serial, "123456"));
  CHECK(f.sessions.last.mfa_at_s == 1'800'000'000);
  CHECK(get(serial, "123456").error().code == "AccessDenied");
  CHECK(get("", ""));
  CHECK(f.sessions.last.mfa_at_s == 0);
  f.sessions.used = false;
  const auto with_code = assume({{"SerialNumber", serial}, {"TokenCode", "123456"}});
  const auto asked = f.sts.authorisation(f.call("AssumeRole", with_code));
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].keys.at("aws:multifactorauthpresent") == std::vector<std::string>{"true"});
  // A wrong code is asked about nowhere: the handler says what is wrong with it.
  const auto wrong = assume({{"SerialNumber", serial}, {"TokenCode", "000000"}});
  CHECK(f.sts.authorisation(f.call("AssumeRole", wrong)).empty());
  CHECK(f.run("AssumeRole", wrong).error().code == "AccessDenied");
  CHECK(f.run("AssumeRole", with_code));
  CHECK(f.sessions.used);
}

TEST_CASE("sts: what nobody here can give is refused as AWS does") {
  Fixture f;
  const auto code = [&](const char* operation, const Value& in) {
    return f.run(operation, in).error().code;
  };
  CHECK(code("DecodeAuthorizationMessage", Value::structure({{"EncodedMessage", "x"}})) ==
        "InvalidAuthorizationMessageException");
  CHECK(code("AssumeRoot", Value::structure({{"TargetPrincipal", "111122223333"}})) ==
        "AccessDenied");
  CHECK(code("GetWebIdentityToken", Value::structure({})) ==
        "OutboundWebIdentityFederationDisabledException");
  CHECK(code("GetDelegatedAccessToken", Value::structure({})) == "ExpiredTradeInTokenException");
}

}  // namespace sitelatch::sts

// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "client/error.h"

namespace sitelatch::client {
namespace {

Error asked(Cause cause, std::string code, std::string message) {
  Error error;
  error.cause = cause;
  error.code = std::move(code);
  error.message = std::move(message);
  error.status = cause == Cause::service ? 400 : 0;
  error.service = "route53";
  error.operation = "GetHealthCheck";
  error.region = "eu-central-1";
  error.endpoint = "https://route53.amazonaws.com";
  error.access_key_id = "AKID";
  error.credentials_source = "profile ops";
  error.attempts = 3;
  return error;
}

TEST_CASE("denied: which action, on which resource, as whom, why") {
  CHECK(explain(asked(Cause::service, "AccessDenied",
                      "User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: "
                      "cloudwatch:DescribeAlarms on resource: "
                      "arn:aws:cloudwatch:us-east-1:1:alarm:a because no identity-based policy "
                      "allows the cloudwatch:DescribeAlarms action"),
                "read the alarm") ==
        "Cannot read the alarm: arn:aws:sts::1:assumed-role/r/s may not do "
        "cloudwatch:DescribeAlarms on "
        "arn:aws:cloudwatch:us-east-1:1:alarm:a: no identity-based policy allows the "
        "cloudwatch:DescribeAlarms action.");
  CHECK(explain(asked(Cause::service, "AccessDeniedException",
                      "User: arn:u is not authorized to perform: lambda:GetPolicy on resource: "
                      "arn:f with an explicit deny in an identity-based policy")) ==
        "arn:u may not do lambda:GetPolicy on arn:f: a policy denies it explicitly.");
  CHECK(explain(asked(Cause::service, "AccessDenied", "")) ==
        "Access key AKID from profile ops may not do route53:GetHealthCheck.");
}

TEST_CASE("credentials that are no good") {
  CHECK(explain(asked(Cause::service, "ExpiredToken", "x"))
            .find("session of access key AKID from profile ops has expired") != std::string::npos);
  CHECK(explain(asked(Cause::service, "InvalidClientTokenId", "x"))
            .find("does not know access key AKID") != std::string::npos);
  CHECK(
      explain(asked(Cause::service, "SignatureDoesNotMatch", "The request signature we calculated"))
          .find("secret access key") != std::string::npos);
  CHECK(explain(asked(Cause::service, "SignatureDoesNotMatch",
                      "Signature expired: 1 is now earlier than 2"))
            .find("clock") != std::string::npos);
  CHECK(explain(asked(Cause::service, "RequestTimeTooSkewed", "")).find("clock") !=
        std::string::npos);
}

TEST_CASE("issue 8: one rule says whether AWS got to the question at all") {
  for (const auto* code :
       {"AccessDenied", "ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId",
        "UnrecognizedClientException", "SignatureDoesNotMatch", "RequestTimeTooSkewed",
        "OptInRequired", "Throttling", "TooManyRequestsException"}) {
    CAPTURE(code);
    CHECK(is_unanswered(asked(Cause::service, code, "")));
  }
  for (const auto cause : {Cause::configuration, Cause::credentials, Cause::refused, Cause::timeout,
                           Cause::tls, Cause::answer})
    CHECK(is_unanswered(asked(cause, "", "")));
  auto broken = asked(Cause::service, "InternalFailure", "");
  broken.status = 503;
  CHECK(is_unanswered(broken));
  broken.status = 501;
  CHECK_FALSE(is_unanswered(broken));
  for (const auto* code : {"InvalidInput", "NoSuchHealthCheck", "HealthCheckVersionMismatch"})
    CHECK_FALSE(is_unanswered(asked(Cause::service, code, "")));
}

TEST_CASE("a service that fails is named, with its region") {
  auto out = asked(Cause::service, "ServiceUnavailable", "Unable to handle the request.");
  out.status = 503;
  out.service = "logs";
  out.region = "eu-west-1";
  CHECK(explain(out, "read it") ==
        "Cannot read it: the service logs (eu-west-1) could not answer (HTTP status 503; 3 "
        "attempts were "
        "made): Unable to handle the request (ServiceUnavailable). Try again later.");
}

TEST_CASE("no answer") {
  auto refused = asked(Cause::refused, "ConnectionRefused", "Connection refused");
  CHECK(explain(refused).find("firewalls") != std::string::npos);
  refused.endpoint = "http://127.0.0.1:4566";
  CHECK(explain(refused, "read it") ==
        "Cannot read it: nothing accepts connections at http://127.0.0.1:4566. Is the engine "
        "running (`sitelatch engine`)?");
  CHECK(explain(asked(Cause::name_resolution, "", ""))
            .find("route53.amazonaws.com was not found in DNS") != std::string::npos);
  CHECK(explain(asked(Cause::timeout, "", "")).find("did not answer in time (3 attempts)") !=
        std::string::npos);
  auto once = asked(Cause::timeout, "", "");
  once.attempts = 1;
  CHECK(explain(once).find("(1 attempt)") != std::string::npos);
  CHECK(explain(asked(Cause::tls, "", "self-signed certificate")).find("AWS_CA_BUNDLE") !=
        std::string::npos);
  CHECK(explain(asked(Cause::answer, "503", "")).find("that is not route53's") !=
        std::string::npos);
  CHECK(explain(asked(Cause::configuration, "NoRegion", "")).find("--region") != std::string::npos);
}

TEST_CASE("other errors: AWS's words, code and request") {
  auto error = asked(Cause::service, "HealthCheckVersionMismatch", "Stale");
  error.request_id = "r1";
  CHECK(explain(error, "latch") ==
        "Cannot latch: Stale (HealthCheckVersionMismatch). (request r1)");
  error.message.clear();
  CHECK(explain(error) == "HealthCheckVersionMismatch. (request r1)");
}

TEST_CASE("kinds of errors whatever their spelling") {
  CHECK(is_absent(asked(Cause::service, "NoSuchHealthCheck", "")));
  CHECK(is_absent(asked(Cause::service, "NotFound", "")));
  CHECK_FALSE(is_absent(asked(Cause::answer, "404", "")));
  CHECK(is_denied(asked(Cause::service, "AuthorizationError", "")));
  CHECK(iam_action("lambda", "Invoke") == "lambda:InvokeFunction");
}

}  // namespace
}  // namespace sitelatch::client

// SPDX-License-Identifier: Apache-2.0
#include "base/sentences.h"

#include <doctest/doctest.h>

namespace sitelatch {
namespace {

TEST_CASE("issue 8: what people read is a sentence, whoever wrote it") {
  CHECK(as_sentence("the guard has no audit log") == "The guard has no audit log.");
  CHECK(as_sentence("It ended. ") == "It ended.");
  CHECK(as_sentence("Really?") == "Really?");
  CHECK(as_sentence("Not read (request r1)") == "Not read (request r1).");
  CHECK(as_sentence("Not read (AWS says: no.)") == "Not read (AWS says: no.)");
  CHECK(as_sentence("arn:aws:iam::1:role/x lacks a right") ==
        "arn:aws:iam::1:role/x lacks a right.");
  CHECK(as_sentence("us-east-1 is far") == "us-east-1 is far.");
  CHECK(as_sentence("/lb-check answers 503") == "/lb-check answers 503.");
  CHECK(as_sentence("client.example.test. is gone") == "client.example.test. is gone.");
  CHECK(as_sentence("") == "");
}

TEST_CASE("issue 8: a command at the end can be copied as it stands") {
  CHECK(as_sentence("look: sitelatch status ID") == "Look: sitelatch status ID");
  CHECK(as_sentence("first: aws route53 get-health-check; then go on") ==
        "First: aws route53 get-health-check; then go on");
  CHECK(as_sentence("Two of them:\n  a  x\n  b  y") == "Two of them:\n  a  x\n  b  y");
}

}  // namespace
}  // namespace sitelatch

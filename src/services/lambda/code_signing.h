// SPDX-License-Identifier: Apache-2.0
// Code signing configurations: in memory by ARN, a journal row each (table
// "lambda.code_signing_configs"), written through. No package here is signed (AWS Signer and S3 are
// not there), so all that one decides is whether an unsigned one may be deployed (fact lambda-52).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "aws/service/tags.h"
#include "aws/wire/value.h"
#include "base/time.h"
#include "ports/entropy.h"
#include "ports/journal.h"

namespace sitelatch::lambda {

struct CodeSigningConfig {
  std::string region, account, id;  // "csc-0123456789abcdef0"
  std::string description;
  std::vector<std::string> publishers;  // ARNs of versions of signing profiles
  std::string untrusted = "Warn";       // or "Enforce"
  aws::Tags tags;
  Instant modified{};

  std::string arn() const;
  bool refuses_unsigned() const { return untrusted == "Enforce"; }
};
aws::Value to_wire(const CodeSigningConfig& config);

class CodeSigningConfigs {
 public:
  // Reads the rows; throws ports::BadRow.
  CodeSigningConfigs(ports::Journal& journal, ports::Entropy& entropy);

  const CodeSigningConfig* find(const std::string& arn) const;
  CodeSigningConfig* find(const std::string& arn);
  std::vector<const CodeSigningConfig*> in_region(const std::string& region) const;  // by ARN

  // A new one, with an id of its own; saved.
  const CodeSigningConfig& add(CodeSigningConfig config);
  void save(const CodeSigningConfig& config);
  void erase(const std::string& arn);

 private:
  ports::Journal& journal_;
  ports::Entropy& entropy_;
  std::map<std::string, CodeSigningConfig> configs_;  // by ARN
};

}  // namespace sitelatch::lambda

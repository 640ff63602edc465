// SPDX-License-Identifier: Apache-2.0
#include "services/lambda/code_signing.h"

#include <utility>

#include "aws/wire/stored.h"
#include "ports/rows.h"
#include "services/lambda/wire_list.h"

namespace sitelatch::lambda {
using aws::Value;

namespace {

constexpr std::string_view configs_table = "lambda.code_signing_configs";

CodeSigningConfig config_from_row(std::string_view text) {
  const auto v = aws::stored_value(text);
  CodeSigningConfig out;
  out.region = v["region"].string_or("");
  out.account = v["account"].string_or("");
  out.id = v["id"].string_or("");
  out.description = v["description"].string_or("");
  out.publishers = v["publishers"].strings();
  // Whatever else it says: nothing unsigned is let in.
  out.untrusted = v["untrusted"].string_or("") == "Warn" ? "Warn" : "Enforce";
  out.tags = aws::read_tags(v["tags"]);
  out.modified = Instant{Duration{v["modified"].integer_or(0)}};
  return out;
}

}  // namespace

std::string CodeSigningConfig::arn() const {
  return "arn:aws:lambda:" + region + ":" + account + ":code-signing-config:" + id;
}

Value to_wire(const CodeSigningConfig& config) {
  return Value::structure(
      {{"CodeSigningConfigId", config.id},
       {"CodeSigningConfigArn", config.arn()},
       {"Description", config.description},
       {"AllowedPublishers",
        Value::structure({{"SigningProfileVersionArns", list_of(config.publishers)}})},
       {"CodeSigningPolicies",
        Value::structure({{"UntrustedArtifactOnDeployment", config.untrusted}})},
       {"LastModified", iso8601_ms_offset(config.modified)}});
}

CodeSigningConfigs::CodeSigningConfigs(ports::Journal& journal, ports::Entropy& entropy)
    : journal_(journal), entropy_(entropy) {
  ports::take_rows(journal_, configs_table, [this](std::string_view key, std::string_view row) {
    auto config = config_from_row(row);
    auto arn = config.arn();
    ports::expect_of_row(key == arn, "another configuration's");
    configs_.emplace(std::move(arn), std::move(config));
  });
}

const CodeSigningConfig* CodeSigningConfigs::find(const std::string& arn) const {
  const auto found = configs_.find(arn);
  return found == configs_.end() ? nullptr : &found->second;
}
CodeSigningConfig* CodeSigningConfigs::find(const std::string& arn) {
  return const_cast<CodeSigningConfig*>(std::as_const(*this).find(arn));
}

std::vector<const CodeSigningConfig*> CodeSigningConfigs::in_region(
    const std::string& region) const {
  std::vector<const CodeSigningConfig*> out;
  for (const auto& [arn, config] : configs_)
    if (config.region == region) out.push_back(&config);
  return out;
}

const CodeSigningConfig& CodeSigningConfigs::add(CodeSigningConfig config) {
  do config.id = "csc-" + ports::random_text(entropy_, 17, "0123456789abcdef");
  while (configs_.contains(config.arn()));
  auto arn = config.arn();
  const auto& kept = configs_.emplace(std::move(arn), std::move(config)).first->second;
  save(kept);
  return kept;
}

void CodeSigningConfigs::save(const CodeSigningConfig& config) {
  journal_.put(
      configs_table, config.arn(),
      aws::to_json(Value::structure({{"region", config.region},
                                     {"account", config.account},
                                     {"id", config.id},
                                     {"description", config.description},
                                     {"publishers", list_of(config.publishers)},
                                     {"untrusted", config.untrusted},
                                     {"tags", aws::tag_map(config.tags)},
                                     {"modified", config.modified.time_since_epoch().count()}})));
}

void CodeSigningConfigs::erase(const std::string& arn) {
  journal_.erase(configs_table, arn);
  configs_.erase(arn);
}

}  // namespace sitelatch::lambda

// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/kms.h"

#include <algorithm>

#include "base/text.h"
#include "guard/rules/json.h"

namespace sitelatch::guard {
namespace {

constexpr std::string_view cloudwatch_principal = "cloudwatch.amazonaws.com";

std::vector<std::string> texts_of(const Json& json) {
  if (json.is_string()) return {json.text()};
  std::vector<std::string> texts;
  for (const auto& element : json.elements()) texts.push_back(element.text());
  return texts;
}

bool names_cloudwatch(const Json& principal) {
  if (principal.is_string()) return principal.text() == "*";
  for (const auto& text : texts_of(principal["AWS"]))
    if (text == "*") return true;
  for (const auto& text : texts_of(principal["Service"]))
    if (text == cloudwatch_principal) return true;
  return false;
}

bool allows(const Json& statement, std::string_view action) {
  const auto actions = texts_of(statement["Action"]);
  return std::any_of(actions.begin(), actions.end(), [action](const std::string& pattern) {
    return wildcard_match(lower(pattern), action);
  });
}

}  // namespace

std::optional<KeyArn> parse_key_arn(std::string_view text) {
  const auto parts = split(text, ':');
  constexpr std::string_view key = "key/";
  if (parts.size() != 6 || parts[0] != "arn" || parts[1].empty() || parts[2] != "kms" ||
      parts[3].empty() || parts[4].size() != 12 || !parts[5].starts_with(key) ||
      parts[5].size() == key.size())
    return std::nullopt;
  return KeyArn{std::string{parts[1]}, std::string{parts[3]}, std::string{parts[4]},
                std::string{parts[5].substr(key.size())}};
}

std::string key_in(const std::vector<std::string>& keys, std::string_view region) {
  std::string replica;
  for (const auto& text : keys) {
    const auto key = parse_key_arn(text);
    if (!key) continue;
    if (key->region == region) return text;
    if (key->multi_region())
      replica = "arn:" + key->partition + ":kms:" + std::string{region} + ":" + key->account +
                ":key/" + key->id;
  }
  return replica;
}

Result<Done> check_keys(const std::vector<std::string>& keys,
                        const std::vector<std::string>& regions) {
  if (keys.empty()) return Done{};
  std::vector<std::string> seen;
  for (const auto& text : keys) {
    if (is_sns_own_key(text))
      return problem("the key " + text +
                     " is AWS's own: its policy cannot be changed, and does not let CloudWatch "
                     "publish to the alarm's topic; give a key of yours");
    const auto key = parse_key_arn(text);
    if (!key)
      return problem("'" + text + "' is not the ARN of a key (arn:aws:kms:REGION:ACCOUNT:key/ID)");
    if (std::find(seen.begin(), seen.end(), key->region) != seen.end())
      return problem("two keys are of " + key->region + "; a topic takes one");
    seen.push_back(key->region);
    if (std::find(regions.begin(), regions.end(), key->region) == regions.end() &&
        !key->multi_region())
      return problem("the key " + text + " is of " + key->region +
                     ", where the guard has no topic (" + join(regions, ", ") + ")");
  }
  for (const auto& region : regions)
    if (key_in(keys, region).empty())
      return problem("the guard has topics in " + join(regions, " and ") +
                     ", and a topic takes a key of its own region: give a key of " + region +
                     " too, or one multi-region key (mrk-...) that is replicated there");
  return Done{};
}

bool is_sns_own_key(std::string_view key) {
  return key == "alias/aws/sns" || key.ends_with(":alias/aws/sns");
}

bool lets_cloudwatch_publish(std::string_view key_policy) {
  const auto policy = Json::parse(key_policy);
  if (!policy) return false;
  const auto& all = (*policy)["Statement"];
  const auto statements = all.is_array() ? all.elements() : std::vector<Json>{all};
  bool decrypts = false, generates = false;
  for (const auto& statement : statements) {
    if (statement["Effect"].text() != "Allow" || !names_cloudwatch(statement["Principal"]))
      continue;
    decrypts = decrypts || allows(statement, "kms:decrypt");
    generates = generates || allows(statement, "kms:generatedatakey");
  }
  return decrypts && generates;
}

std::string cloudwatch_statement() {
  return R"({"Sid":"CloudWatchMayPublish","Effect":"Allow","Principal":{"Service":")" +
         std::string{cloudwatch_principal} +
         R"("},"Action":["kms:Decrypt","kms:GenerateDataKey*"],"Resource":"*"})";
}

}  // namespace sitelatch::guard

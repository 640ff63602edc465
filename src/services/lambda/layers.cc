// SPDX-License-Identifier: Apache-2.0
#include "services/lambda/layers.h"

#include <algorithm>

#include "aws/auth/arn.h"
#include "aws/wire/stored.h"
#include "base/text.h"
#include "ports/rows.h"
#include "services/lambda/wire_list.h"

namespace sitelatch::lambda {
using aws::Value;

namespace {

constexpr std::string_view layers_table = "lambda.layers";

std::string row_key(const Layer& layer) { return layer.region + "/" + layer.name; }

std::string layer_arn(const std::string& region, const std::string& account,
                      const std::string& name) {
  return "arn:aws:lambda:" + region + ":" + account + ":layer:" + name;
}

Value row(const LayerVersion& version) {
  return Value::structure({{"number", static_cast<std::int64_t>(version.number)},
                           {"description", version.description},
                           {"license", version.license},
                           {"runtimes", list_of(version.runtimes)},
                           {"architectures", list_of(version.architectures)},
                           {"code_sha256", version.code_sha256},
                           {"code_size", version.code_size},
                           {"created", version.created.time_since_epoch().count()},
                           {"policy", version.policy.statements()},
                           {"policy_revision", version.policy_revision}});
}
LayerVersion layer_version_of(const Value& v) {
  LayerVersion out;
  out.number = static_cast<std::uint64_t>(v["number"].integer_or(0));
  out.description = v["description"].string_or("");
  out.license = v["license"].string_or("");
  out.runtimes = v["runtimes"].strings();
  out.architectures = v["architectures"].strings();
  out.code_sha256 = v["code_sha256"].string_or("");
  out.code_size = v["code_size"].integer_or(0);
  out.created = Instant{Duration{v["created"].integer_or(0)}};
  out.policy = ResourcePolicy{v["policy"]};
  out.policy_revision = v["policy_revision"].string_or("");
  return out;
}

std::string to_row(const Layer& layer) {
  Value versions = Value::list();
  for (const auto& [number, version] : layer.versions) versions.push(row(version));
  return aws::to_json(
      Value::structure({{"region", layer.region},
                        {"account", layer.account},
                        {"name", layer.name},
                        {"next_version", static_cast<std::int64_t>(layer.next_version)},
                        {"versions", versions}}));
}
Layer layer_from_row(std::string_view text) {
  const auto v = aws::stored_value(text);
  Layer out;
  out.region = v["region"].string_or("");
  out.account = v["account"].string_or("");
  out.name = v["name"].string_or("");
  out.next_version = static_cast<std::uint64_t>(v["next_version"].integer_or(1));
  for (const auto& item : v["versions"].items()) {
    auto version = layer_version_of(item);
    ports::expect_of_row(version.number > 0 && version.number < out.next_version,
                         "a version that was never given");
    const auto number = version.number;
    out.versions.emplace(number, std::move(version));
  }
  return out;
}

}  // namespace

std::string Layer::arn() const { return layer_arn(region, account, name); }
std::string Layer::arn(std::uint64_t version) const {
  return arn() + ":" + std::to_string(version);
}
const LayerVersion* Layer::version(std::int64_t number) const {
  if (number < 1) return nullptr;
  const auto found = versions.find(static_cast<std::uint64_t>(number));
  return found == versions.end() ? nullptr : &found->second;
}

std::string LayerName::arn() const {
  const auto bare = layer_arn(region, account, name);
  return version ? bare + ":" + std::to_string(*version) : bare;
}

std::optional<LayerName> parse_layer_name(std::string_view text, std::string_view place_region,
                                          std::string_view place_account) {
  if (!text.starts_with("arn:")) {
    if (text.empty() || text.find(':') != std::string_view::npos) return std::nullopt;
    return LayerName{std::string{place_region}, std::string{place_account}, std::string{text}, {}};
  }
  const auto arn = aws::parse_arn(text);
  if (!arn || arn->service != "lambda") return std::nullopt;
  const auto parts = split(arn->resource, ':');
  if (parts.size() < 2 || parts.size() > 3 || parts[0] != "layer" || parts[1].empty())
    return std::nullopt;
  LayerName out{arn->region, arn->account, std::string{parts[1]}, {}};
  if (parts.size() == 2) return out;
  out.version = parse_int(parts[2]);
  // "01" is no second name of version 1, as with functions (fact lambda-42).
  if (!out.version || std::to_string(*out.version) != parts[2]) return std::nullopt;
  return out;
}

Layers::Layers(ports::Journal& journal, CodeStore& code) : journal_(journal), code_(code) {
  code_.add_holder([this](std::set<std::string>& digests) { keep_used(digests); });
  ports::take_rows(journal_, layers_table, [this](std::string_view key, std::string_view text) {
    auto layer = layer_from_row(text);
    ports::expect_of_row(key == row_key(layer), "another layer's");
    Key place{layer.region, layer.name};
    layers_.emplace(std::move(place), std::move(layer));
  });
}

const Layer* Layers::find(const LayerName& name) const {
  const auto found = layers_.find({name.region, name.name});
  return found == layers_.end() || found->second.account != name.account ? nullptr : &found->second;
}
Layer* Layers::find(const LayerName& name) {
  return const_cast<Layer*>(std::as_const(*this).find(name));
}

std::vector<const Layer*> Layers::in_region(const std::string& region) const {
  std::vector<const Layer*> out;
  for (auto at = layers_.lower_bound({region, ""});
       at != layers_.end() && at->first.first == region; ++at)
    out.push_back(&at->second);
  return out;
}

std::int64_t Layers::code_bytes(const std::string& region) const {
  std::int64_t total = 0;
  for (const auto* layer : in_region(region))
    for (const auto& [number, version] : layer->versions) total += version.code_size;
  return total;
}

Layer& Layers::of_name(const LayerName& name) {
  auto& layer = layers_[{name.region, name.name}];
  if (layer.name.empty()) {
    layer.region = name.region;
    layer.account = name.account;
    layer.name = name.name;
  }
  return layer;
}

void Layers::save(const Layer& layer) { journal_.put(layers_table, row_key(layer), to_row(layer)); }

void Layers::erase_version(Layer& layer, std::uint64_t number) {
  const auto at = layer.versions.find(number);
  if (at == layer.versions.end()) return;
  const auto digest = at->second.code_sha256;
  layer.versions.erase(at);
  save(layer);
  code_.let_go({digest});
}

void Layers::keep_used(std::set<std::string>& digests) const {
  for (const auto& [key, layer] : layers_)
    for (const auto& [number, version] : layer.versions) digests.erase(version.code_sha256);
}

Value to_wire(const Layer& layer, const LayerVersion& version) {
  const auto list_or_null = [](const std::vector<std::string>& list) {
    return list.empty() ? Value{} : list_of(list);
  };
  return Value::structure(
      {{"LayerVersionArn", layer.arn(version.number)},
       {"Version", static_cast<std::int64_t>(version.number)},
       {"Description", version.description},
       {"CreatedDate", iso8601_ms_offset(version.created)},
       {"CompatibleRuntimes", list_or_null(version.runtimes)},
       {"LicenseInfo", version.license.empty() ? Value{} : Value{version.license}},
       {"CompatibleArchitectures", list_or_null(version.architectures)}});
}

}  // namespace sitelatch::lambda

// SPDX-License-Identifier: Apache-2.0
// The layers of the account: in memory by region and name, a journal row each (table
// "lambda.layers", key "region/name"), written through. A layer has versions, which never change
// but for their policies, and numbers that are never used twice (fact lambda-51). What may be asked
// of it, and what it is answered with, is Lambda's.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/wire/value.h"
#include "base/time.h"
#include "ports/journal.h"
#include "services/lambda/code_store.h"
#include "services/lambda/resource_policy.h"

namespace sitelatch::lambda {

struct LayerVersion {
  std::uint64_t number = 0;
  std::string description, license;
  std::vector<std::string> runtimes, architectures;  // that it says it suits; empty: not said
  std::string code_sha256;                           // base64
  std::int64_t code_size = 0;
  Instant created{};
  ResourcePolicy policy;
  std::string policy_revision;  // changes with the policy
};

struct Layer {
  std::string region, account, name;
  std::uint64_t next_version = 1;
  std::map<std::uint64_t, LayerVersion> versions;

  std::string arn() const;
  std::string arn(std::uint64_t version) const;
  const LayerVersion* version(std::int64_t number) const;  // nullptr: none such
};

// Where a layer is, as a name, its ARN, or the ARN of a version says it.
struct LayerName {
  std::string region, account, name;
  std::optional<std::int64_t> version;

  std::string arn() const;
};
// `place_region` and `place_account` for a bare name. Nothing: neither a name nor an ARN of a
// layer.
std::optional<LayerName> parse_layer_name(std::string_view text, std::string_view place_region,
                                          std::string_view place_account);

class Layers {
 public:
  // Reads the rows; throws ports::BadRow.
  Layers(ports::Journal& journal, CodeStore& code);

  const Layer* find(const LayerName& name) const;
  Layer* find(const LayerName& name);
  std::vector<const Layer*> in_region(const std::string& region) const;  // by name
  std::int64_t code_bytes(const std::string& region) const;

  // The layer of this name, made if it is not there yet. The caller saves it.
  Layer& of_name(const LayerName& name);
  void save(const Layer& layer);
  // Functions that have it keep it.
  void erase_version(Layer& layer, std::uint64_t number);

 private:
  using Key = std::pair<std::string, std::string>;  // region, name
  void keep_used(std::set<std::string>& digests) const;

  ports::Journal& journal_;
  CodeStore& code_;
  std::map<Key, Layer> layers_;
};

// Shape GetLayerVersionResponse without its content's location.
aws::Value to_wire(const Layer& layer, const LayerVersion& version);

}  // namespace sitelatch::lambda

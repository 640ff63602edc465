// SPDX-License-Identifier: Apache-2.0
// Deployment packages, kept once per digest in the journal and in memory only while somebody uses
// them; and the unguessable paths under which the engine serves them for GetFunction's
// Code.Location (fact lambda-7).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ports/entropy.h"
#include "ports/journal.h"

namespace sitelatch::lambda {

class CodeStore {
 public:
  using Zip = std::shared_ptr<const std::string>;

  CodeStore(ports::Journal& journal, ports::Entropy& entropy);

  // `sha256` is base64, as the wire shows it.
  void keep(const std::string& sha256, std::string_view zip);
  Zip find(const std::string& sha256);  // nullptr: not kept

  // Takes out of the set what it uses. Who keeps packages says so, at its start, and lives as long
  // as something is let go of.
  using Holder = std::function<void(std::set<std::string>& digests)>;
  void add_holder(Holder holder) { holders_.push_back(std::move(holder)); }
  // Of these, what no holder uses any more goes.
  void let_go(std::set<std::string> digests);

  // "/_sitelatch/code/<sha256 in hex>/<token>"
  std::string path_of(const std::string& sha256) const;
  // nullptr: not a path that path_of gave for code that is still kept.
  Zip at_path(std::string_view path);

 private:
  ports::Journal& journal_;
  std::string secret_;
  std::vector<Holder> holders_;
  std::map<std::string, std::weak_ptr<const std::string>> in_use_;
};

}  // namespace sitelatch::lambda

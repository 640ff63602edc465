// SPDX-License-Identifier: Apache-2.0
// What Logs keeps as it was told and acts upon little or not at all: policies, destinations, query
// definitions, deliveries, detectors. Each has a kind and, in its region, a name. Journal:
//   logs.documents  <kind>/<region>/<name>  -> JSON
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "aws/wire/value.h"
#include "ports/journal.h"

namespace sitelatch::logs {

class DocumentShelf {
 public:
  explicit DocumentShelf(ports::Journal& journal);

  const aws::Value* find(std::string_view kind, std::string_view region,
                         std::string_view name) const;
  void put(std::string_view kind, std::string_view region, std::string_view name,
           aws::Value document);
  bool erase(std::string_view kind, std::string_view region, std::string_view name);
  // In the order of their names, until the visitor answers false.
  using Visitor = std::function<bool(const std::string& name, const aws::Value& document)>;
  void visit(std::string_view kind, std::string_view region, const Visitor& visit) const;
  std::size_t count(std::string_view kind, std::string_view region) const;

 private:
  ports::Journal& journal_;
  std::map<std::string, aws::Value, std::less<>> documents_;
};

}  // namespace sitelatch::logs

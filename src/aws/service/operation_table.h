// SPDX-License-Identifier: Apache-2.0
// The operations of a service, a row each: its name, the member function that handles it, and the
// one that says what it asks of IAM. A service is a TableService with a table in operations.cc;
// an operation is added by adding its row.
#pragma once

#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "aws/service/service.h"
#include "base/check.h"

namespace sitelatch::aws {

template <class Derived>
class OperationTable {
 public:
  // Most answer at once; what waits for something takes the Answer with it.
  using AtOnce = Outcome<> (Derived::*)(const Call&);
  using Later = void (Derived::*)(const Call&, const Answer&);
  // Must not change anything, and must cope with every input that the model lets through.
  using Question = std::vector<Permission> (Derived::*)(const Call&) const;
  struct Row {
    std::string_view name;
    std::variant<AtOnce, Later> handler;
    Question question;
  };

  // `prefix` is what the service's actions begin with: "SNS".
  OperationTable(std::string_view prefix, std::initializer_list<Row> rows) : prefix_(prefix) {
    for (const auto& row : rows) ENSURE(rows_.emplace(row.name, row).second, row.name);
  }

  std::vector<std::string_view> names() const {
    std::vector<std::string_view> out;
    for (const auto& [name, row] : rows_) out.push_back(name);
    return out;
  }
  // "SNS:Publish"
  std::string action(std::string_view operation) const {
    return std::string{prefix_} + ":" + std::string{operation};
  }
  std::vector<Permission> authorisation(const Derived& service, const Call& call) const {
    return (service.*row(call.operation).question)(call);
  }
  void handle(Derived& service, const Call& call, const Answer& answer) const {
    const auto& handler = row(call.operation).handler;
    if (const auto* at_once = std::get_if<AtOnce>(&handler))
      return answer((service.**at_once)(call));
    (service.*std::get<Later>(handler))(call, answer);
  }

 private:
  // The gateway asks for nothing that names() does not have.
  const Row& row(std::string_view operation) const {
    const auto found = rows_.find(operation);
    ENSURE(found != rows_.end(), operation);
    return found->second;
  }

  std::string_view prefix_;
  std::map<std::string_view, Row> rows_;
};

// A service with a table: Derived has `static const OperationTable<Derived>& operation_table();`.
template <class Derived>
class TableService : public Service {
 public:
  std::vector<std::string_view> operations() const final {
    return Derived::operation_table().names();
  }
  std::vector<Permission> authorisation(const Call& call) const final {
    return Derived::operation_table().authorisation(static_cast<const Derived&>(*this), call);
  }
  void handle(const Call& call, Answer answer) final {
    Derived::operation_table().handle(static_cast<Derived&>(*this), call, answer);
  }

 protected:
  static std::string action(const Call& call) {
    return Derived::operation_table().action(call.operation);
  }
  // The two simplest questions: nothing, and the action on "*".
  std::vector<Permission> ask_nothing(const Call&) const { return {}; }
  std::vector<Permission> ask_of_everything(const Call& call) const {
    return {{action(call), {"*"}, {}, ""}};
  }
};

}  // namespace sitelatch::aws

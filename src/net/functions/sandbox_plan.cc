// SPDX-License-Identifier: Apache-2.0
// The plan on its way to the warden: NUL-ended fields, lists preceded by their length. It travels
// in an inherited memory file: arguments are visible to every user of the machine, and an
// environment would act on the warden itself.
#include <string_view>

#include "base/text.h"
#include "net/functions/sandbox.h"

namespace sitelatch::net {
namespace {

class Writer {
 public:
  void text(std::string_view value) { out.append(value).push_back('\0'); }
  void number(std::uint64_t value) { text(std::to_string(value)); }
  void list(const std::vector<std::string>& values) {
    number(values.size());
    for (const auto& value : values) text(value);
  }
  std::string out;
};

class Reader {
 public:
  explicit Reader(std::string_view in) : in_(in) {}
  std::string text() {
    const auto end = in_.find('\0');
    if (end == std::string_view::npos) {
      good = false;
      return {};
    }
    std::string value(in_.substr(0, end));
    in_.remove_prefix(end + 1);
    return value;
  }
  std::uint32_t number() {
    const auto value = parse_int(text());
    if (!value || *value < 0 || *value > 0xffffffffLL) good = false;
    return good ? static_cast<std::uint32_t>(*value) : 0;
  }
  std::vector<std::string> list() {
    std::vector<std::string> values;
    const auto count = number();
    for (std::uint32_t i = 0; good && i < count; ++i) values.push_back(text());
    return values;
  }
  bool finished() const { return good && in_.empty(); }
  bool good = true;

 private:
  std::string_view in_;
};

}  // namespace

std::string serialise(const SandboxPlan& plan) {
  Writer w;
  for (const bool flag : {plan.namespaces, plan.proc, plan.own_user, plan.nested})
    w.number(flag ? 1 : 0);
  for (const auto value :
       {plan.uid, plan.gid, plan.tmp_mb, plan.data_mb, plan.max_processes, plan.max_files})
    w.number(value);
  for (const auto* value : {&plan.root, &plan.code, &plan.runtime, &plan.opt, &plan.lang})
    w.text(*value);
  w.number(plan.memory_group ? 1 : 0);
  const auto& network = plan.network;
  w.number(static_cast<std::uint64_t>(network.kind));
  for (const auto port : {network.runtime_port, network.api_port, network.dns_port}) w.number(port);
  w.list(network.unreachable);
  w.text(network.nameserver);
  w.list(plan.binds);
  w.number(plan.commands.size());
  for (const auto& command : plan.commands) w.list(command);
  w.list(plan.environment);
  return w.out;
}

std::optional<SandboxPlan> parse_sandbox_plan(std::string_view text) {
  Reader r(text);
  SandboxPlan plan;
  for (bool* flag : {&plan.namespaces, &plan.proc, &plan.own_user, &plan.nested})
    *flag = r.number() != 0;
  for (auto* value :
       {&plan.uid, &plan.gid, &plan.tmp_mb, &plan.data_mb, &plan.max_processes, &plan.max_files})
    *value = r.number();
  for (auto* value : {&plan.root, &plan.code, &plan.runtime, &plan.opt, &plan.lang})
    *value = r.text();
  plan.memory_group = r.number() != 0;
  auto& network = plan.network;
  const auto kind = r.number();
  if (kind > static_cast<std::uint32_t>(FunctionNetwork::outbound)) return std::nullopt;
  network.kind = static_cast<FunctionNetwork>(kind);
  for (auto* port : {&network.runtime_port, &network.api_port, &network.dns_port})
    *port = static_cast<std::uint16_t>(r.number());
  network.unreachable = r.list();
  network.nameserver = r.text();
  plan.binds = r.list();
  const auto commands = r.number();
  for (std::uint32_t i = 0; r.good && i < commands; ++i) plan.commands.push_back(r.list());
  plan.environment = r.list();
  if (!r.finished()) return std::nullopt;
  return plan;
}

}  // namespace sitelatch::net

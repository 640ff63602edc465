// SPDX-License-Identifier: Apache-2.0
#include "services/lambda/functions.h"

#include "base/check.h"
#include "ports/rows.h"

namespace sitelatch::lambda {
namespace {
constexpr std::string_view functions_table = "lambda.functions";

Functions::Key key_of(const Function& function) { return {function.region, function.name}; }
std::string row_key(const Function& function) { return function.region + "/" + function.name; }

std::set<std::string> digests_of(const Configuration& configuration) {
  std::set<std::string> out{configuration.code_sha256};
  for (const auto& layer : configuration.layers) out.insert(layer.code_sha256);
  return out;
}
std::set<std::string> digests_of(const Function& function) {
  auto out = digests_of(function.latest.configuration);
  if (function.previous) out.merge(digests_of(function.previous->configuration));
  for (const auto& [number, version] : function.versions)
    out.merge(digests_of(version.configuration));
  return out;
}
}  // namespace

Functions::Functions(Ports ports, CodeStore& code, Settling settling)
    : ports_(ports), code_(code), settling_(std::move(settling)) {
  code_.add_holder([this](std::set<std::string>& digests) { keep_used(digests); });
  ports::take_rows(ports_.journal, functions_table,
                   [this](std::string_view key_of_row, std::string_view row) {
                     auto function = function_from_row(row);
                     ports::expect_of_row(key_of_row == row_key(function), "another function's");
                     const auto& kept = add(std::move(function));
                     note_reservation(kept);
                     note_urls(kept);
                   });
}

const Function* Functions::lookup(const std::string& region,
                                  const std::string& function_name) const {
  const auto found = functions_.find({region, function_name});
  return found == functions_.end() ? nullptr : &found->second;
}

const Function* Functions::find(const FunctionName& name) const {
  const auto* function = lookup(name.region, name.name);
  return function && function->account == name.account ? function : nullptr;
}

Function* Functions::find(const FunctionName& name) {
  return const_cast<Function*>(std::as_const(*this).find(name));
}

std::vector<const Function*> Functions::in_region(const std::string& region) const {
  std::vector<const Function*> out;
  for (auto at = functions_.lower_bound({region, ""});
       at != functions_.end() && at->first.first == region; ++at)
    out.push_back(&at->second);
  return out;
}

Function& Functions::add(Function function) {
  auto key = key_of(function);
  return functions_.emplace(std::move(key), std::move(function)).first->second;
}

void Functions::save(const Function& function) {
  note_reservation(function);
  note_urls(function);
  ports_.journal.put(functions_table, row_key(function), to_row(function));
}

void Functions::erase(const Function& function) {
  const auto key = key_of(function);
  const auto arn = function.arn();
  const auto digests = digests_of(function);
  ports_.journal.erase(functions_table, row_key(function));
  reservations_.erase(key);
  std::erase_if(urls_, [&key](const auto& url) { return url.second.first == key; });
  functions_.erase(key);
  code_.let_go(digests);
  ports_.host.retire(arn);
}

void Functions::begin_update(Function& function, Configuration configuration) {
  function.previous = function.latest;
  auto& latest = function.latest;
  latest.configuration = std::move(configuration);
  latest.update = Version::Update::in_progress;
  latest.modified = ports_.timers.now();
  latest.revision_id = new_revision();
  latest.build_id = new_revision();
}

const Version& Functions::publish(Function& function,
                                  const std::optional<std::string>& description) {
  Version version = function.latest;
  const auto number = function.next_version++;
  version.number = std::to_string(number);
  version.state = Version::State::pending;
  version.update = Version::Update::none;
  version.revision_id = new_revision();
  version.modified = ports_.timers.now();
  if (description) version.configuration.description = *description;
  return function.versions.emplace(number, std::move(version)).first->second;
}

void Functions::erase_version(Function& function, const std::string& number) {
  const auto version = function.versions.find(std::stoull(number));
  ENSURE(version != function.versions.end(), "a version is deleted that is not there");
  const auto digests = digests_of(version->second.configuration);
  function.policies.erase(number);
  function.event_invoke_configs.erase(number);
  function.runtime_updates.erase(number);
  function.provisioned.erase(number);
  function.versions.erase(version);
  save(function);
  code_.let_go(digests);
}

void Functions::settle_soon(const Function& function) {
  const auto wait = settling_ ? settling_() : Duration{};
  auto settled = lifetime_.guard([this, key = key_of(function)] { settle(key); });
  if (wait > Duration{})
    ports_.timers.at(ports_.timers.now() + wait, std::move(settled));
  else
    ports_.journal.when_durable(std::move(settled));
}

void Functions::settle_all_soon() {
  for (const auto& entry : functions_) settle_soon(entry.second);
}

void Functions::settle(const Key& key) {
  const auto at = functions_.find(key);
  if (at == functions_.end()) return;
  auto& function = at->second;
  bool changed = false;
  const auto activate = [&](Version& version) {
    if (version.settled() && version.update == Version::Update::successful) return;
    version.state = Version::State::active;
    version.update = Version::Update::successful;
    version.revision_id = new_revision();
    changed = true;
  };
  activate(function.latest);
  for (auto& entry : function.versions) activate(entry.second);
  if (!changed) return;
  if (function.previous) {
    const auto replaced = digests_of(function.previous->configuration);
    function.previous.reset();
    code_.let_go(replaced);
    ports_.host.retire(function.arn());
  }
  save(function);
}

void Functions::keep_used(std::set<std::string>& digests) const {
  for (const auto& [key, function] : functions_) {
    for (const auto& used : digests_of(function)) digests.erase(used);
    if (digests.empty()) return;
  }
}

std::optional<Functions::UrlOwner> Functions::with_url(const std::string& id) const {
  const auto at = urls_.find(id);
  if (at == urls_.end()) return std::nullopt;
  const auto& [key, qualifier] = at->second;
  const auto* function = lookup(key.first, key.second);
  const auto* url = function ? function->url(qualifier) : nullptr;
  ENSURE(url, "a URL is known whose function is not");
  return UrlOwner{function, qualifier, url};
}

std::string Functions::new_url_id() {
  for (;;) {
    auto id = ports::random_text(ports_.entropy, 32, "abcdefghijklmnopqrstuvwxyz0123456789");
    if (!urls_.contains(id)) return id;
  }
}

void Functions::note_urls(const Function& function) {
  const auto key = key_of(function);
  std::erase_if(urls_, [&key](const auto& url) { return url.second.first == key; });
  for (const auto& [qualifier, url] : function.urls) urls_[url.id] = {key, qualifier};
}

std::int64_t Functions::code_bytes(const std::string& region) const {
  std::int64_t total = 0;
  for (const auto* function : in_region(region)) {
    total += function->latest.configuration.code_size;
    for (const auto& [number, version] : function->versions)
      total += version.configuration.code_size;
  }
  return total;
}

std::int64_t Functions::reserved_in(const std::string& region, const std::string& but_for) const {
  std::int64_t total = 0;
  for (const auto& [key, reserved] : reservations_)
    if (key.first == region && key.second != but_for) total += reserved;
  return total;
}

void Functions::note_reservation(const Function& function) {
  if (function.reserved_concurrency)
    reservations_[key_of(function)] = *function.reserved_concurrency;
  else
    reservations_.erase(key_of(function));
}

}  // namespace sitelatch::lambda

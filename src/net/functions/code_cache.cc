// SPDX-License-Identifier: Apache-2.0
#include "net/functions/code_cache.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <system_error>
#include <utility>

#include "net/functions/code.h"

namespace sitelatch::net {

CodeCache::Use::Use(Code& code) : code_(&code) { ++code.users; }
void CodeCache::Use::End::operator()(Code* code) const {
  --code->users;
  code->last_used = Clock::now();
}
const std::string& CodeCache::Use::directory() const { return code_->directory; }
const std::string& CodeCache::Use::layers() const { return code_->layers; }
gid_t CodeCache::Use::group() const { return code_->group; }

CodeCache::CodeCache(Options options, FunctionHostLoop& loop, Workers& workers,
                     ports::Entropy& entropy)
    : options_(std::move(options)), loop_(loop), workers_(workers), entropy_(entropy) {}

void CodeCache::get(Package package, Done done) {
  auto& code = codes_[package.key];
  code.last_used = Clock::now();
  if (code.ready) return done(Use(code));
  const bool first = code.waiting.empty();
  if (first) {
    const auto group = options_.draw_group ? options_.draw_group() : Result<gid_t>(::getegid());
    if (!group) {
      codes_.erase(package.key);
      return done(failure(Refusal{Refusal::Fault::machine, group.error().text}));
    }
    code.group = *group;
    code.directory = options_.directory + "/" + ports::random_hex(entropy_, 32);
    if (!package.layers.empty()) code.layers = code.directory + "-opt";
  }
  ++waiting_;
  code.waiting.push_back(std::move(done));
  if (first) order_unpacking(std::move(package), code);
}

namespace {
void make_closed(const std::string& directory) {
  std::filesystem::create_directories(directory);
  std::filesystem::permissions(directory, std::filesystem::perms::owner_all);
}
}  // namespace

void CodeCache::order_unpacking(Package package, const Code& code) {
  auto weight = weight_of(package.zip ? *package.zip : std::string_view());
  for (const auto& layer : package.layers)
    if (layer && weight_of(*layer) == Workers::Weight::heavy) weight = Workers::Weight::heavy;
  const auto owner = options_.draw_group ? std::optional<gid_t>(code.group) : std::nullopt;
  workers_.order(weight, [this, package = std::move(package), directory = code.directory,
                          layers = code.layers, owner] {
    std::optional<Refusal> refusal;
    try {
      make_closed(directory);
      auto unpacked_now =
          unpack_function_code(package.zip ? *package.zip : std::string(), directory, owner);
      if (unpacked_now && !layers.empty()) {
        make_closed(layers);
        unpacked_now = unpack_layers(package.layers, layers, owner);
      }
      if (!unpacked_now) refusal = {Refusal::Fault::code, unpacked_now.error().text};
      if (package.also) package.also();
    } catch (const std::system_error& lack) {
      refusal = {Refusal::Fault::machine, lack.what()};
    }
    loop_.post([this, key = package.key, refusal] { unpacked(key, refusal); });
  });
}

void CodeCache::unpacked(const std::string& key, const std::optional<Refusal>& refusal) {
  const auto code = codes_.find(key);
  const auto waiting = std::exchange(code->second.waiting, {});
  code->second.ready = !refusal;
  if (refusal) drop(code);
  for (const auto& done : waiting) {
    --waiting_;
    if (refusal)
      done(failure(*refusal));
    else
      done(Use(code->second));
  }
}

bool CodeCache::has_group(gid_t group) const {
  return std::any_of(codes_.begin(), codes_.end(),
                     [&](const auto& code) { return code.second.group == group; });
}

void CodeCache::reap(Clock::time_point now) {
  std::vector<Codes::iterator> unused;
  for (auto code = codes_.begin(); code != codes_.end(); ++code)
    if (code->second.is_unused()) unused.push_back(code);
  std::sort(unused.begin(), unused.end(),
            [](const auto& a, const auto& b) { return a->second.last_used < b->second.last_used; });
  const auto surplus = unused.size() - std::min(unused.size(), options_.most_unused);
  for (std::size_t i = 0; i < unused.size(); ++i)
    if (i < surplus || unused[i]->second.last_used < now - options_.idle_limit) drop(unused[i]);
}

void CodeCache::drop(Codes::iterator code) {
  workers_.order(Workers::Weight::heavy,
                 [directory = code->second.directory, layers = code->second.layers] {
                   remove_tree(directory);
                   if (!layers.empty()) remove_tree(layers);
                 });
  codes_.erase(code);
}

}  // namespace sitelatch::net

// SPDX-License-Identifier: Apache-2.0
// The convenience of Aws on top of send(): one call, all pages of a call.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "aws/wire/model.h"
#include "client/client.h"
#include "client/failures.h"

namespace sitelatch::client {
namespace {

// Which members of a page's output go into which of the next input. The first is what says that
// there is a next page.
struct Paging {
  struct Token {
    std::string_view in;
    std::string_view out;
  };
  std::vector<Token> tokens;
  bool ends_when_repeated = false;  // GetLogEvents gives the same token again at the end
};

// fact client-7: the tokens of each operation.
Paging paging_by_name(std::string_view service, std::string_view operation) {
  if (service == "route53" && operation == "ListResourceRecordSets")
    return {{{"StartRecordName", "NextRecordName"},
             {"StartRecordType", "NextRecordType"},
             {"StartRecordIdentifier", "NextRecordIdentifier"}},
            false};
  if (service == "route53" && operation == "ListHostedZonesByName")
    return {{{"DNSName", "NextDNSName"}, {"HostedZoneId", "NextHostedZoneId"}}, false};
  if (service == "logs" && operation == "GetLogEvents")
    return {{{"nextToken", "nextForwardToken"}}, true};
  return {};
}

Paging paging_of(std::string_view service, std::string_view operation_name) {
  auto known = paging_by_name(service, operation_name);
  if (!known.tokens.empty()) return known;
  const auto* model = aws::find_service(service);
  const auto* operation = model ? model->operation(operation_name) : nullptr;
  if (!operation || operation->input == aws::no_shape || operation->output == aws::no_shape)
    return {};
  const auto& input = model->shape(operation->input);
  const auto& output = model->shape(operation->output);
  constexpr std::array<Paging::Token, 4> usual{{{"NextToken", "NextToken"},
                                                {"nextToken", "nextToken"},
                                                {"Marker", "NextMarker"},
                                                {"Marker", "Marker"}}};
  for (const auto& token : usual)
    if (input.member(token.in) && output.member(token.out)) return {{token}, false};
  return {};
}

// The input of the next page, or nothing after the last.
std::optional<Value> next_input(const Paging& paging, const Value& input, const Value& page) {
  if (paging.tokens.empty() || page["IsTruncated"] == Value{false}) return std::nullopt;
  const auto token = page[paging.tokens.front().out].string_or("");
  if (token.empty()) return std::nullopt;
  Value next = input;
  for (const auto& [in, out] : paging.tokens) next.set(in, page[out]);
  return next;
}

bool is_paging_member(const Paging& paging, std::string_view name) {
  if (name == "IsTruncated" || name == "MaxItems" || name == "Marker") return true;
  return std::any_of(paging.tokens.begin(), paging.tokens.end(),
                     [&](const Paging::Token& token) { return token.out == name; });
}

void join_page(Value& all, const Value& page, const Paging& paging) {
  for (const auto& member : page.members()) {
    if (!paging.tokens.empty() && is_paging_member(paging, member.name)) continue;
    const auto& before = all[member.name];
    if (!before.is_list() || !member.value.is_list()) {
      if (before.is_null()) all.set(member.name, member.value);
      continue;
    }
    auto items = before.items();
    items.insert(items.end(), member.value.items().begin(), member.value.items().end());
    all.set(member.name, Value{std::move(items)});
  }
}

}  // namespace

Outcome<Value> Aws::call(std::string_view service, std::string_view operation, Value input,
                         std::string_view region) {
  auto reply = send(Call{
      std::string{service}, std::string{operation}, std::move(input), std::string{region}, {}, {}});
  if (!reply) return failure(reply.error());
  return std::move(reply->output);
}

Outcome<Done> Aws::pages(std::string_view service, std::string_view operation, Value input,
                         std::string_view region,
                         const std::function<Visit(const Value& page)>& visit) {
  const auto paging = paging_of(service, operation);
  while (true) {
    const auto page = call(service, operation, input, region);
    if (!page) return failure(page.error());
    if (visit(*page) == Visit::stop) return Done{};
    auto next = next_input(paging, input, *page);
    if (!next) return Done{};
    if (*next == input) {
      if (paging.ends_when_repeated) return Done{};
      Error error = transport_error({Cause::answer, "the next page is the same page again"});
      error.service = service;
      error.operation = operation;
      return failure(std::move(error));
    }
    input = std::move(*next);
  }
}

Outcome<Value> Aws::call_all(std::string_view service, std::string_view operation, Value input,
                             std::string_view region) {
  const auto paging = paging_of(service, operation);
  Value all = Value::structure();
  const auto done = pages(service, operation, std::move(input), region, [&](const Value& page) {
    join_page(all, page, paging);
    return Visit::go_on;
  });
  if (!done) return failure(done.error());
  return all;
}

}  // namespace sitelatch::client

// SPDX-License-Identifier: Apache-2.0
// Requests that no client of AWS would write: the wire form of an input as a plain tree, in which
// any node may be replaced by any other, and its text in each protocol. Nothing here knows what a
// shape allows; so nulls, wrong kinds, empties and bytes that are no text go out as they are.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "aws/wire/http.h"
#include "aws/wire/model.h"
#include "aws/wire/value.h"

namespace sitelatch::test {

// A string that begins with this goes out as it is, unquoted (JSON, XML, CBOR).
inline constexpr char raw_mark[] = "\x01raw:";
aws::Value raw(std::string bytes);

// The tree of an input: names as on the wire, blobs in base64, times as the protocol has them.
// Lists and maps of the query and XML protocols are their elements.
aws::Value wire_tree(const aws::ServiceModel& model, const aws::Shape& input,
                     aws::Protocol protocol, const aws::Value& value);

// A place in a tree: indices of children from the root.
using Spot = std::vector<std::size_t>;
std::vector<Spot> spots(const aws::Value& tree);
std::string name_of(const aws::Value& tree, const Spot& spot);  // "Dimensions.0.Name"
const aws::Value& node_at(const aws::Value& tree, const Spot& spot);
aws::Value with_node(aws::Value tree, const Spot& spot, aws::Value node);

// What a node is replaced by; `node` is what stood there, and what its items are made of.
enum class Sizes { usual, absurd };
std::vector<std::pair<std::string, aws::Value>> replacements(aws::Protocol protocol,
                                                             const aws::Value& node, Sizes sizes);

// The request with this tree for its input; `shape` says what stands in path, query and headers.
aws::HttpRequest hostile_request(const aws::ServiceModel& model, const aws::Operation& operation,
                                 aws::Protocol protocol, const aws::Value& tree);

std::string hostile_json(const aws::Value& tree);

}  // namespace sitelatch::test

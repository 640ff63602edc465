// SPDX-License-Identifier: Apache-2.0
// For tests and benchmarks of dns/ and net/: zones written as text, queries by hand, replies as
// text.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dns/answer.h"
#include "dns/view.h"

namespace sitelatch::dns::testing {

// Lines of "name ttl type value" (an optional "IN" is skipped); the first line's name is the zone.
std::vector<NodeChange> zone_changes(const std::string& text);
std::shared_ptr<const View> view_of(const std::string& text);

std::string query_bytes(const std::string& name, const std::string& type,
                        std::uint16_t id = 0x1234);
// Appends an OPT record and counts it.
std::string with_edns(std::string query, std::uint16_t payload = 1232, std::uint8_t version = 0,
                      bool dnssec_ok = false, const std::string& options = "");
std::string ask(const View& view, const std::string& query, Limits limits = {},
                std::uint64_t random = 0, const Asker& asker = {});

// "NOERROR aa" first; then a line a record, "answer www.example.com. 60 A 192.0.2.1", each section
// sorted; "opt" as it stands. Fails the test on a malformed reply by text "broken".
std::string reply_text(const std::string& reply);
std::string ask_text(const View& view, const std::string& name, const std::string& type,
                     Limits limits = {}, std::uint64_t random = 0);

}  // namespace sitelatch::dns::testing

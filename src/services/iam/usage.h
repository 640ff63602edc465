// SPDX-License-Identifier: Apache-2.0
// Who used what, and when: for GetAccessKeyLastUsed, RoleLastUsed, the credential report and the
// details of services last accessed. Every authenticated request is noted, whatever came of it
// (fact iam-32). In memory at once; rows (table usage.iam, whose name does not begin with "iam.":
// a request is no change of the account's IAM) follow at most once a minute each, so that reading
// does not write all the time. What a crash takes is less than that minute.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/time.h"
#include "ports/journal.h"

namespace sitelatch::iam {

struct Use {
  Instant at{};
  std::string service, region, operation;
};

class Usage {
 public:
  explicit Usage(ports::Journal& journal);

  // `entity_id` is the user's or role's; empty: root. Only long-term keys are remembered by id.
  void note(std::string_view access_key_id, std::string_view entity_id, const Use& use);

  const Use* of_key(std::string_view access_key_id) const;  // nullptr: never
  const Use* of_entity(std::string_view entity_id) const;
  // By service's prefix ("sns").
  const std::map<std::string, Use, std::less<>>& services_of(std::string_view entity_id) const;
  // Of one service by operation.
  const std::map<std::string, Use, std::less<>>& operations_of(std::string_view entity_id,
                                                               std::string_view service) const;
  // What went must not speak for what comes.
  void forget_key(std::string_view access_key_id);
  void forget_entity(std::string_view entity_id);

 private:
  struct Row {
    Use use;
    Instant written{};
  };
  using Uses = std::map<std::string, Use, std::less<>>;

  void keep(const std::string& key, const Use& use);
  void take(std::string_view key, const Use& use);

  ports::Journal& journal_;
  std::map<std::string, Row, std::less<>> rows_;         // by row key
  std::map<std::string, Uses, std::less<>> services_;    // entity -> service
  std::map<std::string, Uses, std::less<>> operations_;  // entity/service -> operation
};

}  // namespace sitelatch::iam

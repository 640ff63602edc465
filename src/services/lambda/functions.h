// SPDX-License-Identifier: Apache-2.0
// The functions of the account: in memory by region and name, a journal row each (table
// "lambda.functions", key "region/name"), written through. What follows from their being here is
// kept in step with them: the reservations, the deployment packages that somebody uses, and the
// life of their versions from Pending to Active (drawn in function.h). A function is changed where
// it stands, then saved; what may be asked of it, and what it is answered with, is Lambda's.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ports/entropy.h"
#include "ports/function_host.h"
#include "ports/journal.h"
#include "ports/lifetime.h"
#include "ports/timers.h"
#include "services/lambda/code_store.h"
#include "services/lambda/function.h"
#include "services/lambda/function_name.h"

namespace sitelatch::lambda {

class Functions {
 public:
  using Key = std::pair<std::string, std::string>;  // region, name
  struct Ports {
    ports::Journal& journal;
    ports::Timers& timers;
    ports::Entropy& entropy;
    ports::FunctionHost& host;
  };
  // How long a function made or changed now stays Pending or InProgress (Lambda::Options).
  using Settling = std::function<Duration()>;

  // Reads the rows; throws ports::BadRow. Versions that were pending stay so until
  // settle_all_soon().
  Functions(Ports ports, CodeStore& code, Settling settling = {});

  // nullptr: none of this name in the region, whosever account it is asked for.
  const Function* lookup(const std::string& region, const std::string& function_name) const;
  // The same, of the name's account; its qualifier is not looked at.
  const Function* find(const FunctionName& name) const;
  Function* find(const FunctionName& name);
  std::vector<const Function*> in_region(const std::string& region) const;  // by name

  // A new one, whose region and name are free. The caller saves it when it is complete.
  Function& add(Function function);
  void save(const Function& function);
  // With its code, unless another uses it; the host lets go of its environments.
  void erase(const Function& function);

  // A RevisionId or build id that nothing had before.
  std::string new_revision() { return ports::uuid(ports_.entropy); }
  // From here on "$LATEST" has this configuration; invocations run the one before until it settles.
  void begin_update(Function& function, Configuration configuration);
  // "$LATEST" as a version of its own, with the next number. No description: that of "$LATEST".
  const Version& publish(Function& function, const std::optional<std::string>& description);
  // Neither an alias nor anything else refers to it. With its policy and event invoke
  // configuration; saved.
  void erase_version(Function& function, const std::string& number);
  // Pending becomes Active. "Shortly after" is as soon as the change is durable, whatever the
  // engine's clock does (fact lambda-1), unless it is to take its time.
  void settle_soon(const Function& function);
  void settle_all_soon();

  // The URL of this id and whose it is; its qualifier is an alias, or empty.
  struct UrlOwner {
    const Function* function = nullptr;
    std::string qualifier;
    const FunctionUrl* url = nullptr;
  };
  std::optional<UrlOwner> with_url(const std::string& id) const;
  // An id that no URL has (fact lambda-45).
  std::string new_url_id();

  // Bytes of all deployment packages: one counts for every version that has it.
  std::int64_t code_bytes(const std::string& region) const;

  // Which functions have a reservation, and how much.
  const std::map<Key, std::uint32_t>& reservations() const { return reservations_; }
  // All of a region, but for the function of this name.
  std::int64_t reserved_in(const std::string& region, const std::string& but_for) const;

 private:
  void note_reservation(const Function& function);
  void note_urls(const Function& function);
  void settle(const Key& key);
  void keep_used(std::set<std::string>& digests) const;

  Ports ports_;
  CodeStore& code_;
  Settling settling_;
  std::map<Key, Function> functions_;
  // Derived from functions_, so that admitting an invocation looks at these few only.
  std::map<Key, std::uint32_t> reservations_;
  // Derived too: where a request to a URL goes, by the URL's id.
  std::map<std::string, std::pair<Key, std::string>> urls_;
  ports::Lifetime lifetime_;
};

}  // namespace sitelatch::lambda

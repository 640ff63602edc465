// SPDX-License-Identifier: Apache-2.0
// The whole engine in memory on virtual time, furnished: a role, a user with keys, a function,
// topics and subscriptions, alarms, metrics, log groups, rules, a zone with failover records. Made
// once a process; each Fixture begins with a copy of that journal, so every input finds the same
// world.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "aws/wire/model.h"
#include "aws/wire/wire.h"
#include "engine/cloud.h"
#include "ports/sim/world.h"
#include "robustness/generated_inputs.h"

namespace sitelatch::fuzz {

struct Furniture;  // what the furnished world is copied from

class Fixture {
 public:
  // A furnished one. `choices` is what inputs, probes, functions and couriers are drawn from.
  explicit Fixture(std::string_view choices = {});
  // With other rows than the furnished ones. Throws what the services throw at such rows.
  Fixture(const ports::sim::MemoryJournal& journal, std::string_view choices);
  ~Fixture();
  Fixture(const Fixture&) = delete;
  Fixture& operator=(const Fixture&) = delete;

  enum class As { root, user, session, nobody };
  // Signs and serves; requires one answer, none of the engine's own faults in it, and text that is
  // UTF-8.
  aws::HttpResponse serve(aws::HttpRequest request, const aws::ServiceModel& model, As caller,
                          const std::string& region = "eu-west-1");
  // The same for one operation; what it gives out is known to later inputs.
  bool call(const aws::ServiceModel& model, const aws::Operation& operation, aws::Protocol protocol,
            const aws::Value& input, As caller = As::root);
  void learn(const aws::ServiceModel& model, const aws::Operation& operation,
             aws::Protocol protocol, const aws::HttpResponse& response);

  void crash();  // kill -9, and again from what was durable
  // What a client can see of everything.
  std::vector<std::string> picture();

  ports::sim::World& world() { return *world_; }
  engine::Cloud& cloud() { return *cloud_; }
  test::InputMaker& inputs() { return *inputs_; }

  static const ports::sim::MemoryJournal& furnished_journal();

 private:
  friend struct Furniture;
  struct Unfurnished {};
  explicit Fixture(Unfurnished);
  void open();
  void be_unreliable();
  void furnish();
  void run_function(const std::function<void(ports::InvocationOutcome)>& done);

  std::unique_ptr<ports::sim::World> world_;
  std::unique_ptr<test::InputMaker> inputs_;
  struct Dependencies;  // keys and views
  std::unique_ptr<Dependencies> dependencies_;
  std::unique_ptr<engine::Cloud> cloud_;
  struct Keys {
    std::string id, secret, token;
  };
  Keys user_, session_;
};

}  // namespace sitelatch::fuzz

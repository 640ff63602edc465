// SPDX-License-Identifier: Apache-2.0
#include "engine/replicas.h"

#include "engine/cloud.h"

namespace sitelatch::engine {
namespace {

struct DeafTimers final : ports::Timers {
  explicit DeafTimers(const ports::Timers& real) : real_(real) {}
  Instant now() const override { return real_.now(); }
  Id at(Instant, std::function<void()>) override { return 0; }
  void cancel(Id) override {}

 private:
  const ports::Timers& real_;
};
struct DeafProber final : ports::Prober {
  void probe(ports::ProbeRequest, std::function<void(ports::Observation)>) override {}
};
struct DeafFunctionHost final : ports::FunctionHost {
  void invoke(ports::FunctionSpec, ports::Invocation,
              std::function<void(ports::InvocationOutcome)>) override {}
  void retire(const std::string&) override {}
};
struct DeafCourier final : ports::Courier {
  void post(ports::Post, std::function<void(ports::Receipt)>) override {}
  void mail(ports::Mail, std::function<void(ports::Receipt)>) override {}
};
struct DeafKeyMaker final : sns::SigningKeyMaker {
  void make(std::function<void(sns::SigningKey)>) override {}
};
struct DeafViewSink final : route53::ViewSink {
  void publish(std::shared_ptr<const dns::View>) override {}
};

class Replica final : public Past::Account {
 public:
  Replica(const realism::JournalHistory& history, std::uint64_t number, Replicas::Ports real,
          const Cloud::Options& options)
      : journal_(history, number),
        timers_(real.timers),
        cloud_({journal_, timers_, real.wall, real.entropy, prober_, functions_, courier_,
                key_maker_, views_},
               options) {}

  aws::Service& service(std::string_view model_name) override { return cloud_.service(model_name); }
  const iam::Identities& identities() override { return cloud_.identities(); }
  lambda::Roles& roles() override { return cloud_.execution_roles(); }
  lambda::Destinations& destinations() override { return cloud_.event_destinations(); }

 private:
  realism::PastJournal journal_;
  DeafTimers timers_;
  DeafProber prober_;
  DeafFunctionHost functions_;
  DeafCourier courier_;
  DeafKeyMaker key_maker_;
  DeafViewSink views_;
  Cloud cloud_;
};

}  // namespace

std::shared_ptr<Past::Account> Replicas::at(Instant t, std::string_view service) {
  const auto number = history_.first_change_after(t, std::string{service} + ".");
  if (!number) return nullptr;
  if (last_ && last_number_ == *number) return last_;
  Cloud::Options options;
  options.account = account_;
  options.endpoint = endpoint_;
  last_ = std::make_shared<Replica>(history_, *number, ports_, options);
  last_number_ = *number;
  return last_;
}

}  // namespace sitelatch::engine

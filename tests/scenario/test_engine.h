// SPDX-License-Identifier: Apache-2.0
// TestEngine: the whole engine in memory, on virtual time. Sites are scripted, functions are C++
// lambdas; AWS calls are signed HTTP requests, DNS is bytes in and bytes out. Nothing sleeps;
// wait() lets everything due happen in order.
//
//   engine.site("primary").goes_down();
//   engine.wait(90s);
//   CHECK(engine.dns("client.example.test") == backup_address);
//
// crash() is kill -9 and a new engine on the same journal. crash_at() does it at an exact commit,
// wherever the story is then: a call under way is lost ("ConnectionLost", which ok() repeats as a
// client would), a wait goes on.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "aws/auth/sigv4.h"
#include "aws/wire/http.h"
#include "aws/wire/value.h"
#include "engine/cloud.h"
#include "engine/realism/realism.h"
#include "function.h"
#include "ports/sim/world.h"
#include "witness.h"

namespace sitelatch::scenario {

using aws::Value;
using namespace std::chrono_literals;
using Moment = ports::sim::MemoryJournal::Moment;

inline constexpr int site_port = 8080;
// A site as a prober sees it: /lb-check answers while it is up, every other path is 404, and at
// another port nobody is at home.
class Site {
 public:
  explicit Site(std::string address) : address_(std::move(address)) {}
  const std::string& address() const { return address_; }
  void goes_down() { up_ = false; }
  void comes_up() { up_ = true; }
  bool up() const { return up_; }
  ports::Observation answer(const std::string& path) const;

 private:
  std::string address_;
  bool up_ = true;
};

struct Invoked {
  Instant at;
  std::string function;
};

class TestEngine : private route53::ViewSink, private sns::SigningKeyMaker {
 public:
  explicit TestEngine(std::uint64_t seed = 1, std::size_t checkers = 1);
  virtual ~TestEngine();
  TestEngine(const TestEngine&) = delete;

  // The world.
  Site& site(const std::string& name,
             const std::string& address = "");  // made at its first mention, with its address
  void wait(Duration d);
  // The machine sleeps so long: then everything that was due happens at once, late.
  void oversleep(Duration d);
  Instant now() const { return world_.timers.now(); }

  // What functions do, by function name; without an entry: any_function, which is the
  // guide's.
  std::map<std::string, Function> functions;
  Function any_function = guide_function;
  std::vector<Invoked> invoked;

  // How it departs from an AWS that is always there: faults, and AWS's everyday lags and limits.
  // Outlives crashes.
  realism::Realism realism;

  // The engine.
  void kill();   // as kill -9; the world goes on
  void start();  // on what is durable
  void crash() { kill(), start(); }
  // Crashes, and starts again after `downtime`, the first time, or every time, that `now` says so
  // at a commit.
  Duration downtime{};
  void crash_when(std::function<bool(Moment)> now) {
    crash_when_ = std::move(now), crash_once_ = true;
  }
  void crash_whenever(std::function<bool(Moment)> now) {
    crash_when_ = std::move(now), crash_once_ = false;
  }
  void crash_at(std::size_t commit, Moment moment);
  std::size_t commits() const { return world_.journal.commits(); }
  std::size_t crashes() const { return crashes_; }
  bool has_rows(std::string_view table) const;
  route53::Route53& route53() { return cloud_->route53(); }

  // One AWS call by the account's root. A refusal is AWS's, or "ConnectionLost" (an answer that a
  // fault lost, too).
  aws::Outcome<> call(std::string_view service, std::string_view operation, const Value& input,
                      const std::string& region = "us-east-1");
  // Repeated when the connection was lost; fails the test when it is refused.
  Value ok(std::string_view service, std::string_view operation, const Value& input,
           const std::string& region = "us-east-1");
  // The same, and when it was repeated, "already exists" means that the first attempt had arrived.
  void make(std::string_view service, std::string_view operation, const Value& input,
            const std::string& region = "us-east-1");
  // By whoever holds these keys; not caught when the engine crashes.
  aws::Outcome<> call_as(const aws::SigningIdentity& who, std::string_view service,
                         std::string_view operation, const Value& input, const std::string& region);
  aws::HttpResponse http(aws::HttpRequest request);
  // Probes of a name that is a function's URL go to that URL, and are what its answer makes them.
  aws::SigningIdentity root() const;
  WallInstant wall_now() const { return world_.wall.now(); }

  // Every mail that was sent, in order.
  const std::vector<ports::Mail>& mails() const { return world_.courier.mails; }
  // "192.0.2.1"; several sorted and joined; "-" when there is no answer. Texts in their quotes.
  std::string dns(const std::string& name, const std::string& type = "A") const;

  // Has this failover pair's invariants held, from now on.
  void watch(Witness::Pair pair);
  Witness witness{world_.timers, world_.journal};

 private:
  struct Crashed {};
  void publish(std::shared_ptr<const dns::View> view) override;
  void make(std::function<void(sns::SigningKey)> done) override;
  bool probe_url(const ports::ProbeRequest& request,
                 const std::function<void(ports::Observation)>& done);
  void run_function(const ports::FunctionSpec& spec, const ports::Invocation& invocation,
                    const std::function<void(ports::InvocationOutcome)>& done);
  void live(
      const std::function<void()>& step);  // restarts the engine when the step ends in a crash
  void come_back();

  ports::sim::World world_;
  const std::size_t checkers_;
  std::map<std::string, Site> sites_;
  std::function<bool(Moment)> crash_when_;
  bool crash_once_ = true;
  std::size_t crashes_ = 0;
  std::shared_ptr<const dns::View> view_;
  std::unique_ptr<engine::Cloud> cloud_;
};

// What a query for the name's records answers, by the bytes.
std::string answer_of(const dns::View& view, const std::string& name,
                      const std::string& type = "A");

}  // namespace sitelatch::scenario

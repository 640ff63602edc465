// SPDX-License-Identifier: Apache-2.0
// Ports that hold a Loop::Work while the real thing is under way, so that a manual clock waits for
// it.
#pragma once

#include <memory>
#include <utility>

#include "engine/loop.h"
#include "ports/courier.h"
#include "ports/function_host.h"
#include "ports/prober.h"

namespace sitelatch::engine {

// `done`, holding a Work until it has run (or is dropped).
template <class Result>
std::function<void(Result)> while_awaited(Loop& loop, std::function<void(Result)> done) {
  auto work = std::make_shared<Loop::Work>(loop);
  return [work, done = std::move(done)](Result result) mutable {
    done(std::move(result));
    work.reset();
  };
}

class AwaitedProber final : public ports::Prober {
 public:
  AwaitedProber(Loop& loop, ports::Prober& real) : loop_(loop), real_(real) {}
  void probe(ports::ProbeRequest request, std::function<void(ports::Observation)> done) override {
    real_.probe(std::move(request), while_awaited(loop_, std::move(done)));
  }

 private:
  Loop& loop_;
  ports::Prober& real_;
};

class AwaitedFunctionHost final : public ports::FunctionHost {
 public:
  AwaitedFunctionHost(Loop& loop, ports::FunctionHost& real) : loop_(loop), real_(real) {}
  void invoke(ports::FunctionSpec spec, ports::Invocation invocation,
              std::function<void(ports::InvocationOutcome)> done) override {
    real_.invoke(std::move(spec), std::move(invocation), while_awaited(loop_, std::move(done)));
  }
  void retire(const std::string& function_arn) override { real_.retire(function_arn); }

 private:
  Loop& loop_;
  ports::FunctionHost& real_;
};

class AwaitedCourier final : public ports::Courier {
 public:
  AwaitedCourier(Loop& loop, ports::Courier& real) : loop_(loop), real_(real) {}
  void post(ports::Post post, std::function<void(ports::Receipt)> done) override {
    real_.post(std::move(post), while_awaited(loop_, std::move(done)));
  }
  void mail(ports::Mail mail, std::function<void(ports::Receipt)> done) override {
    real_.mail(std::move(mail), while_awaited(loop_, std::move(done)));
  }

 private:
  Loop& loop_;
  ports::Courier& real_;
};

}  // namespace sitelatch::engine

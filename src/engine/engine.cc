// SPDX-License-Identifier: Apache-2.0
// The composition root: who owns what, in the order of construction; everything ends in the reverse
// order.
#include "engine/engine.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <future>
#include <system_error>
#include <thread>

#include "base/log.h"
#include "base/text.h"
#include "engine/awaited.h"
#include "engine/cloud.h"
#include "engine/control.h"
#include "engine/front_door.h"
#include "net/dns/server.h"
#include "net/functions/function_host.h"
#include "net/http/courier.h"
#include "net/io/control_socket.h"
#include "net/io/held_port.h"
#include "net/io/system_ports.h"
#include "net/probe/prober.h"
#include "ports/rows.h"
#include "services/sns/signer.h"
#include "store/data_directory.h"

namespace sitelatch::engine {
namespace {

// Running functions get this long at the end, then the replies under way.
constexpr auto function_grace = std::chrono::seconds{5};
constexpr auto reply_grace = std::chrono::seconds{2};

// A view goes to the DNS threads and to the prober (which resolves names of our own zones by it).
class PublishedViews final : public route53::ViewSink {
 public:
  PublishedViews(net::DnsServer& dns, net::SocketProber& prober) : dns_(dns), prober_(prober) {}
  void publish(std::shared_ptr<const dns::View> view) override {
    prober_.publish(view);
    dns_.publish(std::move(view));
  }

 private:
  net::DnsServer& dns_;
  net::SocketProber& prober_;
};

// Makes the notifications' key on a thread of its own; one at a time.
class BackgroundKeyMaker final : public sns::SigningKeyMaker {
 public:
  BackgroundKeyMaker(Loop& loop, const ports::Timers& timers) : loop_(loop), timers_(timers) {}
  ~BackgroundKeyMaker() {
    if (thread_.joinable()) thread_.join();
  }
  void make(std::function<void(sns::SigningKey)> done) override {
    if (thread_.joinable()) thread_.join();
    const auto make = [this, now = timers_.now(),
                       awaited = while_awaited<sns::SigningKey>(loop_, std::move(done))] {
      loop_.post(
          [awaited, key = sns::make_signing_key(now)]() mutable { awaited(std::move(key)); });
    };
    try {
      thread_ = std::thread(make);
    } catch (const std::system_error&) {
      make();  // a machine without threads to give is held up by it for a moment
    }
  }

 private:
  Loop& loop_;
  const ports::Timers& timers_;
  std::thread thread_;
};

// Where to reach a listener from this machine: the wildcard is no address to connect to.
net::Endpoint reachable(net::Endpoint at) {
  if (at.address == "0.0.0.0") at.address = "127.0.0.1";
  if (at.address == "::") at.address = "::1";
  return at;
}
std::string url_of(const net::Endpoint& at) { return "http://" + net::to_string(reachable(at)); }

// Large bodies, two at a time; a manual clock waits for them.
class AwaitedWorkers final : public Workers {
 public:
  explicit AwaitedWorkers(Loop& loop)
      : loop_(loop),
        threads_(2, [&loop](std::function<void()> task) { loop.post(std::move(task)); }) {}
  void run(std::function<void()> work, std::function<void()> then) override {
    threads_.run(std::move(work),
                 [held = std::make_shared<Loop::Work>(loop_), then = std::move(then)] { then(); });
  }

 private:
  Loop& loop_;
  WorkerThreads threads_;
};

AcceptedHosts accepted_hosts(const Config& config) {
  AcceptedHosts hosts;
  for (const auto& name : config.allowed_hosts) hosts.names.push_back(lower(name));
  hosts.private_names = !net::is_loopback(config.api.address);
  return hosts;
}

class RealEngine final : public Engine {
 public:
  RealEngine(const Config& config, std::unique_ptr<store::DataDirectory> directory,
             std::unique_ptr<store::SqliteJournal> journal)
      : config_(config),
        directory_(std::move(directory)),
        journal_(std::move(journal)),
        loop_(*journal_, wall_, config.clock, config.time_scale),
        workers_(std::make_unique<AwaitedWorkers>(loop_)),
        realism_({config.realistic, config.seed}),
        door_(accepted_hosts(config),
              [this](std::function<void()> task) { loop_.post(std::move(task)); }) {}

  Result<Done> open() {
    auto listening = listen();
    for (int attempts_left = config_.api.port == 0 ? 32 : 0;
         listening && !hold_twin((*listening)->endpoint(), attempts_left == 0); --attempts_left)
      listening = listen();
    if (!listening) return failure(listening.error());
    net::DnsServer::Options dns_options;
    dns_options.rate_limit = config_.dns_rate_limit;
    dns_options.answers_at_once = false;  // it knows no zone yet
    auto answering = net::DnsServer::listen(config_.dns, dns_options, dns::View::empty());
    if (!answering) return failure(answering.error());
    dns_ = std::move(*answering);

    const auto post = [this](std::function<void()> task) { loop_.post(std::move(task)); };
    prober_ = std::make_unique<net::SocketProber>(
        net::ProbeLimits{.allow_link_local = config_.allow_link_local}, post);
    net::ProcessFunctionHost::Options host;
    host.work_dir = (directory_->files().real_path() / "functions").string();
    host.api_endpoint = url_of((*listening)->endpoint());
    host.api = reachable((*listening)->endpoint());
    host.dns = reachable(dns_->endpoint());
    host.network = config_.function_network;
    functions_ = std::make_unique<net::ProcessFunctionHost>(host, post);
    net::CourierConfig mail;
    mail.mail_folder = (directory_->files().real_path() / "mail").string();
    mail.smtp_url = config_.smtp;
    mail.allow_link_local = config_.allow_link_local;
    courier_ = std::make_unique<net::CurlCourier>(mail, post);
    key_maker_ = std::make_unique<BackgroundKeyMaker>(loop_, loop_.timers());
    views_ = std::make_unique<PublishedViews>(*dns_, *prober_);
    awaited_prober_ = std::make_unique<AwaitedProber>(loop_, *prober_);
    awaited_functions_ = std::make_unique<AwaitedFunctionHost>(loop_, *functions_);
    awaited_courier_ = std::make_unique<AwaitedCourier>(loop_, *courier_);
    cloud_ = std::make_unique<Cloud>(
        Cloud::Ports{*journal_, loop_.timers(), wall_, entropy_, *awaited_prober_,
                     *awaited_functions_, *awaited_courier_, *key_maker_, *views_},
        Cloud::Options{config_.account, host.api_endpoint, config_.accept_any_credentials,
                       config_.allow_link_local, config_.checkers, workers_.get(), &realism_});
    door_.open(cloud_->gateway(), cloud_->url_door());
    // What the constructors wrote (the key pair) is kept before anybody is told of it; and the
    // first view is out.
    while (journal_->commit()) {
    }
    dns_->begin();

    auto control = net::ControlSocket::listen(
        directory_->files().real_path() / "control.sock",
        [this](std::string request, std::function<void(std::string)> reply) {
          loop_.post([this, request = std::move(request), reply = std::move(reply)] {
            handle_control(loop_, *cloud_, realism_, request, reply);
          });
        });
    if (!control) return failure(control.error());
    control_ = std::move(*control);
    http_ = std::move(*listening);
    return write_files();
  }

  ~RealEngine() override {
    control_.reset();
    http_.reset();
    workers_.reset();  // what they do refers to the cloud
    if (directory_) directory_->files().remove_file("engine.json");
  }

  net::Endpoint api() const override { return http_->endpoint(); }
  net::Endpoint dns() const override { return dns_->endpoint(); }
  std::string api_url() const override { return url_of(http_->endpoint()); }
  std::vector<std::string> missing_protections() const override {
    return functions_->missing_protections();
  }
  net::FunctionNetwork function_network() const override { return functions_->network(); }

  void ask_for_life(std::function<void()> answer) override {
    loop_.post([this, answer = std::move(answer)] { loop_.when_durable(answer); });
  }

  void run() override { loop_.run(); }

  void stop() override {
    // Shared: the host may still answer after we have stopped waiting.
    const auto functions_ended = std::make_shared<std::promise<void>>();
    loop_.post([this, functions_ended] {
      functions_->stop(function_grace, [functions_ended] { functions_ended->set_value(); });
    });
    functions_ended->get_future().wait_for(function_grace + std::chrono::seconds{2});
    http_->drain(reply_grace);
    loop_.post([this] {
      cloud_->cloudwatch().flush();
      loop_.stop();
    });
  }

 private:
  Result<std::unique_ptr<net::HttpServer>> listen() {
    return net::HttpServer::listen(
        config_.api, {},
        [this](aws::HttpRequest request, net::HttpServer::Reply reply) {
          loop_.post([this, request = std::move(request), reply = std::move(reply)]() mutable {
            Gateway::Standing standing;
            if (reply.needs_vouching())
              standing = {[reply] { reply.vouch(); }, [reply] { reply.admit(); }};
            cloud_->serve(std::move(request), std::move(reply), std::move(standing));
          });
        },
        &door_);
  }

  // So that nobody answers in our place whom clients find under "localhost" (fact gateway-20).
  // False: another port would do better.
  bool hold_twin(const net::Endpoint& api, bool whatever_comes) {
    const auto twin = net::localhost_twin(api);
    if (!twin || api.address == "::") return true;  // that one takes IPv4 too
    auto held = net::hold_port(*twin);
    if (held) {
      twin_ = std::move(*held);
    } else if (held.error() == EADDRINUSE) {
      if (!whatever_comes) return false;
      log(LogLevel::warning, "net",
          fmt::format("{} is in use by another program: who calls the API at \"localhost\" may "
                      "reach that; stop it, or choose another port with --api",
                      net::to_string(*twin)));
    }
    return true;
  }

  Result<Done> write_files() {
    const auto& key = cloud_->root_key();
    auto written = directory_->files().write_file(
        "credentials",
        fmt::format("[default]\naws_access_key_id = {}\naws_secret_access_key = {}\n",
                    key.access_key_id, key.secret_access_key));
    if (!written) return written;
    const auto runtime =
        aws::Value::structure({{"pid", std::int64_t{::getpid()}},
                               {"api", api_url()},
                               {"dns", net::to_string(dns_->endpoint())},
                               {"account", config_.account},
                               {"clock", config_.clock == ClockKind::manual ? "manual" : "wall"}});
    return directory_->files().write_file("engine.json", aws::to_json(runtime) + "\n",
                                          {0600, store::PrivateDirectory::Kept::until_next_start});
  }

  Config config_;
  std::unique_ptr<store::DataDirectory> directory_;
  std::unique_ptr<store::SqliteJournal> journal_;
  Fd twin_;  // the port of the API on the other address of "localhost"
  net::SystemWallClock wall_;
  Loop loop_;
  std::unique_ptr<AwaitedWorkers> workers_;
  realism::Realism realism_;
  FrontDoor door_;
  net::SystemEntropy entropy_;
  std::unique_ptr<net::DnsServer> dns_;
  std::unique_ptr<net::SocketProber> prober_;
  std::unique_ptr<net::ProcessFunctionHost> functions_;
  std::unique_ptr<net::CurlCourier> courier_;
  std::unique_ptr<BackgroundKeyMaker> key_maker_;
  std::unique_ptr<PublishedViews> views_;
  std::unique_ptr<AwaitedProber> awaited_prober_;
  std::unique_ptr<AwaitedFunctionHost> awaited_functions_;
  std::unique_ptr<AwaitedCourier> awaited_courier_;
  std::unique_ptr<Cloud> cloud_;
  std::unique_ptr<net::HttpServer> http_;
  std::unique_ptr<net::ControlSocket> control_;
};

}  // namespace

Result<std::unique_ptr<Engine>> Engine::start(const Config& config) {
  if (config.accept_any_credentials && !net::is_loopback(config.api.address))
    return failure(
        Problem{fmt::format("--accept-any-credentials makes every caller the account's root, so it "
                            "is refused on {}, which is not a "
                            "loopback address",
                            config.api.address)});
  auto directory = store::DataDirectory::open(config.data_dir);
  if (!directory) return failure(directory.error());
  std::unique_ptr<store::SqliteJournal> journal;
  const auto file = (*directory)->files().real_path() / "state.db";
  if (config.ephemeral) {
    journal = store::SqliteJournal::in_memory();
  } else {
    auto opened = store::SqliteJournal::open(file);
    if (!opened) return failure(opened.error());
    journal = std::move(*opened);
  }
  auto engine = std::make_unique<RealEngine>(config, std::move(*directory), std::move(journal));
  try {
    auto ready = engine->open();
    if (!ready) return failure(ready.error());
  } catch (const ports::BadRow& row) {
    return failure(
        Problem{fmt::format("cannot use {} ({}): put back a copy of the data directory, "
                            "or start with another --data-dir",
                            file.string(), row.what())});
  }
  return std::unique_ptr<Engine>(std::move(engine));
}

}  // namespace sitelatch::engine

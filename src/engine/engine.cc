// SPDX-License-Identifier: Apache-2.0
// The composition root: who owns what, in the order of construction; everything ends in the reverse
// order.
#include "engine/engine.h"

#include <fmt/format.h>
#include <unistd.h>

#include <future>
#include <thread>

#include "base/log.h"
#include "engine/awaited.h"
#include "engine/cloud.h"
#include "engine/control.h"
#include "net/dns/server.h"
#include "net/functions/function_host.h"
#include "net/http/courier.h"
#include "net/io/control_socket.h"
#include "net/io/system_ports.h"
#include "net/probe/prober.h"
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
    auto awaited = while_awaited<sns::SigningKey>(loop_, std::move(done));
    thread_ = std::thread([this, now = timers_.now(), awaited = std::move(awaited)]() mutable {
      auto key = sns::make_signing_key(now);
      loop_.post([awaited = std::move(awaited), key = std::move(key)]() mutable {
        awaited(std::move(key));
      });
    });
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

class RealEngine final : public Engine {
 public:
  RealEngine(const Config& config, std::unique_ptr<store::DataDirectory> directory,
             std::unique_ptr<store::SqliteJournal> journal)
      : config_(config),
        directory_(std::move(directory)),
        journal_(std::move(journal)),
        loop_(*journal_, config.clock, config.time_scale) {}

  Result<Done> open() {
    auto listening = net::HttpServer::listen(
        config_.api, {}, [this](aws::HttpRequest request, net::HttpServer::Reply reply) {
          loop_.post([this, request = std::move(request), reply = std::move(reply)]() mutable {
            cloud_->serve(std::move(request), std::move(reply));
          });
        });
    if (!listening) return failure(listening.error());
    auto answering = net::DnsServer::listen(config_.dns, {}, dns::View::empty());
    if (!answering) return failure(answering.error());
    dns_ = std::move(*answering);

    const auto post = [this](std::function<void()> task) { loop_.post(std::move(task)); };
    prober_ = std::make_unique<net::SocketProber>(
        net::ProbeLimits{.allow_link_local = config_.allow_link_local}, post);
    net::ProcessFunctionHost::Options host;
    host.work_dir = (directory_->path() / "functions").string();
    host.api_endpoint = url_of((*listening)->endpoint());
    host.api = reachable((*listening)->endpoint());
    host.dns = reachable(dns_->endpoint());
    host.network = config_.function_network;
    functions_ = std::make_unique<net::ProcessFunctionHost>(host, post);
    net::CourierConfig mail;
    mail.mail_folder = (directory_->path() / "mail").string();
    mail.smtp_url = config_.smtp;
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
                       config_.allow_link_local});
    // What the constructors wrote (the key pair) is kept before anybody is told of it; and the
    // first view is out.
    while (journal_->commit()) {
    }

    auto control = net::ControlSocket::listen(
        directory_->path() / "control.sock",
        [this](std::string request, std::function<void(std::string)> reply) {
          loop_.post([this, request = std::move(request), reply = std::move(reply)] {
            handle_control(loop_, cloud_->route53(), request, reply);
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
    if (directory_) ::unlink((directory_->path() / "engine.json").c_str());
  }

  net::Endpoint api() const override { return http_->endpoint(); }
  net::Endpoint dns() const override { return dns_->endpoint(); }
  std::string api_url() const override { return url_of(http_->endpoint()); }
  std::string root_access_key_id() const override { return cloud_->root_key().access_key_id; }
  std::string root_secret_access_key() const override {
    return cloud_->root_key().secret_access_key;
  }
  std::vector<std::string> missing_protections() const override {
    return functions_->missing_protections();
  }
  net::FunctionNetwork function_network() const override { return functions_->network(); }

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
  Result<Done> write_files() {
    const auto& key = cloud_->root_key();
    auto written = directory_->write_file(
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
    return directory_->write_file("engine.json", aws::to_json(runtime) + "\n");
  }

  Config config_;
  std::unique_ptr<store::DataDirectory> directory_;
  std::unique_ptr<store::SqliteJournal> journal_;
  Loop loop_;
  net::SystemWallClock wall_;
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
  if (config.ephemeral) {
    journal = store::SqliteJournal::in_memory();
  } else {
    auto opened = store::SqliteJournal::open((*directory)->path() / "state.db");
    if (!opened) return failure(opened.error());
    journal = std::move(*opened);
  }
  auto engine = std::make_unique<RealEngine>(config, std::move(*directory), std::move(journal));
  auto ready = engine->open();
  if (!ready) return failure(ready.error());
  return std::unique_ptr<Engine>(std::move(engine));
}

}  // namespace sitelatch::engine

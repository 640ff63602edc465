// SPDX-License-Identifier: Apache-2.0
// The composition root: who owns what, in the order of construction; everything ends in the reverse
// order.
#include "engine/engine.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <exception>
#include <filesystem>
#include <future>
#include <system_error>
#include <thread>

#include "base/log.h"
#include "base/text.h"
#include "engine/awaited.h"
#include "engine/cloud.h"
#include "engine/control.h"
#include "engine/counted_ports.h"
#include "engine/engine_metrics.h"
#include "engine/front_door.h"
#include "engine/query_log.h"
#include "engine/service_pages.h"
#include "engine/tally.h"
#include "net/dns/name_lookups.h"
#include "net/dns/server.h"
#include "net/functions/function_host.h"
#include "net/http/courier.h"
#include "net/io/control_socket.h"
#include "net/io/held_port.h"
#include "net/io/process_figures.h"
#include "net/io/system_ports.h"
#include "net/probe/prober.h"
#include "ports/lifetime.h"
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

// Large bodies, two at a time; a manual clock waits for them. What has been worked at when this
// ends is dropped.
class AwaitedWorkers final : public Workers {
 public:
  explicit AwaitedWorkers(Loop& loop)
      : loop_(loop),
        threads_(2, [&loop](std::function<void()> task) { loop.post(std::move(task)); }) {}
  void run(std::function<void()> work, std::function<void()> then) override {
    threads_.run(std::move(work), lifetime_.guard([held = std::make_shared<Loop::Work>(loop_),
                                                   then = std::move(then)] { then(); }));
  }

 private:
  Loop& loop_;
  ports::Lifetime lifetime_;
  WorkerThreads threads_;
};

// The answer that somebody waits for: whoever drops the request (a reset does) owes it all the
// same. Without words: clients of every protocol take an empty 503 for what is to be tried again.
class OwedReply {
 public:
  explicit OwedReply(net::HttpServer::Reply reply) : reply_(std::move(reply)) {}
  ~OwedReply() {
    // An engine that ends by an exception answers nobody: what it could not keep, it may have kept.
    if (answered_ || std::uncaught_exceptions() > 0) return;
    aws::HttpResponse nobody;
    nobody.status = 503;
    reply_(std::move(nobody));
  }
  OwedReply(const OwedReply&) = delete;
  OwedReply& operator=(const OwedReply&) = delete;
  void answer(aws::HttpResponse response) {
    answered_ = true;
    reply_(std::move(response));
  }

 private:
  const net::HttpServer::Reply reply_;
  bool answered_ = false;
};

Gateway::Reply owed(net::HttpServer::Reply reply) {
  return [box = std::make_shared<OwedReply>(std::move(reply))](aws::HttpResponse response) {
    box->answer(std::move(response));
  };
}

// Of /metrics for others than this machine: names are asked for on loopback alone, where a page
// could have made its own name lead here.
class MetricsDoor final : public net::HttpServer::Door {
 public:
  explicit MetricsDoor(bool loopback) : loopback_(loopback) {}
  std::optional<aws::HttpResponse> refusal(const aws::HttpRequest& head) const override {
    if (!loopback_) return std::nullopt;
    auto why = cross_site_refusal(head, {});
    if (!why) return std::nullopt;
    return refused_page(403, std::move(*why));
  }
  void consider(const aws::HttpRequest&, std::optional<std::uint64_t>,
                std::function<void(Decision)> decide) override {
    decide({refused_page(413, "metrics are asked for without a body"), 0});
  }

 private:
  const bool loopback_;
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
        realism_(realism_options()),
        door_(accepted_hosts(config),
              [this](std::function<void()> task) { loop_.post(std::move(task)); }) {}

  Result<Done> open() {
    if (!config_.places.empty()) {
      auto table = route53::AskerTable::parse(config_.places);
      if (!table) return problem("the places: " + table.error().text);
      places_ = std::make_shared<const route53::AskerTable>(std::move(*table));
    }
    auto listening = listen();
    for (int attempts_left = config_.api.port == 0 ? 32 : 0;
         listening && !hold_twin((*listening)->endpoint(), attempts_left == 0); --attempts_left)
      listening = listen();
    if (!listening) return failure(listening.error());
    net::DnsServer::Options dns_options;
    dns_options.rate_limit = config_.dns_rate_limit;
    dns_options.answers_at_once = false;  // it knows no zone yet
    dns_options.tap = &query_log_;
    auto answering = net::DnsServer::listen(config_.dns, dns_options, dns::View::empty());
    if (!answering) return failure(answering.error());
    dns_ = std::move(*answering);

    api_endpoint_ = (*listening)->endpoint();
    key_maker_ = std::make_unique<BackgroundKeyMaker>(loop_, loop_.timers());
    net::ProcessFunctionHost::Options host;
    host.work_dir = (directory_->files().real_path() / "functions").string();
    host.api_endpoint = url_of(api_endpoint_);
    host.api = reachable(api_endpoint_);
    host.dns = reachable(dns_->endpoint());
    host.network = config_.function_network;
    functions_ = std::make_unique<net::ProcessFunctionHost>(
        host, [this](std::function<void()> task) { loop_.post(std::move(task)); });
    awaited_functions_ = std::make_unique<AwaitedFunctionHost>(loop_, *functions_);
    open_account();
    // What the constructors wrote (the key pair) is kept before anybody is told of it; and the
    // first view is out.
    while (journal_->commit()) {
    }
    dns_->begin();
    if (auto told = open_metrics(); !told) return told;

    auto control = net::ControlSocket::listen(
        directory_->files().real_path() / "control.sock",
        [this](std::string request, std::function<void(std::string)> reply) {
          loop_.post([this, request = std::move(request), reply = std::move(reply)] {
            handle_control(
                loop_, *cloud_, realism_, [this] { return reset(); }, request, reply);
          });
        });
    if (!control) return failure(control.error());
    control_ = std::move(*control);
    http_ = std::move(*listening);
    return write_files();
  }

  ~RealEngine() override {
    control_.reset();
    metrics_http_.reset();
    http_.reset();
    workers_.reset();  // what they do refers to the cloud
    if (directory_) directory_->files().remove_file("engine.json");
  }

  net::Endpoint api() const override { return http_->endpoint(); }
  net::Endpoint dns() const override { return dns_->endpoint(); }
  std::optional<net::Endpoint> metrics() const override {
    return metrics_http_ ? std::optional{metrics_http_->endpoint()} : std::nullopt;
  }
  std::string api_url() const override { return url_of(http_->endpoint()); }

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
            serve(std::move(request), std::move(reply));
          });
        },
        &door_);
  }

  void serve(aws::HttpRequest request, net::HttpServer::Reply reply) {
    if (const auto page = page_at(request.path()); page && !UrlDoor::place_of(request))
      return serve_page(*page, request, reply);
    Gateway::Standing standing;
    if (reply.needs_vouching()) standing = {[reply] { reply.vouch(); }, [reply] { reply.admit(); }};
    cloud_->serve(std::move(request), owed(std::move(reply)), std::move(standing));
  }

  // Not before what it tells is durable.
  void serve_page(Page page, const aws::HttpRequest& request, const net::HttpServer::Reply& reply) {
    auto response = page_refusal(page, request);
    if (!response && page == Page::reset) {
      const auto done = reset();
      if (!done) response = refused_page(403, done.error().text);
    }
    if (!response)
      response = page == Page::metrics             ? metrics_page(metrics_text())
                 : page == Page::localstack_health ? localstack_health_page(health())
                                                   : health_page(health());
    loop_.when_durable([reply, response = std::move(*response)] { reply(response); });
  }

  Health health() {
    Health out;
    out.version = config_.version;
    out.now = iso8601_ms(loop_.timers().now());
    out.account = config_.account;
    out.dns = net::to_string(reachable(dns_->endpoint()));
    out.manual_clock = config_.clock == ClockKind::manual;
    out.reset_allowed = may_reset();
    for (const auto& [service, operations] : cloud_->gateway().handled())
      out.services.push_back(service);
    return out;
  }

  std::string metrics_text() {
    EngineReading reading;
    reading.version = config_.version;
    reading.now = loop_.timers().now();
    reading.started = started_;
    reading.checks = cloud_->route53().describe_health();
    reading.alarms = cloud_->cloudwatch().alarms_by_state();
    reading.dns = dns_->figures();
    reading.http_connections = http_->connections();
    reading.process = net::process_figures();
    return engine_metrics(reading, tally_, journal_->commit_seconds());
  }

  Result<Done> open_metrics() {
    if (!config_.metrics) return Done{};
    auto socket = net::listening_socket(*config_.metrics, "--metrics");
    if (!socket) return failure(socket.error());
    metrics_door_ = std::make_unique<MetricsDoor>(net::is_loopback(config_.metrics->address));
    auto served = net::HttpServer::adopt(
        std::move(*socket), {},
        [this](const aws::HttpRequest& request, const net::HttpServer::Reply& reply) {
          loop_.post([this, path = std::string{request.path()}, method = request.method, reply] {
            if (path != "/metrics")
              return reply(refused_page(404, "there is /metrics here, and nothing else"));
            if (method != "GET" && method != "HEAD")
              return reply(refused_page(405, "metrics are for GET"));
            reply(metrics_page(metrics_text()));
          });
        },
        metrics_door_.get());
    if (!served) return failure(served.error());
    metrics_http_ = std::move(*served);
    return Done{};
  }

  // --- the account, which may begin anew while the engine runs

  void open_account() {
    const auto post = [this](std::function<void()> task) { loop_.post(std::move(task)); };
    workers_ = std::make_unique<AwaitedWorkers>(loop_);
    prober_ = std::make_unique<net::SocketProber>(
        net::ProbeLimits{.allow_link_local = config_.allow_link_local}, post);
    net::CourierConfig mail;
    mail.mail_folder = mail_folder().string();
    mail.smtp_url = config_.smtp;
    mail.allow_link_local = config_.allow_link_local;
    courier_ = std::make_unique<net::CurlCourier>(mail, post);
    views_ = std::make_unique<PublishedViews>(*dns_, *prober_);
    if (config_.target_lookups)
      names_ = std::make_unique<net::NameLookups>(net::NameLookups::Options{}, post);
    awaited_prober_ = std::make_unique<AwaitedProber>(loop_, *prober_);
    awaited_courier_ = std::make_unique<AwaitedCourier>(loop_, *courier_);
    counted_prober_ = std::make_unique<CountedProber>(tally_, *awaited_prober_);
    counted_courier_ = std::make_unique<CountedCourier>(tally_, *awaited_courier_);
    cloud_ = std::make_unique<Cloud>(
        Cloud::Ports{*journal_, loop_.timers(), wall_, entropy_, *counted_prober_,
                     *awaited_functions_, *counted_courier_, *key_maker_, *views_, names_.get()},
        Cloud::Options{config_.account, url_of(api_endpoint_), config_.accept_any_credentials,
                       config_.allow_link_local, config_.checkers, config_.strict_names, places_,
                       workers_.get(), &realism_, &tally_, config_.signing_cert_url,
                       config_.oidc_keys, [this](bool any) { query_log_.set_open(any); }});
    door_.open(cloud_->gateway(), cloud_->url_door());
  }

  // In the reverse order. What is under way ends here: probes, deliveries, functions and their
  // processes; whoever waits for an answer is told to ask again (OwedReply).
  void close_account() {
    door_.close();
    workers_.reset();
    cloud_.reset();
    counted_courier_.reset();
    counted_prober_.reset();
    awaited_courier_.reset();
    awaited_prober_.reset();
    names_.reset();
    views_.reset();
    courier_.reset();
    prober_.reset();
    functions_->end_all();  // the host itself stays: what this machine grants it was tried already
  }

  bool may_reset() const { return config_.ephemeral || config_.allow_reset; }

  // One task of the control thread: a request sees the account before it or after it, and a crash
  // leaves one of the two, since all rows change in one commit. DNS goes on by the old view until
  // that. What stays: the root's key pair, so that who holds it can go on, and the time (fact
  // engine-5).
  Result<Done> reset() {
    if (!may_reset()) return failure(Problem{reset_not_allowed});
    while (journal_->commit()) {
    }
    const auto root = iam::root_key_rows(*journal_);
    close_account();
    realism_ = realism::Realism(realism_options());
    tally_ = Tally{};
    journal_->erase_all();
    iam::put_root_key_rows(*journal_, root);
    loop_.write_time();
    open_account();
    while (journal_->commit()) {
    }
    std::error_code absent;
    std::filesystem::remove_all(mail_folder(), absent);
    log(LogLevel::info, "engine", "the account was reset: it is as new");
    return Done{};
  }

  std::filesystem::path mail_folder() const { return directory_->files().real_path() / "mail"; }
  realism::Realism::Options realism_options() const { return {config_.realistic, config_.seed}; }

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
  std::shared_ptr<const route53::AskerTable> places_;
  std::unique_ptr<store::DataDirectory> directory_;
  std::unique_ptr<store::SqliteJournal> journal_;
  Fd twin_;  // the port of the API on the other address of "localhost"
  net::SystemWallClock wall_;
  const WallInstant started_ = wall_.now();
  Loop loop_;
  std::unique_ptr<AwaitedWorkers> workers_;
  Tally tally_;
  realism::Realism realism_;
  FrontDoor door_;
  net::SystemEntropy entropy_;
  net::Endpoint api_endpoint_;
  QueryLog query_log_{[this](std::function<void()> task) { loop_.post(std::move(task)); },
                      [this](const std::vector<route53::LoggedQuery>& queries) {
                        if (cloud_) cloud_->route53().log_queries(queries);
                      }};
  std::unique_ptr<net::DnsServer> dns_;
  std::unique_ptr<BackgroundKeyMaker> key_maker_;
  std::unique_ptr<net::SocketProber> prober_;
  std::unique_ptr<net::ProcessFunctionHost> functions_;
  std::unique_ptr<net::CurlCourier> courier_;
  std::unique_ptr<PublishedViews> views_;
  std::unique_ptr<net::NameLookups> names_;
  std::unique_ptr<AwaitedProber> awaited_prober_;
  std::unique_ptr<AwaitedFunctionHost> awaited_functions_;
  std::unique_ptr<AwaitedCourier> awaited_courier_;
  std::unique_ptr<CountedProber> counted_prober_;
  std::unique_ptr<CountedCourier> counted_courier_;
  std::unique_ptr<Cloud> cloud_;
  std::unique_ptr<net::HttpServer> http_, metrics_http_;
  std::unique_ptr<MetricsDoor> metrics_door_;
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

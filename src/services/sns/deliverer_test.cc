// SPDX-License-Identifier: Apache-2.0
// The Deliverer without the API: what sns_deliver_test.cc tells from outside stands there.
#include "services/sns/deliverer.h"

#include <optional>

#include "services/sns/testing.h"

using namespace sitelatch;
using namespace sitelatch::sns;
using namespace sitelatch::sns::testing;
using State = Subscription::State;

namespace {

struct DeliveryWorld {
  ports::sim::World world;
  Functions functions{world.journal};
  Queues queues;
  Metrics metrics;
  KeyMaker keys{world.later};
  Topics topics{world.journal};
  Subscriptions subscriptions{world.journal, world.timers};
  std::optional<Deliverer> deliverer;
  const Topic topic{"us-east-1", "t", topic_arn("us-east-1", account, "t"), account, {}, {}};

  DeliveryWorld() {
    topics.save(topic);
    start();
  }
  void start() {
    deliverer.reset();
    deliverer.emplace(Dependencies{world.journal, world.timers, world.entropy, world.courier,
                                   functions, queues, metrics, keys},
                      topics, subscriptions, endpoint);
  }
  const Subscription& confirmed(const std::string& protocol, const std::string& to) {
    Subscription s;
    s.arn = topic.arn + ":" + to;
    s.topic_arn = topic.arn;
    s.protocol = protocol;
    s.endpoint = to;
    s.state = State::confirmed;
    return subscriptions.save(std::move(s));
  }
  void deactivate(Subscription s) {
    s.state = State::deactivated;
    s.token = "token";
    s.token_made = world.timers.now();
    subscriptions.save(std::move(s));
  }
  void send(const std::string& message) {
    Publication publication;
    publication.message = message;
    deliverer->send(topic, publication);
  }
};

}  // namespace

TEST_CASE("who left before the first attempt gets nothing, and nothing is counted") {
  DeliveryWorld w;
  w.deliverer->need_signing_key();
  w.confirmed("http", "http://stays/");
  const auto gone = w.confirmed("http", "http://gone/");
  const auto left = w.confirmed("email", "left@example.com");
  w.send("m");
  CHECK(w.deliverer->waiting() == 3);
  w.subscriptions.forget(gone.arn);
  w.deactivate(left);
  w.world.settle();
  REQUIRE(w.world.courier.posts.size() == 1);
  CHECK(w.world.courier.posts[0].url == "http://stays/");
  CHECK(w.world.courier.mails.empty());
  CHECK(w.deliverer->waiting() == 0);
  CHECK(w.metrics.of("NumberOfNotificationsDelivered") == 1);
  CHECK(w.metrics.of("NumberOfNotificationsFailed") == 0);
}

TEST_CASE("who left during an attempt is not tried again, and its failure is nobody's") {
  DeliveryWorld w;
  w.deliverer->need_signing_key();
  const auto s = w.confirmed("http", "http://site/");
  w.world.courier.answer = [&](const ports::Post&) {
    w.subscriptions.forget(s.arn);
    return ports::Receipt{500, ""};
  };
  w.send("m");
  w.world.advance(1h);
  CHECK(w.world.courier.posts.size() == 1);
  CHECK(w.deliverer->waiting() == 0);
  CHECK(w.metrics.of("NumberOfNotificationsFailed") == 0);
}

TEST_CASE("the confirmation that somebody has left reaches him all the same") {
  DeliveryWorld w;
  w.deliverer->need_signing_key();
  const auto s = w.confirmed("http", "http://site/");
  w.deactivate(s);
  w.deliverer->send_confirmation(confirmation(Notification::Kind::unsubscribe_confirmation, "id",
                                              s.topic_arn, s.arn, "token", w.world.timers.now()));
  w.world.settle();
  CHECK(w.world.courier.posts.size() == 1);
  CHECK(w.metrics.of("NumberOfNotificationsDelivered") == 0);
}

TEST_CASE("parked deliveries wake with the key, which is asked for once") {
  DeliveryWorld w;
  w.keys.held = true;
  w.confirmed("http", "http://site/");
  w.confirmed("email", "ops@example.com");
  w.send("m");
  w.world.advance(24h);
  CHECK(w.keys.asked == 0);
  CHECK(w.deliverer->waiting() == 2);
  w.deliverer->need_signing_key();
  w.deliverer->need_signing_key();
  CHECK(w.keys.asked == 1);
  CHECK(w.world.courier.posts.empty());
  w.keys.waiting.at(0)(test_key());
  w.world.settle();
  CHECK(w.world.courier.posts.size() == 1);
  CHECK(w.world.courier.mails.size() == 1);
  CHECK(w.deliverer->waiting() == 0);
  w.deliverer->need_signing_key();
  CHECK(w.keys.asked == 1);
}

TEST_CASE("a key that did not come before the end is asked for at the next start") {
  DeliveryWorld w;
  w.keys.held = true;
  w.confirmed("http", "http://site/");
  w.deliverer->need_signing_key();
  w.send("m");
  w.world.settle();
  w.start();
  w.world.settle();
  CHECK(w.keys.asked == 2);
  w.keys.waiting.at(0)(test_key());  // too late: who asked is gone
  w.world.settle();
  CHECK(w.world.courier.posts.empty());
  w.keys.waiting.at(1)(test_key());
  w.world.settle();
  CHECK(w.world.courier.posts.size() == 1);
  w.start();
  CHECK(w.keys.asked == 2);
}

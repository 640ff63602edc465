// SPDX-License-Identifier: Apache-2.0
#include "engine/realistic_ports.h"

#include <fmt/format.h>

#include <utility>

#include "aws/auth/arn.h"

namespace sitelatch::engine {
namespace {

std::string service_of(std::string_view arn) {
  const auto parsed = aws::parse_arn(arn);
  return parsed ? std::string{parsed->service} : std::string{};
}

aws::DispatchOutcome not_now(std::string_view service, std::string_view region) {
  return {aws::DispatchOutcome::Kind::failed, "", out_of_order(service, region), "TIMEOUT"};
}

// What IAM was like, as another service knows it; nullptr: as it is.
std::shared_ptr<Past::Account> iam_as_known(const RealismNow& now, Past& past) {
  if (!now.realism()) return nullptr;
  const auto age = now.realism()->age_of_rights();
  return age > Duration{} ? past.at(now.timers().now() - age, "iam") : nullptr;
}

// "... TopicArn=arn:aws:sns:eu-west-1:..." in a mail's body.
std::string region_of_topic_in(std::string_view text) {
  for (auto at = text.find("arn:aws"); at != std::string_view::npos;
       at = text.find("arn:aws", at + 1)) {
    const auto sns = text.find(":sns:", at);
    if (sns != std::string_view::npos && sns - at < 20)
      return std::string{text.substr(sns + 5, text.find(':', sns + 5) - sns - 5)};
  }
  return {};
}

}  // namespace

std::string out_of_order(std::string_view service, std::string_view region) {
  return fmt::format("{} is out of order in {}", service, region);
}

std::string region_of(std::string_view arn) {
  const auto parsed = aws::parse_arn(arn);
  return parsed ? std::string{parsed->region} : std::string{};
}

Duration RealisticCloudWatch::longest_lateness() const {
  const auto* realism = now_.realism();
  return realism && realism->realistic() ? realism::metric_lateness.most : Duration{};
}

Duration RealisticCloudWatch::lateness(const cloudwatch::MetricId& id, Instant minute) const {
  const auto* realism = now_.realism();
  return realism ? realism->lateness(id.key(), minute) : Duration{};
}

Result<route53::AlarmConfiguration> RealisticMetricData::alarm(std::string_view region,
                                                               std::string_view name) const {
  if (now_.out("cloudwatch", region)) return failure(Problem{out_of_order("cloudwatch", region)});
  return real_.alarm(region, name);
}

route53::MetricDataStream::State RealisticMetricData::evaluate(
    std::string_view region, const route53::AlarmConfiguration& settings, Instant now) const {
  return now_.out("cloudwatch", region) ? State::insufficient_data
                                        : real_.evaluate(region, settings, now);
}

Result<Done> RealisticAlarmActions::execute(const cloudwatch::AlarmAction& action) {
  const auto service = service_of(action.action_arn), region = region_of(action.action_arn);
  if (now_.out(service, region)) return failure(Problem{out_of_order(service, region)});
  return real_.execute(action);
}

aws::DispatchOutcome RealisticDeliveries::dispatch(const std::string& function_arn,
                                                   const std::string& payload,
                                                   const std::string& topic_arn) {
  const auto from = region_of(topic_arn), to = region_of(function_arn);
  if (now_.out("sns", from)) return not_now("sns", from);
  if (now_.out("lambda", to)) return not_now("lambda", to);
  return real_.dispatch(function_arn, payload, topic_arn);
}

aws::DispatchOutcome RealisticQueues::send(const aws::QueueLetter& letter,
                                           const aws::QueueUser& sender) {
  const auto from = region_of(sender.source_arn), to = region_of(letter.queue_arn);
  if (now_.out("sns", from) && sender.service == "sns.amazonaws.com") return not_now("sns", from);
  if (now_.out("sqs", to)) return not_now("sqs", to);
  return real_.send(letter, sender);
}

aws::DispatchOutcome RealisticTargets::dispatch(const events::Delivery& delivery) {
  const auto from = region_of(delivery.rule_arn), to = region_of(delivery.target_arn);
  if (now_.out("events", from)) return not_now("events", from);
  if (const auto service = service_of(delivery.target_arn); now_.out(service, to))
    return not_now(service, to);
  return real_.dispatch(delivery);
}

void RealisticFunctionHost::invoke(ports::FunctionSpec spec, ports::Invocation invocation,
                                   std::function<void(ports::InvocationOutcome)> done) {
  if (!now_.out("lambda", spec.region))
    return real_.invoke(std::move(spec), std::move(invocation), std::move(done));
  ports::InvocationOutcome outcome;
  outcome.kind = ports::InvocationOutcome::Kind::host_error;
  outcome.reason = out_of_order("lambda", spec.region);
  now_.timers().at(now_.timers().now(),
                   lifetime_.guard([done = std::move(done), outcome] { done(outcome); }));
}

bool RealisticCourier::refuse(std::string_view region, std::function<void(ports::Receipt)>& done) {
  if (!now_.out("sns", region)) return false;
  const ports::Receipt receipt{0, out_of_order("sns", region)};
  now_.timers().at(now_.timers().now(),
                   lifetime_.guard([done = std::move(done), receipt] { done(receipt); }));
  return true;
}

void RealisticCourier::post(ports::Post post, std::function<void(ports::Receipt)> done) {
  std::string region;
  for (const auto& [name, value] : post.headers)
    if (name == "x-amz-sns-topic-arn") region = region_of(value);
  if (!refuse(region, done)) real_.post(std::move(post), std::move(done));
}

void RealisticCourier::mail(ports::Mail mail, std::function<void(ports::Receipt)> done) {
  if (!refuse(region_of_topic_in(mail.body), done)) real_.mail(std::move(mail), std::move(done));
}

void RealisticFunctionLogs::write(const std::string& region, const std::string& group,
                                  const std::string& stream,
                                  const std::vector<lambda::LogLine>& lines,
                                  const std::string& role_arn) {
  if (!now_.out("logs", region)) real_.write(region, group, stream, lines, role_arn);
}

aws::DispatchOutcome RealisticSubscribers::dispatch(const std::string& function_arn,
                                                    const std::string& payload,
                                                    const std::string& group_arn) {
  const auto from = region_of(group_arn), to = region_of(function_arn);
  if (now_.out("logs", from)) return not_now("logs", from);
  if (now_.out("lambda", to)) return not_now("lambda", to);
  return real_.dispatch(function_arn, payload, group_arn);
}

aws::Outcome<Done> RealisticRoles::assumable(const std::string& role_arn) {
  const auto known = iam_as_known(now_, past_);
  return known ? known->roles().assumable(role_arn) : real_.assumable(role_arn);
}

aws::Outcome<Done> RealisticDestinations::reachable(const std::string& arn) const {
  const auto service = service_of(arn), region = region_of(arn);
  if (!now_.out(service, region)) return Done{};
  return aws::refuse("ServiceException", out_of_order(service, region), 500);
}

aws::Outcome<> RealisticDestinations::send(const std::string& destination_arn,
                                           const std::string& record, const std::string& role_arn,
                                           const std::string& function_arn) {
  const auto there = reachable(destination_arn);
  if (!there) return failure(there.error());
  return real_.send(destination_arn, record, role_arn, function_arn);
}

aws::Outcome<> RealisticDestinations::send_dead_letter(const std::string& topic_arn,
                                                       const lambda::DeadLetter& letter,
                                                       const std::string& role_arn,
                                                       const std::string& function_arn) {
  const auto there = reachable(topic_arn);
  if (!there) return failure(there.error());
  return real_.send_dead_letter(topic_arn, letter, role_arn, function_arn);
}

bool RealisticDestinations::permitted(const std::string& topic_arn, const std::string& role_arn) {
  const auto known = iam_as_known(now_, past_);
  return known ? known->destinations().permitted(topic_arn, role_arn)
               : real_.permitted(topic_arn, role_arn);
}

}  // namespace sitelatch::engine

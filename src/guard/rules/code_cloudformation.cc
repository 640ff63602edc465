// SPDX-License-Identifier: Apache-2.0
// A CloudFormation template in YAML, one stack in one Region. By AWS's documents alone: no stack
// was ever made of it by us. CloudFormation has no ignore_changes; it leaves what it does not
// update, and the template says where an update would release a latch.
#include <algorithm>

#include "base/text.h"
#include "guard/rules/code_values.h"
#include "guard/rules/json.h"

namespace sitelatch::guard::code {
namespace {

using aws::Value;

// YAML's double-quoted style, which takes any text: JSON's escapes, and what YAML calls not
// printable or a line break.
std::string yaml_quoted(std::string_view text) {
  std::string out;
  for (const auto& [from, to] : {std::pair{"\x7f", "\\x7f"},
                                 {"\xc2\x85", "\\N"},
                                 {"\xe2\x80\xa8", "\\L"},
                                 {"\xe2\x80\xa9", "\\P"},
                                 {"\xef\xbb\xbf", "\\ufeff"}})
    out = replace_all(out.empty() ? json_text(text) : out, from, to);
  // C1 controls: U+0080 to U+009F.
  for (std::size_t at = 0; (at = out.find('\xc2', at)) != std::string::npos; ++at) {
    const auto low = static_cast<unsigned char>(at + 1 < out.size() ? out[at + 1] : 0xff);
    if (low >= 0x80 && low < 0xa0)
      out.replace(at, 2, "\\x" + hex(std::string_view{&out[at + 1], 1}));
  }
  return out;
}

std::string yaml_text(std::string_view text, const References& known) {
  const auto pieces = known.pieces(text);
  const bool plain = std::all_of(pieces.begin(), pieces.end(),
                                 [](const Piece& piece) { return piece.reference.empty(); });
  if (plain) return yaml_quoted(text);
  if (pieces.size() == 1) {
    const auto& reference = pieces.front().reference;
    return (reference.find('.') == std::string::npos ? "!Ref " : "!GetAtt ") + reference;
  }
  // Fn::Sub reads ${!Literal} as ${Literal}.
  std::string out;
  for (const auto& piece : pieces)
    out += piece.reference.empty() ? replace_all(piece.text, "${", "${!")
                                   : "${" + piece.reference + "}";
  return "!Sub " + yaml_quoted(out);
}

class Yaml {
 public:
  explicit Yaml(const References& known) : known_(known) {}
  void line(int depth, const std::string& text) {
    out_ += std::string(static_cast<std::size_t>(depth) * 2, ' ') + text + "\n";
  }
  void member(int depth, const std::string& key, const Value& value) {
    if (value.is_null()) return;
    head(depth, key_text(key) + ":", value);
  }
  const std::string& text() const { return out_; }

 private:
  // What no reader of YAML takes for something else.
  static std::string key_text(const std::string& key) {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    const bool plain = !key.empty() && letter(key.front()) &&
                       std::all_of(key.begin(), key.end(),
                                   [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
    const auto said = lower(key);
    for (const auto* other : {"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
      if (said == other) return yaml_quoted(key);
    return plain ? key : yaml_quoted(key);
  }
  std::string scalar(const Value& value) const {
    if (value.is_string()) return yaml_text(value.string(), known_);
    if (value.is_bool()) return value.boolean() ? "true" : "false";
    if (value.is_integer()) return std::to_string(value.integer());
    if (value.is_double()) return number_text(value.number());
    if (value.is_list()) return "[]";
    if (value.is_struct()) return "{}";
    return "null";
  }
  static bool is_flat(const Value& value) {
    return (!value.is_list() || value.items().empty()) &&
           (!value.is_struct() || value.members().empty());
  }
  void head(int depth, const std::string& head, const Value& value) {
    if (is_flat(value)) return line(depth, head + " " + scalar(value));
    line(depth, head);
    body(depth + 1, value);
  }
  void body(int depth, const Value& value) {
    if (value.is_list()) {
      for (const auto& one : value.items()) item(depth, one);
      return;
    }
    for (const auto& [key, one] : value.members()) member(depth, key, one);
  }
  // The first member of an item stands beside its dash.
  void item(int depth, const Value& value) {
    if (is_flat(value)) return line(depth, "- " + scalar(value));
    const auto from = out_.size() + static_cast<std::size_t>(depth) * 2;
    body(depth + 1, value);
    out_[from] = '-';
  }

  const References& known_;
  std::string out_;
};

class Stack {
 public:
  explicit Stack(const Guard& guard) : guard_(guard), yaml_(known_) {}

  std::string text() {
    known_.add(guard_.account, "AWS::AccountId");
    beginning();
    for (const auto& part : guard_.parts) std::visit([this](const auto& one) { print(one); }, part);
    yaml_.line(0, "Outputs:");
    yaml_.line(1, "HealthCheckId:");
    yaml_.line(2, "Value: !Ref PrimaryHealthCheck");
    return yaml_.text();
  }

 private:
  void comment(const std::string& text) { yaml_.line(0, text.empty() ? "#" : "# " + text); }

  void beginning() {
    const auto& id = guard_.health_check_id;
    comment("The guard of health check " + id + ", form " + std::string{to_string(guard_.form)} +
            ", as it stands; by `sitelatch export " + id + " --format cloudformation`.");
    comment("");
    comment("For an account that has it not, in " + guard_.region +
            ". By AWS's documents: it was never run by us.");
    if (guard_.has_function())
      comment("The function's code: `sitelatch export " + id +
              " --function-zip guard.zip`, put into a bucket of this Region.");
    if (guard_.form == Form::config)
      comment(
          "After the stack is made: `sitelatch deploy ID --form config --change-records`, which "
          "waits for fifteen good minutes and closes the loop.");
    if (guard_.form == Form::hardened)
      comment(
          "After the stack is made: `sitelatch deploy ID --form hardened`, which writes the tags "
          "that lead to the relay's clock.");
    comment(
        "While a latch stands, do not update the health checks by the stack: CloudFormation "
        "sends all settings of what it updates,");
    comment(
        "and its ResourcePath hands the traffic back to a Primary that nobody has "
        "synchronised.");
    for (const auto& sentence : guard_.left_out) comment(sentence);
    yaml_.line(0, "AWSTemplateFormatVersion: \"2010-09-09\"");
    yaml_.member(0, "Description", "Sitelatch: the guard of a health check of Primary");
    parameters();
    yaml_.line(0, "Resources:");
  }
  void parameter(const std::string& name, const std::string& description,
                 const std::string& otherwise, const Value& more = {}) {
    auto out = Value::structure({{"Type", "String"}, {"Description", description}});
    if (!otherwise.empty()) out.set("Default", otherwise);
    for (const auto& [key, value] : more.members()) out.set(key, value);
    yaml_.member(1, name, out);
  }
  void relay_parameters(const Relay& relay) {
    parameter("RelayPath", "the relay's path, a secret: a slash and 16 or more letters and digits",
              "", Value::structure({{"NoEcho", true}, {"AllowedPattern", "/[A-Za-z0-9]{16,200}"}}));
    parameter("RelayNameServers", "the zone's own name servers, whom the relay asks",
              relay.name_servers);
    known_.add(relay.path, "RelayPath");
    known_.add(relay.name_servers, "RelayNameServers");
  }
  void parameters() {
    if (!guard_.has_function() && !guard_.has_records()) return;
    yaml_.line(0, "Parameters:");
    if (guard_.has_function()) {
      parameter("CodeBucket", "bucket that holds the function's code", "");
      parameter("CodeKey", "key of the function's code there", "guard.zip");
    }
    std::vector<std::string> said;
    for (const auto& part : guard_.parts)
      if (const auto* record = std::get_if<Record>(&part))
        if (std::find(said.begin(), said.end(), record->zone_id) == said.end()) {
          said.push_back(record->zone_id);
          parameter("Zone" + record->zone_id, "hosted zone of " + record->zone_name,
                    record->zone_id);
        }
    if (guard_.relay) relay_parameters(*guard_.relay);
    for (const auto& zone : said) known_.add(zone, "Zone" + zone);
  }

  static std::string named(const std::string& label, const char* kind) {
    std::string out;
    for (const auto word : split(label, '_'))
      if (!word.empty()) out += upper(word.substr(0, 1)) + std::string{word.substr(1)};
    return out + kind;
  }
  void resource(const std::string& name, const char* type, const Value& properties,
                const std::vector<std::string>& after = {}) {
    yaml_.line(1, name + ":");
    yaml_.line(2, std::string{"Type: "} + type);
    if (!after.empty()) {
      yaml_.line(2, "DependsOn:");
      for (const auto& one : after) yaml_.line(3, "- " + one);
    }
    yaml_.member(2, "Properties", properties);
  }
  static Value tags(const Texts& texts) { return texts.empty() ? Value{} : key_values(texts); }
  static Value or_none(const std::string& text) { return text.empty() ? Value{} : Value{text}; }

  void print(const HealthCheck& check) {
    const auto name = named(check.label, "HealthCheck");
    std::vector<std::string> after;
    if (!check.alarm_name.empty()) after = alarms_;
    resource(name, "AWS::Route53::HealthCheck",
             Value::structure({{"HealthCheckConfig",
                                check.asks_relay ? clock_config(check) : check_config(check)},
                               {"HealthCheckTags", tags(check.tags)}}),
             after);
    known_.add(called(check), name);
  }
  // AWS's URLs are https://HOST/, whatever that of the account at hand is.
  Value clock_config(HealthCheck check) const {
    check.type = "HTTPS";
    check.port = 443;
    check.path = guard_.relay ? guard_.relay->path : "";
    auto out = check_config(check);
    const auto parts = Value::structure({{"Fn::Split", Value::list({"/", relay_url_})}});
    out.set("FullyQualifiedDomainName",
            Value::structure({{"Fn::Select", Value::list({2, parts})}}));
    return out;
  }
  void print(const Topic& topic) {
    const auto name = named(topic.label, "Topic");
    resource(name, "AWS::SNS::Topic",
             Value::structure({{"TopicName", topic.name},
                               {"DisplayName", or_none(topic.display_name)},
                               {"KmsMasterKeyId", or_none(topic.kms_key)},
                               {"Tags", tags(topic.tags)}}));
    known_.add(topic.arn, name);
  }
  void print(const TopicPolicy& policy) {
    resource(named(policy.label, "TopicPolicy"), "AWS::SNS::TopicPolicy",
             Value::structure({{"Topics", list_of({policy.topic})},
                               {"PolicyDocument", document_value(policy.document)}}));
  }
  void print(const Subscription& one) {
    resource(named(one.label, "Subscription"), "AWS::SNS::Subscription",
             Value::structure(
                 {{"TopicArn", one.topic},
                  {"Protocol", one.protocol},
                  {"Endpoint", one.endpoint},
                  {"FilterPolicy",
                   one.filter_policy.empty() ? Value{} : document_value(one.filter_policy)}}));
  }
  void print(const Alarm& alarm) {
    const auto name = named(alarm.label, "Alarm");
    resource(name, "AWS::CloudWatch::Alarm", alarm_settings(alarm));
    known_.add(alarm.arn, name + ".Arn");
    alarms_.push_back(name);
  }
  void print(const LogGroup& group) {
    const auto name = named(group.label, "LogGroup");
    resource(name, "AWS::Logs::LogGroup",
             Value::structure({{"LogGroupName", group.name},
                               {"RetentionInDays",
                                group.retention_days == 0 ? Value{} : Value{group.retention_days}},
                               {"Tags", tags(group.tags)}}));
    function_waits_for_.push_back(name);
  }
  void print(const Role& role) {
    const auto name = named(role.label, "Role");
    resource(name, "AWS::IAM::Role",
             Value::structure({{"RoleName", role.name},
                               {"Path", role.path},
                               {"Description", or_none(role.description)},
                               {"PermissionsBoundary", or_none(role.boundary)},
                               {"AssumeRolePolicyDocument", document_value(role.trust)},
                               {"ManagedPolicyArns", attached_to(role)},
                               {"Tags", tags(role.tags)}}));
    known_.add(role.arn, name + ".Arn");
    known_.add(role.role_id, name + ".RoleId");
    roles_[role.name] = name;
  }
  void print(const RolePolicy& policy) {
    const auto name = named(policy.label, "RolePolicy");
    const auto role = roles_.find(policy.role);
    yaml_.line(1, name + ":");
    yaml_.line(2, "Type: AWS::IAM::Policy");
    yaml_.line(2, "Properties:");
    yaml_.member(3, "PolicyName", policy.name);
    yaml_.line(3, "Roles:");
    yaml_.line(
        4, "- " + (role == roles_.end() ? yaml_text(policy.role, known_) : "!Ref " + role->second));
    yaml_.member(3, "PolicyDocument", document_value(policy.document));
    function_waits_for_.push_back(name);
  }
  void print(const AttachedPolicy&) {}  // the role's
  Value attached_to(const Role& role) const {
    auto list = Value::list();
    for (const auto& part : guard_.parts)
      if (const auto* policy = std::get_if<AttachedPolicy>(&part);
          policy && policy->role == role.name)
        list.push(policy->arn);
    return list.items().empty() ? Value{} : list;
  }
  void print(const Function& function) {
    const auto name = named(function.label, "Function");
    auto out = Value::structure({{"FunctionName", function.name},
                                 {"Description", or_none(function.description)},
                                 {"Runtime", function.runtime},
                                 {"Handler", function.handler},
                                 {"Role", function.role_arn},
                                 {"Timeout", function.timeout_s},
                                 {"MemorySize", function.memory_mb},
                                 {"ReservedConcurrentExecutions", function.reserved_concurrency}});
    if (!function.architecture.empty()) out.set("Architectures", list_of({function.architecture}));
    if (!function.layers.empty()) out.set("Layers", list_of(function.layers));
    if (!function.subnets.empty())
      out.set("VpcConfig",
              Value::structure({{"SubnetIds", list_of(function.subnets)},
                                {"SecurityGroupIds", list_of(function.security_groups)}}));
    if (!function.environment.empty())
      out.set("Environment", Value::structure({{"Variables", name_values(function.environment)}}));
    out.set("Tags", tags(function.tags));
    resource(name, "AWS::Lambda::Function", out, function_waits_for_);
    yaml_.line(3, "Code:");
    yaml_.line(4, "S3Bucket: !Ref CodeBucket");
    yaml_.line(4, "S3Key: !Ref CodeKey");
    known_.add(function.arn, name + ".Arn");
    functions_.push_back(name);
  }
  void print(const Invocation& one) {
    auto out = Value::structure({{"FunctionName", one.function},
                                 {"Qualifier", "$LATEST"},
                                 {"MaximumRetryAttempts", one.retries},
                                 {"MaximumEventAgeInSeconds", one.event_age_s}});
    if (!one.failure_destination.empty())
      out.set("DestinationConfig",
              Value::structure(
                  {{"OnFailure", Value::structure({{"Destination", one.failure_destination}})}}));
    resource(named(one.label, "Invocation"), "AWS::Lambda::EventInvokeConfig", out, functions_);
  }
  void print(const Permission& one) {
    resource(named(one.label, "Permission"), "AWS::Lambda::Permission",
             Value::structure({{"FunctionName", one.function},
                               {"Action", one.action},
                               {"Principal", one.principal},
                               {"SourceArn", or_none(one.source_arn)},
                               {"SourceAccount", or_none(one.source_account)},
                               {"FunctionUrlAuthType", or_none(one.of_open_url ? "NONE" : "")},
                               {"InvokedViaFunctionUrl", one.via_url ? Value{true} : Value{}}}),
             functions_);
  }
  void print(const FunctionUrl& one) {
    const auto name = named(one.label, "FunctionUrl");
    resource(name, "AWS::Lambda::Url",
             Value::structure({{"TargetFunctionArn", one.function_arn}, {"AuthType", "NONE"}}));
    relay_url_ = "(" + name + ")";
    known_.add(relay_url_, name + ".FunctionUrl");
  }
  // Rule and targets are one resource here: it stands where its first target does. Whether it takes
  // tags we do not know, and what is not known fails a stack: deploy tags it.
  void print(const Schedule& one) { schedules_[one.name] = one; }
  void print(const ScheduleTarget& one) {
    const auto found = schedules_.find(one.schedule);
    if (found == schedules_.end()) return;
    const auto& rule = found->second;
    auto targets = Value::list();
    for (const auto& part : guard_.parts)
      if (const auto* target = std::get_if<ScheduleTarget>(&part);
          target && target->schedule == one.schedule)
        targets.push(Value::structure({{"Id", target->id}, {"Arn", target->arn}}));
    resource(named(rule.label, "Rule"), "AWS::Events::Rule",
             Value::structure({{"Name", rule.name},
                               {"Description", or_none(rule.description)},
                               {"ScheduleExpression", rule.expression},
                               {"State", "ENABLED"},
                               {"Targets", targets}}));
    schedules_.erase(found);
  }
  void print(const Record& record) {
    auto out = Value::structure({{"HostedZoneId", record.zone_id}});
    const auto set = record_set(record);
    for (const auto& [key, value] : set.members()) {
      if (key == "ResourceRecords")
        out.set(key, list_of(record.values));
      else if (key == "TTL")
        out.set(key, std::to_string(record.ttl_s));
      else
        out.set(key, value);
    }
    std::vector<std::string> after;
    if (record.alias) after = records_;
    const auto name = named(record.label, "Record");
    resource(name, "AWS::Route53::RecordSet", out, after);
    records_.push_back(name);
  }

  const Guard& guard_;
  References known_;
  Yaml yaml_;
  std::map<std::string, std::string> roles_;
  std::map<std::string, Schedule> schedules_;
  std::vector<std::string> function_waits_for_, functions_, alarms_, records_;
  std::string relay_url_;  // stands for it in texts
};

}  // namespace

Result<std::string> cloudformation(const Guard& guard) {
  if (guard.form == Form::engine)
    return failure(
        Problem{"The form engine is Sitelatch's own engine's, which has no "
                "CloudFormation. Use --format terraform or shell."});
  const auto regions = regions_of(guard);
  if (regions.size() > 1)
    return failure(Problem{"A CloudFormation stack is in one Region, and this guard is in " +
                           join(regions, " and ") + ". Use --format terraform or shell."});
  return Stack(guard).text();
}

}  // namespace sitelatch::guard::code

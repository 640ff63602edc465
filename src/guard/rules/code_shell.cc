// SPDX-License-Identifier: Apache-2.0
// A script for bash and the aws CLI, 1 or 2. It makes what is missing and leaves what is there as
// it is, so that it may be run again, and never releases a latch. Settings go as JSON (a text that
// begins with a dash, `http://` or `file://` is nothing but a text there), in single quotes, left
// only for variables of the script.
#include <algorithm>

#include "base/text.h"
#include "guard/rules/code_values.h"
#include "guard/rules/json.h"

namespace sitelatch::guard::code {
namespace {

using aws::Value;

std::string in_single_quotes(const std::string& text) { return replace_all(text, "'", R"('\'')"); }

// One word of the shell.
std::string shell_word(std::string_view text, const References& known) {
  const auto pieces = known.pieces(text);
  const auto is_plain = [](const Piece& piece) {
    return std::all_of(piece.text.begin(), piece.text.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             std::string_view{"-_./:@+,= "}.find(c) != std::string_view::npos;
    });
  };
  std::string out;
  if (!text.empty() && std::all_of(pieces.begin(), pieces.end(), is_plain)) {
    const bool bare = pieces.size() == 1 && pieces[0].reference.empty() &&
                      pieces[0].text.find(' ') == std::string::npos;
    for (const auto& piece : pieces)
      out += piece.reference.empty() ? piece.text : "${" + piece.reference + "}";
    return bare ? out : "\"" + out + "\"";
  }
  for (const auto& piece : pieces)
    out +=
        piece.reference.empty() ? in_single_quotes(piece.text) : "'\"${" + piece.reference + "}\"'";
  return "'" + out + "'";
}

// A value as JSON in single quotes.
class ShellJson {
 public:
  explicit ShellJson(const References& known) : known_(known) {}
  std::string word(const Value& value) {
    write(value, 0);
    return "'" + out_ + "'";
  }

 private:
  void text(std::string_view text) {
    out_ += '"';
    for (const auto& piece : known_.pieces(text)) {
      if (!piece.reference.empty()) {
        out_ += "'\"${" + piece.reference + "}\"'";
        continue;
      }
      const auto quoted = json_text(piece.text);
      out_ += in_single_quotes(quoted.substr(1, quoted.size() - 2));
    }
    out_ += '"';
  }
  void line(int depth) { out_ += "\n" + std::string(static_cast<std::size_t>(depth) * 2, ' '); }
  void write(const Value& value, int depth) {
    if (value.is_string()) return text(value.string());
    if (value.is_bool()) {
      out_ += value.boolean() ? "true" : "false";
    } else if (value.is_number()) {
      out_ += value.is_integer() ? std::to_string(value.integer()) : number_text(value.number());
    } else if (value.is_list()) {
      bool first = true;
      out_ += '[';
      for (const auto& one : value.items()) {
        if (!std::exchange(first, false)) out_ += ',';
        line(depth + 1);
        write(one, depth + 1);
      }
      if (!first) line(depth);
      out_ += ']';
    } else if (value.is_struct()) {
      bool first = true;
      out_ += '{';
      for (const auto& [name, one] : value.members()) {
        if (!std::exchange(first, false)) out_ += ',';
        line(depth + 1);
        out_ += in_single_quotes(json_text(name)) + ": ";
        write(one, depth + 1);
      }
      if (!first) line(depth);
      out_ += '}';
    } else {
      out_ += "null";
    }
  }
  const References& known_;
  std::string out_;
};

constexpr std::string_view shell_functions = R"sh(
export AWS_PAGER=""
aws() {  # the engine's address, where a CLI does not know AWS_ENDPOINT_URL by itself
  if [ -n "${AWS_ENDPOINT_URL:-}" ]; then
    command aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"
  else
    command aws "$@"
  fi
}
say() { printf '%s\n' "$*" >&2; }
there() { aws "$@" > /dev/null 2>&1; }
named() { [ -n "$(aws "$@" --output text)" ]; }
health_check() {  # the one with this CallerReference, made where there is none
  local id
  id=$(aws route53 list-health-checks --query "HealthChecks[?CallerReference=='$1'].Id" \
    --output text | tr -d '[:space:]')
  if [ -z "$id" ] || [ "$id" = None ]; then
    say "create health check $1"
    id=$(aws route53 create-health-check --caller-reference "$1" --health-check-config "$2" \
      --query HealthCheck.Id --output text)
  fi
  printf '%s' "$id"
}
tag_health_check() {
  aws route53 change-tags-for-resource --resource-type healthcheck --resource-id "$1" \
    --add-tags "$2"
}
)sh";

constexpr std::string_view shell_record_functions = R"sh(
create_records() {  # all of a zone's at once
  local said
  said=$(aws route53 change-resource-record-sets --hosted-zone-id "$1" --change-batch "$2" 2>&1) &&
    return
  case $said in
    *"already exists"*)
      say "zone $1 has some of the records already: nothing of them was changed"
      ;;
    *)
      say "$said"
      return 1
      ;;
  esac
}
)sh";

constexpr std::string_view shell_function_functions = R"sh(
subscribed() {  # topic, region, endpoint
  aws sns list-subscriptions-by-topic --region "$2" --topic-arn "$1" \
    --query 'Subscriptions[].Endpoint' --output text | tr '\t' '\n' | grep -xF -e "$3" > /dev/null
}
patiently() {  # a role that was made a moment ago is not known everywhere yet
  local said seconds
  for seconds in 2 4 8 16 30; do
    said=$("$@" 2>&1) && return
    case $said in
      *"cannot be assumed"* | *"does not have permissions"* | *ResourceConflictException*)
        say "waiting: $said"
        sleep "$seconds"
        ;;
      *) break ;;
    esac
  done
  "$@" > /dev/null
}
unless_there() {
  local said
  said=$("$@" 2>&1) && return
  case $said in
    *ResourceConflictException*) ;;
    *)
      say "$said"
      return 1
      ;;
  esac
}
)sh";

constexpr std::string_view shell_relay_functions = R"sh(
clock_of() {  # URL, path: what a health check of it asks
  local at=${1#*://} type=HTTPS port=443
  at=${at%%/*}
  case $1 in http:*) type=HTTP port=80 ;; esac
  case $at in *:*) port=${at##*:} ;; esac
  printf 'Type=%s,FullyQualifiedDomainName=%s,Port=%s,ResourcePath=%s' \
    "$type" "${at%%:*}" "$port" "$2"
}
)sh";

class Shell {
 public:
  explicit Shell(const Guard& guard) : guard_(guard) {}

  std::string text() {
    beginning();
    for (const auto& part : guard_.parts) std::visit([this](const auto& one) { print(one); }, part);
    records();
    ending();
    return out_;
  }

 private:
  void line(const std::string& text) {
    if (!text.empty()) out_ += std::string(static_cast<std::size_t>(depth_) * 2, ' ') + text;
    out_ += '\n';
  }
  std::string word(std::string_view text) const { return shell_word(text, known_); }
  std::string json(const Value& value) const { return ShellJson(known_).word(value); }
  static std::string in(const std::string& region) { return " --region " + region; }

  void beginning() {
    const auto& id = guard_.health_check_id;
    line("#!/usr/bin/env bash");
    line("# The guard of health check " + id + ", form " + std::string{to_string(guard_.form)} +
         ", as it stands; by `sitelatch export " + id + " --format shell`.");
    line("#");
    line(std::string{"#   "} + (guard_.has_function() ? "FUNCTION_ZIP=guard.zip " : "") +
         "bash guard.sh [HEALTH_CHECK_ID]");
    line("#");
    line(
        "# With an id it guards that health check; without one it makes a check like Primary's. "
        "The id goes to stdout.");
    line(
        "# It makes what is missing and leaves what is there as it is: run it again where it was "
        "cut off. Needs the aws CLI, 1 or 2.");
    if (guard_.has_function())
      line("# The function's code: `sitelatch export " + id + " --function-zip guard.zip`.");
    if (guard_.form == Form::engine)
      line("# This latch is Sitelatch's engine's own. AWS keeps the tag and does nothing by it.");
    line("# On Sitelatch's engine: eval \"$(sitelatch env)\" first.");
    for (const auto& sentence : guard_.left_out) line("# " + sentence);
    line("set -euo pipefail");
    line("shopt -s inherit_errexit");
    out_ += shell_functions;
    if (guard_.has_records()) out_ += shell_record_functions;
    if (guard_.has_function()) out_ += shell_function_functions;
    if (guard_.relay) out_ += shell_relay_functions;
    line("");
    line("export AWS_DEFAULT_REGION=${AWS_DEFAULT_REGION:-" + guard_.region + "}");
    if (guard_.has_function()) line("FUNCTION_ZIP=${FUNCTION_ZIP:-guard.zip}");
    zones();
    line("ACCOUNT=$(aws sts get-caller-identity --query Account --output text)");
    known_.add(guard_.account, "ACCOUNT");
    if (guard_.relay) name_servers(*guard_.relay);
  }
  void name_servers(const Relay& relay) {
    line("# Whom the relay asks: the zone's own name servers, or the engine's.");
    line("NAME_SERVERS=${NAME_SERVERS:-${SITELATCH_DNS:-}}");
    line("if [ -z \"$NAME_SERVERS\" ]; then");
    ++depth_;
    line("NAME_SERVERS=$(aws route53 get-hosted-zone --id " + word(relay.zone_id) + " \\");
    line("  --query DelegationSet.NameServers --output text | tr '\\t' ' ')");
    --depth_;
    line("fi");
    known_.add(relay.name_servers, "NAME_SERVERS");
  }
  // Its own where there is one; else one that nobody has seen.
  void relay_path(const Relay& relay, const Function& function) {
    line("");
    line("# The relay's path is a secret, and not in this script: its function has it.");
    line("RELAY_PATH=$(aws lambda get-function-configuration" + in(function.region) +
         " --function-name " + word(function.name) + " \\");
    line("  --query Environment.Variables." + std::string{env::relay_path} +
         " --output text 2> /dev/null || true)");
    line("case $RELAY_PATH in");
    ++depth_;
    line("/*) ;;");
    line("*) RELAY_PATH=/$(od -An -N16 -tx1 /dev/urandom | tr -d ' \\n') ;;");
    --depth_;
    line("esac");
    known_.add(relay.path, "RELAY_PATH");
  }
  void zones() {
    std::vector<std::string> said;
    for (const auto& part : guard_.parts)
      if (const auto* record = std::get_if<Record>(&part))
        if (std::find(said.begin(), said.end(), record->zone_id) == said.end()) {
          const auto name = "ZONE_" + record->zone_id;
          said.push_back(record->zone_id);
          line(name + "=${" + name + ":-" + record->zone_id + "}  # " +
               json_text(record->zone_name));
          known_.add(record->zone_id, name);
        }
  }
  void ending() {
    line("");
    if (guard_.form == Form::config)
      line(
          "say \"Next: sitelatch deploy $PRIMARY --form config --change-records. It waits for "
          "fifteen good minutes and closes the loop.\"");
    if (guard_.has_function())
      line(
          "say \"Next: sitelatch status $PRIMARY. It says what is awaited until the guard can "
          "fire.\"");
    line("printf '%s\\n' \"$PRIMARY\"");
  }

  // What is done where `question` says no.
  template <class Do>
  void unless(const std::string& question, const std::string& what, Do&& make) {
    line("");
    line("if ! " + question + "; then");
    ++depth_;
    line("say " + word("create " + what));
    make();
    --depth_;
    line("fi");
  }

  void print(const HealthCheck& check) {
    const auto variable = upper(check.label);
    line("");
    if (check.asks_relay) return clock(check, variable);
    if (check.label == "primary") {
      line("PRIMARY=${1:-}");
      line("if [ -z \"$PRIMARY\" ]; then");
      ++depth_;
    }
    line(variable + "=$(health_check " + word(check.reference) + " " + json(check_config(check)) +
         ")");
    if (check.label == "primary") {
      known_.add(check.id, variable);
      if (guard_.form != Form::engine) tag(check, variable);
      --depth_;
      line("fi");
      if (guard_.form == Form::engine) tag(check, variable);
    } else {
      known_.add(called(check), variable);
      tag(check, variable);
    }
  }
  // Its settings are shorthand: the port, which the URL says, is a number.
  void clock(const HealthCheck& check, const std::string& variable) {
    auto more = ",RequestInterval=" + std::to_string(check.interval_s) +
                ",FailureThreshold=" + std::to_string(check.failure_threshold);
    if (!check.regions.empty()) more += ",Regions=" + join(check.regions, ",");
    line(variable + "=$(health_check " + word(check.reference) +
         " \"$(clock_of \"$RELAY_URL\" \"$RELAY_PATH\")" + more + "\")");
    known_.add(called(check), variable);
    tag(check, variable);
    HealthCheck primary;
    primary.tags = {{std::string{tag::form}, std::string{to_string(guard_.form)}},
                    {std::string{tag::clock_check}, called(check)}};
    line("# By which other commands find the form, and the clock.");
    this->tag(primary, "PRIMARY");
  }
  // AWS takes ten a call.
  void tag(const HealthCheck& check, const std::string& variable) {
    Texts some;
    const auto send = [&] {
      if (!some.empty()) line("tag_health_check \"$" + variable + "\" " + json(key_values(some)));
      some.clear();
    };
    for (const auto& one : check.tags) {
      some.insert(one);
      if (some.size() == 10) send();
    }
    send();
  }

  void print(const Topic& topic) {
    unless(
        "there sns get-topic-attributes" + in(topic.region) + " --topic-arn " + word(topic.arn),
        "topic " + topic.name, [&] {
          auto attributes = Value::structure();
          if (!topic.display_name.empty()) attributes.set("DisplayName", topic.display_name);
          if (!topic.kms_key.empty()) attributes.set("KmsMasterKeyId", topic.kms_key);
          auto input = Value::structure({{"Name", topic.name}, {"Tags", key_values(topic.tags)}});
          if (!attributes.members().empty()) input.set("Attributes", attributes);
          line("aws sns create-topic" + in(topic.region) + " --cli-input-json " + json(input) +
               " > /dev/null");
        });
  }
  void print(const TopicPolicy& policy) {
    line("");
    line("aws sns set-topic-attributes" + in(policy.region) + " --topic-arn " + word(policy.topic) +
         " --attribute-name Policy \\");
    line("  --attribute-value " + json(document_value(policy.document)));
  }
  void print(const Subscription& one) {
    unless("subscribed " + word(one.topic) + " " + one.region + " " + word(one.endpoint),
           "subscription of " + one.endpoint, [&] {
             auto input = Value::structure(
                 {{"TopicArn", one.topic}, {"Protocol", one.protocol}, {"Endpoint", one.endpoint}});
             if (!one.filter_policy.empty())
               input.set("Attributes", Value::structure({{"FilterPolicy", one.filter_policy}}));
             line("aws sns subscribe" + in(one.region) + " --cli-input-json " + json(input) +
                  " > /dev/null");
           });
  }
  void print(const Alarm& alarm) {
    unless("named cloudwatch describe-alarms" + in(alarm.region) + " --alarm-names " +
               word(alarm.name) + " --query 'MetricAlarms[].AlarmName'",
           "alarm " + alarm.name, [&] {
             line("aws cloudwatch put-metric-alarm" + in(alarm.region) + " --cli-input-json " +
                  json(alarm_settings(alarm)));
           });
  }
  void print(const LogGroup& group) {
    unless("there logs describe-log-streams" + in(group.region) + " --limit 1 --log-group-name " +
               word(group.name),
           "log group " + group.name, [&] {
             line("aws logs create-log-group" + in(group.region) + " --cli-input-json " +
                  json(Value::structure(
                      {{"logGroupName", group.name}, {"tags", name_values(group.tags)}})));
             if (group.retention_days != 0)
               line("aws logs put-retention-policy" + in(group.region) + " --log-group-name " +
                    word(group.name) + " --retention-in-days " +
                    std::to_string(group.retention_days));
           });
  }
  void print(const Role& role) {
    unless("there iam get-role --role-name " + word(role.name), "role " + role.name, [&] {
      auto input = Value::structure(
          {{"RoleName", role.name}, {"Path", role.path}, {"Tags", key_values(role.tags)}});
      if (!role.description.empty()) input.set("Description", role.description);
      if (!role.boundary.empty()) input.set("PermissionsBoundary", role.boundary);
      line("aws iam create-role --cli-input-json " + json(input) + " \\");
      line("  --assume-role-policy-document " + json(document_value(role.trust)) + " > /dev/null");
    });
    const auto id = upper(role.label) + "_ROLE_ID";
    line(id + "=$(aws iam get-role --role-name " + word(role.name) +
         " --query Role.RoleId --output text)");
    known_.add(role.role_id, id);
  }
  void print(const RolePolicy& policy) {
    const auto names = " --role-name " + word(policy.role) + " --policy-name " + word(policy.name);
    unless("there iam get-role-policy" + names, "policy " + policy.name + " of " + policy.role,
           [&] {
             line("aws iam put-role-policy" + names + " \\");
             line("  --policy-document " + json(document_value(policy.document)));
           });
  }
  void print(const AttachedPolicy& policy) {
    line("");
    line("aws iam attach-role-policy --role-name " + word(policy.role) + " --policy-arn " +
         word(policy.arn));
  }
  void print(const Function& function) {
    if (guard_.relay && function.label == "relay") relay_path(*guard_.relay, function);
    const auto name = in(function.region) + " --function-name " + word(function.name);
    unless("there lambda get-function-configuration" + name, "function " + function.name, [&] {
      line(
          "[ -r \"$FUNCTION_ZIP\" ] || { say \"no file $FUNCTION_ZIP: sitelatch export writes it "
          "with --function-zip\"; exit 2; }");
      line("patiently aws lambda create-function" + in(function.region) +
           " --zip-file \"fileb://$FUNCTION_ZIP\" --cli-input-json " + json(settings(function)));
      line("aws lambda wait function-active" + name);
      if (function.reserved_concurrency)
        line("aws lambda put-function-concurrency" + name + " --reserved-concurrent-executions " +
             std::to_string(*function.reserved_concurrency) +
             " > /dev/null || say 'no concurrency is reserved; the function shares the "
             "account'\\''s'");
    });
  }
  static Value settings(const Function& function) {
    auto out = Value::structure({{"FunctionName", function.name},
                                 {"Runtime", function.runtime},
                                 {"Handler", function.handler},
                                 {"Role", function.role_arn},
                                 {"Timeout", function.timeout_s},
                                 {"MemorySize", function.memory_mb},
                                 {"Tags", name_values(function.tags)}});
    if (!function.description.empty()) out.set("Description", function.description);
    if (!function.architecture.empty()) out.set("Architectures", list_of({function.architecture}));
    if (!function.layers.empty()) out.set("Layers", list_of(function.layers));
    if (!function.environment.empty())
      out.set("Environment", Value::structure({{"Variables", name_values(function.environment)}}));
    if (!function.subnets.empty())
      out.set("VpcConfig",
              Value::structure({{"SubnetIds", list_of(function.subnets)},
                                {"SecurityGroupIds", list_of(function.security_groups)}}));
    return out;
  }
  void print(const Invocation& one) {
    unless(
        "there lambda get-function-event-invoke-config" + in(one.region) + " --function-name " +
            word(one.function),
        "retries of " + one.function, [&] {
          auto input = Value::structure({{"FunctionName", one.function},
                                         {"MaximumRetryAttempts", one.retries},
                                         {"MaximumEventAgeInSeconds", one.event_age_s}});
          if (!one.failure_destination.empty())
            input.set(
                "DestinationConfig",
                Value::structure(
                    {{"OnFailure", Value::structure({{"Destination", one.failure_destination}})}}));
          line("patiently aws lambda put-function-event-invoke-config" + in(one.region) +
               " --cli-input-json " + json(input));
        });
  }
  void print(const Permission& one) {
    auto input = Value::structure({{"FunctionName", one.function},
                                   {"StatementId", one.statement_id},
                                   {"Action", one.action},
                                   {"Principal", one.principal}});
    if (!one.source_arn.empty()) input.set("SourceArn", one.source_arn);
    if (!one.source_account.empty()) input.set("SourceAccount", one.source_account);
    if (one.of_open_url) input.set("FunctionUrlAuthType", "NONE");
    if (one.via_url) input.set("InvokedViaFunctionUrl", true);
    line("");
    line("unless_there aws lambda add-permission" + in(one.region) + " --cli-input-json " +
         json(input) + (one.via_url ? " ||" : ""));
    if (one.via_url)  // a condition of October 2025
      line(
          "  say \"This aws CLI is too old for that permission, and the relay's URL says 403: "
          "sitelatch deploy $PRIMARY --form hardened\"");
  }
  void print(const FunctionUrl& one) {
    const auto name = in(one.region) + " --function-name " + word(one.function);
    unless("there lambda get-function-url-config" + name, "URL of function " + one.function, [&] {
      line("aws lambda create-function-url-config" + name + " --auth-type NONE > /dev/null");
    });
    line(upper(one.label) + "_URL=$(aws lambda get-function-url-config" + name +
         " --query FunctionUrl --output text)");
  }
  void print(const Schedule& one) {
    unless("there events describe-rule" + in(one.region) + " --name " + word(one.name),
           "rule " + one.name, [&] {
             auto input = Value::structure({{"Name", one.name},
                                            {"ScheduleExpression", one.expression},
                                            {"State", "ENABLED"},
                                            {"Tags", key_values(one.tags)}});
             if (!one.description.empty()) input.set("Description", one.description);
             line("aws events put-rule" + in(one.region) + " --cli-input-json " + json(input) +
                  " > /dev/null");
           });
  }
  void print(const ScheduleTarget& one) {
    line("");
    line("[ \"$(aws events put-targets" + in(one.region) + " --rule " + word(one.schedule) +
         " --targets " + json(Value::list({Value::structure({{"Id", one.id}, {"Arn", one.arn}})})) +
         " --query FailedEntryCount --output text)\" = 0 ]");
  }
  // A pair changes at once: one batch a zone, and the guard's own pair apart from those of people,
  // which may be there. Created, never put: which check a record follows now is a latch's.
  void print(const Record& record) {
    auto& batch = batches_[{record.of_guard, record.zone_id}];
    batch.push(Value::structure({{"Action", "CREATE"}, {"ResourceRecordSet", record_set(record)}}));
  }
  void records() {
    for (const auto& [where, changes] : batches_) {
      line("");
      line("create_records " + word(where.second) + " " +
           json(Value::structure({{"Changes", changes}})));
    }
  }

  const Guard& guard_;
  References known_;
  std::string out_;
  int depth_ = 0;
  std::map<std::pair<bool, std::string>, Value> batches_;
};

}  // namespace

std::string shell(const Guard& guard) { return Shell(guard).text(); }

}  // namespace sitelatch::guard::code

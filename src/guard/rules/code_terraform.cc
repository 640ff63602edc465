// SPDX-License-Identifier: Apache-2.0
// HCL for Terraform's provider aws 5, as `terraform fmt` lays it out. Import blocks come last, so
// that who makes another guard leaves them out. What `lifecycle` ignores beside what is held: what
// the provider cannot read back (a function's file), which would make each plan a change.
#include <algorithm>

#include "base/text.h"
#include "guard/rules/code_values.h"
#include "guard/rules/json.h"

namespace sitelatch::guard::code {
namespace {

bool is_identifier(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !text.empty() && letter(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '_'; });
}

// The inside of a quoted template. Where a `$` or `%` could begin a sequence (it stands before a
// brace, or before a reference) it is doubled, or written as a literal of its own where doubling
// would be read otherwise.
std::string hcl_inside(std::string_view text, bool before_reference) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '$' || c == '%') {
      const auto end = std::min(text.find_first_not_of("$%", at), text.size());
      const auto run = text.substr(at, end - at);
      const bool brace = end < text.size() && text[end] == '{';
      if (brace && run.size() == 1)
        out += std::string(2, c);
      else if (brace || (end == text.size() && before_reference))
        out += "${\"" + std::string{run} + "\"}";
      else
        out += run;
      at = end;
      continue;
    }
    if (c == '"' || c == '\\')
      out += std::string{'\\', c};
    else if (c == '\n')
      out += "\\n";
    else if (c == '\r')
      out += "\\r";
    else if (c == '\t')
      out += "\\t";
    else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      out += "\\u00" + hex(std::string_view{&c, 1});
    else
      out += c;
    ++at;
  }
  return out;
}

std::string hcl_text(std::string_view text, const References& known = {}) {
  const auto pieces = known.pieces(text);
  if (pieces.size() == 1 && !pieces.front().reference.empty()) return pieces.front().reference;
  std::string out = "\"";
  for (std::size_t i = 0; i < pieces.size(); ++i)
    out += pieces[i].reference.empty() ? hcl_inside(pieces[i].text, i + 1 < pieces.size())
                                       : "${" + pieces[i].reference + "}";
  return out + "\"";
}

// Lines with their depth; neighbours that are whole attributes have their equals signs below each
// other.
class Hcl {
 public:
  explicit Hcl(const References& known) : known_(known) {}

  void line(std::string text) { lines_.push_back({depth_, std::move(text), {}}); }
  void open(std::string head) {
    line(std::move(head));
    ++depth_;
  }
  void close(std::string tail = "}") {
    --depth_;
    line(std::move(tail));
  }
  void expression(std::string_view name, std::string value) {
    lines_.push_back({depth_, std::string{name}, std::move(value)});
  }
  void text(std::string_view name, std::string_view value) {
    if (!value.empty()) expression(name, hcl_text(value, known_));
  }
  void literal(std::string_view name, std::string_view value) {
    if (!value.empty()) expression(name, hcl_text(value));
  }
  void number(std::string_view name, int value) {
    if (value != 0) expression(name, std::to_string(value));
  }
  void truth(std::string_view name, bool value) { expression(name, value ? "true" : "false"); }
  void expressions(std::string_view name, const std::vector<std::string>& values) {
    if (!values.empty()) expression(name, "[" + join(values, ", ") + "]");
  }
  void texts(std::string_view name, const std::vector<std::string>& values) {
    std::vector<std::string> quoted;
    for (const auto& value : values) quoted.push_back(hcl_text(value, known_));
    expressions(name, quoted);
  }
  void map(std::string_view name, const Texts& values) {
    if (values.empty()) return;
    open(std::string{name} + " = {");
    for (const auto& [key, value] : values) expression(key_text(key), hcl_text(value, known_));
    close();
  }
  void document(std::string_view name, const std::string& json) {
    const auto parsed = Json::parse(json);
    if (!parsed || !parsed->is_object()) return text(name, json);
    open(std::string{name} + " = jsonencode({");
    members(*parsed);
    close("})");
  }
  void ignore(std::vector<std::string> what) {
    if (what.empty()) return;
    open("lifecycle {");
    if (what.size() <= 3) {
      expressions("ignore_changes", what);
    } else {
      open("ignore_changes = [");
      for (auto& one : what) line(one + ",");
      close("]");
    }
    close();
  }

  std::string take() const {
    std::string out;
    for (std::size_t at = 0; at < lines_.size();) {
      std::size_t end = at;
      std::size_t widest = 0;
      while (end < lines_.size() && lines_[end].value && lines_[end].depth == lines_[at].depth)
        widest = std::max(widest, utf8_length(lines_[end++].text));
      if (end == at) {
        out += indented(lines_[at].depth, lines_[at].text);
        ++at;
      }
      for (; at < end; ++at) {
        auto padded = lines_[at].text;
        padded.resize(padded.size() + widest - utf8_length(padded), ' ');
        out += indented(lines_[at].depth, padded + " = " + *lines_[at].value);
      }
    }
    return out;
  }

 private:
  struct Line {
    int depth;
    std::string text;
    std::optional<std::string> value;
  };
  static std::string indented(int depth, const std::string& text) {
    if (text.empty()) return "\n";
    return std::string(static_cast<std::size_t>(depth) * 2, ' ') + text + "\n";
  }
  static std::string key_text(const std::string& key) {
    return is_identifier(key) ? key : hcl_text(key);
  }
  std::string scalar(const Json& json) const {
    if (json.is_string()) return hcl_text(json.text(), known_);
    if (json.is_null()) return "null";
    if (json.is_object()) return "{}";
    if (json.is_array()) return "[]";
    return json.text();
  }
  static bool is_scalar(const Json& json) { return json.elements().empty(); }
  void members(const Json& object) {
    for (std::size_t i = 0; i < object.names().size(); ++i) {
      const auto& value = object.elements()[i];
      const auto key = key_text(object.names()[i]);
      if (is_scalar(value)) {
        expression(key, scalar(value));
      } else if (value.is_object()) {
        open(key + " = {");
        members(value);
        close();
      } else if (value.elements().size() == 1 && is_scalar(value.elements().front())) {
        expression(key, "[" + scalar(value.elements().front()) + "]");
      } else {
        open(key + " = [");
        elements(value);
        close("]");
      }
    }
  }
  void elements(const Json& list) {
    for (const auto& value : list.elements()) {
      if (is_scalar(value)) {
        line(scalar(value) + ",");
      } else if (value.is_object()) {
        open("{");
        members(value);
        close("},");
      } else {
        open("[");
        elements(value);
        close("],");
      }
    }
  }

  const References& known_;
  int depth_ = 0;
  std::vector<Line> lines_;
};

class Terraform {
 public:
  explicit Terraform(const Guard& guard) : guard_(guard), hcl_(known_) {}

  std::string text() {
    known_.add(guard_.account, "local.account");
    beginning();
    for (const auto& part : guard_.parts) std::visit([this](const auto& one) { print(one); }, part);
    if (guard_.imports) imports();
    return hcl_.take();
  }

 private:
  using Lines = std::vector<std::string>;

  void comments(const Lines& lines) {
    for (const auto& line : lines) hcl_.line(line.empty() ? "#" : "# " + line);
  }

  void beginning() {
    const auto& id = guard_.health_check_id;
    comments({"The guard of health check " + id + ", form " + std::string{to_string(guard_.form)} +
                  ", as it stands; by `sitelatch export " + id + "`.",
              ""});
    if (guard_.imports)
      comments(
          {"terraform init && terraform plan: the import blocks at the end adopt what is "
           "there, and nothing changes.",
           "For another account: `sitelatch export " + id +
               " --no-import`, or leave the import blocks out."});
    else
      comments({"For an account that has it not. Where it is, `sitelatch export " + id +
                "` writes import blocks, too."});
    if (guard_.has_function())
      comments({"The function's code: `sitelatch export " + id +
                    " --function-zip guard.zip` writes it. Later versions are",
                "`sitelatch deploy`'s to bring: Terraform cannot tell them apart, and leaves the "
                "code alone."});
    if (guard_.form == Form::config)
      comments(
          {"After the first apply: `sitelatch deploy ID --form config --change-records`, "
           "with the id of the new health",
           "check. It waits for fifteen good minutes, and closes the loop that Terraform "
           "cannot write down."});
    if (guard_.form == Form::hardened)
      comments(
          {"After the first apply: `sitelatch deploy ID --form hardened`, with the id of the new "
           "health check. It writes",
           "the tags that lead to the relay's clock, and the second permission of its URL: "
           "lambda:InvokeFunction for whom",
           "the URL lets in (lambda:InvokedViaFunctionUrl), which provider aws 5 has no word for. "
           "Until then the URL says 403."});
    if (guard_.form == Form::engine)
      comments(
          {"This latch is Sitelatch's engine's own. AWS keeps the tag and does nothing by "
           "it."});
    comments(
        {"On Sitelatch's engine: eval \"$(sitelatch env)\" first, which sets "
         "AWS_ENDPOINT_URL.",
         "ignore_changes leaves to the guard what a latch changes: without it the next "
         "apply hands the traffic",
         "back to a Primary that nobody has synchronised."});
    for (const auto& sentence : guard_.left_out) comments({sentence});
    hcl_.line("");
    hcl_.open("terraform {");
    hcl_.expression("required_version", hcl_text(">= 1.5"));
    hcl_.open("required_providers {");
    hcl_.open("aws = {");
    hcl_.literal("source", "hashicorp/aws");
    hcl_.literal("version", "~> 5.0");
    hcl_.close();
    hcl_.close();
    hcl_.close();
    providers();
    variables();
    hcl_.line("");
    hcl_.line("data \"aws_caller_identity\" \"current\" {}");
    hcl_.line("");
    hcl_.open("locals {");
    hcl_.expression("account", "data.aws_caller_identity.current.account_id");
    hcl_.expression("primary", "aws_route53_health_check.primary.id");
    hcl_.close();
    if (guard_.relay) relay(*guard_.relay);
  }
  // What its function is made with, and keeps from then on (held_variables); and what its URL says.
  void relay(const Relay& relay) {
    hcl_.line("");
    hcl_.open("data \"aws_route53_zone\" \"relay\" {");
    hcl_.text("zone_id", relay.zone_id);
    hcl_.close();
    hcl_.line("");
    comments(
        {"The relay's path is a secret, and not in this code: it is made with the function, which "
         "keeps it. State and plans have it.",
         "AWS's URLs are HTTPS; Sitelatch's engine's say what they are."});
    hcl_.open("locals {");
    hcl_.expression("relay_path", R"("/${replace(uuid(), "-", "")}")");
    hcl_.expression(
        "relay_name_servers",
        R"(coalesce(var.name_servers, join(" ", data.aws_route53_zone.relay.name_servers)))");
    hcl_.expression("relay_url", R"(regex("^(https?)://([^:/]+)(?::([0-9]+))?/$", )"
                                 "aws_lambda_function_url.relay.function_url)");
    hcl_.close();
    known_.add(relay.path, "local.relay_path");
    known_.add(relay.name_servers, "local.relay_name_servers");
  }

  static std::string alias_of(const std::string& region) { return replace_all(region, "-", "_"); }
  void providers() {
    for (const auto& region : regions_of(guard_)) {
      hcl_.line("");
      hcl_.open("provider \"aws\" {");
      if (region != guard_.region) hcl_.literal("alias", alias_of(region));
      hcl_.literal("region", region);
      hcl_.close();
    }
  }
  static std::string zone_variable(const std::string& zone_id) { return "zone_" + zone_id; }
  void variable(const std::string& name, const std::string& description,
                const std::string& otherwise) {
    hcl_.line("");
    hcl_.open("variable \"" + name + "\" {");
    hcl_.expression("type", "string");
    hcl_.literal("description", description);
    hcl_.expression("default", hcl_text(otherwise));
    hcl_.close();
  }
  void variables() {
    if (guard_.has_function())
      variable("function_zip", "file with the function's code, by sitelatch export --function-zip",
               "guard.zip");
    Lines said;
    for (const auto& part : guard_.parts)
      if (const auto* record = std::get_if<Record>(&part))
        if (std::find(said.begin(), said.end(), record->zone_id) == said.end()) {
          said.push_back(record->zone_id);
          variable(zone_variable(record->zone_id), "hosted zone of " + record->zone_name,
                   record->zone_id);
          known_.add(record->zone_id, "var." + zone_variable(record->zone_id));
        }
    if (guard_.relay)
      variable("name_servers",
               "whom the relay asks, HOST:PORT; else the zone's own; on Sitelatch's engine "
               "$SITELATCH_DNS",
               "");
  }

  // The head of a resource; its address.
  std::string begin(const char* type, const std::string& label, const std::string& region = {}) {
    hcl_.line("");
    hcl_.open(std::string{"resource \""} + type + "\" \"" + label + "\" {");
    if (!region.empty() && region != guard_.region)
      hcl_.expression("provider", "aws." + alias_of(region));
    return std::string{type} + "." + label;
  }
  void end(const std::string& address, bool there, const std::string& import_id) {
    hcl_.close();
    if (there) imports_.emplace_back(address, import_id);
  }
  void imports() {
    if (imports_.empty()) return;
    hcl_.line("");
    hcl_.line("# What is there already is adopted. In another account leave these out.");
    for (const auto& [to, id] : imports_) {
      hcl_.line("");
      hcl_.open("import {");
      hcl_.expression("to", to);
      hcl_.literal("id", id);
      hcl_.close();
    }
  }
  // The attribute of a resource that was printed before; else the text itself.
  std::string of(const std::string& kind, const std::string& name) {
    const auto found = named_.find(kind + " " + name);
    return found == named_.end() ? hcl_text(name, known_) : found->second;
  }

  void print(const HealthCheck& check) {
    if (check.label == "primary") {
      hcl_.line("");
      comments(
          {"Does your configuration have it already? Then leave it out, and its import "
           "block, and let local.primary name yours,",
           "which needs the same `lifecycle`."});
    }
    const auto address = begin("aws_route53_health_check", check.label);
    if (check.asks_relay) {
      hcl_.expression("type", "upper(local.relay_url[0])");
      hcl_.expression("fqdn", "local.relay_url[1]");
      hcl_.expression(
          "port", R"(coalesce(local.relay_url[2], local.relay_url[0] == "https" ? "443" : "80"))");
      hcl_.expression("resource_path", "aws_lambda_function.relay.environment[0].variables[" +
                                           hcl_text(env::relay_path) + "]");
    } else {
      hcl_.literal("type", check.type);
      hcl_.literal("ip_address", check.address);
      hcl_.literal("fqdn", check.name);
      hcl_.number("port", check.port);
      hcl_.literal("resource_path", check.path);
    }
    hcl_.literal("search_string", check.search);
    hcl_.number("request_interval", check.interval_s);
    hcl_.number("failure_threshold", check.failure_threshold);
    if (check.measures_latency) hcl_.truth("measure_latency", true);
    if (check.sni) hcl_.truth("enable_sni", *check.sni);
    if (check.inverted) hcl_.truth("invert_healthcheck", true);
    if (check.disabled) hcl_.truth("disabled", true);
    hcl_.texts("regions", check.regions);
    hcl_.texts("child_healthchecks", check.children);
    hcl_.number("child_health_threshold", check.health_threshold);
    if (!check.alarm_name.empty()) {
      hcl_.expression("cloudwatch_alarm_name", of("alarm", check.alarm_name));
      hcl_.literal("cloudwatch_alarm_region", check.alarm_region);
    }
    hcl_.literal("insufficient_data_health_status", check.insufficient_data);
    hcl_.map("tags", check.tags);
    hcl_.ignore(ignored(check.held));
    end(address, !check.id.empty(), check.id);
    known_.add(called(check), check.label == "primary" ? "local.primary" : address + ".id");
  }
  static Lines ignored(const std::vector<Held>& held) {
    Lines out;
    for (const auto one : held) {
      switch (one) {
        case Held::path:
          out.emplace_back("resource_path");
          break;
        case Held::disabled:
          out.emplace_back("disabled");
          break;
        case Held::inverted:
          out.emplace_back("invert_healthcheck");
          break;
        case Held::children:
          out.emplace_back("child_healthchecks");
          out.emplace_back("child_health_threshold");
          break;
        case Held::tags:
          out.emplace_back("tags");
          out.emplace_back("tags_all");
          break;
      }
    }
    return out;
  }

  void print(const Topic& topic) {
    const auto address = begin("aws_sns_topic", topic.label, topic.region);
    hcl_.text("name", topic.name);
    hcl_.text("display_name", topic.display_name);
    hcl_.text("kms_master_key_id", topic.kms_key);
    hcl_.map("tags", topic.tags);
    Lines ignored;
    for (const auto key : topic.held_tags) ignored.push_back("tags[" + hcl_text(key) + "]");
    hcl_.ignore(std::move(ignored));
    end(address, topic.there, topic.arn);
    known_.add(topic.arn, address + ".arn");
  }

  void print(const TopicPolicy& policy) {
    const auto address = begin("aws_sns_topic_policy", policy.label, policy.region);
    hcl_.text("arn", policy.topic);
    hcl_.document("policy", policy.document);
    end(address, policy.there, policy.topic);
  }

  void print(const Subscription& one) {
    if (one.pending && guard_.imports) {
      hcl_.line("");
      return comments(
          {"Not confirmed yet, so that there is no ARN to adopt it by; export again "
           "when it is: " +
           one.protocol + " " + json_text(one.endpoint)});
    }
    const auto address = begin("aws_sns_topic_subscription", one.label, one.region);
    hcl_.text("topic_arn", one.topic);
    hcl_.literal("protocol", one.protocol);
    hcl_.text("endpoint", one.endpoint);
    hcl_.document("filter_policy", one.filter_policy);
    hcl_.ignore({"confirmation_timeout_in_minutes", "endpoint_auto_confirms"});
    end(address, !one.arn.empty(), one.arn);
  }

  void print(const Alarm& alarm) {
    const auto address = begin("aws_cloudwatch_metric_alarm", alarm.label, alarm.region);
    hcl_.text("alarm_name", alarm.name);
    hcl_.text("alarm_description", alarm.description);
    hcl_.literal("namespace", alarm.metric_namespace);
    hcl_.literal("metric_name", alarm.metric);
    hcl_.map("dimensions", {alarm.dimensions.begin(), alarm.dimensions.end()});
    hcl_.literal("statistic", alarm.statistic);
    hcl_.literal("comparison_operator", alarm.comparison);
    hcl_.expression("threshold", number_text(alarm.threshold));
    hcl_.number("period", alarm.period_s);
    hcl_.number("evaluation_periods", alarm.evaluation_periods);
    hcl_.number("datapoints_to_alarm", alarm.datapoints_to_alarm);
    hcl_.literal("treat_missing_data", alarm.missing_data);
    if (!alarm.acts) hcl_.truth("actions_enabled", false);
    hcl_.texts("alarm_actions", alarm.actions);
    hcl_.texts("ok_actions", alarm.ok_actions);
    hcl_.texts("insufficient_data_actions", alarm.insufficient_data_actions);
    hcl_.map("tags", alarm.tags);
    if (alarm.acts) hcl_.ignore({"actions_enabled"});  // disarm and arm
    end(address, alarm.there, alarm.name);
    known_.add(alarm.arn, address + ".arn");
    named_["alarm " + alarm.name] = address + ".alarm_name";
  }

  void print(const LogGroup& group) {
    const auto address = begin("aws_cloudwatch_log_group", group.label, group.region);
    hcl_.text("name", group.name);
    hcl_.number("retention_in_days", group.retention_days);
    hcl_.map("tags", group.tags);
    end(address, group.there, group.name);
    known_.add(group.arn, address + ".arn");
    function_waits_for_.push_back(address);
  }

  void print(const Role& role) {
    const auto address = begin("aws_iam_role", role.label);
    hcl_.text("name", role.name);
    if (role.path != "/") hcl_.literal("path", role.path);
    hcl_.text("description", role.description);
    hcl_.text("permissions_boundary", role.boundary);
    hcl_.document("assume_role_policy", role.trust);
    hcl_.map("tags", role.tags);
    end(address, role.there, role.name);
    known_.add(role.arn, address + ".arn");
    known_.add(role.role_id, address + ".unique_id");
    named_["role " + role.name] = address + ".name";
  }

  void print(const RolePolicy& policy) {
    const auto address = begin("aws_iam_role_policy", policy.label);
    hcl_.expression("role", of("role", policy.role));
    hcl_.text("name", policy.name);
    hcl_.document("policy", policy.document);
    end(address, policy.there, policy.role + ":" + policy.name);
    function_waits_for_.push_back(address);
  }

  void print(const AttachedPolicy& policy) {
    const auto address = begin("aws_iam_role_policy_attachment", policy.label);
    hcl_.expression("role", of("role", policy.role));
    hcl_.text("policy_arn", policy.arn);
    end(address, policy.there, policy.role + "/" + policy.arn);
    function_waits_for_.push_back(address);
  }

  void print(const Function& function) {
    const auto address = begin("aws_lambda_function", function.label, function.region);
    hcl_.text("function_name", function.name);
    hcl_.text("description", function.description);
    hcl_.text("role", function.role_arn);
    hcl_.literal("runtime", function.runtime);
    hcl_.literal("handler", function.handler);
    if (!function.architecture.empty()) hcl_.texts("architectures", {function.architecture});
    hcl_.expression("filename", "var.function_zip");
    hcl_.number("timeout", function.timeout_s);
    hcl_.number("memory_size", function.memory_mb);
    if (function.reserved_concurrency)
      hcl_.expression("reserved_concurrent_executions",
                      std::to_string(*function.reserved_concurrency));
    hcl_.texts("layers", function.layers);
    if (!function.environment.empty()) {
      hcl_.open("environment {");
      hcl_.map("variables", function.environment);
      hcl_.close();
    }
    if (!function.subnets.empty()) {
      hcl_.open("vpc_config {");
      hcl_.texts("subnet_ids", function.subnets);
      hcl_.texts("security_group_ids", function.security_groups);
      hcl_.close();
    }
    hcl_.map("tags", function.tags);
    hcl_.expressions("depends_on", function_waits_for_);
    Lines ignored = {"filename", "source_code_hash", "publish"};
    for (const auto name : function.held_variables)
      ignored.push_back("environment[0].variables[" + hcl_text(name) + "]");
    hcl_.ignore(std::move(ignored));
    end(address, function.there, function.name);
    known_.add(function.arn, address + ".arn");
    named_["function " + function.name] = address + ".function_name";
  }

  void print(const Invocation& one) {
    const auto address = begin("aws_lambda_function_event_invoke_config", one.label, one.region);
    hcl_.expression("function_name", of("function", one.function));
    if (one.retries) hcl_.expression("maximum_retry_attempts", std::to_string(*one.retries));
    if (one.event_age_s)
      hcl_.expression("maximum_event_age_in_seconds", std::to_string(*one.event_age_s));
    if (!one.failure_destination.empty()) {
      hcl_.open("destination_config {");
      hcl_.open("on_failure {");
      hcl_.text("destination", one.failure_destination);
      hcl_.close();
      hcl_.close();
    }
    end(address, one.there, one.function);
  }

  void print(const Permission& one) {
    // Without its condition, which the provider cannot write, it would let everybody in.
    if (one.via_url) return;
    const auto address = begin("aws_lambda_permission", one.label, one.region);
    hcl_.expression("function_name", of("function", one.function));
    hcl_.text("statement_id", one.statement_id);
    hcl_.literal("action", one.action);
    hcl_.text("principal", one.principal);
    hcl_.text("source_arn", one.source_arn);
    hcl_.text("source_account", one.source_account);
    if (one.of_open_url) hcl_.literal("function_url_auth_type", "NONE");
    end(address, one.there, one.function + "/" + one.statement_id);
  }
  void print(const FunctionUrl& one) {
    const auto address = begin("aws_lambda_function_url", one.label, one.region);
    hcl_.expression("function_name", of("function", one.function));
    hcl_.literal("authorization_type", "NONE");
    end(address, one.there, one.function);
  }

  void print(const Schedule& one) {
    const auto address = begin("aws_cloudwatch_event_rule", one.label, one.region);
    hcl_.text("name", one.name);
    hcl_.text("description", one.description);
    hcl_.literal("schedule_expression", one.expression);
    hcl_.map("tags", one.tags);
    end(address, one.there, one.name);
    known_.add(one.arn, address + ".arn");
    named_["schedule " + one.name] = address + ".name";
  }

  void print(const ScheduleTarget& one) {
    const auto address = begin("aws_cloudwatch_event_target", one.label, one.region);
    hcl_.expression("rule", of("schedule", one.schedule));
    hcl_.text("target_id", one.id);
    hcl_.text("arn", one.arn);
    end(address, one.there, one.schedule + "/" + one.id);
  }

  void print(const Record& one) {
    const auto address = begin("aws_route53_record", one.label);
    hcl_.text("zone_id", one.zone_id);
    hcl_.text("name", one.name);
    hcl_.literal("type", one.type);
    hcl_.number("ttl", static_cast<int>(one.ttl_s));
    if (!one.values.empty()) {
      Lines values;
      for (const auto& value : one.values)
        values.push_back(one.type == "TXT" && value.size() > 1 ? value.substr(1, value.size() - 2)
                                                               : value);
      hcl_.texts("records", values);
    }
    hcl_.literal("set_identifier", one.set_identifier);
    hcl_.text("health_check_id", one.health_check_id);
    if (!one.failover.empty()) {
      hcl_.open("failover_routing_policy {");
      hcl_.literal("type", one.failover);
      hcl_.close();
    }
    if (one.alias) {
      hcl_.open("alias {");
      hcl_.text("zone_id", one.alias->zone_id);
      hcl_.expression("name", of(record_key(one), one.alias->name));
      hcl_.truth("evaluate_target_health", one.alias->evaluate_target_health);
      hcl_.close();
    }
    if (one.held_check) hcl_.ignore({"health_check_id"});
    end(address, one.there,
        one.zone_id + "_" + one.name + "_" + one.type +
            (one.set_identifier.empty() ? "" : "_" + one.set_identifier));
    named_[record_key(one) + " " + one.name] = address + ".name";
  }
  // An alias's target is there first.
  static std::string record_key(const Record& one) {
    return "record " + (one.alias ? one.alias->zone_id : one.zone_id) + " " + one.type;
  }

  const Guard& guard_;
  References known_;
  Hcl hcl_;
  std::map<std::string, std::string> named_;
  Lines function_waits_for_;
  std::vector<std::pair<std::string, std::string>> imports_;
};

}  // namespace

std::string terraform(const Guard& guard) { return Terraform(guard).text(); }

}  // namespace sitelatch::guard::code

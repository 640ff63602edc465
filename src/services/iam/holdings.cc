// SPDX-License-Identifier: Apache-2.0
#include "services/iam/holdings.h"

#include "base/text.h"

namespace sitelatch::iam {
using aws::Value;

Value tag_rows(const aws::Tags& tags) {
  auto list = Value::list();
  for (const auto& [key, value] : tags) list.push(Value::list({key, value}));
  return list;
}

aws::Tags tags_from_rows(const Value& list) {
  aws::Tags tags;
  for (const auto& item : list.items()) {
    ports::expect_of_row(item.items().size() == 2, "a tag that is no pair");
    tags.push_back({item.items()[0].string(), item.items()[1].string()});
  }
  return tags;
}

namespace {
Value texts(const std::vector<std::string>& list) {
  auto out = Value::list();
  for (const auto& text : list) out.push(text);
  return out;
}
// to_json writes timestamps as milliseconds.
Instant time_of(const Value& v) { return from_unix_ms(v.integer_or(0)); }
}  // namespace

Value to_row(const InstanceProfile& p) {
  return Value::structure({{"name", p.name},
                           {"path", p.path},
                           {"id", p.id},
                           {"created", p.created},
                           {"role", p.role_id},
                           {"tags", tag_rows(p.tags)}});
}
void from_row(const Value& v, InstanceProfile& p) {
  p.name = v["name"].string();
  p.path = v["path"].string();
  p.id = v["id"].string();
  p.created = time_of(v["created"]);
  p.role_id = v["role"].string_or("");
  p.tags = tags_from_rows(v["tags"]);
}

Value to_row(const OidcProvider& p) {
  return Value::structure({{"url", p.url},
                           {"client_ids", texts(p.client_ids)},
                           {"thumbprints", texts(p.thumbprints)},
                           {"created", p.created},
                           {"tags", tag_rows(p.tags)}});
}
void from_row(const Value& v, OidcProvider& p) {
  p.url = v["url"].string();
  p.client_ids = v["client_ids"].strings();
  p.thumbprints = v["thumbprints"].strings();
  p.created = time_of(v["created"]);
  p.tags = tags_from_rows(v["tags"]);
}

Value to_row(const SamlProvider& p) {
  auto keys = Value::list();
  for (const auto& key : p.keys) keys.push(Value::structure({{"id", key.id}, {"at", key.added}}));
  return Value::structure({{"name", p.name},
                           {"metadata", p.metadata},
                           {"id", p.id},
                           {"created", p.created},
                           {"valid_until", p.valid_until},
                           {"encryption", p.encryption},
                           {"keys", keys},
                           {"tags", tag_rows(p.tags)}});
}
void from_row(const Value& v, SamlProvider& p) {
  p.name = v["name"].string();
  p.metadata = v["metadata"].string();
  p.id = v["id"].string();
  p.created = time_of(v["created"]);
  p.valid_until = time_of(v["valid_until"]);
  p.encryption = v["encryption"].string_or("");
  for (const auto& key : v["keys"].items())
    p.keys.push_back({key["id"].string(), time_of(key["at"])});
  p.tags = tags_from_rows(v["tags"]);
}

Value to_row(const MfaDevice& d) {
  return Value::structure({{"name", d.name},
                           {"path", d.path},
                           {"seed", hex(d.seed)},
                           {"user", d.user_id},
                           {"created", d.created},
                           {"enabled", d.enabled},
                           {"drift", d.drift},
                           {"last_step", d.last_step},
                           {"tags", tag_rows(d.tags)}});
}
void from_row(const Value& v, MfaDevice& d) {
  d.name = v["name"].string();
  d.path = v["path"].string();
  const auto seed = unhex(v["seed"].string());
  ports::expect_of_row(seed.has_value(), "a seed that is not hexadecimal");
  d.seed = *seed;
  d.user_id = v["user"].string_or("");
  d.created = time_of(v["created"]);
  d.enabled = time_of(v["enabled"]);
  d.drift = v["drift"].integer_or(0);
  d.last_step = v["last_step"].integer_or(0);
  d.tags = tags_from_rows(v["tags"]);
}

Value to_row(const ServerCertificate& c) {
  return Value::structure({{"name", c.name},
                           {"path", c.path},
                           {"id", c.id},
                           {"body", c.body},
                           {"chain", c.chain},
                           {"uploaded", c.uploaded},
                           {"expires", c.expires},
                           {"tags", tag_rows(c.tags)}});
}
void from_row(const Value& v, ServerCertificate& c) {
  c.name = v["name"].string();
  c.path = v["path"].string();
  c.id = v["id"].string();
  c.body = v["body"].string();
  c.chain = v["chain"].string_or("");
  c.uploaded = time_of(v["uploaded"]);
  c.expires = time_of(v["expires"]);
  c.tags = tags_from_rows(v["tags"]);
}

namespace {
Value policy_row(const PasswordPolicy& p) {
  return Value::structure({{"length", p.minimum_length},
                           {"symbols", p.symbols},
                           {"numbers", p.numbers},
                           {"uppercase", p.uppercase},
                           {"lowercase", p.lowercase},
                           {"may_change", p.users_may_change},
                           {"max_age", p.max_age_days},
                           {"remembered", p.remembered},
                           {"hard_expiry", Value{p.hard_expiry}}});
}
}  // namespace

Value to_row(const AccountSettings& s) {
  return Value::structure(
      {{"alias", s.alias},
       {"password_policy", s.password_policy ? policy_row(*s.password_policy) : Value{}},
       {"token_version", s.token_version},
       {"report", s.credential_report},
       {"report_made", s.report_made}});
}
void from_row(const Value& v, AccountSettings& s) {
  s.alias = v["alias"].string_or("");
  s.token_version = v["token_version"].string_or("v1Token");
  s.credential_report = v["report"].string_or("");
  s.report_made = time_of(v["report_made"]);
  const auto& row = v["password_policy"];
  if (!row) return;
  auto& p = s.password_policy.emplace();
  p.minimum_length = row["length"].integer();
  p.symbols = row["symbols"].boolean();
  p.numbers = row["numbers"].boolean();
  p.uppercase = row["uppercase"].boolean();
  p.lowercase = row["lowercase"].boolean();
  p.users_may_change = row["may_change"].boolean();
  p.max_age_days = row["max_age"].integer();
  p.remembered = row["remembered"].integer();
  if (row.has("hard_expiry")) p.hard_expiry = row["hard_expiry"].boolean();
}

Value to_row(const DeletionTask& t) { return Value::structure({{"made", t.made}}); }
void from_row(const Value& v, DeletionTask& t) { t.made = time_of(v["made"]); }

Value to_row(const AccessJob& j) {
  return Value::structure({{"arn", j.arn}, {"granularity", j.granularity}, {"made", j.made}});
}
void from_row(const Value& v, AccessJob& j) {
  j.arn = v["arn"].string();
  j.granularity = v["granularity"].string();
  j.made = time_of(v["made"]);
}

namespace {
constexpr std::string_view only_row = "account";
}

Holdings::Holdings(ports::Journal& journal)
    : instance_profiles(journal, "iam.instance_profiles"),
      oidc_providers(journal, "iam.oidc_providers"),
      saml_providers(journal, "iam.saml_providers"),
      mfa_devices(journal, "iam.mfa_devices"),
      server_certificates(journal, "iam.server_certificates"),
      deletion_tasks(journal, "iam.deletion_tasks"),
      access_jobs(journal, "iam.access_jobs"),
      settings_(journal, "iam.account") {}

const AccountSettings& Holdings::settings() const {
  static const AccountSettings none;
  const auto* kept = settings_.find(only_row);
  return kept ? *kept : none;
}

void Holdings::set(AccountSettings settings) {
  settings_.put(std::string{only_row}, std::move(settings));
}

}  // namespace sitelatch::iam

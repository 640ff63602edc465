// SPDX-License-Identifier: Apache-2.0
// What people upload and nothing here serves by: server certificates, and users' signing
// certificates, SSH public keys and credentials for other services (facts iam-40, iam-41). Private
// keys and secrets are looked at and not kept.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "services/iam/iam.h"
#include "services/iam/iam_common.h"
#include "services/iam/keys_and_certificates.h"

namespace sitelatch::iam {
using aws::Value;

namespace {
Failure<aws::Error> malformed_certificate(std::string message) {
  return aws::refuse("MalformedCertificate", std::move(message));
}
constexpr auto not_pem =
    "Unable to parse certificate. Please ensure the certificate is in PEM format.";

Value status(bool active) { return active ? "Active" : "Inactive"; }

// Active or Inactive: what the model has besides is AWS's to say.
aws::Outcome<bool> status_asked(const Value& input) {
  const auto text = input["Status"].string();
  if (text != "Active" && text != "Inactive")
    return aws::refuse("InvalidInput", "Status must be Active or Inactive.");
  return text == "Active";
}
template <class T>
T* with_id(std::vector<T>& list, const std::string& id) {
  const auto found = std::find_if(list.begin(), list.end(), [&](const T& t) { return t.id == id; });
  return found == list.end() ? nullptr : &*found;
}
template <class T>
void without_id(std::vector<T>& list, const std::string& id) {
  std::erase_if(list, [&](const T& t) { return t.id == id; });
}
}  // namespace

// --- Server certificates ---

std::string Iam::server_certificate_arn(const ServerCertificate& certificate) const {
  return fmt::format("arn:aws:iam::{}:server-certificate{}{}", directory_.account(),
                     certificate.path, certificate.name);
}

Value Iam::server_certificate_value(const ServerCertificate& certificate) const {
  return Value::structure({{"Path", certificate.path},
                           {"ServerCertificateName", certificate.name},
                           {"ServerCertificateId", certificate.id},
                           {"Arn", server_certificate_arn(certificate)},
                           {"UploadDate", certificate.uploaded},
                           {"Expiration", certificate.expires}});
}

aws::Outcome<ServerCertificate*> Iam::require_server_certificate(const Call& call) {
  const auto name = call.input["ServerCertificateName"].string();
  auto* found = directory_.holdings().server_certificates.find(name);
  if (!found)
    return no_such_entity(
        fmt::format("The Server Certificate with name {} cannot be found.", name));
  return found;
}

aws::Outcome<> Iam::upload_server_certificate(const Call& call) {
  const auto& in = call.input;
  auto& certificates = directory_.holdings().server_certificates;
  ServerCertificate certificate;
  certificate.name = in["ServerCertificateName"].string();
  certificate.path = in["Path"].string_or("/");
  certificate.body = trim(in["CertificateBody"].string());
  certificate.chain = trim(in["CertificateChain"].string_or(""));
  const auto key = in["PrivateKey"].string();
  const auto read = read_certificate(certificate.body);
  if (!read) return malformed_certificate(not_pem);
  if (!is_private_key(key))
    return malformed_certificate("Private Key was in an unrecognized format.");
  if (!key_fits(certificate.body, key))
    return aws::refuse("KeyPairMismatch", "Public key and private key do not match.");
  if (!certificate.chain.empty())
    if (const auto broken = broken_link(certificate.body, certificate.chain))
      return malformed_certificate(fmt::format(
          "Unable to validate certificate chain. The certificate chain must start with the "
          "immediate signing certificate, followed by any intermediaries in order. The index "
          "within the chain of the invalid certificate is: {}",
          *broken));
  if (const auto tags = add_tags(certificate.tags, in["Tags"], aws::TagKeys::any_case); !tags)
    return failure(tags.error());
  if (certificates.find(certificate.name))
    return aws::refuse(
        "EntityAlreadyExists",
        fmt::format("The Server Certificate with name {} already exists.", certificate.name));
  if (certificates.all().size() >= 20)
    return limit_exceeded("Cannot exceed quota for ServerCertificatesPerAccount: 20");
  certificate.expires = read->not_after;
  certificate.id = directory_.new_id("ASCA");
  certificate.uploaded = directory_.now();
  const auto name = certificate.name;
  const auto& kept = certificates.put(name, std::move(certificate));
  return Value::structure({{"ServerCertificateMetadata", server_certificate_value(kept)},
                           {"Tags", kept.tags.empty() ? Value{} : aws::tag_list(kept.tags)}});
}

aws::Outcome<> Iam::get_server_certificate(const Call& call) {
  const auto found = require_server_certificate(call);
  if (!found) return failure(found.error());
  const auto& certificate = **found;
  return Value::structure(
      {{"ServerCertificate",
        Value::structure(
            {{"ServerCertificateMetadata", server_certificate_value(certificate)},
             {"CertificateBody", certificate.body},
             {"CertificateChain", certificate.chain.empty() ? Value{} : Value{certificate.chain}},
             {"Tags", aws::tag_list(certificate.tags)}})}});
}

aws::Outcome<> Iam::list_server_certificates(const Call& call) {
  const auto prefix = call.input["PathPrefix"].string_or("/");
  std::vector<std::pair<std::string, Value>> rows;
  for (const auto& [name, certificate] : directory_.holdings().server_certificates.all())
    if (certificate.path.starts_with(prefix))
      rows.emplace_back(name, server_certificate_value(certificate));
  return page(call.input, "ServerCertificateMetadataList", std::move(rows));
}

aws::Outcome<> Iam::update_server_certificate(const Call& call) {
  const auto found = require_server_certificate(call);
  if (!found) return failure(found.error());
  auto changed = **found;
  const auto old_name = changed.name;
  changed.name = call.input["NewServerCertificateName"].string_or(changed.name);
  changed.path = call.input["NewPath"].string_or(changed.path);
  auto& certificates = directory_.holdings().server_certificates;
  if (changed.name != old_name && certificates.find(changed.name))
    return aws::refuse(
        "EntityAlreadyExists",
        fmt::format("The Server Certificate with name {} already exists.", changed.name));
  certificates.erase(old_name);
  const auto name = changed.name;
  certificates.put(name, std::move(changed));
  return Value{};
}

aws::Outcome<> Iam::delete_server_certificate(const Call& call) {
  const auto found = require_server_certificate(call);
  if (!found) return failure(found.error());
  directory_.holdings().server_certificates.erase(std::string{(*found)->name});
  return Value{};
}

// --- Signing certificates ---

namespace {
Value signing_value(const Entity& user, const SigningCertificate& certificate) {
  return Value::structure({{"UserName", user.name},
                           {"CertificateId", certificate.id},
                           {"CertificateBody", certificate.body},
                           {"Status", status(certificate.active)},
                           {"UploadDate", certificate.uploaded}});
}
Failure<aws::Error> no_such_certificate(const std::string& id) {
  return no_such_entity(fmt::format("The Certificate with id {} cannot be found.", id));
}
}  // namespace

aws::Outcome<> Iam::upload_signing_certificate(const Call& call) {
  const auto user = user_meant(call);
  if (!user) return failure(user.error());
  auto& certificates = (*user)->credentials.certificates;
  SigningCertificate certificate;
  certificate.body = call.input["CertificateBody"].string();
  const auto read = read_certificate(certificate.body);
  if (!read) return malformed_certificate(not_pem);
  certificate.fingerprint = read->fingerprint;
  if (certificates.size() >= 2)
    return limit_exceeded("Cannot exceed quota for CertificatesPerUser: 2");
  for (const auto& [name, other] : directory_.all(Kind::user))
    for (const auto& known : other.credentials.certificates)
      if (known.fingerprint == certificate.fingerprint)
        return aws::refuse("DuplicateCertificate",
                           "The certificate is already associated with a user of the account.");
  certificate.id = directory_.random(32, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
  certificate.uploaded = directory_.now();
  certificates.push_back(certificate);
  directory_.save(**user);
  return Value::structure({{"Certificate", signing_value(**user, certificate)}});
}

aws::Outcome<> Iam::update_signing_certificate(const Call& call) {
  const auto user = user_meant(call);
  if (!user) return failure(user.error());
  const auto id = call.input["CertificateId"].string();
  auto* certificate = with_id((*user)->credentials.certificates, id);
  if (!certificate) return no_such_certificate(id);
  const auto active = status_asked(call.input);
  if (!active) return failure(active.error());
  certificate->active = *active;
  directory_.save(**user);
  return Value{};
}

aws::Outcome<> Iam::delete_signing_certificate(const Call& call) {
  const auto user = user_meant(call);
  if (!user) return failure(user.error());
  const auto id = call.input["CertificateId"].string();
  auto& certificates = (*user)->credentials.certificates;
  if (!with_id(certificates, id)) return no_such_certificate(id);
  without_id(certificates, id);
  directory_.save(**user);
  return Value{};
}

aws::Outcome<> Iam::list_signing_certificates(const Call& call) {
  if (!call.input.has("UserName") && call.caller.kind == aws::Caller::Kind::root)
    return page(call.input, "Certificates", {});
  const auto user = user_meant(call);
  if (!user) return failure(user.error());
  std::vector<std::pair<std::string, Value>> rows;
  for (const auto& certificate : (*user)->credentials.certificates)
    rows.emplace_back(certificate.id, signing_value(**user, certificate));
  return sorted_page(call.input, "Certificates", std::move(rows));
}

// --- SSH public keys ---

namespace {
Value ssh_key_value(const Entity& user, const SshPublicKey& key, const std::string& body) {
  return Value::structure({{"UserName", user.name},
                           {"SSHPublicKeyId", key.id},
                           {"Fingerprint", key.fingerprint},
                           {"SSHPublicKeyBody", body},
                           {"Status", status(key.active)},
                           {"UploadDate", key.uploaded}});
}
Failure<aws::Error> no_such_ssh_key(const std::string& id) {
  return no_such_entity(fmt::format("The SSH Public Key with id {} cannot be found.", id));
}
}  // namespace

aws::Outcome<> Iam::upload_ssh_public_key(const Call& call) {
  const auto user = user_meant(call);
  if (!user) return failure(user.error());
  auto& keys = (*user)->credentials.ssh_keys;
  const auto forms = read_ssh_key(call.input["SSHPublicKeyBody"].string());
  if (!forms)
    return aws::refuse("InvalidPublicKey",
                       "Unable to decode certificate, must be a valid RSA public key of at least "
                       "2048 bits in ssh-rsa or PEM format.");
  for (const auto& known : keys)
    if (known.fingerprint == forms->fingerprint)
      return aws::refuse("DuplicateSSHPublicKey",
                         "The SSH public key is already associated with the specified IAM user.");
  if (keys.size() >= 5) return limit_exceeded("Cannot exceed quota for SSHPublicKeysPerUser: 5");
  SshPublicKey key{directory_.new_id("APKA"), call.input["SSHPublicKeyBody"].string(),
                   forms->fingerprint, true, directory_.now()};
  keys.push_back(key);
  directory_.save(**user);
  return Value::structure({{"SSHPublicKey", ssh_key_value(**user, key, key.body)}});
}

aws::Outcome<> Iam::get_ssh_public_key(const Call& call) {
  const auto user = user_meant(call);
  if (!user) return failure(user.error());
  const auto id = call.input["SSHPublicKeyId"].string();
  const auto* key = with_id((*user)->credentials.ssh_keys, id);
  if (!key) return no_such_ssh_key(id);
  const auto forms = read_ssh_key(key->body);
  if (!forms) return no_such_ssh_key(id);  // it was read when it was uploaded
  const bool pem = call.input["Encoding"].string() == "PEM";
  return Value::structure(
      {{"SSHPublicKey", ssh_key_value(**user, *key, pem ? forms->pem : forms->ssh)}});
}

aws::Outcome<> Iam::update_ssh_public_key(const Call& call) {
  const auto user = user_meant(call);
  if (!user) return failure(user.error());
  const auto id = call.input["SSHPublicKeyId"].string();
  auto* key = with_id((*user)->credentials.ssh_keys, id);
  if (!key) return no_such_ssh_key(id);
  const auto active = status_asked(call.input);
  if (!active) return failure(active.error());
  key->active = *active;
  directory_.save(**user);
  return Value{};
}

aws::Outcome<> Iam::delete_ssh_public_key(const Call& call) {
  const auto user = user_meant(call);
  if (!user) return failure(user.error());
  const auto id = call.input["SSHPublicKeyId"].string();
  auto& keys = (*user)->credentials.ssh_keys;
  if (!with_id(keys, id)) return no_such_ssh_key(id);
  without_id(keys, id);
  directory_.save(**user);
  return Value{};
}

aws::Outcome<> Iam::list_ssh_public_keys(const Call& call) {
  if (!call.input.has("UserName") && call.caller.kind == aws::Caller::Kind::root)
    return page(call.input, "SSHPublicKeys", {});
  const auto user = user_meant(call);
  if (!user) return failure(user.error());
  std::vector<std::pair<std::string, Value>> rows;
  for (const auto& key : (*user)->credentials.ssh_keys)
    rows.emplace_back(key.id, Value::structure({{"UserName", (*user)->name},
                                                {"SSHPublicKeyId", key.id},
                                                {"Status", status(key.active)},
                                                {"UploadDate", key.uploaded}}));
  return sorted_page(call.input, "SSHPublicKeys", std::move(rows));
}

// --- Credentials for other services ---

namespace {
struct ServiceWithCredentials {
  std::string_view name;
  bool by_alias = false;  // a key by itself in the place of a user name and a password
};
constexpr std::array<ServiceWithCredentials, 3> services_with_credentials = {
    {{"codecommit.amazonaws.com"}, {"cassandra.amazonaws.com"}, {"bedrock.amazonaws.com", true}}};

const ServiceWithCredentials* service_with_credentials(std::string_view name) {
  for (const auto& service : services_with_credentials)
    if (service.name == name) return &service;
  return nullptr;
}
Failure<aws::Error> not_supported(const std::string& service) {
  return aws::refuse(
      "ServiceNotSupportedException",
      fmt::format("No such service {} is supported for Service Specific Credentials", service));
}
Failure<aws::Error> no_such_credential(const std::string& id) {
  return no_such_entity(fmt::format("No such credential {} exists", id));
}

Value credential_value(const Entity& user, const ServiceCredential& credential) {
  const auto* service = service_with_credentials(credential.service);
  const bool alias = service && service->by_alias;
  return Value::structure(
      {{"CreateDate", credential.created},
       {"ExpirationDate", Value{credential.expires}},
       {"ServiceName", credential.service},
       {alias ? "ServiceCredentialAlias" : "ServiceUserName", credential.user_name},
       {"ServiceSpecificCredentialId", credential.id},
       {"UserName", user.name},
       {"Status", status(credential.active)}});
}
}  // namespace

// The secret is told once; nothing here could check it.
Value Iam::new_secret(const Entity& user, const ServiceCredential& credential) {
  constexpr std::string_view letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  auto value = credential_value(user, credential);
  if (value.has("ServiceCredentialAlias"))
    value.set("ServiceCredentialSecret", "ABSK" + directory_.random(128, letters));
  else
    value.set("ServicePassword", directory_.random(43, letters) + "=");
  return value;
}

aws::Outcome<> Iam::create_service_credential(const Call& call) {
  const auto user = user_meant(call);
  if (!user) return failure(user.error());
  auto& credentials = (*user)->credentials.for_services;
  const auto name = call.input["ServiceName"].string();
  const auto* service = service_with_credentials(name);
  if (!service) return not_supported(name);
  const auto has = std::count_if(credentials.begin(), credentials.end(),
                                 [&](const auto& c) { return c.service == name; });
  if (has >= 2)
    return limit_exceeded("Cannot exceed quota for ServiceSpecificCredentialsPerUser: 2");
  ServiceCredential credential;
  credential.id = directory_.new_id("ACCA");
  credential.service = name;
  const auto free_name = [&](const std::string& candidate) {
    return std::none_of(credentials.begin(), credentials.end(),
                        [&](const auto& c) { return c.user_name == candidate; });
  };
  for (int i = 0; credential.user_name.empty(); ++i) {
    const auto candidate = fmt::format("{}{}-at-{}", (*user)->name,
                                       i ? "+" + std::to_string(i) : "", directory_.account());
    if (free_name(candidate)) credential.user_name = candidate;
  }
  credential.created = directory_.now();
  if (call.input.has("CredentialAgeDays")) {
    if (!service->by_alias)
      return aws::refuse("InvalidInput",
                         fmt::format("CredentialAgeDays is not supported for {}", name));
    credential.expires =
        directory_.now() + std::chrono::hours{24 * call.input["CredentialAgeDays"].integer()};
    if (*credential.expires > latest) credential.expires = latest;
  }
  credentials.push_back(credential);
  directory_.save(**user);
  return Value::structure({{"ServiceSpecificCredential", new_secret(**user, credential)}});
}

aws::Outcome<ServiceCredential*> Iam::require_service_credential(const Call& call, Entity& user) {
  const auto id = call.input["ServiceSpecificCredentialId"].string();
  auto* credential = with_id(user.credentials.for_services, id);
  if (!credential) return no_such_credential(id);
  return credential;
}

aws::Outcome<> Iam::reset_service_credential(const Call& call) {
  const auto user = user_meant(call);
  if (!user) return failure(user.error());
  const auto credential = require_service_credential(call, **user);
  if (!credential) return failure(credential.error());
  return Value::structure({{"ServiceSpecificCredential", new_secret(**user, **credential)}});
}

aws::Outcome<> Iam::update_service_credential(const Call& call) {
  const auto user = user_meant(call);
  if (!user) return failure(user.error());
  const auto credential = require_service_credential(call, **user);
  if (!credential) return failure(credential.error());
  const auto active = status_asked(call.input);
  if (!active) return failure(active.error());
  (*credential)->active = *active;
  directory_.save(**user);
  return Value{};
}

aws::Outcome<> Iam::delete_service_credential(const Call& call) {
  const auto user = user_meant(call);
  if (!user) return failure(user.error());
  const auto credential = require_service_credential(call, **user);
  if (!credential) return failure(credential.error());
  without_id((*user)->credentials.for_services, std::string{(*credential)->id});
  directory_.save(**user);
  return Value{};
}

aws::Outcome<> Iam::list_service_credentials(const Call& call) {
  const auto name = call.input["ServiceName"].string_or("");
  if (!name.empty() && !service_with_credentials(name)) return not_supported(name);
  std::vector<std::pair<std::string, Value>> rows;
  const auto take = [&](const Entity& user) {
    for (const auto& credential : user.credentials.for_services)
      if (name.empty() || credential.service == name)
        rows.emplace_back(credential.id, credential_value(user, credential));
  };
  if (call.input["AllUsers"].boolean_or(false)) {
    for (const auto& [key, user] : directory_.all(Kind::user)) take(user);
  } else {
    const auto user = user_meant(call);
    if (!user) return failure(user.error());
    take(**user);
  }
  return sorted_page(call.input, "ServiceSpecificCredentials", std::move(rows));
}

}  // namespace sitelatch::iam

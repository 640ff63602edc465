// SPDX-License-Identifier: Apache-2.0
// What an account's IAM holds beside users, roles, groups and policies.
#include <doctest/doctest.h>

#include <set>

#include "services/iam/aws_managed.h"
#include "services/iam/qr.h"
#include "services/iam/service_roles.h"
#include "services/iam/testing.h"
#include "services/iam/testing_keys.h"
#include "services/iam/totp.h"

namespace sitelatch::iam {
namespace {
const std::string metadata =
    R"(<?xml version="1.0"?><md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" )"
    R"(entityID="https://idp.test/" validUntil="2040-01-01T00:00:00Z"><md:IDPSSODescriptor )"
    R"(protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"/></md:EntityDescriptor>)" +
    std::string(800, ' ');

std::string user_arn(const std::string& name) { return "arn:aws:iam::000000000000:user/" + name; }

struct Device {
  std::string serial, seed;
  std::string code(const Fixture& f, std::int64_t steps) const {
    return totp_code(seed, totp_step(f.process->identities.wall_now()) + steps);
  }
};
Device device(Fixture& f, const std::string& name) {
  const auto made =
      f.ok("CreateVirtualMFADevice", {{"VirtualMFADeviceName", name}})["VirtualMFADevice"];
  const auto serial = made["SerialNumber"].string();
  const auto& kept = f.process->directory.holdings().mfa_devices.find(serial)->seed;
  CHECK(made["Base32StringSeed"].string() == base32(kept));
  return {serial, kept};
}
}  // namespace

TEST_CASE("iam: AWS's managed policies are policies, and enough of them") {
  const auto& policies = aws_managed_policies();
  CHECK(policies.size() > 900);
  std::set<std::string> ids;
  for (const auto& [arn, policy] : policies) {
    INFO(arn);
    const auto parsed = aws::parse_policy(policy.document(), aws::PolicyUse::identity);
    CHECK(parsed);
    CHECK(ids.insert(policy.id).second);
  }
  for (const auto* name :
       {"ReadOnlyAccess", "job-function/ViewOnlyAccess", "AdministratorAccess", "PowerUserAccess",
        "SecurityAudit", "AWSLambda_FullAccess", "service-role/AWSLambdaSQSQueueExecutionRole",
        "CloudWatchFullAccess", "CloudWatchLogsFullAccess", "AmazonSNSFullAccess",
        "AmazonSQSFullAccess", "AmazonEventBridgeFullAccess", "AWSXRayDaemonWriteAccess"}) {
    INFO(name);
    CHECK(policies.contains("arn:aws:iam::aws:policy/" + std::string{name}));
  }
  Fixture f;
  f.role("R");
  f.ok("AttachRolePolicy",
       {{"RoleName", "R"}, {"PolicyArn", "arn:aws:iam::aws:policy/ReadOnlyAccess"}});
  CHECK(names(f.ok("ListPolicies", {{"OnlyAttached", true}})["Policies"], "PolicyName") ==
        std::vector<std::string>{"ReadOnlyAccess"});
  CHECK(
      f.refused("AttachRolePolicy",
                {{"RoleName", "R"},
                 {"PolicyArn", "arn:aws:iam::aws:policy/aws-service-role/AWSLambdaReplicator"}}) ==
      "PolicyNotAttachable: Cannot attach a Service Role Policy to a Customer Role.");
}

TEST_CASE("iam: an instance profile holds one role, and holds it fast") {
  Fixture f;
  f.role("R");
  f.role("S");
  const auto made =
      f.ok("CreateInstanceProfile",
           {{"InstanceProfileName", "P"},
            {"Path", "/web/"},
            {"Tags",
             Value::list({Value::structure({{"Key", "a"}, {"Value", "b"}})})}})["InstanceProfile"];
  CHECK(made["Arn"].string() == "arn:aws:iam::000000000000:instance-profile/web/P");
  CHECK(made["InstanceProfileId"].string().starts_with("AIPA"));
  CHECK(f.refused("CreateInstanceProfile", {{"InstanceProfileName", "p"}}) ==
        "EntityAlreadyExists: Instance Profile p already exists.");
  f.ok("AddRoleToInstanceProfile", {{"InstanceProfileName", "P"}, {"RoleName", "R"}});
  CHECK(f.refused("AddRoleToInstanceProfile", {{"InstanceProfileName", "P"}, {"RoleName", "S"}}) ==
        "LimitExceeded: Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1");
  f.restart();
  const auto read = f.ok("GetInstanceProfile", {{"InstanceProfileName", "p"}})["InstanceProfile"];
  CHECK(names(read["Roles"], "RoleName") == std::vector<std::string>{"R"});
  CHECK(read["Tags"].items().size() == 1);
  CHECK(names(f.ok("ListInstanceProfilesForRole", {{"RoleName", "R"}})["InstanceProfiles"],
              "InstanceProfileName") == std::vector<std::string>{"P"});
  CHECK(f.ok("ListInstanceProfiles", {{"PathPrefix", "/db/"}})["InstanceProfiles"].items().empty());
  const std::string held =
      "DeleteConflict: Cannot delete entity, must remove roles from instance profile first.";
  CHECK(f.refused("DeleteInstanceProfile", {{"InstanceProfileName", "P"}}) == held);
  CHECK(f.refused("DeleteRole", {{"RoleName", "R"}}) == held);
  CHECK(
      f.refused("RemoveRoleFromInstanceProfile", {{"InstanceProfileName", "P"}, {"RoleName", "S"}})
          .starts_with("NoSuchEntity"));
  f.ok("RemoveRoleFromInstanceProfile", {{"InstanceProfileName", "P"}, {"RoleName", "R"}});
  f.ok("DeleteRole", {{"RoleName", "R"}});
  f.ok("DeleteInstanceProfile", {{"InstanceProfileName", "P"}});
  CHECK(f.refused("GetInstanceProfile", {{"InstanceProfileName", "P"}}) ==
        "NoSuchEntity: Instance Profile P cannot be found.");
}

TEST_CASE("iam: a service-linked role is made by its service's name and changed by nobody") {
  Fixture f;
  const auto role =
      f.ok("CreateServiceLinkedRole", {{"AWSServiceName", "autoscaling.amazonaws.com"},
                                       {"CustomSuffix", "mine"},
                                       {"Description", "d"}})["Role"];
  const std::string name = "AWSServiceRoleForAutoScaling_mine";
  CHECK(role["RoleName"].string() == name);
  CHECK(role["Arn"].string() ==
        "arn:aws:iam::000000000000:role/aws-service-role/autoscaling.amazonaws.com/" + name);
  CHECK(names(f.ok("ListAttachedRolePolicies", {{"RoleName", name}})["AttachedPolicies"],
              "PolicyName") == std::vector<std::string>{"AutoScalingServiceRolePolicy"});
  CHECK(f.refused("CreateServiceLinkedRole",
                  {{"AWSServiceName", "autoscaling.amazonaws.com"}, {"CustomSuffix", "mine"}}) ==
        "InvalidInput: Service role name " + name +
            " has been taken in this account, please try a different suffix.");
  CHECK(f.refused("CreateServiceLinkedRole",
                  {{"AWSServiceName", "es.amazonaws.com"}, {"CustomSuffix", "x"}}) ==
        "InvalidInput: Custom suffix is not allowed for es.amazonaws.com");
  CHECK(f.refused("CreateServiceLinkedRole", {{"AWSServiceName", "nobody.amazonaws.com"}})
            .starts_with("InvalidInput"));
  const auto is_protected =
      "UnmodifiableEntity: Cannot perform the operation on the protected role '" + name +
      "' - this role is only modifiable by AWS";
  CHECK(f.refused("AttachRolePolicy", {{"RoleName", name}, {"PolicyArn", basic}}) == is_protected);
  CHECK(f.refused("PutRolePolicy",
                  {{"RoleName", name}, {"PolicyName", "p"}, {"PolicyDocument", document}}) ==
        is_protected);
  CHECK(f.refused("UpdateAssumeRolePolicy", {{"RoleName", name}, {"PolicyDocument", trust}}) ==
        is_protected);
  CHECK(f.refused("DeleteRole", {{"RoleName", name}}) == is_protected);
  f.ok("UpdateRole", {{"RoleName", name}, {"Description", "other"}});
  const auto task =
      f.ok("DeleteServiceLinkedRole", {{"RoleName", name}})["DeletionTaskId"].string();
  CHECK(task.starts_with("task/aws-service-role/autoscaling.amazonaws.com/" + name + "/"));
  f.restart();
  CHECK(f.ok("GetServiceLinkedRoleDeletionStatus", {{"DeletionTaskId", task}})["Status"].string() ==
        "SUCCEEDED");
  CHECK(f.refused("GetRole", {{"RoleName", name}}).starts_with("NoSuchEntity"));
  f.role("plain");
  CHECK(f.refused("DeleteServiceLinkedRole", {{"RoleName", "plain"}}).starts_with("NoSuchEntity"));
  CHECK(f.refused("GetServiceLinkedRoleDeletionStatus", {{"DeletionTaskId", task + "x"}})
            .starts_with("NoSuchEntity"));
}

TEST_CASE("iam: OpenID Connect providers") {
  Fixture f;
  const std::string url = "https://token.actions.githubusercontent.com";
  const std::string thumbprint(40, 'A');
  const auto arn = f.ok("CreateOpenIDConnectProvider",
                        {{"Url", url},
                         {"ClientIDList", Value::list({"sts.amazonaws.com"})},
                         {"ThumbprintList", Value::list({thumbprint})}})["OpenIDConnectProviderArn"]
                       .string();
  CHECK(arn == "arn:aws:iam::000000000000:oidc-provider/token.actions.githubusercontent.com");
  CHECK(f.refused("CreateOpenIDConnectProvider", {{"Url", url}}) ==
        "EntityAlreadyExists: Provider with url " + url + " already exists.");
  CHECK(f.refused("CreateOpenIDConnectProvider", {{"Url", "http://a.test"}}) ==
        "ValidationError: Invalid Open ID Connect Provider URL");
  const In by{{"OpenIDConnectProviderArn", arn}};
  f.ok("AddClientIDToOpenIDConnectProvider",
       {{"OpenIDConnectProviderArn", arn}, {"ClientID", "b"}});
  f.ok("AddClientIDToOpenIDConnectProvider",
       {{"OpenIDConnectProviderArn", arn}, {"ClientID", "b"}});
  f.ok("TagOpenIDConnectProvider",
       {{"OpenIDConnectProviderArn", arn},
        {"Tags", Value::list({Value::structure({{"Key", "a"}, {"Value", "b"}})})}});
  f.restart();
  const auto read = f.ok("GetOpenIDConnectProvider", by);
  CHECK(read["Url"].string() == "token.actions.githubusercontent.com");
  CHECK(read["ClientIDList"].strings() == std::vector<std::string>{"sts.amazonaws.com", "b"});
  CHECK(read["ThumbprintList"].strings() == std::vector<std::string>{lower(thumbprint)});
  CHECK(f.ok("ListOpenIDConnectProviderTags", by)["Tags"].items().size() == 1);
  f.ok("UntagOpenIDConnectProvider",
       {{"OpenIDConnectProviderArn", arn}, {"TagKeys", Value::list({"a"})}});
  f.ok("RemoveClientIDFromOpenIDConnectProvider",
       {{"OpenIDConnectProviderArn", arn}, {"ClientID", "sts.amazonaws.com"}});
  CHECK(f.ok("GetOpenIDConnectProvider", by)["ClientIDList"].strings() ==
        std::vector<std::string>{"b"});
  const std::string hex(40, 'f');
  CHECK(f.refused("UpdateOpenIDConnectProviderThumbprint",
                  {{"OpenIDConnectProviderArn", arn},
                   {"ThumbprintList", Value::list({hex, hex, hex, hex, hex, hex})}}) ==
        "InvalidInput: Thumbprint list must contain fewer than 5 entries.");
  CHECK(f.ok("ListOpenIDConnectProviders")["OpenIDConnectProviderList"].items().size() == 1);
  f.ok("DeleteOpenIDConnectProvider", by);
  f.ok("DeleteOpenIDConnectProvider", by);  // no error where there is none
  CHECK(f.refused("GetOpenIDConnectProvider", by) ==
        "NoSuchEntity: OpenIDConnect Provider not found for arn " + arn);
}

TEST_CASE("iam: SAML providers") {
  Fixture f;
  const auto arn = f.ok("CreateSAMLProvider",
                        {{"Name", "idp"}, {"SAMLMetadataDocument", metadata}})["SAMLProviderArn"]
                       .string();
  CHECK(arn == "arn:aws:iam::000000000000:saml-provider/idp");
  CHECK(f.refused("CreateSAMLProvider", {{"Name", "x"}, {"SAMLMetadataDocument", "<a/>"}}) ==
        "InvalidInput: Could not parse metadata");
  CHECK(f.refused("CreateSAMLProvider", {{"Name", "idp"}, {"SAMLMetadataDocument", metadata}})
            .starts_with("EntityAlreadyExists"));
  f.ok("UpdateSAMLProvider", {{"SAMLProviderArn", arn},
                              {"AssertionEncryptionMode", "Allowed"},
                              {"AddPrivateKey", leaf_key}});
  CHECK(f.refused("UpdateSAMLProvider", {{"SAMLProviderArn", arn}, {"AddPrivateKey", leaf_pem}})
            .starts_with("InvalidInput"));
  f.restart();
  const auto read = f.ok("GetSAMLProvider", {{"SAMLProviderArn", arn}});
  CHECK(read["SAMLMetadataDocument"].string() == metadata);
  CHECK(iso8601_seconds(read["ValidUntil"].timestamp()) == "2040-01-01T00:00:00Z");
  CHECK(read["SAMLProviderUUID"].string().size() >= 22);
  const auto key = read["PrivateKeyList"].items().at(0)["KeyId"].string();
  f.ok("UpdateSAMLProvider", {{"SAMLProviderArn", arn}, {"RemovePrivateKey", key}});
  CHECK(f.ok("ListSAMLProviders")["SAMLProviderList"].items().size() == 1);
  f.ok("DeleteSAMLProvider", {{"SAMLProviderArn", arn}});
  CHECK(f.refused("GetSAMLProvider", {{"SAMLProviderArn", arn}}) ==
        "NoSuchEntity: Manifest not found for arn " + arn);
}

TEST_CASE("iam: passwords are held to the account's policy, and kept as no text") {
  Fixture f;
  f.ok("CreateUser", {{"UserName", "ann"}});
  const In ann{{"UserName", "ann"}};
  const std::string weak =
      "PasswordPolicyViolation: Password does not conform to the account password policy.";
  CHECK(f.refused("GetLoginProfile", ann) ==
        "NoSuchEntity: Login Profile for User ann cannot be found.");
  CHECK(f.refused("CreateLoginProfile", {{"UserName", "ann"}, {"Password", "Sh0rt!"}}) == weak);
  CHECK(f.refused("CreateLoginProfile", {{"UserName", "ann"}, {"Password", "onlylowercase"}}) ==
        weak);
  CHECK(f.refused("GetAccountPasswordPolicy") ==
        "NoSuchEntity: The Password Policy with domain name 000000000000 cannot be found.");
  f.ok("UpdateAccountPasswordPolicy", {{"MinimumPasswordLength", 10},
                                       {"RequireSymbols", true},
                                       {"MaxPasswordAge", 90},
                                       {"PasswordReusePrevention", 2}});
  const auto policy = f.ok("GetAccountPasswordPolicy")["PasswordPolicy"];
  CHECK(policy["ExpirePasswords"].boolean());
  CHECK_FALSE(policy.has("HardExpiry"));
  CHECK_FALSE(policy["RequireNumbers"].boolean());
  CHECK(f.refused("CreateLoginProfile", {{"UserName", "ann"}, {"Password", "No-Numb3r"}}) == weak);
  CHECK(f.refused("CreateLoginProfile", {{"UserName", "ann"}, {"Password", "NoSymbol123"}}) ==
        weak);
  f.ok("CreateLoginProfile",
       {{"UserName", "ann"}, {"Password", "first-one-1"}, {"PasswordResetRequired", true}});
  CHECK(f.refused("CreateLoginProfile", {{"UserName", "ann"}, {"Password", "first-one-1"}}) ==
        "EntityAlreadyExists: Login Profile for user ann already exists.");
  CHECK(f.refused("DeleteUser", ann) ==
        "DeleteConflict: Cannot delete entity, must delete login profile first.");
  f.world.settle();
  bool in_plain = false;
  f.world.journal.scan("iam.users", "", "", [&](std::string_view, std::string_view row) {
    in_plain |= row.find("first-one-1") != std::string_view::npos;
    return true;
  });
  CHECK_FALSE(in_plain);
  f.restart();
  CHECK(f.ok("GetLoginProfile", ann)["LoginProfile"]["PasswordResetRequired"].boolean());
  CHECK(f.refused("UpdateLoginProfile", {{"UserName", "ann"}, {"Password", "first-one-1"}}) ==
        weak);  // used before
  CHECK(f.refused("ChangePassword", {{"OldPassword", "x"}, {"NewPassword", "second-one-2"}})
            .starts_with("InvalidUserType"));
  f.caller.kind = aws::Caller::Kind::user;
  f.caller.name = "ann";
  CHECK(f.refused("ChangePassword", {{"OldPassword", "wrong"}, {"NewPassword", "second-one-2"}}) ==
        "AccessDenied: The old password was incorrect.");
  f.ok("ChangePassword", {{"OldPassword", "first-one-1"}, {"NewPassword", "second-one-2"}});
  CHECK_FALSE(f.ok("GetLoginProfile")["LoginProfile"]["PasswordResetRequired"].boolean());
  f.ok("DeleteLoginProfile", ann);
  f.ok("DeleteAccountPasswordPolicy");
  CHECK(f.refused("DeleteAccountPasswordPolicy") ==
        "NoSuchEntity: The account policy with name PasswordPolicy cannot be found.");
}

TEST_CASE("iam: one alias an account, and a summary that counts") {
  Fixture f;
  f.ok("CreateAccountAlias", {{"AccountAlias", "first"}});
  f.ok("CreateAccountAlias", {{"AccountAlias", "second"}});
  f.restart();
  CHECK(f.ok("ListAccountAliases")["AccountAliases"].strings() ==
        std::vector<std::string>{"second"});
  CHECK(f.refused("DeleteAccountAlias", {{"AccountAlias", "first"}}).starts_with("NoSuchEntity"));
  f.ok("DeleteAccountAlias", {{"AccountAlias", "second"}});
  f.ok("CreateInstanceProfile", {{"InstanceProfileName", "p"}});
  f.ok("CreateVirtualMFADevice", {{"VirtualMFADeviceName", "d"}});
  f.ok("CreateSAMLProvider", {{"Name", "idp"}, {"SAMLMetadataDocument", metadata}});
  f.ok("SetSecurityTokenServicePreferences", {{"GlobalEndpointTokenVersion", "v2Token"}});
  const auto summary = f.ok("GetAccountSummary")["SummaryMap"];
  CHECK(summary["InstanceProfiles"].integer() == 1);
  CHECK(summary["MFADevices"].integer() == 1);
  CHECK(summary["MFADevicesInUse"].integer() == 0);
  CHECK(summary["Providers"].integer() == 1);
  CHECK(summary["GlobalEndpointTokenVersion"].integer() == 2);
}

TEST_CASE("iam: one-time codes are RFC 6238's, base 32 is RFC 4648's") {
  const std::string seed = "12345678901234567890";  // RFC 6238, appendix B, the last six digits
  CHECK(totp_code(seed, 59 / 30) == "287082");
  CHECK(totp_code(seed, 1111111109 / 30) == "081804");
  CHECK(totp_code(seed, 20000000000 / 30) == "353130");
  CHECK(base32("foobar") == "MZXW6YTBOI");
  CHECK(base32("fooba") == "MZXW6YTB");
}

TEST_CASE("iam: an MFA device is bound by two codes in a row") {
  Fixture f;
  f.ok("CreateUser", {{"UserName", "ann"}});
  f.ok("CreateUser", {{"UserName", "bob"}});
  const auto d = device(f, "phone");
  CHECK(d.serial == "arn:aws:iam::000000000000:mfa/phone");
  const auto enable = [&](std::int64_t first, std::int64_t second) {
    return f.run("EnableMFADevice", {{"UserName", "ann"},
                                     {"SerialNumber", d.serial},
                                     {"AuthenticationCode1", d.code(f, first)},
                                     {"AuthenticationCode2", d.code(f, second)}});
  };
  CHECK(f.refused("CreateVirtualMFADevice", {{"VirtualMFADeviceName", "phone"}}) ==
        "EntityAlreadyExists: MFADevice entity at the same path and name already exists.");
  CHECK(enable(-1, -1).error().code == "InvalidAuthenticationCode");
  CHECK(enable(0, -1).error().code == "InvalidAuthenticationCode");
  CHECK(enable(-101, -100).error().code == "InvalidAuthenticationCode");
  CHECK(enable(-1, 0));
  CHECK(enable(-1, 0).error().code == "EntityAlreadyExists");
  f.restart();
  const In by{{"SerialNumber", d.serial}};
  CHECK(names(f.ok("ListMFADevices", {{"UserName", "ann"}})["MFADevices"], "SerialNumber") ==
        std::vector<std::string>{d.serial});
  CHECK(f.ok("ListMFADevices", {{"UserName", "bob"}})["MFADevices"].items().empty());
  CHECK(f.ok("ListVirtualMFADevices", {{"AssignmentStatus", "Unassigned"}})["VirtualMFADevices"]
            .items()
            .empty());
  const auto assigned = f.ok("ListVirtualMFADevices")["VirtualMFADevices"].items().at(0);
  CHECK(assigned["User"]["UserName"].string() == "ann");
  CHECK_FALSE(assigned.has("Base32StringSeed"));
  CHECK(f.ok("GetMFADevice", {{"UserName", "ann"}, {"SerialNumber", d.serial}}).has("EnableDate"));
  CHECK(f.refused("DeleteVirtualMFADevice", by) ==
        "DeleteConflict: MFA VirtualDevice in use. Must deactivate first.");
  CHECK(f.refused("DeleteUser", {{"UserName", "ann"}}) ==
        "DeleteConflict: Cannot delete entity, must delete MFA device first.");
  CHECK(f.refused("DeactivateMFADevice", {{"UserName", "bob"}, {"SerialNumber", d.serial}})
            .starts_with("NoSuchEntity"));
  const auto resync = [&](std::int64_t first, std::int64_t second) {
    return f.run("ResyncMFADevice", {{"UserName", "ann"},
                                     {"SerialNumber", d.serial},
                                     {"AuthenticationCode1", d.code(f, first)},
                                     {"AuthenticationCode2", d.code(f, second)}});
  };
  CHECK(resync(40, 41));
  CHECK_FALSE(resync(40, 41));  // used
  f.ok("DeactivateMFADevice", {{"UserName", "ann"}, {"SerialNumber", d.serial}});
  f.ok("DeleteVirtualMFADevice", by);
  f.ok("DeleteUser", {{"UserName", "ann"}});
  CHECK(f.refused("ListMFADeviceTags", by) ==
        "NoSuchEntity: VirtualMFADevice with serial number " + d.serial + " doesn't exist.");
}

TEST_CASE("iam: a QR code has its patterns, and grows with its text") {
  const auto small = qr_modules("a").value();
  CHECK(small.size() == 21);
  const auto row = [&](std::size_t y) {
    std::string out;
    for (const bool dark : small[y]) out += dark ? '#' : '.';
    return out;
  };
  CHECK(row(0).starts_with("#######."));
  CHECK(row(2).starts_with("#.###.#."));
  CHECK(row(0).ends_with(".#######"));
  CHECK(row(6) == "#######.#.#.#.#######");
  CHECK(qr_modules(std::string(134, 'a')).value().size() == 6 * 4 + 17);
  CHECK(qr_modules(std::string(858, 'a')).value().size() == 20 * 4 + 17);
  CHECK_FALSE(qr_modules(std::string(859, 'a')));
  CHECK(qr_png("a")->starts_with("\x89PNG\r\n\x1a\n"));
}

TEST_CASE("iam: server certificates are read, and fit their keys and chains") {
  Fixture f;
  const auto upload = [&](const std::string& body, const std::string& key,
                          const std::string& chain) {
    const auto out = f.run("UploadServerCertificate",
                           {{"ServerCertificateName", "web"},
                            {"Path", "/cdn/"},
                            {"CertificateBody", body},
                            {"PrivateKey", key},
                            {"CertificateChain", chain.empty() ? Value{} : Value{chain}}});
    return out ? std::string{} : out.error().code + ": " + out.error().message;
  };
  CHECK(upload("nonsense", leaf_key, "") ==
        "MalformedCertificate: Unable to parse certificate. Please ensure the certificate is in "
        "PEM format.");
  CHECK(upload(leaf_pem + ca_pem, leaf_key, "").starts_with("MalformedCertificate"));
  CHECK(upload(leaf_pem, leaf_pem, "").starts_with("MalformedCertificate"));
  CHECK(upload(ca_pem, leaf_key, "").starts_with("KeyPairMismatch"));
  CHECK(upload(leaf_pem, leaf_key, leaf_pem).ends_with("is: 0"));
  CHECK(upload(leaf_pem, leaf_key, ca_pem + leaf_pem).ends_with("is: 1"));
  CHECK(upload(leaf_pem, leaf_key, "x").ends_with("is: -1"));
  CHECK(upload(leaf_pem, leaf_key, ca_pem).empty());
  CHECK(upload(leaf_pem, leaf_key, "").starts_with("EntityAlreadyExists"));
  f.world.settle();
  bool has_key = false;
  f.world.journal.scan("iam.server_certificates", "", "",
                       [&](std::string_view, std::string_view row) {
                         has_key |= row.find("PRIVATE") != std::string_view::npos;
                         return true;
                       });
  CHECK_FALSE(has_key);
  f.ok("UpdateServerCertificate",
       {{"ServerCertificateName", "web"}, {"NewServerCertificateName", "www"}, {"NewPath", "/"}});
  f.restart();
  const auto read =
      f.ok("GetServerCertificate", {{"ServerCertificateName", "www"}})["ServerCertificate"];
  const auto& about = read["ServerCertificateMetadata"];
  CHECK(about["Arn"].string() == "arn:aws:iam::000000000000:server-certificate/www");
  CHECK(iso8601_seconds(about["Expiration"].timestamp()) == "2126-11-05T08:25:08Z");
  CHECK(read["CertificateChain"].string() == trim(ca_pem));
  CHECK(f.ok("ListServerCertificates")["ServerCertificateMetadataList"].items().size() == 1);
  f.ok("DeleteServerCertificate", {{"ServerCertificateName", "www"}});
  CHECK(f.refused("GetServerCertificate", {{"ServerCertificateName", "www"}}) ==
        "NoSuchEntity: The Server Certificate with name www cannot be found.");
}

TEST_CASE("iam: signing certificates, SSH keys and credentials for services are a user's") {
  Fixture f;
  f.ok("CreateUser", {{"UserName", "ann"}});
  f.ok("CreateUser", {{"UserName", "bob"}});
  const auto id =
      f.ok("UploadSigningCertificate",
           {{"UserName", "ann"}, {"CertificateBody", leaf_pem}})["Certificate"]["CertificateId"]
          .string();
  CHECK(f.refused("UploadSigningCertificate", {{"UserName", "bob"}, {"CertificateBody", leaf_pem}})
            .starts_with("DuplicateCertificate"));
  CHECK(f.refused("DeleteUser", {{"UserName", "ann"}}) ==
        "DeleteConflict: Cannot delete entity, must delete certificates first.");
  f.ok("UpdateSigningCertificate",
       {{"UserName", "ann"}, {"CertificateId", id}, {"Status", "Inactive"}});

  const auto key = f.ok("UploadSSHPublicKey",
                        {{"UserName", "ann"}, {"SSHPublicKeyBody", rsa_ssh}})["SSHPublicKey"];
  CHECK(key["Fingerprint"].string() == "64:e8:c4:70:be:3f:6b:6d:3b:d2:2a:06:73:ba:a3:f0");
  CHECK(f.refused("UploadSSHPublicKey", {{"UserName", "ann"}, {"SSHPublicKeyBody", rsa_public_pem}})
            .starts_with("DuplicateSSHPublicKey"));
  CHECK(f.refused("UploadSSHPublicKey", {{"UserName", "ann"}, {"SSHPublicKeyBody", "ssh-rsa AAAA"}})
            .starts_with("InvalidPublicKey"));
  f.restart();
  const auto read = [&](const char* encoding) {
    return f
        .ok("GetSSHPublicKey", {{"UserName", "ann"},
                                {"SSHPublicKeyId", key["SSHPublicKeyId"]},
                                {"Encoding", encoding}})["SSHPublicKey"]["SSHPublicKeyBody"]
        .string();
  };
  CHECK(read("SSH") == rsa_ssh);
  CHECK(read("PEM") == rsa_public_pem);
  CHECK(names(f.ok("ListSigningCertificates", {{"UserName", "ann"}})["Certificates"], "Status") ==
        std::vector<std::string>{"Inactive"});
  f.ok("DeleteSigningCertificate", {{"UserName", "ann"}, {"CertificateId", id}});
  CHECK(f.refused("DeleteUser", {{"UserName", "ann"}}) ==
        "DeleteConflict: Cannot delete entity, must remove referenced objects first.");
  f.ok("UpdateSSHPublicKey",
       {{"UserName", "ann"}, {"SSHPublicKeyId", key["SSHPublicKeyId"]}, {"Status", "Inactive"}});
  CHECK(names(f.ok("ListSSHPublicKeys", {{"UserName", "ann"}})["SSHPublicKeys"], "Status") ==
        std::vector<std::string>{"Inactive"});
  f.ok("DeleteSSHPublicKey", {{"UserName", "ann"}, {"SSHPublicKeyId", key["SSHPublicKeyId"]}});

  const In codecommit{{"UserName", "ann"}, {"ServiceName", "codecommit.amazonaws.com"}};
  const auto made =
      f.ok("CreateServiceSpecificCredential", codecommit)["ServiceSpecificCredential"];
  CHECK(made["ServiceUserName"].string() == "ann-at-000000000000");
  const auto credential_id = made["ServiceSpecificCredentialId"];
  const auto again = f.ok("ResetServiceSpecificCredential",
                          {{"UserName", "ann"}, {"ServiceSpecificCredentialId", credential_id}});
  CHECK(again["ServiceSpecificCredential"]["ServicePassword"] != made["ServicePassword"]);
  CHECK(f.ok("CreateServiceSpecificCredential",
             codecommit)["ServiceSpecificCredential"]["ServiceUserName"]
            .string() == "ann+1-at-000000000000");
  CHECK(f.refused("CreateServiceSpecificCredential", codecommit).starts_with("LimitExceeded"));
  CHECK(f.refused("CreateServiceSpecificCredential",
                  {{"UserName", "ann"}, {"ServiceName", "s3.amazonaws.com"}}) ==
        "ServiceNotSupportedException: No such service s3.amazonaws.com is supported for Service "
        "Specific Credentials");
  CHECK(f.ok("ListServiceSpecificCredentials", {{"AllUsers", true}})["ServiceSpecificCredentials"]
            .items()
            .size() == 2);
  f.ok("DeleteServiceSpecificCredential",
       {{"UserName", "ann"}, {"ServiceSpecificCredentialId", credential_id}});
  CHECK(
      f.refused("UpdateServiceSpecificCredential", {{"UserName", "ann"},
                                                    {"ServiceSpecificCredentialId", credential_id},
                                                    {"Status", "Inactive"}})
          .starts_with("NoSuchEntity"));
}

TEST_CASE("iam: who used what is told of keys, roles, services, and in the credential report") {
  Fixture f;
  f.ok("CreateUser", {{"UserName", "ann"}});
  const auto key =
      f.ok("CreateAccessKey", {{"UserName", "ann"}})["AccessKey"]["AccessKeyId"].string();
  const auto id = f.ok("GetUser", {{"UserName", "ann"}})["User"]["UserId"].string();
  const auto last = [&] {
    return f.ok("GetAccessKeyLastUsed", {{"AccessKeyId", key}})["AccessKeyLastUsed"];
  };
  CHECK(last()["ServiceName"].string() == "N/A");
  CHECK_FALSE(last().has("LastUsedDate"));
  auto& usage = f.process->directory.usage();
  usage.note(key, id, {f.world.timers.now(), "sns", "eu-west-1", "Publish"});
  f.world.advance(30s);
  usage.note(key, id, {f.world.timers.now(), "logs", "eu-west-1", "PutLogEvents"});
  CHECK(last()["ServiceName"].string() == "logs");
  f.world.advance(31s);
  usage.note(key, id, {f.world.timers.now(), "sns", "eu-north-1", "Publish"});
  const auto at = f.world.timers.now();
  f.restart();
  CHECK(last()["LastUsedDate"].timestamp() == at);
  CHECK(last()["Region"].string() == "eu-north-1");

  f.ok("PutUserPolicy", {{"UserName", "ann"}, {"PolicyName", "p"}, {"PolicyDocument", document}});
  const auto job = f.ok("GenerateServiceLastAccessedDetails",
                        {{"Arn", user_arn("ann")}, {"Granularity", "ACTION_LEVEL"}})["JobId"];
  const auto details = f.ok("GetServiceLastAccessedDetails", {{"JobId", job}});
  CHECK(details["JobStatus"].string() == "COMPLETED");
  // What no policy grants is not told, used or not.
  CHECK(names(details["ServicesLastAccessed"], "ServiceNamespace") ==
        std::vector<std::string>{"sns"});
  const auto& sns = details["ServicesLastAccessed"].items().at(0);
  CHECK(sns["LastAuthenticatedEntity"].string() == user_arn("ann"));
  CHECK(names(sns["TrackedActionsLastAccessed"], "ActionName") ==
        std::vector<std::string>{"Publish"});
  CHECK(f.ok("GetServiceLastAccessedDetailsWithEntities",
             {{"JobId", job}, {"ServiceNamespace", "sns"}})["EntityDetailsList"]
            .items()
            .at(0)["EntityInfo"]["Name"]
            .string() == "ann");
  const auto granting =
      f.ok("ListPoliciesGrantingServiceAccess",
           {{"Arn", user_arn("ann")},
            {"ServiceNamespaces", Value::list({"sns", "iam"})}})["PoliciesGrantingServiceAccess"];
  CHECK(names(granting.items().at(0)["Policies"], "EntityName") == std::vector<std::string>{"ann"});
  CHECK(granting.items().at(1)["Policies"].items().empty());

  CHECK(f.refused("GetCredentialReport") ==
        "CredentialReportNotPresentException: No report present");
  CHECK(f.ok("GenerateCredentialReport")["State"].string() == "STARTED");
  CHECK(f.ok("GenerateCredentialReport")["State"].string() == "COMPLETE");
  f.restart();
  const auto report = f.ok("GetCredentialReport")["Content"].string();
  const auto lines = split(report, '\n');
  REQUIRE(lines.size() == 3);
  CHECK(lines[0].starts_with("user,arn,user_creation_time,password_enabled,"));
  for (const auto line : lines) CHECK(split(line, ',').size() == 22);
  CHECK(lines[1].starts_with("<root_account>,arn:aws:iam::000000000000:root,"));
  CHECK(lines[2].find(",eu-north-1,sns,") != std::string_view::npos);
  f.world.advance(4h);
  CHECK(f.refused("GetCredentialReport").starts_with("CredentialReportExpired"));

  // What is deleted speaks for nobody who comes after.
  f.ok("DeleteAccessKey", {{"UserName", "ann"}, {"AccessKeyId", key}});
  CHECK(f.process->directory.usage().of_key(key) == nullptr);
}

TEST_CASE("iam: everything at once, in pages, AWS's policies only where they are used") {
  Fixture f;
  f.role("R");
  f.ok("AttachRolePolicy", {{"RoleName", "R"}, {"PolicyArn", basic}});
  f.ok("CreateUser", {{"UserName", "ann"}});
  f.ok("CreateGroup", {{"GroupName", "g"}});
  f.ok("AddUserToGroup", {{"GroupName", "g"}, {"UserName", "ann"}});
  f.policy("P");
  const auto all = f.ok("GetAccountAuthorizationDetails");
  CHECK(names(all["RoleDetailList"], "RoleName") == std::vector<std::string>{"R"});
  CHECK(all["UserDetailList"].items().at(0)["GroupList"].strings() ==
        std::vector<std::string>{"g"});
  CHECK(names(all["Policies"], "PolicyName") ==
        std::vector<std::string>{"P", "AWSLambdaBasicExecutionRole"});
  CHECK(
      percent_decode(
          all["Policies"].items().at(0)["PolicyVersionList"].items().at(0)["Document"].string()) ==
      document);
  CHECK(f.ok("GetAccountAuthorizationDetails",
             {{"Filter", Value::list({"LocalManagedPolicy"})}})["RoleDetailList"]
            .items()
            .empty());
  std::size_t seen = 0;
  Value marker;
  for (int pages = 0; pages < 9; ++pages) {
    const auto page = f.ok("GetAccountAuthorizationDetails", {{"MaxItems", 2}, {"Marker", marker}});
    for (const auto* list : {"UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"})
      seen += page[list].items().size();
    marker = page["Marker"];
    if (!page["IsTruncated"].boolean()) break;
  }
  CHECK(seen == 5);
}

TEST_CASE("iam: simulation says which statements decided, and where they stand") {
  Fixture f;
  const std::string lines =
      "{\n    \"Version\": \"2012-10-17\",\n    \"Statement\": [\n        {\n"
      "            \"Effect\": \"Allow\",\n            \"Action\": \"sns:*\",\n"
      "            \"Resource\": \"*\"\n        }\n    ]\n}\n";
  const auto deny = R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"a:b",)"
                    R"("Resource":"*"},{"Effect":"Deny","Action":"sns:Publish","Resource":)"
                    R"("arn:aws:sns:*:*:${aws:username}","Condition":{"Bool":)"
                    R"({"aws:SecureTransport":"false"}}}]})";
  const auto run = [&](const Value& policies) {
    return f
        .ok("SimulateCustomPolicy",
            {{"PolicyInputList", policies},
             {"ActionNames", Value::list({"sns:Publish"})},
             {"ResourceArns", Value::list({"arn:aws:sns:eu-west-1:000000000000:ann"})},
             {"ContextEntries",
              Value::list(
                  {Value::structure({{"ContextKeyName", "aws:SecureTransport"},
                                     {"ContextKeyValues", Value::list({"false"})},
                                     {"ContextKeyType", "boolean"}}),
                   Value::structure({{"ContextKeyName", "aws:username"},
                                     {"ContextKeyValues", Value::list({"ann"})},
                                     {"ContextKeyType", "string"}})})}})["EvaluationResults"]
        .items()
        .at(0);
  };
  const auto allowed = run(Value::list({lines}));
  REQUIRE(allowed["MatchedStatements"].items().size() == 1);
  const auto& statement = allowed["MatchedStatements"].items()[0];
  CHECK(statement["SourcePolicyId"].string() == "PolicyInputList.1");
  CHECK(statement["SourcePolicyType"].string() == "IAM Policy");
  CHECK(statement["StartPosition"] == Value::structure({{"Line", 3}, {"Column", 19}}));
  CHECK(statement["EndPosition"] == Value::structure({{"Line", 8}, {"Column", 10}}));
  const auto denied = run(Value::list({lines, deny}));
  CHECK(denied["EvalDecision"].string() == "explicitDeny");
  REQUIRE(denied["MatchedStatements"].items().size() == 1);
  CHECK(denied["MatchedStatements"].items()[0]["SourcePolicyId"].string() == "PolicyInputList.2");
  CHECK(f.ok("GetContextKeysForCustomPolicy",
             {{"PolicyInputList", Value::list({deny})}})["ContextKeyNames"]
            .strings() == std::vector<std::string>{"aws:SecureTransport", "aws:username"});
  f.role("R");
  f.ok("PutRolePolicy", {{"RoleName", "R"}, {"PolicyName", "i"}, {"PolicyDocument", document}});
  const auto of_role = f.ok("SimulatePrincipalPolicy",
                            {{"PolicySourceArn", "arn:aws:iam::000000000000:role/R"},
                             {"PolicyInputList", Value::list({deny})},
                             {"ActionNames", Value::list({"sns:Publish"})}})["EvaluationResults"]
                           .items()
                           .at(0);
  const auto& inline_one = of_role["MatchedStatements"].items().at(0);
  CHECK(inline_one["SourcePolicyId"].string() == "role_R_i");
  CHECK(inline_one["StartPosition"] == Value::structure({{"Line", 1}, {"Column", 38}}));
  CHECK(of_role["MissingContextValues"].strings() ==
        std::vector<std::string>{"aws:SecureTransport", "aws:username"});
}

TEST_CASE("iam: an organisation there is none, and groups move with their members") {
  Fixture f;
  CHECK(f.refused("EnableOrganizationsRootSessions").starts_with("OrganizationNotFoundException"));
  CHECK(f.refused("GetOutboundWebIdentityFederationInfo").starts_with("FeatureDisabledException"));
  f.ok("CreateUser", {{"UserName", "ann"}});
  f.ok("CreateGroup", {{"GroupName", "g"}});
  f.ok("CreateGroup", {{"GroupName", "other"}});
  f.ok("AddUserToGroup", {{"GroupName", "g"}, {"UserName", "ann"}});
  CHECK(f.refused("UpdateGroup", {{"GroupName", "g"}, {"NewGroupName", "Other"}}) ==
        "EntityAlreadyExists: Group with name Other already exists.");
  f.ok("UpdateGroup", {{"GroupName", "g"}, {"NewGroupName", "h"}, {"NewPath", "/x/"}});
  f.restart();
  CHECK(names(f.ok("ListGroupsForUser", {{"UserName", "ann"}})["Groups"], "Arn") ==
        std::vector<std::string>{"arn:aws:iam::000000000000:group/x/h"});
  CHECK(names(f.ok("GetGroup", {{"GroupName", "h"}})["Users"], "UserName") ==
        std::vector<std::string>{"ann"});
}

TEST_CASE("iam: a federated user has what its session policies leave of the asker's rights") {
  Fixture f;
  f.ok("CreateUser", {{"UserName", "ann"}});
  f.ok("PutUserPolicy", {{"UserName", "ann"}, {"PolicyName", "p"}, {"PolicyDocument", document}});
  const auto& identities = f.process->identities;
  Session session;
  session.kind = aws::Caller::Kind::user;
  session.entity = "ann";
  session.entity_id = f.ok("GetUser", {{"UserName", "ann"}})["User"]["UserId"].string();
  session.name = "fed";
  session.federated = true;
  const auto may = [&](const char* action) {
    const auto c = identities.mint(session, 1h);
    const auto known = identities.find_key(c.access_key_id, c.session_token);
    REQUIRE(known);
    CHECK(known->caller.arn == "arn:aws:sts::000000000000:federated-user/fed");
    aws::ConditionKeys keys;
    identities.add_keys(known->caller, keys);
    CHECK(keys.at("aws:principaltype").front() == "FederatedUser");
    CHECK(keys.at("aws:userid").front() == "000000000000:fed");
    CHECK(keys.at("aws:multifactorauthpresent").front() == "false");
    const auto principal = aws::principal_of(known->caller);
    const std::vector<std::string> resources{"arn:aws:sns:eu-west-1:000000000000:t"};
    return aws::evaluate({principal, action, resources, keys},
                         identities.policies_of(known->caller))
        .allowed();
  };
  CHECK_FALSE(may("sns:Publish"));
  session.policy = replace_all(document, "sns:*", "sns:Publish");
  CHECK(may("sns:Publish"));
  CHECK_FALSE(may("sns:DeleteTopic"));
  session.policy = replace_all(document, "sns:*", "sqs:*");
  CHECK_FALSE(may("sqs:SendMessage"));  // ann has no such right to give
  session.kind = aws::Caller::Kind::root;
  session.entity.clear();
  session.entity_id.clear();
  CHECK(may("sqs:SendMessage"));
  CHECK_FALSE(may("sns:Publish"));
  session.policy.clear();
  CHECK_FALSE(may("sns:Publish"));
}

}  // namespace sitelatch::iam

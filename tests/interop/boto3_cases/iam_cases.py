# SPDX-License-Identifier: Apache-2.0
import json
import re

from world import ANY, BASIC_EXECUTION, LAMBDA_TRUST, Case

ALLOW = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "route53:UpdateHealthCheck", "Resource": "arn:aws:route53:::healthcheck/*"}]})
OTHER = ALLOW.replace("UpdateHealthCheck", "GetHealthCheck")


class Roles(Case):
    service = "iam"

    def test_role(self):
        role = self.client.create_role(RoleName="Role", AssumeRolePolicyDocument=LAMBDA_TRUST, Description="why",
                                       Tags=[{"Key": "a", "Value": "b"}])["Role"]
        self.assertRegex(role["RoleId"], "^AROA[A-Z0-9]{17}$")
        self.is_recent(role["CreateDate"])
        self.assertEqual((role["Arn"], role["Path"], role["AssumeRolePolicyDocument"]),
                         (f"arn:aws:iam::{self.account}:role/Role", "/", json.loads(LAMBDA_TRUST)))
        self.assertNotIn("MaxSessionDuration", role)
        self.client.get_waiter("role_exists").wait(RoleName="Role")
        role = self.client.get_role(RoleName="Role")["Role"]
        self.assertEqual((role["MaxSessionDuration"], role["RoleLastUsed"], role["Description"], role["Tags"]),
                         (3600, {}, "why", [{"Key": "a", "Value": "b"}]))
        self.refused("EntityAlreadyExists", "Role with name ROLE already exists.", 409, self.client.create_role,
                     RoleName="ROLE", AssumeRolePolicyDocument=LAMBDA_TRUST)
        self.client.update_role(RoleName="Role", MaxSessionDuration=7200, Description="other")
        self.assertEqual(self.client.get_role(RoleName="Role")["Role"]["MaxSessionDuration"], 7200)
        self.client.update_role_description(RoleName="Role", Description="third")
        self.client.update_assume_role_policy(RoleName="Role", PolicyDocument=LAMBDA_TRUST.replace("lambda", "events"))
        self.assertEqual(self.client.get_role(RoleName="Role")["Role"]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"],
                         {"Service": "events.amazonaws.com"})
        self.client.put_role_policy(RoleName="Role", PolicyName="inline", PolicyDocument=ALLOW)
        self.assertEqual(self.client.get_role_policy(RoleName="Role", PolicyName="inline")["PolicyDocument"], json.loads(ALLOW))
        self.assertEqual(self.client.list_role_policies(RoleName="Role")["PolicyNames"], ["inline"])
        self.refused("DeleteConflict", "Cannot delete entity, must delete policies first.", 409, self.client.delete_role, RoleName="Role")
        self.client.delete_role_policy(RoleName="Role", PolicyName="inline")
        self.client.attach_role_policy(RoleName="Role", PolicyArn=BASIC_EXECUTION)
        self.client.attach_role_policy(RoleName="Role", PolicyArn=BASIC_EXECUTION)
        self.assertEqual(self.client.list_attached_role_policies(RoleName="Role")["AttachedPolicies"],
                         [{"PolicyName": "AWSLambdaBasicExecutionRole", "PolicyArn": BASIC_EXECUTION}])
        self.refused("DeleteConflict", "Cannot delete entity, must detach all policies first.", 409, self.client.delete_role,
                     RoleName="Role")
        self.client.detach_role_policy(RoleName="Role", PolicyArn=BASIC_EXECUTION)
        self.client.tag_role(RoleName="Role", Tags=[{"Key": "c", "Value": "d"}])
        self.client.untag_role(RoleName="Role", TagKeys=["a"])
        self.assertEqual(self.client.list_role_tags(RoleName="Role")["Tags"], [{"Key": "c", "Value": "d"}])
        self.assertEqual(self.client.list_instance_profiles_for_role(RoleName="Role")["InstanceProfiles"], [])
        self.client.delete_role(RoleName="Role")
        self.refused("NoSuchEntity", "The role with name Role cannot be found.", 404, self.client.get_role, RoleName="Role")

    def test_policy(self):
        policy = self.client.create_policy(PolicyName="policy", PolicyDocument=ALLOW, Path="/guards/",
                                           Tags=[{"Key": "a", "Value": "b"}])["Policy"]
        arn = f"arn:aws:iam::{self.account}:policy/guards/policy"
        self.assertRegex(policy["PolicyId"], "^ANPA[A-Z0-9]{17}$")
        self.assertEqual((policy["Arn"], policy["DefaultVersionId"], policy["AttachmentCount"], policy["IsAttachable"],
                          policy["PermissionsBoundaryUsageCount"]), (arn, "v1", 0, True, 0))
        self.client.get_waiter("policy_exists").wait(PolicyArn=arn)
        self.refused("EntityAlreadyExists", "A policy called policy already exists. Duplicate names are not allowed.", 409,
                     self.client.create_policy, PolicyName="policy", PolicyDocument=ALLOW)
        self.assertEqual(self.client.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]["Document"], json.loads(ALLOW))
        version = self.client.create_policy_version(PolicyArn=arn, PolicyDocument=OTHER, SetAsDefault=True)["PolicyVersion"]
        self.assertEqual((version["VersionId"], version["IsDefaultVersion"]), ("v2", True))
        versions = self.client.list_policy_versions(PolicyArn=arn)["Versions"]
        self.assertEqual([(v["VersionId"], v["IsDefaultVersion"]) for v in versions], [("v2", True), ("v1", False)])
        self.refused("DeleteConflict", ANY, 409, self.client.delete_policy_version, PolicyArn=arn, VersionId="v2")
        self.client.set_default_policy_version(PolicyArn=arn, VersionId="v1")
        self.client.delete_policy_version(PolicyArn=arn, VersionId="v2")
        self.client.create_role(RoleName="holder", AssumeRolePolicyDocument=LAMBDA_TRUST)
        self.client.attach_role_policy(RoleName="holder", PolicyArn=arn)
        self.assertEqual(self.client.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"], 1)
        holders = self.client.list_entities_for_policy(PolicyArn=arn)
        self.assertEqual(([r["RoleName"] for r in holders["PolicyRoles"]], holders["PolicyUsers"], holders["PolicyGroups"]),
                         (["holder"], [], []))
        self.refused("DeleteConflict", "Cannot delete a policy attached to entities.", 409, self.client.delete_policy, PolicyArn=arn)
        self.client.detach_role_policy(RoleName="holder", PolicyArn=arn)
        self.refused("NoSuchEntity", f"Policy {arn} was not found.", 404, self.client.detach_role_policy, RoleName="holder", PolicyArn=arn)
        self.client.tag_policy(PolicyArn=arn, Tags=[{"Key": "c", "Value": "d"}])
        self.client.untag_policy(PolicyArn=arn, TagKeys=["a"])
        self.assertEqual(self.client.list_policy_tags(PolicyArn=arn)["Tags"], [{"Key": "c", "Value": "d"}])
        self.client.delete_policy(PolicyArn=arn)
        self.refused("NoSuchEntity", f"Policy {arn} was not found.", 404, self.client.get_policy, PolicyArn=arn)
        self.refused("NoSuchEntity", f"Policy {arn} was not found.", 404, self.client.delete_policy, PolicyArn=arn)
        self.refused("NoSuchEntity", f"Policy {arn} does not exist or is not attachable.", 404, self.client.attach_role_policy,
                     RoleName="holder", PolicyArn=arn)
        self.client.delete_role(RoleName="holder")

    def test_refusals(self):
        self.refused("MalformedPolicyDocument", "This policy contains invalid Json", 400, self.client.create_policy,
                     PolicyName="bad", PolicyDocument="{")
        self.refused("MalformedPolicyDocument", ANY, 400, self.client.create_policy, PolicyName="bad",
                     PolicyDocument='{"Version": "2012-10-17", "Statement": [{"Effect": "Perhaps"}]}')
        self.refused("ValidationError", "Invalid ARN:  Could not be parsed!", 400, self.client.get_policy, PolicyArn="x" * 20)
        self.refused("ValidationError", "The specified value for roleName is invalid. It must contain only alphanumeric characters "
                                        "and/or the following: +=,.@_-", 400,
                     self.client.create_role, RoleName="a b", AssumeRolePolicyDocument=LAMBDA_TRUST)
        self.refused("NoSuchEntity", "The user with name nobody cannot be found.", 404, self.client.get_user, UserName="nobody")

    def test_aws_managed(self):
        policy = self.client.get_policy(PolicyArn=BASIC_EXECUTION)["Policy"]
        self.assertEqual((policy["Path"], policy["DefaultVersionId"]), ("/service-role/", "v1"))
        document = self.client.get_policy_version(PolicyArn=BASIC_EXECUTION, VersionId="v1")["PolicyVersion"]["Document"]
        self.assertEqual(document["Statement"][0]["Action"], ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"])

    def test_pages(self):
        for i in range(5):
            self.client.create_role(RoleName=f"page{i}", Path="/pages/", AssumeRolePolicyDocument=LAMBDA_TRUST)
            self.client.create_policy(PolicyName=f"page{i}", Path="/pages/", PolicyDocument=ALLOW)
            arn = f"arn:aws:iam::{self.account}:policy/pages/page0"
            self.client.attach_role_policy(RoleName=f"page{i}", PolicyArn=arn)
        roles, pages = self.paged("list_roles", "Roles", PathPrefix="/pages/")
        self.assertEqual(([role["RoleName"] for role in roles], pages), ([f"page{i}" for i in range(5)], 3))
        policies, pages = self.paged("list_policies", "Policies", Scope="Local", PathPrefix="/pages/")
        self.assertEqual((sorted(policy["PolicyName"] for policy in policies), pages), ([f"page{i}" for i in range(5)], 3))
        holders, pages = self.paged("list_entities_for_policy", "PolicyRoles", PolicyArn=arn)
        self.assertEqual(([role["RoleName"] for role in holders], pages), ([f"page{i}" for i in range(5)], 3))
        self.refused("ValidationError", ANY, 400, self.client.list_roles, Marker="nonsense")

    def test_users_groups_keys(self):
        user = self.client.create_user(UserName="user", Tags=[{"Key": "a", "Value": "b"}])["User"]
        self.assertRegex(user["UserId"], "^AIDA[A-Z0-9]{17}$")
        self.client.get_waiter("user_exists").wait(UserName="user")
        key = self.client.create_access_key(UserName="user")["AccessKey"]
        self.assertRegex(key["AccessKeyId"], "^AKIA[A-Z0-9]{16}$")
        self.assertEqual((len(key["SecretAccessKey"]), key["Status"]), (40, "Active"))
        self.client.update_access_key(UserName="user", AccessKeyId=key["AccessKeyId"], Status="Inactive")
        listed = self.client.list_access_keys(UserName="user")["AccessKeyMetadata"]
        self.assertEqual([(k["AccessKeyId"], k["Status"]) for k in listed], [(key["AccessKeyId"], "Inactive")])
        self.client.put_user_policy(UserName="user", PolicyName="p", PolicyDocument=ALLOW)
        self.assertEqual(self.client.get_user_policy(UserName="user", PolicyName="p")["PolicyDocument"], json.loads(ALLOW))
        self.assertEqual(self.client.list_user_policies(UserName="user")["PolicyNames"], ["p"])
        self.client.create_group(GroupName="group")
        self.client.add_user_to_group(GroupName="group", UserName="user")
        self.assertEqual([u["UserName"] for u in self.client.get_group(GroupName="group")["Users"]], ["user"])
        self.assertEqual([g["GroupName"] for g in self.client.list_groups_for_user(UserName="user")["Groups"]], ["group"])
        self.client.attach_user_policy(UserName="user", PolicyArn=BASIC_EXECUTION)
        self.assertEqual(len(self.client.list_attached_user_policies(UserName="user")["AttachedPolicies"]), 1)
        self.refused("DeleteConflict", ANY, 409, self.client.delete_user, UserName="user")
        self.client.detach_user_policy(UserName="user", PolicyArn=BASIC_EXECUTION)
        self.client.delete_access_key(UserName="user", AccessKeyId=key["AccessKeyId"])
        self.client.delete_user_policy(UserName="user", PolicyName="p")
        self.client.remove_user_from_group(GroupName="group", UserName="user")
        self.client.delete_group(GroupName="group")
        self.client.delete_user(UserName="user")
        self.assertEqual(self.client.get_user()["User"]["Arn"], f"arn:aws:iam::{self.account}:root")
        self.assertIn("Roles", self.client.get_account_summary()["SummaryMap"])

    def test_simulation(self):
        self.client.create_user(UserName="simulated")
        self.client.put_user_policy(UserName="simulated", PolicyName="p", PolicyDocument=ALLOW)
        results = self.client.simulate_principal_policy(
            PolicySourceArn=f"arn:aws:iam::{self.account}:user/simulated",
            ActionNames=["route53:UpdateHealthCheck", "route53:DeleteHealthCheck"],
            ResourceArns=["arn:aws:route53:::healthcheck/x"])["EvaluationResults"]
        self.assertEqual([(r["EvalActionName"], r["EvalDecision"]) for r in results],
                         [("route53:UpdateHealthCheck", "allowed"), ("route53:DeleteHealthCheck", "implicitDeny")])


class Sessions(Case):
    service = "sts"

    def test_root(self):
        answer = self.client.get_caller_identity()
        self.assertEqual((answer["Account"], answer["UserId"], answer["Arn"]),
                         (self.account, self.account, f"arn:aws:iam::{self.account}:root"))

    def test_assumed_role(self):
        iam = self.world.client("iam")
        trust = json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": self.account}, "Action": "sts:AssumeRole"}]})
        role = iam.create_role(RoleName="assumed", AssumeRolePolicyDocument=trust)["Role"]
        iam.put_role_policy(RoleName="assumed", PolicyName="p", PolicyDocument=json.dumps({
            "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "route53:GetHealthCheckCount", "Resource": "*"}]}))
        answer = self.client.assume_role(RoleArn=role["Arn"], RoleSessionName="session", DurationSeconds=900)
        session_arn = f"arn:aws:sts::{self.account}:assumed-role/assumed/session"
        self.assertEqual(answer["AssumedRoleUser"], {"AssumedRoleId": role["RoleId"] + ":session", "Arn": session_arn})
        given = answer["Credentials"]
        self.assertRegex(given["AccessKeyId"], "^ASIA[A-Z0-9]{16}$")
        self.is_recent(given["Expiration"])
        keys = {"aws_access_key_id": given["AccessKeyId"], "aws_secret_access_key": given["SecretAccessKey"],
                "aws_session_token": given["SessionToken"]}
        identity = self.world.client("sts", keys=keys).get_caller_identity()
        self.assertEqual((identity["Arn"], identity["UserId"]), (session_arn, role["RoleId"] + ":session"))
        route53 = self.world.client("route53", keys=keys)
        self.answered(route53.get_health_check_count())
        self.refused("AccessDenied", f"User: {session_arn} is not authorized to perform: route53:GetHealthCheck on resource: "
                     "arn:aws:route53:::healthcheck/x because no identity-based policy allows the route53:GetHealthCheck action",
                     403, route53.get_health_check, HealthCheckId="x")
        self.refused("InvalidClientTokenId", "The security token included in the request is invalid.", 403,
                     self.world.client("sts", keys={**keys, "aws_session_token": "forged"}).get_caller_identity)
        self.refused("ValidationError", "nonsense-of-twenty-characters is invalid", 400, self.client.assume_role,
                     RoleArn="nonsense-of-twenty-characters", RoleSessionName="session")
        lambda_only = iam.create_role(RoleName="of-lambda", AssumeRolePolicyDocument=LAMBDA_TRUST)["Role"]["Arn"]
        self.refused("AccessDenied", re.compile(f"^User: arn:aws:iam::{self.account}:root is not authorized to perform: "
                                                f"sts:AssumeRole on resource: {lambda_only}"), 403,
                     self.client.assume_role, RoleArn=lambda_only, RoleSessionName="session")
        self.assertEqual(self.client.get_access_key_info(AccessKeyId=given["AccessKeyId"])["Account"], self.account)

    def test_session_token(self):
        given = self.client.get_session_token(DurationSeconds=900)["Credentials"]
        keys = {"aws_access_key_id": given["AccessKeyId"], "aws_secret_access_key": given["SecretAccessKey"],
                "aws_session_token": given["SessionToken"]}
        self.assertEqual(self.world.client("sts", keys=keys).get_caller_identity()["Account"], self.account)

    def test_federation_is_what_its_policies_leave(self):
        policy = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sns:ListTopics", "Resource": "*"}]})
        for limits, allowed in (({"Policy": policy}, True), ({}, False)):
            given = self.client.get_federation_token(Name="fed", **limits)
            self.assertEqual(given["FederatedUser"]["FederatedUserId"], f"{self.account}:fed")
            keys = {"aws_access_key_id": given["Credentials"]["AccessKeyId"],
                    "aws_secret_access_key": given["Credentials"]["SecretAccessKey"],
                    "aws_session_token": given["Credentials"]["SessionToken"]}
            self.assertEqual(self.world.client("sts", keys=keys).get_caller_identity()["Arn"],
                             f"arn:aws:sts::{self.account}:federated-user/fed")
            sns = self.world.client("sns", keys=keys)
            if allowed:
                self.answered(sns.list_topics())
            else:
                self.refused("AuthorizationError", re.compile("because no session policy allows"), 403, sns.list_topics)
            self.refused("InvalidClientTokenId", "The security token included in the request is invalid.", 403,
                         self.world.client("iam", keys=keys).list_users)

    def test_a_web_identity_comes_unsigned_and_is_not_believed(self):
        token = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJodHRwczovL2lkcC50ZXN0Iiwic3ViIjoiYSJ9."
        ask = {"RoleArn": f"arn:aws:iam::{self.account}:role/any", "RoleSessionName": "ci", "WebIdentityToken": token}
        self.refused("InvalidIdentityToken", "No OpenIDConnect provider found in your account for https://idp.test", 400,
                     self.client.assume_role_with_web_identity, **ask)
        iam = self.world.client("iam")
        arn = iam.create_open_id_connect_provider(Url="https://idp.test", ClientIDList=["a"],
                                                   ThumbprintList=["0" * 40])["OpenIDConnectProviderArn"]
        self.refused("InvalidIdentityToken", "Couldn't retrieve verification key from your identity provider,  please reference "
                                             "AssumeRoleWithWebIdentity documentation for requirements", 400,
                     self.client.assume_role_with_web_identity, **ask)
        iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)


class Things(Case):
    service = "iam"

    def test_blobs_arrive_as_they_are(self):
        device = self.client.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
        self.assertRegex(device["Base32StringSeed"].decode(), "^[A-Z2-7]{64}$")
        self.assertTrue(device["QRCodePNG"].startswith(b"\x89PNG\r\n"))
        self.client.delete_virtual_mfa_device(SerialNumber=device["SerialNumber"])
        while self.client.generate_credential_report()["State"] != "COMPLETE":
            pass
        report = self.client.get_credential_report()
        self.assertTrue(report["Content"].decode().startswith("user,arn,user_creation_time,"))
        self.assertEqual(report["ReportFormat"], "text/csv")

    def test_lists_in_pages(self):
        pages = list(self.client.get_paginator("list_policies").paginate(Scope="AWS", PaginationConfig={"PageSize": 400}))
        arns = [policy["Arn"] for page in pages for policy in page["Policies"]]
        self.assertGreater(len(pages), 2)
        self.assertEqual(len(arns), len(set(arns)))
        self.assertIn("arn:aws:iam::aws:policy/ReadOnlyAccess", arns)
        waiter = self.client.get_waiter("instance_profile_exists")
        self.client.create_instance_profile(InstanceProfileName="waited")
        waiter.wait(InstanceProfileName="waited")
        self.client.delete_instance_profile(InstanceProfileName="waited")

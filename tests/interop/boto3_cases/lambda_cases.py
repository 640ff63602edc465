# SPDX-License-Identifier: Apache-2.0
import base64
import hashlib
import json
import re
import urllib.request

from world import ANY, BASIC_EXECUTION, LAMBDA_TRUST, UUID, Case, zip_of

SOURCE = """
import os
def handler(event, context):
    if event and event.get("fail"):
        raise ValueError("as asked")
    return {"event": event, "variable": os.environ.get("VARIABLE"), "arn": context.invoked_function_arn}
"""


class Lambda(Case):
    service = "lambda"
    region = "eu-west-1"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        iam = cls.world.client("iam")
        if "function" not in [role["RoleName"] for role in iam.list_roles()["Roles"]]:
            iam.create_role(RoleName="function", AssumeRolePolicyDocument=LAMBDA_TRUST)
            iam.attach_role_policy(RoleName="function", PolicyArn=BASIC_EXECUTION)
        cls.role = f"arn:aws:iam::{cls.account}:role/function"

    def arn(self, name):
        return f"arn:aws:lambda:{self.region}:{self.account}:function:{name}"

    def create(self, name, **settings):
        return self.client.create_function(**{**dict(
            FunctionName=name, Role=self.role, Runtime="python3.11", Handler="lambda.handler", Timeout=60,
            Code={"ZipFile": zip_of(SOURCE)}), **settings})

    def ready(self, name):
        waiters = self.client.waiter_names
        self.client.get_waiter("function_active_v2" if "function_active_v2" in waiters else "function_active").wait(
            FunctionName=name)
        self.client.get_waiter("function_updated_v2" if "function_updated_v2" in waiters else "function_updated").wait(
            FunctionName=name)

    def test_create_as_answered(self):
        package = zip_of(SOURCE)
        answer = self.answered(self.create("created", Timeout=3, Code={"ZipFile": package}, Tags={"a": "b"}), 201)
        answer.pop("ResponseMetadata")
        self.assertRegex(answer.pop("LastModified"), r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$")
        revision = answer.pop("RevisionId")
        self.assertRegex(revision, UUID)
        self.assertRegex(answer.pop("RuntimeVersionConfig", {"RuntimeVersionArn": "arn:aws:lambda:eu-west-1::runtime:a"})["RuntimeVersionArn"],
                         "^arn:aws:lambda:eu-west-1::runtime:")
        answer.pop("LoggingConfig", None)
        self.assertEqual(answer, {
            "FunctionName": "created", "FunctionArn": self.arn("created"), "Runtime": "python3.11", "Role": self.role,
            "Handler": "lambda.handler", "CodeSize": len(package), "Description": "", "Timeout": 3, "MemorySize": 128,
            "CodeSha256": base64.b64encode(hashlib.sha256(package).digest()).decode(), "Version": "$LATEST",
            "TracingConfig": {"Mode": "PassThrough"}, "State": "Pending", "StateReason": "The function is being created.",
            "StateReasonCode": "Creating", "PackageType": "Zip", "Architectures": ["x86_64"], "EphemeralStorage": {"Size": 512},
            "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"}})
        self.ready("created")
        got = self.client.get_function(FunctionName=self.arn("created"))
        self.assertEqual((got["Configuration"]["State"], got["Configuration"]["LastUpdateStatus"], got["Tags"]),
                         ("Active", "Successful", {"a": "b"}))
        self.assertNotEqual(got["Configuration"]["RevisionId"], revision)
        self.assertEqual(got["Code"]["RepositoryType"], "S3")
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        self.assertEqual(opener.open(got["Code"]["Location"], timeout=10).read(), package)
        self.client.get_waiter("function_exists").wait(FunctionName="created")
        self.refused("ResourceConflictException", "Function already exist: created", 409, self.create, "created")
        self.client.delete_function(FunctionName="created")
        self.refused("ResourceNotFoundException", "Function not found: " + self.arn("created"), 404,
                     self.client.get_function, FunctionName="created")

    def test_refusals(self):
        create = self.create
        self.refused("ValidationException", "1 validation error detected: Value 'r1' at 'role' failed to satisfy constraint: "
                     r"Member must satisfy regular expression pattern: arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+",
                     400, create, "refused", Role="r1")
        self.refused("InvalidParameterValueException", re.compile(
            r"^Value non-existent-runtime at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: "
            r"\[.*python3\.11.*\] or be a valid ARN$"), 400, create, "refused", Runtime="non-existent-runtime")
        self.refused("InvalidParameterValueException", "Could not unzip uploaded file. Please check your file, then try to upload again.",
                     400, create, "refused", Code={"ZipFile": b"no zip"})
        self.refused("InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda.", 400,
                     create, "refused", Role=self.role + "-unknown")
        self.refused("ResourceNotFoundException", "Function not found: " + self.arn("none") + ":$LATEST", 404,
                     self.client.invoke, FunctionName="none")
        self.refused("ResourceNotFoundException", f"Functions from 'us-east-1' are not reachable in this region ('eu-west-1')", 404,
                     self.client.get_function, FunctionName=self.arn("none").replace("eu-west-1", "us-east-1"))
        self.refused("ResourceNotFoundException", "Function not found: " + self.arn("none"), 404,
                     self.client.list_tags, Resource=self.arn("none"))

    def test_invoke(self):
        self.create("invoked", Environment={"Variables": {"VARIABLE": "value"}})
        self.ready("invoked")
        answer = self.answered(self.client.invoke(FunctionName="invoked", Payload=json.dumps({"a": 1}), LogType="Tail"))
        self.assertEqual(answer["ExecutedVersion"], "$LATEST")
        self.assertNotIn("FunctionError", answer)
        self.assertEqual(json.loads(answer["Payload"].read()), {"event": {"a": 1}, "variable": "value", "arn": self.arn("invoked")})
        tail = base64.b64decode(answer["LogResult"]).decode()
        request = answer["ResponseMetadata"]["RequestId"]
        self.assertTrue(tail.startswith(f"START RequestId: {request} Version: $LATEST\n"), tail)
        self.assertIn(f"\nREPORT RequestId: {request}\tDuration: ", tail)
        answer = self.client.invoke(FunctionName=self.arn("invoked"), Payload=b'{"fail": true}')
        self.assertEqual((answer["StatusCode"], answer["FunctionError"]), (200, "Unhandled"))
        error = json.loads(answer["Payload"].read())
        self.assertEqual((error["errorMessage"], error["errorType"]), ("as asked", "ValueError"))
        self.assertRegex(error["requestId"], UUID)
        self.assertTrue(error["stackTrace"][0].startswith('  File "/var/task/lambda.py", line 5, in handler\n'), error)
        answer = self.client.invoke(FunctionName="invoked", InvocationType="DryRun")
        self.assertEqual(answer["StatusCode"], 204)
        answer = self.client.invoke(FunctionName="invoked", InvocationType="Event", Payload=b"{}")
        self.assertEqual((answer["StatusCode"], answer["Payload"].read()), (202, b""))
        self.assertNotIn("ExecutedVersion", answer)
        self.refused("InvalidRequestContentException", re.compile("^Could not parse request body into json: "), 400,
                     self.client.invoke, FunctionName="invoked", Payload=b"{")
        self.client.put_function_concurrency(FunctionName="invoked", ReservedConcurrentExecutions=0)
        refusal = self.refused("TooManyRequestsException", "Rate Exceeded.", 429, self.client.invoke, FunctionName="invoked")
        self.assertEqual(refusal.response["Reason"], "ReservedFunctionConcurrentInvocationLimitExceeded")
        self.assertEqual(self.client.get_function_concurrency(FunctionName="invoked")["ReservedConcurrentExecutions"], 0)
        self.answered(self.client.delete_function_concurrency(FunctionName="invoked"), 204)
        self.assertNotIn("ReservedConcurrentExecutions", self.client.get_function_concurrency(FunctionName="invoked"))

    def test_updates(self):
        self.create("updated")
        self.ready("updated")
        answer = self.client.update_function_configuration(FunctionName="updated", Timeout=10, Environment={"Variables": {"KEY": "1"}})
        self.assertEqual((answer["Timeout"], answer["Environment"], answer["State"], answer["LastUpdateStatus"],
                          answer["LastUpdateStatusReason"], answer["LastUpdateStatusReasonCode"]),
                         (10, {"Variables": {"KEY": "1"}}, "Active", "InProgress", "The function is being created.", "Creating"))
        self.ready("updated")
        package = zip_of(SOURCE + "# again\n")
        self.assertEqual(self.client.update_function_code(FunctionName="updated", ZipFile=package, DryRun=True)["Timeout"], 10)
        answer = self.client.update_function_code(FunctionName="updated", ZipFile=package)
        self.assertEqual(answer["CodeSha256"], base64.b64encode(hashlib.sha256(package).digest()).decode())
        self.ready("updated")
        self.refused("PreconditionFailedException", "The Revision Id provided does not match the latest Revision Id. Call the "
                     "GetFunction/GetAlias API to retrieve the latest Revision Id", 412,
                     self.client.update_function_configuration, FunctionName="updated", RevisionId=answer["RevisionId"], Timeout=4)
        answer = self.client.get_function_configuration(FunctionName="updated")
        self.assertNotIn("LastUpdateStatusReason", answer)
        self.refused("InvalidParameterValueException", re.compile(
            "^Lambda was unable to configure your environment variables because the environment variables you have provided "
            "exceeded the 4KB limit. String measured: {"), 400, self.client.update_function_configuration, FunctionName="updated",
            Environment={"Variables": {"KEY": "x" * 4096}})

    def test_versions_and_aliases(self):
        self.create("versioned", Publish=True)
        self.ready("versioned")
        versions = self.client.list_versions_by_function(FunctionName="versioned")["Versions"]
        self.assertEqual([v["Version"] for v in versions], ["$LATEST", "1"])
        alias = self.answered(self.client.create_alias(FunctionName="versioned", Name="live", FunctionVersion="1"), 201)
        self.assertEqual((alias["AliasArn"], alias["Name"], alias["FunctionVersion"], alias["Description"]),
                         (self.arn("versioned") + ":live", "live", "1", ""))
        answer = self.client.invoke(FunctionName="versioned", Qualifier="live", Payload=b"{}")
        self.assertEqual(answer["ExecutedVersion"], "1")
        self.assertEqual(json.loads(answer["Payload"].read())["arn"], self.arn("versioned") + ":live")
        self.client.update_function_code(FunctionName="versioned", ZipFile=zip_of(SOURCE + "# 2\n"))
        self.ready("versioned")
        self.assertEqual(self.answered(self.client.publish_version(FunctionName="versioned"), 201)["Version"], "2")
        self.assertEqual(self.client.update_alias(FunctionName="versioned", Name="live", FunctionVersion="2")["FunctionVersion"], "2")
        self.assertEqual(self.client.get_alias(FunctionName="versioned", Name="live")["FunctionVersion"], "2")
        self.assertEqual([a["Name"] for a in self.client.list_aliases(FunctionName="versioned")["Aliases"]], ["live"])
        self.answered(self.client.delete_alias(FunctionName="versioned", Name="live"), 204)
        self.refused("ResourceNotFoundException", ANY, 404, self.client.get_alias, FunctionName="versioned", Name="live")

    def test_policy(self):
        self.create("permitted")
        topic = f"arn:aws:sns:us-east-1:{self.account}:t"
        permission = dict(FunctionName="permitted", StatementId="function-with-sns", Action="lambda:InvokeFunction",
                          Principal="sns.amazonaws.com", SourceArn=topic)
        statement = json.loads(self.answered(self.client.add_permission(**permission), 201)["Statement"])
        self.assertEqual(statement, {
            "Sid": "function-with-sns", "Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "lambda:InvokeFunction", "Resource": self.arn("permitted"), "Condition": {"ArnLike": {"AWS:SourceArn": topic}}})
        policy = json.loads(self.client.get_policy(FunctionName="permitted")["Policy"])
        self.assertEqual(policy, {"Version": "2012-10-17", "Id": "default", "Statement": [statement]})
        self.refused("ResourceConflictException", "The statement id (function-with-sns) provided already exists. Please provide a "
                     "new statement id, or remove the existing statement.", 409, self.client.add_permission, **permission)
        self.refused("InvalidParameterValueException", "The provided principal was invalid. Please check the principal and try again.", 400,
                     self.client.add_permission, **{**permission, "StatementId": "bad", "Principal": "no-such-principal"})
        self.answered(self.client.remove_permission(FunctionName="permitted", StatementId="function-with-sns"), 204)
        self.refused("ResourceNotFoundException", "The resource you requested does not exist.", 404, self.client.get_policy,
                     FunctionName="permitted")
        self.refused("ResourceNotFoundException", "No policy is associated with the given resource.", 404,
                     self.client.remove_permission, FunctionName="permitted", StatementId="function-with-sns")

    def test_event_invoke_config(self):
        self.create("async")
        self.refused("ResourceNotFoundException", f"The function {self.arn('async')}:$LATEST doesn't have an EventInvokeConfig", 404,
                     self.client.get_function_event_invoke_config, FunctionName="async")
        answer = self.client.put_function_event_invoke_config(FunctionName="async", MaximumRetryAttempts=0)
        self.is_recent(answer["LastModified"])
        self.assertEqual((answer["FunctionArn"], answer["MaximumRetryAttempts"], answer["DestinationConfig"]),
                         (self.arn("async") + ":$LATEST", 0, {"OnSuccess": {}, "OnFailure": {}}))
        self.assertNotIn("MaximumEventAgeInSeconds", answer)
        answer = self.client.update_function_event_invoke_config(FunctionName="async", MaximumEventAgeInSeconds=60)
        self.assertEqual((answer["MaximumRetryAttempts"], answer["MaximumEventAgeInSeconds"]), (0, 60))
        listed = self.client.list_function_event_invoke_configs(FunctionName="async")["FunctionEventInvokeConfigs"]
        self.assertEqual(len(listed), 1)
        self.refused("InvalidParameterValueException", "You must specify at least one of error handling or destination setting.", 400,
                     self.client.put_function_event_invoke_config, FunctionName="async")
        self.answered(self.client.delete_function_event_invoke_config(FunctionName="async"), 204)

    def test_tags(self):
        self.create("tagged")
        arn = self.arn("tagged")
        self.answered(self.client.tag_resource(Resource=arn, Tags={"a": "1", "b": "2"}), 204)
        self.answered(self.client.untag_resource(Resource=arn, TagKeys=["a"]), 204)
        self.assertEqual(self.client.list_tags(Resource=arn)["Tags"], {"b": "2"})
        self.refused("InvalidParameterValueException", "An error occurred and the request cannot be processed.", 400,
                     self.client.tag_resource, Resource=arn, Tags={})
        self.refused("InvalidParameterValueException", "Number of tags exceeds resource tag limit.", 400,
                     self.client.tag_resource, Resource=arn, Tags={str(i): "" for i in range(51)})

    def test_what_terraform_reads(self):
        self.create("read")
        self.assertFalse(self.client.get_function_code_signing_config(FunctionName="read").get("CodeSigningConfigArn"))
        self.assertIn("AccountLimit", self.client.get_account_settings())
        if hasattr(self.client, "get_runtime_management_config"):
            self.assertEqual(self.client.get_runtime_management_config(FunctionName="read")["UpdateRuntimeOn"], "Auto")
        if hasattr(self.client, "get_function_recursion_config"):
            self.assertEqual(self.client.get_function_recursion_config(FunctionName="read")["RecursiveLoop"], "Terminate")

    def test_pages_of_functions(self):
        client = self.world.client("lambda", "eu-north-1")
        for i in range(5):
            client.create_function(FunctionName=f"page{i}", Role=self.role, Runtime="python3.11", Handler="lambda.handler",
                                   Code={"ZipFile": zip_of(SOURCE)})
        pages = list(client.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 2}))
        names = [function["FunctionName"] for page in pages for function in page["Functions"]]
        self.assertEqual((sorted(names), len(pages)), ([f"page{i}" for i in range(5)], 3))

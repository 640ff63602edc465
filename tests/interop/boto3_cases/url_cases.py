# SPDX-License-Identifier: Apache-2.0
"""Function URLs: made by boto3, asked by curl and by the engine's own prober, a Python function behind them."""
import json
import re
import shutil
import subprocess
import unittest
import urllib.error
import urllib.parse
import urllib.request

import botocore.auth
import botocore.awsrequest
import botocore.credentials
from lambda_cases import Lambda as LambdaCase
from signed_client import Client  # tests/support
from world import zip_of

SOURCE = """
import base64, json
def handler(event, context):
    path = event["rawPath"]
    if path == "/fail":
        raise ValueError("as asked")
    if path == "/missing":
        return {"statusCode": 404, "body": "nothing here"}
    if path == "/cookies":
        return {"statusCode": 200, "cookies": ["a=1", "b=2"], "headers": {"X-Own": "y"},
                "body": base64.b64encode(bytes(range(256))).decode(), "isBase64Encoded": True}
    return {"event": event, "arn": context.invoked_function_arn}
"""
FORBIDDEN = {"Message": "Forbidden. For troubleshooting Function URL authorization issues, see: "
                        "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"}


class Url(LambdaCase):
    """Functions as LambdaCase makes them; its own cases are not run again."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not hasattr(cls.client, "create_function_url_config"):
            raise unittest.SkipTest("this boto3 has no function URLs")

    def made(self, name, auth_type):
        """The URL of a function made for this case."""
        self.create(name, Code={"ZipFile": zip_of(SOURCE)})
        self.ready(name)
        url = self.answered(self.client.create_function_url_config(FunctionName=name, AuthType=auth_type), 201)["FunctionUrl"]
        port = self.world.engine.api.rsplit(":", 1)[1]
        self.assertRegex(url, rf"^http://[a-z0-9]{{32}}\.lambda-url\.eu-west-1\.localhost:{port}/$")
        return url

    def permit(self, name, auth_type):
        self.client.add_permission(FunctionName=name, StatementId="url", Action="lambda:InvokeFunctionUrl", Principal="*",
                                   FunctionUrlAuthType=auth_type)
        # Older boto3 does not know the parameter of the second statement.
        client = Client(self.world.engine, region=self.region)
        status, body = client.send("POST", f"/2015-03-31/functions/{name}/policy", json.dumps({
            "StatementId": "run", "Action": "lambda:InvokeFunction", "Principal": "*", "InvokedViaFunctionUrl": True}).encode(), "lambda")
        client.close()
        self.assertEqual(status, 201, body)
        self.assertEqual(json.loads(json.loads(body)["Statement"])["Condition"], {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}})

    def curl(self, url, *options):
        """(status, headers, body)"""
        if not shutil.which("curl"):
            self.skipTest("no curl")
        out = subprocess.run(["curl", "--silent", "--show-error", "--include", "--noproxy", "*", "--max-time", "60", *options, url],
                             check=True, capture_output=True).stdout
        head, body = out.split(b"\r\n\r\n", 1)
        lines = head.decode().split("\r\n")
        return int(lines[0].split()[1]), [tuple(line.split(": ", 1)) for line in lines[1:]], body

    def test_configurations(self):
        url = self.made("configured", "NONE")
        cors = {"AllowOrigins": ["https://a.example"], "AllowMethods": ["GET"], "MaxAge": 10}
        changed = self.client.update_function_url_config(FunctionName="configured", AuthType="AWS_IAM", Cors=cors)
        self.assertEqual((changed["FunctionUrl"], changed["AuthType"], changed["Cors"]), (url, "AWS_IAM", cors))
        listed = self.client.list_function_url_configs(FunctionName="configured")["FunctionUrlConfigs"]
        self.assertEqual([one["FunctionUrl"] for one in listed], [url])
        with self.assertRaises(self.client.exceptions.ResourceConflictException):
            self.client.create_function_url_config(FunctionName="configured", AuthType="NONE")
        self.client.delete_function_url_config(FunctionName="configured")
        self.refused("ResourceNotFoundException", "The resource you requested does not exist.", 404,
                     self.client.get_function_url_config, FunctionName="configured")

    def test_curl_asks_a_public_url(self):
        url = self.made("public", "NONE")
        status, _, body = self.curl(url)
        self.assertEqual((status, json.loads(body)), (403, FORBIDDEN))
        self.permit("public", "NONE")
        status, headers, body = self.curl(url + "a%20b?x=1&x=%2F", "--header", "Cookie: c=d; e=f", "--header", "X-One: 1")
        self.assertEqual(status, 200, body)
        self.assertIn(("Content-Type", "application/json"), headers)
        got = json.loads(body)
        self.assertEqual(got["arn"], self.arn("public"))
        event = got["event"]
        host = urllib.parse.urlsplit(url).netloc
        self.assertEqual((event["version"], event["rawPath"], event["rawQueryString"], event["queryStringParameters"], event["cookies"]),
                         ("2.0", "/a%20b", "x=1&x=%2F", {"x": "1,/"}, ["c=d", "e=f"]))
        self.assertEqual((event["headers"]["host"], event["headers"]["x-one"]), (host, "1"))
        self.assertEqual(event["requestContext"]["domainName"], host.split(":")[0])
        self.assertEqual(event["requestContext"]["http"]["sourceIp"], "127.0.0.1")
        self.assertEqual(self.curl(url + "missing")[::2], (404, b"nothing here"))
        self.assertEqual(self.curl(url + "fail")[::2], (502, b"Internal Server Error"))
        status, headers, body = self.curl(url + "cookies")
        self.assertEqual((status, body), (200, bytes(range(256))))
        self.assertEqual([value for name, value in headers if name == "Set-Cookie"], ["a=1", "b=2"])
        self.assertIn(("X-Own", "y"), headers)
        self.assertEqual(self.curl(url, "--head")[0], 200)
        status, _, body = self.curl(url, "--data-binary", "é".encode(), "--header", "Content-Type: text/plain; charset=utf-8")
        self.assertEqual((json.loads(body)["event"]["body"], json.loads(body)["event"]["isBase64Encoded"]), ("é", False))
        self.client.put_function_concurrency(FunctionName="public", ReservedConcurrentExecutions=0)
        self.assertEqual(self.curl(url)[0], 429)

    def test_bodies_by_their_length(self):
        url = self.made("large", "NONE")
        send = ("--data-binary", "@-", "--header", "Content-Type: text/plain")

        def sent(size, *options):
            return subprocess.run(["curl", "--silent", "--noproxy", "*", "--output", "/dev/null", "--write-out", "%{http_code}", *send,
                                   *options, url], input=b"x" * size, capture_output=True).stdout.decode()
        self.assertEqual(sent(1_000_000), "403")
        self.permit("large", "NONE")
        self.assertEqual(sent(1_000_000), "200")
        self.assertEqual(sent(1_000_000, "--header", "Transfer-Encoding: chunked"), "200")
        self.assertEqual(sent(6_300_000), "413")

    def test_the_path_of_the_api_leads_there_too(self):
        url = self.made("bypath", "NONE")
        self.permit("bypath", "NONE")
        identity = urllib.parse.urlsplit(url).netloc.split(".")[0]
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        answer = opener.open(f"{self.world.engine.api}/_sitelatch/url/{identity}/a/b?c=d", timeout=60)
        event = json.loads(answer.read())["event"]
        self.assertEqual((event["rawPath"], event["rawQueryString"]), ("/a/b", "c=d"))
        asked = urllib.request.Request(self.world.engine.api + "/x", headers={"Host": f"{identity}.lambda-url.eu-west-1.on.aws"})
        self.assertEqual(json.loads(opener.open(asked, timeout=60).read())["event"]["rawPath"], "/x")
        with self.assertRaises(urllib.error.HTTPError) as refused:
            opener.open(f"{self.world.engine.api}/_sitelatch/url/{'0' * 32}/", timeout=60)
        self.assertEqual((refused.exception.code, refused.exception.read()), (403, b'{"Message":null}'))

    def test_signed_by_botocore(self):
        url = self.made("signed", "AWS_IAM")
        self.assertEqual(self.curl(url)[0], 403)
        request = botocore.awsrequest.AWSRequest("POST", url + "p?q=r%20s", data=b"body", headers={"Content-Type": "text/plain"})
        keys = botocore.credentials.Credentials(self.world.keys["aws_access_key_id"], self.world.keys["aws_secret_access_key"])
        botocore.auth.SigV4Auth(keys, "lambda", self.region).add_auth(request)
        headers = [option for name, value in request.headers.items() for option in ("--header", f"{name}: {value}")]
        status, _, body = self.curl(request.url, "--data-binary", "body", *headers)
        self.assertEqual(status, 200, body)
        event = json.loads(body)["event"]
        self.assertEqual((event["body"], event["requestContext"]["authorizer"]["iam"]["accessKey"]), ("body", keys.access_key))
        self.assertEqual(self.curl(request.url, "--data-binary", "other", *headers)[0], 403)

    def test_a_health_check_probes_it(self):
        url = self.made("probed", "NONE")
        route53 = self.world.client("route53")

        def check(path):
            at = urllib.parse.urlsplit(url)
            made = route53.create_health_check(CallerReference="url" + path, HealthCheckConfig={
                "Type": "HTTP", "FullyQualifiedDomainName": at.hostname, "Port": at.port, "ResourcePath": path, "RequestInterval": 10,
                "FailureThreshold": 1})
            return made["HealthCheck"]["Id"]

        def says(identity):
            seen = route53.get_health_check_status(HealthCheckId=identity)["HealthCheckObservations"]
            return {re.sub(r"^(\w+): HTTP Status Code:? (\d+).*", r"\1 \2", one["StatusReport"]["Status"]) for one in seen}

        def comes_to(identity, status):
            """A probe gives up after two seconds, and on a busy machine a function may take longer to start."""
            for _ in range(20):
                self.world.engine.advance("10s")
                if says(identity) == {status}:
                    return
            self.fail(f"{says(identity)} and never {status}")
        there, missing = check("/"), check("/missing")
        comes_to(there, "Failure 403")
        self.permit("probed", "NONE")
        comes_to(there, "Success 200")
        comes_to(missing, "Failure 404")
        for identity in (there, missing):
            route53.delete_health_check(HealthCheckId=identity)


def load_tests(loader, _tests, _pattern):
    """Url's own cases: those that it inherits are lambda_cases'."""
    own = [name for name in loader.getTestCaseNames(Url) if name in vars(Url)]
    return unittest.TestSuite(map(Url, own))


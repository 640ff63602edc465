# SPDX-License-Identifier: Apache-2.0
"""One engine for all cases of a run, and what the cases say of answers."""
import atexit
import datetime
import io
import json
import os
import re
import sys
import unittest
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "support"))
import boto3  # noqa: E402
import botocore.config  # noqa: E402
import botocore.exceptions  # noqa: E402
from sitelatch import Workplace  # noqa: E402

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ANY = re.compile(".")
LAMBDA_TRUST = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]})
BASIC_EXECUTION = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"


class World:
    """The engine stands still unless a case advances it."""

    def __init__(self):
        self.place = Workplace()
        atexit.register(self.place.__exit__, None, None, None)
        self.engine = self.place.engine("--clock", "manual")
        environment = self.engine.environment()
        self.keys = {"aws_access_key_id": environment["AWS_ACCESS_KEY_ID"],
                     "aws_secret_access_key": environment["AWS_SECRET_ACCESS_KEY"]}
        self.account = self.client("sts").get_caller_identity()["Account"]

    def client(self, service, region="us-east-1", keys=None, **config):
        """A client that does not retry, so that a refusal shows at once."""
        return boto3.session.Session().client(
            service, region_name=region, endpoint_url=self.engine.api, **(keys or self.keys),
            config=botocore.config.Config(retries={"max_attempts": 0}, **config))


_world = None


def world():
    global _world
    if _world is None:
        _world = World()
    return _world


def zip_of(source, name="lambda.py"):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr(name, source)
    return out.getvalue()


class Case(unittest.TestCase):
    maxDiff = None
    service = None
    region = "us-east-1"

    @classmethod
    def setUpClass(cls):
        cls.world = world()
        cls.account = cls.world.account
        if cls.service:
            cls.client = cls.world.client(cls.service, cls.region)

    def refused(self, code, message, status, call, *arguments, **options):
        """The call fails with exactly this, as botocore reads it. A message may be a compiled pattern, or None for no
        message at all."""
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            call(*arguments, **options)
        response = caught.exception.response
        said = (response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"])
        self.assertEqual(said, (code, status), response["Error"])
        text = response["Error"].get("Message")
        if hasattr(message, "search"):
            self.assertRegex(text, message)
        elif message is None:
            self.assertIn(text, (None, ""))
        else:
            self.assertEqual(text, message)
        self.assertRegex(response["ResponseMetadata"].get("RequestId", "no request id"), UUID)
        return caught.exception

    def answered(self, response, status=200):
        self.assertEqual(response["ResponseMetadata"]["HTTPStatusCode"], status)
        self.assertRegex(response["ResponseMetadata"]["RequestId"], UUID)
        return response

    def is_recent(self, instant):
        self.assertIsInstance(instant, datetime.datetime)
        self.assertIsNotNone(instant.tzinfo)
        self.assertLess(abs((datetime.datetime.now(datetime.timezone.utc) - instant).total_seconds()), 3600)

    def paged(self, operation, result, **options):
        """Everything, through botocore's paginator, in pages of two."""
        pages = list(self.client.get_paginator(operation).paginate(PaginationConfig={"PageSize": 2}, **options))
        return [entry for page in pages for entry in page[result]], len(pages)

# SPDX-License-Identifier: Apache-2.0
import time

from world import ANY, Case


class Logs(Case):
    service = "logs"

    def put(self, group, stream, *messages):
        at = int(time.time() * 1000) - 60000
        return self.client.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[
            {"timestamp": at + i, "message": message} for i, message in enumerate(messages)])

    def test_groups(self):
        self.client.create_log_group(logGroupName="/groups/a", tags={"a": "b"})
        self.refused("ResourceAlreadyExistsException", "The specified log group already exists", 400,
                     self.client.create_log_group, logGroupName="/groups/a")
        for name in ("/groups/b", "/groups/c"):
            self.client.create_log_group(logGroupName=name)
        self.client.put_retention_policy(logGroupName="/groups/a", retentionInDays=7)
        self.refused("InvalidParameterException", ANY, 400, self.client.put_retention_policy, logGroupName="/groups/a", retentionInDays=2)
        groups, pages = self.paged("describe_log_groups", "logGroups", logGroupNamePrefix="/groups/")
        self.assertEqual(([g["logGroupName"] for g in groups], pages), (["/groups/a", "/groups/b", "/groups/c"], 2))
        self.assertEqual(groups[0]["retentionInDays"], 7)
        self.assertEqual(groups[0]["arn"], f"arn:aws:logs:us-east-1:{self.account}:log-group:/groups/a:*")
        self.assertEqual(groups[0]["storedBytes"], 0)
        self.assertNotIn("retentionInDays", groups[1])
        self.client.delete_retention_policy(logGroupName="/groups/a")
        self.assertNotIn("retentionInDays", self.client.describe_log_groups(logGroupNamePrefix="/groups/a")["logGroups"][0])
        arn = f"arn:aws:logs:us-east-1:{self.account}:log-group:/groups/a"
        self.client.tag_log_group(logGroupName="/groups/a", tags={"c": "d"})
        self.client.untag_log_group(logGroupName="/groups/a", tags=["a"])
        self.assertEqual(self.client.list_tags_log_group(logGroupName="/groups/a")["tags"], {"c": "d"})
        if hasattr(self.client, "list_tags_for_resource"):
            self.client.tag_resource(resourceArn=arn, tags={"e": "f"})
            self.client.untag_resource(resourceArn=arn, tagKeys=["c"])
            self.assertEqual(self.client.list_tags_for_resource(resourceArn=arn)["tags"], {"e": "f"})
        self.client.delete_log_group(logGroupName="/groups/a")
        self.refused("ResourceNotFoundException", "The specified log group does not exist.", 400,
                     self.client.delete_log_group, logGroupName="/groups/a")

    def test_streams_and_events(self):
        self.client.create_log_group(logGroupName="events")
        for stream in ("one", "two", "three"):
            self.client.create_log_stream(logGroupName="events", logStreamName=stream)
        self.refused("ResourceAlreadyExistsException", "The specified log stream already exists", 400,
                     self.client.create_log_stream, logGroupName="events", logStreamName="one")
        self.assertIn("nextSequenceToken", self.put("events", "one", *[f"line {i}" for i in range(5)]))
        self.put("events", "two", "[ERROR] broken", "fine")
        streams, pages = self.paged("describe_log_streams", "logStreams", logGroupName="events")
        self.assertEqual(([s["logStreamName"] for s in streams], pages), (["one", "three", "two"], 2))
        self.assertEqual(streams[0]["arn"], f"arn:aws:logs:us-east-1:{self.account}:log-group:events:log-stream:one")
        self.assertEqual(streams[0]["lastEventTimestamp"] - streams[0]["firstEventTimestamp"], 4)
        got = self.client.get_log_events(logGroupName="events", logStreamName="one", limit=2)
        self.assertEqual([event["message"] for event in got["events"]], ["line 3", "line 4"])
        back = self.client.get_log_events(logGroupName="events", logStreamName="one", limit=2, nextToken=got["nextBackwardToken"])
        self.assertEqual([event["message"] for event in back["events"]], ["line 1", "line 2"])
        end = self.client.get_log_events(logGroupName="events", logStreamName="one", nextToken=got["nextForwardToken"])
        self.assertEqual((end["events"], end["nextForwardToken"]), ([], got["nextForwardToken"]))
        first = self.client.get_log_events(logGroupName="events", logStreamName="one", limit=2, startFromHead=True)
        self.assertEqual([event["message"] for event in first["events"]], ["line 0", "line 1"])
        found, pages = self.paged("filter_log_events", "events", logGroupName="events")
        self.assertEqual(len(found), 7)
        self.assertEqual(len({event["eventId"] for event in found}), 7)
        self.assertGreater(pages, 3)
        found = self.client.filter_log_events(logGroupName="events", filterPattern="ERROR")["events"]
        self.assertEqual([(event["message"], event["logStreamName"]) for event in found], [("[ERROR] broken", "two")])
        self.assertEqual(set(found[0]), {"logStreamName", "timestamp", "message", "ingestionTime", "eventId"})
        self.client.delete_log_stream(logGroupName="events", logStreamName="two")
        self.assertEqual(self.client.filter_log_events(logGroupName="events", filterPattern="ERROR")["events"], [])

    def test_refusals(self):
        self.client.create_log_group(logGroupName="refusals")
        self.refused("ResourceNotFoundException", "The specified log stream does not exist.", 400, self.put, "refusals", "none", "x")
        self.refused("ResourceNotFoundException", "The specified log group does not exist.", 400, self.put, "none", "none", "x")
        self.refused("ResourceNotFoundException", "The specified log group does not exist.", 400,
                     self.client.filter_log_events, logGroupName="none")
        self.client.create_log_stream(logGroupName="refusals", logStreamName="s")
        now = int(time.time() * 1000)
        self.refused("InvalidParameterException", "Log events in a single PutLogEvents request must be in chronological order.", 400,
                     self.client.put_log_events, logGroupName="refusals", logStreamName="s",
                     logEvents=[{"timestamp": now, "message": "b"}, {"timestamp": now - 1, "message": "a"}])
        answer = self.client.put_log_events(logGroupName="refusals", logStreamName="s", logEvents=[
            {"timestamp": now - 15 * 86400000, "message": "old"}, {"timestamp": now, "message": "now"},
            {"timestamp": now + 5 * 3600000, "message": "new"}])
        self.assertEqual(answer["rejectedLogEventsInfo"], {"tooOldLogEventEndIndex": 1, "tooNewLogEventStartIndex": 2})
        self.refused("InvalidParameterException", ANY, 400, self.client.get_log_events, logGroupName="refusals", logStreamName="s",
                     nextToken="nonsense")

# SPDX-License-Identifier: Apache-2.0
import datetime
import json
import re

from world import ANY, Case

NAMESPACE = "Interop"


class CloudWatch(Case):
    service = "cloudwatch"

    def now(self):
        """Engine time, to the second."""
        sts = self.world.client("cloudwatch")
        del sts
        return datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)

    def put_alarm(self, name, **settings):
        return self.client.put_metric_alarm(**{**dict(
            AlarmName=name, Namespace=NAMESPACE, MetricName=name, Statistic="Minimum", Period=60, EvaluationPeriods=1,
            Threshold=1, ComparisonOperator="LessThanThreshold"), **settings})

    def alarm(self, name):
        return self.client.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]

    def test_alarm_as_described(self):
        self.put_alarm("described", Dimensions=[{"Name": "HealthCheckId", "Value": "x"}], TreatMissingData="notBreaching",
                       AlarmActions=[f"arn:aws:sns:us-east-1:{self.account}:topic"], Tags=[{"Key": "a", "Value": "b"}])
        self.client.get_waiter("alarm_exists").wait(AlarmNames=["described"], WaiterConfig={"Delay": 1, "MaxAttempts": 1})
        alarm = self.alarm("described")
        for name in ("AlarmConfigurationUpdatedTimestamp", "StateUpdatedTimestamp"):
            self.is_recent(alarm.pop(name))
        alarm.pop("StateTransitionedTimestamp", None)
        arn = f"arn:aws:cloudwatch:us-east-1:{self.account}:alarm:described"
        self.assertEqual(alarm, {
            "AlarmName": "described", "AlarmArn": arn, "ActionsEnabled": True, "OKActions": [],
            "AlarmActions": [f"arn:aws:sns:us-east-1:{self.account}:topic"], "InsufficientDataActions": [],
            "StateValue": "INSUFFICIENT_DATA", "StateReason": "Unchecked: Initial alarm creation", "MetricName": "described",
            "Namespace": NAMESPACE, "Statistic": "Minimum", "Dimensions": [{"Name": "HealthCheckId", "Value": "x"}],
            "Period": 60, "EvaluationPeriods": 1, "Threshold": 1.0, "ComparisonOperator": "LessThanThreshold",
            "TreatMissingData": "notBreaching"})
        self.assertEqual(self.client.list_tags_for_resource(ResourceARN=arn)["Tags"], [{"Key": "a", "Value": "b"}])
        self.client.tag_resource(ResourceARN=arn, Tags=[{"Key": "a", "Value": "c"}, {"Key": "d", "Value": ""}])
        self.client.untag_resource(ResourceARN=arn, TagKeys=["d"])
        self.assertEqual(self.client.list_tags_for_resource(ResourceARN=arn)["Tags"], [{"Key": "a", "Value": "c"}])
        self.client.delete_alarms(AlarmNames=["described"])
        self.assertEqual(self.client.describe_alarms(AlarmNames=["described"])["MetricAlarms"], [])
        self.assertEqual(self.client.list_tags_for_resource(ResourceARN=arn)["Tags"], [])

    def test_empty_lists_are_there(self):
        answer = self.client.describe_alarms(AlarmNames=["no such alarm"])
        self.assertEqual((answer["MetricAlarms"], answer["CompositeAlarms"]), ([], []))
        self.assertEqual(self.client.describe_alarms_for_metric(MetricName="a", Namespace="b")["MetricAlarms"], [])

    def test_state_by_hand(self):
        self.put_alarm("by hand")
        before = self.alarm("by hand")["StateTransitionedTimestamp"] if "StateTransitionedTimestamp" in self.alarm("by hand") else None
        del before
        self.client.set_alarm_state(AlarmName="by hand", StateValue="ALARM", StateReason="a drill",
                                    StateReasonData=json.dumps({"drill": 1}))
        alarm = self.alarm("by hand")
        self.assertEqual((alarm["StateValue"], alarm["StateReason"], alarm["StateReasonData"]),
                         ("ALARM", "a drill", json.dumps({"drill": 1})))
        items = self.client.describe_alarm_history(AlarmName="by hand", HistoryItemType="StateUpdate")["AlarmHistoryItems"]
        self.assertEqual([(i["HistorySummary"], i["AlarmType"]) for i in items],
                         [("Alarm updated from INSUFFICIENT_DATA to ALARM", "MetricAlarm")])
        self.assertEqual(json.loads(items[0]["HistoryData"])["newState"]["stateReason"], "a drill")
        self.is_recent(items[0]["Timestamp"])
        # An update leaves the state as it is.
        self.put_alarm("by hand", Threshold=2)
        self.assertEqual((self.alarm("by hand")["StateValue"], self.alarm("by hand")["Threshold"]), ("ALARM", 2.0))
        self.client.disable_alarm_actions(AlarmNames=["by hand"])
        self.assertIs(self.alarm("by hand")["ActionsEnabled"], False)
        self.client.enable_alarm_actions(AlarmNames=["by hand"])
        self.assertIs(self.alarm("by hand")["ActionsEnabled"], True)

    def test_unknown_alarm(self):
        self.refused("ResourceNotFound", None, 404, self.client.set_alarm_state, AlarmName="no such alarm",
                     StateValue="OK", StateReason="none")

    def test_refusals(self):
        code = "ValidationError"
        self.refused(code, "1 validation error detected: Value 'INVALID' at 'stateValue' failed to satisfy constraint: "
                     "Member must satisfy enum value set: [INSUFFICIENT_DATA, ALARM, OK]", 400,
                     self.client.set_alarm_state, AlarmName="a", StateValue="INVALID", StateReason="none")
        now = self.now()
        self.refused("InvalidParameterCombination",
                     "You have requested up to 86400 datapoints, which exceeds the limit of 1440. You may reduce the "
                     "datapoints requested by increasing Period, or decreasing the time range.", 400,
                     self.client.get_metric_statistics, Namespace="a", MetricName="b", Period=1, Statistics=["Sum"],
                     StartTime=now - datetime.timedelta(days=1), EndTime=now)
        self.refused("InvalidParameterValue", "The parameter StartTime must be less than the parameter EndTime.", 400,
                     self.client.get_metric_statistics, Namespace="a", MetricName="b", Period=60, Statistics=["Sum"],
                     StartTime=now, EndTime=now - datetime.timedelta(days=1))
        self.refused("InvalidParameterCombination",
                     "The parameters MetricData.member.1.Value and MetricData.member.1.Values are mutually exclusive and "
                     "you have specified both.", 400, self.client.put_metric_data, Namespace="a",
                     MetricData=[{"MetricName": "b", "Value": 1, "Values": [1]}])
        self.refused("InvalidParameterValue",
                     "The parameters MetricData.member.1.Values and MetricData.member.1.Counts must be of the same size.", 400,
                     self.client.put_metric_data, Namespace="a",
                     MetricData=[{"MetricName": "b", "Values": [1, 2], "Counts": [1]}])
        self.refused("ResourceNotFoundException", ANY, 404, self.client.tag_resource, Tags=[{"Key": "a", "Value": "b"}],
                     ResourceARN=f"arn:aws:cloudwatch:us-east-1:{self.account}:alarm:no such alarm")
        self.refused("InvalidNextToken", ANY, 400, self.client.describe_alarms, NextToken="nonsense")
        self.refused("InvalidParameterValue", ANY, 400, self.client.put_metric_data, Namespace="AWS/Route53",
                     MetricData=[{"MetricName": "b", "Value": 1}])

    def test_data(self):
        now = self.now().replace(second=0)
        at = [now - datetime.timedelta(minutes=m) for m in (3, 2, 1)]
        dimensions = [{"Name": "Site", "Value": "primary"}]
        self.answered(self.client.put_metric_data(Namespace=NAMESPACE, MetricData=[
            {"MetricName": "data", "Dimensions": dimensions, "Timestamp": at[0], "Value": 1.5, "Unit": "Count"},
            {"MetricName": "data", "Dimensions": dimensions, "Timestamp": at[1], "Values": [1, 2, 3], "Counts": [1, 2, 1], "Unit": "Count"},
            {"MetricName": "data", "Dimensions": dimensions, "Timestamp": at[2], "Unit": "Count",
             "StatisticValues": {"SampleCount": 4, "Sum": 10, "Minimum": 1, "Maximum": 4}}]))
        answer = self.client.get_metric_statistics(
            Namespace=NAMESPACE, MetricName="data", Dimensions=dimensions, Period=60, StartTime=at[0], EndTime=now,
            Statistics=["Sum", "Minimum", "Maximum", "SampleCount", "Average"])
        self.assertEqual(answer["Label"], "data")
        points = sorted(answer["Datapoints"], key=lambda point: point["Timestamp"])
        self.assertEqual([p["Timestamp"] for p in points], at)
        self.assertEqual(points[1], {"Timestamp": at[1], "Sum": 8.0, "Minimum": 1.0, "Maximum": 3.0, "SampleCount": 4.0,
                                     "Average": 2.0, "Unit": "Count"})
        self.assertEqual((points[2]["Sum"], points[2]["Average"]), (10.0, 2.5))
        query = {"Id": "m1", "MetricStat": {"Metric": {"Namespace": NAMESPACE, "MetricName": "data", "Dimensions": dimensions},
                                            "Period": 60, "Stat": "Maximum"}}
        answer = self.client.get_metric_data(MetricDataQueries=[query], StartTime=at[0], EndTime=now)
        self.assertEqual(answer["Messages"], [])
        result = answer["MetricDataResults"][0]
        self.assertEqual((result["Id"], result["Label"], result["StatusCode"], result["Timestamps"], result["Values"]),
                         ("m1", "data", "Complete", at[::-1], [4.0, 3.0, 1.5]))
        answer = self.client.get_metric_data(MetricDataQueries=[query], StartTime=at[0], EndTime=now, ScanBy="TimestampAscending")
        self.assertEqual(answer["MetricDataResults"][0]["Values"], [1.5, 3.0, 4.0])
        self.assertEqual(self.client.get_metric_statistics(
            Namespace=NAMESPACE, MetricName="nothing", Period=60, StartTime=at[0], EndTime=now, Statistics=["Sum"])["Datapoints"], [])

    def test_metrics_in_pages(self):
        self.client.put_metric_data(Namespace="Pages", MetricData=[
            {"MetricName": f"m{i}", "Dimensions": [{"Name": "i", "Value": str(i)}], "Value": i} for i in range(4)])
        pages = list(self.client.get_paginator("list_metrics").paginate(Namespace="Pages"))
        names = sorted(metric["MetricName"] for page in pages for metric in page["Metrics"])
        self.assertEqual(names, ["m0", "m1", "m2", "m3"])
        found = self.client.list_metrics(Namespace="Pages", Dimensions=[{"Name": "i", "Value": "2"}])["Metrics"]
        self.assertEqual(found, [{"Namespace": "Pages", "MetricName": "m2", "Dimensions": [{"Name": "i", "Value": "2"}]}])

    def test_alarms_in_pages(self):
        for i in range(5):
            self.put_alarm(f"page {i}")
        alarms, pages = self.paged("describe_alarms", "MetricAlarms", AlarmNamePrefix="page ")
        self.assertEqual([alarm["AlarmName"] for alarm in alarms], [f"page {i}" for i in range(5)])
        self.assertEqual(pages, 3)
        items, _ = self.paged("describe_alarm_history", "AlarmHistoryItems", AlarmName="page 1")
        self.assertEqual([(i["HistoryItemType"], i["HistorySummary"]) for i in items],
                         [("ConfigurationUpdate", 'Alarm "page 1" created')])
        found = self.client.describe_alarms_for_metric(Namespace=NAMESPACE, MetricName="page 3")["MetricAlarms"]
        self.assertEqual([alarm["AlarmName"] for alarm in found], ["page 3"])
        self.client.delete_alarms(AlarmNames=[f"page {i}" for i in range(5)])

    def test_missing_data_makes_the_guides_alarm_ok(self):
        self.put_alarm("evaluated", TreatMissingData="notBreaching")
        self.world.engine.advance("2m")
        alarm = self.alarm("evaluated")
        self.assertEqual((alarm["StateValue"], alarm["StateReason"]), (
            "OK", "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as [NonBreaching]."))
        self.assertIsNotNone(re.match("{", alarm["StateReasonData"]))

# SPDX-License-Identifier: Apache-2.0
from world import ANY, Case


class Events(Case):
    service = "events"

    def test_rule(self):
        arn = f"arn:aws:events:us-east-1:{self.account}:rule/rule"
        answer = self.client.put_rule(Name="rule", ScheduleExpression="rate(1 minute)", Description="why", State="DISABLED",
                                      Tags=[{"Key": "a", "Value": ""}])
        self.assertEqual(answer["RuleArn"], arn)
        rule = self.client.describe_rule(Name="rule")
        rule.pop("ResponseMetadata")
        self.assertEqual(rule, {"Name": "rule", "Arn": arn, "ScheduleExpression": "rate(1 minute)", "State": "DISABLED",
                                "Description": "why", "EventBusName": "default", "CreatedBy": self.account})
        self.answered(self.client.enable_rule(Name="rule"))
        self.assertEqual(self.client.describe_rule(Name="rule")["State"], "ENABLED")
        self.answered(self.client.disable_rule(Name="rule"))
        self.client.put_rule(Name="rule", ScheduleExpression="cron(0/15 * * * ? *)")
        rule = self.client.describe_rule(Name="rule")
        self.assertEqual(rule["State"], "ENABLED")
        self.assertNotIn("Description", rule)
        self.assertEqual(self.client.list_tags_for_resource(ResourceARN=arn)["Tags"], [{"Key": "a", "Value": ""}])
        self.client.tag_resource(ResourceARN=arn, Tags=[{"Key": "b", "Value": "c"}])
        self.client.untag_resource(ResourceARN=arn, TagKeys=["a", "absent"])
        self.assertEqual(self.client.list_tags_for_resource(ResourceARN=arn)["Tags"], [{"Key": "b", "Value": "c"}])
        function = f"arn:aws:lambda:us-east-1:{self.account}:function:f"
        targets = [{"Id": "1", "Arn": function, "Input": '{"a": 1}', "RetryPolicy": {"MaximumRetryAttempts": 0}},
                   {"Id": "2", "Arn": function}]
        answer = self.client.put_targets(Rule="rule", Targets=targets)
        self.assertEqual((answer["FailedEntryCount"], answer["FailedEntries"]), (0, []))
        self.assertEqual(self.client.list_targets_by_rule(Rule="rule")["Targets"], targets)
        self.assertEqual(self.client.list_rule_names_by_target(TargetArn=function)["RuleNames"], ["rule"])
        self.refused("ValidationException", "Rule can't be deleted since it has targets.", 400, self.client.delete_rule, Name="rule")
        self.assertEqual(self.client.remove_targets(Rule="rule", Ids=["1", "2", "absent"])["FailedEntries"], [])
        self.answered(self.client.delete_rule(Name="rule"))
        self.answered(self.client.delete_rule(Name="rule"))
        self.refused("ResourceNotFoundException", "Rule rule does not exist on EventBus default.", 400, self.client.describe_rule,
                     Name="rule")

    def test_refusals(self):
        invalid = ("ValidationException",)
        self.refused(*invalid, "Parameter(s) EventPattern or ScheduleExpression must be specified.", 400, self.client.put_rule, Name="r")
        for expression in ("rate(1 minutes)", "rate( 1 minute)", "cron(0 1 * * * *)", "rate(0 minutes)", ""):
            if expression:
                self.refused(*invalid, "Parameter ScheduleExpression is not valid.", 400, self.client.put_rule, Name="r",
                             ScheduleExpression=expression)
        self.refused("ResourceNotFoundException", "Event bus other does not exist.", 400, self.client.list_rules, EventBusName="other")
        self.refused(*invalid, r"1 validation error detected: Value 'arn:aws:events:us-east-1:1:rule/r' at 'name' failed to satisfy "
                     r"constraint: Member must satisfy regular expression pattern: [\.\-_A-Za-z0-9]+", 400,
                     self.client.describe_rule, Name="arn:aws:events:us-east-1:1:rule/r")
        self.client.put_rule(Name="targets", ScheduleExpression="rate(1 day)", State="DISABLED")
        function = f"arn:aws:lambda:us-east-1:{self.account}:function:f"
        put = self.client.put_targets
        self.refused(*invalid, "1 validation error detected: Value '!@#$@!#$' at 'targets.1.member.id' failed to satisfy constraint: "
                     r"Member must satisfy regular expression pattern: [\.\-_A-Za-z0-9]+", 400, put, Rule="targets",
                     Targets=[{"Id": "!@#$@!#$", "Arn": function}])
        self.refused("LimitExceededException", "The requested resource exceeds the maximum number allowed.", 400, put, Rule="targets",
                     Targets=[{"Id": str(i), "Arn": function} for i in range(6)])
        self.refused(*invalid, "Only one of Input, InputPath, or InputTransformer must be provided for target a.", 400, put,
                     Rule="targets", Targets=[{"Id": "a", "Arn": function, "Input": "{}", "InputPath": "$.a"}])
        self.refused(*invalid, "Parameter nonsense is not valid. Reason: Provided Arn is not in correct format.", 400, put,
                     Rule="targets", Targets=[{"Id": "a", "Arn": "nonsense"}])
        self.refused("ResourceNotFoundException", "Rule none does not exist on EventBus default.", 400, put, Rule="none",
                     Targets=[{"Id": "a", "Arn": function}])

    def test_pages(self):
        for i in range(5):
            self.client.put_rule(Name=f"page{i}", ScheduleExpression="rate(1 day)", State="DISABLED")
        pages = [self.client.list_rules(NamePrefix="page", Limit=2)]
        while "NextToken" in pages[-1]:
            pages.append(self.client.list_rules(NamePrefix="page", Limit=2, NextToken=pages[-1]["NextToken"]))
        rules = [rule for page in pages for rule in page["Rules"]]
        self.assertEqual(([rule["Name"] for rule in rules], len(pages)), ([f"page{i}" for i in range(5)], 3))
        self.assertNotIn("CreatedBy", rules[0])
        self.refused("ValidationException", ANY, 400, self.client.list_rules, NextToken="nonsense")
        self.assertEqual([bus["Name"] for bus in self.client.list_event_buses()["EventBuses"]], ["default"])
        self.assertEqual(self.client.describe_event_bus()["Name"], "default")

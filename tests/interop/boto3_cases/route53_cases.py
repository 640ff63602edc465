# SPDX-License-Identifier: Apache-2.0
import re

from world import ANY, UUID, Case

RECORD = {"Name": "a.example.test", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}


class HealthChecks(Case):
    service = "route53"

    def create(self, reference, **config):
        return self.client.create_health_check(CallerReference=reference, HealthCheckConfig={
            "Type": "HTTP", "IPAddress": "127.0.0.1", "Port": 1, "ResourcePath": "/lb-check", **config})

    def test_create_answers_what_was_filled_in(self):
        answer = self.answered(self.create("filled in", RequestInterval=30, FailureThreshold=1), 201)
        check = answer["HealthCheck"]
        self.assertRegex(check["Id"], UUID)
        self.assertEqual(answer["Location"], "https://route53.amazonaws.com/2013-04-01/healthcheck/" + check["Id"])
        self.assertEqual(check["HealthCheckVersion"], 1)
        self.assertEqual(check["HealthCheckConfig"], {
            "Type": "HTTP", "IPAddress": "127.0.0.1", "Port": 1, "ResourcePath": "/lb-check", "RequestInterval": 30,
            "FailureThreshold": 1, "MeasureLatency": False, "Inverted": False, "Disabled": False, "EnableSNI": False})
        self.assertEqual(self.client.get_health_check(HealthCheckId=check["Id"])["HealthCheck"], check)

    def test_caller_references(self):
        first = self.create("again")["HealthCheck"]
        self.assertEqual(self.create("again")["HealthCheck"], first)
        self.refused("HealthCheckAlreadyExists",
                     "A different health check has already been created with the specified caller reference.", 409,
                     self.create, "again", ResourcePath="/other")
        self.client.delete_health_check(HealthCheckId=first["Id"])
        self.refused("HealthCheckAlreadyExists", ANY, 409, self.create, "again")

    def test_update(self):
        check = self.create("update")["HealthCheck"]["Id"]
        changed = self.client.update_health_check(HealthCheckId=check, ResourcePath="/lb-check-failed-over")["HealthCheck"]
        self.assertEqual(changed["HealthCheckVersion"], 2)
        self.assertEqual(changed["HealthCheckConfig"]["ResourcePath"], "/lb-check-failed-over")
        self.assertEqual(changed["HealthCheckConfig"]["FailureThreshold"], 3)
        self.refused("HealthCheckVersionMismatch", ANY, 409, self.client.update_health_check,
                     HealthCheckId=check, HealthCheckVersion=1, ResourcePath="/")
        changed = self.client.update_health_check(HealthCheckId=check, HealthCheckVersion=2,
                                                  ResetElements=["ResourcePath"])["HealthCheck"]
        self.assertNotIn("ResourcePath", changed["HealthCheckConfig"])
        self.assertEqual(changed["HealthCheckVersion"], 3)

    def test_refusals(self):
        missing = "00000000-0000-0000-0000-000000000000"
        text = f"A health check with id {missing} does not exist."
        for call in (self.client.get_health_check, self.client.update_health_check, self.client.delete_health_check,
                     self.client.get_health_check_status, self.client.get_health_check_last_failure_reason):
            self.refused("NoSuchHealthCheck", text, 404, call, HealthCheckId=missing)
        for config, message in [
            ({"Type": "CALCULATED", "ChildHealthChecks": []},
             "Invalid parameter : Calculated health checks must have a health threshold specified."),
            ({"Type": "TCP", "IPAddress": "192.0.2.1", "Port": 1, "ResourcePath": "/"},
             "TCP health checks must not have a resource path specified."),
            ({"Type": "TCP", "IPAddress": "192.0.2.1", "Port": 1, "FullyQualifiedDomainName": "a.test"},
             "TCP health checks that have IP address must not have a fully qualified domain name specified."),
            ({"Type": "HTTP", "IPAddress": "192.0.2.1", "AlarmIdentifier": {"Region": "us-east-1", "Name": "a"}},
             "Invalid parameter : Basic health checks must not have an metric region specified."),
        ]:
            self.refused("InvalidInput", message, 400, self.client.create_health_check, CallerReference="refused",
                         HealthCheckConfig=config)

    def test_calculated_has_nothing_of_an_endpoint(self):
        child = self.create("child")["HealthCheck"]["Id"]
        config = self.client.create_health_check(CallerReference="calculated", HealthCheckConfig={
            "Type": "CALCULATED", "HealthThreshold": 1, "ChildHealthChecks": [child]})["HealthCheck"]["HealthCheckConfig"]
        self.assertEqual(config, {"Type": "CALCULATED", "HealthThreshold": 1, "ChildHealthChecks": [child],
                                  "Inverted": False, "Disabled": False})

    def test_list_count_and_pages(self):
        made = {self.create(f"page {i}")["HealthCheck"]["Id"] for i in range(5)}
        listed, pages = self.paged("list_health_checks", "HealthChecks")
        ids = [check["Id"] for check in listed]
        self.assertLessEqual(made, set(ids))
        self.assertEqual(len(ids), len(set(ids)))
        self.assertGreater(pages, 2)
        self.assertEqual(self.client.get_health_check_count()["HealthCheckCount"], len(ids))
        answer = self.client.list_health_checks(MaxItems="2")
        self.assertEqual((answer["MaxItems"], answer["IsTruncated"], answer["Marker"]), ("2", True, ""))

    def test_status_and_failure_reason(self):
        check = self.create("probed", FailureThreshold=1)["HealthCheck"]["Id"]
        self.world.engine.advance("70s")
        for call in (self.client.get_health_check_status, self.client.get_health_check_last_failure_reason):
            observation = call(HealthCheckId=check)["HealthCheckObservations"][0]
            self.assertEqual(observation["Region"], "us-east-1")
            self.assertTrue(observation["StatusReport"]["Status"].startswith("Failure: "), observation)
            self.is_recent(observation["StatusReport"]["CheckedTime"])

    def test_checker_ip_ranges(self):
        self.assertIn("127.0.0.1/32", self.client.get_checker_ip_ranges()["CheckerIpRanges"])

    def test_tags(self):
        check = self.create("tags")["HealthCheck"]["Id"]
        tags = [{"Key": "Name", "Value": "primary"}, {"Key": "größe", "Value": ""}]
        self.client.change_tags_for_resource(ResourceType="healthcheck", ResourceId=check, AddTags=tags)
        self.client.change_tags_for_resource(ResourceType="healthcheck", ResourceId=check, RemoveTagKeys=["größe"])
        answer = self.client.list_tags_for_resource(ResourceType="healthcheck", ResourceId=check)["ResourceTagSet"]
        self.assertEqual(answer, {"ResourceType": "healthcheck", "ResourceId": check, "Tags": tags[:1]})
        many = self.client.list_tags_for_resources(ResourceType="healthcheck", ResourceIds=[check])["ResourceTagSets"]
        self.assertEqual(many, [answer])
        self.refused("NoSuchHealthCheck", ANY, 404, self.client.list_tags_for_resource,
                     ResourceType="healthcheck", ResourceId="00000000-0000-0000-0000-000000000000")


class Zones(Case):
    service = "route53"
    zones = 0

    def zone(self, name="example.test"):
        Zones.zones += 1
        return self.client.create_hosted_zone(Name=name, CallerReference=f"zone {self.zones}")

    def change(self, zone, action, **record):
        return self.client.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={
            "Changes": [{"Action": action, "ResourceRecordSet": {**RECORD, **record}}]})["ChangeInfo"]

    def test_create(self):
        answer = self.answered(self.client.create_hosted_zone(
            Name="Create.Example.Test", CallerReference="create", HostedZoneConfig={"Comment": "why", "PrivateZone": False}), 201)
        zone = answer["HostedZone"]
        self.assertRegex(zone["Id"], r"^/hostedzone/Z[A-Z0-9]+$")
        self.assertEqual(answer["Location"], "https://route53.amazonaws.com/2013-04-01" + zone["Id"])
        self.assertEqual((zone["Name"], zone["CallerReference"], zone["ResourceRecordSetCount"]),
                         ("create.example.test.", "create", 2))
        self.assertEqual(zone["Config"], {"Comment": "why", "PrivateZone": False})
        self.assertEqual(answer["ChangeInfo"]["Status"], "PENDING")
        self.assertRegex(answer["ChangeInfo"]["Id"], r"^/change/C[A-Z0-9]+$")
        self.is_recent(answer["ChangeInfo"]["SubmittedAt"])
        self.assertEqual(len(answer["DelegationSet"]["NameServers"]), 4)
        self.refused("HostedZoneAlreadyExists", ANY, 409, self.client.create_hosted_zone,
                     Name="create.example.test", CallerReference="create")
        got = self.client.get_hosted_zone(Id=zone["Id"])
        self.assertEqual(got["HostedZone"], zone)
        self.assertEqual(got["DelegationSet"], answer["DelegationSet"])
        changed = self.client.update_hosted_zone_comment(Id=zone["Id"], Comment="because")["HostedZone"]
        self.assertEqual(changed["Config"]["Comment"], "because")
        self.assertIn("/change/", self.client.delete_hosted_zone(Id=zone["Id"])["ChangeInfo"]["Id"])
        plain = zone["Id"].split("/")[-1]
        self.refused("NoSuchHostedZone", f"No hosted zone found with ID: {plain}", 404,
                     self.client.get_hosted_zone, Id=zone["Id"])

    def test_soa_and_ns(self):
        zone = self.zone("soa.example.test")
        sets = self.client.list_resource_record_sets(HostedZoneId=zone["HostedZone"]["Id"])["ResourceRecordSets"]
        self.assertEqual([(s["Name"], s["Type"], s["TTL"]) for s in sets],
                         [("soa.example.test.", "NS", 172800), ("soa.example.test.", "SOA", 900)])
        self.assertEqual([r["Value"] for r in sets[0]["ResourceRecords"]],
                         [name + "." for name in zone["DelegationSet"]["NameServers"]])
        self.assertRegex(sets[1]["ResourceRecords"][0]["Value"],
                         r"^ns-\d+\.awsdns-\d+\.\S+\. awsdns-hostmaster\.amazon\.com\. 1 7200 900 1209600 86400$")

    def test_changes_and_the_waiter(self):
        zone = self.zone("change.example.test")["HostedZone"]["Id"]
        change = self.change(zone, "CREATE", Name="a.change.example.test")
        self.assertEqual(change["Status"], "PENDING")
        self.world.engine.advance("60s")
        self.client.get_waiter("resource_record_sets_changed").wait(Id=change["Id"], WaiterConfig={"Delay": 1, "MaxAttempts": 3})
        self.assertEqual(self.client.get_change(Id=change["Id"])["ChangeInfo"]["Status"], "INSYNC")
        self.refused("NoSuchChange", ANY, 404, self.client.get_change, Id="C0000000000000")
        where = "[name='a.change.example.test.', type='A']"
        for action, record, message in [
            ("CREATE", {}, f"[Tried to create resource record set {where} but it already exists]"),
            ("DELETE", {"TTL": 61}, f"[Tried to delete resource record set {where} but the values provided do not match the current values]"),
            ("DELETE", {"Name": "b.change.example.test"},
             "[Tried to delete resource record set [name='b.change.example.test.', type='A'] but it was not found]"),
            ("CREATE", {"Name": "a.elsewhere.test"}, "[RRSet with DNS name a.elsewhere.test. is not permitted in zone change.example.test.]"),
            ("CREATE", {"Type": "CNAME", "ResourceRecords": [{"Value": "x.test"}]},
             "[RRSet of type CNAME with DNS name a.change.example.test. is not permitted as it conflicts with other records "
             "with the same DNS name in zone change.example.test.]"),
            ("CREATE", {"Name": "f.change.example.test", "SetIdentifier": "p", "Failover": "PRIMARY"},
             "[A non-alias primary ResourceRecordSet must have an associated health check. No changes made.]"),
        ]:
            record = {"Name": "a.change.example.test", **record}
            self.refused("InvalidChangeBatch", message, 400, self.change, zone, action, **record)
        self.refused("NoSuchHealthCheck", ANY, 404, self.change, zone, "CREATE", Name="h.change.example.test",
                     SetIdentifier="p", Failover="PRIMARY", HealthCheckId="00000000-0000-0000-0000-000000000000")
        self.refused("HostedZoneNotEmpty", "The specified hosted zone contains non-required resource record sets and so cannot be deleted.", 400,
                     self.client.delete_hosted_zone, Id=zone)
        self.change(zone, "DELETE", Name="a.change.example.test")
        self.client.delete_hosted_zone(Id=zone)

    def test_an_unknown_action(self):
        zone = self.zone("action.example.test")["HostedZone"]["Id"]
        self.refused("InvalidInput", re.compile(r"^Invalid XML ; .*cvc-enumeration-valid: Value 'MAKE' is not facet-valid"), 400,
                     self.change, zone, "MAKE", Name="a.action.example.test")

    def test_neither_alias_nor_records(self):
        zone = self.zone("nothing.example.test")["HostedZone"]["Id"]
        self.refused("InvalidInput",
                     "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or "
                     "TrafficPolicyInstanceId], but found none in Change with [Action=CREATE, Name=a.nothing.example.test., "
                     "Type=A, SetIdentifier=null]", 400, self.client.change_resource_record_sets, HostedZoneId=zone,
                     ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": {
                         "Name": "a.nothing.example.test.", "Type": "A"}}]})

    def test_pages_of_records(self):
        zone = self.zone("pages.example.test")["HostedZone"]["Id"]
        self.client.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [
            {"Action": "CREATE", "ResourceRecordSet": {**RECORD, "Name": f"{name}.pages.example.test", **extra}}
            for name, extra in [("b", {}), ("*.a", {}), ("w", {"SetIdentifier": "1", "Weight": 1}),
                                ("w", {"SetIdentifier": "2", "Weight": 0}), ("w", {"SetIdentifier": "3", "Weight": 255})]]})
        sets, pages = self.paged("list_resource_record_sets", "ResourceRecordSets", HostedZoneId=zone)
        self.assertEqual([(s["Name"], s["Type"], s.get("SetIdentifier")) for s in sets], [
            ("pages.example.test.", "NS", None), ("pages.example.test.", "SOA", None),
            ("\\052.a.pages.example.test.", "A", None), ("b.pages.example.test.", "A", None),
            ("w.pages.example.test.", "A", "1"), ("w.pages.example.test.", "A", "2"), ("w.pages.example.test.", "A", "3")])
        self.assertEqual(pages, 4)
        self.assertEqual([s["Weight"] for s in sets if "Weight" in s], [1, 0, 255])
        self.assertEqual(self.client.get_hosted_zone(Id=zone)["HostedZone"]["ResourceRecordSetCount"], 7)
        self.refused("InvalidInput", ANY, 400, self.client.list_resource_record_sets, HostedZoneId=zone,
                     StartRecordType="A")
        self.refused("NoSuchHostedZone", "No hosted zone found with ID: Z0000000000000", 404,
                     self.client.list_resource_record_sets, HostedZoneId="Z0000000000000")

    def test_lists_of_zones(self):
        ids = {self.zone(f"list{i}.test")["HostedZone"]["Id"] for i in range(3)}
        listed, _ = self.paged("list_hosted_zones", "HostedZones")
        self.assertLessEqual(ids, {zone["Id"] for zone in listed})
        self.assertEqual(self.client.get_hosted_zone_count()["HostedZoneCount"], len(listed))
        answer = self.client.list_hosted_zones_by_name(DNSName="list1.test", MaxItems="1")
        self.assertEqual((answer["HostedZones"][0]["Name"], answer["DNSName"], answer["IsTruncated"], answer["MaxItems"]),
                         ("list1.test.", "list1.test", True, "1"))
        self.assertEqual(answer["NextDNSName"], "list2.test.")

    def test_dns_answer(self):
        zone = self.zone("answer.example.test")["HostedZone"]["Id"]
        self.change(zone, "CREATE", Name="a.answer.example.test")
        answer = self.client.test_dns_answer(HostedZoneId=zone, RecordName="a.answer.example.test", RecordType="A")
        self.assertEqual((answer["RecordData"], answer["ResponseCode"], answer["RecordType"], answer["Protocol"]),
                         (["192.0.2.1"], "NOERROR", "A", "UDP"))

    def test_limits_and_zone_tags(self):
        zone = self.zone("limits.example.test")["HostedZone"]["Id"]
        limit = self.client.get_hosted_zone_limit(Type="MAX_RRSETS_BY_ZONE", HostedZoneId=zone)
        self.assertEqual((limit["Limit"]["Value"], limit["Count"]), (10000, 2))
        limit = self.client.get_account_limit(Type="MAX_HEALTH_CHECKS_BY_OWNER")
        self.assertEqual(limit["Limit"]["Type"], "MAX_HEALTH_CHECKS_BY_OWNER")
        self.assertEqual(limit["Count"], self.client.get_health_check_count()["HealthCheckCount"])
        plain = zone.split("/")[-1]
        self.client.change_tags_for_resource(ResourceType="hostedzone", ResourceId=plain, AddTags=[{"Key": "a", "Value": "b"}])
        self.assertEqual(self.client.list_tags_for_resource(ResourceType="hostedzone", ResourceId=plain)["ResourceTagSet"]["Tags"],
                         [{"Key": "a", "Value": "b"}])

    def test_invalid_names(self):
        self.refused("InvalidDomainName", ANY, 400, self.zone, "a..test")


class QueryLogs(Case):
    service = "route53"

    def test_what_dns_is_asked_is_logged(self):
        logs = self.world.client("logs")
        logs.create_log_group(logGroupName="/aws/route53/logged.example.test")
        arn = f"arn:aws:logs:us-east-1:{self.account}:log-group:/aws/route53/logged.example.test"
        zone = self.client.create_hosted_zone(Name="logged.example.test", CallerReference="logged")["HostedZone"]["Id"]
        made = self.answered(self.client.create_query_logging_config(HostedZoneId=zone, CloudWatchLogsLogGroupArn=arn), 201)
        plain = zone.split("/")[-1]
        self.assertEqual(made["QueryLoggingConfig"]["HostedZoneId"], plain)
        self.assertEqual(self.world.engine.lookup("nobody.logged.example.test"), (3, []))
        events = logs.filter_log_events(logGroupName="/aws/route53/logged.example.test")["events"]
        self.assertEqual([event["logStreamName"] for event in events], [plain + "/LCL1"])
        self.assertRegex(events[0]["message"], rf"^1\.0 \S+Z {plain} nobody\.logged\.example\.test A NXDOMAIN UDP LCL1 127\.0\.0\.1 -$")
        self.client.delete_query_logging_config(Id=made["QueryLoggingConfig"]["Id"])
        self.world.engine.lookup("nobody.logged.example.test")
        self.assertEqual(len(logs.filter_log_events(logGroupName="/aws/route53/logged.example.test")["events"]), 1)

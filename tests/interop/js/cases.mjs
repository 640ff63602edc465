// SPDX-License-Identifier: Apache-2.0
// The JavaScript SDK v3 against the engine of AWS_ENDPOINT_URL: CloudWatch in JSON, CBOR and query, Route 53, SNS.
import assert from "node:assert/strict";
import { AwsJson1_0Protocol, AwsQueryProtocol, AwsSmithyRpcV2CborProtocol } from "@aws-sdk/core/protocols";
import * as cloudwatch from "@aws-sdk/client-cloudwatch";
import * as route53 from "@aws-sdk/client-route-53";
import * as sns from "@aws-sdk/client-sns";

const common = { region: "us-east-1", maxAttempts: 1 };

async function refused(promise, name, status, message) {
  const error = await promise.then(() => assert.fail(`expected ${name}`), (caught) => caught);
  assert.equal(error.name, name, error.stack);
  assert.equal(error.$metadata.httpStatusCode, status);
  if (message instanceof RegExp) assert.match(error.message, message);
  return error;
}

async function alarms(label, protocol) {
  const client = new cloudwatch.CloudWatchClient({ ...common, protocol });
  const name = `js ${label}`;
  const dimensions = [{ Name: "Site", Value: "primary" }];
  await client.send(new cloudwatch.PutMetricAlarmCommand({
    AlarmName: name, Namespace: "Js", MetricName: label, Dimensions: dimensions, Statistic: "Minimum", Period: 60,
    EvaluationPeriods: 1, Threshold: 1.5, ComparisonOperator: "LessThanThreshold", TreatMissingData: "notBreaching" }));
  const described = await client.send(new cloudwatch.DescribeAlarmsCommand({ AlarmNames: [name] }));
  const [alarm] = described.MetricAlarms;
  assert.equal(alarm.Threshold, 1.5);
  assert.deepEqual(alarm.Dimensions, dimensions);
  assert.deepEqual(alarm.OKActions ?? [], []);
  assert.equal(alarm.ActionsEnabled, true);
  assert.ok(alarm.StateUpdatedTimestamp instanceof Date && Math.abs(Date.now() - alarm.StateUpdatedTimestamp) < 3600e3);
  assert.equal(alarm.StateReason, "Unchecked: Initial alarm creation");
  const none = await client.send(new cloudwatch.DescribeAlarmsCommand({ AlarmNames: ["no such alarm"] }));
  assert.deepEqual(none.MetricAlarms, []);
  await cloudwatch.waitUntilAlarmExists({ client, minDelay: 1, maxWaitTime: 10 }, { AlarmNames: [name] });

  const at = new Date(Math.floor(Date.now() / 60e3) * 60e3 - 120e3);
  await client.send(new cloudwatch.PutMetricDataCommand({ Namespace: "Js", MetricData: [
    { MetricName: label, Dimensions: dimensions, Timestamp: at, Values: [1, 2.5], Counts: [2, 1] },
    // Large: sent with gzip.
    ...Array.from({ length: 200 }, (_, i) => ({ MetricName: `${label}-${i}`, Value: i, Unit: "Count" }))] }));
  const statistics = await client.send(new cloudwatch.GetMetricStatisticsCommand({
    Namespace: "Js", MetricName: label, Dimensions: dimensions, StartTime: at, EndTime: new Date(+at + 60e3), Period: 60,
    Statistics: ["Sum", "SampleCount"] }));
  assert.deepEqual(statistics.Datapoints, [{ Timestamp: at, SampleCount: 3, Sum: 4.5, Unit: "None" }]);
  let listed = 0;
  for await (const page of cloudwatch.paginateListMetrics({ client }, { Namespace: "Js" })) listed += page.Metrics.length;
  assert.ok(listed >= 201, `${listed}`);

  await refused(client.send(new cloudwatch.SetAlarmStateCommand({ AlarmName: "none", StateValue: "OK", StateReason: "r" })),
    "ResourceNotFound", 404);
  const error = await refused(client.send(new cloudwatch.GetMetricStatisticsCommand({
    Namespace: "Js", MetricName: label, StartTime: at, EndTime: new Date(+at - 60e3), Period: 60, Statistics: ["Sum"] })),
    "InvalidParameterValueException", 400, /must be less than/);
  assert.match(error.$metadata.requestId, /^[0-9a-f-]{36}$/);
  await client.send(new cloudwatch.DeleteAlarmsCommand({ AlarmNames: [name] }));
}

async function healthChecks() {
  const client = new route53.Route53Client(common);
  const made = await client.send(new route53.CreateHealthCheckCommand({ CallerReference: "js", HealthCheckConfig: {
    Type: "HTTP", IPAddress: "127.0.0.1", Port: 1, ResourcePath: "/lb-check" } }));
  const id = made.HealthCheck.Id;
  assert.equal(made.HealthCheck.HealthCheckConfig.EnableSNI, false);
  const changed = await client.send(new route53.UpdateHealthCheckCommand({ HealthCheckId: id, ResourcePath: "/latched" }));
  assert.equal(changed.HealthCheck.HealthCheckVersion, 2);
  const ids = [];
  for await (const page of route53.paginateListHealthChecks({ client }, {})) ids.push(...page.HealthChecks.map((one) => one.Id));
  assert.ok(ids.includes(id));
  await refused(client.send(new route53.GetHealthCheckCommand({ HealthCheckId: "none" })), "NoSuchHealthCheck", 404);
  const zone = await client.send(new route53.CreateHostedZoneCommand({ Name: "js.test", CallerReference: "js" }));
  const set = { Name: "a.js.test", Type: "A", TTL: 60, ResourceRecords: [{ Value: "192.0.2.1" }] };
  const change = (Action) => client.send(new route53.ChangeResourceRecordSetsCommand({
    HostedZoneId: zone.HostedZone.Id, ChangeBatch: { Changes: [{ Action, ResourceRecordSet: set }] } }));
  const { ChangeInfo } = await change("CREATE");
  assert.ok(ChangeInfo.SubmittedAt instanceof Date);
  const error = await refused(change("CREATE"), "InvalidChangeBatch", 400);
  assert.match([error.message, ...(error.messages ?? [])].join(), /Tried to create resource record set .* but it already exists/);
  await client.send(new route53.DeleteHealthCheckCommand({ HealthCheckId: id }));
}

async function topics() {
  const client = new sns.SNSClient(common);
  const { TopicArn } = await client.send(new sns.CreateTopicCommand({ Name: "js", Tags: [{ Key: "a", Value: "b" }] }));
  const { MessageId } = await client.send(new sns.PublishCommand({ TopicArn, Message: "m", MessageAttributes: {
    raw: { DataType: "Binary", BinaryValue: new Uint8Array([0, 1]) } } }));
  assert.match(MessageId, /^[0-9a-f-]{36}$/);
  await refused(client.send(new sns.PublishCommand({ TopicArn: `${TopicArn}x`, Message: "m" })), "NotFoundException", 404);
  await client.send(new sns.DeleteTopicCommand({ TopicArn }));
}

const cases = {
  "cloudwatch in JSON": () => alarms("json", AwsJson1_0Protocol),
  "cloudwatch in CBOR": () => alarms("cbor", AwsSmithyRpcV2CborProtocol),
  "cloudwatch by query": () => alarms("query", AwsQueryProtocol),
  "route 53": healthChecks,
  "sns": topics,
};
let failed = 0;
for (const [name, run] of Object.entries(cases)) {
  try {
    await run();
    console.log(`ok: ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED: ${name}\n${error.stack}`);
  }
}
process.exit(failed ? 1 : 0);

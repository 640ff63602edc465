// SPDX-License-Identifier: Apache-2.0
#include "generated_inputs.h"

namespace sitelatch::test {

const std::vector<Recipe>& recipes() {
#define TRUST                                                                            \
  R"("{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{)" \
  R"(\"AWS\":\"*\",\"Service\":\"lambda.amazonaws.com\"},\"Action\":\"sts:AssumeRole\"}]}")"
#define POLICY                                                                             \
  R"("{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"*\",)" \
  R"(\"Resource\":\"*\"}]}")"
#define F R"("arn:aws:lambda:eu-west-1:000000000000:function:f")"
#define T R"("arn:aws:sns:eu-west-1:000000000000:t")"
  static const std::vector<Recipe> all = {
      {"iam", "CreateRole", R"({"RoleName":"r","AssumeRolePolicyDocument":)" TRUST "}"},
      {"iam", "PutRolePolicy", R"({"RoleName":"r","PolicyName":"p","PolicyDocument":)" POLICY "}"},
      {"iam", "CreateUser", R"({"UserName":"u"})"},
      {"iam", "CreateAccessKey", R"({"UserName":"u"})"},
      {"iam", "CreateGroup", R"({"GroupName":"g"})"},
      {"iam", "AddUserToGroup", R"({"GroupName":"g","UserName":"u"})"},
      {"iam", "CreatePolicy", R"({"PolicyName":"p","PolicyDocument":)" POLICY "}"},
      {"iam", "AttachRolePolicy",
       R"({"RoleName":"r","PolicyArn":"arn:aws:iam::000000000000:policy/p"})"},
      {"iam", "SimulateCustomPolicy",
       R"({"PolicyInputList":[)" POLICY R"(],"ActionNames":["sns:Publish"]})"},
      {"iam", "SimulatePrincipalPolicy",
       R"({"PolicySourceArn":"arn:aws:iam::000000000000:role/r","ActionNames":["sns:Publish"]})"},
      {"sts", "AssumeRole",
       R"({"RoleArn":"arn:aws:iam::000000000000:role/r","RoleSessionName":"session"})"},
      {"lambda", "CreateFunction",
       R"({"FunctionName":"f","Runtime":"provided.al2023","Handler":"bootstrap",)"
       R"("Role":"arn:aws:iam::000000000000:role/r","Code":{"ZipFile":"@zip"}})"},
      {"lambda", "PublishVersion", R"({"FunctionName":"f"})"},
      {"lambda", "CreateAlias", R"({"FunctionName":"f","Name":"live","FunctionVersion":"1"})"},
      {"lambda", "UpdateAlias",
       R"({"FunctionName":"f","Name":"live","FunctionVersion":"$LATEST"})"},
      {"lambda", "UpdateFunctionCode", R"({"FunctionName":"f","ZipFile":"@zip"})"},
      {"lambda", "UpdateFunctionConfiguration",
       R"({"FunctionName":"f","Timeout":5,"Environment":{"Variables":{"NAME":"b"}}})"},
      {"lambda", "AddPermission",
       R"({"FunctionName":"f","StatementId":"s","Action":"lambda:InvokeFunction",)"
       R"("Principal":"sns.amazonaws.com"})"},
      {"lambda", "CreateFunctionUrlConfig",
       R"({"FunctionName":"f","AuthType":"NONE","InvokeMode":"BUFFERED",)"
       R"("Cors":{"AllowOrigins":["*"],)"
       R"("AllowMethods":["GET"],"AllowHeaders":["x-a"],"ExposeHeaders":["x-b"],"MaxAge":5,)"
       R"("AllowCredentials":true}})"},
      {"lambda", "CreateFunctionUrlConfig",
       R"({"FunctionName":"f","Qualifier":"live","AuthType":"AWS_IAM"})"},
      {"lambda", "UpdateFunctionUrlConfig",
       R"({"FunctionName":"f","AuthType":"AWS_IAM",)"
       R"("Cors":{"AllowOrigins":["https://a.example"]}})"},
      {"lambda", "GetFunctionUrlConfig", R"({"FunctionName":"f","Qualifier":"live"})"},
      {"lambda", "ListFunctionUrlConfigs", R"({"FunctionName":"f","MaxItems":1})"},
      {"lambda", "AddPermission",
       R"({"FunctionName":"f","StatementId":"u","Action":"lambda:InvokeFunctionUrl",)"
       R"("Principal":"*","FunctionUrlAuthType":"NONE"})"},
      {"lambda", "PutFunctionConcurrency",
       R"({"FunctionName":"f","ReservedConcurrentExecutions":5})"},
      {"lambda", "PutFunctionEventInvokeConfig",
       R"({"FunctionName":"f","MaximumRetryAttempts":1,"DestinationConfig":)"
       R"({"OnFailure":{"Destination":)" T "}}}"},
      {"lambda", "Invoke", R"({"FunctionName":"f","InvocationType":"Event","Payload":"{}"})"},
      {"lambda", "Invoke", R"({"FunctionName":"f","LogType":"Tail","Payload":"{}"})"},
      {"lambda", "InvokeAsync", R"({"FunctionName":"f","InvokeArgs":"{}"})"},
      {"lambda", "GetAlias", R"({"FunctionName":"f","Name":"live"})"},
      {"lambda", "GetFunction", R"({"FunctionName":"f"})"},
      {"sns", "CreateTopic", R"({"Name":"t","Attributes":{"DisplayName":"d"}})"},
      {"sns", "Subscribe", R"({"TopicArn":)" T R"(,"Protocol":"lambda","Endpoint":)" F "}"},
      {"sns", "Subscribe",
       R"({"TopicArn":)" T
       R"(,"Protocol":"http","Endpoint":"http://127.0.0.1:9/","ReturnSubscriptionArn":true})"},
      {"sns", "SetSubscriptionAttributes",
       R"({"SubscriptionArn":"@SubscriptionArn","AttributeName":"FilterPolicy",)"
       R"("AttributeValue":"{\"a\":[\"b\"]}"})"},
      {"sns", "Publish",
       R"({"TopicArn":)" T
       R"(,"Message":"hello","MessageAttributes":{"a":{"DataType":"String","StringValue":"b"}}})"},
      {"sns", "PublishBatch",
       R"({"TopicArn":)" T
       R"(,"PublishBatchRequestEntries":[{"Id":"1","Message":"m"},{"Id":"2","Message":"n"}]})"},
      {"logs", "CreateLogGroup", R"({"logGroupName":"lg"})"},
      {"logs", "CreateLogStream", R"({"logGroupName":"lg","logStreamName":"ls"})"},
      {"logs", "PutLogEvents",
       R"({"logGroupName":"lg","logStreamName":"ls","logEvents":[{"timestamp":1767225600000,)"
       R"("message":"ERROR {\"a\":1}"}]})"},
      {"cloudwatch", "PutMetricAlarm",
       R"({"AlarmName":"a","Namespace":"Mine","MetricName":"m","Statistic":"Minimum",)"
       R"("Period":60,"EvaluationPeriods":1,"Threshold":1,)"
       R"("ComparisonOperator":"LessThanThreshold","AlarmActions":[)" T "]}"},
      {"cloudwatch", "PutMetricData",
       R"({"Namespace":"Mine","MetricData":[{"MetricName":"m","Value":0.5,"Timestamp":-30}]})"},
      {"cloudwatch", "PutMetricData",
       R"({"Namespace":"Mine","MetricData":[{"MetricName":"m",)"
       R"("StatisticValues":{"SampleCount":2,"Sum":3,"Minimum":1,"Maximum":2}},)"
       R"({"MetricName":"n","Values":[1,2],"Counts":[3,4],)"
       R"("Dimensions":[{"Name":"D","Value":"v"}]}]})"},
      {"cloudwatch", "SetAlarmState",
       R"({"AlarmName":"a","StateValue":"ALARM","StateReason":"because"})"},
      {"cloudwatch", "GetMetricStatistics",
       R"({"Namespace":"Mine","MetricName":"m","StartTime":-3600,"EndTime":60,"Period":60,)"
       R"("Statistics":["Sum","Maximum"]})"},
      {"cloudwatch", "GetMetricData",
       R"({"StartTime":-3600,"EndTime":60,"MetricDataQueries":[{"Id":"q",)"
       R"("MetricStat":{"Metric":{"Namespace":"Mine","MetricName":"m"},"Period":60,)"
       R"("Stat":"p90"}}]})"},
      {"events", "PutRule", R"-({"Name":"rule","ScheduleExpression":"rate(1 minute)"})-"},
      {"events", "PutTargets",
       R"({"Rule":"rule","Targets":[{"Id":"1","Arn":)" F
       R"(,"InputTransformer":{"InputPathsMap":{"t":"$.time"},"InputTemplate":"\"at <t>\""}}]})"},
      {"events", "ListTargetsByRule", R"({"Rule":"rule"})"},
      {"route53", "CreateHostedZone",
       R"({"Name":"inner.test","CallerReference":"inner",)"
       R"("VPC":{"VPCRegion":"us-east-1","VPCId":"vpc-1"}})"},
      {"route53", "AssociateVPCWithHostedZone",
       R"({"HostedZoneId":"@HostedZoneId","VPC":{"VPCRegion":"eu-west-1","VPCId":"vpc-2"}})"},
      {"route53", "CreateVPCAssociationAuthorization",
       R"({"HostedZoneId":"@HostedZoneId","VPC":{"VPCRegion":"eu-west-1","VPCId":"vpc-3"}})"},
      {"route53", "CreateReusableDelegationSet", R"({"CallerReference":"set"})"},
      {"route53", "CreateHostedZone",
       R"({"Name":"shared.test","CallerReference":"shared",)"
       R"("DelegationSetId":"@DelegationSetId"})"},
      {"route53", "CreateCidrCollection", R"({"Name":"offices","CallerReference":"offices"})"},
      {"route53", "ChangeCidrCollection",
       R"({"Id":"@CollectionId","Changes":[{"LocationName":"paris","Action":"PUT",)"
       R"("CidrList":["10.0.0.0/8","2001:db8::/32"]}]})"},
      {"route53", "CreateHostedZone", R"({"Name":"example.test","CallerReference":"zone"})"},
      {"route53", "CreateTrafficPolicy",
       R"({"Name":"policy","Document":"{\"AWSPolicyFormatVersion\":\"2015-10-01\",)"
       R"(\"RecordType\":\"A\",\"StartRule\":\"r\",\"Endpoints\":{\"e\":{\"Type\":\"value\",)"
       R"(\"Value\":\"10.0.0.9\"}},\"Rules\":{\"r\":{\"RuleType\":\"multivalue\",)"
       R"(\"Items\":[{\"EndpointReference\":\"e\"}]}}}"})"},
      {"route53", "CreateTrafficPolicyInstance",
       R"({"HostedZoneId":"@HostedZoneId","Name":"flow.example.test","TTL":60,)"
       R"("TrafficPolicyId":"@TrafficPolicyId","TrafficPolicyVersion":1})"},
      {"route53", "UpdateTrafficPolicyInstance",
       R"({"Id":"@TrafficPolicyInstanceId","TTL":30,"TrafficPolicyId":"@TrafficPolicyId",)"
       R"("TrafficPolicyVersion":1})"},
      {"route53", "ListTrafficPolicyVersions", R"({"Id":"@TrafficPolicyId"})"},
      {"route53", "CreateHealthCheck",
       R"({"CallerReference":"check","HealthCheckConfig":{"Type":"HTTP","IPAddress":"127.0.0.1",)"
       R"("Port":80,"ResourcePath":"/lb-check","RequestInterval":10}})"},
      {"route53", "ChangeResourceRecordSets",
       R"({"HostedZoneId":"@HostedZoneId","ChangeBatch":{"Changes":[{"Action":"UPSERT",)"
       R"("ResourceRecordSet":{"Name":"plain.example.test","Type":"A","TTL":60,)"
       R"("ResourceRecords":[{"Value":"10.0.0.1"}]}}]}})"},
      {"route53", "ChangeResourceRecordSets",
       R"({"HostedZoneId":"@HostedZoneId","ChangeBatch":{"Changes":[{"Action":"UPSERT",)"
       R"("ResourceRecordSet":{"Name":"www.example.test","Type":"A","TTL":60,)"
       R"("SetIdentifier":"primary","Failover":"PRIMARY","HealthCheckId":"@HealthCheckId",)"
       R"("ResourceRecords":[{"Value":"10.0.0.1"}]}},{"Action":"UPSERT",)"
       R"("ResourceRecordSet":{"Name":"www.example.test","Type":"A","TTL":60,)"
       R"("SetIdentifier":"backup","Failover":"SECONDARY",)"
       R"("ResourceRecords":[{"Value":"10.0.0.2"}]}}]}})"},
      {"route53", "UpdateHealthCheck",
       R"({"HealthCheckId":"@HealthCheckId","ResourcePath":"/lb-check-failed-over"})"},
      {"route53", "TestDNSAnswer",
       R"({"HostedZoneId":"@HostedZoneId","RecordName":"www.example.test","RecordType":"A"})"},
      {"route53", "ListResourceRecordSets", R"({"HostedZoneId":"@HostedZoneId"})"},
      {"route53", "ChangeTagsForResource",
       R"({"ResourceType":"healthcheck","ResourceId":"@HealthCheckId",)"
       R"("AddTags":[{"Key":"k","Value":"v"}]})"},
      {"route53", "GetDNSSEC", R"({"HostedZoneId":"@HostedZoneId"})"},
  };
#undef TRUST
#undef POLICY
#undef F
#undef T
  return all;
}

}  // namespace sitelatch::test

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
#define Q R"("QueueUrl":"http://127.0.0.1:4566/000000000000/q")"
#define FIFO R"("QueueUrl":"http://127.0.0.1:4566/000000000000/q.fifo")"
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
      {"iam", "CreateInstanceProfile", R"({"InstanceProfileName":"ip"})"},
      {"iam", "AddRoleToInstanceProfile", R"({"InstanceProfileName":"ip","RoleName":"r"})"},
      {"iam", "CreateServiceLinkedRole", R"({"AWSServiceName":"autoscaling.amazonaws.com"})"},
      {"iam", "CreateOpenIDConnectProvider",
       R"({"Url":"https://idp.test","ClientIDList":["client"],)"
       R"("ThumbprintList":["0123456789012345678901234567890123456789"]})"},
      {"iam", "CreateVirtualMFADevice", R"({"VirtualMFADeviceName":"m"})"},
      {"iam", "CreateLoginProfile", R"({"UserName":"u","Password":"Long-Enough-1"})"},
      {"iam", "UpdateAccountPasswordPolicy", R"({"MinimumPasswordLength":8})"},
      {"iam", "CreateAccountAlias", R"({"AccountAlias":"alias"})"},
      {"iam", "CreateServiceSpecificCredential",
       R"({"UserName":"u","ServiceName":"codecommit.amazonaws.com"})"},
      {"iam", "GenerateServiceLastAccessedDetails",
       R"({"Arn":"arn:aws:iam::000000000000:user/u"})"},
      {"iam", "ListPoliciesGrantingServiceAccess",
       R"({"Arn":"arn:aws:iam::000000000000:role/r","ServiceNamespaces":["sns"]})"},
      {"sts", "GetFederationToken", R"({"Name":"fed"})"},
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
      {"lambda", "PutProvisionedConcurrencyConfig",
       R"({"FunctionName":"f","Qualifier":"1","ProvisionedConcurrentExecutions":1})"},
      {"lambda", "GetProvisionedConcurrencyConfig", R"({"FunctionName":"f","Qualifier":"1"})"},
      {"lambda", "PutRuntimeManagementConfig",
       R"({"FunctionName":"f","UpdateRuntimeOn":"FunctionUpdate"})"},
      {"lambda", "PutFunctionRecursionConfig", R"({"FunctionName":"f","RecursiveLoop":"Allow"})"},
      {"lambda", "PublishLayerVersion",
       R"({"LayerName":"l","Description":"d","Content":{"ZipFile":"@zip"},)"
       R"("CompatibleRuntimes":["provided.al2023"],"LicenseInfo":"MIT"})"},
      {"lambda", "AddLayerVersionPermission",
       R"({"LayerName":"l","VersionNumber":1,"StatementId":"s","Action":"lambda:GetLayerVersion",)"
       R"("Principal":"*"})"},
      {"lambda", "GetLayerVersion", R"({"LayerName":"l","VersionNumber":1})"},
      {"lambda", "GetLayerVersionByArn", R"({"Arn":"@LayerVersionArn"})"},
      {"lambda", "GetLayerVersionPolicy", R"({"LayerName":"l","VersionNumber":1})"},
      {"lambda", "UpdateFunctionConfiguration",
       R"({"FunctionName":"f","Layers":["@LayerVersionArn"]})"},
      {"lambda", "CreateCodeSigningConfig",
       R"({"AllowedPublishers":{"SigningProfileVersionArns":)"
       R"(["arn:aws:signer:eu-west-1:000000000000:/signing-profiles/p/v"]},)"
       R"("CodeSigningPolicies":{"UntrustedArtifactOnDeployment":"Warn"}})"},
      {"lambda", "GetCodeSigningConfig", R"({"CodeSigningConfigArn":"@CodeSigningConfigArn"})"},
      {"lambda", "PutFunctionCodeSigningConfig",
       R"({"FunctionName":"f","CodeSigningConfigArn":"@CodeSigningConfigArn"})"},
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
      {"sqs", "CreateQueue", R"({"QueueName":"dead"})"},
      {"sqs", "CreateQueue", R"({"QueueName":"q","tags":{"k":"v"}})"},
      {"sqs", "CreateQueue",
       R"({"QueueName":"q.fifo","Attributes":{"FifoQueue":"true",)"
       R"("ContentBasedDeduplication":"true"}})"},
      {"sqs", "SetQueueAttributes",
       "{" Q R"(,"Attributes":{"VisibilityTimeout":"1","RedrivePolicy":)"
       R"("{\"deadLetterTargetArn\":\"arn:aws:sqs:eu-west-1:000000000000:dead\",)"
       R"(\"maxReceiveCount\":2}","Policy":"{\"Version\":\"2012-10-17\",\"Statement\":[{)"
       R"(\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"sns.amazonaws.com\"},)"
       R"(\"Action\":\"sqs:SendMessage\",\"Resource\":\"*\"}]}"}})"},
      {"sqs", "SendMessage",
       "{" Q R"(,"MessageBody":"m","MessageAttributes":{"a":{"DataType":"String",)"
       R"("StringValue":"v"}}})"},
      {"sqs", "SendMessage", "{" FIFO R"(,"MessageBody":"m","MessageGroupId":"g"})"},
      {"sqs", "SendMessageBatch", "{" Q R"(,"Entries":[{"Id":"1","MessageBody":"m"}]})"},
      {"sqs", "ReceiveMessage",
       "{" Q R"(,"MaxNumberOfMessages":10,"AttributeNames":["All"],)"
       R"("MessageAttributeNames":["All"]})"},
      {"sqs", "ChangeMessageVisibility",
       "{" Q R"(,"ReceiptHandle":"@ReceiptHandle","VisibilityTimeout":5})"},
      {"sqs", "ChangeMessageVisibilityBatch",
       "{" Q R"(,"Entries":[{"Id":"1","ReceiptHandle":"@ReceiptHandle","VisibilityTimeout":0}]})"},
      {"sqs", "DeleteMessage", "{" Q R"(,"ReceiptHandle":"@ReceiptHandle"})"},
      {"sqs", "DeleteMessageBatch",
       "{" Q R"(,"Entries":[{"Id":"1","ReceiptHandle":"@ReceiptHandle"}]})"},
      {"sqs", "ReceiveMessage", "{" FIFO R"(,"ReceiveRequestAttemptId":"a"})"},
      {"sqs", "GetQueueAttributes", "{" Q R"(,"AttributeNames":["All"]})"},
      {"sqs", "AddPermission",
       "{" Q R"(,"Label":"l","AWSAccountIds":["111111111111"],"Actions":["SendMessage"]})"},
      {"sqs", "TagQueue", "{" Q R"(,"Tags":{"a":"b"}})"},
      {"sqs", "StartMessageMoveTask", R"({"SourceArn":"arn:aws:sqs:eu-west-1:000000000000:dead"})"},
      {"sns", "CreateTopic",
       R"({"Name":"t.fifo","Attributes":{"FifoTopic":"true","ContentBasedDeduplication":"true"}})"},
      {"sns", "Subscribe",
       R"({"TopicArn":)" T R"(,"Protocol":"sqs","Endpoint":"arn:aws:sqs:eu-west-1:000000000000:q",)"
       R"("Attributes":{"RawMessageDelivery":"true"}})"},
      {"sns", "Publish",
       R"({"TopicArn":"arn:aws:sns:eu-west-1:000000000000:t.fifo","Message":"m",)"
       R"("MessageGroupId":"g"})"},
      {"sns", "CreatePlatformApplication",
       R"({"Name":"p","Platform":"GCM","Attributes":{"PlatformCredential":"secret"}})"},
      {"sns", "CreatePlatformEndpoint",
       R"({"PlatformApplicationArn":"arn:aws:sns:eu-west-1:000000000000:app/GCM/p",)"
       R"("Token":"token"})"},
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
      {"logs", "PutMetricFilter",
       R"({"logGroupName":"lg","filterName":"mf","filterPattern":"{ $.a = 1 }",)"
       R"("metricTransformations":[{"metricName":"m","metricNamespace":"Mine",)"
       R"("metricValue":"$.a","dimensions":{"D":"$.d"},"unit":"Count"}]})"},
      {"logs", "DescribeMetricFilters", R"({"logGroupName":"lg"})"},
      {"lambda", "AddPermission",
       R"({"FunctionName":"f","StatementId":"l","Action":"lambda:InvokeFunction",)"
       R"("Principal":"logs.amazonaws.com"})"},
      {"logs", "PutSubscriptionFilter",
       R"({"logGroupName":"lg","filterName":"sf","filterPattern":"?ERROR ?WARN",)"
       R"("destinationArn":)" F "}"},
      {"logs", "DescribeSubscriptionFilters", R"({"logGroupName":"lg"})"},
      {"logs", "StartQuery",
       R"({"logGroupName":"lg","startTime":0,"endTime":4102444800,"queryString":)"
       R"("parse @message '* {' as level | filter a = 1 or level like /E+/ | stats count(*) as n,)"
       R"( pct(a, 90) by bin(5m), level | sort n desc | limit 5","limit":10})"},
      {"logs", "GetQueryResults", R"({"queryId":"@queryId"})"},
      {"logs", "DescribeQueries", R"({"logGroupName":"lg"})"},
      {"logs", "GetLogGroupFields", R"({"logGroupName":"lg","time":1767225600})"},
      {"logs", "PutQueryDefinition",
       R"({"name":"q","queryString":"limit 1","logGroupNames":["lg"]})"},
      {"logs", "PutResourcePolicy",
       R"({"policyName":"p","policyDocument":"{\"Version\":\"2012-10-17\",\"Statement\":)"
       R"([{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"route53.amazonaws.com\"},)"
       R"(\"Action\":\"logs:PutLogEvents\",\"Resource\":\"*\"}]}"})"},
      {"logs", "PutDestination",
       R"({"destinationName":"d","roleArn":"arn:aws:iam::000000000000:role/r",)"
       R"("targetArn":"arn:aws:kinesis:eu-west-1:000000000000:stream/s"})"},
      {"logs", "PutDestinationPolicy", R"({"destinationName":"d","accessPolicy":"{}"})"},
      {"logs", "PutIndexPolicy",
       R"({"logGroupIdentifier":"lg","policyDocument":"{\"Fields\":[\"a\"]}"})"},
      {"logs", "DescribeFieldIndexes", R"({"logGroupIdentifiers":["lg"]})"},
      {"logs", "PutAccountPolicy",
       R"({"policyName":"p","policyType":"FIELD_INDEX_POLICY",)"
       R"("policyDocument":"{\"Fields\":[\"a\"]}"})"},
      {"logs", "DescribeAccountPolicies", R"({"policyType":"FIELD_INDEX_POLICY"})"},
      {"logs", "PutDeliverySource",
       R"({"name":"src","resourceArn":"arn:aws:cloudfront::000000000000:distribution/E1",)"
       R"("logType":"ACCESS_LOGS"})"},
      {"logs", "PutDeliveryDestination",
       R"({"name":"dst","outputFormat":"json","deliveryDestinationConfiguration":)"
       R"({"destinationResourceArn":"arn:aws:s3:::bucket"}})"},
      {"logs", "PutDeliveryDestinationPolicy",
       R"({"deliveryDestinationName":"dst","deliveryDestinationPolicy":"{}"})"},
      {"logs", "CreateDelivery",
       R"({"deliverySourceName":"src","deliveryDestinationArn":)"
       R"("arn:aws:logs:eu-west-1:000000000000:delivery-destination:dst"})"},
      {"logs", "DescribeDeliveries", "{}"},
      {"logs", "CreateLogAnomalyDetector",
       R"({"logGroupArnList":["arn:aws:logs:eu-west-1:000000000000:log-group:lg"]})"},
      {"logs", "ListLogAnomalyDetectors", "{}"},
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
      {"cloudwatch", "GetMetricData",
       R"({"StartTime":-3600,"EndTime":60,"MetricDataQueries":[{"Id":"e","Label":"x",)"
       R"("Expression":"IF(FILL(q,0) > AVG(q), RATE(q), SUM(METRICS())) / 2"},{"Id":"q",)"
       R"("ReturnData":false,"MetricStat":{"Metric":{"Namespace":"Mine","MetricName":"m"},)"
       R"("Period":60,"Stat":"Sum"}}]})"},
      {"cloudwatch", "PutMetricAlarm",
       R"({"AlarmName":"b","EvaluationPeriods":2,"Threshold":1,)"
       R"("ComparisonOperator":"GreaterThanThreshold","Metrics":[{"Id":"e","Expression":"q*2"},)"
       R"({"Id":"q","ReturnData":false,"MetricStat":{"Metric":{"Namespace":"Mine",)"
       R"("MetricName":"m"},"Period":60,"Stat":"Sum"}}]})"},
      {"cloudwatch", "PutCompositeAlarm",
       R"-({"AlarmName":"both","AlarmRule":"ALARM(a) AND NOT AT_LEAST(1, OK, (b))",)-"
       R"("ActionsSuppressor":"b","ActionsSuppressorWaitPeriod":20,)"
       R"("ActionsSuppressorExtensionPeriod":20,"AlarmActions":[)" T "]}"},
      {"cloudwatch", "PutAlarmMuteRule",
       R"-({"Name":"quiet","Rule":{"Schedule":{"Expression":"cron(0 * * * SUN)",)-"
       R"("Duration":"PT2H","Timezone":"UTC"}},"MuteTargets":{"AlarmNames":["a","both"]}})"},
      {"cloudwatch", "PutDashboard",
       R"-({"DashboardName":"main","DashboardBody":"{\"widgets\":[{\"type\":\"text\",)-"
       R"-(\"properties\":{\"markdown\":\"x\"}}]}"})-"},
      {"cloudwatch", "PutInsightRule",
       R"-({"RuleName":"top","RuleDefinition":"{\"Schema\":{\"Name\":\"CloudWatchLogRule\",)-"
       R"-(\"Version\":1},\"LogGroupNames\":[\"lg\"],\"LogFormat\":\"JSON\",)-"
       R"-(\"Contribution\":{\"Keys\":[\"$.ip\"]}}"})-"},
      {"cloudwatch", "PutAnomalyDetector",
       R"({"SingleMetricAnomalyDetector":{"Namespace":"Mine","MetricName":"m","Stat":"Sum"},)"
       R"("Configuration":{"ExcludedTimeRanges":[{"StartTime":-3600,"EndTime":-60}]}})"},
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
      {"events", "CreateEventBus", R"({"Name":"bus","Description":"d"})"},
      {"events", "UpdateEventBus", R"({"Name":"bus","Description":"e"})"},
      {"events", "PutPermission",
       R"({"EventBusName":"bus","Action":"events:PutEvents","Principal":"*","StatementId":"s"})"},
      {"events", "CreateArchive",
       R"({"ArchiveName":"a","EventSourceArn":)"
       R"("arn:aws:events:eu-west-1:000000000000:event-bus/bus"})"},
      {"events", "UpdateArchive", R"({"ArchiveName":"a","RetentionDays":1})"},
      {"events", "StartReplay",
       R"({"ReplayName":"r","EventStartTime":-3600,"EventEndTime":60,"EventSourceArn":)"
       R"("arn:aws:events:eu-west-1:000000000000:archive/a","Destination":{"Arn":)"
       R"("arn:aws:events:eu-west-1:000000000000:event-bus/bus"}})"},
      {"events", "CancelReplay", R"({"ReplayName":"r"})"},
      {"events", "PutRule",
       R"-({"Name":"matched","EventBusName":"bus","EventPattern":"{\"source\":[\"s\"]}"})-"},
      {"events", "PutTargets",
       R"({"Rule":"matched","EventBusName":"bus","Targets":[{"Id":"1","Arn":)" F
       R"(,"InputPath":"$.detail"}]})"},
      {"events", "PutEvents",
       R"({"Entries":[{"EventBusName":"bus","Source":"s","DetailType":"d","Detail":"{}"}]})"},
      {"events", "TestEventPattern",
       R"-({"EventPattern":"{\"source\":[\"s\"]}","Event":"{\"id\":\"1\",\"account\":\"1\",)-"
       R"-(\"source\":\"s\",\"time\":\"t\",\"region\":\"r\",\"detail-type\":\"d\"}"})-"},
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
#undef Q
#undef FIFO
  return all;
}

}  // namespace sitelatch::test

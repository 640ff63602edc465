// SPDX-License-Identifier: Apache-2.0
#include "cli/guide_steps.h"

#include "cli/running_engine.h"

namespace sitelatch::cli {
namespace {

constexpr const char* function_source = R"PY(import json

import boto3


def handler(event, context):
    alarm = json.loads(event["Records"][0]["Sns"]["Message"])
    check = alarm["Trigger"]["Dimensions"][0]["value"]
    boto3.client("route53").update_health_check(HealthCheckId=check, ResourcePath="/lb-check-failed-over")
    print("latched", check)
)PY";

}  // namespace

GuideSteps::GuideSteps(const std::string& health_check_id, const std::string& scratch) {
  kept_ = {{"ID", health_check_id}, {"SCRATCH", scratch}, {"SOURCE", function_source}};
  steps_ = {
      {1, "aws sns create-topic --name $ID --region us-east-1",
       R"(aws sns create-topic --name "$ID" --tags "Key=HealthCheckId,Value=$ID" --query TopicArn --output text --region us-east-1)", "TOPIC"},
      {2, "aws cloudwatch put-metric-alarm --alarm-name $ID --metric-name HealthCheckStatus ... --region us-east-1",
       R"(aws cloudwatch put-metric-alarm --alarm-name "$ID" --alarm-actions "$TOPIC" --actions-enabled --namespace AWS/Route53 --metric-name HealthCheckStatus --dimensions "Name=HealthCheckId,Value=$ID" --statistic Minimum --period 60 --evaluation-periods 1 --comparison-operator LessThanThreshold --threshold 1.0 --treat-missing-data notBreaching --region us-east-1)", ""},
      {3, "aws iam create-role --role-name $ID ...",
       R"(aws iam create-role --role-name "$ID" --query Role.Arn --output text --assume-role-policy-document '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}')", "ROLE"},
      {4, "aws iam create-policy --policy-name $ID ... route53:UpdateHealthCheck",
       R"(aws iam create-policy --policy-name "$ID" --query Policy.Arn --output text --policy-document '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["route53:UpdateHealthCheck"],"Resource":"*"}]}')", "POLICY"},
      {5, "aws iam attach-role-policy --role-name $ID --policy-arn $POLICY",
       R"(aws iam attach-role-policy --role-name "$ID" --policy-arn "$POLICY")", ""},
      {6, "aws iam attach-role-policy --role-name $ID --policy-arn .../AWSLambdaBasicExecutionRole",
       R"(aws iam attach-role-policy --role-name "$ID" --policy-arn arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole)", ""},
      {7, "zip lambda.zip lambda.py",
       R"(mkdir -p "$SCRATCH" && printf '%s' "$SOURCE" > "$SCRATCH/lambda.py" && zip -q -FS --junk-paths "$SCRATCH/lambda.zip" "$SCRATCH/lambda.py")", ""},
      {8, "aws lambda create-function --function-name $ID --runtime python3.11 ... --region eu-west-1",
       R"(aws lambda create-function --function-name "$ID" --zip-file "fileb://$SCRATCH/lambda.zip" --handler lambda.handler --runtime python3.11 --role "$ROLE" --query FunctionArn --output text --region eu-west-1)", "FUNCTION"},
      {9, "aws lambda add-permission --function-name $ID --principal sns.amazonaws.com ... --region eu-west-1",
       R"(aws lambda add-permission --function-name "$ID" --statement-id function-with-sns --action lambda:InvokeFunction --principal sns.amazonaws.com --source-arn "$TOPIC" --region eu-west-1)", ""},
      {10, "aws sns subscribe --protocol lambda --topic-arn $TOPIC --notification-endpoint $FUNCTION --region us-east-1",
       R"(aws sns subscribe --protocol lambda --topic-arn "$TOPIC" --notification-endpoint "$FUNCTION" --region us-east-1)", ""},
  };
}

std::string GuideSteps::preamble() const {
  std::string out;
  for (const auto& [name, value] : kept_) out += name + "=" + shell_quoted(value) + "\n";
  return out;
}

void GuideSteps::keep(const GuideStep& step, const std::string& output) {
  if (!step.keeps.empty()) kept_[step.keeps] = output;
}

}  // namespace sitelatch::cli

# SPDX-License-Identifier: Apache-2.0
# The calls of the guide in our own words, for trees without seeds. Wants PRIMARY_HEALTH_ID and SCRATCH.
set -eu
topic=$(aws sns create-topic --name "$PRIMARY_HEALTH_ID" --tags "Key=HealthCheckId,Value=$PRIMARY_HEALTH_ID" \
  --query TopicArn --output text --region us-east-1)
aws cloudwatch put-metric-alarm --alarm-name "$PRIMARY_HEALTH_ID" --alarm-actions "$topic" --actions-enabled \
  --namespace AWS/Route53 --metric-name HealthCheckStatus --dimensions "Name=HealthCheckId,Value=$PRIMARY_HEALTH_ID" \
  --statistic Minimum --period 60 --evaluation-periods 1 --comparison-operator LessThanThreshold --threshold 1.0 \
  --treat-missing-data notBreaching --region us-east-1
role=$(aws iam create-role --role-name "$PRIMARY_HEALTH_ID" --query Role.Arn --output text --region us-east-1 \
  --assume-role-policy-document '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
    "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}')
policy=$(aws iam create-policy --policy-name "$PRIMARY_HEALTH_ID" --query Policy.Arn --output text --region us-east-1 \
  --policy-document '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
    "Action": ["route53:UpdateHealthCheck"], "Resource": "*"}]}')
aws iam attach-role-policy --role-name "$PRIMARY_HEALTH_ID" --policy-arn "$policy" --region us-east-1
aws iam attach-role-policy --role-name "$PRIMARY_HEALTH_ID" --region us-east-1 \
  --policy-arn arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole
cat > "$SCRATCH/lambda.py" <<'PYTHON'
import json

import boto3


def handler(event, context):
    print(json.dumps(event, indent=4))
    alarm = json.loads(event["Records"][0]["Sns"]["Message"])
    answer = boto3.client("route53").update_health_check(
        HealthCheckId=alarm["Trigger"]["Dimensions"][0]["value"], ResourcePath="/lb-check-failed-over")
    print(json.dumps(answer, indent=4, default=str))
PYTHON
zip -q -FS --junk-paths "$SCRATCH/lambda.zip" "$SCRATCH/lambda.py"
function=$(aws lambda create-function --function-name "$PRIMARY_HEALTH_ID" --zip-file "fileb://$SCRATCH/lambda.zip" \
  --handler lambda.handler --runtime python3.11 --role "$role" --query FunctionArn --output text --region eu-west-1)
aws lambda add-permission --function-name "$PRIMARY_HEALTH_ID" --statement-id function-with-sns \
  --action lambda:InvokeFunction --principal sns.amazonaws.com --source-arn "$topic" --region eu-west-1
aws sns subscribe --protocol lambda --topic-arn "$topic" --notification-endpoint "$function" --region us-east-1

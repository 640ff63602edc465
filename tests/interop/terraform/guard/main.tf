# SPDX-License-Identifier: Apache-2.0
# The guide's resources, and what teams put around them.
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}
variable "function_zip" { type = string }
provider "aws" { region = "us-east-1" }
provider "aws" {
  alias  = "ireland"
  region = "eu-west-1"
}
data "aws_caller_identity" "me" {}
data "aws_region" "here" {}
data "aws_partition" "here" {}

resource "aws_route53_health_check" "primary" {
  type              = "HTTP"
  ip_address        = "127.0.0.1"
  port              = 1
  resource_path     = "/lb-check"
  request_interval  = 30
  failure_threshold = 1
  tags              = { Name = "primary", Environment = "test" }
  lifecycle { ignore_changes = [resource_path] }
}
resource "aws_route53_health_check" "by_name" {
  type              = "HTTPS_STR_MATCH"
  fqdn              = "primary.example.test"
  port              = 8443
  resource_path     = "/lb-check"
  search_string     = "UP"
  request_interval  = 10
  failure_threshold = 3
  measure_latency   = true
  regions           = ["us-east-1", "eu-west-1", "us-west-2"]
}
resource "aws_route53_health_check" "both" {
  type                   = "CALCULATED"
  child_health_threshold = 1
  child_healthchecks     = [aws_route53_health_check.primary.id, aws_route53_health_check.by_name.id]
}
resource "aws_sns_topic" "topic" {
  name         = "failover"
  display_name = "Failover"
  tags         = { HealthCheck = aws_route53_health_check.primary.id }
}
resource "aws_sns_topic_policy" "topic" {
  arn    = aws_sns_topic.topic.arn
  policy = data.aws_iam_policy_document.topic.json
}
data "aws_iam_policy_document" "topic" {
  statement {
    sid     = "alarms"
    actions = ["SNS:Publish"]
    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com"]
    }
    resources = [aws_sns_topic.topic.arn]
    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:aws:cloudwatch:us-east-1:${data.aws_caller_identity.me.account_id}:alarm:*"]
    }
  }
}
resource "aws_cloudwatch_metric_alarm" "alarm" {
  alarm_name          = "failover"
  alarm_description   = "Primary is down"
  namespace           = "AWS/Route53"
  metric_name         = "HealthCheckStatus"
  statistic           = "Minimum"
  period              = 60
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "LessThanThreshold"
  treat_missing_data  = "notBreaching"
  dimensions          = { HealthCheckId = aws_route53_health_check.primary.id }
  alarm_actions       = [aws_sns_topic.topic.arn]
  tags                = { Environment = "test" }
}
resource "aws_cloudwatch_metric_alarm" "percentile" {
  alarm_name          = "slow"
  namespace           = "AWS/Lambda"
  metric_name         = "Duration"
  extended_statistic  = "p95"
  period              = 60
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  threshold           = 2500
  comparison_operator = "GreaterThanOrEqualToThreshold"
  dimensions          = { FunctionName = aws_lambda_function.function.function_name }
}
resource "aws_iam_role" "role" {
  name        = "failover"
  description = "of the function"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
  tags = { Environment = "test" }
}
resource "aws_iam_role_policy" "inline" {
  name   = "metrics"
  role   = aws_iam_role.role.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "cloudwatch:PutMetricData", Resource = "*" }] })
}
resource "aws_iam_policy" "policy" {
  name = "failover"
  path = "/guards/"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "route53:UpdateHealthCheck", Resource = "arn:aws:route53:::healthcheck/${aws_route53_health_check.primary.id}" }]
  })
  tags = { Environment = "test" }
}
resource "aws_iam_role_policy_attachment" "own" {
  role       = aws_iam_role.role.name
  policy_arn = aws_iam_policy.policy.arn
}
resource "aws_iam_role_policy_attachment" "basic" {
  role       = aws_iam_role.role.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
}
resource "aws_iam_user" "user" {
  name = "operator"
  tags = { Environment = "test" }
}
resource "aws_iam_access_key" "key" { user = aws_iam_user.user.name }
resource "aws_iam_user_policy" "user" {
  name   = "read"
  user   = aws_iam_user.user.name
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "route53:Get*", Resource = "*" }] })
}
resource "aws_cloudwatch_log_group" "logs" {
  provider          = aws.ireland
  name              = "/aws/lambda/failover"
  retention_in_days = 7
  tags              = { Environment = "test" }
}
resource "aws_cloudwatch_log_stream" "stream" {
  provider       = aws.ireland
  name           = "by hand"
  log_group_name = aws_cloudwatch_log_group.logs.name
}
resource "aws_lambda_function" "function" {
  provider                       = aws.ireland
  function_name                  = "failover"
  role                           = aws_iam_role.role.arn
  runtime                        = "python3.11"
  handler                        = "lambda.handler"
  filename                       = var.function_zip
  source_code_hash               = filebase64sha256(var.function_zip)
  timeout                        = 10
  publish                        = true
  reserved_concurrent_executions = 2
  environment { variables = { LATCH = "/lb-check-failed-over" } }
  dead_letter_config { target_arn = aws_sns_topic.ireland.arn }
  tags       = { Environment = "test" }
  depends_on = [aws_iam_role_policy_attachment.basic, aws_iam_role_policy.publish]
}
resource "aws_sns_topic" "ireland" {
  provider = aws.ireland
  name     = "lost"
}
resource "aws_iam_role_policy" "publish" {
  name   = "publish"
  role   = aws_iam_role.role.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sns:Publish", Resource = "*" }] })
}
resource "aws_lambda_alias" "live" {
  provider         = aws.ireland
  name             = "live"
  function_name    = aws_lambda_function.function.function_name
  function_version = aws_lambda_function.function.version
}
resource "aws_lambda_function_event_invoke_config" "invoke" {
  provider                     = aws.ireland
  function_name                = aws_lambda_function.function.function_name
  maximum_retry_attempts       = 1
  maximum_event_age_in_seconds = 120
  destination_config {
    on_failure { destination = aws_sns_topic.ireland.arn }
  }
}
resource "aws_lambda_permission" "sns" {
  provider      = aws.ireland
  statement_id  = "function-with-sns"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.function.function_name
  principal     = "sns.amazonaws.com"
  source_arn    = aws_sns_topic.topic.arn
}
resource "aws_lambda_permission" "events" {
  provider      = aws.ireland
  statement_id  = "tick"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.function.function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.tick.arn
}
resource "aws_sns_topic_subscription" "function" {
  topic_arn     = aws_sns_topic.topic.arn
  protocol      = "lambda"
  endpoint      = aws_lambda_function.function.arn
  filter_policy = jsonencode({ kind = ["alarm"] })
}
resource "aws_cloudwatch_event_rule" "tick" {
  provider            = aws.ireland
  name                = "tick"
  description         = "Reconcile"
  schedule_expression = "rate(1 minute)"
  tags                = { Environment = "test" }
}
resource "aws_cloudwatch_event_target" "tick" {
  provider  = aws.ireland
  rule      = aws_cloudwatch_event_rule.tick.name
  target_id = "function"
  arn       = aws_lambda_function.function.arn
  input     = jsonencode({ reconcile = true })
  retry_policy {
    maximum_event_age_in_seconds = 60
    maximum_retry_attempts       = 0
  }
}
data "aws_lambda_function" "found" {
  provider      = aws.ireland
  function_name = aws_lambda_function.function.function_name
}
data "aws_sns_topic" "found" {
  name       = "failover"
  depends_on = [aws_sns_topic.topic]
}

# Alarms over metric math and over other alarms, a dashboard, an insight rule.
resource "aws_cloudwatch_metric_alarm" "rate" {
  alarm_name          = "error-rate"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  evaluation_periods  = 2
  datapoints_to_alarm = 1
  threshold           = 10
  metric_query {
    id          = "e1"
    expression  = "IF(m2 > 0, m1 / m2 * 100, 0)"
    label       = "Error rate"
    return_data = true
  }
  dynamic "metric_query" {
    for_each = { m1 = "Errors", m2 = "Invocations" }
    content {
      id = metric_query.key
      metric {
        metric_name = metric_query.value
        namespace   = "AWS/Lambda"
        period      = 60
        stat        = "Sum"
        unit        = "Count"
        dimensions  = { FunctionName = "guard" }
      }
    }
  }
}
resource "aws_cloudwatch_composite_alarm" "both" {
  alarm_name        = "down-and-not-maintenance"
  alarm_description = "down and nobody at work on it"
  alarm_rule        = "ALARM(\"${aws_cloudwatch_metric_alarm.rate.alarm_name}\") AND NOT INSUFFICIENT_DATA(${aws_cloudwatch_metric_alarm.rate.arn})"
  actions_suppressor {
    alarm            = aws_cloudwatch_metric_alarm.rate.alarm_name
    extension_period = 10
    wait_period      = 20
  }
  tags = { kind = "composite" }
}
resource "aws_cloudwatch_dashboard" "main" {
  dashboard_name = "main"
  dashboard_body = jsonencode({
    widgets = [
      {
        type   = "metric", x = 0, y = 0, width = 12, height = 6,
        properties = {
          metrics = [["AWS/Lambda", "Errors", "FunctionName", "guard", { stat = "Sum" }]]
          region  = "us-east-1", title = "Errors"
        }
      },
      { type = "text", x = 0, y = 7, width = 3, height = 3, properties = { markdown = "Hello" } },
    ]
  })
}
resource "aws_cloudwatch_contributor_insight_rule" "top" {
  rule_name  = "top"
  rule_state = "ENABLED"
  rule_definition = jsonencode({
    Schema        = { Name = "CloudWatchLogRule", Version = 1 }
    AggregateOn   = "Count"
    Contribution  = { Filters = [], Keys = ["$.ip"] }
    LogFormat     = "JSON"
    LogGroupNames = ["/aws/lambda/guard"]
  })
}

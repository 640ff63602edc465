# SPDX-License-Identifier: Apache-2.0
# What teams put around their logs.
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}
variable "function_zip" { type = string }
provider "aws" { region = "eu-west-1" }

resource "aws_cloudwatch_log_group" "logs" {
  name              = "/app/words"
  retention_in_days = 7
  tags              = { Environment = "test" }
}
resource "aws_cloudwatch_log_stream" "stream" {
  name           = "stream"
  log_group_name = aws_cloudwatch_log_group.logs.name
}
resource "aws_cloudwatch_log_metric_filter" "errors" {
  name           = "errors"
  pattern        = "?ERROR ?Exception"
  log_group_name = aws_cloudwatch_log_group.logs.name
  metric_transformation {
    name          = "Errors"
    namespace     = "Words"
    value         = "1"
    default_value = "0"
    unit          = "Count"
  }
}
resource "aws_cloudwatch_log_metric_filter" "latency" {
  name           = "latency"
  pattern        = "{ $.latency = * }"
  log_group_name = aws_cloudwatch_log_group.logs.name
  metric_transformation {
    name       = "Latency"
    namespace  = "Words"
    value      = "$.latency"
    dimensions = { Path = "$.path" }
  }
}
resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "errors"
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 1
  metric_name         = aws_cloudwatch_log_metric_filter.errors.metric_transformation[0].name
  namespace           = "Words"
  period              = 60
  statistic           = "Sum"
  threshold           = 0
}

resource "aws_iam_role" "function" {
  name = "listener"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}
resource "aws_lambda_function" "listener" {
  function_name = "listener"
  role          = aws_iam_role.function.arn
  runtime       = "python3.11"
  handler       = "lambda.handler"
  filename      = var.function_zip
}
resource "aws_lambda_permission" "logs" {
  statement_id  = "logs"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.listener.function_name
  principal     = "logs.eu-west-1.amazonaws.com"
  source_arn    = "${aws_cloudwatch_log_group.logs.arn}:*"
}
resource "aws_cloudwatch_log_subscription_filter" "listener" {
  name            = "listener"
  log_group_name  = aws_cloudwatch_log_group.logs.name
  filter_pattern  = "ERROR"
  destination_arn = aws_lambda_function.listener.arn
  depends_on      = [aws_lambda_permission.logs]
}

resource "aws_cloudwatch_log_resource_policy" "route53" {
  policy_name = "route53"
  policy_document = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect = "Allow", Action = ["logs:CreateLogStream", "logs:PutLogEvents"], Resource = "arn:aws:logs:*:*:log-group:/aws/route53/*"
      Principal = { Service = "route53.amazonaws.com" }
    }]
  })
}
resource "aws_cloudwatch_query_definition" "errors" {
  name            = "app/errors"
  log_group_names = [aws_cloudwatch_log_group.logs.name]
  query_string    = <<-EOT
    fields @timestamp, @message
    | filter @message like /ERROR/
    | sort @timestamp desc
    | limit 25
  EOT
}
resource "aws_cloudwatch_log_destination" "stream" {
  name       = "stream"
  role_arn   = aws_iam_role.function.arn
  target_arn = "arn:aws:kinesis:eu-west-1:000000000000:stream/s"
  tags       = { Environment = "test" }
}
resource "aws_cloudwatch_log_destination_policy" "stream" {
  destination_name = aws_cloudwatch_log_destination.stream.name
  access_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow", Action = "logs:PutSubscriptionFilter", Resource = aws_cloudwatch_log_destination.stream.arn
      Principal = { AWS = "111111111111" }
    }]
  })
}
locals {
  protection = {
    Name    = "protection"
    Version = "2021-06-01"
    Statement = [
      { Sid = "Audit", DataIdentifier = ["arn:aws:dataprotection::aws:data-identifier/EmailAddress"], Operation = { Audit = { FindingsDestination = {} } } },
      { Sid = "Redact", DataIdentifier = ["arn:aws:dataprotection::aws:data-identifier/EmailAddress"], Operation = { Deidentify = { MaskConfig = {} } } },
    ]
  }
}
resource "aws_cloudwatch_log_data_protection_policy" "logs" {
  log_group_name  = aws_cloudwatch_log_group.logs.name
  policy_document = jsonencode(local.protection)
}
resource "aws_cloudwatch_log_account_policy" "protection" {
  policy_name     = "protection"
  policy_type     = "DATA_PROTECTION_POLICY"
  policy_document = jsonencode(local.protection)
}
resource "aws_cloudwatch_log_index_policy" "logs" {
  log_group_name  = aws_cloudwatch_log_group.logs.name
  policy_document = jsonencode({ Fields = ["requestId", "level"] })
}
resource "aws_cloudwatch_log_delivery_source" "distribution" {
  name         = "distribution"
  log_type     = "ACCESS_LOGS"
  resource_arn = "arn:aws:cloudfront::000000000000:distribution/E1"
}
resource "aws_cloudwatch_log_delivery_destination" "logs" {
  name          = "logs"
  output_format = "json"
  delivery_destination_configuration { destination_resource_arn = aws_cloudwatch_log_group.logs.arn }
}
resource "aws_cloudwatch_log_delivery_destination_policy" "logs" {
  delivery_destination_name = aws_cloudwatch_log_delivery_destination.logs.name
  delivery_destination_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "logs:CreateDelivery", Resource = aws_cloudwatch_log_delivery_destination.logs.arn, Principal = { AWS = "000000000000" } }]
  })
}
resource "aws_cloudwatch_log_delivery" "distribution" {
  delivery_source_name     = aws_cloudwatch_log_delivery_source.distribution.name
  delivery_destination_arn = aws_cloudwatch_log_delivery_destination.logs.arn
  record_fields            = ["date", "time", "c-ip"]
  field_delimiter          = ","
}
resource "aws_cloudwatch_log_anomaly_detector" "logs" {
  detector_name           = "words"
  log_group_arn_list      = [aws_cloudwatch_log_group.logs.arn]
  anomaly_visibility_time = 7
  evaluation_frequency    = "TEN_MIN"
  enabled                 = true
}

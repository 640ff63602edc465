# SPDX-License-Identifier: Apache-2.0
# EventBridge: buses with their permissions, rules by pattern, every kind of target, an archive.
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}
provider "aws" { region = "eu-central-1" }

resource "aws_cloudwatch_event_bus" "orders" {
  name        = "orders"
  description = "Orders"
  tags        = { Environment = "test" }
}
resource "aws_cloudwatch_event_bus" "audit" { name = "audit" }
resource "aws_cloudwatch_event_bus_policy" "orders" {
  event_bus_name = aws_cloudwatch_event_bus.orders.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "others"
      Effect    = "Allow"
      Action    = "events:PutEvents"
      Principal = { AWS = "111111111111" }
      Resource  = aws_cloudwatch_event_bus.orders.arn
    }]
  })
}
resource "aws_cloudwatch_event_permission" "account" {
  principal    = "222222222222"
  statement_id = "account"
}
resource "aws_cloudwatch_event_permission" "organisation" {
  event_bus_name = aws_cloudwatch_event_bus.audit.name
  principal      = "*"
  statement_id   = "organisation"
  condition {
    key   = "aws:PrincipalOrgID"
    type  = "StringEquals"
    value = "o-0123456789"
  }
}
resource "aws_cloudwatch_event_archive" "orders" {
  name             = "orders"
  description      = "All of them"
  event_source_arn = aws_cloudwatch_event_bus.orders.arn
  retention_days   = 7
  event_pattern    = jsonencode({ source = ["shop"] })
}
resource "aws_cloudwatch_event_archive" "everything" {
  name             = "everything"
  event_source_arn = aws_cloudwatch_event_bus.audit.arn
}

resource "aws_cloudwatch_event_rule" "large" {
  name           = "large"
  description    = "Large orders"
  event_bus_name = aws_cloudwatch_event_bus.orders.name
  event_pattern = jsonencode({
    source = [{ prefix = "shop" }]
    detail = { amount = [{ numeric = [">", 100, "<=", 5000.5] }], "$or" = [{ kind = ["a"] }, { kind = [{ exists = false }] }] }
  })
  tags = { Environment = "test" }
}
resource "aws_cloudwatch_event_rule" "alarms" {
  name          = "alarms"
  state         = "DISABLED"
  event_pattern = jsonencode({ source = ["aws.cloudwatch"], "detail-type" = ["CloudWatch Alarm State Change"] })
}

resource "aws_sns_topic" "topic" { name = "orders" }
resource "aws_cloudwatch_log_group" "log" { name = "/aws/events/orders" }
resource "aws_cloudwatch_event_target" "topic" {
  rule           = aws_cloudwatch_event_rule.large.name
  event_bus_name = aws_cloudwatch_event_bus.orders.name
  target_id      = "topic"
  arn            = aws_sns_topic.topic.arn
  input_transformer {
    input_paths    = { amount = "$.detail.amount", who = "$.detail.customer.name" }
    input_template = "\"<who> ordered for <amount>\""
  }
  retry_policy {
    maximum_event_age_in_seconds = 600
    maximum_retry_attempts       = 5
  }
  dead_letter_config { arn = "arn:aws:sqs:eu-central-1:000000000000:dead" }
}
resource "aws_cloudwatch_event_target" "log" {
  rule           = aws_cloudwatch_event_rule.large.name
  event_bus_name = aws_cloudwatch_event_bus.orders.name
  arn            = aws_cloudwatch_log_group.log.arn
}
resource "aws_cloudwatch_event_target" "queue" {
  rule           = aws_cloudwatch_event_rule.large.name
  event_bus_name = aws_cloudwatch_event_bus.orders.name
  arn            = "arn:aws:sqs:eu-central-1:000000000000:orders.fifo"
  input_path     = "$.detail"
  sqs_target { message_group_id = "orders" }
}
resource "aws_cloudwatch_event_target" "bus" {
  rule           = aws_cloudwatch_event_rule.large.name
  event_bus_name = aws_cloudwatch_event_bus.orders.name
  target_id      = "bus"
  arn            = aws_cloudwatch_event_bus.audit.arn
}
data "aws_cloudwatch_event_bus" "found" { name = aws_cloudwatch_event_bus.orders.name }
output "bus" { value = data.aws_cloudwatch_event_bus.found.arn }

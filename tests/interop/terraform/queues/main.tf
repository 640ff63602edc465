# SPDX-License-Identifier: Apache-2.0
# Queues with everything that hangs on them, and topics that send to them.
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}
provider "aws" { region = "us-east-1" }

resource "aws_sqs_queue" "dead" {
  name = "dead"
}
resource "aws_sqs_queue" "q" {
  name                       = "q"
  delay_seconds              = 5
  max_message_size           = 2048
  message_retention_seconds  = 86400
  receive_wait_time_seconds  = 10
  visibility_timeout_seconds = 60
  sqs_managed_sse_enabled    = true
  tags                       = { a = "b" }
}
resource "aws_sqs_queue_redrive_policy" "q" {
  queue_url      = aws_sqs_queue.q.id
  redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead.arn, maxReceiveCount = 4 })
}
resource "aws_sqs_queue_redrive_allow_policy" "dead" {
  queue_url            = aws_sqs_queue.dead.id
  redrive_allow_policy = jsonencode({ redrivePermission = "byQueue", sourceQueueArns = [aws_sqs_queue.q.arn] })
}
resource "aws_sqs_queue" "f" {
  name                        = "f.fifo"
  fifo_queue                  = true
  content_based_deduplication = true
  deduplication_scope         = "messageGroup"
  fifo_throughput_limit       = "perMessageGroupId"
}
resource "aws_sqs_queue" "k" {
  name_prefix                       = "k-"
  kms_master_key_id                 = "alias/aws/sqs"
  kms_data_key_reuse_period_seconds = 300
}
resource "aws_sns_topic" "t" {
  name = "t"
}
resource "aws_sns_topic" "f" {
  name                        = "t.fifo"
  fifo_topic                  = true
  content_based_deduplication = true
}
data "aws_iam_policy_document" "p" {
  statement {
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.q.arn]
    principals {
      type        = "Service"
      identifiers = ["sns.amazonaws.com"]
    }
    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [aws_sns_topic.t.arn]
    }
  }
}
resource "aws_sqs_queue_policy" "q" {
  queue_url = aws_sqs_queue.q.id
  policy    = data.aws_iam_policy_document.p.json
}
resource "aws_sns_topic_subscription" "q" {
  topic_arn            = aws_sns_topic.t.arn
  protocol             = "sqs"
  endpoint             = aws_sqs_queue.q.arn
  raw_message_delivery = true
  redrive_policy       = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead.arn })
}
resource "aws_sns_topic_subscription" "f" {
  topic_arn = aws_sns_topic.f.arn
  protocol  = "sqs"
  endpoint  = aws_sqs_queue.f.arn
}
data "aws_sqs_queue" "q" {
  name = aws_sqs_queue.q.name
}
data "aws_sqs_queues" "all" {
  depends_on = [aws_sqs_queue.q]
}

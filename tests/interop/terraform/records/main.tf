# SPDX-License-Identifier: Apache-2.0
# Records of every routing policy that the engine answers, in a zone that is there already.
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}
provider "aws" { region = "us-east-1" }

data "aws_route53_zone" "zone" { name = "example.test." }
resource "aws_route53_health_check" "check" {
  type              = "TCP"
  ip_address        = "127.0.0.1"
  port              = 1
  regions           = ["us-east-1", "eu-west-1", "us-west-2"]
  request_interval  = 30
  failure_threshold = 3
}
resource "aws_route53_record" "client" {
  for_each        = { PRIMARY = "192.0.2.1", SECONDARY = "192.0.2.2" }
  zone_id         = data.aws_route53_zone.zone.zone_id
  name            = "client.example.test"
  type            = "A"
  ttl             = 60
  records         = [each.value]
  set_identifier  = lower(each.key)
  health_check_id = each.key == "PRIMARY" ? aws_route53_health_check.check.id : null
  failover_routing_policy { type = each.key }
}
resource "aws_route53_record" "site" {
  for_each = { primary = "192.0.2.1", backup = "192.0.2.2" }
  zone_id  = data.aws_route53_zone.zone.zone_id
  name     = "${each.key}.example.test"
  type     = "A"
  ttl      = 60
  records  = [each.value]
}
resource "aws_route53_record" "alias" {
  zone_id = data.aws_route53_zone.zone.zone_id
  name    = "www"
  type    = "A"
  alias {
    zone_id                = data.aws_route53_zone.zone.zone_id
    name                   = aws_route53_record.site["primary"].name  # its target must be there first, as on AWS
    evaluate_target_health = true
  }
}
resource "aws_route53_record" "text" {
  zone_id = data.aws_route53_zone.zone.zone_id
  name    = "*.wild"
  type    = "TXT"
  ttl     = 300
  records = ["one", "two words"]
}
resource "aws_route53_record" "weighted" {
  count          = 2
  zone_id        = data.aws_route53_zone.zone.zone_id
  name           = "spread"
  type           = "CNAME"
  ttl            = 5
  records        = ["site${count.index}.example.test"]
  set_identifier = "site${count.index}"
  weighted_routing_policy { weight = count.index * 10 }
}

# SPDX-License-Identifier: Apache-2.0
# Every resource type of Route 53 beside zones, records and health checks.
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}
provider "aws" { region = "us-east-1" }

# --- private zones

resource "aws_route53_zone" "inner" {
  name    = "inner.test"
  comment = "where the VPCs look"
  vpc { vpc_id = "vpc-0123456789abcdef0" }
  lifecycle { ignore_changes = [vpc] }
}
resource "aws_route53_zone_association" "second" {
  zone_id    = aws_route53_zone.inner.zone_id
  vpc_id     = "vpc-0123456789abcdef1"
  vpc_region = "eu-west-1"
}
resource "aws_route53_vpc_association_authorization" "elsewhere" {
  zone_id = aws_route53_zone.inner.zone_id
  vpc_id  = "vpc-0123456789abcdef2"
}
resource "aws_route53_zone" "both" {
  name = "both.test"
  vpc {
    vpc_id     = "vpc-0123456789abcdef0"
    vpc_region = "us-east-1"
  }
  vpc {
    vpc_id     = "vpc-0123456789abcdef1"
    vpc_region = "eu-west-1"
  }
}
resource "aws_route53_record" "inner" {
  zone_id = aws_route53_zone.inner.zone_id
  name    = "db.inner.test"
  type    = "A"
  ttl     = 60
  records = ["10.0.0.5"]
}
data "aws_route53_zone" "inner" {
  name         = "inner.test"
  private_zone = true
  depends_on   = [aws_route53_zone.inner]
}

# --- delegation sets and query logs

resource "aws_route53_delegation_set" "shared" { reference_name = "shared" }
resource "aws_route53_zone" "one" {
  name              = "one.test"
  delegation_set_id = aws_route53_delegation_set.shared.id
}
resource "aws_route53_zone" "two" {
  name              = "two.test"
  delegation_set_id = aws_route53_delegation_set.shared.id
}
resource "aws_cloudwatch_log_group" "queries" {
  name              = "/aws/route53/one.test"
  retention_in_days = 7
}
resource "aws_route53_query_log" "one" {
  zone_id                  = aws_route53_zone.one.zone_id
  cloudwatch_log_group_arn = aws_cloudwatch_log_group.queries.arn
}

# --- by address

resource "aws_route53_cidr_collection" "offices" { name = "offices" }
resource "aws_route53_cidr_location" "paris" {
  cidr_collection_id = aws_route53_cidr_collection.offices.id
  name               = "paris"
  cidr_blocks        = ["192.0.2.0/24", "10.0.0.0/8"]
}
resource "aws_route53_record" "by_address" {
  for_each       = { paris = "192.0.2.1", "*" = "192.0.2.2" }
  zone_id        = aws_route53_zone.one.zone_id
  name           = "office.one.test"
  type           = "A"
  ttl            = 60
  records        = [each.value]
  set_identifier = each.key == "*" ? "rest" : each.key
  cidr_routing_policy {
    collection_id = aws_route53_cidr_collection.offices.id
    location_name = each.key
  }
  depends_on = [aws_route53_cidr_location.paris]
}

# --- traffic policies

data "aws_route53_traffic_policy_document" "sites" {
  record_type = "A"
  start_rule  = "site"
  endpoint {
    id    = "primary"
    type  = "value"
    value = "192.0.2.10"
  }
  endpoint {
    id    = "backup"
    type  = "value"
    value = "192.0.2.20"
  }
  rule {
    id   = "site"
    type = "failover"
    primary {
      rule_reference         = "places"
      evaluate_target_health = true
    }
    secondary { endpoint_reference = "backup" }
  }
  rule {
    id   = "places"
    type = "geo"
    location {
      endpoint_reference = "primary"
      is_default         = true
    }
  }
}
resource "aws_route53_traffic_policy" "sites" {
  name     = "sites"
  comment  = "the primary, else the backup"
  document = data.aws_route53_traffic_policy_document.sites.json
}
resource "aws_route53_traffic_policy_instance" "www" {
  name                   = "www.one.test"
  hosted_zone_id         = aws_route53_zone.one.zone_id
  traffic_policy_id      = aws_route53_traffic_policy.sites.id
  traffic_policy_version = aws_route53_traffic_policy.sites.version
  ttl                    = 60
}

output "inner_matches" { value = data.aws_route53_zone.inner.zone_id == aws_route53_zone.inner.zone_id }
output "servers_shared" { value = toset(aws_route53_zone.one.name_servers) == toset(aws_route53_zone.two.name_servers) }

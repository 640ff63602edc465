# SPDX-License-Identifier: Apache-2.0
# A zone, and the lookups that configurations begin with.
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}
provider "aws" { region = "us-east-1" }

resource "aws_route53_zone" "zone" {
  name    = "sub.example.test"
  comment = "interop"
  tags    = { Environment = "test" }
}
data "aws_route53_zone" "found" {
  name       = "sub.example.test."
  depends_on = [aws_route53_zone.zone]
}
output "zone_matches" { value = data.aws_route53_zone.found.zone_id == aws_route53_zone.zone.zone_id }
output "name_servers" { value = length(aws_route53_zone.zone.name_servers) }

# SPDX-License-Identifier: Apache-2.0
# Every kind of resource of IAM's that needs no other service and no organisation.
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}
variable "certificate" { type = string }
variable "certificate_chain" { type = string }
variable "private_key" { type = string }
variable "ssh_key" { type = string }
provider "aws" { region = "us-east-1" }
data "aws_caller_identity" "me" {}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}
data "aws_iam_policy_document" "publish" {
  statement {
    sid       = "Publish"
    actions   = ["sns:Publish"]
    resources = ["*"]
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["true"]
    }
  }
}

resource "aws_iam_account_alias" "alias" { account_alias = "sitelatch-test" }
resource "aws_iam_account_password_policy" "strict" {
  minimum_password_length        = 12
  require_lowercase_characters   = true
  require_uppercase_characters   = true
  require_numbers                = true
  require_symbols                = true
  allow_users_to_change_password = true
  max_password_age               = 90
  password_reuse_prevention      = 5
}
resource "aws_iam_security_token_service_preferences" "v2" { global_endpoint_token_version = "v2Token" }

resource "aws_iam_policy" "publish" {
  name        = "publish"
  path        = "/team/"
  description = "May publish"
  policy      = data.aws_iam_policy_document.publish.json
  tags        = { Team = "sre" }
}
resource "aws_iam_role" "instance" {
  name                 = "instance"
  path                 = "/team/"
  description          = "An instance's"
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  max_session_duration = 7200
  permissions_boundary = aws_iam_policy.publish.arn
  tags                 = { Team = "sre" }
}
resource "aws_iam_role_policy" "inline" {
  name   = "inline"
  role   = aws_iam_role.instance.name
  policy = data.aws_iam_policy_document.publish.json
}
resource "aws_iam_role_policies_exclusive" "inline" {
  role_name    = aws_iam_role.instance.name
  policy_names = [aws_iam_role_policy.inline.name]
}
resource "aws_iam_role_policy_attachment" "aws" {
  for_each = toset(["ReadOnlyAccess", "AmazonSSMManagedInstanceCore", "CloudWatchAgentServerPolicy",
  "AWSXRayDaemonWriteAccess", "service-role/AWSLambdaBasicExecutionRole"])
  role       = aws_iam_role.instance.name
  policy_arn = "arn:aws:iam::aws:policy/${each.value}"
}
resource "aws_iam_instance_profile" "instance" {
  name = "instance"
  path = "/team/"
  role = aws_iam_role.instance.name
  tags = { Team = "sre" }
}
resource "aws_iam_service_linked_role" "scaling" {
  aws_service_name = "autoscaling.amazonaws.com"
  custom_suffix    = "test"
  description      = "Scales"
  tags             = { Team = "sre" }
}

resource "aws_iam_group" "people" {
  name = "people"
  path = "/team/"
}
resource "aws_iam_group_policy" "inline" {
  name   = "inline"
  group  = aws_iam_group.people.name
  policy = data.aws_iam_policy_document.publish.json
}
resource "aws_iam_group_policy_attachment" "publish" {
  group      = aws_iam_group.people.name
  policy_arn = aws_iam_policy.publish.arn
}
resource "aws_iam_group_membership" "people" {
  name  = "people"
  group = aws_iam_group.people.name
  users = [aws_iam_user.ann.name]
}
resource "aws_iam_group" "others" { name = "others" }
resource "aws_iam_user_group_membership" "bob" {
  user   = aws_iam_user.bob.name
  groups = [aws_iam_group.others.name]
}

resource "aws_iam_user" "ann" {
  name = "ann"
  path = "/team/"
  tags = { Team = "sre" }
}
resource "aws_iam_user" "bob" { name = "bob" }
resource "aws_iam_user_policy" "inline" {
  name   = "inline"
  user   = aws_iam_user.ann.name
  policy = data.aws_iam_policy_document.publish.json
}
resource "aws_iam_user_policy_attachment" "publish" {
  user       = aws_iam_user.ann.name
  policy_arn = aws_iam_policy.publish.arn
}
resource "aws_iam_user_policy_attachments_exclusive" "ann" {
  user_name   = aws_iam_user.ann.name
  policy_arns = [aws_iam_user_policy_attachment.publish.policy_arn]
}
resource "aws_iam_access_key" "ann" { user = aws_iam_user.ann.name }
resource "aws_iam_user_login_profile" "ann" {
  user                    = aws_iam_user.ann.name
  password_length         = 20
  password_reset_required = true
  depends_on              = [aws_iam_account_password_policy.strict]
}
resource "aws_iam_user_ssh_key" "ann" {
  username   = aws_iam_user.ann.name
  encoding   = "SSH"
  public_key = var.ssh_key
}
resource "aws_iam_signing_certificate" "ann" {
  user_name        = aws_iam_user.ann.name
  certificate_body = var.certificate
}
resource "aws_iam_service_specific_credential" "ann" {
  user_name    = aws_iam_user.ann.name
  service_name = "codecommit.amazonaws.com"
}
resource "aws_iam_virtual_mfa_device" "ann" {
  virtual_mfa_device_name = "ann"
  path                    = "/team/"
  tags                    = { Team = "sre" }
}

resource "aws_iam_openid_connect_provider" "github" {
  url             = "https://token.actions.githubusercontent.com"
  client_id_list  = ["sts.amazonaws.com", "other"]
  thumbprint_list = ["6938fd4d98bab03faadb97b34396831e3780aea1"]
  tags            = { Team = "sre" }
}
resource "aws_iam_saml_provider" "idp" {
  name                   = "idp"
  saml_metadata_document = file("${path.module}/metadata.xml")
  tags                   = { Team = "sre" }
}
resource "aws_iam_server_certificate" "web" {
  name              = "web"
  path              = "/cloudfront/team/"
  certificate_body  = var.certificate
  certificate_chain = var.certificate_chain
  private_key       = var.private_key
  tags              = { Team = "sre" }
}

data "aws_iam_policy" "read_only" { name = "ReadOnlyAccess" }
data "aws_iam_principal_policy_simulation" "publish" {
  action_names      = ["sns:Publish"]
  policy_source_arn = aws_iam_user.ann.arn
  resource_arns     = ["arn:aws:sns:us-east-1:${data.aws_caller_identity.me.account_id}:t"]
  context {
    key    = "aws:SecureTransport"
    type   = "boolean"
    values = ["true"]
  }
  depends_on = [aws_iam_user_policy.inline, aws_iam_user_policy_attachment.publish]
}
output "read_only" { value = data.aws_iam_policy.read_only.arn }
output "may_publish" { value = data.aws_iam_principal_policy_simulation.publish.all_allowed }
output "profile_role" { value = aws_iam_instance_profile.instance.role }
output "seed_length" { value = length(aws_iam_virtual_mfa_device.ann.base_32_string_seed) }

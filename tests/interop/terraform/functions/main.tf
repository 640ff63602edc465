# SPDX-License-Identifier: Apache-2.0
# Functions with what stands around them: layers, versions, aliases, concurrency, code signing, a Node.js runtime.
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

resource "aws_iam_role" "role" {
  name = "layered-function"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}

resource "aws_lambda_layer_version" "layer" {
  layer_name               = "shared"
  filename                 = var.function_zip
  source_code_hash         = filebase64sha256(var.function_zip)
  description              = "what functions share"
  license_info             = "Apache-2.0"
  compatible_runtimes      = ["nodejs20.x", "python3.11"]
  compatible_architectures = ["x86_64"]
}
resource "aws_lambda_layer_version_permission" "account" {
  layer_name     = aws_lambda_layer_version.layer.layer_name
  version_number = aws_lambda_layer_version.layer.version
  statement_id   = "account"
  action         = "lambda:GetLayerVersion"
  principal      = "111111111111"
}
data "aws_lambda_layer_version" "layer" {
  layer_name = aws_lambda_layer_version.layer.layer_name
}

resource "aws_lambda_code_signing_config" "signing" {
  description = "who may publish"
  allowed_publishers {
    signing_profile_version_arns = ["arn:aws:signer:us-east-1:111111111111:/signing-profiles/profile/0123456789"]
  }
  policies { untrusted_artifact_on_deployment = "Warn" }
  tags = { Environment = "test" }
}

resource "aws_lambda_function" "node" {
  function_name           = "layered"
  filename                = var.function_zip
  source_code_hash        = filebase64sha256(var.function_zip)
  handler                 = "index.handler"
  runtime                 = "nodejs20.x"
  role                    = aws_iam_role.role.arn
  layers                  = [aws_lambda_layer_version.layer.arn]
  publish                 = true
  code_signing_config_arn = aws_lambda_code_signing_config.signing.arn
  logging_config {
    log_format            = "JSON"
    application_log_level = "WARN"
    system_log_level      = "DEBUG"
  }
  tags = { Environment = "test" }
}
resource "aws_lambda_alias" "live" {
  name             = "live"
  description      = "what is called"
  function_name    = aws_lambda_function.node.function_name
  function_version = aws_lambda_function.node.version
}
resource "aws_lambda_provisioned_concurrency_config" "live" {
  function_name                     = aws_lambda_alias.live.function_name
  qualifier                         = aws_lambda_alias.live.name
  provisioned_concurrent_executions = 2
}
resource "aws_lambda_function_url" "live" {
  function_name      = aws_lambda_function.node.function_name
  qualifier          = aws_lambda_alias.live.name
  authorization_type = "AWS_IAM"
  cors {
    allow_origins = ["https://example.test"]
    max_age       = 60
  }
}
resource "aws_lambda_function_event_invoke_config" "live" {
  function_name                = aws_lambda_function.node.function_name
  qualifier                    = aws_lambda_alias.live.name
  maximum_retry_attempts       = 0
  maximum_event_age_in_seconds = 60
}
resource "aws_lambda_function_recursion_config" "node" {
  function_name  = aws_lambda_function.node.function_name
  recursive_loop = "Allow"
}
resource "aws_lambda_runtime_management_config" "node" {
  function_name     = aws_lambda_function.node.function_name
  update_runtime_on = "FunctionUpdate"
}
resource "aws_lambda_permission" "live" {
  statement_id  = "topics"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.node.function_name
  qualifier     = aws_lambda_alias.live.name
  principal     = "sns.amazonaws.com"
}
output "layer_is_newest" { value = data.aws_lambda_layer_version.layer.arn == aws_lambda_layer_version.layer.arn }

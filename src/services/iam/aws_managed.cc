// SPDX-License-Identifier: Apache-2.0
#include "services/iam/aws_managed.h"

#include <array>
#include <cstdint>

namespace sitelatch::iam {
namespace {
struct Row {
  std::string_view path, name, version, created, updated, document;
};
// Those whose current documents are certain (fact iam-3).
constexpr std::array<Row, 9> managed_policies = {{
    {"/", "AdministratorAccess", "v1", "2015-02-06T18:39:46Z", "2015-02-06T18:39:46Z",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]})"},
    {"/", "PowerUserAccess", "v12", "2015-02-06T18:39:47Z", "2026-02-12T17:59:14Z",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow",)"
     R"("NotAction":["iam:*","organizations:*","account:*"],"Resource":"*"},)"
     R"({"Effect":"Allow","Action":["account:GetAccountInformation",)"
     R"("account:GetGovCloudAccountInformation","account:GetPrimaryEmail","account:ListRegions",)"
     R"("iam:CreateServiceLinkedRole","iam:DeleteServiceLinkedRole","iam:ListRoles",)"
     R"("organizations:DescribeEffectivePolicy","organizations:DescribeOrganization"],)"
     R"("Resource":"*"}]})"},
    {"/service-role/", "AWSLambdaBasicExecutionRole", "v1", "2015-04-09T15:03:43Z",
     "2015-04-09T15:03:43Z",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["logs:CreateLogGroup",)"
     R"("logs:CreateLogStream","logs:PutLogEvents"],"Resource":"*"}]})"},
    {"/service-role/", "AWSLambdaVPCAccessExecutionRole", "v3", "2016-02-11T23:15:26Z",
     "2024-01-05T22:38:26Z",
     R"({"Version":"2012-10-17","Statement":[{"Sid":"AWSLambdaVPCAccessExecutionPermissions",)"
     R"("Effect":"Allow","Action":["logs:CreateLogGroup","logs:CreateLogStream",)"
     R"("logs:PutLogEvents","ec2:CreateNetworkInterface","ec2:DescribeNetworkInterfaces",)"
     R"("ec2:DescribeSubnets","ec2:DeleteNetworkInterface","ec2:AssignPrivateIpAddresses",)"
     R"("ec2:UnassignPrivateIpAddresses"],"Resource":"*"}]})"},
    {"/service-role/", "AWSLambdaRole", "v1", "2015-02-06T18:41:28Z", "2015-02-06T18:41:28Z",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow",)"
     R"("Action":["lambda:InvokeFunction"],"Resource":["*"]}]})"},
    {"/", "AmazonRoute53ReadOnlyAccess", "v2", "2015-02-06T18:40:55Z", "2016-11-15T21:15:16Z",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["route53:Get*",)"
     R"("route53:List*","route53:TestDNSAnswer"],"Resource":["*"]}]})"},
    {"/", "AmazonRoute53FullAccess", "v7", "2015-02-06T18:40:54Z", "2026-02-12T18:00:40Z",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow",)"
     R"("Action":["route53:*","route53domains:*","cloudfront:ListDistributions",)"
     R"("cloudfront:GetDistributionTenantByDomain","cloudfront:GetConnectionGroup",)"
     R"("cloudwatch:DescribeAlarms","cloudwatch:GetMetricStatistics","cloudwatch:GetMetricData",)"
     R"("ec2:DescribeVpcs","ec2:DescribeVpcEndpoints","ec2:DescribeRegions",)"
     R"("elasticloadbalancing:DescribeLoadBalancers","elasticbeanstalk:DescribeEnvironments",)"
     R"("es:ListDomainNames","es:DescribeDomains","lightsail:GetContainerServices",)"
     R"("s3:ListBucket","s3:GetBucketLocation","s3:GetBucketWebsite","sns:ListTopics",)"
     R"("sns:ListSubscriptionsByTopic","tag:GetResources"],"Resource":"*"},)"
     R"({"Effect":"Allow","Action":"apigateway:GET","Resource":)"
     R"("arn:aws:apigateway:*::/domainnames"}]})"},
    {"/", "IAMReadOnlyAccess", "v4", "2015-02-06T18:40:39Z", "2018-01-25T19:11:27Z",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow",)"
     R"("Action":["iam:GenerateCredentialReport","iam:GenerateServiceLastAccessedDetails",)"
     R"("iam:Get*","iam:List*","iam:SimulateCustomPolicy","iam:SimulatePrincipalPolicy"],)"
     R"("Resource":"*"}]})"},
    {"/", "IAMFullAccess", "v2", "2015-02-06T18:40:38Z", "2019-06-21T19:40:00Z",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow",)"
     R"("Action":["iam:*","organizations:DescribeAccount","organizations:DescribeOrganization",)"
     R"("organizations:DescribeOrganizationalUnit","organizations:DescribePolicy",)"
     R"("organizations:ListChildren","organizations:ListParents",)"
     R"("organizations:ListPoliciesForTarget","organizations:ListRoots",)"
     R"("organizations:ListPolicies","organizations:ListTargetsForPolicy"],"Resource":"*"}]})"},
}};

// Ids of AWS's policies are AWS's; ours only have their form and never change.
std::string id_of(std::string_view name) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::uint64_t state = 1469598103934665603ULL;
  for (const char c : name) state = (state ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  std::string id = "ANPA";
  while (id.size() < 21) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    id += alphabet[(state >> 40) % alphabet.size()];
  }
  return id;
}
}  // namespace

std::vector<ManagedPolicy> aws_managed_policies() {
  std::vector<ManagedPolicy> out;
  for (const auto& row : managed_policies) {
    ManagedPolicy p;
    p.name = row.name;
    p.path = row.path;
    p.id = id_of(row.name);
    p.arn = "arn:aws:iam::aws:policy" + p.path + p.name;
    p.created = *parse_iso8601(row.created);
    p.updated = *parse_iso8601(row.updated);
    p.default_version = row.version;
    p.versions = {{std::string{row.version}, std::string{row.document}, p.updated}};
    p.of_aws = true;
    out.push_back(std::move(p));
  }
  return out;
}

}  // namespace sitelatch::iam

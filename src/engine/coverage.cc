// SPDX-License-Identifier: Apache-2.0
#include "engine/coverage.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "aws/wire/model.h"
#include "base/check.h"
#include "base/text.h"
#include "services/cloudwatch/cloudwatch.h"
#include "services/events/events.h"
#include "services/iam/iam.h"
#include "services/lambda/lambda.h"
#include "services/logs/logs.h"
#include "services/route53/route53.h"
#include "services/sns/sns.h"
#include "services/sqs/sqs.h"
#include "services/sts/sts.h"

namespace sitelatch::engine {
namespace {

struct Foreign {
  std::string_view service, operation, needs;
};
// Operations whose success would need a service that the engine does not have. Some are known to
// their service all the same, to be refused in AWS's words.
constexpr auto foreign = std::to_array<Foreign>({
    {"cloudwatch", "PutManagedInsightRules", "the services whose rules they are"},
    {"cloudwatch", "PutMetricStream", "Firehose"},
    {"cloudwatch", "StartMetricStreams", "Firehose"},
    {"cloudwatch", "StartOTelEnrichment", "Observability Admin"},
    {"events", "ActivateEventSource", "a partner of AWS's"},
    {"events", "CreateApiDestination", "Secrets Manager, by its connection"},
    {"events", "CreateConnection", "Secrets Manager"},
    {"events", "CreatePartnerEventSource", "a partner of AWS's"},
    {"events", "DeactivateEventSource", "a partner of AWS's"},
    {"events", "DeletePartnerEventSource", "a partner of AWS's"},
    {"events", "DescribePartnerEventSource", "a partner of AWS's"},
    {"events", "ListPartnerEventSourceAccounts", "a partner of AWS's"},
    {"events", "ListPartnerEventSources", "a partner of AWS's"},
    {"events", "PutPartnerEvents", "a partner of AWS's"},
    {"events", "UpdateApiDestination", "Secrets Manager, by its connection"},
    {"events", "UpdateConnection", "Secrets Manager"},
    {"iam", "GenerateOrganizationsAccessReport", "Organizations"},
    {"iam", "GetOrganizationsAccessReport", "Organizations"},
    {"lambda", "CreateCapacityProvider", "EC2"},
    {"logs", "AssociateSourceToS3TableIntegration", "S3 Tables"},
    {"logs", "CreateExportTask", "S3"},
    {"logs", "CreateImportTask", "CloudTrail Lake"},
    {"logs", "DisassociateSourceFromS3TableIntegration", "S3 Tables"},
    {"logs", "ListSourcesForS3TableIntegration", "S3 Tables"},
    {"logs", "PutIntegration", "OpenSearch"},
    {"route53", "CreateKeySigningKey", "KMS"},
    {"route53", "EnableHostedZoneDNSSEC", "KMS, by its keys"},
    {"sts", "AssumeRoot", "Organizations"},
});
// Known, and always refused, for want of nothing but the work.
constexpr auto always_refused = std::to_array<Foreign>({
    {"sts", "AssumeRoleWithSAML", ""},
    {"sts", "DecodeAuthorizationMessage", ""},
    {"sts", "GetDelegatedAccessToken", ""},
    {"sts", "GetWebIdentityToken", ""},
});

template <std::size_t N>
const Foreign* row_of(const std::array<Foreign, N>& rows, std::string_view service,
                      std::string_view operation) {
  const auto found = std::find_if(rows.begin(), rows.end(), [&](const Foreign& row) {
    return row.service == service && row.operation == operation;
  });
  return found == rows.end() ? nullptr : &*found;
}

template <class Service>
Coverage covered(std::string_view name) {
  Coverage out{name, {}, {}, {}};
  const auto known = Service::operation_table().names();
  for (const auto& operation : aws::service_model(name).operations) {
    if (const auto* need = row_of(foreign, name, operation.name))
      out.needs.push_back({operation.name, need->needs});
    else if (!row_of(always_refused, name, operation.name) &&
             std::binary_search(known.begin(), known.end(), operation.name))
      out.handled.push_back(operation.name);
    else
      out.left_out.push_back(operation.name);
  }
  std::sort(out.handled.begin(), out.handled.end());
  std::sort(out.left_out.begin(), out.left_out.end());
  return out;
}

std::string share(std::size_t part, std::size_t whole) {
  return fmt::format(
      "{:.1f} %",
      whole == 0 ? 100.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

// Lines of at most 140 columns.
std::string paragraph(const std::vector<std::string>& words) {
  std::string out;
  std::size_t column = 0;
  for (const auto& word : words) {
    const bool fits = column + word.size() + 2 <= 140;
    if (!out.empty()) out += fits ? ", " : ",\n";
    column = out.empty() || !fits ? word.size() : column + word.size() + 2;
    out += word;
  }
  return out + "\n";
}

}  // namespace

std::vector<Coverage> coverage() {
  return {covered<cloudwatch::CloudWatch>("cloudwatch"),
          covered<events::Events>("events"),
          covered<iam::Iam>("iam"),
          covered<lambda::Lambda>("lambda"),
          covered<logs::Logs>("logs"),
          covered<route53::Route53>("route53"),
          covered<sns::Sns>("sns"),
          covered<sqs::Sqs>("sqs"),
          covered<sts::Sts>("sts")};
}

std::string coverage_page() {
  std::string out =
      "<!-- Made by `sitelatch engine --coverage > docs/coverage.md`; a test holds the two against "
      "each other. -->\n# Operations that the engine handles\n\n"
      "Of those in AWS's models (botocore's, `models/README.md`). What is not handled answers one "
      "of AWS's errors, mostly that of an operation that is not known "
      "(`UnknownOperationException`, "
      "`InvalidAction`), never a success. How far a handled one goes, and what is kept and does "
      "nothing, is in `docs/facts/`.\n\n"
      "| service | in the model | handled | need another service | handled of the rest |\n"
      "|---|---|---|---|---|\n";
  const auto services = coverage();
  std::size_t all = 0, handled = 0, needing = 0;
  const auto row = [&out](std::string_view name, std::size_t in_model, std::size_t done,
                          std::size_t need) {
    out += fmt::format("| {} | {} | {} | {} | {} |\n", name, in_model, done, need,
                       share(done, in_model - need));
  };
  for (const auto& one : services) {
    const auto in_model = one.handled.size() + one.left_out.size() + one.needs.size();
    row(one.service, in_model, one.handled.size(), one.needs.size());
    all += in_model;
    handled += one.handled.size();
    needing += one.needs.size();
  }
  row("all", all, handled, needing);
  for (const auto& one : services) {
    out += fmt::format("\n## {}\nHandled:\n", one.service);
    out += paragraph({one.handled.begin(), one.handled.end()});
    if (!one.needs.empty()) {
      std::vector<std::string> words;
      for (const auto& need : one.needs)
        words.push_back(fmt::format("{} ({})", need.operation, need.what));
      out += "\nNot handled, for want of another service (in brackets):\n" + paragraph(words);
    }
    if (!one.left_out.empty())
      out += "\nNot handled:\n" + paragraph({one.left_out.begin(), one.left_out.end()});
  }
  return out;
}

}  // namespace sitelatch::engine

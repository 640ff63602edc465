// SPDX-License-Identifier: Apache-2.0
#include "aws/auth/endpoint_host.h"

namespace sitelatch::aws {
namespace {

// In aws-us-gov the ordinary hosts are those for FIPS, but for Lambda's.
bool has_own_fips_host(const Partition& partition, std::string_view service) {
  return partition.name != "aws-us-gov" || service == "lambda";
}

std::string joined(std::string_view first, std::string_view second, std::string_view suffix) {
  std::string out{first};
  if (!second.empty()) out.append(".").append(second);
  return out.append(".").append(suffix);
}

std::string global_host(const Partition& partition, std::string_view service,
                        EndpointVariant variant) {
  const bool gov = partition.name == "aws-us-gov";
  const auto named = std::string{service} + (variant.fips && !gov ? "-fips" : "");
  if (variant.dual_stack)
    return joined(named, gov ? "us-gov" : "global", partition.dual_stack_suffix);
  if (variant.fips && !gov) return joined(named, "", partition.suffix);
  return joined(service == "iam" ? partition.iam_host : partition.route53_host, "",
                partition.suffix);
}

}  // namespace

std::string endpoint_host(const Partition& partition, std::string_view service,
                          std::string_view region, EndpointVariant variant) {
  if (service == "route53" || service == "iam") return global_host(partition, service, variant);
  const bool fips = variant.fips && has_own_fips_host(partition, service);
  return joined(std::string{service} + (fips ? "-fips" : ""), region,
                variant.dual_stack ? partition.dual_stack_suffix : partition.suffix);
}

}  // namespace sitelatch::aws

// SPDX-License-Identifier: Apache-2.0
#include "services/iam/aws_managed.h"

#include <cstdint>

#include "base/check.h"
#include "base/text.h"
#include "services/iam/directory.h"

// The assembler includes the file as it is, as it does the models (aws/wire/models.cc).
__asm__(
    ".pushsection .rodata\n"
    ".global sitelatch_aws_managed_policies\n"
    ".global sitelatch_aws_managed_policies_end\n"
    "sitelatch_aws_managed_policies:\n"
    ".incbin \"" SITELATCH_AWS_MANAGED_POLICIES
    "\"\n"
    "sitelatch_aws_managed_policies_end:\n"
    ".byte 0\n"
    ".popsection\n");
extern "C" {
extern const char sitelatch_aws_managed_policies[];
extern const char sitelatch_aws_managed_policies_end[];
}

namespace sitelatch::iam {
namespace {
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

Directory::Policies read_all() {
  Directory::Policies out;
  const std::string_view text{sitelatch_aws_managed_policies,
                              static_cast<std::size_t>(sitelatch_aws_managed_policies_end -
                                                       sitelatch_aws_managed_policies)};
  for (const auto line : split(text, '\n')) {
    if (line.empty()) continue;
    const auto fields = split(line, '\t');
    ENSURE(fields.size() == 6, line.substr(0, 80));
    const auto created = parse_iso8601(fields[3]), updated = parse_iso8601(fields[4]);
    ENSURE(created && updated, fields[1]);
    ManagedPolicy p;
    p.path = fields[0];
    p.name = fields[1];
    p.id = id_of(p.name);
    p.arn = "arn:aws:iam::aws:policy" + p.path + p.name;
    p.created = *created;
    p.updated = *updated;
    p.default_version = fields[2];
    p.versions = {{p.default_version, std::string{fields[5]}, p.updated}};
    p.of_aws = true;
    auto arn = p.arn;
    out.emplace(std::move(arn), std::move(p));
  }
  return out;
}
}  // namespace

const Directory::Policies& aws_managed_policies() {
  static const auto policies = read_all();
  return policies;
}

}  // namespace sitelatch::iam

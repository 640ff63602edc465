// SPDX-License-Identifier: Apache-2.0
// The models in the binary: the assembler includes the files of models/ as they are, at their
// folder's path.
#include <array>
#include <mutex>

#include "aws/wire/model.h"
#include "base/check.h"

#define EMBED(name)                                 \
  __asm__(                                          \
      ".pushsection .rodata\n"                      \
      ".global sitelatch_model_" #name              \
      "\n"                                          \
      ".global sitelatch_model_" #name              \
      "_end\n"                                      \
      "sitelatch_model_" #name                      \
      ":\n"                                         \
      ".incbin \"" SITELATCH_MODELS_DIR "/" #name   \
      ".json\"\n"                                   \
      "sitelatch_model_" #name                      \
      "_end:\n"                                     \
      ".byte 0\n"                                   \
      ".popsection\n");                             \
  extern "C" {                                      \
  extern const char sitelatch_model_##name[];       \
  extern const char sitelatch_model_##name##_end[]; \
  }

EMBED(cloudwatch)
EMBED(events)
EMBED(iam)
EMBED(kms)
EMBED(lambda)
EMBED(logs)
EMBED(route53)
EMBED(sns)
EMBED(sqs)
EMBED(sts)

namespace sitelatch::aws {
namespace {

struct Embedded {
  std::string_view name;
  std::string_view signing_name;  // repeated here so that finding a service parses no other's model
  const char* begin;
  const char* end;
};
#define ROW(name, signing_name) \
  Embedded { #name, signing_name, sitelatch_model_##name, sitelatch_model_##name##_end }
const std::array<Embedded, 10> embedded{{
    ROW(cloudwatch, "monitoring"),
    ROW(events, "events"),
    ROW(iam, "iam"),
    ROW(kms, "kms"),
    ROW(lambda, "lambda"),
    ROW(logs, "logs"),
    ROW(route53, "route53"),
    ROW(sns, "sns"),
    ROW(sqs, "sqs"),
    ROW(sts, "sts"),
}};
#undef ROW

const ServiceModel& parsed(std::size_t index) {
  static std::array<std::once_flag, embedded.size()> once;
  static std::array<std::unique_ptr<ServiceModel>, embedded.size()> models;
  std::call_once(once[index], [&] {
    const auto& row = embedded[index];
    models[index] =
        parse_model(row.name, {row.begin, static_cast<std::size_t>(row.end - row.begin)});
    ENSURE(models[index]->signing_name == row.signing_name, "the model's own signing name");
  });
  return *models[index];
}

}  // namespace

const ServiceModel* find_service(std::string_view name) {
  for (std::size_t i = 0; i < embedded.size(); ++i)
    if (embedded[i].name == name || embedded[i].signing_name == name) return &parsed(i);
  return nullptr;
}

const ServiceModel& service_model(std::string_view name) {
  const auto* model = find_service(name);
  ENSURE(model, "no such service model");
  return *model;
}

std::vector<std::string_view> service_names() {
  std::vector<std::string_view> names;
  for (const auto& row : embedded) names.push_back(row.name);
  return names;
}

}  // namespace sitelatch::aws

// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "aws/auth/sigv4_digest.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/guard_report.h"
#include "function/zip.h"
#include "guard/apply/export.h"
#include "guard/apply/python_function.h"

namespace sitelatch::cli {
namespace {

Result<std::string> code_in(const std::string& format, const guard::code::Guard& guard) {
  if (format == "shell") return guard::code::shell(guard);
  if (format == "cloudformation") return guard::code::cloudformation(guard);
  return guard::code::terraform(guard);
}

// What is written is this program's code, which is only the function's if it is the same.
int write_function(const ExportOptions& options, const guard::Export& exported) {
  const auto& common = options.common;
  if (!exported.guard.has_function())
    return fail(common,
                "A guard of the form " + std::string{guard::to_string(exported.guard.form)} +
                    " has no function: --function-zip has nothing to write.",
                exit_usage);
  const bool native = exported.function == guard::FunctionKind::native;
  const std::string_view zip =
      native ? function::function_zip() : std::string_view{guard::python_function_zip()};
  const auto& there = exported.function_sha256;
  const bool same = there.empty() || there == base64(aws::bytes_of(aws::sha256(zip)));
  if (!same && !native)
    return fail(common,
                "The function's code is not what sitelatch brings, so that it cannot be written "
                "from here. It is where this leads: aws lambda get-function --function-name NAME "
                "--query Code.Location --output text",
                exit_refused);
  const auto written = write_file(options.function_zip, std::string{zip});
  if (!written) return fail(common, written.error().text + ".", exit_failed);
  if (!same)
    say("The function runs the code of another version of sitelatch; " + options.function_zip +
        " has this one's, as the next deploy would.");
  return exit_done;
}

}  // namespace

int export_guard(const ExportOptions& options) {
  const auto& common = options.common;
  GuardContext desk(common);
  guard::ExportWish wish;
  wish.health_check_id = options.health_check_id;
  wish.form = options.form;
  wish.records = options.with_records;
  wish.imports = !options.no_import;
  const auto exported = guard::export_guard(desk.context(), wish);
  if (!exported) return fail(common, exported.error().text, exit_status_of(exported.error().kind));
  const auto code = code_in(options.format, exported->guard);
  if (!code) return fail(common, code.error().text, exit_refused);
  if (!options.function_zip.empty())
    if (const auto status = write_function(options, *exported); status != exit_done) return status;
  if (common.output == Output::json)
    fmt::print("{}\n",
               aws::to_json(aws::Value::structure({{"health_check_id", options.health_check_id},
                                                   {"form", guard::to_string(exported->guard.form)},
                                                   {"format", options.format},
                                                   {"code", *code}})));
  else
    fmt::print("{}", *code);
  return exit_done;
}

}  // namespace sitelatch::cli

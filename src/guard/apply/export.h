// SPDX-License-Identifier: Apache-2.0
// A guard as code (rules/code.h): the form's own look at the account, and the values that the
// printers print. Nothing is changed. Who may not see all of it gets none of it: what cannot be
// seen reads as "not there", and code that leaves a part out would take it away some day.
#pragma once

#include <string>

#include "guard/apply/carry_out.h"
#include "guard/rules/code.h"

namespace sitelatch::guard {

struct ExportWish {
  std::string health_check_id;
  Form form = Form::guide;
  bool records = false;  // the failover records and what is behind them, too
  bool imports = true;   // Terraform: adopt what is there
};
struct Export {
  code::Guard guard;
  std::string function_sha256;  // of the code that runs now (CodeSha256); empty: no function
  FunctionKind function = FunctionKind::native;
};
// Refused: there is no guard. No answer: not all of it may be seen.
Result<Export, Error> export_guard(Context& context, const ExportWish& wish);

}  // namespace sitelatch::guard

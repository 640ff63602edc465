// SPDX-License-Identifier: Apache-2.0
// The guide's ten steps as the demo types them: the same calls, in our own words.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace sitelatch::cli {

struct GuideStep {
  int number;
  std::string shown;   // what a person would type, shortened
  std::string script;  // sh; its output is kept under `keeps`
  std::string keeps;   // a variable's name, or ""
};

class GuideSteps {
 public:
  GuideSteps(const std::string& health_check_id, const std::string& scratch);
  const std::vector<GuideStep>& all() const { return steps_; }
  // Assignments of what earlier steps gave.
  std::string preamble() const;
  void keep(const GuideStep& step, const std::string& output);

 private:
  std::map<std::string, std::string> kept_;
  std::vector<GuideStep> steps_;
};

}  // namespace sitelatch::cli

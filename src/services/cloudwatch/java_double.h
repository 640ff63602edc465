// SPDX-License-Identifier: Apache-2.0
// Numbers as CloudWatch prints them in reasons and messages: Java's Double.toString ("1.0",
// "38.839999999999996", "1.50785441792E10"). Fewest digits that read back as the same double, at
// least one after the point.
#pragma once

#include <string>

namespace sitelatch::cloudwatch {

std::string java_double(double value);

}  // namespace sitelatch::cloudwatch

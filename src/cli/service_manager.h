// SPDX-License-Identifier: Apache-2.0
// What a program tells systemd that has started it (sd_notify(3): a datagram to $NOTIFY_SOCKET).
// Without one, nothing.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace sitelatch::cli {

// "READY=1\nSTATUS=serving". Sent, or nobody is there to hear it; a failure is nobody's to mend and
// is not told. "@name" is a socket of the abstract namespace.
void tell_service_manager(std::string_view state);

// How long the service manager waits for a sign of life ($WATCHDOG_USEC, where $WATCHDOG_PID is
// nobody else's); nothing: it does not wait for one.
std::optional<std::chrono::microseconds> watchdog_limit();

}  // namespace sitelatch::cli

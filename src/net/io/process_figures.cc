// SPDX-License-Identifier: Apache-2.0
#include "net/io/process_figures.h"

#include <sys/resource.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <fstream>

namespace sitelatch::net {

ProcessFigures process_figures() {
  ProcessFigures out;
  double pages = 0, resident_pages = 0;
  if (std::ifstream statm{"/proc/self/statm"}; statm >> pages >> resident_pages) {
    const auto page = static_cast<double>(::sysconf(_SC_PAGESIZE));
    out.virtual_bytes = pages * page;
    out.resident_bytes = resident_pages * page;
  }
  timespec cpu{};
  if (::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu) == 0)
    out.cpu_seconds = static_cast<double>(cpu.tv_sec) + static_cast<double>(cpu.tv_nsec) / 1e9;
  std::error_code error;
  double open = -1;  // the one that is open for counting them
  for (std::filesystem::directory_iterator at{"/proc/self/fd", error}, end; !error && at != end;
       at.increment(error))
    ++open;
  if (!error) out.open_fds = open;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
    out.max_fds = static_cast<double>(limit.rlim_cur);
  return out;
}

}  // namespace sitelatch::net

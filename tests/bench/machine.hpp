// What this machine can do, measured.
#pragma once

#include <string>

namespace fluxion::bench {

struct Machine {
  double flops32 = 0, flops64 = 0;  // fused multiply-adds count as two, per second
  double bandwidth = 0;             // bytes per second, to and from memory, of a triad a = b + s c without fetching a
};

Machine measured_machine();
/// Of the processor, as the system calls it.
std::string processor();
/// CPU time of this thread, in seconds.
double thread_seconds();
/// From now on this thread stays on the core that it is on.
void stay_on_this_core();

}  // namespace fluxion::bench

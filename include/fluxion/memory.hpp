// What the library has taken from the system.
#pragma once

#include <cstdint>

namespace fluxion {

/// Blocks of memory that arrays and programs have taken from the system so far, in this process. Blocks that are given
/// back are kept for the next, so a program in its stride takes none.
std::uint64_t system_allocations();

}  // namespace fluxion

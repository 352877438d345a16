// Calls of operator new so far, for tests that say what allocates nothing.
#pragma once

#include <cstdint>

namespace fluxion {

std::uint64_t heap_allocations();

}  // namespace fluxion

// What AddressSanitizer is told of memory that the library keeps for its next use: until then nobody may touch it.
// In other builds, nothing.
#pragma once

#include <cstddef>

#ifdef FLUXION_ASAN
extern "C" void __asan_poison_memory_region(const volatile void* p, std::size_t bytes);
extern "C" void __asan_unpoison_memory_region(const volatile void* p, std::size_t bytes);
#endif

namespace fluxion {

inline void poison([[maybe_unused]] const void* p, [[maybe_unused]] std::size_t bytes) {
#ifdef FLUXION_ASAN
  __asan_poison_memory_region(p, bytes);
#endif
}
inline void unpoison([[maybe_unused]] const void* p, [[maybe_unused]] std::size_t bytes) {
#ifdef FLUXION_ASAN
  __asan_unpoison_memory_region(p, bytes);
#endif
}

}  // namespace fluxion

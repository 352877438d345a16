// Ranges of work on oneTBB's threads. Isolated, so that a waiting thread never picks up foreign work.
// TBB itself is included by parallel.cpp only.
#pragma once

#include <cstddef>

namespace fluxion::compiler {

/// What a range of work is: a function and whatever it needs.
struct RangeBody {
  void (*run)(const void* self, std::size_t begin, std::size_t end);
  const void* self;
};

/// Calls the body for pieces of [0, n) whose ends are multiples of `grain` (but for the last).
void parallel_ranges(std::size_t n, std::size_t grain, RangeBody body);

template <class F>
void parallel_ranges(std::size_t n, std::size_t grain, const F& f) {
  parallel_ranges(n, grain, RangeBody{[](const void* self, std::size_t begin, std::size_t end) {
    (*static_cast<const F*>(self))(begin, end);
  }, &f});
}

/// Threads that may share work.
std::size_t threads();

/// A grain that gives every thread a few pieces of n, a multiple of `unit`.
std::size_t grain_of(std::size_t n, std::size_t unit);

}  // namespace fluxion::compiler

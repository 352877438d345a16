// Ranges of work on oneTBB's threads. Isolated, so that a waiting thread never picks up foreign work.
#pragma once

#include <cstddef>

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>
#include <tbb/partitioner.h>
#include <tbb/task_arena.h>

namespace fluxion::compiler {

/// Calls f(begin, end) for pieces of [0, n) whose ends are multiples of `grain` (but for the last).
template <class F>
void parallel_ranges(std::size_t n, std::size_t grain, const F& f) {
  const std::size_t pieces = (n + grain - 1) / grain;
  if (pieces <= 1 || tbb::this_task_arena::max_concurrency() <= 1) return f(std::size_t{0}, n);
  tbb::this_task_arena::isolate([&] {
    tbb::parallel_for(
        tbb::blocked_range<std::size_t>(0, pieces, 1),
        [&](const auto& r) { f(r.begin() * grain, r.end() * grain < n ? r.end() * grain : n); },
        tbb::simple_partitioner());
  });
}

/// A grain that gives every thread a few pieces of n, a multiple of `unit`.
inline std::size_t grain_of(std::size_t n, std::size_t unit) {
  const std::size_t pieces = 4 * static_cast<std::size_t>(tbb::this_task_arena::max_concurrency());
  const std::size_t even = (n + pieces - 1) / pieces;
  return (even + unit - 1) / unit * unit;
}

}  // namespace fluxion::compiler

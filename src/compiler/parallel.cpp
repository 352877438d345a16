#include "compiler/parallel.hpp"

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>
#include <tbb/partitioner.h>
#include <tbb/task_arena.h>

#ifdef FLUXION_TSAN
extern "C" void __tsan_acquire(void*);
extern "C" void __tsan_release(void*);
#endif

namespace fluxion::compiler {

namespace {

// ThreadSanitizer does not see how libtbb hands work from thread to thread: it is told here.
class Handover {
 public:
  void give() {
#ifdef FLUXION_TSAN
    __tsan_release(&where_);
#endif
  }
  void take() {
#ifdef FLUXION_TSAN
    __tsan_acquire(&where_);
#endif
  }

 private:
  char where_ = 0;
};

}  // namespace

void parallel_ranges(std::size_t n, std::size_t grain, RangeBody body) {
  const std::size_t pieces = (n + grain - 1) / grain;
  if (pieces <= 1 || tbb::this_task_arena::max_concurrency() <= 1) return body.run(body.self, 0, n);
  Handover handover;
  handover.give();
  tbb::this_task_arena::isolate([&] {
    tbb::parallel_for(
        tbb::blocked_range<std::size_t>(0, pieces, 1),
        [&](const auto& r) {
          handover.take();
          body.run(body.self, r.begin() * grain, r.end() * grain < n ? r.end() * grain : n);
          handover.give();
        },
        tbb::simple_partitioner());
  });
  handover.take();
}

std::size_t threads() { return static_cast<std::size_t>(tbb::this_task_arena::max_concurrency()); }

std::size_t grain_of(std::size_t n, std::size_t unit) {
  const std::size_t pieces = 4 * threads();
  const std::size_t even = (n + pieces - 1) / pieces;
  return (even + unit - 1) / unit * unit;
}

}  // namespace fluxion::compiler

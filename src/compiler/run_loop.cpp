#include <algorithm>
#include <cstring>
#include <memory>

#include "base/buffer.hpp"
#include "compiler/cost.hpp"
#include "compiler/execute.hpp"
#include "compiler/parallel.hpp"

namespace fluxion::compiler {
namespace {

/// A thread's registers and pointer tables. Loops do not nest, so one of each is enough.
class Workspace {
 public:
  ~Workspace() { if (memory_ != nullptr) free_raw(memory_, bytes_); }

  std::byte* bytes(std::size_t n) {
    if (n > bytes_) {
      void* grown = allocate_raw(n);
      if (memory_ != nullptr) free_raw(memory_, bytes_);
      memory_ = grown;
      bytes_ = n;
    }
    return static_cast<std::byte*>(memory_);
  }

 private:
  void* memory_ = nullptr;
  std::size_t bytes_ = 0;
};

std::byte* scratch(std::size_t n) {
  thread_local Workspace workspace;
  return workspace.bytes(n);
}
/// For what loops of a band leave each other, while each of them has the scratch memory.
std::byte* band_memory(std::size_t n) {
  thread_local Workspace workspace;
  return workspace.bytes(n);
}

/// Elements [start, start + count) of a strided block in row-major order, to contiguous memory.
void gather(std::byte* to, const std::byte* from, const Loop::Gather& g, std::size_t start, std::size_t count) {
  const std::size_t rank = g.shape.size();
  const auto inner = static_cast<std::size_t>(g.shape.back());
  const auto size = static_cast<std::int64_t>(g.itemsize);
  const std::int64_t to_strides[] = {static_cast<std::int64_t>(inner) * size, size};
  while (count != 0) {
    const std::size_t column = start % inner;
    std::size_t row = start / inner;
    const std::byte* p = from + static_cast<std::int64_t>(column) * g.strides.back();
    std::size_t rows_left = 1;  // rows that follow one another along the next dimension
    for (std::size_t d = rank - 1; d-- > 0;) {
      const auto extent = static_cast<std::size_t>(g.shape[d]);
      if (d + 2 == rank) rows_left = extent - row % extent;
      p += static_cast<std::int64_t>(row % extent) * g.strides[d];
      row /= extent;
    }
    std::size_t done = std::min(inner - column, count);
    if (column == 0 && count >= inner && rank > 1) {
      const std::size_t rows = std::min(rows_left, count / inner);
      const std::int64_t shape[] = {static_cast<std::int64_t>(rows), static_cast<std::int64_t>(inner)};
      kernels::copy_strided(to, to_strides, p, g.strides.data() + rank - 2, shape, 2, g.itemsize);
      done = rows * inner;
    } else {
      const auto n = static_cast<std::int64_t>(done);
      kernels::copy_strided(to, &size, p, g.strides.data() + rank - 1, &n, 1, g.itemsize);
    }
    to += done * g.itemsize;
    start += done;
    count -= done;
  }
}

/// One thread's pass over pieces of a loop.
class Pass {
 public:
  Pass(const Loop& loop, Bases bases) : loop_(loop), bases_(bases), scratch_(nullptr) {
    const std::size_t pointers = loop.args.size() + loop.streams.size() + loop.rows.size();
    constexpr std::size_t page = 4096;  // registers lie in pages as large arrays do
    const std::size_t table = pointers * sizeof(void*);
    std::byte* memory = scratch(table + page + loop.scratch_bytes);
    args_ = reinterpret_cast<void**>(memory);
    streams_ = reinterpret_cast<std::byte**>(args_ + loop.args.size());
    rows_ = streams_ + loop.streams.size();
    scratch_ = memory + table;
    scratch_ += (page - reinterpret_cast<std::uintptr_t>(scratch_) % page) % page;
    for (std::size_t a = 0; a < loop.args.size(); ++a) args_[a] = at(loop.args[a]);
  }

  /// Computes elements [begin, end).
  void run(std::size_t begin, std::size_t end) {
    for (std::size_t k = 0; k < loop_.streams.size(); ++k) {
      const auto& s = loop_.streams[k];
      streams_[k] = at(s.base) - (s.tile ? static_cast<std::int64_t>(begin) * s.step : 0);
    }
    tile_ = begin;
    std::size_t column = 0;
    if (!loop_.outer.empty()) {
      column = begin % loop_.inner;
      enter_row(begin / loop_.inner);
    }
    for (std::size_t s = begin; s < end;) {
      const std::size_t row_left = loop_.outer.empty() ? end - s : loop_.inner - column;
      const std::size_t n = std::min({loop_.block, row_left, end - s});
      block(s, column, n, end - s - n);
      s += n;
      if (loop_.outer.empty() || s == end) continue;
      column += n;
      if (column == loop_.inner) {
        column = 0;
        enter_row(s / loop_.inner);
      }
    }
    if (loop_.streamed) kernels::fence_streams();
  }

  std::byte* at(const Ref& r) const {
    return r.storage == scratch_storage ? scratch_ + r.offset : resolve(bases_, r);
  }

 private:
  void enter_row(std::size_t row) {
    for (std::size_t k = 0; k < loop_.rows.size(); ++k) rows_[k] = at(loop_.rows[k].base);
    for (std::size_t d = loop_.outer.size(); d-- > 0;) {
      const auto extent = static_cast<std::size_t>(loop_.outer[d]);
      const auto i = static_cast<std::int64_t>(row % extent);
      row /= extent;
      for (std::size_t k = 0; k < loop_.rows.size(); ++k) rows_[k] += i * loop_.rows[k].outer_strides[d];
    }
  }

  /// `left` elements come after this block, up to a row's end or beyond.
  void block(std::size_t s, std::size_t column, std::size_t n, std::size_t left) {
    for (const auto& use : loop_.stream_uses)
      args_[use.arg] = streams_[use.cursor] + static_cast<std::int64_t>(s) * loop_.streams[use.cursor].step;
    for (const auto& use : loop_.row_uses)
      args_[use.arg] = rows_[use.cursor] + static_cast<std::int64_t>(column) * loop_.rows[use.cursor].step;
    if (loop_.counts) {
      const auto start = static_cast<std::int64_t>(s);
      std::memcpy(scratch_, &start, sizeof start);
    }
    for (const auto& g : loop_.gathers)
      gather(scratch_ + g.to + (g.tile ? (s - tile_) * g.itemsize : 0), at(g.from), g, s, n);
    if (loop_.fetched.empty() || left == 0) {
      for (const auto& call : loop_.calls) call.kernel(args_ + call.args, n);
    } else {
      const std::size_t next = std::min(left, loop_.block);
      for (std::size_t c = 0; c < loop_.calls.size(); ++c) {
        fetch(s + n, next * c / loop_.calls.size(), next * (c + 1) / loop_.calls.size());
        loop_.calls[c].kernel(args_ + loop_.calls[c].args, n);
      }
    }
  }
  /// Asks for elements [first, last) of the next block, which begins at element s: hardware that sees one block's
  /// streams end does not know of the next one's.
  void fetch(std::size_t s, std::size_t first, std::size_t last) const {
    for (const auto k : loop_.fetched) {
      const auto step = static_cast<std::size_t>(loop_.streams[k].step);
      const std::byte* p = streams_[k] + (s + first) * step;
      const std::byte* const end = p + (last - first) * step;
      for (; p < end; p += 64) __builtin_prefetch(p, 0, 3);
    }
  }

  const Loop& loop_;
  Bases bases_;
  std::byte* scratch_;
  void** args_;
  std::byte** streams_;
  std::byte** rows_;
  std::size_t tile_ = 0;
};

/// Computes tiles of whole rows, or chunks of long ones, and folds each.
class Folding {
 public:
  Folding(const Loop& loop, Bases bases)
      : loop_(loop),
        bases_(bases),
        chunks_((loop.fold_width + loop.chunk - 1) / loop.chunk),
        rows_per_tile_(chunks_ > 1 ? 1 : std::max<std::size_t>(1, loop.chunk / loop.fold_width)) {}

  std::size_t tiles() const {
    return chunks_ > 1 ? loop_.fold_rows * chunks_ : (loop_.fold_rows + rows_per_tile_ - 1) / rows_per_tile_;
  }
  void run(std::size_t first, std::size_t last) const {
    Pass pass(loop_, bases_);
    for (std::size_t t = first; t < last; ++t) {
      if (chunks_ > 1) chunk(pass, t);
      else rows(pass, t * rows_per_tile_, std::min((t + 1) * rows_per_tile_, loop_.fold_rows));
    }
  }
  void finish(std::size_t first, std::size_t last) const {
    if (chunks_ == 1) return;
    for (const auto& s : loop_.sinks)
      fold_partials(s, resolve(bases_, s.partials) + first * chunks_ * s.itemsize,
                    resolve(bases_, s.to) + first * s.itemsize, last - first, chunks_);
  }
  /// Computes and folds rows [first, last).
  void run_rows(std::size_t first, std::size_t last) const {
    if (chunks_ > 1) {
      run(first * chunks_, last * chunks_);
      return finish(first, last);
    }
    Pass pass(loop_, bases_);
    for (; first < last; first += rows_per_tile_) rows(pass, first, std::min(first + rows_per_tile_, last));
  }

 private:
  void rows(Pass& pass, std::size_t row, std::size_t last) const {
    const std::size_t begin = row * loop_.fold_width;
    compute(pass, begin, last * loop_.fold_width);
    for (const auto& s : loop_.sinks)
      s.fold(resolve(bases_, s.to) + row * s.itemsize, source(pass, s, begin), last - row, loop_.fold_width);
  }
  void chunk(Pass& pass, std::size_t tile) const {
    const std::size_t row = tile / chunks_, at = tile % chunks_ * loop_.chunk;
    const std::size_t width = std::min(loop_.chunk, loop_.fold_width - at), begin = row * loop_.fold_width + at;
    compute(pass, begin, begin + width);
    for (const auto& s : loop_.sinks)
      s.fold(resolve(bases_, s.partials) + tile * s.itemsize, source(pass, s, begin), 1, width);
  }
  void compute(Pass& pass, std::size_t begin, std::size_t end) const {
    if (!loop_.calls.empty() || !loop_.gathers.empty()) pass.run(begin, end);
  }
  const std::byte* source(const Pass& pass, const Loop::Sink& s, std::size_t begin) const {
    return pass.at(s.from.base) + (s.from.tile ? 0 : static_cast<std::int64_t>(begin) * s.from.step);
  }

  const Loop& loop_;
  Bases bases_;
  std::size_t chunks_, rows_per_tile_;
};

/// One element: each call's pointers, then the call.
void run_straight(const Loop& loop, Bases bases) {
  alignas(64) std::byte registers[straight_bytes];
  const Ref* ref = loop.args.data();
  for (std::size_t c = 0; c < loop.calls.size(); ++c) {
    const Ref* const end = loop.args.data() + (c + 1 < loop.calls.size() ? loop.calls[c + 1].args : loop.args.size());
    void* args[8];
    for (void** a = args; ref != end; ++ref)
      *a++ = (ref->storage == scratch_storage ? registers : bases[ref->storage]) + ref->offset;
    loop.calls[c].kernel(args, 1);
  }
}

}  // namespace

void execute(const Loop& loop, Bases bases) {
  if (loop.straight) return run_straight(loop, bases);
  const bool parallel = loop.cost >= parallel_cost;
  if (loop.sinks.empty()) {
    if (!parallel) return Pass(loop, bases).run(0, loop.n);
    const std::size_t unit = std::max(loop.block, std::size_t{4096});
    return parallel_ranges(loop.n, grain_of(loop.n, unit),
                           [&](std::size_t begin, std::size_t end) { Pass(loop, bases).run(begin, end); });
  }
  const Folding folding(loop, bases);
  const std::size_t tiles = folding.tiles();
  if (!parallel) folding.run(0, tiles);
  else parallel_ranges(tiles, grain_of(tiles, 1), [&](std::size_t a, std::size_t b) { folding.run(a, b); });
  folding.finish(0, loop.fold_rows);
}

void execute(const Band& band, Bases bases) {
  const auto some = [&](std::size_t begin, std::size_t end) {
    const std::size_t table = (band.storages * sizeof(std::byte*) + 63) / 64 * 64;
    std::byte* const memory = band_memory(table + band.local_bytes);
    auto** const own = reinterpret_cast<std::byte**>(memory);
    std::copy(bases, bases + band.storages, own);
    for (std::size_t row = begin; row < end; row += band.tile) {
      const std::size_t last = std::min(row + band.tile, end);
      for (const auto& l : band.locals)
        own[l.storage] = memory + table + l.at - static_cast<std::int64_t>(row) * l.row_bytes;
      for (const auto& loop : band.loops) {
        if (loop.sinks.empty()) Pass(loop, own).run(row * (loop.n / band.rows), last * (loop.n / band.rows));
        else Folding(loop, own).run_rows(row * (loop.fold_rows / band.rows), last * (loop.fold_rows / band.rows));
      }
    }
  };
  if (band.cost < parallel_cost) return some(0, band.rows);
  parallel_ranges(band.rows, grain_of(band.rows, band.tile), some);
}

}  // namespace fluxion::compiler

#include "compiler/pass.hpp"

#include <algorithm>

#include "base/buffer.hpp"

namespace fluxion::compiler {
namespace {

/// Memory that grows and is kept.
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

/// Elements [start, start + count) of a strided block in row-major order, to contiguous memory: in pieces of as many
/// dimensions as are there whole.
void gather(std::byte* to, const std::byte* from, const Loop::Gather& g, std::size_t start, std::size_t count) {
  constexpr std::size_t most = 64;  // dimensions of an array, one of fields besides
  const std::size_t rank = g.shape.size();
  const auto size = static_cast<std::int64_t>(g.itemsize);
  std::int64_t shape[most + 1], to_strides[most + 1], from_strides[most + 1];
  while (count != 0) {
    std::size_t first = rank, unit = 1;  // dimensions from `first` on are whole, `unit` elements of them
    std::size_t n = 0;                   // of a piece's dimensions, innermost first
    const auto add = [&](std::int64_t extent, std::int64_t to_stride, std::int64_t from_stride) {
      shape[n] = extent, to_strides[n] = to_stride, from_strides[n] = from_stride;
      ++n;
    };
    for (; first > 1; --first) {
      const std::size_t more = unit * static_cast<std::size_t>(g.shape[first - 1]);
      if (start % more != 0 || count < more) break;
      add(g.shape[first - 1], static_cast<std::int64_t>(unit) * size, g.strides[first - 1]);
      unit = more;
    }
    const std::byte* p = from;
    std::size_t index = start / unit, runs = 0;
    for (std::size_t d = first; d-- > 0;) {
      const auto extent = static_cast<std::size_t>(g.shape[d]);
      if (d + 1 == first) runs = std::min(extent - index % extent, count / unit);
      p += static_cast<std::int64_t>(index % extent) * g.strides[d];
      index /= extent;
    }
    add(static_cast<std::int64_t>(runs), static_cast<std::int64_t>(unit) * size, g.strides[first - 1]);
    if (g.fields != 1) add(g.fields, g.field_step, size);
    kernels::copy_strided(to, to_strides, p, from_strides, shape, n, g.itemsize);
    const std::size_t done = runs * unit;
    to += done * g.itemsize;
    start += done;
    count -= done;
  }
}

}  // namespace

std::byte* scratch(std::size_t n) {
  thread_local Workspace workspace;
  return workspace.bytes(n);
}
std::byte* band_memory(std::size_t n) {
  thread_local Workspace workspace;
  return workspace.bytes(n);
}
std::byte* fold_memory(std::size_t n) {
  thread_local Workspace workspace;
  return workspace.bytes(n);
}

void fetch(const Loop& loop, Bases bases, std::size_t first, std::size_t last) {
  constexpr std::size_t line = 64;
  for (const auto k : loop.fetched) {
    const auto& s = loop.streams[k];
    const auto step = static_cast<std::size_t>(s.step);
    const std::byte* p = resolve(bases, s.base) + first * step;
    const std::byte* const end = p + (last - first) * step;
    for (; p < end; p += line) {
      __builtin_prefetch(p);
      asm volatile("");  // GCC takes a function that only prefetches for one without effects, and drops its calls
    }
  }
}

void Pass::run(std::size_t begin, std::size_t end) {
  for (std::size_t k = 0; k < loop_.streams.size(); ++k) {
    const auto& s = loop_.streams[k];
    std::byte* const base = s.fold == Loop::no_fold ? at(s.base) : folded_[s.fold];
    streams_[k] = base - (s.tile ? static_cast<std::int64_t>(begin) * s.step : 0);
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

void Pass::enter_row(std::size_t row) {
  for (std::size_t k = 0; k < loop_.rows.size(); ++k) rows_[k] = at(loop_.rows[k].base);
  for (std::size_t d = loop_.outer.size(); d-- > 0;) {
    const auto extent = static_cast<std::size_t>(loop_.outer[d]);
    const auto i = static_cast<std::int64_t>(row % extent);
    row /= extent;
    for (std::size_t k = 0; k < loop_.rows.size(); ++k) rows_[k] += i * loop_.rows[k].outer_strides[d];
  }
}

void Pass::block(std::size_t s, std::size_t column, std::size_t n, std::size_t left) {
  for (const auto& use : loop_.stream_uses)
    args_[use.arg] = streams_[use.cursor] + static_cast<std::int64_t>(s) * loop_.streams[use.cursor].step;
  for (const auto& use : loop_.row_uses)
    args_[use.arg] = rows_[use.cursor] + static_cast<std::int64_t>(column) * loop_.rows[use.cursor].step;
  if (loop_.counts) {
    const auto start = static_cast<std::int64_t>(s);
    std::memcpy(scratch_, &start, sizeof start);
  }
  if (loop_.folds && !loop_.columns) set_fold_word(static_cast<std::int64_t>(n));
  for (const auto& g : loop_.gathers)
    gather(scratch_ + g.to + (g.tile ? (s - tile_) * g.itemsize : 0), at(g.from), g, s, n);
  if (ahead_ != nullptr) ahead_->work(n);
  if (ahead_ != nullptr || loop_.fetched.empty() || left == 0 || loop_.calls.size() < 2) {
    for (const auto& call : loop_.calls) call.kernel(args_ + call.args, n);
  } else {
    const std::size_t next = std::min(left, loop_.block);
    for (std::size_t c = 0; c < loop_.calls.size(); ++c) {
      fetch(loop_, bases_, s + n + next * c / loop_.calls.size(), s + n + next * (c + 1) / loop_.calls.size());
      loop_.calls[c].kernel(args_ + loop_.calls[c].args, n);
    }
  }
}

}  // namespace fluxion::compiler

#include <algorithm>
#include <cstring>
#include <utility>

#include "compiler/cost.hpp"
#include "compiler/execute.hpp"
#include "compiler/parallel.hpp"

namespace fluxion::compiler {
namespace {

constexpr std::size_t parallel_bytes = std::size_t{4} << 20;  // copied
constexpr double parallel_products = 200'000;                 // multiplications of a batch

bool any_zero(const Dims& shape) { return std::find(shape.begin(), shape.end(), 0) != shape.end(); }

template <std::size_t size>
void split_pairs(const std::byte* from, std::size_t pairs, std::byte* even, std::byte* odd) {
  for (std::size_t i = 0; i < pairs; ++i) {
    std::memcpy(even + i * size, from + 2 * i * size, size);
    std::memcpy(odd + i * size, from + (2 * i + 1) * size, size);
  }
}
void split_pairs(const std::byte* from, std::size_t pairs, std::byte* even, std::byte* odd, std::size_t size) {
  switch (size) {
    case 1: return split_pairs<1>(from, pairs, even, odd);
    case 2: return split_pairs<2>(from, pairs, even, odd);
    case 4: return split_pairs<4>(from, pairs, even, odd);
    case 8: return split_pairs<8>(from, pairs, even, odd);
    default: return split_pairs<16>(from, pairs, even, odd);
  }
}

/// A row of [count] partials to one, each pair by one element of a kernel call; `spare` holds as many.
void fold_row(kernels::Kernel combine, std::byte* row, std::byte* spare, std::size_t count, std::size_t size) {
  while (count > 1) {
    const std::size_t pairs = count / 2;
    std::byte *even = spare, *odd = spare + pairs * size;
    split_pairs(row, pairs, even, odd, size);
    if (count % 2 != 0) std::memmove(row + pairs * size, row + (count - 1) * size, size);
    void* const args[] = {row, even, odd};
    combine(args, pairs);
    count = pairs + count % 2;
  }
}

std::int64_t outer_offset(const Columns& s, std::size_t index) {
  std::int64_t offset = 0;
  for (std::size_t d = s.outer.size(); d-- > 0;) {
    const auto extent = static_cast<std::size_t>(s.outer[d]);
    offset += static_cast<std::int64_t>(index % extent) * s.outer_strides[d];
    index /= extent;
  }
  return offset;
}

}  // namespace

void fold_panel(kernels::Kernel combine, std::size_t columns, std::size_t itemsize, std::byte* panel, std::byte* out,
                std::size_t count) {
  const std::size_t row = columns * itemsize;
  while (count > 1) {
    const std::size_t pairs = count / 2;
    for (std::size_t i = 0; i < pairs; ++i) {
      std::byte* to = count == 2 ? out : panel + i * row;
      void* const args[] = {to, panel + 2 * i * row, panel + (2 * i + 1) * row};
      combine(args, columns);
    }
    if (count % 2 != 0) std::memmove(panel + pairs * row, panel + (count - 1) * row, row);
    count = pairs + count % 2;
  }
}

void fold_partials(const Loop::Sink& s, std::byte* partials, std::byte* out, std::size_t rows, std::size_t count) {
  std::byte* const spare = partials + rows * count * s.itemsize;
  for (std::size_t r = 0; r < rows; ++r) {
    std::byte* const row = partials + r * count * s.itemsize;
    fold_row(s.combine, row, spare, count, s.itemsize);
    std::memcpy(out + r * s.itemsize, row, s.itemsize);
  }
}

void execute(const Columns& s, Bases bases) {
  const auto outer = static_cast<std::size_t>(element_count(s.outer));
  const std::size_t chunks = (s.rows + s.chunk - 1) / s.chunk;
  const std::byte* const from = resolve(bases, s.from);
  std::byte* const to = resolve(bases, chunks > 1 ? s.partials : s.to);
  const std::size_t wide = 512;  // columns of a task, at least
  const std::size_t panels = (s.columns + wide - 1) / wide;

  const auto task = [&](std::size_t o, std::size_t c, std::size_t column, std::size_t columns) {
    const std::size_t row = c * s.chunk;
    s.fold(to + ((o * chunks + c) * s.columns + column) * s.itemsize,
           from + outer_offset(s, o) + static_cast<std::int64_t>(row) * s.row_stride +
               static_cast<std::int64_t>(column * s.itemsize),
           std::min(s.chunk, s.rows - row), s.row_stride, columns);
  };
  const double cost = 2.0 * static_cast<double>(outer * s.rows * s.columns);
  if (cost < parallel_cost) {
    for (std::size_t o = 0; o < outer; ++o)
      for (std::size_t c = 0; c < chunks; ++c) task(o, c, 0, s.columns);
  } else if (outer * chunks >= 16 || panels == 1) {
    parallel_ranges(outer * chunks, grain_of(outer * chunks, 1), [&](std::size_t a, std::size_t b) {
      for (; a < b; ++a) task(a / chunks, a % chunks, 0, s.columns);
    });
  } else {
    parallel_ranges(s.columns, grain_of(s.columns, wide), [&](std::size_t a, std::size_t b) {
      for (std::size_t o = 0; o < outer; ++o)
        for (std::size_t c = 0; c < chunks; ++c) task(o, c, a, b - a);
    });
  }
  if (chunks == 1) return;
  const std::size_t row = s.columns * s.itemsize;
  for (std::size_t o = 0; o < outer; ++o)
    fold_panel(s.combine, s.columns, s.itemsize, to + o * chunks * row, resolve(bases, s.to) + o * row, chunks);
}

void execute(const ArgMax& s, Bases bases) {
  if (s.outer * s.inner == 0 || s.n == 0) return;
  s.find(reinterpret_cast<std::int64_t*>(resolve(bases, s.to)), resolve(bases, s.from), s.outer, s.n, s.inner,
         s.outer_stride, s.n_stride, s.inner_stride);
}

void execute(const Dot& s, Bases bases) {
  if (s.batch * s.shape.m * s.shape.n == 0) return;
  const auto c_batch = s.shape.m * s.shape.n * s.itemsize;
  const auto some = [&](std::size_t begin, std::size_t end) {
    for (std::size_t b = begin; b < end; ++b) {
      auto args = s.shape;
      const auto i = static_cast<std::int64_t>(b);
      args.a = resolve(bases, s.a) + i * s.a_batch;
      args.b = resolve(bases, s.b) + i * s.b_batch;
      args.c = resolve(bases, s.c) + b * c_batch;
      s.multiply(args);
    }
  };
  const double products = static_cast<double>(s.batch) * static_cast<double>(s.shape.m * s.shape.n * s.shape.k);
  if (s.batch == 1 || products < parallel_products) return some(0, s.batch);
  parallel_ranges(s.batch, grain_of(s.batch, 1), some);
}

void execute(const Copy& s, Bases bases) {
  if (s.itemsize == 0 || any_zero(s.shape)) return;
  std::byte* const to = resolve(bases, s.to);
  const std::byte* const from = resolve(bases, s.from);
  if (s.shape.empty()) {
    std::memcpy(to, from, s.itemsize);
    return;
  }
  const auto bytes = static_cast<std::size_t>(element_count(s.shape)) * s.itemsize;
  if (bytes < parallel_bytes || s.shape[0] < 2)
    return kernels::copy_strided(to, s.to_strides.data(), from, s.from_strides.data(), s.shape.data(), s.shape.size(),
                                 s.itemsize);
  const auto rows = static_cast<std::size_t>(s.shape[0]);
  parallel_ranges(rows, grain_of(rows, 1), [&](std::size_t begin, std::size_t end) {
    Dims shape = s.shape;
    shape[0] = static_cast<std::int64_t>(end - begin);
    const auto i = static_cast<std::int64_t>(begin);
    kernels::copy_strided(to + i * s.to_strides[0], s.to_strides.data(), from + i * s.from_strides[0],
                          s.from_strides.data(), shape.data(), shape.size(), s.itemsize);
  });
}

}  // namespace fluxion::compiler

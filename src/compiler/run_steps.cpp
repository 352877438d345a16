#include <algorithm>
#include <cstring>
#include <utility>

#include "compiler/cost.hpp"
#include "compiler/execute.hpp"
#include "compiler/parallel.hpp"

namespace fluxion::compiler {
namespace {

constexpr std::size_t parallel_bytes = std::size_t{4} << 20;  // copied
constexpr std::size_t product_rows = 64, product_columns = 96;  // of a part of one product

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
  const std::size_t wide = 512;  // columns of a task, at least: fewer than a vector would lie over another one's
  const std::size_t panels = std::max<std::size_t>(1, s.columns / wide);

  const auto task = [&](std::size_t o, std::size_t c, std::size_t column, std::size_t columns) {
    const std::size_t row = c * s.chunk, rows = std::min(s.chunk, s.rows - row);
    const auto at = [&](std::int64_t stride) {
      return static_cast<std::int64_t>(row) * stride + static_cast<std::int64_t>(column * s.itemsize);
    };
    std::byte* const out = to + ((o * chunks + c) * s.columns + column) * s.itemsize;
    const std::byte* const in = from + outer_offset(s, o) + at(s.row_stride);
    if (s.function == nullptr) return s.fold(out, in, rows, s.row_stride, columns);
    s.function({out, in, resolve(bases, s.partners) + at(s.partner_row), rows, columns, s.row_stride, s.partner_row});
  };
  const double cost = s.cost * static_cast<double>(outer * s.rows * s.columns);
  if (cost < parallel_cost) {
    for (std::size_t o = 0; o < outer; ++o)
      for (std::size_t c = 0; c < chunks; ++c) task(o, c, 0, s.columns);
  } else if (outer * chunks >= 2 * threads() || panels == 1) {  // whole rows, where there is enough else to share
    parallel_ranges(outer * chunks, grain_of(outer * chunks, 1), [&](std::size_t a, std::size_t b) {
      for (; a < b; ++a) task(a / chunks, a % chunks, 0, s.columns);
    });
  } else {
    parallel_ranges(panels, grain_of(panels, 1), [&](std::size_t a, std::size_t b) {
      const std::size_t first = a * wide, last = b == panels ? s.columns : b * wide;
      for (std::size_t o = 0; o < outer; ++o)
        for (std::size_t c = 0; c < chunks; ++c) task(o, c, first, last - first);
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

namespace {

/// Products [begin, end) of the batch, counted over all its dimensions.
void some_products(const Dot& s, const kernels::GemmArgs& all, std::size_t begin, std::size_t end) {
  const auto size = static_cast<std::int64_t>(s.itemsize);
  while (begin < end) {
    auto part = all;
    const auto first = static_cast<std::int64_t>(begin % all.batch);
    part.batch = std::min(all.batch - begin % all.batch, end - begin);
    std::int64_t a = first * all.a_batch, b = first * all.b_batch;
    auto index = static_cast<std::int64_t>(begin / all.batch);
    for (std::size_t d = s.outer.size(); d-- > 0; index /= s.outer[d]) {
      a += index % s.outer[d] * s.a_outer[d];
      b += index % s.outer[d] * s.b_outer[d];
    }
    part.a = static_cast<const std::byte*>(all.a) + a * size;
    part.b = static_cast<const std::byte*>(all.b) + b * size;
    part.c = static_cast<std::byte*>(all.c) + static_cast<std::int64_t>(begin) * all.c_batch * size;
    s.multiply(part);
    begin += part.batch;
  }
}

/// One product in parts along its longer side, in whole units: one row or column alone is summed in another way.
void in_parts(const Dot& s, const kernels::GemmArgs& all) {
  const bool wide = all.n >= all.m;
  const std::size_t extent = wide ? all.n : all.m, unit = wide ? product_columns : product_rows;
  const std::size_t units = std::max<std::size_t>(extent / unit, 1);
  parallel_ranges(units, grain_of(units, 1), [&](std::size_t begin, std::size_t end) {
    const std::size_t first = begin * unit, last = end == units ? extent : end * unit;
    const auto offset = static_cast<std::int64_t>(first) * static_cast<std::int64_t>(s.itemsize);
    auto part = all;
    (wide ? part.n : part.m) = last - first;
    if (wide) part.b = static_cast<const std::byte*>(all.b) + offset * all.b_col;
    else part.a = static_cast<const std::byte*>(all.a) + offset * all.a_row;
    part.c = static_cast<std::byte*>(all.c) + offset * (wide ? 1 : all.c_row);
    auto finish = all.finish != nullptr ? *all.finish : kernels::GemmFinish{};
    if (finish.other != nullptr)
      finish.other = static_cast<const std::byte*>(finish.other) + offset * (wide ? 1 : finish.other_row);
    if (all.finish != nullptr) part.finish = &finish;
    s.multiply(part);
  });
}

}  // namespace

void execute(const Dot& s, Bases bases) {
  kernels::GemmArgs all = s.shape;
  all.a = resolve(bases, s.a);
  all.b = resolve(bases, s.b);
  all.c = resolve(bases, s.c);
  kernels::GemmFinish finish;
  if (s.finishes) {
    finish = s.finish;
    if (s.scaled) finish.scale = resolve(bases, s.scale);
    if (finish.kind != kernels::GemmFinish::Kind::none) finish.other = resolve(bases, s.other);
    all.finish = &finish;
  }
  if (s.outer.empty() && !s.parallel) return s.multiply(all);
  const std::size_t batch = all.batch * static_cast<std::size_t>(element_count(s.outer));
  if (!s.parallel) return some_products(s, all, 0, batch);
  if (batch == 1) return in_parts(s, all);
  parallel_ranges(batch, grain_of(batch, 1),
                  [&](std::size_t begin, std::size_t end) { some_products(s, all, begin, end); });
}

void execute_rows(const Dot& s, Bases bases, std::size_t rows, std::size_t first, std::size_t last) {
  kernels::GemmArgs all = s.shape;
  all.a = resolve(bases, s.a);
  all.b = resolve(bases, s.b);
  all.c = resolve(bases, s.c);
  const std::size_t batch = all.batch * static_cast<std::size_t>(element_count(s.outer));
  if (batch != 1) return some_products(s, all, first * (batch / rows), last * (batch / rows));
  const std::size_t height = all.m / rows;
  const auto above = static_cast<std::int64_t>(first * height * s.itemsize);
  all.a = static_cast<const std::byte*>(all.a) + above * all.a_row;
  all.c = static_cast<std::byte*>(all.c) + above * all.c_row;
  all.m = (last - first) * height;
  s.multiply(all);
}

void execute(const Copy& s, Bases bases) { execute(s, resolve(bases, s.to), resolve(bases, s.from)); }

void execute(const Copy& s, std::byte* to, const std::byte* from) {
  if (s.itemsize == 0 || any_zero(s.shape)) return;
  if (to == from && s.to_strides == s.from_strides) return;  // a result that was given its argument's memory
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

namespace {

void weave_rows(const Weave& s, Bases bases, std::size_t begin, std::size_t end) {
  for (const auto& piece : s.pieces) {
    Dims shape = piece.shape;
    shape[0] = static_cast<std::int64_t>(end - begin);
    const auto i = static_cast<std::int64_t>(begin);
    kernels::copy_strided(resolve(bases, piece.to) + i * piece.to_strides[0], piece.to_strides.data(),
                          resolve(bases, piece.from) + i * piece.from_strides[0], piece.from_strides.data(),
                          shape.data(), shape.size(), piece.itemsize);
  }
}
/// Some rows after the other.
void weave(const Weave& s, Bases bases, std::size_t begin, std::size_t end) {
  const auto block = static_cast<std::size_t>(s.block);
  for (; begin < end; begin += block) weave_rows(s, bases, begin, std::min(end, begin + block));
}

}  // namespace

void execute(const Weave& s, Bases bases) {
  const auto rows = static_cast<std::size_t>(s.rows);
  parallel_ranges(rows, grain_of(rows, static_cast<std::size_t>(s.block)),
                  [&](std::size_t begin, std::size_t end) { weave(s, bases, begin, end); });
}
void execute_rows(const Weave& s, Bases bases, std::size_t rows, std::size_t first, std::size_t last) {
  const std::size_t each = static_cast<std::size_t>(s.rows) / rows;
  weave(s, bases, first * each, last * each);
}

namespace {

void repeat_element(std::byte* to, const std::byte* element, std::size_t n, std::size_t size) {
  const std::int64_t shape = static_cast<std::int64_t>(n), step = static_cast<std::int64_t>(size), none = 0;
  kernels::copy_strided(to, &step, element, &none, &shape, 1, size);
}

/// Elements of each line, a block of them at a time. Lines in `held` are no multiples of a page apart: those would all
/// want the same places of the cache.
void interleave_rows(const Interleave& s, Bases bases, std::size_t begin, std::size_t end) {
  alignas(64) std::byte held[Interleave::bytes + Interleave::bytes / 2];
  const std::size_t size = s.itemsize, columns = s.lines.size(), line = (s.block + 8) * size;
  const auto signed_size = static_cast<std::int64_t>(size), row = signed_size * static_cast<std::int64_t>(columns);
  const std::int64_t to_strides[] = {row, signed_size}, from_strides[] = {signed_size, static_cast<std::int64_t>(line)};
  for (std::size_t first = begin; first < end; first += s.block) {
    const std::size_t n = std::min(s.block, end - first);
    for (std::size_t c = 0; c < columns; ++c) {
      const auto& l = s.lines[c];
      if (!l.repeated) std::memcpy(held + c * line, resolve(bases, l.from) + first * size, n * size);
      else if (first == begin) repeat_element(held + c * line, resolve(bases, l.from), n, size);
    }
    const std::int64_t shape[] = {static_cast<std::int64_t>(n), static_cast<std::int64_t>(columns)};
    kernels::copy_strided(resolve(bases, s.to) + static_cast<std::int64_t>(first) * row, to_strides, held, from_strides,
                          shape, 2, size);
  }
}

}  // namespace

void execute(const Interleave& s, Bases bases) {
  if (s.rows * s.lines.size() * s.itemsize < parallel_bytes) return interleave_rows(s, bases, 0, s.rows);
  parallel_ranges(s.rows, grain_of(s.rows, s.block),
                  [&](std::size_t begin, std::size_t end) { interleave_rows(s, bases, begin, end); });
}

void execute_rows(const Interleave& s, Bases bases, std::size_t rows, std::size_t first, std::size_t last) {
  const std::size_t each = s.rows / rows;
  interleave_rows(s, bases, first * each, last * each);
}

}  // namespace fluxion::compiler

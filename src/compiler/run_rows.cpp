#include <algorithm>
#include <cstring>

#include "compiler/execute.hpp"
#include "compiler/parallel.hpp"

namespace fluxion::compiler {
namespace {

/// The offset of batch element `index`.
std::int64_t offset(const Dims& batch, const Dims& strides, std::int64_t index) {
  std::int64_t at = 0;
  for (std::size_t d = batch.size(); d-- > 0;) {
    at += index % batch[d] * strides[d];
    index /= batch[d];
  }
  return at;
}

constexpr std::size_t parallel_bytes = std::size_t{4} << 20;  // taken

std::int64_t read_index(const Rows& s, const std::byte* from) {
  std::int64_t i = 0;
  if (s.narrow) {
    std::int32_t narrow;
    std::memcpy(&narrow, from, sizeof narrow);
    i = narrow;
  } else {
    std::memcpy(&i, from, sizeof i);
  }
  if (s.wraps && i < 0) i += s.extent;
  return s.clips ? std::clamp<std::int64_t>(i, 0, s.extent - 1) : i;
}

/// Where no kernel adds elements of a dtype: row by row.
void combine(const Rows& s, std::byte* table, const std::byte* indices, std::byte* rows) {
  for (std::int64_t j = 0; j < s.count; ++j) {
    const auto i = read_index(s, indices + j * s.indices.step);
    if (i < 0 || i >= s.extent) continue;
    std::byte* const to = table + i * s.table.step;
    void* const args[] = {to, to, rows + j * s.rows.step};
    s.combine(args, s.row_elements);
  }
}

struct Places {
  std::byte *table, *indices, *rows;
  const std::byte* fill;
};

void move(const Rows& s, const Places& p, std::size_t begin, std::size_t end) {
  const auto first = static_cast<std::int64_t>(begin);
  s.move({p.table, p.indices + first * s.indices.step, p.rows + first * s.rows.step, s.table.step, s.indices.step,
          s.rows.step, s.extent, static_cast<std::int64_t>(end - begin), s.row_elements, s.narrow, s.wraps, s.clips,
          p.fill});
}
void move(const Rows& s, const Places& p) {
  const auto some = [&](std::size_t begin, std::size_t end) { move(s, p, begin, end); };
  const auto count = static_cast<std::size_t>(s.count);
  const bool large = count * s.row_elements * s.itemsize >= parallel_bytes;
  if (s.kind == Rows::Kind::take && large) parallel_ranges(count, grain_of(count, 512), some);
  else some(0, count);
}

bool is_empty(const Rows& s) { return s.row_elements * s.itemsize == 0 || s.count == 0 || s.extent == 0; }

/// A step of a loop often moves one row: a kernel would take longer to begin than to move it. Not where a row may be
/// filled or added.
bool moves_one(const Rows& s) {
  return s.count == 1 && s.batch.empty() && s.kind != Rows::Kind::add && (s.clips || s.kind == Rows::Kind::put);
}
void copy_row(std::byte* to, const std::byte* from, std::size_t bytes) {
  switch (bytes) {
    case 4: std::memcpy(to, from, 4); break;
    case 8: std::memcpy(to, from, 8); break;
    default: std::memcpy(to, from, bytes);
  }
}
void move_one(const Rows& s, Bases bases) {
  const auto i = read_index(s, resolve(bases, s.indices.base));
  if (i < 0 || i >= s.extent) return;
  std::byte *const inside = resolve(bases, s.table.base) + i * s.table.step, *const row = resolve(bases, s.rows.base);
  const bool put = s.kind == Rows::Kind::put;
  copy_row(put ? inside : row, put ? row : inside, s.row_elements * s.itemsize);
}

const std::byte* filling(const Rows& s, Bases bases) {
  return s.kind == Rows::Kind::take && !s.clips ? resolve(bases, s.fill) : nullptr;
}

}  // namespace

void execute(const TruePositions& s, Bases bases) {
  const auto outer = element_count(s.batch);
  std::byte* to = resolve(bases, s.to);
  for (std::int64_t o = 0; o < outer; ++o) {
    const std::byte* const mask = resolve(bases, s.mask.base) + offset(s.batch, s.mask.batch_strides, o);
    std::int64_t found = 0;
    const auto append = [&](std::int64_t i) { std::memcpy(to + 8 * found++, &i, sizeof i); };
    for (std::int64_t i = 0; i < s.extent && found < s.size; ++i)
      if (mask[i * s.mask.step] != std::byte{0}) append(i);
    while (found < s.size) append(s.extent);
    to += 8 * s.size;
  }
}

void execute(const Rows& s, Bases bases) {
  if (is_empty(s)) return;
  if (moves_one(s)) return move_one(s, bases);
  const auto outer = element_count(s.batch);
  for (std::int64_t o = 0; o < outer; ++o) {
    const auto at = [&](const Rows::Operand& x) { return resolve(bases, x.base) + offset(s.batch, x.batch_strides, o); };
    if (s.combine != nullptr) combine(s, at(s.table), at(s.indices), at(s.rows));
    else move(s, {at(s.table), at(s.indices), at(s.rows), filling(s, bases)});
  }
}

void execute_rows(const Rows& s, Bases bases, std::size_t rows, std::size_t first, std::size_t last) {
  if (is_empty(s)) return;
  const std::size_t each = static_cast<std::size_t>(s.count) / rows;
  const auto at = [&](const Rows::Operand& x) { return resolve(bases, x.base); };
  move(s, {at(s.table), at(s.indices), at(s.rows), filling(s, bases)}, first * each, last * each);
}

void execute(const Window& s, Bases bases) {
  std::int64_t start = 0;
  for (const auto& axis : s.axes) {
    std::int64_t i;
    std::memcpy(&i, resolve(bases, axis.start), sizeof i);
    start += std::clamp<std::int64_t>(i, 0, axis.last) * axis.step;
  }
  execute(s.copy, resolve(bases, s.copy.to) + (s.put ? start : 0), resolve(bases, s.copy.from) + (s.put ? 0 : start));
}

}  // namespace fluxion::compiler

#include <algorithm>
#include <cstring>

#include "compiler/execute.hpp"

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

std::int64_t read_index(const std::byte* from) {
  std::int64_t i;
  std::memcpy(&i, from, sizeof i);
  return i;
}

/// Moves rows of a size known when this is compiled, so that short ones are a load and a store.
struct Mover {
  std::size_t bytes;
  void operator()(std::byte* to, const std::byte* from) const {
    switch (bytes) {
      case 1: std::memcpy(to, from, 1); return;
      case 4: std::memcpy(to, from, 4); return;
      case 8: std::memcpy(to, from, 8); return;
      case 16: std::memcpy(to, from, 16); return;
      default: std::memcpy(to, from, bytes);
    }
  }
};

void take(const Rows& s, std::byte* table, const std::byte* indices, std::byte* rows) {
  const Mover move{s.row_elements * s.itemsize};
  for (std::int64_t j = 0; j < s.count; ++j) {
    const auto i = std::clamp<std::int64_t>(read_index(indices + j * s.indices.step), 0, s.extent - 1);
    move(rows + j * s.rows.step, table + i * s.table.step);
  }
}

void put(const Rows& s, std::byte* table, const std::byte* indices, std::byte* rows) {
  const Mover move{s.row_elements * s.itemsize};
  for (std::int64_t j = 0; j < s.count; ++j) {
    const auto i = read_index(indices + j * s.indices.step);
    if (i < 0 || i >= s.extent) continue;
    std::byte* const to = table + i * s.table.step;
    std::byte* const from = rows + j * s.rows.step;
    if (s.kind == Rows::Kind::put) {
      move(to, from);
    } else {
      void* const args[] = {to, to, from};
      s.combine(args, s.row_elements);
    }
  }
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
  if (s.row_elements * s.itemsize == 0 || s.count == 0) return;
  const auto outer = element_count(s.batch);
  for (std::int64_t o = 0; o < outer; ++o) {
    const auto at = [&](const Rows::Operand& x) { return resolve(bases, x.base) + offset(s.batch, x.batch_strides, o); };
    if (s.kind == Rows::Kind::take) take(s, at(s.table), at(s.indices), at(s.rows));
    else put(s, at(s.table), at(s.indices), at(s.rows));
  }
}

}  // namespace fluxion::compiler

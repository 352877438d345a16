// Gathers and scatters of rows: indices are put in order a block at a time, then followed without a test but for those
// that are skipped.
#include "kernels/rows.hpp"

#include "kernels/isa/lookup.hpp"

namespace fluxion::kernels::FLUXION_ISA {
namespace {

constexpr std::int64_t block = 512;
using Index = std::int64_t;

template <class I> I read(const char* p) {
  I i;
  __builtin_memcpy(&i, p, sizeof i);
  return i;
}

Index settled(Index i, Index extent, bool wraps, bool clips) {
  i += wraps && i < 0 ? extent : 0;
  const Index above = i < 0 ? 0 : i, inside = above < extent ? above : extent - 1;
  return clips || i == inside ? inside : -1;
}

/// The rows that indices [begin, begin + n) name; -1 for none.
template <class I>
void settle(const Rows& r, Index begin, Index n, Index* to) {
  const char* from = static_cast<const char*>(r.indices) + begin * r.index_step;
  const Index extent = r.extent;
  const bool wraps = r.wraps, clips = r.clips;
  if (r.index_step == sizeof(I)) {
    for (Index j = 0; j < n; ++j) to[j] = settled(read<I>(from + j * Index(sizeof(I))), extent, wraps, clips);
  } else {
    for (Index j = 0; j < n; ++j) to[j] = settled(read<I>(from + j * r.index_step), extent, wraps, clips);
  }
}

/// f(begin, n, rows of the table) for one block after the other.
template <class F>
void for_blocks(const Rows& r, const F& f) {
  alignas(64) Index at[block];
  for (Index begin = 0; begin < r.count; begin += block) {
    const Index n = r.count - begin < block ? r.count - begin : block;
    if (r.narrow) settle<std::int32_t>(r, begin, n, at);
    else settle<std::int64_t>(r, begin, n, at);
    f(begin, n, at);
  }
}

// Elements as they lie in memory: any type, any alignment.
template <std::size_t size> struct Element;
template <> struct Element<1> { typedef std::uint8_t type __attribute__((may_alias)); };
template <> struct Element<2> { typedef std::uint16_t type __attribute__((may_alias, aligned(1))); };
template <> struct Element<4> { typedef std::uint32_t type __attribute__((may_alias, aligned(1))); };
template <> struct Element<8> { typedef std::uint64_t type __attribute__((may_alias, aligned(1))); };
template <> struct Element<16> { __extension__ typedef unsigned __int128 type __attribute__((may_alias, aligned(1))); };

template <std::size_t size>
struct Move {
  using E = typename Element<size>::type;
  static E& element(char* p) { return *reinterpret_cast<E*>(p); }
  static const E& element(const char* p) { return *reinterpret_cast<const E*>(p); }

  static void copy(char* to, const char* from, std::size_t n) {
    if (n == 1) element(to) = element(from);
    else __builtin_memcpy(to, from, n * size);
  }
  static void fill(char* to, const char* element_at, std::size_t n) {
    const E value = element(element_at);
    for (std::size_t i = 0; i < n; ++i) reinterpret_cast<E*>(to)[i] = value;
  }

  static void take_elements(const Rows& r) {
    char* const to = static_cast<char*>(r.rows);
    const char* const table = static_cast<const char*>(r.table);
    const Index step = r.table_step;
    for_blocks(r, [&](Index begin, Index n, const Index* at) {
      E* const out = reinterpret_cast<E*>(to) + begin;
      if (step == size) {
        for (Index j = 0; j < n; ++j) out[j] = reinterpret_cast<const E*>(table)[at[j]];
      } else {
        for (Index j = 0; j < n; ++j) out[j] = element(table + at[j] * step);
      }
    });
  }
  static void take(const Rows& r) {
    if (r.row_elements == 1 && r.clips && r.row_step == size) return take_elements(r);
    char* const to = static_cast<char*>(r.rows);
    const char *const table = static_cast<const char*>(r.table), *const filling = static_cast<const char*>(r.fill);
    for_blocks(r, [&](Index begin, Index n, const Index* at) {
      for (Index j = 0; j < n; ++j) {
        char* const row = to + (begin + j) * r.row_step;
        if (at[j] >= 0) copy(row, table + at[j] * r.table_step, r.row_elements);
        else fill(row, filling, r.row_elements);
      }
    });
  }
  static void put(const Rows& r) {
    char* const table = static_cast<char*>(r.table);
    const char* const from = static_cast<const char*>(r.rows);
    for_blocks(r, [&](Index begin, Index n, const Index* at) {
      for (Index j = 0; j < n; ++j)
        if (at[j] >= 0) copy(table + at[j] * r.table_step, from + (begin + j) * r.row_step, r.row_elements);
    });
  }
};

/// Adds `parts` numbers per element: a complex number has two.
template <class T, std::size_t parts>
void add(const Rows& r) {
  typedef T U __attribute__((may_alias));
  char* const table = static_cast<char*>(r.table);
  const char* const from = static_cast<const char*>(r.rows);
  const std::size_t width = r.row_elements * parts;
  for_blocks(r, [&](Index begin, Index n, const Index* at) {
    if (width == 1 && r.table_step == sizeof(T) && r.row_step == sizeof(T)) {
      U* const to = reinterpret_cast<U*>(table);
      const U* const row = reinterpret_cast<const U*>(from) + begin;
      for (Index j = 0; j < n; ++j)
        if (at[j] >= 0) to[at[j]] += row[j];
      return;
    }
    for (Index j = 0; j < n; ++j) {
      if (at[j] < 0) continue;
      U* const to = reinterpret_cast<U*>(table + at[j] * r.table_step);
      const U* const row = reinterpret_cast<const U*>(from + (begin + j) * r.row_step);
      for (std::size_t c = 0; c < width; ++c) to[c] += row[c];
    }
  });
}

template <template <std::size_t> class Kernels, class Pick>
RowsKernel by_size(std::size_t itemsize, Pick pick) {
  switch (itemsize) {
    case 1: return pick(Kernels<1>{});
    case 2: return pick(Kernels<2>{});
    case 4: return pick(Kernels<4>{});
    case 8: return pick(Kernels<8>{});
    case 16: return pick(Kernels<16>{});
    default: return nullptr;
  }
}

RowsKernel take_kernel(std::size_t itemsize) {
  return by_size<Move>(itemsize, []<std::size_t n>(Move<n>) -> RowsKernel { return &Move<n>::take; });
}
RowsKernel put_kernel(std::size_t itemsize) {
  return by_size<Move>(itemsize, []<std::size_t n>(Move<n>) -> RowsKernel { return &Move<n>::put; });
}
RowsKernel add_kernel(DType t) {
  switch (t) {
    case DType::float32: return &add<float, 1>;
    case DType::float64: return &add<double, 1>;
    case DType::complex64: return &add<float, 2>;
    case DType::complex128: return &add<double, 2>;
    case DType::int32: case DType::uint32: return &add<std::uint32_t, 1>;  // signed ones wrap as well
    case DType::int64: case DType::uint64: return &add<std::uint64_t, 1>;
    default: return nullptr;
  }
}

}  // namespace

constexpr RowsKernels rows_table{&take_kernel, &put_kernel, &add_kernel};
const RowsKernels& rows_kernels() { return rows_table; }

}  // namespace fluxion::kernels::FLUXION_ISA

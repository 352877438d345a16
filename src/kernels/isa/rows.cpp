// Gathers and scatters of rows: indices are put in order a block at a time, then followed without a test but for those
// that are skipped.
#include "kernels/rows.hpp"

#include <limits>
#include <type_traits>

#include "kernels/element.hpp"
#include "kernels/eval/integer.hpp"
#include "kernels/eval/partial.hpp"
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

/// In the arithmetic of I, which holds the extent.
template <bool clips, class I>
I settled(I i, I extent, I wrap) {
  i = I(i + (i < 0 ? wrap : 0));
  if constexpr (clips) {
    const I above = i < 0 ? 0 : i;
    return above < extent ? above : I(extent - 1);
  } else {
    using U = std::make_unsigned_t<I>;
    return U(i) < U(extent) ? i : I(-1);
  }
}

/// The rows that indices [begin, begin + n) name; -1 for none.
template <bool clips, class I>
void settle(const Rows& r, Index begin, Index n, I* to) {
  const char* from = static_cast<const char*>(r.indices) + begin * r.index_step;
  const I extent = I(r.extent), wrap = r.wraps ? extent : I(0);
  if (r.index_step == sizeof(I)) {
    for (Index j = 0; j < n; ++j) to[j] = settled<clips>(read<I>(from + j * Index(sizeof(I))), extent, wrap);
  } else {
    for (Index j = 0; j < n; ++j) to[j] = settled<clips>(read<I>(from + j * r.index_step), extent, wrap);
  }
}

/// Asks for indices [begin, end), which come while the block before is moved. (Of rows as well it would be too much at
/// once.)
inline void fetch(const Rows& r, Index begin, Index end) {
  constexpr Index line = 64;
  if (r.index_step > line) return;
  const char* const all = static_cast<const char*>(r.indices);
  const char* const last = all + end * r.index_step;
  for (const char* p = all + begin * r.index_step; p < last; p += line) __builtin_prefetch(p);
}

/// Asks for the beginning of a row of the table that is moved some rows later.
template <class I>
void fetch_row(const char* table, Index step, std::size_t bytes, const I* at, Index j, Index n) {
  constexpr Index ahead = 6;
  constexpr std::size_t line = 64, most = 512;
  if (j + ahead >= n || at[j + ahead] < 0) return;
  const char* const row = table + at[j + ahead] * step;
  for (std::size_t b = 0; b < bytes && b < most; b += line) __builtin_prefetch(row + b);
}

/// f(begin, n, rows of the table) for one block after the other.
template <class I, class F>
void for_blocks_of(const Rows& r, const F& f) {
  alignas(64) I at[block];
  for (Index begin = 0; begin < r.count; begin += block) {
    const Index n = r.count - begin < block ? r.count - begin : block;
    if (r.clips) settle<true>(r, begin, n, at);
    else settle<false>(r, begin, n, at);
    const Index next = begin + n, end = next + block < r.count ? next + block : r.count;
    fetch(r, next, end);
    f(begin, n, at);
  }
}
/// Indices of 32 bits stay such where the rows can be counted by them.
template <class F>
void for_blocks(const Rows& r, const F& f) {
  if (!r.narrow) return for_blocks_of<std::int64_t>(r, f);
  if (r.extent <= std::numeric_limits<std::int32_t>::max()) return for_blocks_of<std::int32_t>(r, f);
  Rows some = r;  // no negative index names a row unless it wraps: wide ones are made, a block at a time
  alignas(64) std::int64_t wide[block];
  for (Index begin = 0; begin < r.count; begin += block) {
    const Index n = r.count - begin < block ? r.count - begin : block;
    const char* const from = static_cast<const char*>(r.indices) + begin * r.index_step;
    for (Index j = 0; j < n; ++j) wide[j] = read<std::int32_t>(from + j * r.index_step);
    some.indices = wide;
    some.index_step = sizeof wide[0];
    some.count = n;
    for_blocks_of<std::int64_t>(some, [&](Index, Index m, const std::int64_t* at) { f(begin, m, at); });
  }
}

/// Two pieces that may overlap.
template <std::size_t piece>
void copy_ends(char* to, const char* from, std::size_t bytes) {
  char first[piece], last[piece];
  __builtin_memcpy(first, from, piece);
  __builtin_memcpy(last, from + bytes - piece, piece);
  __builtin_memcpy(to, first, piece);
  __builtin_memcpy(to + bytes - piece, last, piece);
}
/// Of a row for which a call would take longer than copying.
constexpr bool is_short(std::size_t bytes) { return bytes >= 8 && bytes <= 128; }
inline void copy_short(char* to, const char* from, std::size_t bytes) {
  if (bytes > 64) copy_ends<64>(to, from, bytes);
  else if (bytes > 32) copy_ends<32>(to, from, bytes);
  else if (bytes > 16) copy_ends<16>(to, from, bytes);
  else copy_ends<8>(to, from, bytes);
}

/// Longer ones that are still worth it: the last vector lies over the one before.
inline void copy_row(char* to, const char* from, std::size_t bytes) {
  using B = Batch<std::uint8_t>;
  constexpr std::size_t most = 16 * B::size;
  if (bytes < B::size || bytes > most) {
    __builtin_memcpy(to, from, bytes);
    return;
  }
  const auto move = [&](std::size_t at) {
    B::load_unaligned(reinterpret_cast<const std::uint8_t*>(from) + at)
        .store_unaligned(reinterpret_cast<std::uint8_t*>(to) + at);
  };
  for (std::size_t at = 0; at + B::size <= bytes; at += B::size) move(at);
  if (bytes % B::size != 0) move(bytes - B::size);
}

template <std::size_t size>
struct Move {
  using E = typename Element<size>::type;
  static E& element(char* p) { return *reinterpret_cast<E*>(p); }
  static const E& element(const char* p) { return *reinterpret_cast<const E*>(p); }

  static void copy(char* to, const char* from, std::size_t n) {
    if (n == 1) element(to) = element(from);
    else copy_row(to, from, n * size);
  }
  static void fill(char* to, const char* element_at, std::size_t n) {
    const E value = element(element_at);
    for (std::size_t i = 0; i < n; ++i) reinterpret_cast<E*>(to)[i] = value;
  }

  static void take_elements(const Rows& r) {
    char* const to = static_cast<char*>(r.rows);
    const char* const table = static_cast<const char*>(r.table);
    const Index step = r.table_step;
    for_blocks(r, [&](Index begin, Index n, const auto* at) {
      E* const out = reinterpret_cast<E*>(to) + begin;
      if (step == size) {
        for (Index j = 0; j < n; ++j) out[j] = reinterpret_cast<const E*>(table)[at[j]];
      } else {
        for (Index j = 0; j < n; ++j) out[j] = element(table + at[j] * step);
      }
    });
  }
  /// Short rows, which are copied without a call.
  static void take_short(const Rows& r) {
    constexpr Index cached = 16384;  // bytes of a table that need not be asked for
    char* const to = static_cast<char*>(r.rows);
    const char *const table = static_cast<const char*>(r.table), *const filling = static_cast<const char*>(r.fill);
    const std::size_t bytes = r.row_elements * size;
    const bool far = r.extent * r.table_step > cached || r.table_step <= 0;
    for_blocks(r, [&](Index begin, Index n, const auto* at) {
      for (Index j = 0; j < n; ++j) {
        if (far) fetch_row(table, r.table_step, bytes, at, j, n);
        char* const row = to + (begin + j) * r.row_step;
        if (at[j] >= 0) copy_short(row, table + at[j] * r.table_step, bytes);
        else fill(row, filling, r.row_elements);
      }
    });
  }
  static void take(const Rows& r) {
    if (r.row_elements == 1 && r.clips && r.row_step == size) return take_elements(r);
    if (r.row_elements > 1 && is_short(r.row_elements * size)) return take_short(r);
    char* const to = static_cast<char*>(r.rows);
    const char *const table = static_cast<const char*>(r.table), *const filling = static_cast<const char*>(r.fill);
    for_blocks(r, [&](Index begin, Index n, const auto* at) {
      for (Index j = 0; j < n; ++j) {
        fetch_row(table, r.table_step, r.row_elements * size, at, j, n);
        char* const row = to + (begin + j) * r.row_step;
        if (at[j] >= 0) copy(row, table + at[j] * r.table_step, r.row_elements);
        else fill(row, filling, r.row_elements);
      }
    });
  }
  static void put(const Rows& r) {
    char* const table = static_cast<char*>(r.table);
    const char* const from = static_cast<const char*>(r.rows);
    for_blocks(r, [&](Index begin, Index n, const auto* at) {
      for (Index j = 0; j < n; ++j) {
        fetch_row(table, r.table_step, r.row_elements * size, at, j, n);
        if (at[j] >= 0) copy(table + at[j] * r.table_step, from + (begin + j) * r.row_step, r.row_elements);
      }
    });
  }
};

template <class I>
bool all_named(const I* at, Index n) {
  I all = 0;
  for (Index j = 0; j < n; ++j) all |= at[j];
  return all >= 0;
}

/// to[c] += row[c], a vector at a time: a table's row and what is added to it lie apart.
template <class T>
void add_row(T* to, const T* row, std::size_t width) {
  using B = Batch<T>;
  const auto sum = [](B a, B b) {
    if constexpr (std::is_floating_point_v<T>) return a + b;
    else return integer::Add::call(a, b);
  };
  std::size_t c = 0;
  for (; c + B::size <= width; c += B::size)
    sum(B::load_unaligned(to + c), B::load_unaligned(row + c)).store_unaligned(to + c);
  if (c == width) return;
  const std::size_t left = width - c;
  store_partial(to + c, sum(load_partial<B>(to + c, left, T(0)), load_partial<B>(row + c, left, T(0))), left);
}

/// Adds `parts` numbers per element: a complex number has two.
template <class T, std::size_t parts>
void add(const Rows& r) {
  typedef T U __attribute__((may_alias));
  char* const table = static_cast<char*>(r.table);
  const char* const from = static_cast<const char*>(r.rows);
  const std::size_t width = r.row_elements * parts;
  for_blocks(r, [&](Index begin, Index n, const auto* at) {
    if (width == 1 && r.table_step == sizeof(T) && r.row_step == sizeof(T)) {
      U* const to = reinterpret_cast<U*>(table);
      const U* const row = reinterpret_cast<const U*>(from) + begin;
      if (all_named(at, n)) {
        for (Index j = 0; j < n; ++j) to[at[j]] += row[j];
      } else {
        for (Index j = 0; j < n; ++j)
          if (at[j] >= 0) to[at[j]] += row[j];
      }
      return;
    }
    for (Index j = 0; j < n; ++j) {
      fetch_row(table, r.table_step, width * sizeof(T), at, j, n);
      if (at[j] < 0) continue;
      char *const to = table + at[j] * r.table_step;
      const char* const row = from + (begin + j) * r.row_step;
      if (width == 1) *reinterpret_cast<U*>(to) += *reinterpret_cast<const U*>(row);
      else add_row(reinterpret_cast<T*>(to), reinterpret_cast<const T*>(row), width);
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

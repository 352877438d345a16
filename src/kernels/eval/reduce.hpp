// Reductions along a row and across rows, by one tree.
//
// reduction_tree: K = 256 / itemsize interleaved accumulators start from the identity (sum: +0; max: -inf or
// lowest; min: +inf or highest; prod: 1; and: all bits; or, xor: none). Element j of a row goes to accumulator
// j % K, in order of j. Then the accumulators are folded by halves: for h = K/2, K/4, ..., 1:
// acc[i] = op(acc[i], acc[i + h]) for i < h.
//
// Leaving out accumulators that hold the identity changes no bit, since a sum that began at +0 is never -0.
// So the tree says nothing of vector widths: rows, columns and all instruction sets agree.
#pragma once

#include "kernels/eval/arithmetic.hpp"
#include "kernels/eval/integer.hpp"
#include "kernels/eval/partial.hpp"

namespace fluxion::kernels::FLUXION_ISA {

template <class T> struct Sum {
  static constexpr T identity = T(0);
  template <class B> static B call(B a, B b) { return a + b; }
};
template <class T> struct Largest {
  using Limits = std::numeric_limits<T>;
  static constexpr T identity = Limits::has_infinity ? T(-Limits::infinity()) : Limits::lowest();
  template <class B> static B call(B a, B b) {
    if constexpr (Limits::has_infinity) return Max::call(a, b);
    else return integer::Max::call(a, b);
  }
};
template <class T> struct Smallest {
  using Limits = std::numeric_limits<T>;
  static constexpr T identity = Limits::has_infinity ? Limits::infinity() : Limits::max();
  template <class B> static B call(B a, B b) {
    if constexpr (Limits::has_infinity) return Min::call(a, b);
    else return integer::Min::call(a, b);
  }
};
template <class T> struct Product {
  static constexpr T identity = T(1);
  template <class B> static B call(B a, B b) {
    if constexpr (std::is_floating_point_v<T>) return a * b;
    else return integer::Mul::call(a, b);
  }
};
template <class T> struct AllBits {
  static constexpr T identity = T(~T(0));
  template <class B> static B call(B a, B b) { return integer::And::call(a, b); }
};
template <class T> struct AnyBits {
  static constexpr T identity = T(0);
  template <class B> static B call(B a, B b) { return integer::Or::call(a, b); }
};
template <class T> struct OddBits {
  static constexpr T identity = T(0);
  template <class B> static B call(B a, B b) { return integer::Xor::call(a, b); }
};
/// max and min of bools, bytes that are 0 or 1.
struct AnyOf {
  static constexpr std::uint8_t identity = 0;
  template <class B> static B call(B a, B b) { return from_lanes<B>(bits(a) | bits(b)); }
};
struct AllOf {
  static constexpr std::uint8_t identity = 1;
  template <class B> static B call(B a, B b) { return from_lanes<B>(bits(a) & bits(b)); }
};

template <class Op, class T>
struct Reduction {
  using B = Batch<T>;
  static constexpr std::size_t accumulators = 256 / sizeof(T);
  static constexpr std::size_t vectors = accumulators / B::size;

  /// What is left to do to a result: -0 from skipped identities, and one NaN for all.
  static B finish(B x) {
    if constexpr (std::is_floating_point_v<T>) {
      const B r = Op::call(B(Op::identity), x);
      return select<B>(is_number(r), r, B(std::numeric_limits<T>::quiet_NaN()));
    } else {
      return x;
    }
  }

  template <std::size_t h> static B fold_lanes(B x) {
    if constexpr (h == 0) return x;
    else return fold_lanes<h / 2>(Op::call(x, rotate_lanes<h>(x)));
  }

  static B load_up_to(const T* p, std::size_t count) {
    return count >= B::size ? B::load_unaligned(p) : load_partial<B>(p, count, Op::identity);
  }

  /// A row of at most W elements.
  static T fold_short_row(const T* p, std::size_t width) {
    return lanes(finish(fold_lanes<B::size / 2>(load_up_to(p, width))))[0];
  }

  /// Elements of a row as they lie.
  struct Stored {
    const T* p;
    B whole(std::size_t j) const { return B::load_unaligned(p + j); }
    /// Those behind the first `count` are the identity.
    B first(std::size_t j, std::size_t count) const { return load_partial<B>(p + j, count, Op::identity); }
  };

  static T fold_stored_row(const T* p, std::size_t width) { return fold_row(Stored{p}, width); }
  template <class Row> static T fold_row(const Row& row, std::size_t width) {
    constexpr std::size_t group = vectors < 8 ? vectors : 8;  // accumulators that fit into registers
    B acc[vectors];
    for (std::size_t v = 0; v < vectors; v += group) {
      B part[group];
      for (auto& a : part) a = B(Op::identity);
      std::size_t j = v * B::size;
      for (; j + group * B::size <= width; j += accumulators)
        for (std::size_t i = 0; i < group; ++i) part[i] = Op::call(part[i], row.whole(j + i * B::size));
      for (std::size_t i = 0; i < group && j < width; ++i, j += B::size)
        part[i] = Op::call(part[i], width - j >= B::size ? row.whole(j) : row.first(j, width - j));
      for (std::size_t i = 0; i < group; ++i) acc[v + i] = part[i];
    }
    return folded(acc);
  }
  /// The accumulators' one result.
  [[gnu::always_inline]] static T folded(B (&acc)[vectors]) {
#pragma GCC unroll 8
    for (std::size_t h = vectors / 2; h > 0; h /= 2)
      for (std::size_t i = 0; i < h; ++i) acc[i] = Op::call(acc[i], acc[i + h]);
    return lanes(finish(fold_lanes<B::size / 2>(acc[0])))[0];
  }

  /// `several` rows side by side, each of whole turns of the accumulators: what is left to do at the end of one would
  /// hold up the loads of the next.
  static constexpr std::size_t several = has_avx512 ? 2 : 1;
  static void fold_rows(T* to, const T* p, std::size_t width) {
    B acc[several][vectors];
#pragma GCC unroll 16
    for (auto& row : acc)
      for (auto& a : row) a = B(Op::identity);
    for (std::size_t j = 0; j < width; j += accumulators)
#pragma GCC unroll 16
      for (std::size_t r = 0; r < several; ++r)
#pragma GCC unroll 16
        for (std::size_t v = 0; v < vectors; ++v)
          acc[r][v] = Op::call(acc[r][v], B::load_unaligned(p + r * width + j + v * B::size));
#pragma GCC unroll 16
    for (std::size_t r = 0; r < several; ++r) to[r] = folded(acc[r]);
  }

  struct Itself {
    static constexpr bool pairs = false;
    static B call(B x) { return x; }
  };

  /// Where a tile's vectors come from: whole, or the first `count` columns only.
  struct Whole {
    B operator()(const T* p) const { return B::load_unaligned(p); }
  };
  struct Partial {
    std::size_t count;
    B operator()(const T* p) const { return load_partial<B>(p, count, Op::identity); }
  };

  template <std::size_t width> struct Tile {
    B part[width];
    void fold(const Tile& other) {
      for (std::size_t u = 0; u < width; ++u) part[u] = Op::call(part[u], other.part[u]);
    }
  };

  template <std::size_t width, class Load>
  struct Columns {
    const char* in;
    std::size_t rows;
    std::ptrdiff_t row_stride;
    Load load;

    Tile<width> row(std::size_t r) const {
      const T* p = reinterpret_cast<const T*>(in + std::ptrdiff_t(r) * row_stride);
      Tile<width> t;
      for (std::size_t u = 0; u < width; ++u) t.part[u] = load(p + u * B::size);
      return t;
    }
    /// Accumulator i.
    Tile<width> leaf(std::size_t i) const {
      Tile<width> t = row(i);
      for (std::size_t r = i + accumulators; r < rows; r += accumulators) t.fold(row(r));
      return t;
    }
    /// Accumulators i and i + h, folded.
    Tile<width> pair(std::size_t i, std::size_t h) const {
      Tile<width> t = leaf(i);
      if (i + h < rows) t.fold(leaf(i + h));
      return t;
    }
    /// The whole tree, depth first: the waiting left operands are a binary counter's digits.
    Tile<width> tree() const {
      std::size_t used = 1;
      while (used < rows && used < accumulators) used *= 2;
      if (used <= 2) return pair(0, 1);
      const std::size_t quarter = used / 4;
      Tile<width> waiting[8];
      std::size_t depth = 0;
      for (std::size_t t = 0, i = 0; t < quarter; ++t) {
        Tile<width> value = pair(i, used / 2);
        value.fold(pair(i + quarter, used / 2));
        for (std::size_t m = t; m & 1; m >>= 1) {
          Tile<width> left = waiting[--depth];
          left.fold(value);
          value = left;
        }
        waiting[depth++] = value;
        // The next index in bit-reversed order: add one from the top.
        for (std::size_t bit = quarter / 2; bit != 0 && !((i ^= bit) & bit); bit /= 2) {}
      }
      return waiting[0];
    }
  };

  static void rows(void* out, const void* in, std::size_t n, std::size_t width) {
    auto* to = static_cast<T*>(out);
    const auto* from = static_cast<const T*>(in);
    std::size_t r = 0;
    if (width == 1)
      for (; r + B::size <= n; r += B::size) finish(B::load_unaligned(from + r)).store_unaligned(to + r);
    if (width >= 1 && width <= (sizeof(T) > 1 ? 16 : 1)) {
      // Rows side by side in the lanes: short rows turned into columns.
      for (; r + B::size <= n; r += B::size) {
        alignas(64) T turned[16][B::size];
        for (std::size_t j = 0; j < width; ++j)
          for (std::size_t i = 0; i < B::size; ++i) turned[j][i] = from[(r + i) * width + j];
        const Columns<1, Whole> columns{reinterpret_cast<const char*>(turned), width, sizeof(turned[0]), {}};
        finish(columns.tree().part[0]).store_unaligned(to + r);
      }
    }
    if constexpr (several > 1)
      if (width > 0 && width % accumulators == 0)
        for (; r + several <= n; r += several) fold_rows(to + r, from + r * width, width);
    const auto fold = width <= B::size ? &fold_short_row : &fold_stored_row;
    for (; r < n; ++r) to[r] = fold(from + r * width, width);
  }

  /// The tree over whole vectors of many columns, row by row: what belongs to one accumulator lies in memory, a panel
  /// of columns that the first-level cache holds, and rows are read as they lie. What is folded is Map::call of an
  /// element and, if Map::pairs, of its partner.
  template <class Map> struct Panel {
    static constexpr std::size_t most = 4096 / sizeof(T);  // columns
    const char* in;
    std::size_t rows;
    std::ptrdiff_t row_stride;
    std::size_t n;  // columns: whole vectors
    const char* partners = nullptr;
    std::ptrdiff_t partner_stride = 0;  // from row to row

    const T* row(std::size_t r) const { return reinterpret_cast<const T*>(in + std::ptrdiff_t(r) * row_stride); }
    const T* partner(std::size_t r) const {
      return reinterpret_cast<const T*>(partners + std::ptrdiff_t(r) * partner_stride);
    }

    /// Rows r, r + accumulators, ...
    template <std::size_t k> void add_rows(T* to, std::size_t r, bool first) const {
      const T *from[k], *with[k];
      for (std::size_t i = 0; i < k; ++i) {
        from[i] = row(r + i * accumulators);
        with[i] = partner(r + i * accumulators);
      }
      for (std::size_t c = 0; c < n; c += B::size) {
        const auto element = [&](std::size_t i) {
          const B x = B::load_unaligned(from[i] + c);
          if constexpr (Map::pairs) return Map::call(x, B::load_unaligned(with[i] + c));
          else return Map::call(x);
        };
        B sum = element(0);
        if (!first) sum = Op::call(B::load_unaligned(to + c), sum);
#pragma GCC unroll 4
        for (std::size_t i = 1; i < k; ++i) sum = Op::call(sum, element(i));
        sum.store_unaligned(to + c);
      }
    }
    /// Accumulators i and i + 1, by turns: their rows follow one another, and what fetches memory ahead sees longer
    /// pieces. (To ask for rows in advance, by instructions, costs more than it gains where they come from far.)
    void leaf(std::size_t i, T* to) const {
      bool first = true;
      for (; i + 1 + 3 * accumulators < rows; i += 4 * accumulators, first = false)
        for (std::size_t g = 0; g < 2; ++g) add_rows<4>(to + g * most, i + g, first);
      for (std::size_t g = 0; g < 2; ++g) {
        bool none = first;
        for (std::size_t r = i + g; r < rows; r += accumulators, none = false) add_rows<1>(to + g * most, r, none);
        for (std::size_t c = 0; none && c < n; c += B::size) B(Op::identity).store_unaligned(to + g * most + c);
      }
    }
    void combine(T* to, const T* with) const {
      for (std::size_t c = 0; c < n; c += B::size)
        Op::call(B::load_unaligned(to + c), B::load_unaligned(with + c)).store_unaligned(to + c);
    }
    /// Accumulators i and i + 1 once those h apart, and all further ones, are folded; `spare` has room for each further
    /// level.
    void folded(std::size_t i, std::size_t h, std::size_t used, T* to, T* spare) const {
      if (h == used) return leaf(i, to);
      folded(i, 2 * h, used, to, spare + 2 * most);
      if (i + h >= rows) return;
      folded(i + h, 2 * h, used, spare, spare + 2 * most);
      for (std::size_t g = 0; g < 2; ++g) combine(to + g * most, spare + g * most);
    }
    void run(T* out) const {
      std::size_t used = 2;
      while (used < rows && used < accumulators) used *= 2;
      alignas(64) T buffers[8][2 * most];  // accumulators are at most 256
      folded(0, 2, used, buffers[0], buffers[1]);
      combine(buffers[0], buffers[0] + most);
      for (std::size_t c = 0; c < n; c += B::size) finish(B::load_unaligned(buffers[0] + c)).store_unaligned(out + c);
    }
  };

  static void columns(void* out, const void* in, std::size_t rows, std::ptrdiff_t row_stride, std::size_t n) {
    auto* to = static_cast<T*>(out);
    const auto* from = static_cast<const char*>(in);
    constexpr std::size_t wide = 4;
    std::size_t c = 0;
    if (rows == 0) {
      for (; c < n; ++c) to[c] = Op::identity;
      return;
    }
    if (n == 1 && row_stride == std::ptrdiff_t(sizeof(T))) return Reduction::rows(out, in, 1, rows);
    while (n - c >= 16 * B::size) {
      using Plain = Panel<Itself>;
      const std::size_t left = (n - c) / B::size * B::size, width = left < Plain::most ? left : Plain::most;
      Plain{from + c * sizeof(T), rows, row_stride, width}.run(to + c);
      c += width;
    }
    for (; c + wide * B::size <= n; c += wide * B::size) {
      const auto t = Columns<wide, Whole>{from + c * sizeof(T), rows, row_stride, {}}.tree();
      for (std::size_t u = 0; u < wide; ++u) finish(t.part[u]).store_unaligned(to + c + u * B::size);
    }
    for (; c + B::size <= n; c += B::size)
      finish(Columns<1, Whole>{from + c * sizeof(T), rows, row_stride, {}}.tree().part[0]).store_unaligned(to + c);
    if (c < n) {
      const auto t = Columns<1, Partial>{from + c * sizeof(T), rows, row_stride, {n - c}}.tree();
      store_partial(to + c, finish(t.part[0]), n - c);
    }
  }
};

}  // namespace fluxion::kernels::FLUXION_ISA

// Matrix products of floats: tiles over blocks of B that the second-level cache holds. What tiles can read where it
// is, is not copied.
#include "kernels/isa/finish.hpp"
#include "kernels/isa/lookup.hpp"
#include "kernels/isa/packing.hpp"
#include "kernels/isa/vector_product.hpp"

namespace fluxion::kernels::FLUXION_ISA {
namespace {

/// Whether A's elements, or B's lines, are better read where they are. B may be if the cache holds it, or if there
/// are too few rows to pay for a copy.
template <class T> bool reads_a(const GemmArgs& g) {
  return g.a_col == 1 || g.m * g.k <= 4096 || g.n <= 2 * tile_vectors * Batch<T>::size;
}
template <class T> bool reads_b(const GemmArgs& g) {
  return g.b_col == 1 && (g.k * g.n * sizeof(T) <= (512U << 10) || g.m <= 3 * tile_rows);
}

/// `height` rows of A, as columns one after the other.
template <class T>
void pack_rows(const T* a, const GemmArgs& g, std::size_t height, std::size_t k, T* to) {
  if (g.a_row == 1 && height == tile_rows) {
    for (std::size_t p = 0; p < k; ++p, a += g.a_col, to += tile_rows) std::memcpy(to, a, tile_rows * sizeof(T));
    return;
  }
  for (std::size_t p = 0; p < k; ++p, a += g.a_col, to += tile_rows)
    for (std::size_t i = 0; i < height; ++i) to[i] = a[std::ptrdiff_t(i) * g.a_row];
}

/// One block of C's columns and one chunk of the sum.
template <class T> struct Panel {
  const GemmArgs& g;
  std::size_t column, columns, first, terms;
  const T* packed;   // null: B is read where it is
  T* rows;           // room for packed rows of A; null: they are read where they are
  const Finishing<T>* finishing;  // null: sums are left as they are

  const T* a(std::size_t row) const {
    return static_cast<const T*>(g.a) + std::ptrdiff_t(row) * g.a_row + std::ptrdiff_t(first) * g.a_col;
  }
  void run() const {
    for (std::size_t row = 0; row < g.m;) {
      const std::size_t height = next_height(g.m - row);
      Strided<T> from{a(row), g.a_row, g.a_col, nullptr, 0};
      if (rows != nullptr) {
        pack_rows(from.a, g, height, terms, rows);
        from.a = rows, from.a_row = 1, from.a_col = tile_rows;
      }
      line(row, height, from);
      row += height;
    }
  }
  void line(std::size_t row, std::size_t height, Strided<T> from) const {
    T* const c = static_cast<T*>(g.c) + std::ptrdiff_t(row) * g.c_row + column;
    const T* const b = static_cast<const T*>(g.b) + std::ptrdiff_t(first) * g.b_row + column;
    const auto* const finish = first + terms == g.k ? finishing : nullptr;
    for (std::size_t j = 0; j < columns;) {
      const std::size_t width = next_width<T>(columns - j);
      from.b = packed != nullptr ? packed + j * chunk : b + j;
      from.b_row = packed != nullptr ? std::ptrdiff_t(whole_lanes<T>(width)) : g.b_row;
      if (g.m > tile_rows && terms >= 32) {  // time enough for C to come
        for (std::size_t i = 0; i < height; ++i)
          for (std::size_t l = 0; l < width; l += 64 / sizeof(T))
            __builtin_prefetch(c + std::ptrdiff_t(i) * g.c_row + j + l, 1);
        if (finish != nullptr) finish->fetch(row, column + j, height, width);
      }
      const std::size_t rest = last_lanes<T>(width);
      if (finish == nullptr)
        tile_for<T, Strided<T>>(height, width)(c + j, g.c_row, from, terms, rest, first > 0);
      else
        tile_for<T, Finished<T>>(height, width)(c + j, g.c_row, finish->tile(from, row, column + j), terms, rest,
                                                first > 0);
      j += width;
    }
  }
};

template <class T> void one_product(const GemmArgs& g, T* workspace) {
  const bool packs_b = !reads_b<T>(g);
  T* const rows = reads_a<T>(g) ? nullptr : workspace + block<T> * chunk;
  const std::size_t step = packs_b ? even_block<T>(g.n) : g.n;
  const Finishing<T> finishing(g);
  for (std::size_t column = 0; column < g.n; column += step) {
    const std::size_t columns = std::min(step, g.n - column);
    for (std::size_t first = 0; first < g.k; first += chunk) {
      const std::size_t terms = std::min(chunk, g.k - first);
      const T* const b =
          static_cast<const T*>(g.b) + std::ptrdiff_t(first) * g.b_row + std::ptrdiff_t(column) * g.b_col;
      for (std::size_t j = 0; packs_b && j < columns;) {
        const std::size_t width = next_width<T>(columns - j);
        pack_lines({b + std::ptrdiff_t(j) * g.b_col, g.b_row, g.b_col}, terms, width, workspace + j * chunk);
        j += width;
      }
      Panel<T>{g, column, columns, first, terms, packs_b ? workspace : nullptr, rows,
               finishing.active() ? &finishing : nullptr}
          .run();
    }
  }
}

/// Whether the transposed product is better: C has few columns, which would fill few lanes, and those of A are
/// contiguous.
template <class T> bool better_turned(const GemmArgs& g) {
  return g.a_row == 1 && g.a_col != 1 && g.m >= Batch<T>::size && g.n <= 32 && 4 * whole_lanes<T>(g.n) > 5 * g.n;
}

/// C by its transpose, some rows of C at a time.
template <class T> void turned_product(const GemmArgs& g, T* workspace) {
  using B = Batch<T>;
  constexpr std::size_t lanes = B::size, rows = block<T>;
  const Finishing<T> finishing(g);
  for (std::size_t first = 0; first < g.m; first += rows) {
    const std::size_t count = std::min(rows, g.m - first);
    const T* const a = static_cast<const T*>(g.a) + first;
    one_product<T>({workspace, g.b, a, g.n, count, g.k, g.b_col, g.b_row, g.a_col, 1, std::ptrdiff_t(rows)},
                   workspace + 32 * rows);
    for (std::size_t i = 0; i < count; i += lanes)
      for (std::size_t j = 0; j < g.n; j += lanes) {
        B lines[lanes];
        for (std::size_t l = 0; l < lanes; ++l)
          lines[l] = j + l < g.n ? B::load_unaligned(workspace + (j + l) * rows + i) : B(T(0));
        transpose(lines);
        for (std::size_t l = 0; l < lanes && i + l < count; ++l) {
          T* const c = static_cast<T*>(g.c) + std::ptrdiff_t(first + i + l) * g.c_row + j;
          const B line = finishing.active() ? finishing.finished(lines[l], first + i + l, j, g.n - j) : lines[l];
          if (g.n - j >= lanes) line.store_unaligned(c);
          else store_partial(c, line, g.n - j);
        }
      }
  }
}

/// Products that are as narrow as a tile, of one chunk.
template <class T> bool is_narrow(const GemmArgs& g) {
  return g.n <= tile_vectors * Batch<T>::size && g.k <= chunk && g.b_col == 1 && reads_a<T>(g) && reads_b<T>(g);
}
template <class T, bool finishes> void narrow_products(const GemmArgs& g) {
  using Operands = std::conditional_t<finishes, Finished<T>, Strided<T>>;
  const auto whole = tile_for<T, Operands>(tile_rows, g.n);
  const Finishing<T> finishing(g);
  const std::size_t rest = last_lanes<T>(g.n);
  const T *a = static_cast<const T*>(g.a), *b = static_cast<const T*>(g.b);
  T* c = static_cast<T*>(g.c);
  for (std::size_t i = 0; i < g.batch; ++i, a += g.a_batch, b += g.b_batch, c += g.c_batch) {
    Strided<T> from{a, g.a_row, g.a_col, b, g.b_row};
    T* to = c;
    for (std::size_t left = g.m; left > 0;) {
      const std::size_t height = next_height(left);
      const auto run = height == tile_rows ? whole : tile_for<T, Operands>(height, g.n);
      if constexpr (finishes) run(to, g.c_row, finishing.tile(from, g.m - left, 0), g.k, rest, false);
      else run(to, g.c_row, from, g.k, rest, false);
      from.a += std::ptrdiff_t(height) * g.a_row;
      to += std::ptrdiff_t(height) * g.c_row;
      left -= height;
    }
  }
}

template <class T> void products(const GemmArgs& g, const Memory& memory) {
  const bool turned = better_turned<T>(g);
  if (!turned && is_narrow<T>(g))
    return g.finish != nullptr ? narrow_products<T, true>(g) : narrow_products<T, false>(g);
  const bool reads = !turned && reads_a<T>(g) && reads_b<T>(g);
  constexpr std::size_t bytes = ((block<T> + tile_rows) * chunk + 32 * block<T>) * sizeof(T);
  void* const workspace = reads ? nullptr : memory.allocate(bytes);
  GemmArgs one = g;
  for (std::size_t i = 0; i < g.batch; ++i) {
    const auto b = std::ptrdiff_t(i);
    one.a = static_cast<const T*>(g.a) + b * g.a_batch;
    one.b = static_cast<const T*>(g.b) + b * g.b_batch;
    one.c = static_cast<T*>(g.c) + b * g.c_batch;
    if (turned) turned_product(one, static_cast<T*>(workspace));
    else one_product(one, static_cast<T*>(workspace));
  }
  if (!reads) memory.free(workspace, bytes);
}

template <class T> constexpr FloatGemm kernels_of = {&products<T>, &row_product<T>, &inner_products<T>};

}  // namespace

const FloatGemm& float_gemm(DType t) { return t == DType::float32 ? kernels_of<float> : kernels_of<double>; }

}  // namespace fluxion::kernels::FLUXION_ISA

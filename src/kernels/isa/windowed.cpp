// Products with what a sliding window sees, without writing it out as a matrix: tables say where its elements are.
#include "kernels/isa/lookup.hpp"
#include "kernels/isa/packing.hpp"

namespace fluxion::kernels::FLUXION_ISA {
namespace {

template <class T> void pack(const void* from, std::ptrdiff_t a_row, std::size_t m, std::size_t k, void* out) {
  const T* const a = static_cast<const T*>(from);
  T* to = static_cast<T*>(out);
  for (std::size_t first = 0; first < k; first += chunk)
    for (std::size_t row = 0; row < m; row += tile_rows)
      for (std::size_t p = first; p < std::min(first + chunk, k); ++p)
        for (std::size_t i = 0; i < tile_rows; ++i)
          *to++ = row + i < m ? a[std::ptrdiff_t(row + i) * a_row + std::ptrdiff_t(p)] : T(0);
}

/// Columns of a tile at a time, so that what they see stays in the first-level cache for all rows.
template <class T>
void lines(const void* packed, const void* b, const std::ptrdiff_t* offset, std::size_t m, std::size_t n,
           std::size_t k, void* c, std::ptrdiff_t c_row) {
  for (std::size_t j = 0; j < n;) {
    const std::size_t width = next_width<T>(n - j);
    const auto run = tile_of<T, TableRight<T>, tile_rows>(width);
    const T* a = static_cast<const T*>(packed);
    for (std::size_t first = 0; first < k; first += chunk) {
      const std::size_t terms = std::min(chunk, k - first);
      for (std::size_t row = 0; row < m; row += tile_rows, a += tile_rows * terms)
        run(static_cast<T*>(c) + std::ptrdiff_t(row) * c_row + j, c_row,
            {a, static_cast<const T*>(b) + j, offset + first}, terms, last_lanes<T>(width), first > 0);
    }
    j += width;
  }
}

template <class T>
void places(const void* a, const std::ptrdiff_t* start, const std::ptrdiff_t* offset, const void* b, std::size_t m,
            std::size_t n, std::size_t k, void* c, std::ptrdiff_t c_row, void* workspace) {
  T* const packed = static_cast<T*>(workspace);
  for (std::size_t first = 0; first < k; first += chunk) {
    const std::size_t terms = std::min(chunk, k - first);
    for (std::size_t column = 0; column < n; column += even_block<T>(n)) {
      const std::size_t columns = whole_lanes<T>(std::min(even_block<T>(n), n - column));
      for (std::size_t j = 0; j < columns;) {
        const std::size_t width = next_width<T>(columns - j);
        const Strides<T> turned{static_cast<const T*>(b) + (column + j) * k + first, 1, std::ptrdiff_t(k)};
        pack_lines(turned, terms, std::min(width, n - column - j), packed + j * chunk);
        j += width;
      }
      for (std::size_t row = 0; row < m; row += tile_rows)
        for (std::size_t j = 0; j < columns;) {
          const std::size_t width = next_width<T>(columns - j);
          tile_of<T, TableLeft<T>, tile_rows>(width)(
              static_cast<T*>(c) + std::ptrdiff_t(row) * c_row + column + j, c_row,
              {static_cast<const T*>(a), start + row, offset + first, packed + j * chunk, std::ptrdiff_t(width)}, terms,
              0, first > 0);
          j += width;
        }
    }
  }
}

template <class T>
constexpr WindowedGemm kernels_of = {tile_rows,  Batch<T>::size, &pack<T>,
                                     &lines<T>, &places<T>,     block<T> * chunk * sizeof(T)};

}  // namespace

WindowedGemm windowed_kernels(DType t) {
  switch (t) {
    case DType::float32: return kernels_of<float>;
    case DType::float64: return kernels_of<double>;
    default: return {};
  }
}

}  // namespace fluxion::kernels::FLUXION_ISA

// Elements of 4 and 8 bytes moved in another order: squares of a vector's width transposed, lines reversed.
#include "kernels/eval/shuffle.hpp"
#include "kernels/isa/lookup.hpp"

namespace fluxion::kernels::FLUXION_ISA {
namespace {

template <std::size_t n> struct Backwards { static constexpr std::size_t at(std::size_t i) { return n - 1 - i; } };

template <class T>
struct Moved {
  using B = Batch<T>;
  typedef T E __attribute__((may_alias, aligned(1)));
  static constexpr std::size_t width = width_of<B>;

  static B load(const char* p) { return B::load_unaligned(reinterpret_cast<const T*>(p)); }
  static void store(char* p, B x) { x.store_unaligned(reinterpret_cast<T*>(p)); }
  static void element(char* to, const char* from) { *reinterpret_cast<E*>(to) = *reinterpret_cast<const E*>(from); }

  // Whole vectors are read along the source and written along the destination; the last ones lie over those before.
  // Source rows are walked in order, for nothing fetches their lines ahead of time otherwise.
  static void transpose(const Transposed& t) {
    constexpr std::ptrdiff_t size = sizeof(T);
    char* const to = static_cast<char*>(t.to);
    const char* const from = static_cast<const char*>(t.from);
    if (t.rows < width || t.columns < width) return elements(t);
    const std::size_t last_row = t.rows - width, last_column = t.columns - width;
    for (std::size_t i = 0; i < t.rows; i += width)
      for (std::size_t j = 0; j < t.columns; j += width) {
        const std::size_t r = i < last_row ? i : last_row, c = j < last_column ? j : last_column;
        B square[width];
        for (std::size_t k = 0; k < width; ++k)
          square[k] = load(from + std::ptrdiff_t(r + k) * t.from_row + std::ptrdiff_t(c) * size);
        transpose_square(square);
        for (std::size_t k = 0; k < width; ++k)
          store(to + std::ptrdiff_t(c + k) * t.to_row + std::ptrdiff_t(r) * size, square[k]);
      }
  }

  static void elements(const Transposed& t) {
    constexpr std::ptrdiff_t size = sizeof(T);
    for (std::size_t c = 0; c < t.columns; ++c)
      for (std::size_t r = 0; r < t.rows; ++r)
        element(static_cast<char*>(t.to) + std::ptrdiff_t(c) * t.to_row + std::ptrdiff_t(r) * size,
                static_cast<const char*>(t.from) + std::ptrdiff_t(r) * t.from_row + std::ptrdiff_t(c) * size);
  }

  /// to[i] = from[-i].
  static void reverse(void* to, const void* from, std::size_t n) {
    char* out = static_cast<char*>(to);
    const char* in = static_cast<const char*>(from) + sizeof(T);  // behind the next elements
    std::size_t i = 0;
    for (; i + width <= n; i += width, out += sizeof(B)) {
      in -= sizeof(B);
      const auto v = lanes(load(in));
      store(out, from_lanes<B>(picked_by(v, v, Backwards<width>{}, std::make_index_sequence<width>{})));
    }
    for (; i < n; ++i, out += sizeof(T)) element(out, in -= sizeof(T));
  }
};

template <class T> constexpr Reordering kernels{&Moved<T>::transpose, &Moved<T>::reverse};

}  // namespace

Reordering reordering_kernels(std::size_t itemsize) {
  return itemsize == 4 ? kernels<float> : itemsize == 8 ? kernels<double> : Reordering{};
}

}  // namespace fluxion::kernels::FLUXION_ISA

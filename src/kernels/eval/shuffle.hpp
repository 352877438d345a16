// Vectors rearranged: pairs taken apart and joined, squares transposed.
#pragma once

#include "kernels/eval/simd.hpp"

namespace fluxion::kernels::FLUXION_ISA {

template <class B> inline constexpr std::size_t width_of = sizeof(B) / sizeof(Value<B>);

/// The elements of (a, b) at the given positions.
template <class V, std::size_t... at>
V picked(V a, V b, std::index_sequence<at...>) {
  return __builtin_shufflevector(a, b, at...);
}
template <class V, class At, std::size_t... i>
V picked_by(V a, V b, At, std::index_sequence<i...>) {
  return picked(a, b, std::index_sequence<At::at(i)...>{});
}

template <std::size_t n> struct Evens { static constexpr std::size_t at(std::size_t i) { return 2 * i; } };
template <std::size_t n> struct Odds { static constexpr std::size_t at(std::size_t i) { return 2 * i + 1; } };
template <std::size_t n> struct ZipLow {
  static constexpr std::size_t at(std::size_t i) { return i / 2 + (i % 2) * n; }
};
template <std::size_t n> struct ZipHigh {
  static constexpr std::size_t at(std::size_t i) { return n / 2 + i / 2 + (i % 2) * n; }
};
/// Of two rows `h` apart, what stays in the first and what in the second when a square is transposed.
template <std::size_t n, std::size_t h> struct FirstOf {
  static constexpr std::size_t at(std::size_t i) { return (i & h) != 0 ? n + i - h : i; }
};
template <std::size_t n, std::size_t h> struct SecondOf {
  static constexpr std::size_t at(std::size_t i) { return (i & h) != 0 ? n + i : i + h; }
};

template <template <std::size_t, std::size_t...> class At, class B, std::size_t... more>
B rearranged(B a, B b) {
  constexpr std::size_t n = width_of<B>;
  return from_lanes<B>(picked_by(lanes(a), lanes(b), At<n, more...>{}, std::make_index_sequence<n>{}));
}

/// One step of a transposition: exchanges the off-diagonal quarters of all squares of size 2 h.
template <std::size_t h, class B>
void exchange_quarters(B* rows) {
  constexpr std::size_t n = width_of<B>;
  constexpr auto all = std::make_index_sequence<n>{};
  for (std::size_t i = 0; i < n; ++i) {
    if ((i & h) != 0) continue;
    const auto a = lanes(rows[i]), b = lanes(rows[i + h]);
    rows[i] = from_lanes<B>(picked_by(a, b, FirstOf<n, h>{}, all));
    rows[i + h] = from_lanes<B>(picked_by(a, b, SecondOf<n, h>{}, all));
  }
  if constexpr (h > 1) exchange_quarters<h / 2>(rows);
}
/// A square of as many rows as lanes, transposed.
template <class B>
void transpose_square(B* rows) {
  if constexpr (width_of<B> > 1) exchange_quarters<width_of<B> / 2>(rows);
}

}  // namespace fluxion::kernels::FLUXION_ISA

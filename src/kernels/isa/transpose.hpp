// W vectors as a W x W matrix: rows become columns, in registers.
#pragma once

#include "kernels/eval/partial.hpp"

namespace fluxion::kernels::FLUXION_ISA {

/// Blocks of `step` lanes: the even ones of both vectors if `odd` is 0, or the odd ones.
template <std::size_t step, std::size_t odd, class V, std::size_t... i>
V exchanged(V a, V b, std::index_sequence<i...>) {
  constexpr std::size_t width = sizeof...(i);
  return __builtin_shufflevector(
      a, b, int((i & step) == 0 ? i + odd * step : width + i + odd * step - step)...);
}

template <std::size_t step, class B> [[gnu::always_inline]] inline void transpose_step(B (&rows)[B::size]) {
  if constexpr (step < B::size) {
    constexpr auto all = std::make_index_sequence<B::size>{};
#pragma GCC unroll 16
    for (std::size_t i = 0; i < B::size; ++i) {
      if ((i & step) != 0) continue;
      const auto a = lanes(rows[i]), b = lanes(rows[i + step]);
      rows[i] = from_lanes<B>(exchanged<step, 0>(a, b, all));
      rows[i + step] = from_lanes<B>(exchanged<step, 1>(a, b, all));
    }
    transpose_step<2 * step>(rows);
  }
}

/// rows[i][j] and rows[j][i] change places.
template <class B> [[gnu::always_inline]] inline void transpose(B (&rows)[B::size]) { transpose_step<1>(rows); }

}  // namespace fluxion::kernels::FLUXION_ISA

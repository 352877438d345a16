// Threefry-2x32 with 20 rounds (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3").
#pragma once

#include "kernels/eval/simd.hpp"

namespace fluxion::kernels::FLUXION_ISA {

template <class V> V rotate_left(V x, int r) { return (x << r) | (x >> (32 - r)); }

/// Encrypts the counter (x0, x1) under the key (k0, k1), in place.
template <class V>
inline void threefry_2x32(V& x0, V& x1, V k0, V k1) {
  constexpr int rotations[2][4] = {{13, 15, 26, 6}, {17, 29, 16, 24}};
  const V keys[3] = {k0, k1, k0 ^ k1 ^ 0x1BD11BDAu};
  x0 += k0;
  x1 += k1;
#pragma GCC unroll 5
  for (unsigned i = 0; i < 5; ++i) {
#pragma GCC unroll 4
    for (unsigned j = 0; j < 4; ++j) {
      x0 += x1;
      x1 = rotate_left(x1, rotations[i % 2][j]) ^ x0;
    }
    x0 += keys[(i + 1) % 3];
    x1 += keys[(i + 2) % 3] + (i + 1);
  }
}

}  // namespace fluxion::kernels::FLUXION_ISA

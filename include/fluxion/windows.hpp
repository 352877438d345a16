// Windows: weights of m samples that fall off towards both ends. Names and semantics are jax.numpy's.
#pragma once

#include <cstdint>

#include <fluxion/array.hpp>

namespace fluxion {

/// A triangle: 1 - |2 n / (m - 1) - 1|. All windows are of the default float, and ones for m <= 1.
Array bartlett(std::int64_t m);
/// 0.42 - 0.5 cos(2 pi n / (m - 1)) + 0.08 cos(4 pi n / (m - 1)).
Array blackman(std::int64_t m);
/// 0.54 - 0.46 cos(2 pi n / (m - 1)).
Array hamming(std::int64_t m);
/// 0.5 - 0.5 cos(2 pi n / (m - 1)).
Array hanning(std::int64_t m);
/// I0(beta sqrt(1 - (2 n / (m - 1) - 1)^2)) / I0(beta). Differentiable in beta.
Array kaiser(std::int64_t m, const Array& beta);

}  // namespace fluxion

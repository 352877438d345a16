// Numbers that have names. Names are jax.numpy's.
#pragma once

#include <limits>

namespace fluxion {

inline constexpr double pi = 3.141592653589793;
inline constexpr double e = 2.718281828459045;
inline constexpr double euler_gamma = 0.5772156649015329;
inline constexpr double inf = std::numeric_limits<double>::infinity();
inline constexpr double nan = std::numeric_limits<double>::quiet_NaN();

}  // namespace fluxion

// Rough costs of elementwise work, to decide what is worth several threads.
#pragma once

#include "ir/program.hpp"

namespace fluxion::compiler {

/// Per element; 1 is about 0.05 ns.
inline double cost_of(const ir::Action& action, DType t) {
  const double width = static_cast<double>(itemsize(t)) / 4;
  const auto* map = std::get_if<ir::Map>(&action);
  if (std::holds_alternative<ir::Threefry>(action)) return 40;
  if (map == nullptr) return 2 * width;
  using enum ir::Op;
  switch (map->op) {
    case exp: case expm1: case log: case log1p: case sin: case cos: case tanh: case logistic: case cbrt: return 8 * width;
    case erf: case erf_inv: case pow: return 30 * width;
    case exp2: case tan: case asin: case acos: case atan: case atan2: case sinh: case cosh: return 10 * width;
    case asinh: case acosh: case atanh: case erfc: return 20 * width;
    case lgamma: case digamma: return 40 * width;
    case polygamma: return 2000 * width;
    case rsqrt: return 3 * width;
    case div: case rem: case sqrt: return 3 * width;
    default: return width;
  }
}

/// Whether results of so many bytes are written past the caches: more than a core's share of the last one, which what
/// the system reports says little about in a virtual machine.
constexpr bool exceeds_caches(std::size_t bytes) { return bytes > std::size_t{32} << 20; }

/// Below this, 20 µs, starting threads costs more than they save. Measured with two: work of 25 µs takes 14.
constexpr double parallel_cost = 400'000;

}  // namespace fluxion::compiler

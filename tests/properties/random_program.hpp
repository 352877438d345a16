// Random straight-line programs. A program is a list of genes; any list is a valid program, so shrinking drops
// genes and lowers their numbers.
#pragma once

#include <iosfwd>
#include <vector>

#include "support/flat.hpp"

namespace fluxion::test {

/// One instruction: which operation, and which earlier values it reads (all modulo what there is).
struct Gene {
  unsigned op = 0, a = 0, b = 0, c = 0;
};

/// `smooth` programs have derivatives of every order everywhere and bounded values; the others use every
/// operation and may make infinities and NaNs. `dots` allows products whose order of summation is BLAS's.
struct Program {
  std::vector<Gene> genes;
  unsigned extents = 0;  // selects the inputs' sizes
  bool smooth = false, dots = false;
};

/// Inputs: a vector, a matrix and a scalar, all float64.
Arrays inputs_of(const Program& p, std::uint64_t seed);
FlatFn function_of(const Program& p);
/// Its jaxpr.
std::string text_of(const Program& p);

}  // namespace fluxion::test

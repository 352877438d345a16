// What the functions of polynomials share.
#pragma once

#include <fluxion/array.hpp>

namespace fluxion {

/// Throws ValueError unless p is a vector.
void require_coefficients(const char* op, const Array& p);
/// The coefficients of prod(x - r[i]).
Array polynomial_of_roots(const Array& r);
/// Without leading coefficients below sqrt(eps); one is kept. Values must be concrete.
Array trim_small(const Array& p);

}  // namespace fluxion

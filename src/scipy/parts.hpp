// What the special functions share: promotion, polynomials.
#pragma once

#include <initializer_list>

#include <fluxion/elementwise.hpp>
#include <fluxion/lax.hpp>
#include "lax/broadcasting.hpp"
#include "lax/promote.hpp"

namespace fluxion::scipy::special {

/// Operands made floating, of one dtype and of one shape, but for scalars.
inline Arrays floating(const char* op, std::initializer_list<Array> xs) {
  auto out = promote_inexact(op, xs);
  broadcast_operands(op, out);
  return out;
}

/// c[0] x^n + ... + c[n], by Horner's rule.
inline Array polynomial(const Array& x, std::initializer_list<double> c) {
  auto it = c.begin();
  Array sum = *it++;
  for (; it != c.end(); ++it) sum = sum * x + *it;
  return sum;
}

}  // namespace fluxion::scipy::special

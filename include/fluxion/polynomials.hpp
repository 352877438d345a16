// Polynomials by their coefficients, the highest power first. Names and semantics are jax.numpy's.
#pragma once

#include <cstdint>
#include <utility>

#include <fluxion/array.hpp>

namespace fluxion {

/// p[0] x^(n-1) + ... + p[n-1] by Horner's rule, for each x. Above `unroll` coefficients the rule runs as a
/// loop.
Array polyval(const Array& p, const Array& x, std::int64_t unroll = 16);
/// Sum, difference, and product; leading zeros stay.
Array polyadd(const Array& a, const Array& b);
Array polysub(const Array& a, const Array& b);
struct PolymulOptions {
  /// Leave leading zeros of the operands out; their values must be concrete.
  bool trim_leading_zeros = false;
};
Array polymul(const Array& a, const Array& b, const PolymulOptions& options = {});
/// Quotient and remainder; with trim_leading_zeros, of the remainder too.
std::pair<Array, Array> polydiv(const Array& u, const Array& v, const PolymulOptions& options = {});
/// The m-th derivative.
Array polyder(const Array& p, std::int64_t m = 1);
/// The m-th antiderivative, with these constants of integration (one for all or one for each; zeros by
/// default).
Array polyint(const Array& p, std::int64_t m = 1, const Array& k = {});

}  // namespace fluxion

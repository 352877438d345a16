#include <fluxion/polynomials.hpp>

#include <algorithm>
#include <cmath>

#include <fluxion/control.hpp>
#include <fluxion/convolve.hpp>
#include <fluxion/creation.hpp>
#include <fluxion/dtype_info.hpp>
#include <fluxion/elementwise.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/manipulation.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "lax/broadcasting.hpp"
#include "lax/promote.hpp"
#include "numpy/axes.hpp"
#include "numpy/host_values.hpp"
#include "numpy/polynomial.hpp"

namespace fluxion {

void require_coefficients(const char* op, const Array& p) {
  if (p.ndim() != 1)
    throw ValueError(
        text(op, ": coefficients must be a vector, got shape ", p.shape(), "; map over several with vmap"));
}

namespace {

void require_order(const char* op, std::int64_t m) {
  if (m < 0)
    throw ValueError(text(op, ": the order must not be negative, got ", m, "; ",
                          op[4] == 'd' ? "polyint" : "polyder", " goes the other way"));
}

// `p` with zeros in front, of n coefficients.
Array with_zeros(const Array& p, std::int64_t n) {
  return p.size() == n ? p : lax::pad(p, literal(p, 0), {{n - p.size(), 0, 0}});
}

Array element(const Array& p, std::int64_t i) { return reshape(slice_axis(p, 0, i, i + 1), {}); }

}  // namespace

Array polyval(const Array& p, const Array& x, std::int64_t unroll) {
  if (p.ndim() == 0)
    throw ValueError(text("polyval: coefficients must be along the first axis, got shape ", p.shape(),
                          "; reshape them to {1}"));
  const auto same = promote_inexact("polyval", {p, x});
  const auto& at = same[1];
  const auto n = p.shape(0);
  const Shape rest(p.shape().data() + 1, p.shape().size() - 1);
  const auto start = zeros(broadcast_shapes(rest, x.shape()), at.dtype());
  if (n <= unroll) {
    auto y = start;
    for (const auto& c : same[0]) y = y * at + c;
    return y;
  }
  return scan([&](const Array& y, const Array& c) { return std::pair(y * at + c, none); }, start, same[0])
      .first;
}

Array polyadd(const Array& a, const Array& b) {
  require_coefficients("polyadd", a), require_coefficients("polyadd", b);
  const auto same = promote("polyadd", {a, b});
  const auto n = std::max(a.size(), b.size());
  return with_zeros(same[0], n) + with_zeros(same[1], n);
}

Array polysub(const Array& a, const Array& b) {
  require_coefficients("polysub", a), require_coefficients("polysub", b);
  const auto same = promote("polysub", {a, b});
  const auto n = std::max(a.size(), b.size());
  return lax::sub(with_zeros(same[0], n), with_zeros(same[1], n));
}

Array polymul(const Array& a, const Array& b, const PolymulOptions& options) {
  require_coefficients("polymul", a), require_coefficients("polymul", b);
  auto same = promote_inexact("polymul", {a, b});
  for (auto& p : same) {
    if (options.trim_leading_zeros) p = trim_zeros(p, "f");
    if (p.size() == 0) p = zeros({1}, p.dtype());
  }
  return convolve(same[0], same[1]);
}

std::pair<Array, Array> polydiv(const Array& u, const Array& v, const PolymulOptions& options) {
  require_coefficients("polydiv", u), require_coefficients("polydiv", v);
  if (v.size() == 0)
    throw ValueError("polydiv: the divisor must have a coefficient, got none; divide by {1} for the same");
  const auto same = promote_inexact("polydiv", {u, v});
  auto rest = same[0];
  const auto& divisor = same[1];
  const auto steps = u.size() - v.size() + 1;
  const auto scale = literal(divisor, 1) / element(divisor, 0);
  Arrays q;
  for (std::int64_t k = 0; k < steps; ++k) {
    q.push_back(scale * element(rest, k));
    rest = rest + lax::pad(-q.back() * divisor, literal(rest, 0), {{k, u.size() - k - v.size(), 0}});
  }
  if (options.trim_leading_zeros) rest = trim_small(rest);
  return {q.empty() ? zeros({1}, rest.dtype()) : stack(q), rest};
}

Array polyder(const Array& p, std::int64_t m) {
  require_coefficients("polyder", p), require_order("polyder", m);
  const auto c = promote_inexact(p);
  const auto n = c.size() - m;
  if (m == 0) return c;
  if (n <= 0) return zeros({0}, c.dtype());
  std::vector<double> factors;
  for (auto power = c.size() - 1; power >= m; --power) {
    double f = 1;
    for (std::int64_t i = 0; i < m; ++i) f *= static_cast<double>(power - i);
    factors.push_back(f);
  }
  return lax::mul(slice_axis(c, 0, 0, n), convert_strong(array(factors), c.dtype()));
}

Array polyint(const Array& p, std::int64_t m, const Array& k) {
  require_coefficients("polyint", p), require_order("polyint", m);
  const auto same = promote_inexact("polyint", {p, k.is_empty_handle() ? Array(0) : k});
  if (m == 0) return same[0];
  if (same[1].ndim() > 1 || (same[1].size() != 1 && same[1].size() != m))
    throw ValueError(
        text("polyint: one constant for all integrations or one for each is required, got shape ", k.shape(),
             " for ", m, "; leave it out for 0"));
  std::vector<double> divisors;
  for (auto power = p.size() + m - 1; power >= 0; --power) {
    double f = 1;
    for (std::int64_t i = 0; i < m; ++i) f *= static_cast<double>(std::max<std::int64_t>(1, power - i));
    divisors.push_back(f);
  }
  const auto constants = broadcast_to(ravel(same[1]), {m});
  return concatenate({same[0], constants}) / convert_strong(array(divisors), same[0].dtype());
}

Array trim_small(const Array& p) {
  const auto small = abs(p) < literal(p, std::sqrt(finfo(p).eps));
  const auto large =
      host_nonzero("polydiv", "the values decide the shape and", !small, "leave trim_leading_zeros out");
  std::int64_t first = 0;
  while (first + 1 < p.size() && large[static_cast<std::size_t>(first)] == 0) ++first;
  return slice_axis(p, 0, first, p.size());
}

Array polynomial_of_roots(const Array& r) {
  auto p = ones({1}, r.dtype());
  for (std::int64_t i = 0; i < r.size(); ++i) {
    const auto zero = literal(r, 0);
    p = lax::pad(p, zero, {{0, 1, 0}}) - element(r, i) * lax::pad(p, zero, {{1, 0, 0}});
  }
  return p;
}

}  // namespace fluxion

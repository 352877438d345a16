// sinc, whose derivatives at 0 are its own.
#include <fluxion/transforms/custom_jvp.hpp>
#include <fluxion/ufuncs.hpp>

#include <numbers>
#include <tuple>
#include <utility>

#include <fluxion/lax.hpp>
#include <fluxion/lax/math.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "lax/broadcasting.hpp"
#include "lax/promote.hpp"

namespace fluxion {

namespace {

// The k-th derivative of sin(x) / x at x = 0, whatever x is; its own derivative is the next one.
Array sinc_derivative(int k, const Array& x) {
  const double value = k % 2 == 1 ? 0.0 : (k / 2 % 2 == 0 ? 1.0 : -1.0) / (k + 1);
  const auto constant = [value](const Array& at) { return lax::full(at.shape(), literal(at, value)); };
  const auto rule = [k](const std::tuple<Array>& at, const std::tuple<Array>& tangent) {
    const auto& [x_at] = at;
    return std::pair{sinc_derivative(k, x_at), sinc_derivative(k + 1, x_at) * std::get<0>(tangent)};
  };
  return custom_jvp(constant, rule)(x);
}

}  // namespace

Array sinc(const Array& x) {
  const auto f = promote_inexact(x);
  const auto zero = lax::eq(f, literal(f, 0)), one = literal(f, 1);
  const auto pi_x = lax::mul(literal(f, std::numbers::pi), f);
  const auto safe = lax::select_n(zero, pi_x, one);
  return lax::select_n(zero, lax::div(lax::sin(safe), safe), sinc_derivative(0, pi_x));
}

}  // namespace fluxion

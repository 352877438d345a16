// The modified Bessel function, whose derivative is the one of order 1.
#include <fluxion/transforms/custom_jvp.hpp>
#include <fluxion/ufuncs.hpp>

#include <tuple>
#include <utility>

#include <fluxion/lax.hpp>
#include <fluxion/lax/special.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "lax/promote.hpp"

namespace fluxion {

namespace {

Array unscaled(const Array& x, const Array& scaled) { return lax::mul(lax::exp(lax::abs(x)), scaled); }
Array order_zero(const Array& x) { return unscaled(x, lax::bessel_i0e(x)); }
Array order_one(const Array& x) { return unscaled(x, lax::bessel_i1e(x)); }

}  // namespace

Array i0(const Array& x) {
  require_value("i0", x);
  if (is_complex(x.dtype()))
    throw TypeError(text("i0: the operand must be real, got ", x.aval(), "; take fx::real of it"));
  // The product rule would give 1 at 0, where |x| has a kink.
  const auto rule = [](const std::tuple<Array>& at, const std::tuple<Array>& tangent) {
    const auto& z = std::get<0>(at);
    return std::pair{order_zero(z), order_one(z) * std::get<0>(tangent)};
  };
  return custom_jvp(order_zero, rule)(promote_inexact(x));
}

}  // namespace fluxion

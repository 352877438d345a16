#include <fluxion/complex.hpp>

#include <numbers>

#include <fluxion/lax.hpp>
#include <fluxion/lax/math.hpp>

#include "core/node.hpp"
#include "core/ops.hpp"
#include "lax/broadcasting.hpp"
#include "lax/promote.hpp"

namespace fluxion {

namespace {

Array zeros_like(const Array& x) { return ops::zeros_like_aval({x.shape(), x.dtype(), false}); }
Array everywhere(const Array& x, bool value) { return lax::full(x.shape(), scalar(value)); }

}  // namespace

Array real(const Array& x) {
  require_value("real", x);
  return is_complex(x.dtype()) ? lax::real(x) : x;
}
Array imag(const Array& x) {
  require_value("imag", x);
  return is_complex(x.dtype()) ? lax::imag(x) : zeros_like(x);
}
Array conj(const Array& x) {
  require_value("conj", x);
  return is_complex(x.dtype()) ? lax::conj(x) : x;
}
Array conjugate(const Array& x) { return conj(x); }

Array angle(const Array& z, bool degrees) {
  require_value("angle", z);
  const auto x = promote_inexact(z);
  const auto out = lax::atan2(imag(x), real(x));
  return degrees ? lax::mul(out, literal(out, 180 / std::numbers::pi)) : out;
}

Array isreal(const Array& x) {
  return iscomplexobj(x) ? lax::eq(lax::imag(x), literal(lax::imag(x), 0)) : everywhere(x, true);
}
Array iscomplex(const Array& x) {
  return iscomplexobj(x) ? lax::ne(lax::imag(x), literal(lax::imag(x), 0)) : everywhere(x, false);
}

bool iscomplexobj(const Array& x) {
  require_value("iscomplexobj", x);
  return is_complex(x.dtype());
}
bool isrealobj(const Array& x) { return !iscomplexobj(x); }

}  // namespace fluxion

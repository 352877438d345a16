// The members of Array that are functions of this layer.
#include <fluxion/array.hpp>

#include <fluxion/complex.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/manipulation.hpp>

#include "base/text.hpp"
#include "core/node.hpp"

namespace fluxion {

Array Array::astype(DType dtype) const {
  if (this->dtype() == dtype && !weak_type()) return *this;
  if (is_key(this->dtype()) || is_key(dtype))
    throw TypeError(text("astype: keys do not convert, got ", this->dtype(), " to ", dtype,
                         "; use fx::random::key_data and fx::random::wrap_key_data"));
  if (dtype == bool_ && is_complex(this->dtype())) return lax::ne(*this, make_scalar(this->dtype(), 0.0));
  return lax::convert_element_type(*this, dtype);
}

Array Array::reshape(const Shape& shape) const { return fluxion::reshape(*this, shape); }
Array Array::T() const { return fluxion::transpose(*this); }
Array Array::real() const { return fluxion::real(*this); }
Array Array::imag() const { return fluxion::imag(*this); }
Array Array::conj() const { return fluxion::conj(*this); }

}  // namespace fluxion

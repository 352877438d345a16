#include "core/nans.hpp"

#include <cstring>

#include "core/node.hpp"

namespace fluxion {

namespace {

/// Any of `parts` floats per element.
template <class T>
bool any_nan(const ConcreteNode& x, std::int64_t parts = 1) {
  if (x.contiguous) {
    const auto* v = reinterpret_cast<const T*>(x.data);
    for (std::int64_t i = 0, n = x.aval.size() * parts; i < n; ++i)
      if (v[i] != v[i]) return true;
    return false;
  }
  bool found = false;
  for_each_element(x, [&](const std::byte* p) {
    for (std::int64_t k = 0; k < parts; ++k) {
      T v;
      std::memcpy(&v, p + static_cast<std::size_t>(k) * sizeof v, sizeof v);
      found = found || v != v;
    }
  });
  return found;
}

}  // namespace

bool has_nan(const Array& x) {
  const auto* c = concrete(x);
  if (c == nullptr) return false;
  switch (c->aval.dtype) {
    case DType::float16: return any_nan<float16_t>(*c);
    case DType::bfloat16: return any_nan<bfloat16_t>(*c);
    case DType::float32: return any_nan<float>(*c);
    case DType::float64: return any_nan<double>(*c);
    case DType::complex64: return any_nan<float>(*c, 2);
    case DType::complex128: return any_nan<double>(*c, 2);
    default: return false;
  }
}

}  // namespace fluxion

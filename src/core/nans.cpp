#include "core/nans.hpp"

#include <cmath>
#include <cstring>

#include "core/node.hpp"

namespace fluxion {

namespace {

template <class T>
bool any_nan(const ConcreteNode& x) {
  if (x.contiguous) {
    const auto* v = reinterpret_cast<const T*>(x.data);
    for (std::int64_t i = 0, n = x.aval.size(); i < n; ++i)
      if (std::isnan(v[i])) return true;
    return false;
  }
  bool found = false;
  for_each_element(x, [&](const std::byte* p) {
    T v;
    std::memcpy(&v, p, sizeof v);
    found = found || std::isnan(v);
  });
  return found;
}

}  // namespace

bool has_nan(const Array& x) {
  const auto* c = concrete(x);
  if (c == nullptr) return false;
  if (c->aval.dtype == DType::float32) return any_nan<float>(*c);
  return c->aval.dtype == DType::float64 && any_nan<double>(*c);
}

}  // namespace fluxion

// The abstract value of an array: what a trace knows of it without its elements.
#pragma once

#include <cstdint>
#include <iosfwd>

#include <fluxion/detail/dims.hpp>
#include <fluxion/dtype.hpp>

namespace fluxion {

/// Shape, dtype and whether the dtype is weak (came from a C++ scalar). Source: jax.core.ShapedArray.
struct Aval {
  Shape shape;
  DType dtype = DType::float64;
  bool weak = false;

  std::int64_t size() const { return element_count(shape); }
  std::int64_t ndim() const { return static_cast<std::int64_t>(shape.size()); }
  friend bool operator==(const Aval&, const Aval&) = default;
};

/// Same shape and dtype, whatever their weakness.
inline bool same_type(const Aval& a, const Aval& b) { return a.dtype == b.dtype && a.shape == b.shape; }

/// Prints as in jaxprs: f64[2,3].
std::ostream& operator<<(std::ostream& os, const Aval& a);

}  // namespace fluxion

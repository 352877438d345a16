// NumPy broadcasting: shapes are aligned at their last axis, and axes of size 1 are repeated.
#pragma once

#include <initializer_list>
#include <span>

#include <fluxion/array.hpp>

namespace fluxion {

/// The common shape. Throws ValueError naming `op` and all shapes if there is none.
Shape broadcast_shapes(const char* op, std::span<const Shape> shapes);
inline Shape broadcast_shapes(const char* op, std::initializer_list<Shape> shapes) {
  return broadcast_shapes(op, std::span(shapes.begin(), shapes.size()));
}

/// x repeated to `shape`. Throws ValueError if it does not broadcast to it.
Array broadcast_to_shape(const char* op, const Array& x, const Shape& shape);

/// Makes elementwise operands fit each other: rank-0 operands stay as they are (primitives take them beside
/// any shape), the others get the common shape. With `all`, rank-0 operands are broadcast too.
void broadcast_operands(const char* op, std::span<Array> xs, bool all = false);

/// A strict lax function of two operands.
using Binary = Array (*)(const Array&, const Array&);

/// True if two operands need neither promotion nor broadcasting.
inline bool fit_together(const Array& a, const Array& b) {
  const auto &x = a.aval(), &y = b.aval();
  return x.dtype == y.dtype && (x.shape == y.shape || x.shape.empty() || y.shape.empty());
}

/// f(a, b) after promotion and broadcasting.
Array promoted(const char* op, Binary f, const Array& a, const Array& b);
/// The same with operands made floating first.
Array promoted_inexact(const char* op, Binary f, const Array& a, const Array& b);
/// The same with bool made int32 first.
Array promoted_numeric(const char* op, Binary f, const Array& a, const Array& b);

/// The number `v` as a literal of x's dtype and weakness.
Array literal(const Array& x, double v);

}  // namespace fluxion

// Piecewise linear interpolation. Semantics are jax.numpy's.
#pragma once

#include <fluxion/array.hpp>

namespace fluxion {

struct Extrapolate {};
/// interp(x, xp, fp, {.left = extrapolate}): the first or last line goes on outside.
inline constexpr Extrapolate extrapolate{};

/// What interp gives outside of the known points: nothing given, the value at the edge; a number; or
/// `extrapolate`.
class Outside {
 public:
  Outside() = default;
  Outside(const Array& value) : value_(value) {}  // NOLINT: implicit on purpose, as the others
  template <Scalar T>
  Outside(T value) : value_(value) {}
  Outside(Extrapolate) : extrapolates_(true) {}
  bool extrapolates() const { return extrapolates_; }
  /// Empty if not given.
  const Array& value() const { return value_; }

 private:
  Array value_;
  bool extrapolates_ = false;
};

struct InterpOptions {
  Outside left = {}, right = {};
  /// The period of x: points are wrapped into it and sorted, and left and right have no meaning.
  Array period = {};
};
/// The values at x of the lines that join the points (xp[i], fp[i]); xp ascends. Differentiable in x, xp and
/// fp; at a point the derivative is that of the line to its right. Throws ValueError unless xp and fp are
/// vectors of one length. Source: jax.numpy.interp.
Array interp(const Array& x, const Array& xp, const Array& fp, const InterpOptions& options = {});

}  // namespace fluxion

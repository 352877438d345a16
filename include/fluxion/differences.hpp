// Differences and sums of neighbours: derivatives and integrals of samples. Semantics are jax.numpy's.
#pragma once

#include <cstdint>

#include <fluxion/array.hpp>
#include <fluxion/axis.hpp>

namespace fluxion {

struct DiffOptions {
  /// How often.
  std::int64_t n = 1;
  std::int64_t axis = -1;
  /// Joined to x along the axis before; scalars are repeated.
  Array prepend = {}, append = {};
};
/// x[i+1] - x[i] along an axis, n times; of bools, whether they differ. Throws ValueError for n < 0 and for
/// scalars.
Array diff(const Array& x, const DiffOptions& options = {});

struct Ediff1dOptions {
  Array to_end = {}, to_begin = {};
};
/// The differences of neighbours of x flattened, with other values before and after them.
Array ediff1d(const Array& x, const Ediff1dOptions& options = {});

/// The derivative of samples along one axis, from differences: central inside, of second order also for
/// uneven spacing, and one-sided at the ends. `spacing` is the distance of samples, or a vector of their
/// positions. Throws ValueError for fewer than two samples. Source: jax.numpy.gradient.
Array gradient(const Array& f, const Array& spacing, std::int64_t axis);
struct GradientOptions {
  /// One for all axes or one for each; 1 if not given.
  Arrays spacing = {};
  Axis axis = none;
};
/// The same along each of several axes, all of them by default.
Arrays gradient(const Array& f, const GradientOptions& options = {});

struct TrapezoidOptions {
  /// The positions of the samples: of y's shape, or a vector.
  Array x = {};
  /// Their distance, where there are no positions.
  Array dx = 1.0;
  std::int64_t axis = -1;
};
/// The integral of samples by the trapezoidal rule. Source: jax.numpy.trapezoid.
Array trapezoid(const Array& y, const TrapezoidOptions& options = {});

struct UnwrapOptions {
  /// Jumps above this are taken back; period / 2 by default.
  Array discont = {};
  std::int64_t axis = -1;
  Array period = {};  ///< 2 pi by default.
};
/// Angles without jumps: multiples of the period are added where neighbours differ by more than half of it.
Array unwrap(const Array& p, const UnwrapOptions& options = {});

}  // namespace fluxion

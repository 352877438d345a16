// The few operations that transformations themselves need, declared here and defined by lax: this layer and
// the transformations know no primitive by name.
#pragma once

#include <cstdint>

#include <fluxion/array.hpp>
#include <fluxion/detail/flat.hpp>

namespace fluxion::ops {

using detail::zeros_like_aval;

/// The aval of a tangent: the same for floating and complex dtypes, float0 for all others.
Aval tangent_aval(const Aval& primal);
/// Ones of the aval, weak if it is.
Array ones_like_aval(const Aval& aval);
/// Sum of two tangents or cotangents; an empty handle is a symbolic zero.
Array add_tangents(const Array& a, const Array& b);
/// x * factor, with no operation for 1; and the elementwise product, where one may have rank 0.
Array scaled(const Array& x, double factor);
Array product(const Array& a, const Array& b);
/// `x` itself, or zeros of the aval if it is a symbolic zero.
Array instantiate(const Array& x, const Aval& aval);
/// Axis `from` moved to `to`.
Array move_axis(const Array& x, std::int64_t from, std::int64_t to);
/// The sum over axis 0.
Array sum_leading_axis(const Array& x);
/// The same value, strong or weak as the aval is.
Array with_weakness(const Array& x, const Aval& aval);
/// A new axis of extent n at `axis`, along which x is repeated.
Array repeat_along_new_axis(const Array& x, std::int64_t n, std::int64_t axis);
/// The sum along one axis, which goes.
Array sum_axis(const Array& x, std::int64_t axis);

/// `x` where `pred` (a bool of x's shape or of rank 0) is `when`, zero elsewhere.
Array keep_where(const Array& pred, bool when, const Array& x);
/// Logic of such bools.
Array either(const Array& a, const Array& b);
Array both(const Array& a, const Array& b);
Array negation(const Array& a);
/// 1 where `pred` is `when`, 0 elsewhere, with that aval; and back: where a number is not 0.
Array indicator(const Array& pred, bool when, const Aval& aval);
Array nonzero(const Array& x);
/// The sum of all elements, if the aval has rank 0; else x itself.
Array sum_to(const Array& x, const Aval& aval);

}  // namespace fluxion::ops

// What the functions of linalg share.
#pragma once

#include <fluxion/elementwise.hpp>
#include <fluxion/linalg.hpp>
#include <fluxion/manipulation.hpp>
#include <fluxion/reductions.hpp>

#include "base/text.hpp"
#include "lax/broadcasting.hpp"
#include "lax/linalg/matrices.hpp"
#include "lax/promote.hpp"

namespace fluxion::linalg {

namespace la = lax::linalg;

/// Throws ValueError unless the rank is 2 or more; unless the last two extents are equal.
void require_matrix(const char* op, const Array& a);
void require_square(const char* op, const Array& a);
/// a as floats, after that check.
Array inexact_matrix(const char* op, const Array& a);
Array inexact_square(const char* op, const Array& a);

/// The distance from 1 to the next number of the dtype's parts.
double epsilon(DType t);
inline std::int64_t rows_of(const Array& a) { return la::rows(a.shape()); }
inline std::int64_t columns_of(const Array& a) { return la::columns(a.shape()); }
/// The identity repeated over leading axes.
Array eye_like(const Array& a, std::int64_t n);
/// Real, as a sum of squares must be.
Array absolute_square(const Array& x);
/// x[.., i] for an element along the last axis.
Array last_axis(const Array& x, std::int64_t i);
/// The product over the last axis, by halves.
Array product_of_last(const Array& x);
/// The largest along axes; 0 where there are none.
Array max_or_zero(const Array& x, const Dims& axes, bool keepdims);

}  // namespace fluxion::linalg

// A cotangent, and where it can differ from zero. What a select has not chosen gets a cotangent of zero; multiplied
// by an infinite derivative on its way to the inputs, that zero would become a NaN. So the selection is remembered,
// and made after the multiplications instead of before them. Knows no primitive by name.
#pragma once

#include <fluxion/array.hpp>

namespace fluxion {

struct Cotangent {
  Array value{};        // empty: a symbolic zero
  Array pred{};         // a bool of the value's shape or of rank 0; empty: it may differ from zero anywhere
  bool when = true;     // else only where pred is this
  bool applied = true;  // whether `value` is zero in all other places already

  bool is_zero() const { return value.is_empty_handle(); }
  bool limited() const { return !pred.is_empty_handle(); }
  /// One bool for all elements: what is zero stays so through any linear operation.
  bool limited_as_a_whole() const { return limited() && pred.ndim() == 0; }
  bool limited_like(const Cotangent& other) const;
};

/// The cotangent as an array.
Array settled(const Cotangent& c);
/// The same elements, of which only those where `pred` is `when` remain.
Cotangent limited_to(const Cotangent& c, const Array& pred, bool when);
/// The sum, which is zero where both are. Unless `track`, that is of no use to the caller.
Cotangent sum(const Cotangent& a, const Cotangent& b, bool track);

}  // namespace fluxion

// What searches, unique elements and sets share: elements picked by masks, as many as are known or asked for.
#pragma once

#include <optional>

#include <fluxion/array.hpp>

namespace fluxion {

/// `size` itself, or without one the number of true elements of the mask. Throws ValueError if it is negative,
/// ConcretizationError if the mask is traced.
std::int64_t counted(const char* op, const Array& mask, const std::optional<std::int64_t>& size);
/// Throws ConcretizationError naming `op` if there is no size and x holds no concrete value.
void require_concrete(const char* op, const Array& x, const std::optional<std::int64_t>& size);
/// x[i] along axis 0 for indices of any integer type and rank 1.
Array pick(const Array& x, const Array& indices);
/// The elements (along axis 0) where a mask of rank 1 holds, `size` of them; missing ones are `fill`, or if that is
/// empty the first one found, or if there is none 0.
Array compressed(const char* op, const Array& x, const Array& mask, std::int64_t size, const Array& fill);
/// 0, 1, ..., n - 1, int64.
Array positions(std::int64_t n);

}  // namespace fluxion

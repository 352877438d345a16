// Prefix sums of a line.
#pragma once

#include <cstddef>

#include <fluxion/dtype.hpp>

namespace fluxion::kernels {

/// out[i] = in[0] + .. + in[i] for i < n, or in[i] + .. + in[n - 1] if `reverse`; `out` may be `in`.
/// The tree is the same on all instruction sets and for all n: elements are taken in blocks of 64 bytes from where the
/// sums begin. Within a block, for s = 1, 2, 4, .., each element becomes the sum of what is s before it and itself; then
/// the sum of all blocks before is added.
using PrefixSum = void (*)(void* out, const void* in, std::size_t n, bool reverse);

/// Null where there is none.
PrefixSum prefix_sum(DType t);

}  // namespace fluxion::kernels

// Functions of the host that are made of kernels: declared here for lowerings, defined by the compiler.
#pragma once

#include <fluxion/detail/dims.hpp>
#include <fluxion/extend/host.hpp>

namespace fluxion {

/// A Fourier transform along the last axes, whose signal has the given lengths (none of them 0, at least one).
struct FourierForm {
  enum class Kind : std::uint8_t { complex, to_half, from_half } kind;  // half a spectrum stands for real signals
  bool inverse;                                                        // divided by the number of elements
  Dims lengths;
};
/// Takes and gives what the form says, float32 or float64 or complex numbers of these.
HostFunctionPtr fourier_function(const FourierForm& form);

/// Each element plus all before it along an axis, or behind it if `reverse`. Along the last axis that counts, elements
/// are added within blocks of 64 bytes first (see kernels/prefix.hpp); along others one after the other.
HostFunctionPtr cumulative_sum_function(std::int64_t axis, bool reverse);
/// Whether it knows the dtype.
bool sums_prefixes(DType t);

}  // namespace fluxion

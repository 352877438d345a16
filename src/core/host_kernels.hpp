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

/// Each element along an axis combined with all before it, or behind it if `reverse`.
enum class Cumulation : std::uint8_t { sum, product, max, min };
HostFunctionPtr cumulative_function(Cumulation op, std::int64_t axis, bool reverse);

}  // namespace fluxion

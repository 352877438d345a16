// lax.fft: discrete Fourier transforms over the last one to three axes. Names, semantics and derivatives are jax.lax's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <fluxion/array.hpp>

namespace fluxion::lax {

enum class FftType : std::uint8_t {
  FFT,    ///< Complex to complex: X_k = sum_j x_j exp(-2 pi i j k / n).
  IFFT,   ///< Its inverse, divided by n.
  RFFT,   ///< Real to complex: the first n / 2 + 1 values along the last axis.
  IRFFT,  ///< Its inverse; imaginary parts that a real result cannot have are ignored.
};
/// As parameters print.
std::string show(FftType t);
inline std::size_t hash_value(FftType t) { return static_cast<std::size_t>(t); }

/// The transform over the last fft_lengths.size() axes, at most three, of any lengths; O(n log n) for all of them,
/// computed in double precision and rounded once. fft_lengths are the extents of the real or complex signal: those of x,
/// except for the last of IRFFT, where x has fft_lengths.back() / 2 + 1. Integers become floats, and reals complex for
/// all but RFFT. Throws TypeError or ValueError for others. Source: jax.lax.fft.
Array fft(const Array& x, FftType fft_type, const Dims& fft_lengths);

}  // namespace fluxion::lax

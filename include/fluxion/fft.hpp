// fft: discrete Fourier transforms along any axes, cropped or padded with zeros to any length. `norm` says where the
// factors stand: "backward" divides the inverse by n, "forward" the other, "ortho" both by sqrt(n).
// Names, semantics and derivatives are jax.numpy.fft's; computed in double precision for both precisions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <fluxion/array.hpp>
#include <fluxion/axis.hpp>

namespace fluxion::fft {

/// Of one axis: its length n (that of x by default; of the real signal for irfft and hfft), which axis, and the factor.
struct LineOptions {
  std::optional<std::int64_t> n{};
  std::int64_t axis = -1;
  std::string_view norm = "backward";
};
/// sum_j x_j exp(-2 pi i j k / n), and its inverse. Complex.
Array fft(const Array& x, const LineOptions& options = {});
Array ifft(const Array& x, const LineOptions& options = {});
/// Of a real x the first n / 2 + 1 values, and back to n real ones (2 (m - 1) for m values by default).
Array rfft(const Array& x, const LineOptions& options = {});
Array irfft(const Array& x, const LineOptions& options = {});
/// Of a signal whose transform is real: hfft(x) = n irfft(conj(x)), ihfft(x) = conj(rfft(x)) / n.
Array hfft(const Array& x, const LineOptions& options = {});
Array ihfft(const Array& x, const LineOptions& options = {});

/// Of several axes: their lengths, which axes (as many as there are lengths, the last ones by default), and the factor.
struct Options {
  std::optional<Dims> s{};
  Axis axes = none;
  std::string_view norm = "backward";
};
/// Over all axes by default; the last one is the halved one of rfftn and irfftn. Throws ValueError for repeated axes,
/// negative lengths, or as many of one as not of the other.
Array fftn(const Array& x, const Options& options = {});
Array ifftn(const Array& x, const Options& options = {});
Array rfftn(const Array& x, const Options& options = {});
Array irfftn(const Array& x, const Options& options = {});

/// Over two axes, the last two by default. Throws ValueError for another number of axes.
struct PlaneOptions {
  std::optional<Dims> s{};
  Dims axes{-2, -1};
  std::string_view norm = "backward";
};
Array fft2(const Array& x, const PlaneOptions& options = {});
Array ifft2(const Array& x, const PlaneOptions& options = {});
Array rfft2(const Array& x, const PlaneOptions& options = {});
Array irfft2(const Array& x, const PlaneOptions& options = {});

/// The frequencies k / (n d) of a transform's values, in their order: 0, 1, .., -2, -1; of rfft: 0, 1, .., n / 2.
/// float64 unless a dtype is given.
Array fftfreq(std::int64_t n, double d = 1, std::optional<DType> dtype = {});
Array rfftfreq(std::int64_t n, double d = 1, std::optional<DType> dtype = {});

/// Rolled by half of each axis, so that frequency 0 stands in the middle; and back.
Array fftshift(const Array& x, const Axis& axes = none);
Array ifftshift(const Array& x, const Axis& axes = none);

}  // namespace fluxion::fft

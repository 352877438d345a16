#include <fluxion/fft.hpp>

#include <cmath>

#include <fluxion/complex.hpp>
#include <fluxion/creation.hpp>
#include <fluxion/lax/fft.hpp>
#include <fluxion/manipulation.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "lax/promote.hpp"
#include "numpy/axes.hpp"

namespace fluxion::fft {

namespace {

using lax::FftType;

/// What one function asks for: axes counted from the front, the length of the signal along each.
struct Request {
  const char* name;
  FftType type;
  Dims axes;
  std::optional<Dims> lengths;
  std::string_view norm;
};

// hfft and ihfft exchange what is forward: their names tell it.
bool counts_as_inverse(const Request& r) { return r.name[0] == 'i'; }

double factor(const Request& r, const Dims& lengths) {
  if (r.norm == "backward") return 1;
  const auto n = static_cast<double>(element_count(lengths));
  if (r.norm != "ortho" && r.norm != "forward")
    throw ValueError(
        text(r.name, ": norm must be backward, ortho or forward, got ", r.norm, "; it says where the factors stand"));
  const auto size = r.norm == "ortho" ? std::sqrt(n) : n;
  return counts_as_inverse(r) ? size : 1 / size;
}

// x cropped or padded with zeros along its last axes.
Array fitted(const Array& x, const Dims& extents) {
  auto shape = x.shape();
  const auto first = shape.size() - extents.size();
  std::vector<lax::Padding> config(shape.size());
  for (std::size_t i = 0; i < extents.size(); ++i) {
    config[first + i].high = extents[i] - shape[first + i];
    shape[first + i] = extents[i];
  }
  return shape == x.shape() ? x : lax::pad(x, make_scalar(x.dtype(), 0), config);
}

// The primitive takes three axes: the last three first, but for inverses of real signals, whose last axis comes last.
Array transformed(const Array& x, FftType type, const Dims& lengths) {
  if (lengths.size() <= 3) return lax::fft(x, type, lengths);
  const auto extra = lengths.size() - 3;
  const Dims outer(lengths.data(), extra), inner(lengths.data() + extra, 3);
  const auto r = x.ndim();
  Dims front, back;  // brings the outer axes to the end, and back
  for (auto a = r - static_cast<std::int64_t>(lengths.size()); a < r - 3; ++a) front.push_back(a);
  for (auto a = r - static_cast<std::int64_t>(extra); a < r; ++a) back.push_back(a);
  const auto kind = type == FftType::IFFT || type == FftType::IRFFT ? FftType::IFFT : FftType::FFT;
  const auto along_outer = [&](const Array& y) {
    return moveaxis(transformed(moveaxis(y, front, back), kind, outer), back, front);
  };
  return type == FftType::IRFFT ? lax::fft(along_outer(x), type, inner) : along_outer(lax::fft(x, type, inner));
}

Array run(const Array& given, const Request& r) {
  const auto x = promote_inexact(given);
  if (r.type == FftType::RFFT && is_complex(x.dtype()))
    throw ValueError(
        text(r.name, ": a real signal is required, got ", given.aval(), "; use fft, or take its real part"));
  Dims last;
  for (std::size_t i = 0; i < r.axes.size(); ++i)
    last.push_back(x.ndim() - static_cast<std::int64_t>(r.axes.size() - i));
  const auto moved = r.axes == last ? x : moveaxis(x, r.axes, last);
  Dims lengths;
  for (std::size_t i = 0; i < r.axes.size(); ++i) {
    const auto extent = moved.shape()[static_cast<std::size_t>(last[i])];
    const bool halved = r.type == FftType::IRFFT && i + 1 == r.axes.size();
    lengths.push_back(r.lengths ? (*r.lengths)[i] : halved ? std::max<std::int64_t>(0, 2 * (extent - 1)) : extent);
  }
  auto extents = lengths;
  if (r.type == FftType::IRFFT && !extents.empty()) extents[extents.size() - 1] = lengths.back() / 2 + 1;
  const auto scale = factor(r, lengths);
  auto y = transformed(r.lengths || r.type == FftType::IRFFT ? fitted(moved, extents) : moved, r.type, lengths);
  if (scale != 1) y = lax::mul(y, make_scalar(y.dtype(), scale));
  return r.axes == last ? y : moveaxis(y, last, r.axes);
}

Array along_line(const char* name, FftType type, const Array& x, const LineOptions& o) {
  if (o.n && *o.n < 0)
    throw ValueError(text(name, ": n must not be negative, got ", *o.n, "; leave it out for the axis' own length"));
  std::optional<Dims> lengths;
  if (o.n) lengths = Dims{*o.n};
  return run(x, {name, type, {normalize_axis(name, o.axis, x)}, lengths, o.norm});
}

Array along_axes(const char* name, FftType type, const Array& x, const Options& o) {
  const auto& s = o.s;
  if (s)
    for (auto n : *s)
      if (n < 0)
        throw ValueError(text(name, ": lengths must not be negative, got ", *s, "; leave them out for the axes' own"));
  const auto count = s ? static_cast<std::int64_t>(s->size()) : x.ndim();
  if (!o.axes.axes() && count > x.ndim())
    throw ValueError(
        text(name, ": at most ", x.ndim(), " lengths are required for ", x.aval(), ", got ", *s, "; add axes first"));
  const auto axes =
      o.axes.axes() ? normalize_axes(name, *o.axes.axes(), x.ndim(), x.shape()) : iota_dims(x.ndim() - count, x.ndim());
  if (s && s->size() != axes.size())
    throw ValueError(
        text(name, ": as many lengths as axes are required, got ", *s, " for axes ", axes, "; leave one of them out"));
  return run(x, {name, type, axes, s, o.norm});
}

Array over_plane(const char* name, FftType type, const Array& x, const PlaneOptions& o) {
  if (o.axes.size() != 2)
    throw ValueError(
        text(name, ": two axes are required, got ", o.axes, "; for others use the function that ends in n"));
  return along_axes(name, type, x, {o.s, o.axes, o.norm});
}

std::int64_t signal_length(const char* name, const Array& x, const LineOptions& o, bool halved) {
  const auto extent = x.shape(normalize_axis(name, o.axis, x));
  return o.n ? *o.n : halved ? 2 * (extent - 1) : extent;
}
Array times(const Array& x, double v) { return lax::mul(x, make_scalar(x.dtype(), v)); }

// 0, 1, 2, .. with what is above the middle made negative if `wraps`.
Array frequencies(const char* name, std::int64_t n, double d, std::optional<DType> dtype, std::int64_t count,
                  bool wraps) {
  if (n <= 0) throw ValueError(text(name, ": n must be positive, got ", n, "; it is the number of samples"));
  if (dtype && !is_floating(*dtype))
    throw TypeError(text(name, ": a floating dtype is required, got ", *dtype, "; convert with astype"));
  std::vector<double> k;
  for (std::int64_t i = 0; i < count; ++i)
    k.push_back(static_cast<double>(wraps && i >= (n + 1) / 2 ? i - n : i) / (d * static_cast<double>(n)));
  return convert_strong(array(k), dtype.value_or(DType::float64));
}

Array rolled(const char* name, const Array& x, const Axis& axes, bool back) {
  auto y = x;
  for (auto a : axes.axes() ? normalize_axes(name, *axes.axes(), x.ndim(), x.shape()) : iota_dims(0, x.ndim())) {
    const auto half = x.shape(a) / 2;
    y = roll(y, back ? -half : half, a);
  }
  return y;
}

}  // namespace

Array fft(const Array& x, const LineOptions& o) { return along_line("fft", FftType::FFT, x, o); }
Array ifft(const Array& x, const LineOptions& o) { return along_line("ifft", FftType::IFFT, x, o); }
Array rfft(const Array& x, const LineOptions& o) { return along_line("rfft", FftType::RFFT, x, o); }
Array irfft(const Array& x, const LineOptions& o) { return along_line("irfft", FftType::IRFFT, x, o); }

Array hfft(const Array& x, const LineOptions& o) {
  const auto y = promote_inexact(x);
  const auto n = signal_length("hfft", y, o, true);
  return times(along_line("hfft", FftType::IRFFT, is_complex(y.dtype()) ? lax::conj(y) : y, o), static_cast<double>(n));
}
Array ihfft(const Array& x, const LineOptions& o) {
  const auto n = signal_length("ihfft", x, o, false);
  return times(lax::conj(along_line("ihfft", FftType::RFFT, x, o)), 1 / static_cast<double>(n));
}

Array fftn(const Array& x, const Options& o) { return along_axes("fftn", FftType::FFT, x, o); }
Array ifftn(const Array& x, const Options& o) { return along_axes("ifftn", FftType::IFFT, x, o); }
Array rfftn(const Array& x, const Options& o) { return along_axes("rfftn", FftType::RFFT, x, o); }
Array irfftn(const Array& x, const Options& o) { return along_axes("irfftn", FftType::IRFFT, x, o); }

Array fft2(const Array& x, const PlaneOptions& o) { return over_plane("fft2", FftType::FFT, x, o); }
Array ifft2(const Array& x, const PlaneOptions& o) { return over_plane("ifft2", FftType::IFFT, x, o); }
Array rfft2(const Array& x, const PlaneOptions& o) { return over_plane("rfft2", FftType::RFFT, x, o); }
Array irfft2(const Array& x, const PlaneOptions& o) { return over_plane("irfft2", FftType::IRFFT, x, o); }

Array fftfreq(std::int64_t n, double d, std::optional<DType> dtype) {
  return frequencies("fftfreq", n, d, dtype, n, true);
}
Array rfftfreq(std::int64_t n, double d, std::optional<DType> dtype) {
  return frequencies("rfftfreq", n, d, dtype, n / 2 + 1, false);
}

Array fftshift(const Array& x, const Axis& axes) { return rolled("fftshift", x, axes, false); }
Array ifftshift(const Array& x, const Axis& axes) { return rolled("ifftshift", x, axes, true); }

}  // namespace fluxion::fft

// Fourier transforms, against sums in long double. Complex signals are made of real operands, and their parts compared.
#include <fluxion/complex.hpp>
#include <fluxion/lax/fft.hpp>

#include <complex>
#include <numbers>

#include "lax/case_parts.hpp"

namespace fluxion::test {

namespace {

using lax::FftType;
using Wide = std::complex<long double>;

/// A row-major block of complex numbers.
struct Block {
  Shape shape;
  std::vector<Wide> v;
};

// The sum over one axis, by its definition.
Block along(const Block& x, std::size_t axis, bool inverse) {
  Block y{x.shape, std::vector<Wide>(x.v.size())};
  const auto n = x.shape[axis];
  for_each_index(x.shape, [&](const Dims& at, std::size_t flat) {
    for (std::int64_t j = 0; j < n; ++j) {
      auto from = at;
      from[axis] = j;
      const auto turn = static_cast<long double>(j * at[axis] % n) / static_cast<long double>(n);
      const auto angle = (inverse ? 2 : -2) * std::numbers::pi_v<long double> * turn;
      y.v[flat] += x.v[flat_index(x.shape, from)] * std::polar(1.0L, angle);
    }
    if (inverse) y.v[flat] /= static_cast<long double>(n);
  });
  return y;
}
Block over_last(Block x, std::size_t axes, bool inverse) {
  for (std::size_t i = 0; i < axes; ++i) x = along(x, x.shape.size() - 1 - i, inverse);
  return x;
}
Block filled(const Shape& shape, const std::function<Wide(Dims)>& at) {
  Block y{shape, std::vector<Wide>(static_cast<std::size_t>(element_count(shape)))};
  for_each_index(shape, [&](const Dims& index, std::size_t flat) { y.v[flat] = at(index); });
  return y;
}

Host part(const Block& x, DType t, bool imaginary, long double offset) {
  Host h{t, x.shape, {}};
  for (const auto& z : x.v) h.v.push_back(real(static_cast<double>((imaginary ? z.imag() : z.real()) + offset)));
  return h;
}
Block block_of(const Host& re, const Host* im = nullptr) {
  Block x{re.shape, {}};
  for (std::size_t i = 0; i < re.v.size(); ++i) x.v.emplace_back(re.v[i].f, im == nullptr ? 0.0 : im->v[i].f);
  return x;
}

Dims last_extents(const Shape& s, std::size_t axes) { return Dims(s.data() + s.size() - axes, axes); }
// The signal of n values of which an operand with n / 2 + 1 is half the spectrum; `odd` says which of the two n.
Dims signal_lengths(const Shape& s, std::size_t axes, bool odd) {
  auto n = last_extents(s, axes);
  n[axes - 1] = 2 * (n.back() - 1) + (odd ? 1 : 0);
  return n;
}

// 64 is added to results, so that ulps measure the error beside the whole transform's size.
Array raised(const Array& x) { return lax::add(x, lax::convert_element_type(lax::full({}, Array(64.0)), x.dtype())); }
Arrays parts(const Array& y) { return {raised(lax::real(y)), raised(lax::imag(y))}; }

Case complex_case(DType t, FftType type, std::size_t axes, const std::vector<Shape>& shapes) {
  const bool inverse = type == FftType::IFFT;
  Case c{lax::show(type) + "/" + std::to_string(axes) + "/" + std::string(short_name(t)), "fft", {}, {}, {}, 4, 4, {}, {0, 0}, {}};
  c.differentiable.assign(2, t == DType::float64);
  c.affine = {1, 1};
  for (const auto& s : shapes) c.signatures.push_back({{{t, s}, {t, s}}});
  c.f = [=](const Arrays& a) { return parts(lax::fft(lax::complex(a[0], a[1]), type, last_extents(a[0].shape(), axes))); };
  c.reference = [=](const std::vector<Host>& in) -> std::vector<Host> {
    const auto y = over_last(block_of(in[0], &in[1]), axes, inverse);
    return {part(y, t, false, 64), part(y, t, true, 64)};
  };
  return c;
}

Case rfft_case(DType t, std::size_t axes, const std::vector<Shape>& shapes) {
  Case c{"RFFT/" + std::to_string(axes) + "/" + std::string(short_name(t)), "fft", {}, {}, {}, 4, 4, {}, {0}, {}};
  c.differentiable.assign(1, t == DType::float64);
  c.affine = {1};
  for (const auto& s : shapes) c.signatures.push_back({{{t, s}}});
  c.f = [=](const Arrays& a) { return parts(lax::fft(a[0], FftType::RFFT, last_extents(a[0].shape(), axes))); };
  c.reference = [=](const std::vector<Host>& in) -> std::vector<Host> {
    const auto y = over_last(block_of(in[0]), axes, false);
    auto shape = y.shape;
    shape[shape.size() - 1] = shape.back() / 2 + 1;
    const auto half = filled(shape, [&](const Dims& at) { return y.v[flat_index(y.shape, at)]; });
    return {part(half, t, false, 64), part(half, t, true, 64)};
  };
  return c;
}

Case irfft_case(DType t, std::size_t axes, bool odd, const std::vector<Shape>& shapes) {
  Case c{std::string("IRFFT/") + (odd ? "odd/" : "even/") + std::to_string(axes) + "/" + std::string(short_name(t)), "fft", {}, {}, {},
         4, 4, {}, {0, 0}, {}};
  c.differentiable.assign(2, t == DType::float64);
  c.affine = {1, 1};
  for (const auto& s : shapes) c.signatures.push_back({{{t, s}, {t, s}}});
  c.f = [=](const Arrays& a) -> Arrays {
    return {raised(lax::fft(lax::complex(a[0], a[1]), FftType::IRFFT, signal_lengths(a[0].shape(), axes, odd)))};
  };
  c.reference = [=](const std::vector<Host>& in) -> std::vector<Host> {
    auto x = block_of(in[0], &in[1]);
    for (std::size_t i = 1; i < axes; ++i) x = along(x, x.shape.size() - 1 - i, true);
    auto shape = x.shape;
    const auto n = signal_lengths(shape, axes, odd).back(), half = shape.back();
    shape[shape.size() - 1] = n;
    const auto whole = filled(shape, [&](Dims at) {
      const auto k = at.back();
      if (k >= half) at[at.size() - 1] = n - k;
      const auto z = x.v[flat_index(x.shape, at)];
      return k == 0 || 2 * k == n ? Wide(z.real()) : k >= half ? std::conj(z) : z;
    });
    return {part(along(whole, shape.size() - 1, true), t, false, 64)};
  };
  return c;
}

}  // namespace

void add_fft_cases(std::vector<Case>& to) {
  for (const auto t : kFloats) {
    for (const auto type : {FftType::FFT, FftType::IFFT}) {
      to.push_back(complex_case(t, type, 1, {{1}, {2}, {8}, {15}, {53}, {2, 7}, {0, 4}, {2, 1, 6}}));
      to.push_back(complex_case(t, type, 2, {{3, 4}, {1, 5}, {2, 2, 3}}));
      to.push_back(complex_case(t, type, 3, {{2, 3, 2}, {2, 1, 2, 3}}));
    }
    to.push_back(rfft_case(t, 1, {{1}, {2}, {9}, {16}, {2, 5}, {0, 3}}));
    to.push_back(rfft_case(t, 2, {{3, 4}, {2, 2, 5}}));
    to.push_back(rfft_case(t, 3, {{2, 3, 4}}));
    for (const bool odd : {false, true}) {
      to.push_back(irfft_case(t, 1, odd, {{2}, {5}, {2, 4}, {0, 3}}));
      to.push_back(irfft_case(t, 2, odd, {{3, 3}, {2, 2, 4}}));
      to.push_back(irfft_case(t, 3, odd, {{2, 2, 3}}));
    }
    to.push_back(irfft_case(t, 1, true, {{1}}));
    to.back().name += "/one";
  }
}

}  // namespace fluxion::test

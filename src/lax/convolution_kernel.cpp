// Convolution of integers and complex numbers, summed in order; of floats by the machine's kernels.
#include "lax/convolution_kernel.hpp"

#include <complex>
#include <type_traits>

#include "base/visit_dtype.hpp"
#include "lax/convolution_floats.hpp"
#include "lax/convolution_windows.hpp"

namespace fluxion::lax {
namespace {

/// a * b + c; integers wrap.
template <class T>
T multiplied(T a, T b, T c) {
  if constexpr (std::is_integral_v<T>) {
    const auto wide = [](T v) { return static_cast<std::uint64_t>(v); };
    return static_cast<T>(wide(a) * wide(b) + wide(c));
  } else {
    return a * b + c;
  }
}

/// One group of one image: y (out x places), each element summed over channels and windows.
template <class T>
void convolve(const ConvGeometry& g, const T* x, const T* w, T* y) {
  const Index n = element_count(g.places), channel = element_count(g.extents), window = element_count(g.window);
  Dims base = g.low;
  for (auto& b : base) b = -b;
  const std::unique_ptr<T[]> line(new T[static_cast<std::size_t>(n)]);
  std::fill(y, y + g.out * n, T(0));
  for (Index c = 0; c < g.in; ++c) {
    Dims at(g.window.size(), 0);
    for (Index k = c * window; k < (c + 1) * window; ++k, next(at, g.window)) {
      write_window(x + c * channel, g, {stepped(base, at, g.rhs_dilation), g.places, g.strides}, 0, line.get());
      for (Index o = 0; o < g.out; ++o) {
        const T a = w[o * g.in * window + k];
        for (Index i = 0; i < n; ++i) y[o * n + i] = multiplied(a, line[static_cast<std::size_t>(i)], y[o * n + i]);
      }
    }
  }
}

}  // namespace

HostKernel convolution_kernel(DType t, ConvGeometry g) {
  return [t, g = std::move(g)](std::span<const HostOperand> in, std::span<const HostResult> out) {
    if (out[0].size() == 0) return;
    visit_dtype(t, [&]<class T>() {
      if constexpr (std::is_same_v<T, float> || std::is_same_v<T, double>) {
        convolve_floats<T>(g, in[0].elements<T>().data(), in[1].elements<T>().data(), out[0].elements<T>().data());
      } else if constexpr (!std::is_same_v<T, bool>) {
        const Index x = g.in * element_count(g.extents), w = g.out * g.in * element_count(g.window),
                    y = g.out * element_count(g.places);
        for (Index i = 0; i < g.batch * g.groups; ++i)
          convolve<T>(g, in[0].elements<T>().data() + i * x, in[1].elements<T>().data() + i % g.groups * w,
                      out[0].elements<T>().data() + i * y);
      }
    });
  };
}

}  // namespace fluxion::lax

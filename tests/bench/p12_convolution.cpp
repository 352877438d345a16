// P12: two convolutions of 32 images of 28 x 28, from 1 to 32 to 64 channels, 3 x 3 windows, padded to the same size.
// No hand version: the figures of the table are torch's, as multiples of the machine's peak.
#include <fluxion/fluxion.hpp>

#include "bench.hpp"

namespace fluxion::bench {
namespace {

constexpr int images = 32, side = 28, channels[] = {1, 32, 64}, window = 3;

Array convolved(const Array& x, const Array& w) { return lax::conv(x, w, {1, 1}, "SAME"); }
Array network(const Array& first, const Array& second, const Array& x) {
  return convolved(maximum(convolved(x, first), 0), second);
}

/// One convolution, element by element in double.
std::vector<double> direct(const std::vector<double>& x, const std::vector<double>& w, int in, int out, bool positive) {
  std::vector<double> y(std::size_t(images * out * side * side));
  for (int n = 0; n < images; ++n)
    for (int o = 0; o < out; ++o)
      for (int c = 0; c < in; ++c)
        for (int a = 0; a < window; ++a)
          for (int b = 0; b < window; ++b) {
            const double v = w[std::size_t(((o * in + c) * window + a) * window + b)];
            for (int i = 0; i < side; ++i)
              for (int j = 0; j < side; ++j) {
                const int r = i + a - 1, s = j + b - 1;
                if (r < 0 || s < 0 || r >= side || s >= side) continue;
                y[std::size_t(((n * out + o) * side + i) * side + j)] +=
                    v * x[std::size_t(((n * in + c) * side + r) * side + s)];
              }
          }
  if (positive)
    for (auto& v : y) v = std::max(v, 0.0);
  return y;
}

struct Inputs {
  Array x = uniform({images, channels[0], side, side}, -1, 1, float32, 1);
  Array first = uniform({channels[1], channels[0], window, window}, -0.5, 0.5, float32, 2);
  Array second = uniform({channels[2], channels[1], window, window}, -0.2, 0.2, float32, 3);
};

constexpr double multiplications(int in, int out) {
  return double(images) * side * side * window * window * in * out;
}
constexpr double forward_flops = 2 * (multiplications(1, 32) + multiplications(32, 64));
constexpr double torch_peak = 233e9;  // of the machine on which torch was measured, per second

std::string check_forward(const Inputs& in, const Array& got) {
  const auto numbers = [](const Array& a) { return a.astype(float64).to_vector<double>(); };
  const auto hidden = direct(numbers(in.x), numbers(in.first), channels[0], channels[1], true);
  const auto expected = direct(hidden, numbers(in.second), channels[1], channels[2], false);
  return differs(numbers(got), expected, 1e-5);
}

Case forward() {
  const Inputs in;
  const auto compiled = jit(network);
  return {.impls = {{"jit", [=] { keep(compiled(in.first, in.second, in.x)); }},
                    {"eager", [=] { keep(network(in.first, in.second, in.x)); }}},
          .check = [=] { return check_forward(in, compiled(in.first, in.second, in.x)); },
          .narrow = true,
          .flops = forward_flops,
          .goals = {{"jit", "limit", 5.5e-3 * torch_peak / forward_flops}}};
}

/// The sum of squares of what comes out, and its gradient.
Case with_gradient() {
  const Inputs in;
  const auto loss = [](const Array& a, const Array& b, const Array& x) { return sum(square(network(a, b, x))); };
  const auto compiled = jit(value_and_grad(loss, argnums<0, 1>));
  const auto check = [=]() -> std::string {
    const auto [value, gradients] = compiled(in.first, in.second, in.x);
    // Along a direction, in double.
    const auto wide = [](const Array& a) { return a.astype(float64); };
    const Array d1 = uniform(in.first.shape(), -1, 1, float64, 4), d2 = uniform(in.second.shape(), -1, 1, float64, 5);
    const auto [exact, slope] =
        jvp([&](const Array& a, const Array& b) { return loss(a, b, wide(in.x)); },
            std::tuple(wide(in.first), wide(in.second)), std::tuple(d1, d2));
    const Array along = sum(wide(std::get<0>(gradients)) * d1) + sum(wide(std::get<1>(gradients)) * d2);
    if (auto fault = differs(value, exact, 1e-4); !fault.empty()) return "value: " + fault;
    return differs(along, slope, 1e-3);
  };
  constexpr double flops = 3 * forward_flops - 2 * multiplications(1, 32);
  return {.impls = {{"jit", [=] { keep(compiled(in.first, in.second, in.x)); }}},
          .check = check,
          .narrow = true,
          .flops = flops,
          .goals = {{"jit", "limit", 18.6e-3 * torch_peak / flops}}};
}

const bool registered[] = {add("P12/forward", forward), add("P12/with_gradient", with_gradient)};

}  // namespace
}  // namespace fluxion::bench

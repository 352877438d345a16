// P11: the first call: tracing and compiling, without running. Every call drops what was compiled before; what is left
// is what a new function costs.
#include <memory>

#include <fluxion/fluxion.hpp>
#include <fluxion/nn.hpp>

#include "bench.hpp"

namespace {

struct Option {
  fluxion::Array spot, strike, time, rate, volatility;
};
struct Layer {
  fluxion::Array w, b;
};
struct Perceptron {
  Layer first, second, third;
};

}  // namespace
BOOST_HANA_ADAPT_STRUCT(Option, spot, strike, time, rate, volatility);
BOOST_HANA_ADAPT_STRUCT(Layer, w, b);
BOOST_HANA_ADAPT_STRUCT(Perceptron, first, second, third);

namespace fluxion::bench {
namespace {

/// Black & Scholes (1973): a European call and put.
std::pair<Array, Array> black_scholes(const Option& o) {
  const Array sigma = o.volatility * sqrt(o.time);
  const Array d1 = (log(o.spot / o.strike) + (o.rate + 0.5 * square(o.volatility)) * o.time) / sigma;
  const auto phi = [](const Array& x) { return 0.5 * lax::erfc(-0.7071067811865476 * x); };
  const Array later = o.strike * exp(-o.rate * o.time), call = o.spot * phi(d1) - later * phi(d1 - sigma);
  return {call, call - o.spot + later};
}

/// One step of gradient descent on the cross entropy of a minibatch.
Array logits(const Perceptron& p, const Array& x) {
  const Array a = nn::relu(dot(x, p.first.w) + p.first.b), b = nn::relu(dot(a, p.second.w) + p.second.b);
  return dot(b, p.third.w) + p.third.b;
}
Array loss(const Perceptron& p, const Array& x, const Array& y) {
  return -mean(take_along_axis(nn::log_softmax(logits(p, x)), expand_dims(y, 1), 1));
}
std::pair<Array, Perceptron> training_step(const Perceptron& p, const Array& x, const Array& y) {
  const auto [value, g] = value_and_grad(loss)(p, x, y);
  return {value, tree::map([](const Array& w, const Array& dw) { return w - 0.1F * dw; }, p, g)};
}

/// Traces and compiles a function that has not been seen before, and plans it for these arguments.
template <class F, class... A> void first_call(const F& f, const A&... args) {
  clear_caches();
  keep(jit(f).lower(args...).compile().as_text().size());
}

Case option_pricing() {
  const auto drawn = [](double low, double high, std::uint64_t seed) { return uniform({1'000'000}, low, high, float32, seed); };
  const Option o{drawn(10, 50, 1), drawn(10, 50, 2), drawn(0.5, 2, 3), drawn(0.01, 0.05, 4), drawn(0.1, 0.5, 5)};
  return {.impls = {{"jit", [=] { first_call([](const Option& x) { return black_scholes(x); }, o); }}},
          .check = [] { return std::string(); },
          .goals = {{"jit", "", 1e-3}}};
}

Perceptron drawn_perceptron() {
  const auto layer = [](std::int64_t in, std::int64_t out, std::uint64_t seed) {
    return Layer{uniform({in, out}, -0.05, 0.05, float32, seed), zeros({out}, float32)};
  };
  return {layer(784, 512, 1), layer(512, 256, 2), layer(256, 10, 3)};
}
Case perceptron() {
  const auto p = drawn_perceptron();
  const Array x = uniform({128, 784}, 0, 1, float32, 4), y = uniform({128}, 0, 10, float64, 5).astype(int64);
  return {.impls = {{"jit", [=] { first_call([](const Perceptron& a, const Array& b, const Array& c) { return training_step(a, b, c); }, p, x, y); }}},
          .check = [] { return std::string(); },
          .goals = {{"jit", "", 3e-3}}};
}

/// As many equations as asked for, no two alike, over vectors.
Case chain(int equations) {
  const Array x = uniform({1000}, -1, 1, float32, 6);
  const auto f = [equations](const Array& v) {
    Array a = v, b = 1 - v;
    for (int i = 2; i < equations; i += 3) {
      const Array next = a * b;
      a = next + static_cast<float>(i) / static_cast<float>(equations);
      b = tanh(a);
    }
    return a + b;
  };
  return {.impls = {{"jit", [=] { first_call(f, x); }}}, .check = [] { return std::string(); }};
}

const bool registered[] = {
    add("P11/black_scholes", option_pricing), add("P11/perceptron", perceptron),
    add("P11/chain_100", [] { return chain(100); }), add("P11/chain_1000", [] { return chain(1000); }),
    add("P11/chain_10000", [] { return chain(10'000); })};

}  // namespace
}  // namespace fluxion::bench

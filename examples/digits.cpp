// Handwritten digits: a perceptron with one hidden layer and a small convolutional net learn to read images of 8 by 8
// pixels, by minibatches, with gradient descent and with Adam; each step first operation by operation, then jitted.
//
// A network is a struct of arrays, a function that draws it, and a function that applies it; an optimiser is a pair of
// pure functions, init and update. Ends with an error unless both nets read as well as they should.
#include <fluxion/fluxion.hpp>
#include <fluxion/lax/convolution.hpp>
#include <fluxion/nn.hpp>
#include <fluxion/nn/initializers.hpp>
#include <fluxion/nn/pooling.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <numeric>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace fx = fluxion;
namespace init = fx::nn::initializers;
using fx::Array;

// --- data -----------------------------------------------------------

struct Images {
  std::vector<float> pixels;  // 64 per image, in [0, 1]
  std::vector<std::int64_t> digits;
  std::size_t count() const { return digits.size(); }
};
struct Batch {
  Array x, y;
};  // [n, 64] of float32, [n] of int64
BOOST_HANA_ADAPT_STRUCT(Batch, x, y);

/// Every fifth image is put aside for testing.
std::pair<Images, Images> read_images(const std::string& path) {
  std::ifstream in(path);
  if (!in) throw std::runtime_error(path + ": cannot be read");
  std::pair<Images, Images> out;
  std::size_t row = 0;
  for (std::string line; std::getline(in, line); ++row) {
    std::istringstream fields(line);
    auto& to = row % 5 == 0 ? out.second : out.first;
    for (int i = 0; i < 65; ++i) {
      int value;
      char comma;
      if (!(fields >> value) || (i < 64 && !(fields >> comma)))
        throw std::runtime_error(path + ":" + std::to_string(row + 1) + ": 65 numbers are required");
      if (i < 64)
        to.pixels.push_back(static_cast<float>(value) / 16.0F);
      else
        to.digits.push_back(value);
    }
  }
  return out;
}

Batch batch_of(const Images& from, const std::vector<std::size_t>& rows) {
  std::vector<float> x;
  std::vector<std::int64_t> y;
  for (const auto r : rows) {
    x.insert(x.end(), from.pixels.begin() + static_cast<std::ptrdiff_t>(64 * r),
             from.pixels.begin() + static_cast<std::ptrdiff_t>(64 * r + 64));
    y.push_back(from.digits[r]);
  }
  const auto n = static_cast<std::int64_t>(rows.size());
  return {fx::array(x, {n, 64}), fx::array(y)};
}

Batch everything(const Images& from) {
  std::vector<std::size_t> rows(from.count());
  std::iota(rows.begin(), rows.end(), 0U);
  return batch_of(from, rows);
}

/// All images once, in a random order, in batches of equal size.
std::vector<Batch> epoch(const Images& from, std::size_t batch, std::mt19937& random) {
  std::vector<std::size_t> rows(from.count());
  std::iota(rows.begin(), rows.end(), 0U);
  for (std::size_t i = rows.size(); i > 1; --i)
    std::swap(rows[i - 1], rows[random() % i]);  // the same on every machine
  std::vector<Batch> out;
  for (std::size_t i = 0; i + batch <= rows.size(); i += batch)
    out.push_back(batch_of(
        from, {rows.begin() + static_cast<std::ptrdiff_t>(i), rows.begin() + static_cast<std::ptrdiff_t>(i + batch)}));
  return out;
}

// --- networks -----------------------------------------------------------

struct Dense {
  Array w, b;
};  // [in, out], [out]
BOOST_HANA_ADAPT_STRUCT(Dense, w, b);
struct Conv {
  Array w, b;
};  // [height, width, in, out], [out]
BOOST_HANA_ADAPT_STRUCT(Conv, w, b);

Dense dense(const Array& key, std::int64_t in, std::int64_t out) {
  return {init::he_normal()(key, {in, out}, fx::float32), fx::zeros<float>({out})};
}
Array apply(const Dense& layer, const Array& x) { return fx::dot(x, layer.w) + layer.b; }

Conv conv(const Array& key, std::int64_t in, std::int64_t out) {
  return {init::he_normal()(key, {3, 3, in, out}, fx::float32), fx::zeros<float>({out})};
}
Array apply(const Conv& layer, const Array& x) {
  return fx::lax::conv_general_dilated(x, layer.w, {1, 1}, "SAME", {.dimension_numbers = {"NHWC", "HWIO", "NHWC"}}) +
         layer.b;
}

struct Perceptron {
  Dense hidden, out;
};
BOOST_HANA_ADAPT_STRUCT(Perceptron, hidden, out);

Perceptron perceptron(const Array& key) {
  const auto [k1, k2] = fx::random::split<2>(key);
  return {dense(k1, 64, 128), dense(k2, 128, 10)};
}
Array logits(const Perceptron& p, const Array& x) { return apply(p.out, fx::relu(apply(p.hidden, x))); }

struct ConvNet {
  Conv first, second;
  Dense out;
};
BOOST_HANA_ADAPT_STRUCT(ConvNet, first, second, out);

ConvNet conv_net(const Array& key) {
  const auto [k1, k2, k3] = fx::random::split<3>(key);
  return {conv(k1, 1, 16), conv(k2, 16, 32), dense(k3, 4 * 4 * 32, 10)};
}
Array logits(const ConvNet& p, const Array& x) {
  const Array seen = fx::relu(apply(p.first, x.reshape({x.shape(0), 8, 8, 1})));
  const Array smaller = fx::nn::max_pool(seen, {2, 2}, {.strides = {2, 2}});
  return apply(p.out, fx::relu(apply(p.second, smaller)).reshape({x.shape(0), 4 * 4 * 32}));
}

/// Cross entropy.
template <class Net>
Array loss(const Net& net, const Batch& batch) {
  const Array wanted = fx::nn::one_hot(batch.y, 10, fx::float32);
  return -fx::mean(fx::sum(fx::log_softmax(logits(net, batch.x)) * wanted, 1));
}

template <class Net>
double accuracy(const Net& net, const Batch& batch) {
  return fx::mean(fx::argmax(logits(net, batch.x), 1) == batch.y).template item<double>();
}

// --- optimisers -----------------------------------------------------------

/// Gradient descent with momentum.
struct Sgd {
  float rate = 0.1F, momentum = 0.9F;

  template <class P>
  P init(const P& p) const {
    return fx::tree::map([](const Array& w) { return fx::zeros_like(w); }, p);
  }
  /// The new parameters, and the new state.
  template <class P>
  std::pair<P, P> update(const P& p, const P& velocity, const P& gradient) const {
    const auto v = fx::tree::map([&](const Array& v, const Array& g) { return momentum * v + g; }, velocity, gradient);
    return {fx::tree::map([&](const Array& w, const Array& v) { return w - rate * v; }, p, v), v};
  }
};

/// Kingma and Ba (2015).
struct Adam {
  double rate = 2e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  template <class P>
  using State = std::tuple<Array, P, P>;  // steps, mean of gradients, mean of their squares

  template <class P>
  State<P> init(const P& p) const {
    const auto zeros = fx::tree::map([](const Array& w) { return fx::zeros_like(w); }, p);
    return {fx::zeros<float>({}), zeros, zeros};
  }
  template <class P>
  std::pair<P, State<P>> update(const P& p, const State<P>& state, const P& gradient) const {
    const Array t = std::get<0>(state) + 1.0;
    const auto m = fx::tree::map([&](const Array& m, const Array& g) { return beta1 * m + (1 - beta1) * g; },
                                 std::get<1>(state), gradient);
    const auto v =
        fx::tree::map([&](const Array& v, const Array& g) { return beta2 * v + (1 - beta2) * fx::square(g); },
                      std::get<2>(state), gradient);
    const auto step = [&](const Array& w, const Array& m, const Array& v) {
      const Array mean = m / (1.0 - fx::power(beta1, t)), squares = v / (1.0 - fx::power(beta2, t));
      return w - rate * mean / (fx::sqrt(squares) + epsilon);
    };
    return {fx::tree::map(step, p, m, v), State<P>{t, m, v}};
  }
};

// --- training -----------------------------------------------------------

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Trains a net, prints how, and says whether it reads `wanted` of the test images.
template <class Net, class Optimizer>
bool reads(const char* name, const Net& start, const Optimizer& optimizer, int epochs, double wanted,
           const Images& train, const Batch& test) {
  auto state = optimizer.init(start);
  using State = decltype(state);
  const auto step = [optimizer](const Net& net, const State& state, const Batch& batch) {
    return optimizer.update(net, state, fx::grad(loss<Net>)(net, batch));
  };
  const auto compiled = fx::jit(step);
  auto net = start;
  std::mt19937 random(0);
  const auto first = epoch(train, 64, random);
  auto begin = std::chrono::steady_clock::now();
  auto [eager_net, eager_state] = std::pair(net, state);
  for (const auto& batch : first) std::tie(eager_net, eager_state) = step(eager_net, eager_state, batch);
  const double eager = seconds_since(begin) / static_cast<double>(first.size());

  std::tie(net, state) = compiled(net, state, first[0]);  // compiles
  begin = std::chrono::steady_clock::now();
  for (std::size_t i = 1; i < first.size(); ++i) std::tie(net, state) = compiled(net, state, first[i]);
  const double jitted = seconds_since(begin) / static_cast<double>(first.size() - 1);
  // Products by BLAS may differ in the last bit where operands are laid out otherwise, and training amplifies that.
  double difference = 0;
  fx::tree::map(
      [&](const Array& a, const Array& b) {
        difference = std::max(difference, fx::max(fx::abs(a - b)).item<double>());
        return a;
      },
      net, eager_net);

  for (int e = 1; e < epochs; ++e)
    for (const auto& batch : epoch(train, 64, random)) std::tie(net, state) = compiled(net, state, batch);
  const double right = accuracy(net, test);
  std::printf(
      "%-23s %7.3f ms a step, jitted %7.3f ms; after %zu steps they differ by %.0e; after %d epochs it reads %.2f %% "
      "of %lld\n",
      name, 1e3 * eager, 1e3 * jitted, first.size(), difference, epochs, 100 * right,
      static_cast<long long>(test.y.size()));
  if (!(difference < 1e-3)) std::cerr << name << ": eager and jitted training differ by more than rounding\n";
  if (right < wanted) std::cerr << name << ": " << 100 * wanted << " % are required\n";
  return difference < 1e-3 && right >= wanted;
}

int main() try {
  const auto [train, test_images] = read_images(FLUXION_EXAMPLES_DATA "/digits.csv");
  const auto test = everything(test_images);
  const auto [k1, k2] = fx::random::split<2>(fx::random::key(0));
  bool good = reads("perceptron, SGD", perceptron(k1), Sgd{}, 15, 0.95, train, test);
  good &= reads("perceptron, Adam", perceptron(k1), Adam{}, 15, 0.95, train, test);
  good &= reads("convolutional net, SGD", conv_net(k2), Sgd{.rate = 0.05F}, 12, 0.97, train, test);
  good &= reads("convolutional net, Adam", conv_net(k2), Adam{}, 12, 0.97, train, test);
  return good ? 0 : 1;
} catch (const std::exception& e) {
  std::cerr << e.what() << '\n';
  return 1;
}

#include "properties/random_program.hpp"

#include <fluxion/numpy.hpp>
#include <fluxion/lax.hpp>

#include "support/host.hpp"

namespace fluxion::test {

namespace {

struct Extents { std::int64_t n, m; };
constexpr Extents kExtents[] = {{1, 1}, {2, 3}, {3, 2}, {8, 1}, {9, 4}, {17, 2}, {50, 3}, {1, 5}};
constexpr std::int64_t kLargest = 2000;

const Extents& extents_of(const Program& p) { return kExtents[p.extents % std::size(kExtents)]; }

class Decoder {
 public:
  Decoder(const Program& p, Arrays inputs) : program_(p), values_(std::move(inputs)) {}

  Arrays run() {
    for (const auto& g : program_.genes) values_.push_back(step(g));
    const auto n = values_.size();
    return {values_[n - 1], sum(values_[n - 2]) + sum(values_[n - 1])};
  }

 private:
  Array value(unsigned i) const { return values_[values_.size() - 1 - i % values_.size()]; }

  // Operands that broadcast together; the second becomes its mean if it does not fit.
  std::pair<Array, Array> pair(const Gene& g) const {
    const auto x = value(g.a), y = value(g.b);
    const auto &s = x.shape(), &t = y.shape();
    for (std::size_t i = 0; i < std::min(s.size(), t.size()); ++i) {
      const auto m = s[s.size() - 1 - i], n = t[t.size() - 1 - i];
      if (m != n && m != 1 && n != 1) return {x, mean(y)};
    }
    return element_count(broadcast_shapes(s, t)) > kLargest ? std::pair{x, mean(y)} : std::pair{x, y};
  }

  Array step(const Gene& g) {
    const auto kind = g.op % 4;
    if (kind == 0) return program_.smooth ? smooth_unary(g, value(g.a)) : unary(g, value(g.a));
    if (kind == 1) {
      const auto [x, y] = pair(g);
      return program_.smooth ? smooth_binary(g, x, y) : binary(g, x, y);
    }
    return kind == 2 ? shaped(g, value(g.a)) : reduced(g, value(g.a));
  }

  static Array unary(const Gene& g, const Array& x) {
    switch (g.op / 4 % 18) {
      case 0: return -x;
      case 1: return sin(x);
      case 2: return cos(x);
      case 3: return tanh(x);
      case 4: return lax::logistic(x);
      case 5: return exp(x);
      case 6: return log(x);
      case 7: return sqrt(x);
      case 8: return abs(x);
      case 9: return expm1(x);
      case 10: return log1p(x);
      case 11: return sign(x);
      case 12: return floor(x);
      case 13: return erf(x);
      case 14: return erfinv(x);
      case 15: return lax::integer_pow(x, static_cast<std::int64_t>(g.c % 7) - 3);
      case 16: return x.astype(float32).astype(float64);
      default: return stop_gradient(x) * 0.5;
    }
  }

  static Array smooth_unary(const Gene& g, const Array& x) {
    switch (g.op / 4 % 10) {
      case 0: return -x;
      case 1: return sin(x);
      case 2: return cos(x);
      case 3: return tanh(x);
      case 4: return lax::logistic(x);
      case 5: return exp(tanh(x));
      case 6: return log(2.0 + sin(x));
      case 7: return sqrt(2.0 + cos(x));
      case 8: return lax::integer_pow(tanh(x), static_cast<std::int64_t>(g.c % 4));
      default: return erf(x) * 0.5;
    }
  }

  static Array binary(const Gene& g, const Array& x, const Array& y) {
    switch (g.op / 4 % 12) {
      case 0: return x + y;
      case 1: return x - y;
      case 2: return x * y;
      case 3: return x / y;
      case 4: return maximum(x, y);
      case 5: return minimum(x, y);
      case 6: return where(x < y, x, y * 2.0);
      case 7: return where((~(x >= y)) | (x == 0.0), x, 1.0);
      case 8: return power(x, y);
      case 9: return fmod(x, y);
      case 10: return (x > y).astype(float64) + (x != y).astype(int64);
      default: return jitted([](const Arrays& a) -> Arrays { return {sin(a[0]) * a[1]}; })({x, y})[0];
    }
  }

  static Array smooth_binary(const Gene& g, const Array& x, const Array& y) {
    switch (g.op / 4 % 6) {
      case 0: return x + y;
      case 1: return x - y;
      case 2: return tanh(x) * sin(y);
      case 3: return x / (2.0 + sin(y));
      case 4: return where(alternating(x), x, y);
      default: return jitted([](const Arrays& a) -> Arrays { return {sin(a[0]) * cos(a[1])}; })({x, y})[0];
    }
  }

  Array shaped(const Gene& g, const Array& x) const {
    const auto rank = static_cast<std::size_t>(x.ndim());
    const auto axis = rank == 0 ? 0 : static_cast<std::int64_t>(g.c % rank);
    switch (g.op / 4 % 8) {
      case 0: return 2 * x.size() > kLargest ? x : broadcast_to(x, with_leading(x.shape(), 2));
      case 1: return ravel(x);
      case 2: return x.T();
      case 3: return rank == 0 ? x : flip(x, axis);
      case 4: return rank == 0 ? x : strided(x, axis, 1 + static_cast<std::int64_t>(g.b % 2));
      case 5: return 2 * x.size() > kLargest ? x : concatenate({ravel(x), ravel(value(g.b))});
      case 6: return rank == 0 || 3 * x.size() > kLargest ? x : padded(x, axis, g.b);
      default: return reshape(x, with_leading(x.shape(), 1));
    }
  }

  Array reduced(const Gene& g, const Array& x) const {
    const auto rank = static_cast<std::size_t>(x.ndim());
    const Axis axis = rank == 0 || g.b % 3 == 0 ? Axis(none) : Axis(static_cast<std::int64_t>(g.c % rank));
    switch (g.op / 4 % 6) {
      case 0: return sum(x, axis);
      case 1: return mean(x, axis, true);
      case 2: return program_.smooth ? sum(sin(x), axis) : max(x, axis);
      case 3: return program_.smooth ? logsumexp(tanh(x), axis) : min(x, axis);
      case 4: return program_.smooth ? var(tanh(x), axis) : argmax(x, axis).astype(float64);
      default: return product(x);
    }
  }

  Array product(const Array& x) const {
    if (!program_.dots) return sum(x * x);
    const auto y = tanh(x);
    return x.ndim() == 2 && x.shape(0) < 40 ? matmul(y, y.T()) : dot(ravel(y), ravel(y));
  }

  // A mask that depends on positions only.
  static Array alternating(const Array& x) {
    if (x.ndim() == 0) return scalar(true);
    return lax::iota(int64, x.shape(), x.ndim() - 1) % 2 == 0;
  }

  static Shape with_leading(Shape s, std::int64_t n) {
    s.insert(0, n);
    return s;
  }
  static Array strided(const Array& x, std::int64_t axis, std::int64_t step) {
    Dims start(x.shape().size(), 0), strides(x.shape().size(), 1);
    strides[static_cast<std::size_t>(axis)] = step;
    return lax::slice(x, start, x.shape(), strides);
  }
  static Array padded(const Array& x, std::int64_t axis, unsigned how) {
    std::vector<lax::Padding> config(x.shape().size());
    config[static_cast<std::size_t>(axis)] = {static_cast<std::int64_t>(how % 3), static_cast<std::int64_t>(how / 3 % 2),
                                              static_cast<std::int64_t>(how / 6 % 2)};
    return lax::pad(x, lax::full({}, Array(0.25)), config);
  }

  const Program& program_;
  Arrays values_;
};

}  // namespace

Arrays inputs_of(const Program& p, std::uint64_t seed) {
  const auto [n, m] = extents_of(p);
  return {make(sample({DType::float64, {n}, -2, 2}, seed)), make(sample({DType::float64, {m, n}, -2, 2}, seed + 1)),
          make(sample({DType::float64, {}, -2, 2}, seed + 2))};
}

FlatFn function_of(const Program& p) {
  return [p](const Arrays& args) { return Decoder(p, args).run(); };
}

std::string text_of(const Program& p) { return detail::to_string(jaxpr_of(function_of(p), inputs_of(p, 1))); }

}  // namespace fluxion::test

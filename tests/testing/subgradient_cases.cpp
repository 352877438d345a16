#include "testing/subgradient_cases.hpp"

#include <fluxion/fluxion.hpp>
#include <fluxion/lax/indexing.hpp>
#include <fluxion/lax/math.hpp>
#include <fluxion/lax/reductions.hpp>
#include <fluxion/lax/sorting.hpp>
#include <fluxion/nn.hpp>
#include <fluxion/nn/pooling.hpp>
#include <fluxion/scipy/special.hpp>

#include "support/host.hpp"

namespace fluxion::test {

namespace {

using Cases = std::vector<SubgradientCase>;
using In = const Arrays&;

Array vec(std::initializer_list<double> v) { return array(v); }
Array num(double v) { return array({v})[0]; }
// Elements told apart.
Array weighted(const Array& y) {
  return sum(y * (1.0 + arange(static_cast<double>(y.size())).reshape(y.shape())));
}

void add_elementwise(Cases& to) {
  to.push_back({"abs", "x = 0", [](In a) { return abs(a[0]); }, {num(0)}});
  to.push_back(
      {"abs", "z = 0, complex", [](In a) { return abs(lax::complex(a[0], a[1])); }, {num(0), num(0)}});
  to.push_back({"sign", "x = 0", [](In a) { return sign(a[0]); }, {num(0)}});
  to.push_back({"sign",
                "everywhere, complex",
                [](In a) { return real(sign(lax::complex(a[0], a[1]))); },
                {num(3), num(4)}});
  to.push_back({"astype(int64)",
                "everywhere",
                [](In a) { return a[0].astype(DType::int64).astype(a[0].dtype()); },
                {num(2)}});
  to.push_back({"floor, ceil, trunc, rint",
                "x an integer",
                [](In a) { return floor(a[0]) + ceil(a[0]) + trunc(a[0]) + rint(a[0]); },
                {num(2)}});
  to.push_back({"round", "x halfway between integers", [](In a) { return round(a[0]); }, {num(2.5)}});
  to.push_back({"maximum, minimum",
                "x = y",
                [](In a) { return maximum(a[0], a[1]) + 2.0 * minimum(a[0], a[1]); },
                {num(1), num(1)}});
  to.push_back({"fmax, fmin",
                "x = y",
                [](In a) { return fmax(a[0], a[1]) + 2.0 * fmin(a[0], a[1]); },
                {num(1), num(1)}});
  to.push_back(
      {"lax::clamp", "x = min", [](In a) { return lax::clamp(a[0], a[1], a[2]); }, {num(0), num(0), num(1)}});
  to.push_back(
      {"lax::clamp", "x = max", [](In a) { return lax::clamp(a[0], a[1], a[2]); }, {num(0), num(1), num(1)}});
  to.push_back({"clip", "x = min", [](In a) { return clip(a[0], a[1], a[2]); }, {num(0), num(0), num(1)}});
  to.push_back({"clip", "x = max", [](In a) { return clip(a[0], a[1], a[2]); }, {num(1), num(0), num(1)}});
  to.push_back({"where",
                "at the condition's boundary",
                [](In a) { return where(a[0] > 0.0, 3.0 * a[0], 5.0 * a[0]); },
                {num(0)}});
  to.push_back({"heaviside", "x = 0", [](In a) { return heaviside(a[0], a[1]); }, {num(0), num(0.5)}});
  to.push_back({"copysign", "x = 0, y > 0", [](In a) { return copysign(a[0], a[1]); }, {num(0), num(1)}});
  to.push_back({"fmod, lax::rem", "x = k y", [](In a) { return fmod(a[0], a[1]); }, {num(6), num(2)}});
  to.push_back({"remainder, %", "x = k y", [](In a) { return a[0] % a[1]; }, {num(6), num(2)}});
  to.push_back({"floor_divide", "x = k y", [](In a) { return floor_divide(a[0], a[1]); }, {num(6), num(2)}});
  to.push_back({"nan_to_num", "x = nan", [](In a) { return nan_to_num(a[0]); }, {num(kNaN)}});
  to.push_back({"lax::reduce_precision",
                "everywhere",
                [](In a) { return lax::reduce_precision(a[0], 8, 7); },
                {num(1.5)}});
  to.push_back({"stop_gradient", "everywhere", [](In a) { return fluxion::stop_gradient(a[0]); }, {num(2)}});
}

void add_singular(Cases& to) {
  to.push_back({"sqrt", "x = 0", [](In a) { return sqrt(a[0]); }, {num(0)}});
  to.push_back({"cbrt", "x = 0", [](In a) { return cbrt(a[0]); }, {num(0)}});
  to.push_back({"log", "x = 0", [](In a) { return log(a[0]); }, {num(0)}});
  to.push_back({"log1p", "x = -1", [](In a) { return log1p(a[0]); }, {num(-1)}});
  to.push_back({"reciprocal", "x = 0", [](In a) { return reciprocal(a[0]); }, {num(0)}});
  to.push_back({"arcsin", "x = 1", [](In a) { return arcsin(a[0]); }, {num(1)}});
  to.push_back({"arccos", "x = 1", [](In a) { return arccos(a[0]); }, {num(1)}});
  to.push_back({"arccosh", "x = 1", [](In a) { return arccosh(a[0]); }, {num(1)}});
  to.push_back({"arctanh", "x = 1", [](In a) { return arctanh(a[0]); }, {num(1)}});
  to.push_back({"lax::erf_inv", "x = 1", [](In a) { return lax::erf_inv(a[0]); }, {num(1)}});
  to.push_back({"arctan2", "y = x = 0", [](In a) { return arctan2(a[0], a[1]); }, {num(0), num(0)}});
  to.push_back({"hypot", "x = y = 0", [](In a) { return hypot(a[0], a[1]); }, {num(0), num(0)}});
  to.push_back({"power", "x = 0, y = 0", [](In a) { return power(a[0], a[1]); }, {num(0), num(0)}});
  to.push_back({"power", "x = 0, y = 1/2", [](In a) { return power(a[0], a[1]); }, {num(0), num(0.5)}});
  to.push_back({"power", "x = 0, y = 1", [](In a) { return power(a[0], a[1]); }, {num(0), num(1)}});
  to.push_back({"power", "x = 0, y = 2", [](In a) { return power(a[0], a[1]); }, {num(0), num(2)}});
  to.push_back({"power", "x = -2, y = 2", [](In a) { return power(a[0], a[1]); }, {num(-2), num(2)}});
  to.push_back({"power",
                "x = 0, y = 0 of an integer dtype",
                [](In a) { return power(a[0], array({0})[0]); },
                {num(0)}});
  to.push_back(
      {"lax::integer_pow", "x = 0, exponent 0", [](In a) { return lax::integer_pow(a[0], 0); }, {num(0)}});
  to.push_back({"sinc", "x = 0", [](In a) { return sinc(a[0]); }, {num(0)}});
  to.push_back({"logaddexp", "x = y", [](In a) { return logaddexp(a[0], a[1]); }, {num(1), num(1)}});
  to.push_back(
      {"logaddexp", "x = y = -inf", [](In a) { return logaddexp(a[0], a[1]); }, {num(-kInf), num(-kInf)}});
  to.push_back({"scipy::special::xlogy",
                "x = y = 0",
                [](In a) { return scipy::special::xlogy(a[0], a[1]); },
                {num(0), num(0)}});
  to.push_back({"scipy::special::entr", "x = 0", [](In a) { return scipy::special::entr(a[0]); }, {num(0)}});
  to.push_back({"where(x > 0, sqrt(x), 0)",
                "x = 0",
                [](In a) { return where(a[0] > 0.0, sqrt(a[0]), 0.0); },
                {num(0)}});
}

void add_activations(Cases& to) {
  to.push_back({"nn::relu", "x = 0", [](In a) { return nn::relu(a[0]); }, {num(0)}});
  to.push_back({"nn::relu6", "x = 0", [](In a) { return nn::relu6(a[0]); }, {num(0)}});
  to.push_back({"nn::relu6", "x = 6", [](In a) { return nn::relu6(a[0]); }, {num(6)}});
  to.push_back({"nn::leaky_relu", "x = 0", [](In a) { return nn::leaky_relu(a[0], 0.25); }, {num(0)}});
  to.push_back({"nn::elu", "x = 0, alpha = 1/2", [](In a) { return nn::elu(a[0], 0.5); }, {num(0)}});
  to.push_back({"nn::celu", "x = 0, alpha = 1/2", [](In a) { return nn::celu(a[0], 0.5); }, {num(0)}});
  to.push_back({"nn::selu", "x = 0", [](In a) { return nn::selu(a[0]); }, {num(0)}});
  to.push_back({"nn::hard_tanh", "x = 1", [](In a) { return nn::hard_tanh(a[0]); }, {num(1)}});
  to.push_back({"nn::hard_tanh", "x = -1", [](In a) { return nn::hard_tanh(a[0]); }, {num(-1)}});
  to.push_back({"nn::hard_sigmoid", "x = 3", [](In a) { return nn::hard_sigmoid(a[0]); }, {num(3)}});
  to.push_back({"nn::hard_sigmoid", "x = -3", [](In a) { return nn::hard_sigmoid(a[0]); }, {num(-3)}});
  to.push_back({"nn::hard_silu", "x = 3", [](In a) { return nn::hard_silu(a[0]); }, {num(3)}});
  to.push_back({"nn::hard_silu", "x = -3", [](In a) { return nn::hard_silu(a[0]); }, {num(-3)}});
  to.push_back({"nn::sparse_plus", "x = 1", [](In a) { return nn::sparse_plus(a[0]); }, {num(1)}});
  to.push_back({"nn::sparse_plus", "x = -1", [](In a) { return nn::sparse_plus(a[0]); }, {num(-1)}});
  to.push_back({"nn::sparse_sigmoid", "x = 1", [](In a) { return nn::sparse_sigmoid(a[0]); }, {num(1)}});
  to.push_back({"nn::soft_sign", "x = 0", [](In a) { return nn::soft_sign(a[0]); }, {num(0)}});
  to.push_back({"nn::max_pool",
                "a window's two greatest tie",
                [](In a) {
                  return sum(nn::max_pool(a[0].reshape({1, 3, 1}), {2}));
                },
                {vec({2, 2, 1})}});
}

void add_reductions(Cases& to) {
  to.push_back({"max, min", "k elements tie", [](In a) { return max(a[0]); }, {vec({3, 1, 3, 3})}});
  to.push_back({"ptp", "all elements are equal", [](In a) { return ptp(a[0]); }, {vec({2, 2})}});
  to.push_back({"argmax, argsort, searchsorted",
                "everywhere",
                [](In a) { return (argmax(a[0]) + sum(argsort(a[0]))).astype(a[0].dtype()) * 2.0; },
                {vec({1, 1})}});
  to.push_back({"sort", "x[0] = x[1]", [](In a) { return weighted(sort(a[0])); }, {vec({2, 2, 1})}});
  to.push_back({"lax::top_k",
                "x[0] = x[1]",
                [](In a) { return weighted(lax::top_k(a[0], 2).first); },
                {vec({2, 2, 1})}});
  to.push_back(
      {"median", "x[0] = x[1], the middle of 3", [](In a) { return median(a[0]); }, {vec({2, 2, 5})}});
  to.push_back(
      {"median", "the middle two of 4 are equal", [](In a) { return median(a[0]); }, {vec({1, 2, 2, 5})}});
  to.push_back({"quantile", "at an element", [](In a) { return quantile(a[0], 0.5); }, {vec({1, 2, 5})}});
  to.push_back({"lax::cummax, cummin",
                "x[0] = x[1]",
                [](In a) { return weighted(lax::cummax(a[0])); },
                {vec({2, 2})}});
  to.push_back({"lax::cummax, cummin",
                "x[0] = x[1] = x[2]",
                [](In a) { return lax::cummax(a[0])[2]; },
                {vec({2, 2, 2})}});
  to.push_back({"lax::reduce_window_max, _min",
                "all windows of two tie",
                [](In a) { return weighted(lax::reduce_window_max(a[0], {.dimensions = {2}})); },
                {vec({2, 2, 2})}});
  to.push_back({"x.at(i).max(y), .min(y)",
                "x[i] = y",
                [](In a) { return sum(a[0].at(0).max(a[1])); },
                {vec({2, 3}), num(2)}});
  to.push_back({"lax::scatter_max, scatter_min",
                "the element and an update tie",
                [](In a) {
                  const lax::ScatterDimensionNumbers d{{}, {0}, {0}};
                  return sum(lax::scatter_max(a[0], array({0}).reshape({1}), a[1], d));
                },
                {vec({2, 3}), num(2)}});
  to.push_back({"segment_max",
                "two of a segment tie",
                [](In a) {
                  return sum(segment_max(a[0], array({0, 0, 1}), 2));
                },
                {vec({2, 2, 1})}});
  to.push_back({"prod", "one zero", [](In a) { return prod(a[0]); }, {vec({2, 0, 3})}});
  to.push_back({"prod", "two zeros", [](In a) { return prod(a[0]); }, {vec({2, 0, 0})}});
  to.push_back({"cumprod", "one zero", [](In a) { return cumprod(a[0])[2]; }, {vec({2, 0, 3})}});
  to.push_back({"var", "all elements are equal", [](In a) { return var(a[0]); }, {vec({2, 2})}});
  to.push_back({"std", "all elements are equal", [](In a) { return std(a[0]); }, {vec({2, 2})}});
  to.push_back(
      {"logsumexp", "all elements are -inf", [](In a) { return logsumexp(a[0]); }, {vec({-kInf, -kInf})}});
  to.push_back({"interp",
                "at an inner knot",
                [](In a) {
                  return interp(a[0], vec({0, 1, 2}), vec({0, 1, 5}));
                },
                {num(1)}});
}

void add_linalg(Cases& to) {
  to.push_back({"linalg::norm", "x = 0", [](In a) { return linalg::norm(a[0]); }, {vec({0, 0})}});
  to.push_back(
      {"linalg::norm, ord 1", "x[0] = 0", [](In a) { return linalg::norm(a[0], 1); }, {vec({0, -1})}});
  to.push_back({"linalg::norm, ord inf",
                "two of the greatest size",
                [](In a) { return linalg::norm(a[0], kInf); },
                {vec({2, -2})}});
  to.push_back({"linalg::det",
                "a singular matrix",
                [](In a) { return linalg::det(a[0]); },
                {array({{1.0, 2.0}, {2.0, 4.0}})}});
  to.push_back({"linalg::slogdet",
                "a singular matrix",
                [](In a) { return linalg::slogdet(a[0]).logabsdet; },
                {array({{1.0, 2.0}, {2.0, 4.0}})}});
  to.push_back({"linalg::cholesky",
                "a singular matrix",
                [](In a) { return weighted(linalg::cholesky(a[0])); },
                {array({{1.0, 1.0}, {1.0, 1.0}})}});
  to.push_back({"linalg::eigvalsh",
                "a repeated eigenvalue",
                [](In a) { return weighted(linalg::eigvalsh(a[0])); },
                {array({{2.0, 0.0}, {0.0, 2.0}})}});
  to.push_back({"linalg::eigh, vectors",
                "a repeated eigenvalue",
                [](In a) { return weighted(linalg::eigh(a[0]).eigenvectors); },
                {array({{2.0, 0.0}, {0.0, 2.0}})}});
  to.push_back({"linalg::svdvals",
                "a repeated singular value",
                [](In a) { return weighted(linalg::svdvals(a[0])); },
                {array({{2.0, 0.0}, {0.0, 2.0}})}});
  to.push_back({"linalg::svd, vectors",
                "a repeated singular value",
                [](In a) { return weighted(linalg::svd(a[0]).u); },
                {array({{2.0, 0.0}, {0.0, 2.0}})}});
  to.push_back({"linalg::qr",
                "a singular matrix",
                [](In a) { return weighted(linalg::qr(a[0]).r); },
                {array({{1.0, 0.0}, {0.0, 0.0}})}});
}

}  // namespace

const std::vector<SubgradientCase>& subgradient_cases() {
  static const auto& all = *new Cases([] {
    Cases c;
    add_elementwise(c);
    add_singular(c);
    add_activations(c);
    add_reductions(c);
    add_linalg(c);
    return c;
  }());
  return all;
}

}  // namespace fluxion::test

// P7: log densities with their gradients, as samplers call them.
#include <cmath>
#include <tuple>

#include <fluxion/fluxion.hpp>
#include <fluxion/lax/linalg.hpp>

#include <xsimd/xsimd.hpp>

#include "bench.hpp"

extern "C" {
void dpotrf_(const char* uplo, const int* n, double* a, const int* lda, int* info);
void dpotri_(const char* uplo, const int* n, double* a, const int* lda, int* info);
}

namespace fluxion::bench {
struct Schools { Array mean, log_scale, effects; };  // [], [], [8]
}  // namespace fluxion::bench

BOOST_HANA_ADAPT_STRUCT(fluxion::bench::Schools, mean, log_scale, effects);

namespace fluxion::bench {
namespace {

using B = xsimd::batch<double>;
constexpr std::size_t W = B::size;
const double log_two_pi = std::log(2 * M_PI);

std::string together(std::string a, const std::string& b) { return a.empty() ? b : a; }
std::string value_differs(const Array& got, double expected) {
  const double value = got.item<double>();
  return differs({&value, 1}, {&expected, 1}, 1e-11);
}

// --- eight schools, non-centred ---------------------------------------------------------------------------------

constexpr double school_y[] = {28, 8, -3, 7, -1, 1, 18, 12}, school_sigma[] = {15, 10, 16, 11, 9, 11, 10, 18};

Array log_normal(const Array& x, const Array& mean, const Array& sd) {
  const Array z = (x - mean) / sd;
  return -0.5 * log_two_pi - log(sd) - 0.5 * square(z);
}

/// Mean normal(0, 5), scale half-Cauchy(0, 5), effects normal(0, 1); y normal(mean + scale effects, sigma).
Array schools_density(const Schools& p, const Array& y, const Array& sigma) {
  const Array scale = exp(p.log_scale);
  const Array of_scale = std::log(2 / (5 * M_PI)) - log1p(square(scale / 5.0)) + p.log_scale;
  return log_normal(p.mean, 0.0, 5.0) + of_scale + sum(log_normal(p.effects, 0.0, 1.0)) +
         sum(log_normal(y, p.mean + scale * p.effects, sigma));
}

struct SchoolsByHand {
  double mean = 0.7, log_scale = 0.4, effects[8] = {0.1, -0.4, 1.2, 0.3, -0.9, 0.5, 0.8, -0.2};
  double inverse[8], constant;  // of the data
  double value = 0, gradient[10] = {};

  SchoolsByHand() {
    constant = -0.5 * 17 * log_two_pi - std::log(5.0) + std::log(2 / (5 * M_PI));
    for (int i = 0; i < 8; ++i) {
      inverse[i] = 1 / school_sigma[i];
      constant -= std::log(school_sigma[i]);
    }
  }
  void run() {
    const double scale = std::exp(log_scale), ratio = scale * scale / 25;
    double squares = 0, of_mean = 0, of_scale = 0;
    for (int i = 0; i < 8; ++i) {
      const double e = effects[i], z = (school_y[i] - mean - scale * e) * inverse[i], w = z * inverse[i];
      squares += e * e + z * z;
      of_mean += w;
      of_scale += w * e;
      gradient[2 + i] = w * scale - e;
    }
    value = constant - 0.5 * (squares + mean * mean / 25) - std::log1p(ratio) + log_scale;
    gradient[0] = of_mean - mean / 25;
    gradient[1] = of_scale * scale + 1 - 2 * ratio / (1 + ratio);
  }
};

Case schools() {
  const auto hand = std::make_shared<SchoolsByHand>();
  const Schools p{hand->mean, hand->log_scale, array(std::vector<double>(hand->effects, hand->effects + 8))};
  const Array y = array(std::vector<double>(school_y, school_y + 8));
  const Array sigma = array(std::vector<double>(school_sigma, school_sigma + 8));
  const auto compiled = jit(value_and_grad(schools_density));
  const auto check = [=] {
    hand->run();
    const auto [value, g] = compiled(p, y, sigma);
    const Array all = concatenate({g.mean.reshape({1}), g.log_scale.reshape({1}), g.effects});
    return together(value_differs(value, hand->value), differs(all.to_vector<double>(), hand->gradient, 1e-12));
  };
  const auto many = [hand] {
    for (int i = 0; i < 1000; ++i) {
      hand->run();
      keep(*hand);
    }
  };
  return {.impls = {{"jit", [=] { for (int i = 0; i < 100; ++i) keep(compiled(p, y, sigma)); }, 100},
                    {"hand", many, 1000}},
          .check = check,
          .table_seconds = 78e-9,
          .goals = {{"jit", "hand", 4}}};
}

// --- logistic regression ----------------------------------------------------------------------------------------

Array logistic_density(const Array& beta, const Array& x, const Array& y) {
  const Array z = dot(x, beta);
  return sum(y * z - nn::softplus(z)) - 0.5 * sum(square(beta)) - 0.5 * static_cast<double>(beta.size()) * log_two_pi;
}

/// Columns of the data lie one after the other; a chunk of rows goes through twice while it is in the nearest cache.
struct LogisticByHand {
  static constexpr std::size_t n = 1000, p = 25, unroll = 5, chunk = unroll * W;
  Memory<double> x, y, beta, gradient;
  double value = 0;

  LogisticByHand(const Array& rows, const Array& labels, const Array& at)
      : x(ravel(rows.T())), y(labels), beta(at), gradient(p) {}
  void run() {
    B of[p], sum(0.0);
    for (auto& g : of) g = B(0.0);
    for (std::size_t first = 0; first < n; first += chunk) {
      B z[unroll], r[unroll];
      for (auto& v : z) v = B(0.0);
      for (std::size_t j = 0; j < p; ++j)
        for (std::size_t u = 0; u < unroll; ++u)
          z[u] = xsimd::fma(B(beta[j]), B::load_unaligned(x.data() + j * n + first + u * W), z[u]);
      for (std::size_t u = 0; u < unroll; ++u) {
        const B label = B::load_unaligned(y.data() + first + u * W), e = xsimd::exp(-xsimd::abs(z[u]));
        const B part = B(1.0) / (B(1.0) + e), above = xsimd::select(z[u] > B(0.0), part, e * part);
        sum += label * z[u] - (xsimd::max(z[u], B(0.0)) + xsimd::log1p(e));
        r[u] = label - above;
      }
      for (std::size_t j = 0; j < p; ++j)
        for (std::size_t u = 0; u < unroll; ++u)
          of[j] = xsimd::fma(r[u], B::load_unaligned(x.data() + j * n + first + u * W), of[j]);
    }
    value = xsimd::hadd(sum) - 0.5 * static_cast<double>(p) * log_two_pi;
    for (std::size_t j = 0; j < p; ++j) {
      gradient[j] = xsimd::hadd(of[j]) - beta[j];
      value -= 0.5 * beta[j] * beta[j];
    }
  }
};
static_assert(LogisticByHand::n % LogisticByHand::chunk == 0);

Case logistic() {
  const Array x = uniform({1000, 25}, -1, 1), beta = uniform({25}, -1, 1, float64, 1);
  const Array y = (uniform({1000}, 0, 1, float64, 2) < 0.5).astype(float64);
  const auto hand = std::make_shared<LogisticByHand>(x, y, beta);
  const auto compiled = jit(value_and_grad(logistic_density));
  const auto check = [=] {
    hand->run();
    const auto [value, g] = compiled(beta, x, y);
    return together(value_differs(value, hand->value), differs(g, hand->gradient, 1e-11));
  };
  return {.impls = {{"jit", [=] { for (int i = 0; i < 10; ++i) keep(compiled(beta, x, y)); }, 10},
                    {"hand", [=] { for (int i = 0; i < 10; ++i) { hand->run(); keep(*hand); } }, 10}},
          .check = check,
          .flops = 4.0 * 25 * 1000,
          .table_seconds = 6.4e-6,
          .goals = {{"jit", "hand", 1.1}}};
}

// --- Gaussian process -------------------------------------------------------------------------------------------

/// theta: logarithms of length, deviation, and deviation of the noise.
Array process_density(const Array& theta, const Array& x, const Array& y) {
  const auto n = x.size();
  const Array length = exp(theta[0]), deviation = exp(theta[1]), noise = exp(theta[2]);
  const Array distance = (expand_dims(x, 1) - expand_dims(x, 0)) / length;
  const Array k = square(deviation) * exp(-0.5 * square(distance)) + square(noise) * eye(n);
  const Array l = lax::linalg::cholesky(k);
  const Array white = lax::linalg::triangular_solve(l, y, {.left_side = true, .lower = true});
  return -0.5 * sum(square(white)) - sum(log(diagonal(l))) - 0.5 * static_cast<double>(n) * log_two_pi;
}

/// The inverse gives all: d/dK = (a a' - K^-1) / 2 with a = K^-1 y.
struct ProcessByHand {
  static constexpr std::size_t n = 100, stride = 104;
  Memory<double> x, y, smooth, factor, squares;
  double theta[3], value = 0, gradient[3] = {};

  ProcessByHand(const Array& at, const Array& times, const Array& values)
      : x(stride), y(stride), smooth(n * stride), factor(n * stride), squares(n * stride) {
    const auto t = at.to_vector<double>(), a = times.to_vector<double>(), b = values.to_vector<double>();
    std::copy(t.begin(), t.end(), theta);
    std::copy(a.begin(), a.end(), x.begin());
    std::copy(b.begin(), b.end(), y.begin());
  }
  void covariance() {
    const double noise = std::exp(2 * theta[2]);
    const B scale(std::exp(-theta[0])), variance(std::exp(2 * theta[1])), half(-0.5);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j <= i; j += W) {
        const B d = (B::load_aligned(x.data() + j) - B(x[i])) * scale, square = d * d;
        const B k = variance * xsimd::exp(half * square);
        square.store_aligned(squares.data() + i * stride + j);
        k.store_aligned(smooth.data() + i * stride + j);
        k.store_aligned(factor.data() + i * stride + j);
      }
      factor[i * stride + i] += noise;
    }
  }
  // In the columns of LAPACK the lower triangle of rows is the upper one.
  void run() {
    covariance();
    const int order = n, lead = stride;
    int info = 0;
    dpotrf_("U", &order, factor.data(), &lead, &info);
    double logarithms = 0;
    for (std::size_t i = 0; i < n; ++i) logarithms += std::log(factor[i * stride + i]);
    dpotri_("U", &order, factor.data(), &lead, &info);
    double a[stride] = {}, fit = 0;
    for (std::size_t i = 0; i < n; ++i) {
      double sum = factor[i * stride + i] * y[i];
      for (std::size_t j = 0; j < i; ++j) {
        sum += factor[i * stride + j] * y[j];
        a[j] += factor[i * stride + j] * y[i];
      }
      a[i] += sum;
    }
    double of_length = 0, of_deviation = 0, of_noise = 0;
    for (std::size_t i = 0; i < n; ++i) {
      fit += a[i] * y[i];
      const double* k = smooth.data() + i * stride;
      B length(0.0), deviation(0.0);
      std::size_t j = 0;
      for (; j + W <= i; j += W) {
        const B inverse = B::load_aligned(factor.data() + i * stride + j);
        const B w = (B(a[i]) * B::load_unaligned(a + j) - inverse) * B::load_aligned(k + j);
        deviation += w;
        length = xsimd::fma(w, B::load_aligned(squares.data() + i * stride + j), length);
      }
      of_length += xsimd::hadd(length), of_deviation += 2 * xsimd::hadd(deviation);
      for (; j < i; ++j) {
        const double w = (a[i] * a[j] - factor[i * stride + j]) * k[j];
        of_deviation += 2 * w, of_length += w * squares[i * stride + j];
      }
      const double own = a[i] * a[i] - factor[i * stride + i];
      of_deviation += own * k[i], of_noise += own;
    }
    value = -0.5 * fit - logarithms - 0.5 * static_cast<double>(n) * log_two_pi;
    gradient[0] = of_length, gradient[1] = of_deviation, gradient[2] = of_noise * std::exp(2 * theta[2]);
  }
};

Case process() {
  const Array x = uniform({100}, 0, 10), y = uniform({100}, -1, 1, float64, 1), theta = array({0.1, -0.2, -1.0});
  const auto hand = std::make_shared<ProcessByHand>(theta, x, y);
  const auto compiled = jit(value_and_grad(process_density));
  const auto check = [=] {
    hand->run();
    const auto [value, g] = compiled(theta, x, y);
    return together(value_differs(value, hand->value), differs(g.to_vector<double>(), hand->gradient, 1e-9));
  };
  return {.impls = {{"jit", [=] { keep(compiled(theta, x, y)); }},
                    {"hand", [=] { hand->run(); keep(*hand); }}},
          .check = check,
          .table_seconds = 155e-6,
          .goals = {{"jit", "hand", 1.1}}};
}

const bool registered[] = {add("P7/eight_schools", schools), add("P7/logistic_1000x25", logistic),
                           add("P7/process_100", process)};

}  // namespace
}  // namespace fluxion::bench

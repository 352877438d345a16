// Vectors run across points, so that small dimensions are as well served as large ones; matrix rows are blocked in
// registers, and only the lower triangle is multiplied.
#include <algorithm>
#include <cmath>

#include <xsimd/xsimd.hpp>

#include "by_hand.hpp"

namespace adbench {
namespace {

using B = xsimd::batch<double>;
constexpr std::size_t W = B::size;

/// R rows of Q times centred points, from row i on, for a vector of points: y[i + r] += sum_j Q(i + r, j) c[j].
template <std::size_t R, std::size_t V>
void rows(const double* q, std::size_t d, const double* c, double* y, std::size_t stride, std::size_t i) {
  B acc[R][V];
  for (auto& row : acc) std::fill(row, row + V, B(0.0));
  const auto term = [&](std::size_t j, std::size_t from) {
    B x[V];
    for (std::size_t v = 0; v < V; ++v) x[v] = B::load_aligned(c + j * stride + v * W);
    for (std::size_t r = from; r < R; ++r) {
      const B factor(q[(i + r) * d + j]);
      for (std::size_t v = 0; v < V; ++v) acc[r][v] = xsimd::fma(factor, x[v], acc[r][v]);
    }
  };
  for (std::size_t j = 0; j < i; ++j) term(j, 0);
  for (std::size_t r = 0; r < R; ++r) term(i + r, r);
  for (std::size_t r = 0; r < R; ++r)
    for (std::size_t v = 0; v < V; ++v) acc[r][v].store_aligned(y + (i + r) * stride + v * W);
}

/// y = Q c for V vectors of points.
template <std::size_t V>
void product(const double* q, std::size_t d, const double* c, double* y, std::size_t stride) {
  std::size_t i = 0;
  for (; i + 8 <= d; i += 8) rows<8, V>(q, d, c, y, stride, i);
  for (; i + 2 <= d; i += 2) rows<2, V>(q, d, c, y, stride, i);
  for (; i < d; ++i) rows<1, V>(q, d, c, y, stride, i);
}

/// sum_n a[i + r][n] b[j + s][n] for R x S pairs of rows, to out[r * d + s].
template <std::size_t R, std::size_t S>
void products(const double* a, const double* b, std::size_t stride, std::size_t n, double* out, std::size_t d) {
  B acc[R][S];
  for (auto& row : acc) std::fill(row, row + S, B(0.0));
  for (std::size_t at = 0; at < n; at += W) {
    B x[R];
    for (std::size_t r = 0; r < R; ++r) x[r] = B::load_aligned(a + r * stride + at);
    for (std::size_t s = 0; s < S; ++s) {
      const B y = B::load_aligned(b + s * stride + at);
      for (std::size_t r = 0; r < R; ++r) acc[r][s] = xsimd::fma(x[r], y, acc[r][s]);
    }
  }
  for (std::size_t r = 0; r < R; ++r)
    for (std::size_t s = 0; s < S; ++s) out[r * d + s] = xsimd::hadd(acc[r][s]);
}

double total(const double* x, std::size_t n) {
  B sum(0.0);
  for (std::size_t at = 0; at < n; at += W) sum += B::load_aligned(x + at);
  return xsimd::hadd(sum);
}

double log_sum_exp(const Numbers& x) {
  const double most = *std::max_element(x.begin(), x.end());
  double sum = 0;
  for (const double v : x) sum += std::exp(v - most);
  return most + std::log(sum);
}

}  // namespace

GmmByHand::GmmByHand(const GmmInput& in)
    : derivative(in.alphas.size() + in.means.size() + in.icf.size()), in_(in), d_(static_cast<std::size_t>(in.d)),
      k_(static_cast<std::size_t>(in.k)), n_(static_cast<std::size_t>(in.n)),
      padded_((n_ + 2 * W - 1) / (2 * W) * (2 * W)),
      factor_(k_ * d_ * d_), centred_(d_ * padded_), y_(k_ * d_ * padded_), z_(k_ * padded_), x_(d_ * padded_),
      sums_(d_ * d_) {
  for (std::size_t i = 0; i < n_; ++i)
    for (std::size_t j = 0; j < d_; ++j) x_[j * padded_ + i] = in_.x[i * d_ + j];
}

/// z[k] = alpha + s - |Q (x - mu)|^2 / 2 for all points; y and what it is made of stay where they are wanted again.
void GmmByHand::forward(std::size_t k, bool keep) {
  const double *mean = in_.means.data() + k * d_, *icf = in_.icf.data() + k * (d_ * (d_ + 1) / 2);
  double* q = factor_.data() + k * d_ * d_;
  double constant = in_.alphas[k];
  const double* below = icf + d_;
  for (std::size_t j = 0; j < d_; ++j) {
    constant += icf[j];
    q[j * d_ + j] = std::exp(icf[j]);
    for (std::size_t i = j + 1; i < d_; ++i) q[i * d_ + j] = *below++;
  }
  for (std::size_t at = 0; at < padded_; at += 2 * W) {
    double* c = centred_.data() + at;
    for (std::size_t j = 0; j < d_; ++j)
      for (std::size_t v = 0; v < 2; ++v)
        (B::load_aligned(x_.data() + j * padded_ + at + v * W) - B(mean[j])).store_aligned(c + j * padded_ + v * W);
    double* y = y_.data() + (keep ? k * d_ * padded_ : 0) + at;
    product<2>(q, d_, c, y, padded_);
    for (std::size_t v = 0; v < 2; ++v) {
      B sum(0.0);
      for (std::size_t j = 0; j < d_; ++j) {
        const B e = B::load_aligned(y + j * padded_ + v * W);
        sum = xsimd::fma(e, e, sum);
      }
      xsimd::fma(B(-0.5), sum, B(constant)).store_aligned(z_.data() + k * padded_ + at + v * W);
    }
  }
}

/// The sum over points of log-sum-exps; z becomes the responsibilities if there is to be a gradient.
double GmmByHand::normalised(bool gradient) {
  B all(0.0);
  double rest = 0;
  for (std::size_t at = 0; at < n_; at += W) {
    double* z = z_.data() + at;
    B most = B::load_aligned(z);
    for (std::size_t k = 1; k < k_; ++k) most = xsimd::max(most, B::load_aligned(z + k * padded_));
    B sum(0.0);
    for (std::size_t k = 0; k < k_; ++k) {
      const B e = xsimd::exp(B::load_aligned(z + k * padded_) - most);
      sum += e;
      if (gradient) e.store_aligned(z + k * padded_);
    }
    const B value = most + xsimd::log(sum);
    alignas(64) double values[W];
    value.store_aligned(values);
    if (at + W <= n_) all += value;
    else for (std::size_t i = at; i < n_; ++i) rest += values[i - at];
    if (!gradient) continue;
    const B scale = B(1.0) / sum;
    for (std::size_t k = 0; k < k_; ++k) (B::load_aligned(z + k * padded_) * scale).store_aligned(z + k * padded_);
  }
  if (gradient)
    for (std::size_t k = 0; k < k_; ++k) std::fill(z_.data() + k * padded_ + n_, z_.data() + (k + 1) * padded_, 0.0);
  return xsimd::hadd(all) + rest;
}

double GmmByHand::prior(bool gradient) {
  const double d = static_cast<double>(d_), nu = d + static_cast<double>(in_.m) + 1, square = in_.gamma * in_.gamma;
  double log_gamma = 0.25 * d * (d - 1) * std::log(M_PI);
  for (std::size_t j = 0; j < d_; ++j) log_gamma += std::lgamma(0.5 * (nu - static_cast<double>(j)));
  const double constant = nu * d * (std::log(in_.gamma) - 0.5 * std::log(2.0)) - log_gamma;
  double out = -static_cast<double>(k_) * constant;
  double* g = derivative.data() + k_ + k_ * d_;
  for (std::size_t k = 0; k < k_; ++k) {
    const double* icf = in_.icf.data() + k * (d_ * (d_ + 1) / 2);
    double squares = 0;
    for (std::size_t j = 0; j < d_ * (d_ + 1) / 2; ++j) {
      const double q = j < d_ ? factor_[k * d_ * d_ + j * d_ + j] : icf[j];
      squares += q * q;
      if (j < d_) out -= static_cast<double>(in_.m) * icf[j];
      if (gradient) *g++ += j < d_ ? square * q * q - static_cast<double>(in_.m) : square * q;
    }
    out += 0.5 * square * squares;
  }
  return out;
}

double GmmByHand::objective() {
  for (std::size_t k = 0; k < k_; ++k) forward(k, false);
  const double n = static_cast<double>(n_);
  return -0.5 * n * static_cast<double>(d_) * std::log(2 * M_PI) + normalised(false) - n * log_sum_exp(in_.alphas) +
         prior(false);
}

/// The gradient of component k from its y and responsibilities.
void GmmByHand::backward(std::size_t k) {
  const double *mean = in_.means.data() + k * d_, *q = factor_.data() + k * d_ * d_, *r = z_.data() + k * padded_;
  double* y = y_.data() + k * d_ * padded_;
  double* g_mean = derivative.data() + k_ + k * d_;
  double* g_icf = derivative.data() + k_ + k_ * d_ + k * (d_ * (d_ + 1) / 2);
  const double all = total(r, padded_);
  double weighted[512];
  for (std::size_t j = 0; j < d_; ++j) {
    B sum(0.0);
    for (std::size_t at = 0; at < padded_; at += W) {
      (B::load_aligned(x_.data() + j * padded_ + at) - B(mean[j])).store_aligned(centred_.data() + j * padded_ + at);
      const B w = B::load_aligned(r + at) * B::load_aligned(y + j * padded_ + at);
      w.store_aligned(y + j * padded_ + at);
      sum += w;
    }
    weighted[j] = xsimd::hadd(sum);
  }
  for (std::size_t i = 0; i < d_; i += 4) {
    const std::size_t height = std::min<std::size_t>(4, d_ - i);
    for (std::size_t j = 0; j < i + height; j += 4) {
      const double *a = y + i * padded_, *b = centred_.data() + j * padded_;
      double* out = sums_.data() + i * d_ + j;
      const std::size_t width = std::min<std::size_t>(4, d_ - j);
      if (height == 4 && width == 4) products<4, 4>(a, b, padded_, padded_, out, d_);
      else
        for (std::size_t s = 0; s < height; ++s)
          for (std::size_t t = 0; t < width; ++t)
            products<1, 1>(a + s * padded_, b + t * padded_, padded_, padded_, out + s * d_ + t, d_);
    }
  }
  double* below = g_icf + d_;
  for (std::size_t j = 0; j < d_; ++j) {
    g_icf[j] = all - q[j * d_ + j] * sums_[j * d_ + j];
    double sum = 0;
    for (std::size_t i = j; i < d_; ++i) sum += q[i * d_ + j] * weighted[i];
    g_mean[j] = sum;
    for (std::size_t i = j + 1; i < d_; ++i) *below++ = -sums_[i * d_ + j];
  }
  derivative[k] = all;
}

double GmmByHand::gradient() {
  for (std::size_t k = 0; k < k_; ++k) forward(k, true);
  const double n = static_cast<double>(n_), of_alphas = log_sum_exp(in_.alphas), points = normalised(true);
  for (std::size_t k = 0; k < k_; ++k) {
    backward(k);
    derivative[k] -= n * std::exp(in_.alphas[k] - of_alphas);
  }
  return -0.5 * n * static_cast<double>(d_) * std::log(2 * M_PI) + points - n * of_alphas + prior(true);
}

}  // namespace adbench

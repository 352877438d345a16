#include "plain.hpp"

#include <algorithm>
#include <cmath>

namespace adbench {
namespace {

std::size_t unsign(std::int64_t n) { return static_cast<std::size_t>(n); }

double log_sum_exp(const Numbers& x) {
  const double most = *std::max_element(x.begin(), x.end());
  double sum = 0;
  for (const double v : x) sum += std::exp(v - most);
  return most + std::log(sum);
}

// --- GMM --------------------------------------------------------------------------------------------------------

/// |Q (x - mean)|^2, column by column of Q.
double distance(const double* x, const double* mean, const double* diagonal, const double* below, std::size_t d,
                double* centred, double* y) {
  for (std::size_t i = 0; i < d; ++i) centred[i] = x[i] - mean[i];
  for (std::size_t i = 0; i < d; ++i) y[i] = diagonal[i] * centred[i];
  for (std::size_t j = 0; j < d; ++j)
    for (std::size_t i = j + 1; i < d; ++i) y[i] += *below++ * centred[j];
  double sum = 0;
  for (std::size_t i = 0; i < d; ++i) sum += y[i] * y[i];
  return sum;
}

double log_wishart_prior(const GmmInput& in, const Numbers& diagonals, const Numbers& sums) {
  const std::size_t d = unsign(in.d), k = unsign(in.k), size = d * (d + 1) / 2;
  const double nu = static_cast<double>(in.d + in.m + 1);
  double log_gamma = 0.25 * static_cast<double>(d * (d - 1)) * std::log(M_PI);
  for (std::size_t j = 0; j < d; ++j) log_gamma += std::lgamma(0.5 * (nu - static_cast<double>(j)));
  const double constant = nu * static_cast<double>(d) * (std::log(in.gamma) - 0.5 * std::log(2.0)) - log_gamma;
  double out = 0;
  for (std::size_t c = 0; c < k; ++c) {
    double squares = 0;
    for (std::size_t j = 0; j < d; ++j) squares += diagonals[c * d + j] * diagonals[c * d + j];
    for (std::size_t j = d; j < size; ++j) squares += in.icf[c * size + j] * in.icf[c * size + j];
    out += 0.5 * in.gamma * in.gamma * squares - static_cast<double>(in.m) * sums[c];
  }
  return out - static_cast<double>(k) * constant;
}

// --- BA and HAND: three numbers -----------------------------------------------------------------------------------

using Vector = std::array<double, 3>;
double dot(const Vector& a, const Vector& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }
Vector cross(const Vector& a, const Vector& b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}

Vector rotated(const double* r, const Vector& x) {
  const Vector by{r[0], r[1], r[2]};
  const double squared = dot(by, by);
  if (squared == 0) {
    const Vector turn = cross(by, x);
    return {x[0] + turn[0], x[1] + turn[1], x[2] + turn[2]};
  }
  const double angle = std::sqrt(squared), cosine = std::cos(angle), sine = std::sin(angle);
  const Vector axis{by[0] / angle, by[1] / angle, by[2] / angle}, side = cross(axis, x);
  const double along = dot(axis, x) * (1 - cosine);
  Vector out;
  for (std::size_t i = 0; i < 3; ++i) out[i] = x[i] * cosine + side[i] * sine + axis[i] * along;
  return out;
}

/// 4 x 4, row by row.
using Matrix = std::array<double, 16>;
Matrix product(const Matrix& a, const Matrix& b) {
  Matrix out{};
  for (std::size_t i = 0; i < 4; ++i)
    for (std::size_t j = 0; j < 4; ++j)
      for (std::size_t k = 0; k < 4; ++k) out[4 * i + j] += a[4 * i + k] * b[4 * k + j];
  return out;
}
Matrix matrix_at(const Numbers& all, std::size_t i) {
  Matrix out;
  std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(16 * i), 16, out.begin());
  return out;
}

/// The rotation of a bone by its angles.
Matrix joint(const Numbers& theta, std::size_t bone) {
  const std::size_t number = bone == 0 || bone > 20 ? 0 : (bone - 1) % 4;
  if (number == 0) return {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1};
  const double* angles = theta.data() + 6 + (bone - 1) / 4 * 4;
  const double f = angles[number == 1 ? 0 : number], d = number == 1 ? angles[1] : 0;
  const double cf = std::cos(f), sf = std::sin(f), cd = std::cos(d), sd = std::sin(d);
  return {cd, -sd * cf, sd * sf, 0, sd, cd * cf, -cd * sf, 0, 0, sf, cf, 0, 0, 0, 0, 1};
}

/// Vertices of the posed hand.
std::vector<Vector> posed(const HandInput& in) {
  const auto& m = in.model;
  const std::size_t bones = m.parents.size(), vertices = m.vertices.size() / 3;
  std::vector<Matrix> absolute(bones);
  std::vector<Vector> out(vertices, Vector{});
  for (std::size_t b = 0; b < bones; ++b) {
    const Matrix relative = product(matrix_at(m.base, b), joint(in.theta, b));
    absolute[b] = m.parents[b] < 0 ? relative : product(absolute[static_cast<std::size_t>(m.parents[b])], relative);
    const Matrix t = product(absolute[b], matrix_at(m.inverse, b));
    for (std::size_t v = 0; v < vertices; ++v) {
      const double *x = m.vertices.data() + 3 * v, weight = m.weights[b * vertices + v];
      for (std::size_t r = 0; r < 3; ++r)
        out[v][r] += weight * (t[4 * r] * x[0] + t[4 * r + 1] * x[1] + t[4 * r + 2] * x[2] + t[4 * r + 3]);
    }
  }
  const double* r = in.theta.data();
  const bool turns = r[0] * r[0] + r[1] * r[1] + r[2] * r[2] >= 1e-8;
  for (auto& x : out) {
    if (turns) x = rotated(r, x);
    for (std::size_t i = 0; i < 3; ++i) x[i] += r[3 + i];
  }
  return out;
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

}  // namespace

double gmm_plain(const GmmInput& in) {
  const std::size_t d = unsign(in.d), k = unsign(in.k), n = unsign(in.n), size = d * (d + 1) / 2;
  Numbers diagonals(k * d), sums(k, 0.0), centred(d), y(d), terms(k);
  for (std::size_t c = 0; c < k; ++c)
    for (std::size_t j = 0; j < d; ++j) {
      diagonals[c * d + j] = std::exp(in.icf[c * size + j]);
      sums[c] += in.icf[c * size + j];
    }
  double out = 0;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t c = 0; c < k; ++c)
      terms[c] = in.alphas[c] + sums[c] -
                 0.5 * distance(&in.x[i * d], &in.means[c * d], &diagonals[c * d], &in.icf[c * size + d], d,
                                centred.data(), y.data());
    out += log_sum_exp(terms);
  }
  const double points = static_cast<double>(n);
  return -0.5 * points * static_cast<double>(d) * std::log(2 * M_PI) + out - points * log_sum_exp(in.alphas) +
         log_wishart_prior(in, diagonals, sums);
}

Numbers ba_plain(const BaInput& in) {
  const std::size_t p = unsign(in.p), n = unsign(in.n), m = unsign(in.m);
  Numbers out(3 * p);
  for (std::size_t i = 0; i < p; ++i) {
    const double *c = &in.cameras[i % n * 11], *x = &in.points[i % m * 3], *feature = &in.features[2 * i];
    const Vector y = rotated(c, {x[0] - c[3], x[1] - c[4], x[2] - c[5]});
    const double u = y[0] / y[2], v = y[1] / y[2], radius = u * u + v * v;
    const double scale = c[6] * (1 + c[9] * radius + c[10] * radius * radius);
    out[2 * i] = in.weights[i] * (u * scale + c[7] - feature[0]);
    out[2 * i + 1] = in.weights[i] * (v * scale + c[8] - feature[1]);
  }
  for (std::size_t i = 0; i < p; ++i) out[2 * p + i] = 1 - in.weights[i] * in.weights[i];
  return out;
}

double lstm_plain(const LstmInput& in) {
  const std::size_t l = unsign(in.l), c = unsign(in.c), b = unsign(in.b);
  Numbers state = in.state, input(b), y(b);
  double loss = 0;
  for (std::size_t t = 0; t + 1 < c; ++t) {
    for (std::size_t j = 0; j < b; ++j) input[j] = in.extra[j] * in.sequence[t * b + j];
    for (std::size_t k = 0; k < l; ++k) {
      const double *w = &in.main[k * 8 * b], *bias = w + 4 * b;
      double *hidden = &state[k * 2 * b], *cell = hidden + b;
      for (std::size_t j = 0; j < b; ++j) {
        const double forget = sigmoid(input[j] * w[j] + bias[j]);
        const double into = sigmoid(hidden[j] * w[b + j] + bias[b + j]);
        const double out = sigmoid(input[j] * w[2 * b + j] + bias[2 * b + j]);
        const double change = std::tanh(hidden[j] * w[3 * b + j] + bias[3 * b + j]);
        cell[j] = cell[j] * forget + into * change;
        hidden[j] = out * std::tanh(cell[j]);
        input[j] = hidden[j];
      }
    }
    double sum = 0;
    for (std::size_t j = 0; j < b; ++j) {
      y[j] = input[j] * in.extra[b + j] + in.extra[2 * b + j];
      sum += std::exp(y[j]);
    }
    const double log_total = std::log(2 + sum);
    for (std::size_t j = 0; j < b; ++j) loss += in.sequence[(t + 1) * b + j] * (y[j] - log_total);
  }
  return -loss / static_cast<double>(b * (c - 1));
}

Numbers hand_plain(const HandInput& in) {
  const auto vertices = posed(in);
  Numbers out(in.points.size());
  for (std::size_t i = 0; i < in.correspondences.size(); ++i) {
    const std::size_t at = unsign(in.correspondences[i]);
    Vector x{};
    if (in.us.empty()) {
      x = vertices[at];
    } else {
      const auto& corners = in.model.triangles[at];
      const double u = in.us[2 * i], v = in.us[2 * i + 1];
      for (std::size_t r = 0; r < 3; ++r)
        x[r] = u * vertices[unsign(corners[0])][r] + v * vertices[unsign(corners[1])][r] +
               (1 - u - v) * vertices[unsign(corners[2])][r];
    }
    for (std::size_t r = 0; r < 3; ++r) out[3 * i + r] = in.points[3 * i + r] - x[r];
  }
  return out;
}

}  // namespace adbench

#include <cmath>
#include <random>

#include "problems.hpp"

namespace adbench {
namespace {

class Draw {
 public:
  Numbers uniform(std::int64_t n, double low, double high) {
    Numbers out(static_cast<std::size_t>(n));
    for (auto& v : out) v = std::uniform_real_distribution(low, high)(engine_);
    return out;
  }
  std::int64_t below(std::int64_t n) { return std::uniform_int_distribution<std::int64_t>(0, n - 1)(engine_); }
  std::mt19937_64& engine() { return engine_; }

 private:
  std::mt19937_64 engine_{1};
};

/// A rotation about one axis and a translation, as a matrix of 4 x 4, and its inverse.
void append_rigid(Draw& draw, Numbers& to) {
  const auto r = draw.uniform(4, -0.5, 0.5);
  const double c = std::cos(r[0]), s = std::sin(r[0]);
  const double m[16] = {c, -s, 0, r[1], s, c, 0, r[2], 0, 0, 1, r[3], 0, 0, 0, 1};
  to.insert(to.end(), m, m + 16);
}

}  // namespace

GmmInput random_gmm(std::int64_t d, std::int64_t k, std::int64_t n) {
  Draw draw;
  GmmInput g{d, k, n, draw.uniform(k, -1, 1), draw.uniform(k * d, 0, 1), draw.uniform(k * (d * (d + 1) / 2), -0.5, 0.5),
             draw.uniform(n * d, -2, 2), 1, 0};
  return g;
}

BaInput random_ba(std::int64_t n, std::int64_t m, std::int64_t p) {
  Draw draw;
  BaInput b{n, m, p, {}, {}, draw.uniform(p, 0.1, 1), draw.uniform(2 * p, -500, 500)};
  for (std::int64_t i = 0; i < n; ++i) {
    const auto rotation = draw.uniform(3, -1, 1), centre = draw.uniform(3, -2, 2), inside = draw.uniform(5, 0.01, 0.1);
    b.cameras.insert(b.cameras.end(), rotation.begin(), rotation.end());
    b.cameras.insert(b.cameras.end(), centre.begin(), centre.end());
    b.cameras.insert(b.cameras.end(), {400 * (1 + inside[0]), inside[1], inside[2], inside[3], inside[4]});
  }
  for (std::int64_t i = 0; i < m; ++i) {  // far enough away that none is beside a camera
    const auto at = draw.uniform(3, -1, 1);
    b.points.insert(b.points.end(), {at[0], at[1], at[2] + 30});
  }
  return b;
}

LstmInput random_lstm(std::int64_t l, std::int64_t c, std::int64_t b) {
  Draw draw;
  LstmInput s{l, c, b, draw.uniform(8 * l * b, 0, 1), draw.uniform(3 * b, 0, 1), draw.uniform(2 * l * b, 0, 1), {}};
  for (std::int64_t i = 0; i < c * b; ++i) s.sequence.push_back(static_cast<double>(draw.below(2)));
  return s;
}

HandInput random_hand(std::int64_t vertices, std::int64_t n, bool complicated) {
  Draw draw;
  HandInput h;
  auto& model = h.model;
  for (int b = 0; b < 22; ++b) {
    model.parents.push_back(b == 0 ? -1 : b % 4 == 1 ? 0 : b - 1);
    append_rigid(draw, model.base);
    append_rigid(draw, model.inverse);
  }
  model.vertices = draw.uniform(3 * vertices, -0.5, 0.5);
  model.weights.resize(static_cast<std::size_t>(22 * vertices));
  for (std::int64_t v = 0; v < vertices; ++v)
    for (int i = 0; i < 4; ++i) model.weights[static_cast<std::size_t>(draw.below(22) * vertices + v)] += 0.25;
  for (std::int64_t t = 0; t < 2 * vertices; ++t)
    model.triangles.push_back({draw.below(vertices), draw.below(vertices), draw.below(vertices)});
  for (std::int64_t i = 0; i < n; ++i) h.correspondences.push_back(draw.below(complicated ? 2 * vertices : vertices));
  h.points = draw.uniform(3 * n, -1, 1);
  if (complicated) h.us = draw.uniform(2 * n, 0, 0.5);
  h.theta = draw.uniform(26, -0.3, 0.3);
  return h;
}

}  // namespace adbench

// A vector of observations at a time. Residuals are differentiated backwards: two rows of 15 numbers.
#include <algorithm>
#include <tuple>

#include <xsimd/xsimd.hpp>

#include "by_hand.hpp"

namespace adbench {
namespace {

using B = xsimd::batch<double>;
constexpr std::size_t W = B::size;
struct V3 { B x, y, z; };

V3 operator+(const V3& a, const V3& b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
V3 operator-(const V3& a, const V3& b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
V3 operator*(const V3& a, const B& s) { return {a.x * s, a.y * s, a.z * s}; }
B dot(const V3& a, const V3& b) { return xsimd::fma(a.x, b.x, xsimd::fma(a.y, b.y, a.z * b.z)); }
V3 cross(const V3& a, const V3& b) {
  return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}

/// W observations: their operands in vectors, and what the derivative needs again.
struct Observed {
  B camera[11], point[3], w, feature[2];
  V3 axis, x, turned;
  B angle, cosine, sine, along, u, v, radius, scale, inverse_depth;
  B e[2];  // before weighting

  /// None of the cameras has a rotation of exactly zero: random ones do not, and the suite's do not either.
  void project() {
    const V3 r{camera[0], camera[1], camera[2]};
    x = V3{point[0], point[1], point[2]} - V3{camera[3], camera[4], camera[5]};
    angle = xsimd::sqrt(dot(r, r));
    axis = r * (B(1.0) / angle);
    std::tie(sine, cosine) = xsimd::sincos(angle);
    along = dot(axis, x);
    turned = x * cosine + cross(axis, x) * sine + axis * (along * (B(1.0) - cosine));
    inverse_depth = B(1.0) / turned.z;
    u = turned.x * inverse_depth;
    v = turned.y * inverse_depth;
    radius = xsimd::fma(u, u, v * v);
    scale = xsimd::fma(radius, xsimd::fma(radius, camera[10], camera[9]), B(1.0));
    const B f = camera[6] * scale;
    e[0] = xsimd::fma(u, f, camera[7]) - feature[0];
    e[1] = xsimd::fma(v, f, camera[8]) - feature[1];
  }

  /// Row `h` of the Jacobian: 15 vectors.
  void row(int h, B* out) const {
    const B f = w * camera[6], zero(0.0), own = h == 0 ? u : v;
    const B by_radius = f * own * xsimd::fma(B(2.0) * camera[10], radius, camera[9]);
    const B gu = B(2.0) * by_radius * u + (h == 0 ? f * scale : zero);
    const B gv = B(2.0) * by_radius * v + (h == 1 ? f * scale : zero);
    const V3 g{gu * inverse_depth, gv * inverse_depth, -(gu * u + gv * v) * inverse_depth};
    const B one_less = B(1.0) - cosine, g_along = dot(g, axis);
    const B g_angle = cosine * dot(g, cross(axis, x)) - sine * (dot(g, x) - along * g_along);
    const V3 g_axis = cross(x, g) * sine + (g * along + x * g_along) * one_less;
    const V3 g_r = axis * g_angle + (g_axis - axis * dot(axis, g_axis)) * (B(1.0) / angle);
    const V3 g_x = g * cosine + cross(g, axis) * sine + axis * (g_along * one_less);
    out[0] = g_r.x, out[1] = g_r.y, out[2] = g_r.z;
    out[3] = -g_x.x, out[4] = -g_x.y, out[5] = -g_x.z;
    out[6] = w * own * scale;
    out[7] = h == 0 ? w : zero, out[8] = h == 1 ? w : zero;
    out[9] = f * own * radius;
    out[10] = out[9] * radius;
    out[11] = g_x.x, out[12] = g_x.y, out[13] = g_x.z;
    out[14] = e[h];
  }
};

/// Rows of `n` numbers of W observations become vectors.
template <std::size_t n, class Row> void load(B* to, std::size_t count, const Row& row) {
  alignas(64) double lanes[n][W] = {};
  for (std::size_t i = 0; i < count; ++i) {
    const double* from = row(i);
    for (std::size_t k = 0; k < n; ++k) lanes[k][i] = from[k];
  }
  for (std::size_t k = 0; k < n; ++k) to[k] = B::load_aligned(lanes[k]);
}

Observed loaded(const BaInput& in, std::size_t first, std::size_t count) {
  const auto n = static_cast<std::size_t>(in.n), m = static_cast<std::size_t>(in.m);
  Observed o;
  load<11>(o.camera, count, [&](std::size_t i) { return in.cameras.data() + (first + i) % n * 11; });
  load<3>(o.point, count, [&](std::size_t i) { return in.points.data() + (first + i) % m * 3; });
  load<2>(o.feature, count, [&](std::size_t i) { return in.features.data() + (first + i) * 2; });
  load<1>(&o.w, count, [&](std::size_t i) { return in.weights.data() + first + i; });
  return o;
}

}  // namespace

BaByHand::BaByHand(const BaInput& in)
    : residuals(static_cast<std::size_t>(3 * in.p)), derivative(static_cast<std::size_t>(31 * in.p)), in_(in) {}

void BaByHand::objective() {
  const auto p = static_cast<std::size_t>(in_.p);
  for (std::size_t first = 0; first < p; first += W) {
    const auto count = std::min(W, p - first);
    auto o = loaded(in_, first, count);
    o.project();
    alignas(64) double e[2][W];
    (o.e[0] * o.w).store_aligned(e[0]);
    (o.e[1] * o.w).store_aligned(e[1]);
    for (std::size_t i = 0; i < count; ++i) {
      residuals[2 * (first + i)] = e[0][i];
      residuals[2 * (first + i) + 1] = e[1][i];
    }
  }
  for (std::size_t i = 0; i < p; ++i) residuals[2 * p + i] = 1 - in_.weights[i] * in_.weights[i];
}

void BaByHand::jacobian() {
  const auto p = static_cast<std::size_t>(in_.p);
  for (std::size_t first = 0; first < p; first += W) {
    const auto count = std::min(W, p - first);
    auto o = loaded(in_, first, count);
    o.project();
    for (int h = 0; h < 2; ++h) {
      B row[15];
      o.row(h, row);
      alignas(64) double lanes[15][W];
      for (std::size_t k = 0; k < 15; ++k) row[k].store_aligned(lanes[k]);
      for (std::size_t i = 0; i < count; ++i) {
        double* to = derivative.data() + 15 * (2 * (first + i) + static_cast<std::size_t>(h));
        for (std::size_t k = 0; k < 15; ++k) to[k] = lanes[k][i];
      }
    }
  }
  for (std::size_t i = 0; i < p; ++i) derivative[30 * p + i] = -2 * in_.weights[i];
}

}  // namespace adbench

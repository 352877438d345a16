// Bundle adjustment: where cameras see points, against where they were found. One observation is a function of 15
// numbers, and all of them are that function mapped.
#include <array>
#include <tuple>

#include "programs.hpp"

namespace fx = fluxion;

namespace adbench {
namespace {

using Vector = std::array<Array, 3>;

Vector vector_at(const Array& x, int i) { return {x[i], x[i + 1], x[i + 2]}; }
Vector operator+(const Vector& a, const Vector& b) { return {a[0] + b[0], a[1] + b[1], a[2] + b[2]}; }
Vector operator-(const Vector& a, const Vector& b) { return {a[0] - b[0], a[1] - b[1], a[2] - b[2]}; }
Vector operator*(const Vector& a, const Array& s) { return {a[0] * s, a[1] * s, a[2] * s}; }
Array dot(const Vector& a, const Vector& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }
Vector cross(const Vector& a, const Vector& b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}
Vector where(const Array& which, const Vector& a, const Vector& b) {
  return {fx::where(which, a[0], b[0]), fx::where(which, a[1], b[1]), fx::where(which, a[2], b[2])};
}

/// Rodrigues' formula: x turned about r by the angle |r|; to first order where r is 0.
Vector rotated(const Vector& r, const Vector& x) {
  const Array squared = dot(r, r), turns = squared != 0.0;
  const Array angle = fx::sqrt(fx::where(turns, squared, 1.0));  // no derivative of a root at 0
  const Vector axis = r * (1.0 / angle);
  const Array cosine = fx::cos(angle), sine = fx::sin(angle);
  const Vector turned = x * cosine + cross(axis, x) * sine + axis * (dot(axis, x) * (1.0 - cosine));
  return where(turns, turned, x + cross(r, x));
}

/// The weighted distance [2] between a projected point and where it was seen.
Array residual(const Array& camera, const Array& point, const Array& weight, const Array& feature) {
  const Vector y = rotated(vector_at(camera, 0), vector_at(point, 0) - vector_at(camera, 3));
  const Array u = y[0] / y[2], v = y[1] / y[2];
  const Array radius = u * u + v * v;
  const Array scale = camera[6] * (1.0 + camera[9] * radius + camera[10] * radius * radius);
  return fx::stack({weight * (u * scale + camera[7] - feature[0]), weight * (v * scale + camera[8] - feature[1])});
}

}  // namespace

Ba ba_of(const BaInput& in) {
  return {fx::array(in.cameras, {in.n, 11}), fx::array(in.points, {in.m, 3}), fx::array(in.weights)};
}
BaData ba_data_of(const BaInput& in) {
  const Array i = fx::arange(in.p);
  return {fx::array(in.features, {in.p, 2}), i % in.n, i % in.m};
}

Array ba_objective(const Ba& x, const BaData& data) {
  const Array projection =
      fx::vmap(residual)(x.cameras[data.camera_of], x.points[data.point_of], x.weights, data.features);
  return fx::concatenate({projection.reshape({-1}), 1.0 - fx::square(x.weights)});
}

Array ba_jacobian(const Ba& x, const BaData& data) {
  // Both rows of an observation's block, one pulled back after the other: [2, 15].
  const auto block = [](const Array& camera, const Array& point, const Array& weight, const Array& feature) {
    const auto at = [&](const Array& c, const Array& p, const Array& w) { return residual(c, p, w, feature); };
    const auto [e, pulled_back] = fx::vjp(at, camera, point, weight);
    fx::Arrays rows;
    for (const Array& unit : {fx::array({1.0, 0.0}), fx::array({0.0, 1.0})}) {
      const auto [of_camera, of_point, of_weight] = pulled_back(unit);
      rows.push_back(fx::concatenate({of_camera, of_point, of_weight.reshape({1})}));
    }
    return fx::stack(rows);
  };
  const Array blocks = fx::vmap(block)(x.cameras[data.camera_of], x.points[data.point_of], x.weights, data.features);
  return fx::concatenate({blocks.reshape({-1}), -2.0 * x.weights});
}

}  // namespace adbench

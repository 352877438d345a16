// Transforms are products of affine maps of 3 x 4; the global motion is folded into those of the bones. An angle moves
// at most three bones, and the derivative is wanted at corresponding vertices only.
#include <cmath>

#include <xsimd/xsimd.hpp>

#include "by_hand.hpp"

namespace adbench {
namespace {

using B = xsimd::batch<double>;
constexpr std::size_t W = B::size;
using Affine = std::array<double, 12>;

std::size_t whole(std::size_t n) { return (n + W - 1) / W * W; }

/// a b, where the last row of both is (0, 0, 0, `last`) of b: 0 for the derivative of a map.
Affine product(const Affine& a, const Affine& b, double last = 1) {
  Affine out;
  for (std::size_t r = 0; r < 3; ++r)
    for (std::size_t c = 0; c < 4; ++c)
      out[4 * r + c] = a[4 * r] * b[c] + a[4 * r + 1] * b[4 + c] + a[4 * r + 2] * b[8 + c] +
                       (c == 3 ? last * a[4 * r + 3] : 0);
  return out;
}
Affine affine(const double* m) {
  Affine out;
  std::copy(m, m + 12, out.begin());
  return out;
}

struct Turn {
  double axis[3], angle, cosine, sine;
};
bool turns(const double* r) { return r[0] * r[0] + r[1] * r[1] + r[2] * r[2] >= 1e-8; }
Turn turn_of(const double* r) {
  const double angle = std::sqrt(r[0] * r[0] + r[1] * r[1] + r[2] * r[2]);
  return {{r[0] / angle, r[1] / angle, r[2] / angle}, angle, std::cos(angle), std::sin(angle)};
}
/// [v]x, entry (r, c).
double cross(const double* v, std::size_t r, std::size_t c) {
  return r == c ? 0 : (c + 3 - r) % 3 == 1 ? -v[3 - r - c] : v[3 - r - c];
}
Affine rotation(const double* r) {
  Affine out{1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0};
  if (!turns(r)) return out;
  const auto t = turn_of(r);
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t j = 0; j < 3; ++j)
      out[4 * i + j] = (i == j ? t.cosine : 0) + (1 - t.cosine) * t.axis[i] * t.axis[j] + t.sine * cross(t.axis, i, j);
  return out;
}
/// Its derivative by component k of r.
Affine rotation_by(const double* r, std::size_t k) {
  Affine out{};
  if (!turns(r)) return out;
  const auto t = turn_of(r);
  const double* a = t.axis;
  double da[3];
  for (std::size_t i = 0; i < 3; ++i) da[i] = ((i == k ? 1 : 0) - a[i] * a[k]) / t.angle;
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t j = 0; j < 3; ++j)
      out[4 * i + j] = a[k] * (t.sine * (a[i] * a[j] - (i == j ? 1 : 0)) + t.cosine * cross(a, i, j)) +
                       (1 - t.cosine) * (da[i] * a[j] + a[i] * da[j]) + t.sine * cross(da, i, j);
  return out;
}

}  // namespace

HandByHand::HandByHand(const HandInput& in)
    : residuals(in.points.size()), derivative(in.points.size() * (in.us.empty() ? 26 : 28)), in_(in),
      bones_(in.model.parents.size()), n_(in.correspondences.size()), corners_(in.us.empty() ? 1 : 3),
      columns_(in.us.empty() ? 26 : 28), absolute_(bones_), transforms_(bones_),
      weights_(bones_ * whole(in.model.vertices.size() / 3)), positions_(3 * whole(in.model.vertices.size() / 3)),
      posed_(positions_.size()), own_weights_(bones_ * whole(n_ * corners_)), own_positions_(3 * whole(n_ * corners_)),
      own_(own_positions_.size()) {
  const auto v = in.model.vertices.size() / 3;
  const auto take = [&](std::size_t vertex, std::size_t at, Memory& w, Memory& x) {
    for (std::size_t b = 0; b < bones_; ++b) w[b * (x.size() / 3) + at] = in.model.weights[b * v + vertex];
    for (std::size_t c = 0; c < 3; ++c) x[c * (x.size() / 3) + at] = in.model.vertices[3 * vertex + c];
  };
  for (std::size_t i = 0; i < v; ++i) take(i, i, weights_, positions_);
  for (std::size_t i = 0; i < n_; ++i)
    for (std::size_t c = 0; c < corners_; ++c) {
      const auto at = static_cast<std::size_t>(in.correspondences[i]);
      const auto vertex = corners_ == 1 ? at : static_cast<std::size_t>(in.model.triangles[at][c]);
      take(vertex, c * n_ + i, own_weights_, own_positions_);
    }
}

/// A bone's transform relative to its parent; or its derivative by flexion (1) or abduction (2).
HandByHand::Affine HandByHand::relative(std::size_t bone, int turned) const {
  const auto base = affine(in_.model.base.data() + 16 * bone);
  const std::size_t joint = bone == 0 || bone > 20 ? 0 : (bone - 1) % 4;
  if (joint == 0) return base;
  const double* theta = in_.theta.data() + 6 + (bone - 1) / 4 * 4;
  const double f = theta[joint == 1 ? 0 : joint], d = joint == 1 ? theta[1] : 0;
  const double sf = std::sin(f), cf = std::cos(f), sd = std::sin(d), cd = std::cos(d);
  if (turned == 0) return product(base, {cd, -sd * cf, sd * sf, 0, sd, cd * cf, -cd * sf, 0, 0, sf, cf, 0});
  if (turned == 1) return product(base, {0, sd * sf, sd * cf, 0, 0, -cd * sf, -cd * cf, 0, 0, cf, -sf, 0}, 0);
  return product(base, {-sd, -cd * cf, cd * sf, 0, cd, -sd * cf, sd * sf, 0, 0, 0, 0, 0}, 0);
}

/// Transforms of all bones, with the global motion if `turned`.
void HandByHand::pose(bool turned) {
  rotation_ = rotation(in_.theta.data());
  for (std::size_t r = 0; r < 3; ++r) rotation_[4 * r + 3] = in_.theta[3 + r];
  for (std::size_t b = 0; b < bones_; ++b) {
    const auto parent = in_.model.parents[b];
    absolute_[b] = parent < 0 ? relative(b, 0) : product(absolute_[static_cast<std::size_t>(parent)], relative(b, 0));
    transforms_[b] = product(absolute_[b], affine(in_.model.inverse.data() + 16 * b));
    if (turned) transforms_[b] = product(rotation_, transforms_[b]);
  }
}

/// to = sum_b weight_b T_b x for the transforms of bones from `first` on.
void HandByHand::skin(const std::vector<Affine>& transforms, const Memory& weights, const Memory& positions,
                      std::size_t first, Memory& to) const {
  const auto n = positions.size() / 3;
  for (std::size_t at = 0; at < n; at += W) {
    B sum[12];
    std::fill(sum, sum + 12, B(0.0));
    for (std::size_t b = 0; b < transforms.size(); ++b) {
      const B w = B::load_aligned(weights.data() + (first + b) * n + at);
      for (std::size_t k = 0; k < 12; ++k) sum[k] = xsimd::fma(B(transforms[b][k]), w, sum[k]);
    }
    const B x = B::load_aligned(positions.data() + at), y = B::load_aligned(positions.data() + n + at);
    const B z = B::load_aligned(positions.data() + 2 * n + at);
    for (std::size_t r = 0; r < 3; ++r)
      xsimd::fma(sum[4 * r], x, xsimd::fma(sum[4 * r + 1], y, xsimd::fma(sum[4 * r + 2], z, sum[4 * r + 3])))
          .store_aligned(to.data() + r * n + at);
  }
}

/// Points within correspondences, from those at corners, each `stride` after the one before.
void HandByHand::write(const Memory& corners, double* to, std::size_t stride, double sign) const {
  const auto n = corners.size() / 3;
  for (std::size_t i = 0; i < n_; ++i)
    for (std::size_t r = 0; r < 3; ++r) {
      const double* at = corners.data() + r * n + i;
      double v = at[0];
      if (corners_ == 3) {
        const double a = in_.us[2 * i], b = in_.us[2 * i + 1];
        v = a * at[0] + b * at[n_] + (1 - a - b) * at[2 * n_];
      }
      to[(3 * i + r) * stride] = sign * v;
    }
}

void HandByHand::objective() {
  pose(true);
  skin(transforms_, weights_, positions_, 0, posed_);
  const auto v = posed_.size() / 3, n = own_.size() / 3;
  for (std::size_t i = 0; i < n_; ++i)
    for (std::size_t c = 0; c < corners_; ++c) {
      const auto at = static_cast<std::size_t>(in_.correspondences[i]);
      const auto vertex = corners_ == 1 ? at : static_cast<std::size_t>(in_.model.triangles[at][c]);
      for (std::size_t r = 0; r < 3; ++r) own_[r * n + c * n_ + i] = posed_[r * v + vertex];
    }
  write(own_, residuals.data(), 1, 1);
  for (std::size_t i = 0; i < residuals.size(); ++i) residuals[i] = in_.points[i] - residuals[i];
}

/// The derivatives of the transforms of a finger's bones by one of its angles, from the bone that it turns on.
std::vector<HandByHand::Affine> HandByHand::moved_by(std::size_t angle) const {
  const std::size_t finger = angle / 4, joint = angle % 4 == 0 ? 1 : angle % 4, root = 4 * finger + 1;
  const std::size_t bone = root + joint;
  std::vector<Affine> out;
  Affine moved = product(absolute_[bone - 1], relative(bone, angle % 4 == 1 ? 2 : 1), 0);
  for (std::size_t b = bone; b < root + 4; ++b) {
    if (b > bone) moved = product(moved, relative(b, 0));
    out.push_back(product(rotation_, product(moved, affine(in_.model.inverse.data() + 16 * b)), 0));
  }
  return out;
}

void HandByHand::jacobian() {
  pose(false);
  double* to = derivative.data();
  skin(transforms_, own_weights_, own_positions_, 0, own_);
  const auto n = own_.size() / 3;
  if (corners_ == 3) {
    for (std::size_t i = 0; i < n_; ++i)
      for (std::size_t r = 0; r < 3; ++r)
        for (std::size_t c = 0; c < 2; ++c) {
          double v = 0;
          for (std::size_t k = 0; k < 3; ++k)
            v += rotation_[4 * r + k] * (own_[k * n + 2 * n_ + i] - own_[k * n + c * n_ + i]);
          to[(3 * i + r) * columns_ + c] = v;
        }
    to += 2;
  }
  Memory moved(own_.size());
  for (std::size_t k = 0; k < 3; ++k) {
    const auto by = rotation_by(in_.theta.data(), k);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t r = 0; r < 3; ++r)
        moved[r * n + i] = by[4 * r] * own_[i] + by[4 * r + 1] * own_[n + i] + by[4 * r + 2] * own_[2 * n + i];
    write(moved, to + k, columns_, -1);
    for (std::size_t i = 0; i < 3 * n_; ++i) to[i * columns_ + 3 + k] = i % 3 == k ? -1 : 0;
  }
  for (std::size_t angle = 0; angle < 20; ++angle) {
    const std::size_t joint = angle % 4 == 0 ? 1 : angle % 4;
    skin(moved_by(angle), own_weights_, own_positions_, 4 * (angle / 4) + 1 + joint, moved);
    write(moved, to + 6 + angle, columns_, -1);
  }
}

}  // namespace adbench

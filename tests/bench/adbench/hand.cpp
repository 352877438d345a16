// A hand of bones and skin, posed by 26 angles and lengths, against measured points.
#include <algorithm>

#include "programs.hpp"

namespace fx = fluxion;

namespace adbench {
namespace {

constexpr double least_angle = 1e-4;

/// Rotations about the third axis by d and then the first by f, [.., 4, 4] for angles [..].
Array joint(const Array& f, const Array& d) {
  const Array cf = fx::cos(f), sf = fx::sin(f), cd = fx::cos(d), sd = fx::sin(d), o = fx::zeros_like(f);
  const fx::Arrays entries{cd, -sd * cf, sd * sf, o, sd, cd * cf, -cd * sf, o, o, sf, cf, o, o, o, o, o + 1.0};
  return fx::stack(entries, -1).reshape({f.size(), 4, 4});
}

/// The bones' angles, of which only those of fingers move: flexion and abduction of a finger's second bone, flexion of
/// its third and fourth.
std::pair<Array, Array> angles(const Array& theta) {
  const Array of_fingers = theta[fx::range(6, 26)].reshape({5, 4});
  const Array none = fx::zeros({5, 1}), end = fx::zeros({1});
  const auto column = [&](int i) { return of_fingers(fx::ellipsis, fx::range(i, i + 1)); };
  const auto bones = [&](const fx::Arrays& columns) {  // the wrist, four bones per finger, the forearm
    return fx::concatenate({end, fx::concatenate(columns, 1).reshape({20}), end});
  };
  return {bones({none, column(0), column(2), column(3)}), bones({none, column(1), none, none})};
}

/// The bones' absolute transforms [bones, 4, 4], level by level.
Array absolute(const Array& relative, const HandData& data) {
  fx::Arrays levels;
  for (std::size_t i = 0; i < data.levels.size(); ++i) {
    const Array local = relative[data.levels[i]];
    levels.push_back(i == 0 ? local : fx::matmul(levels.back()[data.parents[i]], local));
  }
  return fx::concatenate(levels)[data.position];
}

/// The rotation by a vector, [3, 3]; none where it is tiny.
Array rotation(const Array& r) {
  const Array squared = fx::dot(r, r), turns = squared >= least_angle * least_angle;
  const Array angle = fx::sqrt(fx::where(turns, squared, 1.0));
  const Array axis = r / angle, zero = fx::zeros({});
  const Array cross = fx::stack({zero, -axis[2], axis[1], axis[2], zero, -axis[0], -axis[1], axis[0], zero});
  const Array turned = fx::cos(angle) * fx::eye(3) + (1.0 - fx::cos(angle)) * fx::outer(axis, axis) +
                       fx::sin(angle) * cross.reshape({3, 3});
  return fx::where(turns, turned, fx::eye(3));
}

/// The bones' transforms [bones, 3, 4], with the motion of the hand as a whole.
Array pose(const Array& theta, const HandData& data) {
  const auto [flexion, abduction] = angles(theta);
  const Array relative = fx::matmul(data.base, joint(flexion, abduction));
  const Array motion = fx::concatenate({rotation(theta[fx::range(0, 3)]), theta[fx::range(3, 6)].reshape({3, 1})}, 1);
  return fx::matmul(motion, fx::matmul(absolute(relative, data), data.inverse));
}

/// Vertices [3, v] of the posed hand.
Array posed(const Array& theta, const HandData& data) {
  const Array blended = fx::tensordot(pose(theta, data), data.weights, {0}, {0});  // [3, 4, v]
  return fx::sum(blended * data.vertices, 1);
}

/// The point at (u, v) in a triangle.
Array inside(const Array& u, const Array& v, const Array& a, const Array& b, const Array& c) {
  return u * a + v * b + (1.0 - u - v) * c;
}

}  // namespace

Hand hand_of(const HandInput& in) {
  return {fx::array(in.theta), fx::array(in.us, {static_cast<std::int64_t>(in.us.size() / 2), 2})};
}

HandData hand_data_of(const HandInput& in) {
  const auto& m = in.model;
  const auto bones = static_cast<std::int64_t>(m.parents.size());
  const auto n = static_cast<std::int64_t>(in.correspondences.size());
  const auto vertices = static_cast<std::int64_t>(m.vertices.size() / 3);
  HandData out;
  std::vector<std::size_t> level(m.parents.size(), 0);
  std::vector<std::int64_t> place(m.parents.size(), 0);
  for (std::size_t b = 0; b < m.parents.size(); ++b) {
    if (m.parents[b] >= 0) level[b] = level[static_cast<std::size_t>(m.parents[b])] + 1;
    out.levels.resize(std::max(out.levels.size(), level[b] + 1));
    out.parents.resize(out.levels.size());
    place[b] = static_cast<std::int64_t>(out.levels[level[b]].size());
    out.levels[level[b]].push_back(static_cast<std::int64_t>(b));
    out.parents[level[b]].push_back(m.parents[b] < 0 ? 0 : place[static_cast<std::size_t>(m.parents[b])]);
  }
  for (std::size_t b = 0; b < m.parents.size(); ++b) {
    auto at = place[b];
    for (std::size_t i = 0; i < level[b]; ++i) at += static_cast<std::int64_t>(out.levels[i].size());
    out.position.push_back(at);
  }
  out.base = fx::array(m.base, {bones, 4, 4});
  out.inverse = fx::array(m.inverse, {bones, 4, 4});
  out.weights = fx::array(m.weights, {bones, vertices});
  out.vertices = fx::concatenate({fx::array(m.vertices, {vertices, 3}).T(), fx::ones({1, vertices})});
  out.skin = fx::einsum("bv,cv->vbc", out.weights, out.vertices).reshape({vertices, 4 * bones});
  out.points = fx::array(in.points, {n, 3});
  if (in.us.empty()) {
    out.corners = fx::array(in.correspondences);
  } else {
    std::vector<std::int64_t> corners;
    for (std::size_t c = 0; c < 3; ++c)
      for (const auto t : in.correspondences) corners.push_back(m.triangles.at(static_cast<std::size_t>(t))[c]);
    out.corners = fx::array(corners, {3, n});
  }
  return out;
}

Array hand_objective(const Hand& x, const HandData& data) {
  const Array at = fx::take(posed(x.theta, data), data.corners, 1);  // [3, n], or those of triangles [3, 3, n]
  if (x.us.size() == 0) return data.points - at.T();
  const Array u = x.us(fx::ellipsis, 0), v = x.us(fx::ellipsis, 1);
  return data.points - inside(u, v, at(fx::range(), 0), at(fx::range(), 1), at(fx::range(), 2)).T();
}

Array hand_jacobian(const Hand& x, const HandData& data) {
  const auto n = data.points.shape(0), bones = data.base.shape(0);
  // Points are linear in the transforms of bones, which depend on the hand's motion and on their own finger's angles
  // alone: those of all fingers are moved together.
  const Array motion = x.theta[fx::range(0, 6)], angles = x.theta[fx::range(6, 26)].reshape({5, 4});
  const auto transforms = [&](const Array& of_hand, const Array& by) {  // as columns: [bones, 4, 3]; to be subtracted
    const Array all = -fx::swapaxes(pose(fx::concatenate({of_hand, fx::ravel(angles + by)}), data), 1, 2);
    return std::pair(all, all);
  };
  const auto [moved, now] = fx::jacfwd(transforms, fx::argnums<0, 1>, fx::has_aux)(motion, fx::zeros({4}));
  const auto& [of_motion, of_angles] = moved;

  const Array skin = fx::take(data.skin, data.corners, 0);  // [n, 4 bones], or of three corners [3, n, 4 bones]
  const auto within = [](const Array& us, const Array& of) {
    return inside(us(fx::ellipsis, fx::range(0, 1)), us(fx::ellipsis, fx::range(1, 2)), of[0], of[1], of[2]);
  };
  const Array own = x.us.size() == 0 ? skin : within(x.us, skin);
  const Array by_motion = fx::dot(own, of_motion.reshape({4 * bones, 18})).reshape({n, 3, 6});
  const Array of_fingers = own(fx::range(), fx::range(4, 84)).reshape({n, 5, 16});
  const Array by_angles = fx::einsum("nfk,fkr->nfr", of_fingers, of_angles[fx::range(1, 21)].reshape({5, 16, 12}));
  fx::Arrays all{by_motion, fx::swapaxes(by_angles.reshape({n, 5, 3, 4}), 1, 2).reshape({n, 3, 20})};
  if (x.us.size() != 0) {  // all u are moved together: each correspondence depends on its own alone
    const Array corners = fx::dot(skin, now.reshape({4 * bones, 3}));
    all.insert(all.begin(), fx::jacfwd([&](const Array& by) { return within(x.us + by, corners); })(fx::zeros({2})));
  }
  return fx::concatenate(all, -1);
}

}  // namespace adbench

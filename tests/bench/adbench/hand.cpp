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

/// Vertices [3, v] of the posed hand, given as `weights` [bones, v] and `vertices` [4, v].
Array posed(const Array& theta, const HandData& data, const Array& weights, const Array& vertices) {
  const auto [flexion, abduction] = angles(theta);
  const Array relative = fx::matmul(data.base, joint(flexion, abduction));
  const Array transforms = fx::matmul(absolute(relative, data), data.inverse)(fx::range(), fx::range(0, 3));
  const Array blended = fx::tensordot(transforms, weights, {0}, {0});  // [3, 4, v]
  const Array skin = fx::sum(blended * vertices, 1);
  return fx::dot(rotation(theta[fx::range(0, 3)]), skin) + fx::expand_dims(theta[fx::range(3, 6)], 1);
}

/// Measured points less those at `corners`: vertices [3, n], or three [3, 3 n] per point.
Array residuals(const Hand& x, const Array& corners, const HandData& data) {
  if (data.corners.ndim() == 1) return data.points - corners.T();
  const Array at = corners.reshape({3, 3, -1}), u = x.us(fx::ellipsis, 0), v = x.us(fx::ellipsis, 1);
  const Array inside = u * at(fx::range(), 0) + v * at(fx::range(), 1) + (1.0 - u - v) * at(fx::range(), 2);
  return data.points - inside.T();
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
  return residuals(x, fx::take(posed(x.theta, data, data.weights, data.vertices), data.corners, 1), data);
}

Array hand_jacobian(const Hand& x, const HandData& data) {
  const Array corners = fx::ravel(data.corners);
  const Array weights = fx::take(data.weights, corners, 1), vertices = fx::take(data.vertices, corners, 1);
  const auto objective = [&](const Array& theta, const Array& us) {
    return residuals({theta, us}, posed(theta, data, weights, vertices), data);
  };
  if (x.us.shape(0) == 0)
    return fx::jacfwd([&](const Array& theta) { return objective(theta, x.us); })(x.theta);
  // All u are moved together: each correspondence depends on its own alone.
  const auto moved = [&](const Array& by, const Array& theta) { return objective(theta, x.us + by); };
  const auto [of_u, of_theta] = fx::jacfwd(moved, fx::argnums<0, 1>)(fx::zeros({2}), x.theta);
  return fx::concatenate({of_u, of_theta}, -1);
}

}  // namespace adbench

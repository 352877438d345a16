// Laws between transformations: what they give must be the same whichever way it is reached.
#include <fluxion/transforms/checkpoint.hpp>
#include "base/text.hpp"
#include "testing/grads.hpp"
#include "testing/values.hpp"
#include "transforms/jet.hpp"

namespace fluxion::testing {

namespace {

Arrays joined(Arrays a, const Arrays& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

constexpr std::size_t kLanes = 3;

// The map for several inputs at once, the point being one for all.
Arrays mapped(const FlatFn& f, const Arrays& args, const std::vector<Arrays>& moving) {
  fluxion::detail::FlatAxes axes(args.size(), std::nullopt);
  Arrays in = args;
  for (std::size_t k = 0; k < moving[0].size(); ++k) {
    Arrays lanes;
    for (const auto& m : moving) lanes.push_back(m[k]);
    in.push_back(stack_lanes(lanes, 0));
    axes.push_back(0);
  }
  return fluxion::detail::vmap_flat(f, in, axes, static_cast<std::int64_t>(moving.size()),
                                    [](std::size_t n) { return fluxion::detail::FlatAxes(n, 0); });
}

void hold_vmap(Findings& findings, const std::string& law, const Agreement& agreement, const FlatFn& f,
               const Arrays& args, const std::vector<Arrays>& moving) {
  const auto all = mapped(f, args, moving);
  for (std::size_t lane = 0; lane < moving.size(); ++lane) {
    const auto at = joined(args, moving[lane]);
    agreement.hold(findings, law, "lane " + std::to_string(lane),
                   lane_of(all, static_cast<std::int64_t>(lane)), f(at), at);
  }
}

}  // namespace

void LevelCheck::other_transformations() {
  const Agreement values(program_, level_.args, false);
  try {
    other_forms_of_jvp();
    if (reverse_) other_forms_of_vjp(values);
  } catch (const ConcretizationError&) {
    findings_.tally("jit, vmap, checkpoint: do not apply, for f looks at values");
  } catch (const Error& e) {
    disagree(law("derivatives under jit, vmap and checkpoint"), text("it threw: ", e.what()));
  }
}

void LevelCheck::same_values(const Agreement& agreement, const char* what, const Arrays& all) {
  const Arrays primals(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(results_.size()));
  agreement.hold(findings_, "values under jvp and vjp are those of f", what, primals, results_, level_.args);
}

void LevelCheck::other_forms_of_jvp() {
  const auto jvp = jvp_of(level_.f, active_);
  const auto at = forward_->own_operands(directions_[0]);
  const auto pushed = jvp(at);
  const Agreement rounded(forward_->program(), at, promises_bits(*forward_->program().jaxpr));
  const Agreement exact(forward_->program(), at, true);
  rounded.hold(findings_, law("linearize equals jvp"), "linearize", linearized_of(level_.f, active_)(at), pushed, at);
  exact.hold(findings_, law("jit of jvp equals jvp"), "jit", jitted(jvp, at), pushed, at);
  std::vector<Arrays> tangents;
  for (std::size_t i = 0; i < directions_.size() && i < kLanes; ++i)
    tangents.push_back(forward_->in().tangents(directions_[i]));
  hold_vmap(findings_, law("vmap of jvp equals the loop"), rounded, jvp, level_.args, tangents);
}

void LevelCheck::other_forms_of_vjp(const Agreement& values) {
  const auto vjp = vjp_of(level_.f, active_);
  const auto cts = covectors(reference_.out().size(), kLanes, numbers_);
  const auto at = reverse_->own_operands(cts[0]);
  const auto pulled = vjp(at);
  same_values(values, "vjp", pulled);
  const Agreement rounded(reverse_->program(), at, promises_bits(*reverse_->program().jaxpr));
  const Agreement exact(reverse_->program(), at, true);
  const auto again = checkpoint([f = level_.f](const Arrays& xs) { return f(xs); });
  const FlatFn recomputed = [&again](const Arrays& xs) { return again(xs); };
  rounded.hold(findings_, law("checkpoint changes no derivative"), "vjp of checkpoint",
               vjp_of(recomputed, active_)(at), pulled, at);
  exact.hold(findings_, law("jit of vjp equals vjp"), "jit", jitted(vjp, at), pulled, at);
  std::vector<Arrays> lanes;
  for (std::size_t i = 0; i < kLanes; ++i) lanes.push_back(reverse_->in().tangents(cts[i]));
  hold_vmap(findings_, law("vmap of vjp equals the loop"), rounded, vjp, level_.args, lanes);
}

// The level is the jvp of f at (x, t), and its jvp along (s, 0) ends with D^2 f [t, s].
void LevelCheck::second_derivatives(const Subject& f) {
  const auto n = Layout(f.args).size();
  if (directions_.size() < 2 || directions_[0].size() != 2 * n) return;
  const auto second = [&](const Vec& t, const Vec& s, Vec* noise) {
    auto along = s;
    along.resize(2 * n);
    const auto at = joined(f.args, Layout(f.args).tangents(t));
    const auto all = forward_->at(at, along);
    const auto half = static_cast<std::ptrdiff_t>(all.size() / 2);
    if (noise != nullptr) {
      const auto spread = forward_->noise_at(at, along, all);
      noise->assign(spread.begin() + half, spread.end());
    }
    return Vec(all.begin() + half, all.end());
  };
  const auto first_half = [n](const Vec& v) { return Vec(v.begin(), v.begin() + static_cast<std::ptrdiff_t>(n)); };
  for (std::size_t i = 0; i + 1 < directions_.size() && i < 8; i += 2) {
    const auto t = first_half(directions_[i]), s = first_half(directions_[i + 1]);
    Vec noise, other;
    const auto ts = second(t, s, &noise), st = second(s, t, &other);
    for (std::size_t k = 0; k < noise.size(); ++k) noise[k] += other[k];
    close("second derivatives are symmetric", ts, st, noise, {}, "D2f[t, s] and D2f[s, t]");
  }
  std::vector<Arrays> series;
  std::size_t next = 0;
  const auto tangents = Layout(f.args).tangents(first_half(directions_[0]));
  const auto t = Layout(tangents).read(tangents);  // as it is in the program's own dtype
  for (const auto& x : f.args) series.push_back(is_inexact(x.dtype()) ? Arrays{tangents[next++], Array()} : Arrays{});
  JetOut jet;
  try {
    jet = jet_symbolic(f.f, {f.args, series, 2});
  } catch (const UnsupportedError&) {
    return;
  }
  Vec noise;
  const auto want = second(t, t, &noise);
  Arrays got;
  for (std::size_t k = 0; k < jet.primals.size(); ++k) {
    if (!is_inexact(jet.primals[k].dtype())) continue;
    const bool zero = jet.series[k].size() < 2 || jet.series[k][1].is_empty_handle();
    got.push_back(zero ? fluxion::detail::zeros_like_aval(jet.primals[k].aval()) : jet.series[k][1]);
  }
  // Taylor mode goes another way, whose roundings are its own, in the program's own dtype.
  const double coarser = std::max(1.0, forward_->own_eps() / 0x1p-52);
  double scale = 0;  // a zero among them is a difference of numbers of this size, rounded to the dtype
  for (const double w : want)
    if (coarser > 1 && std::isfinite(w)) scale = std::max(scale, std::fabs(w));
  for (const double v : reference_.value())
    if (coarser > 1 && std::isfinite(v)) scale = std::max(scale, forward_->own_eps() * std::fabs(v));
  for (std::size_t k = 0; k < noise.size(); ++k)
    noise[k] = coarser * (4 * noise[k] + 16 * 0x1p-52 * std::max(scale, std::fabs(want[k])));
  close("Taylor mode equals nested jvp", Layout(got).read(got), want, noise, {}, "the second derivative");
}

}  // namespace fluxion::testing

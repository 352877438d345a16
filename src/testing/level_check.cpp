// One level's numbers: jvp against differences, vjp against jvp by the inner product, narrow dtypes against float64.
#include <algorithm>
#include <cmath>
#include <utility>

#include "base/text.hpp"
#include "testing/grads.hpp"

namespace fluxion::testing {

namespace {

constexpr double kReferenceFactor = 16;  // estimates of truncation error are estimates

bool all_finite(const Vec& v) {
  return std::all_of(v.begin(), v.end(), [](double x) { return std::isfinite(x); });
}

bool within(const Vec& got, const Vec& want, const Vec& noise) {
  for (std::size_t k = 0; k < want.size(); ++k)
    if (!(std::fabs(got[k] - want[k]) <= noise[k])) return false;
  return true;
}

Arrays inexact(const Arrays& xs) {
  Arrays out;
  for (const auto& x : xs)
    if (is_inexact(x.dtype())) out.push_back(x);
  return out;
}

// What is lost when a number of a dtype with that eps becomes too small for it.
double smallest_of(double eps) { return eps == eps_of(DType::float16) ? 8 * 0x1p-24 : 8 * 0x1p-126; }

bool has_custom_rules(const Jaxpr& jaxpr) {
  return std::any_of(jaxpr.eqns.begin(), jaxpr.eqns.end(), [](const Eqn& e) {
    if (e.prim->name().starts_with("custom_")) return true;
    for (const auto& [name, programs] : Fields(e.params.view()).programs)
      for (const auto& p : programs)
        if (p != nullptr && has_custom_rules(*p)) return true;
    return false;
  });
}

}  // namespace

LevelCheck::LevelCheck(const Level& level, const CheckOptions& options, Numbers& numbers, Findings& findings)
    : level_(level), options_(options), numbers_(numbers), findings_(findings), active_(active_of(level.args)),
      program_(program_of(level.f, level.args)), reference_(program_, level.args, level.stops),
      results_(Evaluated(program_)(level.args)) {}

std::string LevelCheck::law(const char* what) const {
  return level_.order == 1 ? std::string(what) : text(what, ", order ", level_.order, " (of ", level_.name, ")");
}

void LevelCheck::disagree(const std::string& law, std::string what) {
  Disagreement d{law, std::move(what), level_.order};
  d.numbers = false;
  d.point = level_.args;
  findings_.add(std::move(d));
}

void LevelCheck::run() {
  if (reference_.in().size() == 0 || reference_.out().size() == 0) return;
  directions_ = directions(reference_.in(), reference_.x(), static_cast<std::size_t>(options_.directions), numbers_);
  try {
    forward_ = std::make_unique<DerivativeMap>(jvp_of(level_.f, active_), level_.args, inexact(level_.args),
                                               results_, level_.eps);
  } catch (const Error& e) {
    return disagree(law("jvp equals differences"), text("jvp threw: ", e.what()));
  }
  if (!forward_->misfit().empty())
    return disagree(law("tangents are like their primals"), "jvp: tangent " + forward_->misfit());
  ++findings_.tally(law("tangents are like their primals")).agree;
  // First of all: a rule that gives other values is wrong in every derivative that is made of them.
  if (level_.order == 1)
    same_values(Agreement(program_, level_.args, false), "jvp",
                Evaluated(forward_->program())(forward_->own_operands(directions_[0])));
  if (findings_.failed()) return;
  for (const auto& d : directions_) {
    pushed_.push_back((*forward_)(d));
    pushed_noise_.emplace_back(pushed_.back().size());  // measured when a comparison needs it
  }
  jvp_equals_reference();
  if (options_.laws && !findings_.failed()) linearity(*forward_, "jvp is linear in the tangent", directions_);
  // Before reverse mode, so that a rule's loss of precision is not laid to a transpose.
  if (!findings_.failed() && forward_->narrow() && forward_->widened())
    own_precision(*forward_, "jvp in its own precision equals float64", directions_);
  if (findings_.failed() || (options_.reverse && !reverse())) return;
  if (options_.laws) structural();
}

// False if there is nothing to go on with.
bool LevelCheck::reverse() {
  try {
    reverse_ = std::make_unique<DerivativeMap>(vjp_of(level_.f, active_), level_.args, inexact(results_),
                                               level_.args, level_.eps);
  } catch (const Error& e) {
    disagree(law("vjp satisfies the inner-product identity"), text("vjp threw: ", e.what()));
    findings_.disagreements.back().transposed = true;
    return false;
  }
  const auto fits = law("cotangents are like their primals");
  if (!reverse_->misfit().empty()) {
    disagree(fits, "vjp: cotangent " + reverse_->misfit());
    findings_.disagreements.back().transposed = true;
    return false;
  }
  ++findings_.tally(fits).agree;
  inner_products();
  return !findings_.failed();
}

void LevelCheck::jvp_equals_reference() {
  scale_.assign(reference_.out().size(), 0);
  for (const auto& d : directions_) {
    estimates_.push_back(reference_.along(d));
    const auto& e = estimates_.back();
    for (std::size_t k = 0; k < scale_.size(); ++k)
      if (e.kind[k] == Kind::smooth && std::isfinite(e.value[k]))
        scale_[k] = std::max(scale_[k], std::fabs(e.value[k]));
  }
  // A derivative that is zero in all directions is known as well as those of its neighbours, or as the value.
  for (std::size_t leaf = 0; leaf < reference_.out().leaves(); ++leaf) {
    double largest = 0;
    for (auto k = reference_.out().begin(leaf); k < reference_.out().begin(leaf + 1); ++k)
      largest =
          std::max({largest, scale_[k],
                    std::isfinite(reference_.value()[k]) ? 1e-3 * std::fabs(reference_.value()[k]) : 0});
    for (auto k = reference_.out().begin(leaf); k < reference_.out().begin(leaf + 1); ++k)
      scale_[k] = std::max(scale_[k], 1e-3 * largest);
  }
  infinite_.assign(scale_.size(), 0);
  for (std::size_t i = 0; i < directions_.size(); ++i)
    for (std::size_t k = 0; k < scale_.size(); ++k)
      infinite_[k] |= std::isinf(pushed_[i][k]);
  for (std::size_t i = 0; i < directions_.size() && findings_.disagreements.size() < 8; ++i) {
    auto& tally = findings_.tally(law("jvp equals differences"));
    for (std::size_t k = 0; k < scale_.size(); ++k)
      judge_one(k, i, tally);
  }
}

const Vec& LevelCheck::full_noise(std::size_t i) {
  if (full_.size() < directions_.size()) full_.resize(directions_.size(), 0);
  if (!std::exchange(full_[i], 1)) pushed_noise_[i] = forward_->noise(directions_[i], pushed_[i]);
  return pushed_noise_[i];
}

void LevelCheck::judge_one(std::size_t k, std::size_t i, Tally& tally) {
  const auto &direction = directions_[i], &got = pushed_[i], &noise = pushed_noise_[i];
  const auto& first = estimates_[i];
  const auto compare = [&](const Estimate& e) {
    return Comparison{e.value[k], kReferenceFactor * e.error[k], got[k], noise[k], scale_[k]};
  };
  auto c = compare(first);
  auto kind = first.kind[k];
  auto says = kind == Kind::smooth ? verdict(c, options_.slack) : Verdict::disagree;
  if (says != Verdict::agree && kind == Kind::smooth) {
    full_noise(i);
    c = compare(first);
    says = verdict(c, options_.slack);
  }
  if (says == Verdict::agree) {
    ++tally.agree;
    return;
  }
  if (kind == Kind::smooth && says == Verdict::disagree) {
    const auto second = reference_.again(direction);
    if (second.kind[k] != Kind::smooth) {
      kind = second.kind[k];
    } else {
      const auto other = compare(second);
      says = verdict(other, options_.slack);
      if (says == Verdict::agree) {
        ++tally.agree;
        return;
      }
    }
  }
  Disagreement d{law("jvp equals differences"), "tangent of result " + reference_.out().place(k), level_.order};
  d.point = level_.args;
  d.direction = forward_->in().tangents(direction);
  d.got = c.got;
  d.expected = c.expected;
  d.expected_error = c.expected_error;
  d.tolerance = tolerance(c, options_.slack);
  if (kind == Kind::kink) d.what += ", at a kink";
  const bool kinked = kind == Kind::kink && unknown_kink(k, first, got[k]);
  if (kind == Kind::non_finite || (std::isnan(got[k]) && infinite_[k])) {
    ++tally.non_finite;
  } else if (settled_by_kept_decisions(k, direction, got[k], noise[k], kinked, tally, d)) {
    return;
  } else if (kinked) {
    ++tally.kink;
  } else if (says == Verdict::ill_conditioned || !std::isfinite(d.tolerance)) {
    ++tally.ill_conditioned;
  } else {
    findings_.add(std::move(d));
  }
}

// Whether the derivative is one of those that a kink of the user's own allows: between the one-sided ones. The
// derivative of such a function is not continuous there, and nothing is said of its derivatives.
bool LevelCheck::unknown_kink(std::size_t k, const Estimate& e, double got) const {
  if (level_.kinks_below) return true;
  const auto [low, high] = std::minmax(e.left[k], e.right[k]);
  const double slope = std::max(std::fabs(low), std::fabs(high)), room = 1e-3 * slope;
  return !std::isfinite(slope) || (got >= low - room && got <= high + room);
}

// The derivative of the program whose comparisons, maxima, orders ... are those of the point, with the slopes of the
// sub-gradient table at ties. True if that is the last word.
bool LevelCheck::settled_by_kept_decisions(std::size_t k, const Vec& direction, double got, double noise,
                                           bool kinked, Tally& tally, Disagreement& d) {
  const auto kept = reference_.with_decisions_kept(direction);
  if (!kept || kept->kind[k] != Kind::smooth) return false;
  const Comparison c{kept->value[k], kReferenceFactor * kept->error[k], got, noise, scale_[k]};
  const auto says = verdict(c, options_.slack);
  if (says == Verdict::ill_conditioned) return false;
  if (says == Verdict::agree) {
    ++tally.agree;
    if (reference_.at_kink()) ++tally.at_kink;
    return true;
  }
  if (kinked && has_custom_rules(*program_.jaxpr)) return false;  // a rule may choose another slope than the table
  d.expected = c.expected;
  d.expected_error = c.expected_error;
  d.tolerance = tolerance(c, options_.slack);
  if (d.what.ends_with("at a kink")) d.what += ", where docs/subgradients.md says what it must be";
  findings_.add(std::move(d));
  return true;
}

void LevelCheck::inner_products() {
  const auto cts = covectors(reference_.out().size(), 8, numbers_);
  std::vector<Vec> pulled, noises;
  for (const auto& ct : cts) {
    pulled.push_back((*reverse_)(ct));
    noises.emplace_back(pulled.back().size());
  }
  for (std::size_t i = 0; i < directions_.size(); ++i) {
    double scale = 0;
    for (const auto& ct : cts) {
      const double p = pairing_magnitude(ct, pushed_[i]);
      if (std::isfinite(p)) scale = std::max(scale, p);
    }
    for (std::size_t j = 0; j < cts.size(); ++j) judge_product(cts[j], pulled[j], noises[j], i, scale);
  }
  if (reverse_->narrow() && reverse_->widened())
    own_precision(*reverse_, "vjp in its own precision equals float64", cts);
}

void LevelCheck::judge_product(const Vec& ct, const Vec& pulled, Vec& pulled_noise, std::size_t direction,
                               double scale) {
  const auto name = law("vjp satisfies the inner-product identity");
  auto& tally = findings_.tally(name);
  const auto& d = directions_[direction];
  const bool known = options_.forward;
  const auto& e = estimates_[direction];
  const auto& forward = known ? pushed_[direction] : e.value;
  if (!known && std::any_of(e.kind.begin(), e.kind.end(), [](Kind kind) { return kind != Kind::smooth; })) {
    ++tally.kink;
    return;
  }
  const double left = pairing(reference_.out(), ct, forward), right = pairing(reference_.in(), pulled, d);
  if (!std::isfinite(left)) {
    ++tally.non_finite;
    return;
  }
  const double eps = reverse_->narrow() && !reverse_->widened() ? reverse_->own_eps() : 0x1p-52;
  const double rounding = 16 * eps * (pairing_magnitude(ct, forward) + pairing_magnitude(pulled, d));
  const auto compare = [&](const Vec& pushed_noise, const Vec& pulled_noise) {
    const double left_error =
        known ? pairing_magnitude(ct, pushed_noise) : kReferenceFactor * pairing_magnitude(ct, e.error);
    return Comparison{left, rounding + left_error, right, rounding + pairing_magnitude(pulled_noise, d), scale};
  };
  const auto judge = [&](const Comparison& c) {
    return std::isfinite(right) ? verdict(c, options_.slack) : Verdict::disagree;
  };
  auto c = compare(pushed_noise_[direction], pulled_noise);
  auto says = judge(c);
  if (says != Verdict::agree && std::isfinite(right)) {
    if (std::all_of(pulled_noise.begin(), pulled_noise.end(), [](double x) { return x == 0; }))
      pulled_noise = reverse_->noise(ct, pulled);
    c = compare(full_noise(direction), pulled_noise);
    says = judge(c);
  }
  if (says == Verdict::agree) {
    ++tally.agree;
    return;
  }
  if (says == Verdict::ill_conditioned) {
    ++tally.ill_conditioned;
    return;
  }
  Disagreement wrong{name, "<ct, J t> and <J^T ct, t>", level_.order, true};
  wrong.point = level_.args;
  wrong.direction = forward_->in().tangents(d);
  wrong.expected = left;
  wrong.expected_error = c.expected_error;
  wrong.got = right;
  wrong.tolerance = tolerance(c, options_.slack);
  findings_.add(std::move(wrong));
}

// What the user gets in float32 or less, against the same program in float64.
void LevelCheck::own_precision(const DerivativeMap& map, const char* what, const std::vector<Vec>& inputs) {
  const auto name = law(what);
  for (std::size_t i = 0; i < inputs.size() && i < 4; ++i) {
    const auto want = map(inputs[i]), got = map.own_numbers(map.own(inputs[i])), noise = map.own_noise(inputs[i], want);
    auto& tally = findings_.tally(name);
    for (std::size_t k = 0; k < want.size(); ++k) {
      const double error = noise[k] + 16 * map.own_eps() * std::fabs(want[k]) + smallest_of(map.own_eps());
      if (std::fabs(want[k] - got[k]) <= options_.slack * error || want[k] == got[k]) ++tally.agree;
      else if (!std::isfinite(want[k]) || !std::isfinite(got[k])) ++tally.non_finite;
      else if (error > 0.1 * std::fabs(want[k])) ++tally.ill_conditioned;
      else
        findings_.add({name,
                       "number " + map.out().place(k),
                       level_.order,
                       false,
                       level_.args,
                       {},
                       want[k],
                       0,
                       got[k],
                       error});
    }
  }
}

// Equal up to what rounding explains.
void LevelCheck::close(const std::string& law, const Vec& got, const Vec& want, const Vec& noise,
                       const Vec& direction, const std::string& what) {
  double scale = 0;
  for (const double w : want)
    if (std::isfinite(w)) scale = std::max(scale, std::fabs(w));
  auto& tally = findings_.tally(law);
  for (std::size_t k = 0; k < want.size(); ++k) {
    if (!std::isfinite(want[k]) || !std::isfinite(noise[k])) {
      ++tally.non_finite;
      continue;
    }
    const Comparison c{want[k], 16 * 0x1p-52 * scale, got[k], 2 * noise[k], scale};
    const auto says = verdict(c, options_.slack);
    if (says == Verdict::agree) ++tally.agree;
    else if (says == Verdict::ill_conditioned) ++tally.ill_conditioned;
    else {
      Disagreement d{law, what + ", number " + std::to_string(k), level_.order};
      d.point = level_.args;
      if (!direction.empty()) d.direction = forward_->in().tangents(direction);
      d.expected = want[k];
      d.got = got[k];
      d.tolerance = tolerance(c, options_.slack);
      return findings_.add(std::move(d));
    }
  }
}

void LevelCheck::linearity(const DerivativeMap& map, const char* what, const std::vector<Vec>& inputs) {
  const auto name = law(what);
  const double eps = map.narrow() && !map.widened() ? map.own_eps() : 0x1p-52;
  for (std::size_t i = 0; i + 1 < inputs.size() && i < 6; i += 2) {
    Vec both = inputs[i], minus = inputs[i];
    for (std::size_t j = 0; j < both.size(); ++j) {
      both[j] += inputs[i + 1][j];
      minus[j] = -minus[j];
    }
    const auto a = map(inputs[i]), b = map(inputs[i + 1]), sum = map(both);
    if (!all_finite(a) || !all_finite(b)) continue;
    auto want = a, negative = a;
    for (std::size_t k = 0; k < want.size(); ++k) {
      want[k] += b[k];
      negative[k] = -negative[k];
    }
    const auto noise_of = [&](auto&& noise) {
      Vec both_noises = noise(inputs[i], a);
      const auto more = noise(inputs[i + 1], b);
      for (std::size_t k = 0; k < more.size(); ++k)
        both_noises[k] += more[k] + 64 * eps * (std::fabs(a[k]) + std::fabs(b[k]));
      return both_noises;
    };
    const auto minus_got = map(minus);
    auto noise = noise_of([](const Vec&, const Vec& r) { return Vec(r.size()); });
    for (const int samples : {Noisy::kAll, Noisy::kSecondLook})
      if (!within(sum, want, noise) || !within(minus_got, negative, noise))
        noise = noise_of([&map, samples](const Vec& v, const Vec& r) { return map.noise(v, r, samples); });
    close(name, sum, want, noise, {}, "the sum of two");
    close(name, minus_got, negative, noise, {}, "the negative");
  }
}

void LevelCheck::structural() {
  if (reverse_) linearity(*reverse_, "vjp is linear in the cotangent", covectors(reference_.out().size(), 4, numbers_));
  if (level_.order == 1 && !findings_.failed()) other_transformations();
  if (level_.jvp_of != nullptr && !findings_.failed()) second_derivatives(*level_.jvp_of);
}

}  // namespace fluxion::testing

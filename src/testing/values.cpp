#include "testing/values.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include <fluxion/lax.hpp>
#include <fluxion/random.hpp>
#include "base/text.hpp"
#include "core/evaluate.hpp"

namespace fluxion::testing {

namespace {

void wrong(Findings& findings, const std::string& law, std::string what, const Arrays& at) {
  Disagreement d{law, std::move(what), 0};
  d.numbers = false;
  d.point = at;
  findings.add(std::move(d));
}

std::string shapes_differ(const Arrays& got, const Arrays& want) {
  if (got.size() != want.size()) return text(got.size(), " results instead of ", want.size());
  for (std::size_t k = 0; k < got.size(); ++k)
    if (!same_type(got[k].aval(), want[k].aval()))
      return text("result ", k, " is ", got[k].aval(), " instead of ", want[k].aval());
  return {};
}

// The first number that differs.
Disagreement first_difference(const std::string& law, const std::string& what, const Arrays& got, const Arrays& want) {
  const Layout layout(want);
  const auto a = layout.read(got), b = layout.read(want);
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i] != b[i] && !(std::isnan(a[i]) && std::isnan(b[i])))
      return {law, what + ", result " + layout.place(i) + ", to the bit", 0, false, {}, {}, b[i], 0, a[i], 0};
  Disagreement d{law, what + ": results that are no floating numbers, or the signs of zeros, differ", 0};
  d.numbers = false;
  return d;
}

}  // namespace

bool promises_bits(const Jaxpr& jaxpr) {
  return std::all_of(jaxpr.eqns.begin(), jaxpr.eqns.end(), [](const Eqn& e) {
    if (!is_known(*e.prim) || e.prim->name() == "dot_general" || e.prim->name() == "conv_general_dilated") return false;
    if (const auto callee = e.prim->callee(e.params.view())) return promises_bits(*callee);
    for (const auto& [name, programs] : Fields(e.params.view()).programs)
      for (const auto& p : programs)
        if (p != nullptr && !promises_bits(*p)) return false;
    return true;
  });
}

Agreement::Agreement(const ClosedJaxpr& program, const Arrays& args, bool exact) : exact_(exact) {
  if (!exact) noisy_ = std::make_unique<Noisy>(program, args, Rounding{coarsest_eps(program.jaxpr->vars)});
}

/// How far each number may be from another computation's.
Vec Agreement::rounding(const Arrays& want, const Vec& numbers, const Arrays& at, int samples) const {
  const Layout layout(want);
  auto most = noisy_->spread(at, [&layout](const Arrays& results) { return layout.read(results); }, numbers, samples);
  double scale = 0;
  for (const double x : numbers)
    if (std::isfinite(x)) scale = std::max(scale, std::fabs(x));
  for (std::size_t i = 0; i < most.size(); ++i)
    most[i] = kNoiseFactor * most[i] + 16 * eps_of(layout.aval(layout.leaf_of(i)).dtype) * scale;
  return most;
}

namespace {

std::optional<std::size_t> first_outside(const Vec& a, const Vec& b, const Vec& most) {
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i] != b[i] && !(std::fabs(a[i] - b[i]) <= most[i]) && !(std::isnan(a[i]) && std::isnan(b[i]))) return i;
  return std::nullopt;
}

}  // namespace

void Agreement::hold(Findings& findings, const std::string& law, const std::string& what, const Arrays& got,
                     const Arrays& want, const Arrays& at) const {
  auto& tally = findings.tally(law);
  if (const auto problem = shapes_differ(got, want); !problem.empty())
    return wrong(findings, law, what + ": " + problem, at);
  if (same_bits(got, want)) {
    ++tally.agree;
    return;
  }
  auto d = first_difference(law, what, got, want);
  d.point = at;
  if (exact_ || !d.numbers) return findings.add(std::move(d));
  const auto a = Layout(want).read(got), b = Layout(want).read(want);
  auto most = rounding(want, b, at, Noisy::kAll);
  if (first_outside(a, b, most)) most = rounding(want, b, at, Noisy::kSecondLook);
  if (const auto i = first_outside(a, b, most)) {
    if (!std::isfinite(most[*i])) {
      ++tally.ill_conditioned;
      return;
    }
    d = {law, what + ", result " + Layout(want).place(*i), 0, false, at, {}, b[*i], 0, a[*i], most[*i]};
    return findings.add(std::move(d));
  }
  ++tally.agree;
}

Arrays jitted(const FlatFn& f, const Arrays& args) {
  std::vector<Aval> avals;
  for (const auto& x : args) avals.push_back(x.aval());
  Arrays out;
  fluxion::detail::call_jit(*fluxion::detail::trace_jit(f, avals, "f"), args, out);
  return out;
}

Arrays neighbours(const Arrays& args, Numbers& numbers) {
  const Layout layout(args);
  auto v = layout.read(args);
  for (auto& x : v) x *= 1 + static_cast<double>(numbers.below(16)) / 128 - 0.0625;
  auto out = layout.write(v, args);
  for (auto& x : out) {
    if (is_key(x.dtype()) && x.ndim() == 0) x = random::fold_in(x, static_cast<std::int64_t>(numbers.below(1000)));
    else if (is_integer(x.dtype()) && x.ndim() > 0) x = lax::rev(x, {x.ndim() - 1});
  }
  return out;
}

Array stack_lanes(const Arrays& lanes, std::int64_t axis) {
  Arrays parts;
  for (const auto& x : lanes) {
    Shape shape;
    for (std::int64_t d = 0; d <= x.ndim(); ++d)
      shape.push_back(d == axis ? 1 : x.shape()[static_cast<std::size_t>(d < axis ? d : d - 1)]);
    parts.push_back(lax::reshape(x, shape));
  }
  return lax::concatenate(parts, axis);
}

Arrays lane_of(const Arrays& stacked, std::int64_t lane) {
  Arrays out;
  for (const auto& x : stacked) out.push_back(lax::index_in_dim(x, lane, 0, false));
  return out;
}

namespace {

constexpr std::int64_t kLanes = 3;

// Which leaves are mapped: all choices of a few, a selection of many.
std::vector<std::vector<char>> choices(std::size_t n, Numbers& numbers) {
  std::vector<std::vector<char>> out;
  if (n <= 4) {
    for (unsigned bits = 1; bits < (1U << n); ++bits) {
      out.emplace_back(n, 0);
      for (std::size_t i = 0; i < n; ++i) out.back()[i] = static_cast<char>((bits >> i) & 1);
    }
    return out;
  }
  out.emplace_back(n, 1);
  for (int i = 0; i < 12; ++i) {
    out.emplace_back(n, 0);
    for (auto& m : out.back()) m = static_cast<char>(numbers.below(2));
    out.back()[numbers.below(n)] = 1;
  }
  return out;
}

Array stacked(const std::vector<Arrays>& lanes, std::size_t leaf, std::int64_t axis) {
  Arrays parts;
  for (const auto& lane : lanes) parts.push_back(lane[leaf]);
  return stack_lanes(parts, axis);
}

std::string describe(const std::vector<char>& mask, const std::vector<std::string>& paths, bool last) {
  std::string names;
  for (std::size_t i = 0; i < mask.size(); ++i)
    if (mask[i]) names += (names.empty() ? "" : ", ") + (i < paths.size() ? paths[i] : std::to_string(i));
  return "vmap over axis " + std::string(last ? "-1" : "0") + " of " + names;
}

}  // namespace

Findings examine_vmap(const Subject& subject, const CheckOptions& options) {
  Findings findings;
  Numbers numbers(seed_of(options) + 1);
  std::vector<Arrays> lanes{subject.args};
  while (lanes.size() < static_cast<std::size_t>(kLanes)) lanes.push_back(neighbours(subject.args, numbers));
  const auto program = program_of(subject.f, subject.args);
  const Agreement agreement(program, subject.args, promises_bits(*program.jaxpr));
  bool last = false;
  for (const auto& mask : choices(subject.args.size(), numbers)) {
    fluxion::detail::FlatAxes axes;
    Arrays in;
    for (std::size_t k = 0; k < mask.size(); ++k) {
      const auto axis = last ? subject.args[k].ndim() : 0;
      axes.push_back(mask[k] ? std::optional<std::int64_t>(axis) : std::nullopt);
      in.push_back(mask[k] ? stacked(lanes, k, axis) : subject.args[k]);
    }
    const auto what = describe(mask, subject.paths, last);
    Arrays all;
    try {
      all = fluxion::detail::vmap_flat(subject.f, in, axes, kLanes,
                                       [](std::size_t n) { return fluxion::detail::FlatAxes(n, 0); });
    } catch (const ConcretizationError&) {
      throw;  // f looks at its values, which is no fault of a rule
    } catch (const Error& e) {
      wrong(findings, "vmap equals the loop", text(what, " threw: ", e.what()), subject.args);
      return findings;
    }
    for (std::int64_t lane = 0; lane < kLanes; ++lane) {
      Arrays at;
      for (std::size_t k = 0; k < mask.size(); ++k)
        at.push_back(mask[k] ? lanes[static_cast<std::size_t>(lane)][k] : subject.args[k]);
      agreement.hold(findings, "vmap equals the loop", text(what, ", lane ", lane), lane_of(all, lane),
                     subject.f(at), at);
    }
    last = !last;
  }
  return findings;
}

Findings examine_jit(const Subject& subject, const CheckOptions& options) {
  Findings findings;
  Numbers numbers(seed_of(options) + 2);
  const Arrays points[] = {subject.args, neighbours(subject.args, numbers)};
  const auto program = program_of(subject.f, subject.args);
  const Agreement agreement(program, subject.args, true);
  for (const auto& at : points) {
    const auto eager = subject.f(at);
    try {
      agreement.hold(findings, "jit equals eager evaluation", "jit", jitted(subject.f, at), eager, at);
      agreement.hold(findings, "the jaxpr equals eager evaluation", "the interpreted jaxpr",
                     function_of(program)(at), eager, at);
    } catch (const ConcretizationError&) {
      throw;
    } catch (const Error& e) {
      wrong(findings, "jit equals eager evaluation", text("jit threw: ", e.what()), at);
      return findings;
    }
  }
  return findings;
}

namespace {

bool holds_tracer(const Arrays& xs) {
  return std::any_of(xs.begin(), xs.end(), [](const Array& x) { return tracer(x) != nullptr; });
}

}  // namespace

Findings examine_pure(const Subject& subject, const CheckOptions& options) {
  Findings findings;
  Numbers numbers(seed_of(options) + 3);
  const auto& at = subject.args;
  const auto first = subject.f(at);
  const auto program = program_of(subject.f, at);
  const Agreement exact(program, at, true);
  try {
    const auto second = subject.f(at);
    if (holds_tracer(second)) {
      wrong(findings, "no tracer is kept",
            "f returned a tracer of an earlier trace: it keeps values between calls", at);
      return findings;
    }
    exact.hold(findings, "the same results twice", "the second call", second, first, at);
  } catch (const UnexpectedTracerError& e) {
    wrong(findings, "no tracer is kept", text("f used a value of an earlier trace: ", e.what()), at);
    return findings;
  }
  ++findings.tally("no tracer is kept").agree;
  const auto again = program_of(subject.f, at);
  auto& same = findings.tally("the same jaxpr twice");
  if (to_string(*program.jaxpr) == to_string(*again.jaxpr) && same_bits(program.consts, again.consts)) ++same.agree;
  else wrong(findings, "the same jaxpr twice", "f did something else the second time that it was traced", at);
  const auto elsewhere = neighbours(at, numbers);
  exact.hold(findings, "the jaxpr says all", "f at another point, against its jaxpr", subject.f(elsewhere),
             function_of(program)(elsewhere), elsewhere);
  exact.hold(findings, "the same results twice", "a call after others", subject.f(at), first, at);
  return findings;
}

}  // namespace fluxion::testing

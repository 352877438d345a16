#include "transforms/jet.hpp"

#include <algorithm>
#include <string>

#include <fluxion/transforms/jet.hpp>
#include "base/text.hpp"
#include "core/ops.hpp"
#include "transforms/flat_calls.hpp"

namespace fluxion {

namespace {

bool all_zero(const Arrays& series) {
  return std::all_of(series.begin(), series.end(), [](const Array& x) { return x.is_empty_handle(); });
}

// An effect happens once, and its jvp rule says what derivatives make of it: nothing, or an error.
JetOut with_effect(const Primitive& p, const JetArgs& args, ParamsView params) {
  Arrays tangents;
  for (const auto& s : args.series) {
    const auto some = std::find_if(s.begin(), s.end(), [](const Array& x) { return !x.is_empty_handle(); });
    tangents.push_back(some != s.end() ? *some : Array());
  }
  auto out = p.jvp({args.primals, tangents}, params);
  if (!all_zero(out.tangents))
    throw UnsupportedError(text("jet: an operation with effects must have no derivative, got ", p.name(),
                                "; use nested fx::jvp, or fx::stop_gradient around its operands"));
  return {std::move(out.primals), std::vector<Arrays>(out.tangents.size())};
}

}  // namespace

Array JetTrace::wrap(const Array& value, const Arrays& series) {
  return all_zero(series) ? value : make_tracer<JetTracer>(value.aval(), shared_from_this(), value, series);
}

Arrays JetTrace::process(const Primitive& p, ArraySpan args, ParamsView params) {
  Arrays primals;
  std::vector<Arrays> series;
  bool any = false;
  for (const auto& x : args) {
    const auto* t = owns(x) ? static_cast<const JetTracer*>(tracer(x)) : nullptr;
    primals.push_back(t != nullptr ? t->value : x);
    series.push_back(t != nullptr ? t->series : Arrays());
    any |= t != nullptr;
  }
  const SetTrace outer(parent());
  if (!any) return p.bind(primals, params);
  const JetArgs jet_args{primals, series, order_};
  auto out = p.jet(jet_args, params);
  const bool alone = !out && p.callee(params) == nullptr;
  if (alone && p.effect(params) != Effect::none) out = with_effect(p, jet_args, params);
  if (!out) out = pushed_along(p, jet_args, params);
  for (std::size_t i = 0; i < out->primals.size(); ++i) out->primals[i] = wrap(out->primals[i], out->series[i]);
  return std::move(out->primals);
}

JetOut jet_symbolic(const detail::FlatFn& f, const JetArgs& args) {
  NewTrace<JetTrace> trace(args.order);
  Arrays in;
  for (std::size_t i = 0; i < args.primals.size(); ++i) in.push_back(trace->wrap(args.primals[i], args.series[i]));
  const auto results = f(in);
  check_results(results, "jet");
  JetOut out;
  for (const auto& x : results) {
    const auto* t = trace->owns(x) ? static_cast<const JetTracer*>(tracer(x)) : nullptr;
    out.primals.push_back(t != nullptr ? t->value : x);
    out.series.push_back(t != nullptr ? t->series : Arrays());
  }
  return out;
}

Mask moving(std::span<const Arrays> series) {
  Mask m;
  for (const auto& s : series) m.push_back(!s.empty());
  return m;
}

Arrays jet_operands(const JetArgs& args) {
  Arrays out(args.primals.begin(), args.primals.end());
  for (std::size_t i = 0; i < args.primals.size(); ++i)
    for (const auto& x : args.series[i]) out.push_back(ops::instantiate(x, ops::tangent_aval(args.primals[i].aval())));
  return out;
}

JetOut jet_results(ArraySpan out, const Mask& mask, std::size_t order) {
  JetOut results{{out.begin(), out.begin() + static_cast<std::ptrdiff_t>(mask.size())}, {}};
  auto rest = out.subspan(mask.size());
  for (char has : mask) {
    const auto own = rest.first(has ? order : 0);
    results.series.emplace_back(own.begin(), own.end());
    rest = rest.subspan(own.size());
  }
  return results;
}

namespace detail {

JetResult jet_call(FlatCall& f, const std::vector<TreeWriter>& series, const std::vector<std::size_t>& lengths) {
  check_leaves_hold_values(f, "jet");
  const auto roots = argument_names(f.arguments);
  const auto order = series.size(), n = f.leaves.size();
  for (std::size_t i = 0; i < lengths.size(); ++i)
    if (lengths[i] != lengths[0])
      throw ValueError(text("jet: the series of all arguments must have one length, got ", lengths[0], " for arg0 and ",
                            lengths[i], " for arg", i, "; an empty handle stands for a derivative of zero"));
  std::vector<Arrays> curves(n, Arrays(order));
  for (std::size_t j = 0; j < order; ++j) {
    const auto what = text("derivative of order ", j + 1);
    const auto given = checked_tangents(series[j], f.in, avals_of(f.leaves), "jet", what.c_str(), roots);
    for (std::size_t i = 0; i < n; ++i) curves[i][j] = given[i];
  }
  auto out = jet_symbolic([&f](const Arrays& in) { return f(in); }, {f.leaves, curves, order});
  JetResult result{std::move(out.primals), std::vector<Arrays>(order)};
  for (std::size_t i = 0; i < out.series.size(); ++i) {
    out.series[i].resize(order);
    for (std::size_t j = 0; j < order; ++j)
      result.series[j].push_back(ops::instantiate(out.series[i][j], ops::tangent_aval(result.primals[i].aval())));
  }
  return result;
}

}  // namespace detail
}  // namespace fluxion

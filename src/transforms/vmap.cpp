// Vectorisation: one axis of the operands is mapped, rules say how each primitive treats it; jax.vmap.
#include "transforms/vmap.hpp"

#include <optional>

#include "base/text.hpp"
#include "core/ops.hpp"
#include "core/rule_checks.hpp"

namespace fluxion {

BatchTrace::BatchTrace(TracePtr parent, BatchAxis axis)
    : Trace(std::move(parent)), size_(axis.size), name_(axis.name), outer_axes_(current_axes()) {
  if (named()) own_axis_ = std::make_shared<const AxisFrame>(AxisFrame{name_, size_, outer_axes_});
}

Array BatchTrace::wrap(const Array& value) {
  Aval element = value.aval();
  element.shape.erase(0);
  return make_tracer<BatchTracer>(std::move(element), shared_from_this(), value);
}

Arrays BatchTrace::process(const Primitive& p, ArraySpan args, ParamsView params) {
  Arrays values;
  std::vector<char> mapped;
  bool any_mapped = false;
  for (const auto& x : args) {
    const bool mine = owns(x);
    values.push_back(mine ? static_cast<const BatchTracer*>(tracer(x))->value : x);
    mapped.push_back(mine);
    any_mapped |= mine;
  }
  const SetTrace outer(parent());
  std::optional<SetAxes> outer_axes;
  if (named()) outer_axes.emplace(outer_axes_);
  if (!any_mapped && !(named() && uses_axis(p, params, name_))) return p.bind(values, params);
  auto out = p.batch({size_, values, mapped, name_}, params);
  check_batch_rule(p, args, params, out, size_);
  for (std::size_t i = 0; i < out.results.size(); ++i)
    if (out.mapped[i]) out.results[i] = wrap(out.results[i]);
  return std::move(out.results);
}

BatchOut vmap_symbolic(const detail::FlatFn& f, ArraySpan args, std::span<const char> mapped, BatchAxis axis) {
  NewTrace<BatchTrace> trace(axis);
  const SetAxes axes(trace->axes_inside());
  Arrays inside;
  for (std::size_t i = 0; i < args.size(); ++i) inside.push_back(mapped[i] ? trace->wrap(args[i]) : args[i]);
  BatchOut out;
  const auto results = f(inside);
  check_results(results, "vmap");
  for (const auto& x : results) {
    out.mapped.push_back(trace->owns(x));
    out.results.push_back(out.mapped.back() ? static_cast<const BatchTracer*>(tracer(x))->value : x);
  }
  return out;
}

namespace detail {

namespace {

Array place_axis(const Array& x, bool mapped, std::optional<std::int64_t> axis, std::int64_t size, bool sum_match) {
  if (!axis) {
    if (mapped && sum_match) return ops::sum_axis(x, 0);
    if (mapped)
      throw ValueError(text("vmap: an output with out_axes none must not depend on a mapped argument, got one that does (",
                            x.aval(), " with the mapped axis in front); give it an integer out_axes, reduce over the mapped values outside, or have them summed by {.sum_match = true}"));
    return x;
  }
  const auto rank = x.ndim() + (mapped ? 0 : 1);
  if (*axis < -rank || *axis >= rank)
    throw ValueError(text("vmap: out_axes must be in [", -rank, ", ", rank, "), got ", *axis, " for an output of rank ",
                          rank, " with the mapped axis; out_axes = 0 puts it in front"));
  const auto at = *axis < 0 ? *axis + rank : *axis;
  return mapped ? ops::move_axis(x, 0, at) : ops::repeat_along_new_axis(x, size, at);
}

}  // namespace

Arrays vmap_flat(const FlatFn& f, const Arrays& args, const FlatAxes& in_axes, std::int64_t size,
                 const std::function<FlatAxes(std::size_t)>& out_axes, const std::string& axis_name, bool sum_match) {
  Arrays moved;
  std::vector<char> mapped;
  for (std::size_t i = 0; i < args.size(); ++i) {
    const auto rank = args[i].ndim();
    mapped.push_back(in_axes[i].has_value());
    moved.push_back(in_axes[i] ? ops::move_axis(args[i], *in_axes[i] < 0 ? *in_axes[i] + rank : *in_axes[i], 0) : args[i]);
  }
  auto out = vmap_symbolic(f, moved, mapped, {size, axis_name});
  const auto axes = out_axes(out.results.size());
  for (std::size_t i = 0; i < axes.size(); ++i)
    out.results[i] = place_axis(out.results[i], out.mapped[i], axes[i], size, sum_match);
  return std::move(out.results);
}

}  // namespace detail
}  // namespace fluxion

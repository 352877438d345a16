// Vectorisation: one axis of the operands is mapped, rules say how each primitive treats it; jax.vmap.
#include "transforms/vmap.hpp"

#include <fluxion/detail/flat.hpp>
#include "base/text.hpp"
#include "core/ops.hpp"

namespace fluxion {

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
  if (!any_mapped) return p.bind(values, params);
  auto out = p.batch({size_, values, mapped}, params);
  for (std::size_t i = 0; i < out.results.size(); ++i)
    if (out.mapped[i]) out.results[i] = wrap(out.results[i]);
  return std::move(out.results);
}

namespace detail {

namespace {

Array finish_output(const BatchTrace& trace, const Array& x, std::optional<std::int64_t> axis, std::int64_t size) {
  const bool mapped = trace.owns(x);
  if (!axis) {
    if (mapped)
      throw ValueError(text("vmap: an output with out_axes none must not depend on a mapped argument, got ", describe(x),
                            "; give it an integer out_axes, or reduce over the mapped values outside"));
    return x;
  }
  const auto rank = x.ndim() + 1;
  if (*axis < -rank || *axis >= rank)
    throw ValueError(text("vmap: out_axes must be in [", -rank, ", ", rank, "), got ", *axis, " for an output ", x.aval()));
  const auto at = *axis < 0 ? *axis + rank : *axis;
  if (!mapped) return ops::repeat_along_new_axis(x, size, at);
  return ops::move_axis(static_cast<const BatchTracer*>(tracer(x))->value, 0, at);
}

}  // namespace

Arrays vmap_flat(const FlatFn& f, const Arrays& args, const FlatAxes& in_axes, std::int64_t size,
                 const std::function<FlatAxes(std::size_t)>& out_axes) {
  Arrays moved;
  for (std::size_t i = 0; i < args.size(); ++i) {
    const auto rank = args[i].ndim();
    moved.push_back(in_axes[i] ? ops::move_axis(args[i], *in_axes[i] < 0 ? *in_axes[i] + rank : *in_axes[i], 0) : args[i]);
  }
  std::shared_ptr<BatchTrace> trace;
  Arrays out;
  {
    NewTrace<BatchTrace> scope(size);
    trace = scope.ptr();
    for (std::size_t i = 0; i < args.size(); ++i)
      if (in_axes[i]) moved[i] = trace->wrap(moved[i]);
    out = f(moved);
  }
  const auto axes = out_axes(out.size());
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = finish_output(*trace, out[i], axes[i], size);
  return out;
}

}  // namespace detail
}  // namespace fluxion

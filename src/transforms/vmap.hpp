// The batching trace: values carry a mapped axis, always at position 0. Knows no primitive by name.
#pragma once

#include <fluxion/detail/flat.hpp>
#include "core/axis_env.hpp"
#include "core/trace.hpp"

namespace fluxion {

struct BatchTracer final : Tracer {
  Array value;  // with the mapped axis at 0
  BatchTracer(Aval a, TracePtr t, Array v) : Tracer(std::move(a), std::move(t)), value(std::move(v)) {}
};

class BatchTrace final : public Trace {
 public:
  BatchTrace(TracePtr parent, BatchAxis axis);
  Arrays process(const Primitive& p, ArraySpan args, ParamsView params) override;
  const char* name() const override { return "vmap"; }
  /// A tracer of the elements along axis 0 of `value`.
  Array wrap(const Array& value);
  /// The axes that its function sees: its own, if that has a name, and those around it.
  const AxisEnv& axes_inside() const { return named() ? own_axis_ : outer_axes_; }

 private:
  bool named() const { return !name_.empty(); }

  std::int64_t size_;
  std::string name_;
  AxisEnv outer_axes_, own_axis_;
};

/// Maps f over axis 0 of the `mapped` arguments. Results carry their mapped axis at 0, or none.
BatchOut vmap_symbolic(const detail::FlatFn& f, ArraySpan args, std::span<const char> mapped, BatchAxis axis);

}  // namespace fluxion

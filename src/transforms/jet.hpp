// Taylor mode: values that move along curves, given by their derivatives at one point. Knows no primitive by name.
#pragma once

#include <fluxion/detail/flat.hpp>
#include "core/trace.hpp"
#include "transforms/masks.hpp"

namespace fluxion {

struct JetTracer final : Tracer {
  Array value;
  Arrays series;  // its derivatives, first to last; empty handles are zeros
  JetTracer(Aval a, TracePtr t, Array v, Arrays s)
      : Tracer(std::move(a), std::move(t)), value(std::move(v)), series(std::move(s)) {}
  const Array* primal() const override { return &value; }
};

class JetTrace final : public Trace {
 public:
  JetTrace(TracePtr parent, std::size_t order) : Trace(std::move(parent)), order_(order) {}
  Arrays process(const Primitive& p, ArraySpan args, ParamsView params) override;
  const char* name() const override { return "jet"; }
  /// The value itself when all of its derivatives are zero.
  Array wrap(const Array& value, const Arrays& series);

 private:
  std::size_t order_;
};

/// f along curves, with zeros symbolic in and out.
JetOut jet_symbolic(const detail::FlatFn& f, const JetArgs& args);

/// One operation along curves, by its algebra or its jvp rule.
JetOut pushed_along(const Primitive& p, const JetArgs& args, ParamsView params);

/// Which operands move.
Mask moving(std::span<const Arrays> series);
/// primals, then all derivatives of each operand that moves: what a program made by jet_jaxpr takes.
Arrays jet_operands(const JetArgs& args);
/// The results of such a program of n results, of which those in `mask` have derivatives.
JetOut jet_results(ArraySpan out, const Mask& mask, std::size_t order);

}  // namespace fluxion

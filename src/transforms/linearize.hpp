// Reverse mode, first half: a function is evaluated while its derivative is recorded as a linear jaxpr.
// Knows no primitive by name.
#pragma once

#include "core/jaxpr.hpp"

namespace fluxion {

struct LinearizeTracer final : Tracer {
  Array value, tangent;  // tangent belongs to the tangent jaxpr
  LinearizeTracer(Aval a, TracePtr t, Array v, Array d)
      : Tracer(std::move(a), std::move(t)), value(std::move(v)), tangent(std::move(d)) {}
  const Array* primal() const override { return &value; }
};

/// Runs each primitive's jvp rule with its primal half in the parent and its tangent half recorded.
class LinearizeTrace final : public Trace {
 public:
  LinearizeTrace(TracePtr parent, const char* name);
  Arrays process(const Primitive& p, ArraySpan args, ParamsView params) override;
  const char* name() const override { return name_; }

  Array wrap(const Array& primal, const Array& tangent);
  JaxprTrace& tangents() { return *tangents_; }
  const std::shared_ptr<JaxprTrace>& tangents_ptr() { return tangents_; }

 private:
  std::shared_ptr<JaxprTrace> tangents_;
  TracePtr split_;
  const char* name_;
};

/// The outcome of linearizing with symbolic zeros: `linear` maps consts ++ the tangents of inputs with
/// `nonzero_in` to the tangents of outputs with `nonzero_out`, which includes those in `force`. Dead code is
/// eliminated.
struct SymbolicLinearization {
  Arrays primals_out;
  ClosedJaxpr linear;
  std::vector<char> nonzero_out;
};
SymbolicLinearization linearize_symbolic(const detail::FlatFn& f, ArraySpan primals, std::span<const char> nonzero_in,
                                         const char* name, const std::function<std::size_t()>& n_aux,
                                         const std::vector<char>& force = {});

/// Transposes a linear jaxpr at known values of its other inputs. `inputs` gives a value for each known input
/// and an empty handle for each linear one; cotangents may be symbolic zeros, and so may the results, of which
/// there is one per input.
Arrays backward_pass(const Jaxpr& jaxpr, ArraySpan inputs, ArraySpan cotangents);

}  // namespace fluxion

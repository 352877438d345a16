// The forward-mode trace. Knows no primitive by name.
#pragma once

#include <utility>

#include <fluxion/detail/flat.hpp>
#include "core/trace.hpp"

namespace fluxion {

struct JvpTracer final : Tracer {
  Array value, tangent;
  JvpTracer(Aval a, TracePtr t, Array v, Array d)
      : Tracer(std::move(a), std::move(t)), value(std::move(v)), tangent(std::move(d)) {}
  const Array* primal() const override { return &value; }
};

class JvpTrace final : public Trace {
 public:
  using Trace::Trace;
  Arrays process(const Primitive& p, ArraySpan args, ParamsView params) override;
  Arrays process_custom(const CustomCall& call, ArraySpan args) override;
  const char* name() const override { return "jvp"; }
  /// The primal itself when the tangent is a symbolic zero.
  Array wrap(const Array& primal, const Array& tangent);
  std::pair<Array, Array> unwrap(const Array& x) const;
};

/// jvp with symbolic zeros in and out.
JvpOut jvp_symbolic(const detail::FlatFn& f, ArraySpan primals, ArraySpan tangents);

}  // namespace fluxion

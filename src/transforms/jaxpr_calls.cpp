// The compiled half of make_jaxpr and eval_shape.
#include <fluxion/transforms/jaxpr.hpp>

#include <ostream>

#include "core/trace.hpp"
#include "transforms/flat_calls.hpp"

namespace fluxion::detail {
namespace {

/// Owns arrays that have an aval and no value; it is over before it begins, so that using one is a leak.
class ShapeTrace final : public Trace {
 public:
  ShapeTrace() : Trace(nullptr) { finish(); }
  Arrays process(const Primitive&, ArraySpan, ParamsView) override {
    throw InternalError("eval_shape: a finished trace was asked to process an operation");
  }
  const char* name() const override { return "eval_shape"; }
};

}  // namespace

Array abstract_array(const Aval& aval) {
  static const auto& trace = *new TracePtr(std::make_shared<ShapeTrace>());
  return make_tracer<Tracer>(aval, trace);
}

ClosedJaxpr jaxpr_call(FlatCall& f, const char* op) {
  check_leaves_hold_values(f, op);
  return make_jaxpr_flat([&f](const Arrays& in) { return f(in); }, avals_of(f.leaves), op);
}

Arrays eval_shape_call(FlatCall& f) {
  Arrays out;
  for (const auto& a : out_avals(*jaxpr_call(f, "eval_shape").jaxpr)) out.push_back(abstract_array(a));
  return out;
}

std::ostream& operator<<(std::ostream& os, const ClosedJaxpr& jaxpr) { return os << to_string(jaxpr); }

}  // namespace fluxion::detail

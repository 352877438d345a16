// Programs of narrow floats in float64: the reference of a float32 program.
#include <fluxion/lax.hpp>
#include "base/text.hpp"
#include "core/node.hpp"
#include "lax/control_flow/tape.hpp"
#include "lax/promote.hpp"
#include "testing/interpret.hpp"

namespace fluxion::testing {

DType wide(DType t) {
  if (is_complex(t)) return DType::complex128;
  return is_floating(t) ? DType::float64 : t;
}

namespace {

Array one_widened(const Array& x) {
  const auto to = wide(x.dtype());
  return to == x.dtype() ? x : lax::convert_element_type(x, to, x.aval().weak);
}

bool same_but_weak(const Avals& a, const Avals& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (!same_type(a[i], b[i])) return false;
  return true;
}

class Widen final : public Interpreter {
 public:
  bool complete = true;

 protected:
  // At once, so that the program has wide constants.
  Array given(const Array& x) override {
    const SetTrace none(concrete(x) != nullptr ? nullptr : current_trace());
    return one_widened(x);
  }

  Arrays primitive(const Eqn& e, const Jaxpr& in, ArraySpan operands) override {
    Avals narrow_in, wide_out;
    bool narrow = false;
    for (const auto& a : e.in) {
      narrow_in.push_back(in.aval(a));
      narrow |= wide(in.aval(a).dtype) != in.aval(a).dtype;
    }
    for (const auto v : e.out) {
      wide_out.push_back({in.vars[v].shape, wide(in.vars[v].dtype), in.vars[v].weak});
      narrow |= wide_out.back().dtype != in.vars[v].dtype;
    }
    if (!narrow) return e.prim->bind(operands, e.params.view());
    if (e.prim->name() == "convert_element_type" && is_known(*e.prim))
      return {lax::convert_element_type(operands[0], wide_out[0].dtype, wide_out[0].weak)};
    if (e.prim->name() == "tape_read" && is_known(*e.prim)) {  // its parameter says what the records are
      for (auto& a : wide_out)
        for (std::int64_t d = 0; d < operands[0].ndim(); ++d) a.shape.erase(0);
      return lax::tape_read(operands[0], operands[1], wide_out);
    }
    if (takes(e, operands, wide_out)) return e.prim->bind(operands, e.params.view());
    return in_its_own_dtype(e, narrow_in, operands);
  }

 private:
  // Whether the primitive is as it is in wide dtypes.
  static bool takes(const Eqn& e, ArraySpan operands, const Avals& wide_out) {
    Avals avals;
    for (const auto& x : operands) avals.push_back(x.aval());
    try {
      return same_but_weak(e.prim->abstract_eval(avals, e.params.view()), wide_out);
    } catch (const Error&) {
      return false;
    }
  }

  Arrays in_its_own_dtype(const Eqn& e, const Avals& want, ArraySpan operands) {
    Arrays narrowed;
    for (std::size_t i = 0; i < operands.size(); ++i) {
      if (is_tape(want[i].dtype)) throw UnsupportedError("check: a tape of narrow floats cannot be read in float64");
      const bool differs = operands[i].dtype() != want[i].dtype;
      complete &= !differs;
      narrowed.push_back(differs ? lax::convert_element_type(operands[i], want[i].dtype, want[i].weak) : operands[i]);
    }
    auto out = e.prim->bind(narrowed, e.params.view());
    for (auto& x : out) x = one_widened(x);
    return out;
  }
};

}  // namespace

Arrays widened(const Arrays& xs) {
  Arrays out;
  for (const auto& x : xs) out.push_back(one_widened(x));
  return out;
}

Widened widened(const ClosedJaxpr& program, const Arrays& args) {
  Widen widen;
  auto traced = widen.traced(program, widened(args));
  return {std::move(traced), widen.complete};
}

}  // namespace fluxion::testing

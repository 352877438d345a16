// Programs with rounding errors put in: how far they carry is the local condition number, measured.
// Source: Vignes, Discrete stochastic arithmetic, Numerical Algorithms 37 (2004), for the idea.
#include <fluxion/lax.hpp>
#include "core/node.hpp"
#include "testing/interpret.hpp"
#include "testing/layout.hpp"
#include "testing/numbers.hpp"

namespace fluxion::testing {

namespace {

constexpr std::int64_t kMostElements = 4096;  // beyond them one factor does for all

class Noise final : public Interpreter {
 public:
  Noise(double eps, std::uint64_t seed) : eps_(eps), numbers_(seed) {}

 protected:
  Array given(const Array& x) override { return x; }
  Arrays primitive(const Eqn& e, const Jaxpr&, ArraySpan operands) override {
    if (all_concrete(operands) && e.prim->effect(e.params.view()) == Effect::none) return constant(e, operands);
    if (is_known(*e.prim) && sums(e.prim->name())) return summed(e, operands);
    auto out = e.prim->bind(operands, e.params.view());
    if (e.prim->locality() == Locality::moved || e.prim->locality() == Locality::chosen) return out;  // these do not round
    for (auto& x : out)
      if (is_inexact(x.dtype()) && x.aval().size() > 0) x = lax::mul(x, factors(x.aval()));
    return out;
  }

 private:
  // Cancellation is felt only if what is summed is uncertain.
  static bool sums(std::string_view name) {
    return name == "add" || name == "sub" || name == "reduce_sum" || name == "cumsum" || name == "dot_general" || name == "conv_general_dilated";
  }
  Arrays summed(const Eqn& e, ArraySpan operands) {
    Arrays in(operands.begin(), operands.end());
    for (auto& x : in)
      if (is_inexact(x.dtype()) && x.aval().size() > 0) x = lax::mul(x, factors(x.aval()));
    return e.prim->bind(in, e.params.view());
  }
  // A number that a rule writes down, as the 2 of x^3's derivative, is exact.
  static Arrays constant(const Eqn& e, ArraySpan operands) {
    const SetTrace none(nullptr);
    return e.prim->bind(operands, e.params.view());
  }

  Array factors(const Aval& aval) {
    const auto shape = aval.size() <= kMostElements ? aval.shape : Shape{};
    const auto n = element_count(shape);
    Vec v;
    for (std::int64_t i = 0; i < n; ++i) {
      v.push_back(1 + eps_ * numbers_.signed_unit());
      if (is_complex(aval.dtype)) v.push_back(0);
    }
    std::byte* data = nullptr;
    auto x = make_array({shape, aval.dtype}, data);
    x = Layout({x}).write(v, {x})[0];
    return aval.shape == shape ? x : lax::broadcast_in_dim(x, aval.shape, {});
  }

  double eps_;
  Numbers numbers_;
};

}  // namespace

ClosedJaxpr with_noise(const ClosedJaxpr& program, const Arrays& args, double eps, std::uint64_t seed) {
  return Noise(eps, seed).traced(program, args);
}

}  // namespace fluxion::testing

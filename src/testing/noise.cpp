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
    auto out = e.prim->bind(operands, e.params.view());
    if (e.prim->locality() == Locality::moved || e.prim->locality() == Locality::chosen) return out;  // these do not round
    for (auto& x : out)
      if (is_inexact(x.dtype()) && x.aval().size() > 0) x = lax::mul(x, factors(x.aval()));
    return out;
  }

 private:
  Array factors(const Aval& aval) {
    const auto shape = aval.size() <= kMostElements ? aval.shape : Shape{};
    Arrays like{make_scalar(aval.dtype, 0.0)};
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

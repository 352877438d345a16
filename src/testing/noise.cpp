// Programs with rounding errors put in: how far they carry is the local condition number, measured.
// Source: Vignes, Discrete stochastic arithmetic, Numerical Algorithms 37 (2004), for the idea.
#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>

#include <fluxion/lax.hpp>
#include "core/node.hpp"
#include "testing/interpret.hpp"
#include "testing/layout.hpp"
#include "testing/numbers.hpp"

namespace fluxion::testing {

namespace {

constexpr std::int64_t kMostElements = 4096;  // beyond them one factor does for all

// Their results are elements of their operands, or whole numbers. With an error put in, a maximum would equal none of
// the elements that it is looked for in.
bool is_exact(const Primitive& p) {
  static const auto& names = *new std::set<std::string_view>{
      "abs", "ceil", "clamp", "complex", "conj", "cummax", "cummin", "floor", "imag", "max", "min", "neg", "real",
      "reduce_max", "reduce_min", "reduce_window_max", "reduce_window_min", "round", "scatter_max", "scatter_min", "sign",
      "sort", "stop_gradient", "top_k"};
  if (p.locality() == Locality::moved || p.locality() == Locality::chosen) return true;
  return is_known(p) && names.contains(p.name());
}

class Noise final : public Interpreter {
 public:
  Noise(double eps, double const_eps, std::uint64_t seed) : eps_(eps), const_eps_(const_eps), numbers_(seed) {}

 protected:
  // Constants of a rule, such as 2 / sqrt(pi), are rounded to the dtype of the program; whole numbers and halves are not.
  Array given(const Array& x) override {
    if (const_eps_ == 0 || concrete(x) == nullptr || !is_inexact(x.dtype()) || x.ndim() != 0) return x;
    const Layout layout({x});
    auto v = layout.read({x});
    if (std::all_of(v.begin(), v.end(), is_short)) return x;
    for (auto& number : v) number *= 1 + const_eps_ * numbers_.signed_unit();
    return layout.write(v, {x})[0];
  }
  Arrays primitive(const Eqn& e, const Jaxpr&, ArraySpan operands) override {
    if (all_concrete(operands) && e.prim->effect(e.params.view()) == Effect::none) return constant(e, operands);
    if (is_known(*e.prim) && sums(e.prim->name())) return summed(e, operands);
    auto out = e.prim->bind(operands, e.params.view());
    if (is_exact(*e.prim)) return out;
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

  // What runs in a narrow dtype of its own, a callback of a program that is wide otherwise, rounds to that.
  Array factors(const Aval& aval) {
    const double own = eps_of(aval.dtype);
    const bool narrow = own > 0x1p-52;
    const auto error = [&] {
      const double unit = numbers_.signed_unit();
      return narrow ? std::copysign(std::max(own, eps_), unit) : eps_ * unit;  // less would be rounded away
    };
    const auto shape = aval.size() <= kMostElements ? aval.shape : Shape{};
    const auto n = element_count(shape);
    Vec v;
    for (std::int64_t i = 0; i < n; ++i) {
      v.push_back(1 + error());
      if (is_complex(aval.dtype)) v.push_back(0);
    }
    std::byte* data = nullptr;
    auto x = make_array({shape, aval.dtype}, data);
    x = Layout({x}).write(v, {x})[0];
    return aval.shape == shape ? x : lax::broadcast_in_dim(x, aval.shape, {});
  }

  static bool is_short(double v) {
    int exponent = 0;
    return !std::isfinite(v) || std::fmod(std::frexp(v, &exponent) * 4096, 1) == 0;
  }

  double eps_, const_eps_;
  Numbers numbers_;
};

}  // namespace

ClosedJaxpr with_noise(const ClosedJaxpr& program, const Arrays& args, double eps, std::uint64_t seed, double const_eps) {
  return Noise(eps, const_eps, seed).traced(program, args);
}

}  // namespace fluxion::testing

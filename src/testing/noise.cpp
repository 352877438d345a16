// Programs with rounding errors put in: how far they carry is the local condition number, measured.
// Source: Vignes, Discrete stochastic arithmetic, Numerical Algorithms 37 (2004), for the idea.
#include <algorithm>
#include <cmath>
#include <set>

#include <fluxion/lax.hpp>
#include "core/node.hpp"
#include "testing/interpret.hpp"
#include "testing/layout.hpp"
#include "testing/numbers.hpp"

namespace fluxion::testing {

namespace {

constexpr std::int64_t kMostElements = 4096;  // beyond them one factor does for all

// Results that are one of the operands, or known exactly: a tie must stay a tie.
bool is_exact(const Primitive& p) {
  if (p.locality() == Locality::moved || p.locality() == Locality::chosen) return true;
  if (!is_known(p)) return false;
  static const auto& names = *new std::set<std::string_view>{
      "max", "min", "abs", "neg", "sign", "clamp", "floor", "ceil", "round", "round_half_even", "round_half_away",
      "reduce_max", "reduce_min", "sort", "top_k", "cummax", "cummin", "reduce_window_max", "reduce_window_min",
      "select_and_gather_add", "scatter", "scatter_max", "scatter_min", "gather", "real", "imag", "conj", "complex",
      "stop_gradient"};
  return names.contains(p.name());
}

// Cancellation is felt only if what is summed is uncertain.
bool sums(const Primitive& p) {
  static const auto& names = *new std::set<std::string_view>{
      "add", "sub", "reduce_sum", "cumsum", "reduce_window_sum", "scatter_add", "select_and_scatter_add", "dot_general",
      "conv_general_dilated", "fft"};
  return is_known(p) && names.contains(p.name());
}

// Functions of an order, which is a whole number and stays one.
bool is_order(const Jaxpr& jaxpr, const Eqn& e) {
  const auto takes = [&](const Eqn& use) {
    if (use.prim->name() != "polygamma" && use.prim->name() != "expn") return false;
    const auto& order = use.in[0];
    return !order.is_literal() && std::find(e.out.begin(), e.out.end(), order.var) != e.out.end();
  };
  return std::any_of(jaxpr.eqns.begin(), jaxpr.eqns.end(), takes);
}

// Whether a constant may have been rounded: halves of integers and powers of two, which most rules have, are exact.
bool may_be_rounded(double v) {
  int exponent = 0;
  return std::isfinite(v) && 2 * v != std::round(2 * v) && std::fabs(std::frexp(v, &exponent)) != 0.5;
}

// On the host: this runs while a program is traced.
double scalar_value(const Array& x) { return convert_scalar(*concrete(x), DType::float64, false).item<double>(); }
bool is_real_scalar(const Array& x) { return x.ndim() == 0 && is_floating(x.dtype()) && concrete(x) != nullptr; }

class Noise final : public Interpreter {
 public:
  Noise(double eps, const RoundedLiterals& literals, std::uint64_t seed) : eps_(eps), literals_(literals), numbers_(seed) {}

 protected:
  Array given(const Array& x) override {
    if (literals_.eps == 0 || !is_real_scalar(x)) return x;
    const double v = scalar_value(x);
    if (!may_be_rounded(v) || literals_.exact.contains(v)) return x;
    return make_scalar(x.dtype(), v * (1 + literals_.eps * numbers_.signed_unit()), x.weak_type());
  }
  Arrays primitive(const Eqn& e, const Jaxpr& in, ArraySpan operands) override {
    if (all_concrete(operands) && e.prim->effect(e.params.view()) == Effect::none) return constant(e, operands);
    Arrays moved(operands.begin(), operands.end());
    if (sums(*e.prim))
      for (auto& x : moved) x = perturbed(x);
    auto out = e.prim->bind(moved, e.params.view());
    if (!sums(*e.prim) && !is_exact(*e.prim) && !is_order(in, e))
      for (auto& x : out) x = perturbed(x);
    return out;
  }

 private:
  // A number that a rule writes down, as the 2 of x^3's derivative, is exact.
  static Arrays constant(const Eqn& e, ArraySpan operands) {
    const SetTrace none(nullptr);
    return e.prim->bind(operands, e.params.view());
  }

  // By the errors of its own dtype, where that is narrower: what could not be widened.
  Array perturbed(const Array& x) {
    if (!is_inexact(x.dtype()) || x.aval().size() == 0) return x;
    return lax::mul(x, factors(x.aval(), std::max(eps_, eps_of(x.dtype()))));
  }

  Array factors(const Aval& aval, double eps) {
    const auto shape = aval.size() <= kMostElements ? aval.shape : Shape{};
    const auto n = element_count(shape);
    Vec v;
    for (std::int64_t i = 0; i < n; ++i) {
      v.push_back(1 + eps * numbers_.signed_unit());
      if (is_complex(aval.dtype)) v.push_back(eps * numbers_.signed_unit());  // each part errs by the size of the number
    }
    std::byte* data = nullptr;
    auto x = make_array({shape, aval.dtype}, data);
    x = Layout({x}).write(v, {x})[0];
    return aval.shape == shape ? x : lax::broadcast_in_dim(x, aval.shape, {});
  }

  double eps_;
  const RoundedLiterals& literals_;
  Numbers numbers_;
};

void collect_literals(const Jaxpr& jaxpr, std::set<double>& to) {
  for (const auto& e : jaxpr.eqns) {
    for (const auto& a : e.in)
      if (a.is_literal() && is_real_scalar(a.literal)) to.insert(scalar_value(a.literal));
    for (const auto& [name, programs] : Fields(e.params.view()).programs)
      for (const auto& p : programs)
        if (p != nullptr) collect_literals(*p, to);
  }
}

}  // namespace

std::set<double> literals_of(const Jaxpr& jaxpr) {
  std::set<double> all;
  collect_literals(jaxpr, all);
  return all;
}

ClosedJaxpr with_noise(const ClosedJaxpr& program, const Arrays& args, double eps, std::uint64_t seed,
                       const RoundedLiterals& literals) {
  return Noise(eps, literals, seed).traced(program, args);
}

}  // namespace fluxion::testing

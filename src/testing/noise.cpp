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
  static const auto& names = *new std::set<std::string_view>{"abs",
                                                             "ceil",
                                                             "clamp",
                                                             "complex",
                                                             "conj",
                                                             "cummax",
                                                             "cummin",
                                                             "floor",
                                                             "imag",
                                                             "max",
                                                             "min",
                                                             "neg",
                                                             "real",
                                                             "reduce_max",
                                                             "reduce_min",
                                                             "reduce_window_max",
                                                             "reduce_window_min",
                                                             "round",
                                                             "scatter_max",
                                                             "scatter_min",
                                                             "sign",
                                                             "sort",
                                                             "stop_gradient",
                                                             "top_k"};
  if (p.locality() == Locality::moved || p.locality() == Locality::chosen) return true;
  return is_known(p) && names.contains(p.name());
}

// Algorithms that mix numbers of one matrix, or of one transform, whose errors are those of the largest. The results of
// an iteration are those of a matrix nearby.
bool mixes(const Primitive& p) {
  static const auto& names = *new std::set<std::string_view>{"eig", "eigh", "fft", "svd"};
  return is_known(p) && names.contains(p.name());
}

class Noise final : public Interpreter {
 public:
  Noise(const Rounding& rounding, std::uint64_t seed) : rounding_(rounding), numbers_(seed) {}

 protected:
  // Constants of a rule, such as 2 / sqrt(pi), are rounded to the dtype of the program; whole numbers and
  // halves are not.
  Array given(const Array& x) override {
    if (rounding_.constants == 0 || concrete(x) == nullptr || !is_inexact(x.dtype()) || x.ndim() != 0) return x;
    const Layout layout({x});
    auto v = layout.read({x});
    if (std::all_of(v.begin(), v.end(), is_short)) return x;
    for (auto& number : v) number *= 1 + rounding_.constants * numbers_.signed_unit();
    return layout.write(v, {x})[0];
  }
  Arrays primitive(const Eqn& e, const Jaxpr&, ArraySpan operands) override {
    if (all_concrete(operands) && e.prim->effect(e.params.view()) == Effect::none) return constant(e, operands);
    if (is_known(*e.prim) && sums(e.prim->name())) return summed(e, operands);
    if (mixes(*e.prim)) return mixed(e, operands);
    auto out = e.prim->bind(operands, e.params.view());
    if (is_exact(*e.prim)) return out;
    for (auto& x : out) x = perturbed(x);
    return out;
  }

 private:
  // What could not be widened errs by its own dtype, in which an error must be of some units to be seen.
  Array perturbed(const Array& x) {
    if (!is_inexact(x.dtype()) || x.aval().size() == 0) return x;
    return lax::mul(x, errors(x.aval(), 1));
  }
  double eps_for(DType t) const {
    const double own = eps_of(t);
    return own > 0x1p-52 ? 4 * std::max(own, rounding_.eps) : rounding_.eps;
  }
  // Cancellation is felt only if what is summed is uncertain.
  static bool sums(std::string_view name) {
    return name == "add" || name == "sub" || name == "reduce_sum" || name == "cumsum" ||
           name == "dot_general" || name == "conv_general_dilated";
  }
  Arrays summed(const Eqn& e, ArraySpan operands) {
    Arrays in(operands.begin(), operands.end());
    for (auto& x : in) x = perturbed(x);
    return e.prim->bind(in, e.params.view());
  }
  Arrays mixed(const Eqn& e, ArraySpan operands) {
    Arrays in(operands.begin(), operands.end());
    const bool iterates = e.prim->name() != "fft";
    if (iterates) in[0] = perturbed_by_largest(in[0], 2);
    auto out = e.prim->bind(in, e.params.view());
    for (auto& x : out) {
      const auto axes = iterates ? 2 + x.aval().shape.size() - in[0].aval().shape.size() : transformed_axes(e);
      x = perturbed_by_largest(perturbed(x), axes);
    }
    return out;
  }
  static std::size_t transformed_axes(const Eqn& e) {
    const auto lengths = Fields(e.params.view()).texts.at("fft_lengths");  // (8,) or (4, 8)
    const auto commas = static_cast<std::size_t>(std::count(lengths.begin(), lengths.end(), ','));
    return lengths.ends_with(",)") ? commas : commas + 1;
  }
  // Each number errs by the largest of its matrix: those along the last axes.
  Array perturbed_by_largest(const Array& x, std::size_t last) {
    if (!is_inexact(x.dtype()) || x.aval().size() == 0) return x;
    const auto n = x.aval().shape.size();
    Dims axes, kept;
    for (std::size_t i = 0; i < n; ++i) {
      if (i + last < n) kept.push_back(static_cast<std::int64_t>(i));
      else axes.push_back(static_cast<std::int64_t>(i));
    }
    const auto largest = lax::broadcast_in_dim(lax::reduce_max(lax::abs(x), axes), x.aval().shape, kept);
    return lax::add(x, lax::mul(lax::convert_element_type(largest, x.dtype()), errors(x.aval(), 0)));
  }
  // A number that a rule writes down, as the 2 of x^3's derivative, is exact.
  static Arrays constant(const Eqn& e, ArraySpan operands) {
    const SetTrace none(nullptr);
    return e.prim->bind(operands, e.params.view());
  }

  // around 1, or 0
  Array errors(const Aval& aval, double around) {
    const double eps = eps_for(aval.dtype);
    const auto shape = aval.size() <= kMostElements ? aval.shape : Shape{};
    const auto n = element_count(shape);
    Vec v;
    for (std::int64_t i = 0; i < n; ++i) {
      v.push_back(around + error(eps));
      // Each part errs by the size of the number, unless the imaginary part is an infinitesimal.
      if (is_complex(aval.dtype)) v.push_back(rounding_.infinitesimal ? 0 : error(eps));
    }
    std::byte* data = nullptr;
    auto x = make_array({shape, aval.dtype}, data);
    x = Layout({x}).write(v, {x})[0];
    return aval.shape == shape ? x : lax::broadcast_in_dim(x, aval.shape, {});
  }

  // Between eps and 2 eps: less would be rounded away.
  double error(double eps) {
    const double u = numbers_.signed_unit();
    return eps * (u < 0 ? u - 1 : u + 1);
  }

  static bool is_short(double v) {
    int exponent = 0;
    return !std::isfinite(v) || 2 * v == std::round(2 * v) || std::fabs(std::frexp(v, &exponent)) == 0.5;
  }

  Rounding rounding_;
  Numbers numbers_;
};

}  // namespace

ClosedJaxpr with_noise(const ClosedJaxpr& program, const Arrays& args, const Rounding& rounding, std::uint64_t seed) {
  return Noise(rounding, seed).traced(program, args);
}

}  // namespace fluxion::testing

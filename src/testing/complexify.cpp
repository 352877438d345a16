// Analytic programs on complex numbers, for the complex step: f(x + i h v) = f(x) + i h f'(x) v without any
// subtraction. Source: Squire and Trapp, Using complex variables to estimate derivatives of real functions,
// SIAM Review 40 (1998).
#include <set>
#include <string_view>

#include <fluxion/complex.hpp>
#include <fluxion/lax.hpp>
#include "testing/interpret.hpp"

namespace fluxion::testing {

namespace {

struct NotAnalytic {};

using Names = std::set<std::string_view>;
// Elementwise functions whose complex kernels are accurate in a tiny imaginary part.
const Names kAnalytic{"neg", "add", "sub", "mul", "div", "sin", "cos", "exp", "log", "sinh", "cosh", "tanh", "sqrt",
                      "square", "integer_pow", "logistic", "log1p", "expm1", "pow"};
// What moves, adds and multiplies elements, and has no conjugate in it.
const Names kPolynomial{"add_rows",
                        "broadcast_in_dim",
                        "concatenate",
                        "cumprod",
                        "cumsum",
                        "dot_general",
                        "dynamic_slice",
                        "dynamic_update_slice",
                        "gather",
                        "pad",
                        "put_rows",
                        "reduce_prod",
                        "reduce_sum",
                        "reduce_window_sum",
                        "reshape",
                        "rev",
                        "scatter",
                        "scatter_add",
                        "scatter_mul",
                        "scatter_sub",
                        "slice",
                        "take_rows",
                        "transpose",
                        "select_n",
                        "conv_general_dilated",
                        "triangular_solve",
                        "tridiagonal_solve",
                        "name"};
// Their results have no derivative: real parts decide.
const Names kDecisions{"eq", "ne", "lt", "le", "gt", "ge", "is_finite", "sign", "floor", "ceil", "round"};

class Complexify final : public Interpreter {
 protected:
  Array given(const Array& x) override { return x; }
  Array carry(const Array& x) override { return x.dtype() == DType::float64 ? made_complex(x) : x; }

  Arrays primitive(const Eqn& e, const Jaxpr&, ArraySpan operands) override {
    Arrays xs(operands.begin(), operands.end());
    bool complex = false;
    for (const auto& x : xs) complex |= is_complex(x.dtype());
    if (!complex) return e.prim->bind(xs, e.params.view());
    if (!is_known(*e.prim)) throw NotAnalytic();
    const auto name = e.prim->name();
    if (name == "convert_element_type") return converted(e, xs[0]);
    if (kDecisions.contains(name)) return e.prim->bind(real_parts(xs), e.params.view());
    if (name == "abs" || name == "max" || name == "min" || name == "clamp") return {chosen(name, xs)};
    if (!kAnalytic.contains(name) && !kPolynomial.contains(name)) throw NotAnalytic();
    for (auto& x : xs) x = carry(x);
    return e.prim->bind(xs, e.params.view());
  }

 private:
  static Array made_complex(const Array& x) { return lax::convert_element_type(x, DType::complex128); }
  static Array real_part(const Array& x) { return is_complex(x.dtype()) ? lax::real(x) : x; }
  static Arrays real_parts(Arrays xs) {
    for (auto& x : xs) x = real_part(x);
    return xs;
  }

  // Float to float does nothing; to integers it decides.
  static Arrays converted(const Eqn& e, const Array& x) {
    const auto to = Fields(e.params.view()).texts.at("new_dtype");
    if (to == "float64") return {x};
    if (to.find("float") != std::string::npos) throw NotAnalytic();  // for a callback in a dtype of its own
    return e.prim->bind(Arrays{real_part(x)}, e.params.view());
  }

  static Array chosen(std::string_view name, const Arrays& given) {
    Arrays xs;
    for (const auto& x : given) xs.push_back(is_complex(x.dtype()) ? x : made_complex(x));
    const auto less = [](const Array& a, const Array& b) { return lax::lt(lax::real(a), lax::real(b)); };
    if (name == "abs") return lax::select_n(less(xs[0], lax::sub(xs[0], xs[0])), xs[0], lax::neg(xs[0]));
    if (name == "clamp") return clamped(xs, less);
    const bool max = name == "max";
    return lax::select_n(less(xs[0], xs[1]), xs[max ? 0 : 1], xs[max ? 1 : 0]);
  }

  template <class Less>
  static Array clamped(const Arrays& xs, const Less& less) {
    const auto as_x = [&](const Array& b) {
      return b.ndim() == xs[1].ndim() ? b : lax::broadcast_in_dim(b, xs[1].shape(), {});
    };
    const auto low = as_x(xs[0]), high = as_x(xs[2]);
    const auto above = lax::select_n(less(xs[1], low), xs[1], low);
    return lax::select_n(less(high, above), above, high);
  }
};

bool all_real(const Jaxpr& jaxpr) {
  for (const auto& a : jaxpr.vars)
    if (is_complex(a.dtype)) return false;
  return true;
}

}  // namespace

std::optional<ClosedJaxpr> complexified(const ClosedJaxpr& program, const Arrays& args) {
  if (!all_real(*program.jaxpr)) return {};
  Arrays complex_args;
  for (const auto& x : args)
    complex_args.push_back(x.dtype() == DType::float64 ? lax::convert_element_type(x, DType::complex128) : x);
  try {
    return Complexify().traced(program, complex_args);
  } catch (const NotAnalytic&) {
    return {};
  } catch (const Error&) {  // a primitive of the list that takes no complex numbers in this form
    return {};
  }
}

}  // namespace fluxion::testing

// Special functions as primitives: elementwise calls of the host. Tangent rules are JAX's.
#include <fluxion/lax/special.hpp>

#include <array>
#include <cmath>
#include <limits>

#include <fluxion/lax/math.hpp>
#include "core/node.hpp"
#include "ir/program.hpp"
#include "lax/readable.hpp"
#include "lax/rules.hpp"
#include "lax/special/functions.hpp"

namespace fluxion::lax {

namespace {

/// The function of numbers over the elements of its operands, all of one shape.
template <auto f, std::size_t... I>
void evaluate(std::span<const HostOperand> in, const HostResult& out, std::index_sequence<I...>) {
  const auto all = [&]<class T>(T) {
    const std::array<std::span<const T>, sizeof...(I)> x{in[I].template elements<T>()...};
    const auto y = out.template elements<T>();
    for (std::size_t i = 0; i < y.size(); ++i) y[i] = static_cast<T>(f(static_cast<double>(x[I][i])...));
  };
  if (out.dtype() == DType::float32) all(float{});
  else all(double{});
}

template <class P>
class Function final : public HostFunction {
 public:
  std::string name() const override { return std::string(P::name); }
  void operator()(std::span<const HostOperand> in, std::span<const HostResult> out) const override {
    evaluate<P::f>(in, out[0], std::make_index_sequence<P::arity>{});
  }
};

/// What every special function has beside its tangents: `rules[i]` is that of operand i, given its tangent, the result
/// and the operands.
using Rule = Array (*)(const Array& t, const Array& ans, ArraySpan x);

template <class P, std::size_t N>
struct Special {
  using Params = NoParams;
  static constexpr std::size_t arity = N;
  static constexpr auto locality = Locality::elementwise;
  static constexpr no_transpose transpose{"not linear"};

  static Avals abstract_eval(AvalSpan in, const Params&) {
    bool weak = true;
    for (const auto& a : in) {
      check_supported(P::name, a);
      if (!is_floating(a.dtype))
        throw TypeError(text(P::name, ": operands must be floating, got ", a, "; convert with astype(fx::float64)"));
      if (a.dtype != in[0].dtype)
        throw TypeError(
            text(P::name, ": operands must have equal dtypes, got ", in[0], " and ", a, "; convert one with astype"));
      weak = weak && a.weak;
    }
    return {{elementwise_shape(P::name, in), in[0].dtype, weak}};
  }

  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    const auto ans = bind_one<P>(args.primals, p);
    Array tangent;
    for (std::size_t i = 0; i < N; ++i)
      if (!args.tangents[i].is_empty_handle())
        tangent =
            ops::add_tangents(tangent, broadcast_scalar(P::rules[i](args.tangents[i], ans, args.primals), ans.shape()));
    return {{ans}, {tangent}};
  }

  static BatchOut batch(const BatchArgs& args, const Params& p) {
    return {{bind_one<P>(batched_operands(args), p)}, {1}};
  }

  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params&) {
    static const HostFunctionPtr& function = *new HostFunctionPtr(std::make_shared<const Function<P>>());
    const auto dtype = b.type(in[0]).dtype;
    const auto wide = itemsize(dtype) == 2 ? DType::float32 : dtype;
    Avals avals;
    for (const auto v : in) avals.push_back({b.type(v).shape, dtype});
    const auto shape = elementwise_shape(P::name, avals);
    ir::Values operands;
    for (auto v : in) {
      if (wide != dtype) v = b.convert(v, wide);
      operands.push_back(b.type(v).shape == shape ? v : b.broadcast(v, shape, {}));
    }
    const auto out = b.host_call(operands, {{wide, shape}}, function, Effect::none)[0];
    return {wide == dtype ? out : b.convert(out, dtype)};
  }
};

Array number(const Array& like, double v) { return make_scalar(like.dtype(), v); }

[[noreturn]] void throw_no_derivative(const char* op, const char* what, const Array& x) {
  throw UnsupportedError(text(op, ": has no derivative in ", what, ", got a tangent for ", x.aval(),
                              "; put fx::stop_gradient around it, or give the function one with fx::custom_jvp"));
}

/// dP/dx = x^(a-1) e^-x / Gamma(a)
Array gamma_density(ArraySpan x) {
  return exp(sub(sub(mul(sub(x[0], number(x[0], 1)), log(x[1])), x[1]), lgamma(x[0])));
}

struct Igamma : Special<Igamma, 2> {
  static constexpr std::string_view name = "igamma";
  static constexpr auto f = special::igamma;
  static constexpr Rule rules[] = {
      [](const Array& t, const Array&, ArraySpan x) { return mul(t, igamma_grad_a(x[0], x[1])); },
      [](const Array& t, const Array&, ArraySpan x) { return mul(t, gamma_density(x)); }};
};

struct Igammac : Special<Igammac, 2> {
  static constexpr std::string_view name = "igammac";
  static constexpr auto f = special::igammac;
  static constexpr Rule rules[] = {
      [](const Array& t, const Array&, ArraySpan x) { return neg(mul(t, igamma_grad_a(x[0], x[1]))); },
      [](const Array& t, const Array&, ArraySpan x) { return neg(mul(t, gamma_density(x))); }};
};

struct IgammaGradA : Special<IgammaGradA, 2> {
  static constexpr std::string_view name = "igamma_grad_a";
  static constexpr auto f = special::igamma_grad_a;
  static constexpr Rule rules[] = {
      [](const Array&, const Array&, ArraySpan x) -> Array { throw_no_derivative("igamma_grad_a", "a", x[0]); },
      // Derivatives by a and by x may be taken in either order.
      [](const Array& t, const Array&, ArraySpan x) {
        return mul(t, mul(gamma_density(x), sub(log(x[1]), digamma(x[0]))));
      }};
};

struct RandomGammaGrad : Special<RandomGammaGrad, 2> {
  static constexpr std::string_view name = "random_gamma_grad";
  static constexpr auto f = special::random_gamma_grad;
  static constexpr Rule rules[] = {
      [](const Array&, const Array&, ArraySpan x) -> Array { throw_no_derivative("random_gamma_grad", "a", x[0]); },
      [](const Array&, const Array&, ArraySpan x) -> Array {
        throw_no_derivative("random_gamma_grad", "the sample", x[1]);
      }};
};

struct Betainc : Special<Betainc, 3> {
  static constexpr std::string_view name = "regularized_incomplete_beta";
  static constexpr auto f = special::betainc;
  static constexpr Rule rules[] = {[](const Array&, const Array&, ArraySpan x) -> Array {
                                     throw_no_derivative("regularized_incomplete_beta", "a", x[0]);
                                   },
                                   [](const Array&, const Array&, ArraySpan x) -> Array {
                                     throw_no_derivative("regularized_incomplete_beta", "b", x[1]);
                                   },
                                   // x^(a-1) (1-x)^(b-1) / B(a, b)
                                   [](const Array& t, const Array&, ArraySpan in) {
                                     const auto &a = in[0], &b = in[1], &x = in[2];
                                     const auto one = number(x, 1);
                                     const auto log_beta = sub(add(lgamma(a), lgamma(b)), lgamma(add(a, b)));
                                     const auto powers = add(mul(sub(b, one), log1p(neg(x))), mul(sub(a, one), log(x)));
                                     return mul(t, exp(sub(powers, log_beta)));
                                   }};
};

struct Zeta : Special<Zeta, 2> {
  static constexpr std::string_view name = "zeta";
  static constexpr auto f = special::zeta;
  static constexpr Rule rules[] = {
      [](const Array&, const Array&, ArraySpan x) -> Array { throw_no_derivative("zeta", "x", x[0]); },
      [](const Array& t, const Array&, ArraySpan x) {
        return mul(t, mul(neg(x[0]), zeta(add(x[0], number(x[0], 1)), x[1])));
      }};
};

struct BesselI0e : Special<BesselI0e, 1> {
  static constexpr std::string_view name = "bessel_i0e";
  static constexpr auto f = special::bessel_i0e;
  static constexpr Rule rules[] = {[](const Array& t, const Array& ans, ArraySpan x) {
    return mul(t, sub(bessel_i1e(x[0]), mul(sign(x[0]), ans)));
  }};
};

struct BesselI1e : Special<BesselI1e, 1> {
  static constexpr std::string_view name = "bessel_i1e";
  static constexpr auto f = special::bessel_i1e;
  // I_1' = I_0 - I_1 / x, which is 1/2 at 0.
  static constexpr Rule rules[] = {[](const Array& t, const Array& ans, ArraySpan in) {
    const auto& x = in[0];
    const auto eps = number(x, x.dtype() == DType::float64 ? std::numeric_limits<double>::epsilon()
                                                           : std::numeric_limits<float>::epsilon());
    const auto usual = gt(abs(x), eps);
    const auto safe = select_n(usual, broadcast_scalar(eps, x.shape()), x);
    const auto slope = sub(bessel_i0e(safe), mul(ans, add(sign(safe), div(number(x, 1), safe))));
    return mul(t, select_n(usual, broadcast_scalar(number(x, 0.5), x.shape()), slope));
  }};
};

struct Expi : Special<Expi, 1> {
  static constexpr std::string_view name = "expi";
  static constexpr auto f = special::expi;
  static constexpr Rule rules[] = {
      [](const Array& t, const Array&, ArraySpan x) { return mul(t, div(exp(x[0]), x[0])); }};
};

struct Expn : Special<Expn, 2> {
  static constexpr std::string_view name = "expn";
  static constexpr auto f = special::expn;
  static constexpr Rule rules[] = {
      [](const Array&, const Array& ans, ArraySpan) { return full(ans.shape(), number(ans, 0)); },
      [](const Array& t, const Array&, ArraySpan x) { return mul(t, neg(expn(sub(x[0], number(x[0], 1)), x[1]))); }};
};

template <class P, class... A>
Array call(const A&... x) {
  const Array args[] = {x...};
  return bind_one<P>(args, {});
}

}  // namespace

Array igamma(const Array& a, const Array& x) { return call<Igamma>(a, x); }
Array igammac(const Array& a, const Array& x) { return call<Igammac>(a, x); }
Array igamma_grad_a(const Array& a, const Array& x) { return call<IgammaGradA>(a, x); }
Array random_gamma_grad(const Array& a, const Array& x) { return call<RandomGammaGrad>(a, x); }
Array betainc(const Array& a, const Array& b, const Array& x) { return call<Betainc>(a, b, x); }
Array zeta(const Array& x, const Array& q) { return call<Zeta>(x, q); }
Array bessel_i0e(const Array& x) { return call<BesselI0e>(x); }
Array bessel_i1e(const Array& x) { return call<BesselI1e>(x); }
Array expi(const Array& x) { return call<Expi>(x); }
Array expn(const Array& n, const Array& x) { return call<Expn>(n, x); }

void list_special(Readables& to) {
  to.insert(to.end(), {readable<Igamma>(2), readable<Igammac>(2), readable<IgammaGradA>(2),
                       readable<RandomGammaGrad>(2), readable<Betainc>(3), readable<Zeta>(2), readable<BesselI0e>(1),
                       readable<BesselI1e>(1), readable<Expi>(1), readable<Expn>(2)});
}

}  // namespace fluxion::lax

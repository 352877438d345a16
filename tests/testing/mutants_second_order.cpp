// First derivatives that are right, and second or third ones that are not.
#include "testing/mutant_parts.hpp"

namespace fluxion::test {
namespace {

/// sin x; the wrong rule stops the derivative of its own derivative.
template <bool W>
struct SineOnce {
  static constexpr std::string_view name = "sine_once";
  static Array value(ArraySpan x) { return sin(x[0]); }
  static Array tangent(std::size_t, ArraySpan x, const Array& t) { return cos(W ? stop_gradient(x[0]) : x[0]) * t; }
};

/// x y^2; the wrong rule stops the mixed derivative.
template <bool W>
struct Mixed {
  static constexpr std::string_view name = "mixed";
  static Array value(ArraySpan x) { return x[0] * x[1] * x[1]; }
  static Array tangent(std::size_t i, ArraySpan x, const Array& t) {
    if (i == 0) return (W ? stop_gradient(x[1] * x[1]) : x[1] * x[1]) * t;
    return 2.0 * x[0] * x[1] * t;
  }
};

/// The slope of tanh, given tanh: 1 - y^2, whose own derivative is -2 y.
template <bool W>
struct SlopeOfTanh {
  static constexpr std::string_view name = "slope_of_tanh";
  static Array value(ArraySpan y) { return 1 - y[0] * y[0]; }
  static Array tangent(std::size_t, ArraySpan y, const Array& t) { return (W ? -1.0 : -2.0) * y[0] * t; }
};
template <bool W>
struct TanhBySlope {
  static constexpr std::string_view name = "tanh_by_slope";
  static Array value(ArraySpan x) { return tanh(x[0]); }
  static Array tangent(std::size_t, ArraySpan x, const Array& t) {
    return pointwise<SlopeOfTanh<W>>(pointwise<TanhBySlope>(x[0])) * t;
  }
};

/// x^4, right up to the second derivative.
template <bool W>
struct Fourth {
  static constexpr std::string_view name = "fourth_power";
  static Array value(ArraySpan x) { return x[0] * x[0] * x[0] * x[0]; }
  static Array tangent(std::size_t, ArraySpan x, const Array& t) { return pointwise<FourthSlope>(x[0]) * t; }
  struct FourthSlope {
    static constexpr std::string_view name = "fourth_power_slope";
    static Array value(ArraySpan x) { return 4.0 * x[0] * x[0] * x[0]; }
    static Array tangent(std::size_t, ArraySpan x, const Array& t) {
      const Array d = 12.0 * x[0] * x[0];
      return (W ? stop_gradient(d) : d) * t;
    }
  };
};

/// log(1 + x^2) with a backward rule whose residual is taken for a constant.
template <bool W>
Arrays constant_residual(const Arrays& x) {
  const auto value = [](const Array& a) { return log1p(a * a); };
  const auto f = custom_vjp(
      value,
      [value](const Array& a) {
        const Array slope = 2 * a / (1 + a * a);
        return std::pair(value(a), W ? stop_gradient(slope) : slope);
      },
      [](const Array& slope, const Array& ct) { return ct * slope; });
  return {sum(f(before(x[0])))};
}

Mutant of_order(int order, Mutant m) {
  m.order = order;
  return m;
}

}  // namespace

void add_second_order_mutants(std::vector<Mutant>& to) {
  const auto vector = drawn({{{3}}}), two = drawn({{{3}}, {{3}}});
  to.push_back(
      of_order(2, mutant("derivative stopped in a jvp rule", "sine_once", "jvp", vector,
                         []<bool W>(const Arrays& x) { return Arrays{after(pointwise<SineOnce<W>>(before(x[0])))}; })));
  to.push_back(of_order(2, mutant("mixed derivative stopped", "mixed", "jvp", two, []<bool W>(const Arrays& x) {
                          return Arrays{after(pointwise<Mixed<W>>(before(x[0]), x[1]))};
                        })));
  to.push_back(of_order(
      2, mutant("the derivative's own jvp", "slope_of_tanh", "jvp", vector,
                []<bool W>(const Arrays& x) { return Arrays{after(pointwise<TanhBySlope<W>>(before(x[0])))}; })));
  to.push_back(of_order(2, mutant("residual taken for a constant", "custom_vjp", "fwd", vector,
                                  []<bool W>(const Arrays& x) { return constant_residual<W>(x); })));
  to.push_back(of_order(3, mutant("third derivative stopped", "fourth_power_slope", "jvp", vector,
                                  []<bool W>(const Arrays& x) { return Arrays{sum(pointwise<Fourth<W>>(x[0]))}; })));
}

}  // namespace fluxion::test

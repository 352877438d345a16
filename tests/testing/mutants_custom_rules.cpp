// Wrong rules of custom_jvp and custom_vjp.
#include "testing/mutant_parts.hpp"

namespace fluxion::test {
namespace {

/// log sum e^x over what a mask keeps
struct MaskedLogSumExp {
  Array operator()(const Array& x, const Array& mask) const {
    const Array top = stop_gradient(max(where(mask, x, -inf)));
    return top + log(sum(where(mask, exp(x - top), 0.0)));
  }
};
template <bool W>
Arrays masked(const Arrays& x) {
  const auto f = custom_vjp(
      MaskedLogSumExp{},
      [](const Array& v, const Array& mask) {
        const Array y = MaskedLogSumExp{}(v, mask);
        return std::pair(y, std::tuple(v, mask, y));
      },
      [](const auto& saved, const Array& ct) {
        const auto& [v, mask, y] = saved;
        const Array share = exp(v - y);
        return std::tuple(ct * (W ? share : where(mask, share, 0.0)), none);
      });
  return {f(before(x[0]), x[1])};
}

template <bool W>
Arrays swapped(const Arrays& x) {
  const auto f = custom_vjp([](const Array& a, const Array& b) { return sin(a) * b; },
                            [](const Array& a, const Array& b) { return std::pair(sin(a) * b, std::pair(a, b)); },
                            [](const auto& saved, const Array& ct) {
                              const auto& [a, b] = saved;
                              const Array da = ct * b * cos(a), db = ct * sin(a);
                              return W ? std::tuple(db, da) : std::tuple(da, db);
                            });
  return {after(f(before(x[0]), x[1]))};
}

/// tanh, whose derivative is 1 - y^2 of the result, not of the argument.
template <bool W>
Arrays residual(const Arrays& x) {
  const auto f = custom_vjp([](const Array& a) { return tanh(a); },
                            [](const Array& a) {
                              const Array y = tanh(a);
                              return std::pair(y, W ? a : y);
                            },
                            [](const Array& y, const Array& ct) { return ct * (1 - y * y); });
  return {after(f(before(x[0])))};
}

template <bool W>
Arrays product_rule(const Arrays& x) {
  const auto f = custom_jvp([](const Array& a, const Array& b) { return a * exp(-b); },
                            [](const auto& p, const auto& t) {
                              const auto& [a, b] = p;
                              const auto& [da, db] = t;
                              const Array first = da * exp(-b);
                              return std::pair(a * exp(-b), W ? first : first - a * exp(-b) * db);
                            });
  return {after(f(before(x[0]), x[1]))};
}

/// A forward rule that leaves the guard of the function out.
template <bool W>
Arrays other_value(const Arrays& x) {
  const auto value = [](const Array& a) { return log(a + 1e-3); };
  const auto f = custom_vjp(
      value, [value](const Array& a) { return std::pair(W ? log(a) : value(a), a); },
      [](const Array& a, const Array& ct) { return ct / (a + 1e-3); });
  return {sum(f(x[0]))};
}

/// A mean of squares whose backward rule takes the cotangent for 1, which it is under grad.
template <bool W>
Arrays upstream(const Arrays& x) {
  const auto f =
      custom_vjp([](const Array& a) { return mean(a * a); }, [](const Array& a) { return std::pair(mean(a * a), a); },
                 [](const Array& a, const Array& ct) {
                   const Array g = 2.0 * a / static_cast<double>(a.size());
                   return W ? g + 0.0 * ct : g * ct;
                 });
  return {sin(f(before(x[0])))};
}

template <bool W>
Arrays clipping(const Arrays& x) {
  const auto f = custom_vjp([](const Array& a) { return a; }, [](const Array& a) { return std::pair(a, none); },
                            [](None, const Array& ct) { return W ? clip(ct, -0.5, 0.5) : ct; });
  return {after(f(before(x[0])))};
}

/// c <- tanh(c + x), whose wrong rule takes the carry for a constant.
template <bool W>
Arrays recurrence(const Arrays& x) {
  const auto cell = custom_jvp([](const Array& c, const Array& v) { return tanh(c + v); },
                               [](const auto& p, const auto& t) {
                                 const Array y = tanh(std::get<0>(p) + std::get<1>(p));
                                 const Array slope = 1 - y * y;
                                 const Array direct = slope * std::get<1>(t);
                                 return std::pair(y, W ? direct : direct + slope * std::get<0>(t));
                               });
  const auto step = [cell](const Array& c, const Array& v) {
    const Array next = cell(c, v);
    return std::pair(next, next * v);
  };
  const auto [carry, ys] = scan(step, Array(0.1), before(x[0]));
  return {carry + sum(ys)};
}

template <bool W>
Arrays straight_through(const Arrays& x) {
  const auto f = custom_jvp(
      [](const Array& a) { return floor(a); },
      [](const auto& p, const auto& t) { return std::pair(floor(std::get<0>(p)), (W ? 1.0 : 0.0) * std::get<0>(t)); });
  return {sum(sin(x[0]) * f(x[0]))};
}

/// The derivative of e^(sin x) by a difference quotient.
template <bool W>
Arrays quotient(const Arrays& x) {
  const auto value = [](const Array& a) { return exp(sin(a)); };
  const auto f = custom_jvp(value, [value](const auto& p, const auto& t) {
    const auto& [a] = p;
    const double h = 1e-4;
    const Array slope = W ? (value(a + h) - value(a - h)) / (2 * h) : cos(a) * value(a);
    return std::pair(value(a), slope * std::get<0>(t));
  });
  return {sum(f(x[0]))};
}

/// x halved until it is below 1, by a loop whose trips depend on x; its wrong adjoint is zero.
template <bool W>
Arrays loop(const Arrays& x) {
  const auto halved = [](const Array& a) {
    return while_loop([](const Array& c) { return c > 1.0; }, [](const Array& c) { return 0.5 * c; }, a);
  };
  const auto f = custom_vjp(
      halved,
      [halved](const Array& a) {
        const Array y = halved(a);
        return std::pair(y, y / a);
      },
      [](const Array& ratio, const Array& ct) { return (W ? 0.0 : 1.0) * stop_gradient(ratio) * ct; });
  return {sin(f(x[0])) * x[0]};
}

/// The root of y + y^3 / 3 = x by Newton's iteration, with the implicit function theorem as its rule.
template <bool W>
Arrays implicit(const Arrays& x) {
  const auto root = [](const Array& a) {
    return fori_loop(
        0, 30, [a](const Array&, const Array& y) { return y - (y + y * y * y / 3.0 - a) / (1 + y * y); }, 0.5 * a);
  };
  const auto f = custom_jvp(root, [root](const auto& p, const auto& t) {
    const Array y = root(std::get<0>(p));
    return std::pair(y, (W ? -1.0 : 1.0) / (1 + y * y) * std::get<0>(t));
  });
  // The rule's root has no rule of its own, so that its own derivative is the iteration's, which agrees.
  return {after(f(before(x[0])))};
}

}  // namespace

void add_custom_rule_mutants(std::vector<Mutant>& to) {
  const auto vector = drawn({{{3}}}), two = drawn({{{3}}, {{3}}}), scalar = drawn({{{}, 3, 10}});
  const auto with_mask = [draw = drawn({{{4}, -1, 1}})](const Array& key) {
    return Arrays{draw(key)[0], array({true, false, true, true})};
  };
  to.push_back(mutant("mask forgotten in bwd", "MaskedLogSumExp", "bwd", with_mask,
                      []<bool W>(const Arrays& x) { return masked<W>(x); }));
  to.push_back(mutant("bwd in the wrong order", "custom_vjp", "bwd", two,
                      []<bool W>(const Arrays& x) { return swapped<W>(x); }));
  to.push_back(mutant("fwd saves the wrong residual", "custom_vjp", "bwd", vector,
                      []<bool W>(const Arrays& x) { return residual<W>(x); }));
  to.push_back(mutant("product rule cut short", "custom_jvp", "rule", two,
                      []<bool W>(const Arrays& x) { return product_rule<W>(x); }));
  to.push_back(mutant("fwd of another function", "custom_vjp", "fwd", vector,
                      []<bool W>(const Arrays& x) { return other_value<W>(x); }));
  to.push_back(mutant("bwd ignores its cotangent", "custom_vjp", "bwd", vector,
                      []<bool W>(const Arrays& x) { return upstream<W>(x); }));
  to.push_back(
      mutant("bwd clips", "custom_vjp", "bwd", vector, []<bool W>(const Arrays& x) { return clipping<W>(x); }));
  to.push_back(mutant("carry forgotten in a scan's body", "custom_jvp", "rule", vector,
                      []<bool W>(const Arrays& x) { return recurrence<W>(x); }));
  to.push_back(mutant("straight through a step", "custom_jvp", "rule", vector,
                      []<bool W>(const Arrays& x) { return straight_through<W>(x); }));
  to.push_back(mutant("a difference quotient as derivative", "custom_jvp", "rule", vector,
                      []<bool W>(const Arrays& x) { return quotient<W>(x); }));
  to.push_back(mutant("zero adjoint around a loop", "custom_vjp", "bwd", scalar,
                      []<bool W>(const Arrays& x) { return loop<W>(x); }));
  to.push_back(mutant("sign of an implicit derivative", "custom_jvp", "rule", drawn({{{}}}),
                      []<bool W>(const Arrays& x) { return implicit<W>(x); }));
}

}  // namespace fluxion::test

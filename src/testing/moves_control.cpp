// Control flow and transformations, around programs that are drawn themselves.
#include <algorithm>
#include <cmath>

#include "testing/moves.hpp"

namespace fluxion::testing {

namespace {

constexpr double kBody = 2;  // bodies map [-2, 2] to [-2, 2]

Array operand(const Scene& s) { return into(s.first(), -kBody, kBody).x; }
Value result(Array x) { return bounded(std::move(x), kBody); }

/// A traced bool that no small step changes: which one, the values decide.
Array decided(const Scene& s, const Value& x) {
  return argmax(apart(with_axis(x), 0).x.reshape({std::max<std::int64_t>(1, x.size())})) % 2 == s.choice(2);
}

Value conditional(const Scene& s) {
  return result(cond(decided(s, s.second()), s.body(), s.other_body(), operand(s)));
}
Value switched(const Scene& s) {
  const std::vector<Body> branches{[](const Array& v) { return sin(v); }, s.body(), s.other_body()};
  const auto x = s.second();
  const auto index = argmax(apart({ravel(x.x), x.lo, x.hi}, 0).x) + s.choice(3);
  return result(switch_(index, branches, operand(s)));
}
Value scanned(const Scene& s) {
  const auto x = operand(s);
  const auto f = s.body();
  const auto step = [&](const Array& carry, const Array& i) {
    const Array next = 0.6 * f(carry) + (0.1 * (i + 1.0).astype(x.dtype())) * x;
    return std::pair(next, 0.5 * next);
  };
  const auto n = s.choice(4);
  const auto [last, ys] = scan(step, x, arange(n), {.reverse = s.choice(2) == 1, .unroll = 1 + s.choice(5) / 4});
  return bounded(last + sum(ys, 0), 2.4 * (1 + 0.5 * static_cast<double>(n)));
}
Value looped(const Scene& s) {
  using Carry = std::pair<Array, Array>;
  const auto x = operand(s);
  const auto f = s.body();
  const Array bound = s.choice(3) + where(decided(s, s.second()), 1, 0);
  const auto end = while_loop([&](const Carry& c) { return c.first < bound; },
                              [&](const Carry& c) { return Carry(c.first + 1, 0.6 * f(c.second) + 0.2 * x); },
                              Carry(0, x));
  return result(end.second);
}
Value counted(const Scene& s) {
  const auto x = operand(s);
  const auto body = [&, f = s.body()](const Array&, const Array& c) { return 0.7 * f(c) + 0.3 * x; };
  if (s.choice(2) == 0) return result(fori_loop(0, s.choice(3), body, x));
  return result(fori_loop(Array(0), where(decided(s, s.second()), 2, 1), body, x));
}
Value mapped_over(const Scene& s) {
  const auto x = with_axis(s.first());
  return result(map(s.body(), into(x, -kBody, kBody).x));
}
Value associatively(const Scene& s) {
  const auto x = with_axis(into(s.first(), -0.5, 0.5));
  const auto out = associative_scan([](const Array& a, const Array& b) { return a + b + 0.1 * (a * b); }, x.x,
                                    {.reverse = s.choice(2) == 1});
  return bounded(out, 10 * (std::pow(1.05, static_cast<double>(x.x.shape(0))) - 1));
}
// y with y + 0.3 tanh(y) = x.
Value root(const Scene& s) {
  const auto x = operand(s);
  const auto f = [&](const Array& y) { return y + 0.3 * tanh(y) - x; };
  const auto solve = [](const auto& g, const Array& start) {
    return fori_loop(
        0, 30, [&](const Array&, const Array& y) { return y - g(y) / (1.0 + 0.3 * (1.0 - square(tanh(y)))); },
        start);
  };
  return result(custom_root(f, zeros_like(x), solve,
                            [](const auto& g, const Array& y) { return y / g(ones_like(y)); }));
}
Value linear_system(const Scene& s) {
  const auto x = with_axis(into(s.first(), -1, 1)), d = into(with_axis(s.first()), 1, 2);
  const auto matvec = [&](const Array& v) { return d.x * v; };
  const auto solve = [](const auto& a, const Array& b) { return b / a(ones_like(b)); };
  return bounded(custom_linear_solve(matvec, x.x, solve, solve), 1);
}

}  // namespace

Moves control_moves() {
  Moves out;
  for (const auto f : {conditional, switched, scanned, looped, counted, mapped_over}) out.push_back({Move::control, f});
  for (const auto f : {associatively, root, linear_system}) out.push_back({Move::control, f});
  return out;
}

namespace {

Value compiled(const Scene& s) { return result(jit(s.body())(operand(s))); }
Value rematerialised(const Scene& s) { return result(checkpoint(s.body())(operand(s))); }
Value mapped(const Scene& s) {
  const auto x = operand(s);
  const auto rows = vmap(s.body())(stack({x, 0.5 * x}));
  return result(0.6 * rows[0] + 0.4 * rows[1]);
}
Value with_jvp_rule(const Scene& s) {
  const Body f = s.body();
  const auto rule = [f](const std::tuple<Array>& primals, const std::tuple<Array>& tangents) {
    return jvp(f, std::get<0>(primals), std::get<0>(tangents));
  };
  return result(custom_jvp(f, rule)(operand(s)));
}
Value with_vjp_rule(const Scene& s) {
  const Body f = s.body();
  return result(custom_vjp(
      f, [f](const Array& v) { return std::pair(f(v), v); },
      [f](const Array& v, const Array& ct) { return std::tuple(vjp(f, v).second(ct)); })(operand(s)));
}
Value with_vmap_rule(const Scene& s) {
  const Body f = s.body();
  const auto rule = [f](std::int64_t, const std::array<bool, 1>&, const Array& v) {
    return std::pair(vmap(f)(v), true);
  };
  return result(custom_vmap(f, rule)(operand(s)));
}
Value gradient(const Scene& s) {
  const auto x = operand(s);
  const auto g = grad([f = s.body()](const Array& u) { return sum(sin(f(u))); })(x);
  return result(2.0 * tanh(0.3 * g));  // how large it is nobody knows
}
Value tangent(const Scene& s) {
  const auto x = operand(s);
  return result(2.0 * tanh(0.3 * jvp(s.body(), x, cos(x)).second));
}

}  // namespace

Moves transform_moves() {
  Moves out;
  for (const auto f :
       {compiled, rematerialised, mapped, with_jvp_rule, with_vjp_rule, with_vmap_rule, gradient, tangent})
    out.push_back({Move::transform, f});
  return out;
}

}  // namespace fluxion::testing

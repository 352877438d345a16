// Effects of jaxprs: derived from their equations, and kept by what eliminates dead code.
#include <catch2/catch.hpp>

#include <fluxion/fluxion.hpp>

#include "core/jaxpr.hpp"
#include "core/ops.hpp"

namespace fluxion::test {

namespace {

template <class F>
JaxprPtr traced(const F& f) { return make_jaxpr(f)(ones({3})).jaxpr; }
void look(const Array& x, bool ordered = false) {
  debug::callback({.ordered = ordered}, [](const Array&) {}, x);
}
Array nothing(const Array& x) { return sin(x); }
Array unordered(const Array& x) { return look(x), sin(x); }
Array ordered(const Array& x) { return look(x, true), sin(x); }

}  // namespace

TEST_CASE("effects are found in equations and in the jaxprs that they hold") {
  using F = Array (*)(const Array&);
  const std::pair<F, Effect> cases[] = {{nothing, Effect::none}, {unordered, Effect::unordered}, {ordered, Effect::ordered}};
  for (const auto& c : cases) {
    const auto f = c.first;
    const auto effect = c.second;
    const std::function<Array(const Array&)> around[] = {
        f,
        [&](const Array& x) { return jit(jit(f))(x); },
        [&](const Array& x) { return cond(x[0] > 0.0, f, nothing, x); },
        [&](const Array& x) { return while_loop([](const Array& v) { return v[0] < 0.0; }, f, x); },
        [&](const Array& x) { return fori_loop(0, 3, [&](const Array&, const Array& v) { return f(v); }, x); },
        [&](const Array& x) { return vmap(f)(x); },
        [&](const Array& x) { return jvp(f, x, x).second; },
        [&](const Array& x) { return grad([&](const Array& v) { return sum(f(v)); })(x); },
        [&](const Array& x) { return grad(jit([&](const Array& v) { return sum(f(v)); }))(x); },
        [&](const Array& x) { return jit(vmap(jit(f)))(x); },
    };
    for (const auto& g : around) {
      const auto jaxpr = traced(g);
      INFO(*jaxpr);
      CHECK(effect_of(*jaxpr) == effect);
      CHECK(has_effects(*jaxpr) == (effect != Effect::none));
      CHECK(has_ordered_effects(*jaxpr) == (effect == Effect::ordered));
    }
  }
  const auto in_condition = traced([](const Array& x) {
    return while_loop([](const Array& v) { return look(v), v[0] < 0.0; }, nothing, x);
  });
  CHECK(has_effects(*in_condition));
}

TEST_CASE("dead code is what has no effect") {
  const auto jaxpr = traced([](const Array& x) {
    static_cast<void>(exp(x));
    const Array seen = cos(x);
    look(seen);
    static_cast<void>(pure_callback([](const Array& v) { return v; }, x, x));
    static_cast<void>(io_callback([](const Array& v) { return v; }, x, x));
    return x;
  });
  CHECK(jaxpr->eqns.size() == 5);
  const auto alive = dead_code_eliminated(*jaxpr);
  std::string names;
  for (const auto& e : alive.eqns) names += std::string(e.prim->name()) + " ";
  CHECK(names == "cos debug_callback io_callback ");
  CHECK(has_effects(alive));
  typecheck(alive);
}

}  // namespace fluxion::test

// Gradients of what a select leaves out: exactly zero, however infinite the derivative there, as far as
// docs/nan-safe-where.md promises. Each program is held against one whose operand was made harmless first.
#include <catch2/catch.hpp>

#include <functional>
#include <sstream>
#include <string>
#include <vector>

#include <fluxion/fluxion.hpp>

namespace fluxion::test {

namespace {

using Fn = std::function<Array(const Array&)>;

void same(const Array& got, const Array& want) {
  INFO(got << "\nagainst\n" << want);
  CHECK(static_cast<bool>(array_equal(got, want)));
}
void near(const Array& got, const Array& want) {
  INFO(got << "\nagainst\n" << want);
  CHECK(static_cast<bool>(allclose(got, want)));
}

/// where(pred(x), f(x), fallback(x)), plainly and with f kept away from the points at which it has no derivative.
struct Choice {
  std::string name;
  Fn pred, f, fallback;

  Fn plain() const {
    return [*this](const Array& x) { return where(pred(x), f(x), fallback(x)); };
  }
  Fn guarded() const {
    return [*this](const Array& x) {
      const Array p = pred(x);
      return where(p, f(where(p, x, 1.0)), fallback(x));
    };
  }
};

const Fn positive = [](const Array& x) { return x > 0.0; };
const Fn not_zero = [](const Array& x) { return x != 0.0; };
const Fn zero = [](const Array&) { return Array(0.0); };
const Fn itself = [](const Array& x) { return x; };

const std::vector<Choice>& choices() {
  static const std::vector<Choice> all{
      {"sqrt", positive, [](const Array& x) { return sqrt(x); }, zero},
      {"log", positive, [](const Array& x) { return log(x); }, zero},
      {"reciprocal", not_zero, [](const Array& x) { return 1.0 / x; }, zero},
      {"sinc", not_zero, [](const Array& x) { return sin(x) / x; }, [](const Array&) { return Array(1.0); }},
      {"entropy", positive, [](const Array& x) { return x * log(x); }, zero},
      {"a chain", positive, [](const Array& x) { return 3.0 * exp(-sqrt(log(x + 1.0) * 2.0)); }, itself},
      {"a power", positive, [](const Array& x) { return power(x, -0.5); }, zero},
      {"nested", positive, [](const Array& x) { return where(x < 2.0, sqrt(x), log(x)); }, itself},
      {"complements", [](const Array& x) { return x >= 1.0; }, [](const Array& x) { return abs(log(x)); }, itself},
      {"a shared subexpression", positive,
       [](const Array& x) {
         const Array s = sqrt(x);
         return s + 1.0 / s + s * s;
       },
       zero},
  };
  return all;
}

Array points() { return array({0.0, 0.5, 1.0, 3.0, -1.0}); }
Fn total(const Fn& f) {
  return [f](const Array& x) { return sum(f(x)); };
}

}  // namespace

TEST_CASE("a select that is sunk to the coefficients gives the gradients of a guarded operand") {
  for (const auto& c : choices()) {
    INFO(c.name);
    const auto got = grad(total(c.plain()))(points()), want = grad(total(c.guarded()))(points());
    CHECK(static_cast<bool>(all(isfinite(got))));
    near(got, want);
    same(jit(grad(total(c.plain())))(points()), got);
    same(vmap(grad(c.plain()))(points()), got);
    for (int i = 0; i < 5; ++i) {
      const Array x = points()[i];
      same(grad(c.plain())(x), got[i]);
      // Where the derivative exists, selecting changes no bit of it.
      same(got[i], grad(c.pred(x).item<bool>() ? c.f : c.fallback)(x));
    }
  }
}

TEST_CASE("second derivatives of a select are finite as well") {
  for (const auto& c : choices()) {
    INFO(c.name);
    const auto slope = [](const Fn& f) { return [f](const Array& x) { return sum(grad(total(f))(x)); }; };
    const auto got = grad(slope(c.plain()))(points()), want = grad(slope(c.guarded()))(points());
    CHECK(static_cast<bool>(all(isfinite(got))));
    near(got, want);
    near(jvp(grad(total(c.plain())), points(), ones({5})).second, want);
    near(grad(slope(jit(c.plain())))(points()), want);
  }
}

TEST_CASE("a limit goes into calls and comes out of them") {
  const auto inner = jit([](const Array& x) { return sqrt(x) * 2.0; });
  same(grad([&](const Array& x) { return sum(where(x > 0.0, inner(x), 0.0)); })(points()),
       grad([&](const Array& x) { return sum(where(x > 0.0, sqrt(x) * 2.0, 0.0)); })(points()));
  const auto choose = jit([](const Array& x, const Array& y) { return where(x > 0.0, y, 0.0); });
  const auto f = [&](const Array& x) { return sum(choose(x, log(x))); };
  const Array want = array({0.0, 2.0, 1.0, 1.0 / 3.0, 0.0});
  same(grad(f)(points()), want);
  same(jit(grad(f))(points()), want);
  same(grad(jit(f))(points()), want);
}

TEST_CASE("a limit holds in the bodies of loops and in branches") {
  const auto in_scan = [](const Array& xs) {
    return scan([](const Array& c, const Array& x) { return std::pair(c + where(x > 0.0, sqrt(x), 0.0), None{}); }, 0.0, xs).first;
  };
  const auto in_cond = [](const Array& x) {
    return cond(true, [](const Array& v) { return sum(where(v > 0.0, sqrt(v), 0.0)); }, [](const Array& v) { return sum(v); }, x);
  };
  const Array xs = array({0.0, 4.0, 0.0, 1.0});
  for (const Fn& f : {Fn(in_scan), Fn(in_cond)}) {
    same(grad(f)(xs), array({0.0, 0.25, 0.0, 0.5}));
    same(jit(grad(f))(xs), array({0.0, 0.25, 0.0, 0.5}));
  }
}

TEST_CASE("a limit is moved along with the elements") {
  // The operand is repeated, transposed, cut and put together between the singular point and the select.
  const auto f = [](const Array& x) {
    const Array rows = broadcast_to(log(x), {2, 3}), p = broadcast_to(x > 0.0, {2, 3});
    return sum(where(p.T(), rows.T(), 0.0));
  };
  same(grad(f)(array({0.0, 1.0, 2.0})), array({0.0, 2.0, 1.0}));
  const auto joined = [](const Array& x) {
    const Array y = concatenate({log(x), x})(range(0, 4)), p = array({false, true, true, true});
    return sum(where(p, reshape(y, {4}), 0.0));
  };
  same(grad(joined)(array({0.0, 1.0, 2.0})), array({1.0, 1.0, 0.5}));
  const auto summed = [](const Array& x) { return sum(where(array({false, true}), sum(sqrt(x), 1), 0.0)); };
  same(grad(summed)(array({{0.0, 0.0}, {4.0, 1.0}})), array({{0.0, 0.0}, {0.25, 0.5}}));
}

TEST_CASE("scalars beside arrays are summed after what is left out has become zero") {
  const Array x = array({0.0, 2.0, 4.0});
  const auto f = [&](const Array& s) { return sum(where(x != 0.0, s / x, 0.0)); };
  same(grad(f)(3.0), 0.75);
  const auto g = [&](const Array& s) { return sum(where(x != 0.0, sqrt(s - 3.0) / x, 1.0)); };
  near(grad(g)(4.0), 0.375);
  const auto none_chosen = [&](const Array& s) { return sum(where(x > 9.0, log(s), 0.0)); };
  same(grad(none_chosen)(0.0), 0.0);
  const auto both = [&](const Array& p, const Array& q) { return sum(where(q > 0.0, p / q, 0.0)); };
  const auto [dp, dq] = grad(both, argnums<0, 1>)(1.0, array({0.0, 2.0}));
  same(dp, 0.5);
  same(dq, array({0.0, -0.25}));
}

TEST_CASE("one bool for everything is passed through any operation") {
  const Array w = array({{1.0, 2.0}, {3.0, 4.0}});
  const auto f = [&](const Array& ok, const Array& x) { return where(ok, sum(matmul(w, log(x)) * sqrt(x)), 0.0); };
  const auto slope = grad(f, argnums<1>);
  same(slope(false, array({0.0, 1.0})), array({0.0, 0.0}));
  same(slope(true, array({2.0, 1.0})), grad([&](const Array& x) { return sum(matmul(w, log(x)) * sqrt(x)); })(array({2.0, 1.0})));
}

TEST_CASE("two selects of one value leave zero where neither has chosen it") {
  const auto f = [](const Array& x) {
    const Array s = sqrt(x);
    return sum(where(x > 0.0, s, 0.0) + where(x > 1.0, 1.0 / s, 0.0));
  };
  near(grad(f)(array({0.0, 1.0, 4.0})), array({0.0, 0.5, 0.25 - 1.0 / 16}));
}

TEST_CASE("the promise ends where an element meets others") {
  // The matrix product mixes what was chosen with what was not: 0 * inf is NaN, as it is in JAX.
  const Array w = array({{1.0, 2.0}, {3.0, 4.0}});
  const auto f = [&](const Array& x) { return sum(where(array({false, true}), matmul(w, sqrt(x)), 0.0)); };
  CHECK(static_cast<bool>(all(grad(f)(array({1.0, 1.0})) == array({1.5, 2.0}))));
  const auto outside = [&](const Array& x) { return sum(where(array({false, false}), matmul(w, sqrt(x)), 0.0)); };
  CHECK(static_cast<bool>(isnan(grad(outside)(array({0.0, 1.0}))[0])));
}

TEST_CASE("selects of what nothing was multiplied with are transposed as ever") {
  const auto f = [](const Array& x) { return sum(where(x > 0.0, x, 0.0)); };
  std::ostringstream printed;
  printed << make_jaxpr(grad(f))(points());
  const std::string text = printed.str();
  std::size_t selects = 0;
  for (auto at = text.find("select_n"); at != std::string::npos; at = text.find("select_n", at + 1)) ++selects;
  INFO(text);
  CHECK(selects == 2);  // one for the value, one for the cotangent
  same(grad(f)(points()), array({0.0, 1.0, 1.0, 1.0, 0.0}));
}

}  // namespace fluxion::test

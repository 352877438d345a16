// jet and hvp: against golden values, nested forward mode and whole Hessians, under every transformation.
#include <catch2/catch.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <sstream>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <fluxion/fluxion.hpp>
#include "support/text.hpp"
#include "transforms/typed_support.hpp"

namespace fluxion::test {

namespace {

using List = std::vector<Array>;
using Fn = std::function<Array(const Array&)>;

void near(const Array& got, const Array& want, double tolerance = 1e-10) {
  INFO(got << "\nagainst\n" << want);
  CHECK(got.shape() == want.shape());
  CHECK(static_cast<bool>(allclose(got, want, tolerance, tolerance)));
}
void same(const Array& got, const Array& want) {
  INFO(got << "\nagainst\n" << want);
  CHECK(static_cast<bool>(array_equal(got, want)));
}

/// The derivatives of f along x + dx t + d2x t^2/2 + ..., by nested jvp.
List nested(const Fn& f, const Array& x, const List& series) {
  Fn g = [&](const Array& t) {
    Array at = x, power = 1.0;
    double factorial = 1;
    for (std::size_t j = 0; j < series.size(); ++j) {
      power = power * t;
      factorial *= static_cast<double>(j + 1);
      at = at + series[j] * power / factorial;
    }
    return f(at);
  };
  List out;
  for (std::size_t j = 0; j < series.size(); ++j) {
    g = [g](const Array& t) { return jvp(g, t, Array(1.0)).second; };
    out.push_back(g(0.0));
  }
  return out;
}

void check_jet(const Fn& f, const Array& x, const List& series, double tolerance = 1e-10) {
  const auto [value, got] = jet(f, x, series);
  const auto want = nested(f, x, series);
  near(value, f(x), 0);
  REQUIRE(got.size() == series.size());
  for (std::size_t j = 0; j < want.size(); ++j) {
    INFO("order " << j + 1);
    near(got[j], want[j], tolerance);
  }
}

std::size_t equations(const Fn& f, std::size_t order) {
  std::ostringstream os;
  os << make_jaxpr([&](const Array& x) { return jet(f, x, List(order, x)).second; })(0.3);
  const auto text = os.str();
  std::size_t n = 0;
  for (auto at = text.find(" = "); at != std::string::npos; at = text.find(" = ", at + 1)) ++n;
  return n;
}

const List curve6{0.75, -0.5, 0.25, 2.0, -1.0, 0.5};

}  // namespace

TEST_CASE("jet gives the golden values of JAX's documentation") {
  const auto [value, series] = jet([](const Array& x) { return sin(x); }, 0.125, {0.75, 3.0});
  CHECK(off(value, {}, {0.12467473}, 1e-7) == "");
  REQUIRE(series.size() == 2);
  CHECK(off(series[0], {}, {0.74414825}, 1e-7) == "");
  CHECK(off(series[1], {}, {2.9064636}, 1e-7) == "");
}

TEST_CASE("jet equals nested jvp to the sixth order") {
  const std::vector<Fn> functions{
      [](const Array& x) { return sin(x) * exp(x) / (1.0 + square(x)); },
      [](const Array& x) { return log(2.0 + tanh(x)) + sqrt(1.0 + x * x); },
      [](const Array& x) { return power(1.5 + x, 2.5) + power(2.0, x) + power(x + 2.0, x); },
      [](const Array& x) { return 1.0 / x + x / (x + 3.0) + power(x, 3) + power(x, -2); },
      [](const Array& x) { return nn::softplus(x) + nn::sigmoid(x) + lax::erf(x) * x; },
      [](const Array& x) { return lax::erf_inv(x * 0.1) + lax::cbrt(x) + log1p(x) + expm1(x); },
      [](const Array& x) { return where(x > 0.0, sin(x), x * x) + abs(x) + maximum(x, 0.1 * x); },
      [](const Array& x) { return logsumexp(stack({x, 2.0 * x, Array(0.5)})); },
      [](const Array& x) { return max(stack({x, 2.0 * x, Array(0.5)})) + min(stack({x, x * x})); },
      [](const Array&) { return Array(2.0); },
  };
  for (const auto& f : functions) check_jet(f, 0.4, curve6, 1e-9);
}

TEST_CASE("jet of vectors, matrices and several arguments") {
  const Array w = array({{1.0, 2.0, -1.0}, {0.5, 0.0, 3.0}});
  const Array x = array({0.1, -0.2, 0.3}), v = array({1.0, 0.5, -2.0});
  check_jet([&](const Array& x) { return tanh(matmul(w, sin(x))); }, x, {v, x, v * v, x * v});
  check_jet([&](const Array& x) { return sum(outer(x, exp(x)), 0); }, x, {v, x, v * v, x * v});
  check_jet([&](const Array& x) { return concatenate({x, x * x})(range(1, 5)); }, x, {v, x, v});
  const auto f = [](const Array& a, const Array& b) { return std::pair(a * b, sin(a) + b); };
  const auto [value, series] = jet(f, std::tuple(2.0, 3.0), std::tuple(List{1.0, 0.0}, List{Array(), 1.0}));
  same(value.first, 6.0);
  same(series[0].first, 3.0);
  same(series[1].first, 2.0);  // a'' b + 2 a' b' + a b''
  near(series[1].second, -sin(Array(2.0)) + 1.0);
}

TEST_CASE("jet of trees, integers and values that do not move") {
  const auto total = [](const Net& n) { return sum(n.layers[0].w * n.scale) + n.layers[1].b * n.layers[0].b; };
  const Net at = net();
  const auto [value, series] = jet(total, at, {at, at});
  same(value, total(at));
  near(series[0], 2.0 * total(at));
  near(series[1], 4.0 * total(at));
  const auto with_index = [](const Array& i, const Array& x) { return x * x * i; };
  const auto [scaled, slopes] = jet(with_index, std::tuple(3, 2.0), std::tuple(List{Array(), Array()}, List{1.0, 0.0}));
  same(scaled, 12.0);
  same(slopes[0], 12.0);
  same(slopes[1], 6.0);
  same(jet([](const Array& x) { return floor(x) + sign(x); }, 1.5, {1.0}).second[0], 0.0);
  CHECK(jet([](const Array& x) { return x > 0.0; }, 1.5, {1.0}).second[0].dtype() == float0);
}

TEST_CASE("jet composes with jit, vmap, grad, jvp and itself") {
  const Fn f = [](const Array& x) { return exp(sin(x)) * x; };
  const auto third = [&](const Array& x) { return jet(f, x, {1.0, 0.0, 0.0}).second[2]; };
  const auto d = [](const Fn& g) { return Fn([g](const Array& x) { return jvp(g, x, Array(1.0)).second; }); };
  near(third(0.4), d(d(d(f)))(0.4));
  same(jit(third)(0.4), third(0.4));
  near(grad(third)(0.4), d(d(d(d(f))))(0.4));
  near(grad(grad(third))(0.4), d(d(d(d(d(f)))))(0.4));
  const Array xs = array({0.4, -1.0, 2.0});
  const auto all = vmap(third)(xs);
  for (int i = 0; i < 3; ++i) same(all[i], third(xs[i]));
  same(jit(vmap(third))(xs), all);
  const auto inner = jit(f);
  same(jet(inner, 0.4, {1.0, 0.5}).second[1], jet(f, 0.4, {1.0, 0.5}).second[1]);
  near(jet(third, 0.4, {1.0, 0.0}).second[1], d(d(d(d(d(f)))))(0.4));
  near(jet(grad(f), 0.4, {1.0, 0.0, 0.0}).second[2], d(d(d(d(f))))(0.4));
  near(jet([&](const Array& x) { return sum(vmap(f)(x)); }, xs, {ones({3}), zeros({3})}).second[1], sum(vmap(d(d(f)))(xs)));
  const auto captured = [](const Array& c) { return jet([&](const Array& x) { return c * x * x; }, 3.0, {1.0, 0.0}).second[1]; };
  near(grad(captured)(5.0), 2.0);
  same(vmap(captured)(xs), 2.0 * xs);
}

TEST_CASE("jet goes through loops and branches") {
  check_jet([](const Array& x) { return cond(x > 0.0, [](const Array& a) { return sin(a); }, [](const Array& a) { return a * a; }, x); },
            0.4, curve6);
  const Fn scanned = [](const Array& x) {
    const auto [last, ys] = scan(
        [&](const Array& c, const Array& a) {
          const Array next = sin(c) * a + x;
          return std::pair(next, next * c);
        },
        x, array({0.1, 0.5, -0.3}));
    return last + sum(ys);
  };
  check_jet(scanned, 0.4, curve6);
  check_jet(jit(scanned), 0.4, curve6);
  check_jet([](const Array& x) { return scan([](const Array& c, const Array& a) { return std::pair(c * a, None{}); }, 1.0, stack({x, x * x})).first; },
            0.4, curve6);
  check_jet([](const Array& x) { return while_loop([](const Array& v) { return v < 10.0; }, [](const Array& v) { return v * v + 1.0; }, x); },
            1.2, {1.0, 0.5, -0.5});
  check_jet([](const Array& x) {
    const auto halve = [&](const Array& v) { return v * x; };
    return while_loop([](const Array& v) { return v > 0.1; }, halve, 1.0);
  }, 0.5, {1.0, 0.5, -0.5});
}

TEST_CASE("jet goes through gradients of loops") {
  const Fn escape = [](const Array& x) { return while_loop([](const Array& v) { return v < 10.0; }, [](const Array& v) { return v * v + 1.0; }, x); };
  check_jet(grad(escape), 1.2, {1.0, 0.5, -0.5, 0.25});
  const Fn repeated = [](const Array& x) { return fori_loop(0, 4, [&](const Array&, const Array& v) { return sin(v) * x; }, x); };
  check_jet(grad(repeated), 1.2, {1.0, 0.5, -0.5, 0.25});
}

TEST_CASE("jet goes through the gradients of loops, whose residuals move") {
  const auto loop = [](const Array& x, std::optional<std::int64_t> budget) {
    return while_loop([](const Array& v) { return v < 3.0; }, [&](const Array& v) { return v * 1.3 + 0.2 * sin(x * v); }, x,
                      {.max_residual_bytes = budget});
  };
  const Fn recorded = [=](const Array& x) { return loop(x, {}); };
  const Fn recomputed = [=](const Array& x) { return loop(x, 300); };
  const Fn nested_loops = [=](const Array& x) {
    return while_loop([](const Array& v) { return v < 2.0; }, [&](const Array& v) { return v + 0.1 * loop(v * x, {}); }, x);
  };
  const Fn written_out = [](const Array& x) {
    Array v = x;
    while (static_cast<bool>(v < 3.0)) v = v * 1.3 + 0.2 * sin(x * v);
    return v;
  };
  const List line{1.0, 0.0};
  const auto d = [](const Fn& f) { return Fn([f](const Array& x) { return grad(f)(x); }); };
  for (const auto& f : {recorded, recomputed, Fn(jit(recorded))}) {
    near(jet(d(f), 0.9, line).second[0], d(d(written_out))(0.9));
    near(jet(d(f), 0.9, line).second[1], d(d(d(written_out)))(0.9));
    near(jet(d(d(f)), 0.9, line).second[1], d(d(d(d(written_out))))(0.9));
    near(jet(d(f), 5.0, line).second[1], 0.0);
  }
  near(jet(d(nested_loops), 0.9, line).second[1], d(d(d(nested_loops)))(0.9), 1e-8);
  const Array xs = array({0.2, 0.9, 5.0});
  const Fn second = [&](const Array& x) { return jet(d(recorded), x, line).second[0]; };
  near(vmap(second)(xs), vmap(d(d(recorded)))(xs));
  near(jit(vmap(second))(xs), vmap(d(d(recorded)))(xs));
  const auto length = [&](std::size_t order) {  // of the program, with its bodies
    std::ostringstream os;
    os << make_jaxpr([&](const Array& x) { return jet(d(recorded), x, List(order, Array(1.0))).second; })(0.9);
    return os.str().size();
  };
  CHECK(length(8) < 8 * length(4));
}

TEST_CASE("jet goes through implicit solutions, one solve per order") {
  const auto equation = jit([](const Array& x, const Array& a) { return x * x * x - a; });
  const auto root = [&](const Array& a) {
    const auto newton = [](const auto& f, const Array& start) {
      Array x = start;
      for (int i = 0; i < 12; ++i) {
        const auto [value, slope] = jvp(f, x, Array(1.0));
        x = x - value / slope;
      }
      return x;
    };
    return custom_root([&](const Array& x) { return equation(x, a); }, 1.5, newton,
                        [](const auto& g, const Array& y) { return y / g(1.0); });
  };
  const auto got = jet(root, 8.0, {1.0, 0.0, 0.0, 0.0}), want = jet([](const Array& a) { return cbrt(a); }, 8.0, {1.0, 0.0, 0.0, 0.0});
  for (std::size_t j = 0; j < 4; ++j) near(got.second[j], want.second[j]);
  const auto linear = [](const Array& a) {
    const auto divide = [&](const auto&, const Array& b) { return b / (a * a); };
    return custom_linear_solve([&](const Array& x) { return a * a * x; }, exp(a), divide, symmetric);
  };
  const auto solved = jet(linear, 0.8, curve6), direct = jet([](const Array& a) { return exp(a) / (a * a); }, 0.8, curve6);
  for (std::size_t j = 0; j < 6; ++j) near(solved.second[j], direct.second[j], 1e-9);
}

TEST_CASE("n derivatives cost in the order of n^2 operations") {
  const std::vector<Fn> functions{[](const Array& x) { return exp(x); },  [](const Array& x) { return sin(x); },
                                  [](const Array& x) { return tanh(x); }, [](const Array& x) { return sqrt(x); },
                                  [](const Array& x) { return log(x); },  [](const Array& x) { return x / (1.0 + x); },
                                  [](const Array& x) { return lax::erf(x); }, [](const Array& x) { return lax::logistic(x); }};
  for (const auto& f : functions) {
    const auto eight = equations(f, 8), sixteen = equations(f, 16);
    CHECK(eight > 16);
    CHECK(sixteen < 5 * eight);
  }
}

TEST_CASE("hvp is the Hessian times the direction, with the type of the gradient") {
  const auto f = [](const Array& x) { return sum(sin(x) * x[0]) * x[1]; };
  const Array x = array({0.1, -0.2, 0.3}), v = array({1.0, 0.5, -2.0});
  near(hvp(f, x, v), matmul(hessian(f)(x), v));
  near(jit([&](const Array& x, const Array& v) { return hvp(f, x, v); })(x, v), matmul(hessian(f)(x), v));
  const Array vs = stack({v, x});
  near(vmap([&](const Array& v) { return hvp(f, x, v); })(vs), matmul(vs, hessian(f)(x)));
  const auto g = [](const Array& a, const Array& b) { return a * a * b + sin(b); };
  const auto [ha, hb] = hvp(g, argnums<0, 1>, std::tuple(2.0, 3.0), std::tuple(1.0, 10.0));
  near(ha, 2.0 * 3.0 + 2.0 * 2.0 * 10.0);
  near(hb, 2.0 * 2.0 - 10.0 * sin(Array(3.0)));
  near(hvp(g, std::tuple(2.0, 3.0), std::tuple(1.0, Array())), 6.0);
  const auto total = [](const Net& n) { return sum(square(n.layers[0].w) * n.scale) + n.layers[1].b * n.layers[0].b; };
  const Net along = hvp(total, net(), net());
  near(along.layers[0].w, 4.0 * net().layers[0].w * net().scale);
  near(along.layers[1].b, net().layers[0].b);
  near(along.layers[0].b, net().layers[1].b);
}

TEST_CASE("jet names what does not fit") {
  using Catch::Contains;
  const auto f = [](const Array& x, const Array& y) { return x * y; };
  CHECK_THAT(thrown<ValueError>([&] { jet(f, std::tuple(1.0, 2.0), std::tuple(List{1.0, 2.0}, List{1.0})); }),
             Contains("jet: the series of all arguments must have one length, got 2 for arg0 and 1 for arg1; an empty handle"));
  CHECK_THAT(thrown<ValueError>([&] { jet(f, std::tuple(1.0, 2.0), std::tuple(List{1.0, ones({2})}, List{1.0, 1.0})); }),
             Contains("jet: the derivative of order 2 of arg0 must be f64[], got f64[2]; give it the shape"));
  CHECK_THAT(thrown<TypeError>([&] { jet(f, std::tuple(1, 2.0), std::tuple(List{1}, List{1.0})); }),
             Contains("jet: the derivative of order 1 of arg0 must be float0[]") && Contains("empty Array{}"));
  CHECK_THAT(thrown<TypeError>([&] { jet(f, std::tuple(Array(), 2.0), std::tuple(List{1.0}, List{1.0})); }),
             Contains("jet: every argument must hold a value"));
  CHECK_THAT(thrown<TypeError>([&] { hvp([](const Array& x) { return x; }, ones({2}), ones({2})); }),
             Contains("grad: the output must be a scalar"));
}

}  // namespace fluxion::test

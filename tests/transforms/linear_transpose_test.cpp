#include "transforms/typed_support.hpp"

using namespace fluxion;
using namespace fluxion::test;

TEST_CASE("linear_transpose of linear functions") {
  const auto f = [](const Array& x, const Array& y) { return 0.5 * x - 0.5 * y; };
  const auto [a, b] = linear_transpose(f, ShapeDtypeStruct{{}, float64}, ShapeDtypeStruct{{}, float64})(1.0);
  CHECK(a.item<double>() == 0.5);
  CHECK(b.item<double>() == -0.5);
  const auto w = array({{1.0, 2.0}, {3.0, 4.0}});
  const auto t = linear_transpose([w](const Array& x) { return dot(w, x); }, zeros({2}));
  CHECK(numbers(t(array({1.0, 0.0}))) == Numbers{1, 2});
  CHECK(numbers(t(array({0.0, 1.0}))) == Numbers{3, 4});
  CHECK(numbers(jit(t)(array({1.0, 1.0}))) == Numbers{4, 6});
  CHECK(numbers(vmap(t)(eye(2))) == Numbers{1, 2, 3, 4});
  CHECK(numbers(grad([&](const Array& c) { return sum(square(t(c))); })(array({1.0, 0.0}))) == Numbers{10, 22});
  CHECK(numbers(t(Array())) == Numbers{0, 0});
}

TEST_CASE("linear_transpose looks into loops, branches and jitted functions, and through captured tracers") {
  const auto xs = array({2.0, 3.0});
  const auto loop = [xs](const Array& x) {
    return scan([](const Array& c, const Array& e) { return std::pair(c * sin(e), c * e); }, x, xs).second;
  };
  const auto dense = jacfwd(loop)(1.0);
  CHECK(linear_transpose(loop, 1.0)(array({1.0, 1.0})).item<double>() == Approx(sum(dense).item<double>()));
  CHECK(linear_transpose(jit([](const Array& x) { return x * 3; }), 1.0)(2.0).item<double>() == 6);
  const auto branch = [](const Array& x) { return cond(Array(1) > 0, [](const Array& v) { return v * 2; }, [](const Array& v) { return -v; }, x); };
  CHECK(linear_transpose(branch, 1.0)(1.0).item<double>() == 2);
  const auto g = [](const Array& w) { return linear_transpose([w](const Array& x) { return x * w * w; }, 1.0)(5.0); };
  CHECK(grad(g)(3.0).item<double>() == 30);
  CHECK(numbers(vmap(g)(arange(3.0))) == Numbers{0, 5, 20});
  CHECK(jit(g)(3.0).item<double>() == 45);
  const Layer l = linear_transpose([](const Layer& p) { return sum(p.w) + 2 * p.b; }, Layer{zeros({2}), zeros({})})(1.0);
  CHECK(numbers(l.w) == Numbers{1, 1});
  CHECK(l.b.item<double>() == 2);
}

TEST_CASE("linear_transpose of what is not linear names the operation") {
  const auto nonlinear = [](const std::string& name) {
    return "linear_transpose: the function must be linear, got one that applies " + name +
           ", which is not linear in what it is applied to; transpose its derivative instead, by fx::vjp";
  };
  const auto of = [](auto f) { return [=] { linear_transpose(f, array({1.0, 2.0})); }; };
  CHECK(message<TypeError>(of([](const Array& x) { return sin(x); })) == nonlinear("sin"));
  CHECK(message<TypeError>(of([](const Array& x) { return x * x; })) == nonlinear("mul"));
  CHECK(message<TypeError>(of([](const Array& x) { return x * 2 / x; })) == nonlinear("div"));
  CHECK(message<TypeError>(of([](const Array& x) { return floor(x); })) == nonlinear("floor"));
  CHECK(message<TypeError>(of([](const Array& x) { return dot(x, x); })) == nonlinear("dot_general"));
  CHECK(message<TypeError>(of([](const Array& x) { return where(x > 0, x, 2 * x); })) == nonlinear("gt"));
  CHECK(message<TypeError>(of([](const Array& x) { return maximum(x, 0.0); })) == nonlinear("max"));
  CHECK(message<TypeError>(of(jit([](const Array& x) { return cos(2 * x); }))) == nonlinear("cos"));
  CHECK(message<TypeError>(of([](const Array& x) {
          return scan([](const Array& c, None) { return std::pair(c * c, none); }, x, none, {.length = 2}).first;
        })) == nonlinear("scan"));
  CHECK(message<TypeError>([] { linear_transpose([](const Array& n) { return n * 2.0; }, 3); }) ==
        "linear_transpose: arguments must be floating, got i64[] for arg0; let the function capture what it is not linear in");
  const auto t = linear_transpose([](const Array& x) { return x * 2; }, array({1.0, 2.0}));
  CHECK(message<TypeError>([&] { t(1.0); }) ==
        "linear_transpose: the cotangent must be f64[2] for result, got f64[]; reshape, broadcast or sum it");
}

TEST_CASE("closure_convert makes arguments of the traced values that a function captured") {
  // A custom rule that differentiates what the wrapped function captured, as jax's documentation does.
  const auto apply = [](const auto& f, const Array& x) {
    auto [g, hoisted] = closure_convert(f, x);
    return custom_vjp([g = g](const Array& v, const Arrays& c) { return g(v, c); },
                      [g = g](const Array& v, const Arrays& c) { return std::pair(g(v, c), std::tuple(v, c)); },
                      [g = g](const auto& residuals, const Array& ct) {
                        const auto& [v, c] = residuals;
                        auto [dv, dc] = vjp([&](const Array& a, const Arrays& b) { return g(a, b); }, v, c).second(ct);
                        return std::tuple(10 * dv, dc);
                      })(x, hoisted);
  };
  const auto fixed = array({1.0, 1.0});
  const auto f = [&](const Array& w, const Array& x) {
    return apply([&](const Array& v) { return sum(sin(v) * w * fixed); }, x);
  };
  const auto x = array({0.5, 1.5}), w = array({2.0, 3.0});
  CHECK(numbers(grad(f)(w, x)) == numbers(sin(x)));
  CHECK(numbers(grad(f, argnums<1>)(w, x)) == numbers(10 * (cos(x) * w)));
  CHECK(numbers(jit(grad(f))(w, x)) == numbers(sin(x)));
  const auto [g, hoisted] = closure_convert([&](const Array& v) { return v * fixed; }, x);
  CHECK(hoisted.empty());
  CHECK(numbers(g(x, hoisted)) == numbers(x));
  CHECK(message<TypeError>([&, g = g] { g(1.0, {}); }) ==
        "closure_convert: an argument must be like the example, f64[2], got f64[] for arg0; convert it, or convert the function again");
  CHECK(message<ValueError>([&, g = g] { g(x, {x}); }) ==
        "closure_convert: the hoisted values must be as many as were returned, 0, got 1; pass the second part of closure_convert's result");
}

TEST_CASE("auxiliary results of Jacobians, hessians and jvp") {
  const auto f = [](const Array& x) { return std::pair(x * x, std::tuple(x + 1, Array(7))); };
  const auto x = array({1.0, 2.0});
  const auto check = [&](const auto& r) {
    CHECK(numbers(r.first) == Numbers{2, 0, 0, 4});
    CHECK(numbers(std::get<0>(r.second)) == Numbers{2, 3});
    CHECK(std::get<1>(r.second).template item<std::int64_t>() == 7);
  };
  check(jacfwd(f, has_aux)(x));
  check(jacrev(f, has_aux)(x));
  check(jit(jacfwd(f, has_aux))(x));
  check(jit(jacrev(f, argnums<0>, has_aux))(x));
  const auto scalar_f = [](const Array& v) { return std::pair(sum(v * v * v), v + 1); };
  const auto [h, aux] = hessian(scalar_f, has_aux)(x);
  CHECK(numbers(h) == Numbers{6, 0, 0, 12});
  CHECK(numbers(aux) == Numbers{2, 3});
  const auto [out, tangent, more] = jvp(scalar_f, has_aux, x, x);
  CHECK(tangent.item<double>() == 27);
  CHECK(numbers(more) == Numbers{2, 3});
  const auto two = [](const Array& a, const Array& b) { return std::pair(a * b, a); };
  const auto [j, kept] = jacfwd(two, argnums<0, 1>, has_aux)(2.0, 3.0);
  CHECK(std::get<0>(j).item<double>() == 3);
  CHECK(std::get<1>(j).item<double>() == 2);
  CHECK(kept.item<double>() == 2);
}

TEST_CASE("a pullback with an auxiliary result is called many times, under transformations too") {
  const auto [out, pullback, aux] = vjp([](const Array& x) { return std::pair(sin(x), cos(x)); }, has_aux, array({0.5, 1.5}));
  for (int i = 1; i < 4; ++i) CHECK(numbers(pullback(array({1.0 * i, 0.0})))[0] == Approx(i * std::cos(0.5)));
  CHECK(numbers(vmap(pullback)(eye(2))) == numbers(jit(vmap(pullback))(eye(2))));
}

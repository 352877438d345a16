#include "transforms/typed_support.hpp"

using namespace fluxion;
using namespace fluxion::test;

namespace {
Array linear(const Layer& p, const Array& x) { return fluxion::sum(p.w * x) + p.b; }
Array cube(const Array& x) { return x * x * x; }
Array overloaded(const Array& x) { return x * 2; }
[[maybe_unused]] Array overloaded(const Array& x, int) { return x; }
const Layer layer{array({1.0, 2.0}), 0.5};
const auto x2 = array({3.0, 4.0});
}  // namespace

TEST_CASE("the gradient has the type of what it is taken of") {
  const Layer g = grad(linear)(layer, x2);
  CHECK(numbers(g.w) == Numbers{3, 4});
  CHECK(numbers(g.b) == Numbers{1});
  const Array of_number = grad([](const Array& x) { return x * x; })(3.0);
  CHECK(of_number.item<double>() == 6);
}

TEST_CASE("argnums choose arguments in the order given, and count from the end") {
  const Array gx = grad(linear, argnums<-1>)(layer, x2);
  CHECK(numbers(gx) == Numbers{1, 2});
  const std::tuple<Array, Layer> both = grad(linear, argnums<1, 0>)(layer, x2);
  CHECK(numbers(std::get<0>(both)) == Numbers{1, 2});
  CHECK(numbers(std::get<1>(both).w) == Numbers{3, 4});
}

TEST_CASE("arguments that are not differentiated pass untouched, of any type") {
  struct Opaque { double factor; };
  const Opaque opaque{5};
  const auto f = [&](const Array& x, const Opaque& o, int n, const std::string& s) {
    CHECK(&o == &opaque);
    return x * o.factor * n * static_cast<double>(s.size());
  };
  CHECK(grad(f)(1.0, opaque, 2, std::string("abc")).item<double>() == 30);
}

TEST_CASE("value_and_grad returns both") {
  const auto [value, g] = value_and_grad(linear)(layer, x2);
  CHECK(value.item<double>() == 11.5);
  CHECK(numbers(g.w) == Numbers{3, 4});
  const auto [v, pair] = value_and_grad(linear, argnums<0, 1>)(layer, x2);
  CHECK(numbers(std::get<1>(pair)) == Numbers{1, 2});
}

TEST_CASE("has_aux hands the auxiliary part on, tags in either order") {
  const auto f = [](const Layer& p, const Array& x) { return std::pair{fluxion::sum(p.w * x), std::map<std::string, Array>{{"x2", x * 2}}}; };
  const auto [g, aux] = grad(f, has_aux)(layer, x2);
  CHECK(numbers(g.w) == Numbers{3, 4});
  CHECK(numbers(aux.at("x2")) == Numbers{6, 8});
  const auto [value_aux, gx] = value_and_grad(f, has_aux, argnums<1>)(layer, x2);
  CHECK(value_aux.first.item<double>() == 11);
  CHECK(numbers(value_aux.second.at("x2")) == Numbers{6, 8});
  CHECK(numbers(gx) == Numbers{1, 2});
  const auto [g2, aux2] = grad(f, argnums<1>, has_aux)(layer, x2);
  CHECK(numbers(g2) == Numbers{1, 2});
}

TEST_CASE("grad nests") {
  CHECK(grad(grad(cube))(2.0).item<double>() == 12);
  CHECK(grad(grad(grad(cube)))(2.0).item<double>() == 6);
  const auto outer = [](const Array& x) { return x * grad([&](const Array& y) { return x * y; })(1.0); };
  CHECK(grad(outer)(3.0).item<double>() == 6);
}

TEST_CASE("all kinds of callables are differentiated") {
  struct Functor { Array operator()(const Array& x) const { return x * x; } };
  CHECK(grad(Functor{})(3.0).item<double>() == 6);
  CHECK(grad(std::function<Array(const Array&)>(cube))(1.0).item<double>() == 3);
  CHECK(grad(&cube)(1.0).item<double>() == 3);
  CHECK(std::get<1>(grad([](auto&&... a) { return (a * ...); }, argnums<0, 1>)(2.0, 3.0)).template item<double>() == 2);
  CHECK(grad(FLUXION_LIFT(overloaded))(1.0).item<double>() == 2);
}

TEST_CASE("grad refuses leaves that are not floating, by path") {
  const std::pair<Layer, Array> p{{array({1, 2}), 1.0}, 2.0};
  const auto f = [](const std::pair<Layer, Array>& q) { return q.second; };
  CHECK_THAT(message<TypeError>([&] { grad(f)(p); }), Catch::Contains("arg0[0].w") && Catch::Contains("i32[2]"));
  CHECK_THAT(message<TypeError>([] { grad(cube)(3); }), Catch::Contains("arg0") && Catch::Contains("i64[]"));
  const auto g = grad(f, {.allow_int = true})(p);
  CHECK(g.first.w.dtype() == float0);
  CHECK(g.second.item<double>() == 1);
}

TEST_CASE("grad refuses results that are no scalar") {
  CHECK_THAT(message<TypeError>([] { grad(cube)(array({1.0, 2.0})); }), Catch::Contains("f64[2]"));
  CHECK_THAT(message<TypeError>([] { grad([](const Array& x) { return x > 0; })(1.0); }), Catch::Contains("bool[]"));
}

TEST_CASE("grad names an argument that is an empty handle") {
  CHECK(message<TypeError>([] { grad(linear)(Layer{1.0, {}}, 1.0); }) ==
        "grad: every argument must hold a value, got an empty handle (default-constructed or moved-from) in arg0.b; assign it first");
}

TEST_CASE("stop_gradient acts on trees") {
  const Layer g = grad([](const Layer& p) { return p.b * fluxion::sum(stop_gradient(p).w); })(layer);
  CHECK(numbers(g.w) == Numbers{0, 0});
  CHECK(numbers(g.b) == Numbers{3});
}

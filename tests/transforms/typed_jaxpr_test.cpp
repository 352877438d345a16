#include "transforms/typed_support.hpp"

using namespace fluxion;
using namespace fluxion::test;

TEST_CASE("make_jaxpr shows the program") {
  const auto f = [](const Layer& p, const Array& x) { return p.w * x; };
  const auto jaxpr = make_jaxpr(f)(Layer{array({1.0, 2.0}), 1.0}, array({1.0, 2.0}));
  CHECK(text_of(jaxpr) == to_string(jaxpr));
  CHECK_THAT(text_of(jaxpr), Catch::StartsWith("{ lambda ; a:f64[2] b:f64[] c:f64[2]. let") && Catch::Contains("d:f64[2] = mul a c"));
}

TEST_CASE("make_jaxpr takes shapes for arrays, and static arguments") {
  const auto f = [](const Array& x, int n) { return x * n; };
  CHECK_THAT(text_of(make_jaxpr(f, static_argnums<1>)(ShapeDtypeStruct{{3}, float32}, 2)), Catch::Contains("a:f32[3]"));
}

TEST_CASE("eval_shape gives a typed result that knows only shapes") {
  const auto init = [](const Array& x) { return Layer{zeros({x.shape(0), 4}, float32), x + 1}; };
  const Layer shapes = eval_shape(init, ShapeDtypeStruct{{3}});
  CHECK(text_of(shapes.w.aval()) == "f32[3,4]");
  CHECK(text_of(shapes.b.aval()) == "f64[3]");
  const Layer made = tree::map([](const Array& s) { return ones(s.shape(), s.dtype()); }, shapes);
  CHECK(made.w.shape() == Shape{3, 4});
  CHECK_THAT(message<UnexpectedTracerError>([&] { shapes.w + 1; }), Catch::Contains("eval_shape"));
  const Layer again = eval_shape([](const Layer& p) { return p; }, shapes);
  CHECK(again.w.shape() == Shape{3, 4});
}

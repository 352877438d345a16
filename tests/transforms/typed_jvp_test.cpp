#include "transforms/typed_support.hpp"

using namespace fluxion;
using namespace fluxion::test;

namespace {
Layer scaled(const Layer& p, const Array& x) { return {p.w * x, p.b * p.b}; }
const Layer layer{array({1.0, 2.0}), 3.0};
const Layer ones_layer{array({1.0, 1.0}), 1.0};
}  // namespace

TEST_CASE("jvp pushes tangents of trees forward") {
  const auto [out, tangent] = jvp(scaled, std::tuple{layer, 2.0}, std::tuple{ones_layer, 1.0});
  CHECK(numbers(out.w) == Numbers{2, 4});
  CHECK(numbers(tangent.w) == Numbers{3, 4});
  CHECK(numbers(tangent.b) == Numbers{6});
  const auto [y, dy] = jvp([](const Array& x) { return x * x; }, 3.0, 1.0);
  CHECK(dy.item<double>() == 6);
}

TEST_CASE("an empty handle is a zero tangent") {
  const auto [out, tangent] = jvp(scaled, std::tuple{layer, 2.0}, std::tuple{Layer{}, 1.0});
  CHECK(numbers(tangent.w) == Numbers{1, 2});
  CHECK(numbers(tangent.b) == Numbers{0});
}

TEST_CASE("integers have tangents of dtype float0, given as empty handles") {
  const auto f = [](const Array& n, const Array& x) { return std::pair{x * n, n}; };
  const auto [out, tangent] = jvp(f, std::tuple{3, 2.0}, std::tuple{Array{}, 1.0});
  CHECK(tangent.first.item<double>() == 3);
  CHECK(tangent.second.dtype() == float0);
  CHECK_THAT(message<TypeError>([&] { jvp(f, std::tuple{3, 2.0}, std::tuple{1, 1.0}); }),
             Catch::Contains("jvp: the tangent of arg0 must be float0[], got i64[]"));
}

TEST_CASE("jvp checks structure, shape and dtype of tangents") {
  const auto f = [](const std::vector<Array>& v) { return v[0]; };
  CHECK_THAT(message<ValueError>([&] { jvp(f, std::vector<Array>{1.0}, std::vector<Array>{1.0, 2.0}); }),
             Catch::Contains("jvp: tangent: trees must have one structure, got a list of 2 where a list of 1 is expected at arg0"));
  CHECK_THAT(message<ValueError>([&] { jvp(scaled, std::tuple{layer, 2.0}, std::tuple{Layer{1.0, 1.0}, 1.0}); }),
             Catch::Contains("jvp: the tangent of arg0.w must be f64[2], got f64[]; give it the shape"));
  CHECK_THAT(message<TypeError>([&] { jvp(f, std::vector<Array>{1.0F}, std::vector<Array>{1.0}); }),
             Catch::Contains("jvp: the tangent of arg0[0] must be f32[], got f64[]; cast it"));
}

TEST_CASE("jvp with an auxiliary result") {
  const auto f = [](const Array& x) { return std::pair{x * x, x + 1}; };
  const auto [out, tangent, aux] = jvp(f, has_aux, std::tuple{3.0}, std::tuple{1.0});
  CHECK(out.item<double>() == 9);
  CHECK(tangent.item<double>() == 6);
  CHECK(aux.item<double>() == 4);
}

TEST_CASE("a pullback is applied any number of times and copied") {
  auto [out, pullback] = vjp(scaled, layer, 2.0);
  CHECK(numbers(out.w) == Numbers{2, 4});
  const auto copy = pullback;
  const auto [p, x] = copy(ones_layer);
  CHECK(numbers(p.w) == Numbers{2, 2});
  CHECK(numbers(p.b) == Numbers{6});
  CHECK(x.item<double>() == 3);
  const auto [p2, x2] = pullback(Layer{array({1.0, 0.0}), {}});
  CHECK(numbers(p2.w) == Numbers{2, 0});
  CHECK(numbers(p2.b) == Numbers{0});
}

TEST_CASE("the pullback of one argument gives a bare cotangent") {
  const auto [y, pullback] = vjp([](const Array& x) { return x * x; }, 3.0);
  const Array ct = pullback(1.0);
  CHECK(ct.item<double>() == 6);
}

TEST_CASE("a pullback checks its cotangent") {
  const auto r = vjp(scaled, layer, 2.0);
  CHECK_THAT(message<ValueError>([&] { r.second(Layer{1.0, 1.0}); }),
             Catch::Contains("vjp: the cotangent of result.w must be f64[2], got f64[]"));
  CHECK_THAT(message<ValueError>([&] { r.second(1.0); }),
             Catch::Contains("vjp: cotangent: trees must have one structure, got an array where fluxion::test::Layer is expected at result"));
}

TEST_CASE("linearize gives the derivative as a function") {
  const auto [out, push] = linearize(scaled, layer, 2.0);
  CHECK(numbers(out.b) == Numbers{9});
  const Layer t = push(ones_layer, 1.0);
  CHECK(numbers(t.w) == Numbers{3, 4});
  CHECK(numbers(push(Layer{}, 1.0).w) == Numbers{1, 2});
}

TEST_CASE("vjp and linearize with an auxiliary result") {
  const auto f = [](const Array& x) { return std::pair{x * x, std::tuple{x + 1}}; };
  const auto [y, pullback, aux] = vjp(f, has_aux, 3.0);
  CHECK(pullback(1.0).item<double>() == 6);
  CHECK(std::get<0>(aux).item<double>() == 4);
  const auto [z, push, aux2] = linearize(f, has_aux, 3.0);
  CHECK(push(2.0).item<double>() == 12);
}

TEST_CASE("pullbacks of integer arguments are float0") {
  const auto [y, pullback] = vjp([](const Array& n, const Array& x) { return n * x; }, 3, 2.0);
  const auto [dn, dx] = pullback(1.0);
  CHECK(dn.dtype() == float0);
  CHECK(dx.item<double>() == 3);
}

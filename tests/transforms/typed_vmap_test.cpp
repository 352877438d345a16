#include "transforms/typed_support.hpp"

using namespace fluxion;
using namespace fluxion::test;

namespace {
Array weighted(const Layer& p, const Array& x) { return fluxion::sum(p.w * x) + p.b; }
const Layer layer{array({1.0, 2.0}), 0.5};
const auto rows = array({{1.0, 2.0}, {3.0, 4.0}, {5.0, 6.0}});
Array plus(const Array& a, const Array& b) { return a + b; }
}  // namespace

TEST_CASE("vmap maps axis 0 of every array by default") {
  CHECK(numbers(vmap(plus)(array({1.0, 2.0}), array({3.0, 4.0}))) == Numbers{4, 6});
  CHECK(numbers(vmap([](const Array& r) { return fluxion::sum(r); })(rows)) == Numbers{3, 7, 11});
}

TEST_CASE("in_axes none shares an argument") {
  CHECK(numbers(vmap(weighted, {.in_axes = {none, 0}})(layer, rows)) == Numbers{5.5, 11.5, 17.5});
}

TEST_CASE("axes count from the end when negative") {
  CHECK(numbers(vmap([](const Array& c) { return fluxion::sum(c); }, {.in_axes = -1})(rows)) == Numbers{9, 12});
  const auto twice = vmap([](const Array& r) { return r * 2; }, {.out_axes = -1})(rows);
  CHECK(twice.shape() == Shape{2, 3});
  CHECK(numbers(twice) == Numbers{2, 6, 10, 4, 8, 12});
}

TEST_CASE("in_axes are prefixes of trees, by position or by name") {
  const Layer many{array({{1.0, 2.0}, {3.0, 4.0}}), 0.5};
  const auto x = array({1.0, 1.0});
  const Numbers want{3.5, 7.5};
  CHECK(numbers(vmap(weighted, {.in_axes = {Axes::fields({{"w", 0}, {"b", none}}), none}})(many, x)) == want);
  CHECK(numbers(vmap(weighted, {.in_axes = {{0, none}, none}})(many, x)) == want);
}

TEST_CASE("out_axes are prefixes of the result") {
  const auto f = [](const Array& r) { return std::pair{r * 2, Array(1.0)}; };
  const auto [y, one] = vmap(f, {.out_axes = {1, none}})(rows);
  CHECK(y.shape() == Shape{2, 3});
  CHECK(one.shape() == Shape{});
}

TEST_CASE("numbers and other types pass vmap untouched") {
  const auto f = [](const Array& x, int n, const std::string& s) { return x * n * static_cast<double>(s.size()); };
  CHECK(numbers(vmap(f, {.in_axes = {0, none, none}})(array({1.0, 2.0}), 3, std::string("ab"))) == Numbers{6, 12});
  CHECK_THAT(message<ValueError>([&] { vmap(f)(array({1.0}), 3, std::string("ab")); }), Catch::Contains("for arg1; give it none in in_axes"));
}

TEST_CASE("vmap lists every mapped argument when sizes differ") {
  CHECK(message<ValueError>([] { vmap(weighted)(Layer{array({{1.0}, {2.0}}), array({1.0, 2.0, 3.0})}, array({{1.0}, {2.0}})); }) ==
        "vmap: mapped axes must have one size, got 2 for arg0.w axis 0, 3 for arg0.b axis 0, 2 for arg1 axis 0; choose other "
        "axes, or none for those that are not mapped");
}

TEST_CASE("vmap refuses axes that do not exist and prefixes that do not fit") {
  const auto refused = [](VmapOptions options) {
    return message<ValueError>([&] { vmap(weighted, options)(layer, rows); });
  };
  CHECK_THAT(refused({}), Catch::Contains("got axis 0 for arg0.b of type f64[]"));
  CHECK_THAT(refused({.in_axes = {none, 2}}), Catch::Contains("got axis 2 for arg1 of type f64[3,2]"));
  CHECK_THAT(refused({.in_axes = {none, none}}), Catch::Contains("at least one array must be mapped"));
  CHECK_THAT(refused({.in_axes = {none}}), Catch::Contains("got 1 for 2 arguments"));
  CHECK_THAT(refused({.in_axes = {{0, 0, 0}, 0}}), Catch::Contains("at arg0, got a list of 3"));
  CHECK_THAT(refused({.in_axes = {Axes::fields({{"w", 0}, {"c", 0}}), 0}}), Catch::Contains("got the fields {w, c}"));
  CHECK_THAT(refused({.in_axes = Axes::fields({{"w", 0}})}), Catch::Contains("got fields"));
  CHECK_THAT(refused({.in_axes = {none, 0}, .out_axes = 3}), Catch::Contains("out_axes"));
  CHECK_THAT(refused({.in_axes = {none, 0}, .out_axes = none}), Catch::Contains("out_axes none"));
}

TEST_CASE("vmap and grad compose in both orders") {
  const auto per_row = vmap(grad(weighted), {.in_axes = {none, 0}})(layer, rows);
  CHECK(numbers(per_row.w) == Numbers{1, 2, 3, 4, 5, 6});
  CHECK(numbers(per_row.b) == Numbers{1, 1, 1});
  const auto total = [](const Layer& p, const Array& xs) { return fluxion::sum(vmap(weighted, {.in_axes = {none, 0}})(p, xs)); };
  CHECK(numbers(grad(total)(layer, rows).w) == Numbers{9, 12});
  CHECK(vmap(vmap(plus, {.in_axes = {none, 0}}), {.in_axes = {0, none}})(array({1.0, 2.0}), array({10.0, 20.0, 30.0})).shape() == Shape{2, 3});
}

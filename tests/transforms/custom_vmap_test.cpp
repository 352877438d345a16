#include "transforms/typed_support.hpp"

using namespace fluxion;
using namespace fluxion::test;

namespace {

// Adds one by one, multiplies batches: so it shows which of the two was used.
const auto sum_or_product = custom_vmap([](const Array& x, const Array& y) { return x + y; },
                                        [](std::int64_t, const auto&, const Array& x, const Array& y) { return std::pair(x * y, true); });

}  // namespace

TEST_CASE("vmap of custom_vmap is what the rule says") {
  const auto x = arange(3), y = arange(3) + 1;
  CHECK(sum_or_product(2, 3).item<std::int64_t>() == 5);
  CHECK(numbers(vmap(sum_or_product)(x, y)) == Numbers{0, 2, 6});
  CHECK(numbers(jit(vmap(sum_or_product))(x, y)) == Numbers{0, 2, 6});
  CHECK(numbers(vmap(jit(sum_or_product))(x, y)) == Numbers{0, 2, 6});
  CHECK(jit(sum_or_product)(2, 3).item<std::int64_t>() == 5);
  CHECK(numbers(vmap(vmap(sum_or_product))(ones({2, 2}), 3 * ones({2, 2}))) == Numbers{3, 3, 3, 3});
  CHECK(numbers(vmap([](const Array& v) { return cond(v > 0, [](const Array& a) { return sum_or_product(a, a); }, [](const Array& a) { return a; }, v); })(
            array({-1.0, 3.0}))) == Numbers{-1, 9});
}

TEST_CASE("a batching rule is told which arguments are batched, and tells which results are") {
  const auto f = custom_vmap(
      [](const Layer& l, const Array& y) { return std::pair(l.w * y, y + 1); },
      [](std::int64_t n, const std::array<bool, 2>& batched, const Layer& l, const Array& y) {
        CHECK(n == 2);
        CHECK(batched == std::array{true, false});
        CHECK(l.b.shape() == Shape{2});  // an argument is batched with all of its leaves
        return std::pair(std::pair(l.w * y, y + 1), std::vector<bool>{true, false});
      });
  const auto [a, b] = vmap([&](const Array& w) { return f(Layer{w, 1.0}, 5.0); })(array({1.0, 2.0}));
  CHECK(numbers(a) == Numbers{5, 10});
  CHECK(numbers(b) == Numbers{6, 6});
}

TEST_CASE("derivatives of custom_vmap") {
  const auto x = arange(3.0);
  const auto f = [](const Array& v) { return sum_or_product(v, v + 1); };
  CHECK(grad(f)(2.0).item<double>() == 2);
  CHECK(numbers(grad([&](const Array& v) { return sum(vmap(f)(v)); })(x)) == Numbers{1, 3, 5});
  CHECK(numbers(vmap([&](const Array& v) { return jvp(f, v, ones_like(v)).second; })(x)) == Numbers{1, 3, 5});
  CHECK(numbers(vmap([&](const Array& v) { return jvp(f, v, scalar(1.0)).second; })(x)) == Numbers{1, 3, 5});
  CHECK(numbers(jvp(vmap(f), x, ones_like(x)).second) == Numbers{1, 3, 5});
  CHECK(numbers(vmap(grad(f))(x)) == Numbers{2, 2, 2});
  CHECK(numbers(grad([&](const Array& v) { return sum(vmap(jit(f))(v)); })(x)) == Numbers{1, 3, 5});
  // jax's way to a rule for both: custom_vjp around it
  const auto g = custom_vjp(f, [f](const Array& v) { return std::pair(f(v), v); }, [](const Array&, const Array& ct) { return 10 * ct; });
  CHECK(numbers(vmap(grad(g))(x)) == Numbers{10, 10, 10});
  CHECK(numbers(vmap(g)(x)) == Numbers{0, 2, 6});
}

TEST_CASE("rules may make constant arrays within functions that have other rules") {
  const Array xs = array({{1.0, 2.0}, {3.0, 4.0}}), ts = array({{0.5, -1.0}, {2.0, 0.25}});
  const auto scaled = [](const Array& x) { return x * array({0.25, 0.5}) + array({1.0, 2.0}); };
  const auto mapped = custom_vmap(scaled, [scaled](std::int64_t, const auto&, const Array& x) { return std::pair(vmap(scaled)(x), true); });
  const auto by_jvp = custom_jvp([mapped](const Array& x) { return mapped(x); },
                                 [mapped](const auto& x, const auto& t) { return jvp(mapped, std::get<0>(x), std::get<0>(t)); });
  const auto by_vjp = custom_vjp(mapped, [mapped](const Array& x) { return std::pair(mapped(x), x); },
                                 [mapped](const Array& x, const Array& ct) { return std::tuple(vjp(mapped, x).second(ct)); });
  const auto want = xs * array({0.25, 0.5}) + array({1.0, 2.0});
  CHECK(static_cast<bool>(array_equal(vmap(by_jvp)(xs), want)));
  CHECK(static_cast<bool>(array_equal(vmap(by_vjp)(xs), want)));
  CHECK(static_cast<bool>(array_equal(jit(vmap(by_vjp))(xs), want)));
  CHECK(static_cast<bool>(array_equal(jvp(vmap(by_jvp), xs, ts).second, ts * array({0.25, 0.5}))));
  const auto slopes = vmap(grad([&](const Array& x) { return sum(by_vjp(x)); }))(xs);
  CHECK(static_cast<bool>(array_equal(slopes[1], array({0.25, 0.5}))));
  // What a branch makes is not given lanes, whether the branches are carried out for all or for those that take them.
  const auto branches = [&](const Array& x) { return cond(x[0] > 2.0, mapped, [](const Array& v) { return -v; }, x); };
  const auto chosen = array({{-1.0, -2.0}, {1.75, 4.0}});
  CHECK(static_cast<bool>(array_equal(vmap(branches)(xs), chosen)));
  CHECK(static_cast<bool>(array_equal(jit(vmap(branches))(xs), chosen)));
  CHECK(static_cast<bool>(array_equal(vmap(grad([&](const Array& x) { return sum(branches(x)); }))(xs),
                                      array({{-1.0, -1.0}, {0.25, 0.5}}))));
  // The other way round: a rule of a derivative within a function that has a rule for batches.
  const auto sine = custom_jvp([](const Array& x) { return sin(x); }, [](const auto& x, const auto& t) {
    return std::pair(sin(std::get<0>(x)), std::get<0>(t) * cos(std::get<0>(x)) * array({1.0, 1.0}));
  });
  const auto of_sine = custom_vmap(sine, [sine](std::int64_t, const auto&, const Array& x) { return std::pair(vmap(sine)(x), true); });
  const auto pushed = vmap([&](const Array& x, const Array& t) { return jvp(of_sine, x, t).second; })(xs, ts);
  CHECK(static_cast<bool>(array_equal(pushed, ts * cos(xs))));
  CHECK(static_cast<bool>(array_equal(jit([&](const Array& x, const Array& t) { return jvp(of_sine, x, t).second; })(xs[0], ts[0]), pushed[0])));
}

TEST_CASE("sequential_vmap calls the function for one example after the other") {
  const auto one = [](const Array& x, const Array& y) { return std::pair(sin(x), sum(x * y)); };
  const auto f = sequential_vmap(one);
  const auto x = arange(3.0), y = array({1.0, 2.0});
  const auto [a, b] = vmap(f, {.in_axes = {0, none}})(x, y);
  const auto [c, d] = vmap(one, {.in_axes = {0, none}})(x, y);
  CHECK(numbers(a) == numbers(c));
  CHECK(numbers(b) == numbers(d));
  const auto text = text_of(make_jaxpr(vmap(f, {.in_axes = {0, none}}))(x, y));
  CHECK(text.find("scan[") != std::string::npos);
  const auto loss = [&](auto g) { return grad([&, g](const Array& v) { return sum(vmap(g, {.in_axes = {0, none}})(v, y).second); })(x); };
  CHECK(numbers(loss(f)) == numbers(loss(one)));
}

TEST_CASE("misuse of custom_vmap is one clear error") {
  const auto id = [](const Array& x) { return x; };
  const auto with = [&](auto rule) { return [=] { vmap(custom_vmap(id, rule))(arange(3.0)); }; };
  CHECK(message<TypeError>(with([](std::int64_t, const auto&, const Array& x) { return std::pair(sum(x), true); })) ==
        "custom_vmap: the rule's result must be that of the function, f64[3], got f64[] at result; reshape, broadcast or sum it");
  CHECK(message<TypeError>(with([](std::int64_t, const auto&, const Array& x) { return std::pair(x, false); })) ==
        "custom_vmap: the rule's result must be that of the function, f64[], got f64[3] at result; reshape, broadcast or sum it");
  CHECK(message<ValueError>(with([](std::int64_t, const auto&, const Array& x) { return std::pair(x, std::vector<bool>{true, true}); })) ==
        "custom_vmap: out_batched must have one entry per leaf of the result, 1, got 2; return a bool if it is the same for all");
  CHECK(message<TypeError>([] {
          vmap([](const Array& w) {
            return custom_vmap([w](const Array& x) { return x * w; }, [](std::int64_t, const auto&, const Array& x) { return std::pair(x, true); })(w);
          })(arange(3.0));
        }) == "custom_vmap: a mapped value must be an argument, got f64[3] (with the mapped axis in front) that the function "
              "captured; pass it as an argument");
  CHECK(message<TypeError>([&] { custom_vmap(id, [](std::int64_t, const auto&, const Array& x) { return std::pair(x, true); })(Array()); }) ==
        "custom_vmap: every argument must hold a value, got an empty handle; assign it first");
}

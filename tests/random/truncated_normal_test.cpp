#include <cmath>

#include <catch2/catch.hpp>

#include "numpy/shown.hpp"

namespace fluxion {
using test::message_of;
using test::refuses;

namespace {
Array key() { return random::key(7); }
}  // namespace

TEST_CASE("truncated_normal stays inside its bounds and has their distribution") {
  for (const auto t : {float64, float32}) {
    const auto x = random::truncated_normal(key(), -2.0, 2.0, Shape{20000}, t);
    CHECK(x.dtype() == t);
    CHECK(bool(all((x > -2.0) & (x < 2.0))));
    CHECK(mean(x).astype(float64).item<double>() == Approx(0).margin(0.02));
    CHECK(std(x).astype(float64).item<double>() == Approx(.87962566103423978).epsilon(0.02));
  }
  const auto tail = random::truncated_normal(key(), 1.5, 1.75, Shape{1000});
  CHECK(bool(all((tail > 1.5) & (tail < 1.75))));
}

TEST_CASE("truncated_normal never attains a bound, however close they are") {
  for (const auto t : {float64, float32}) {
    const auto width = t == float64 ? 1e-15 : 1e-6;
    const auto lo = Array(1.0).astype(t), hi = Array(1.0 + 2 * width).astype(t);
    const auto x = random::truncated_normal(key(), lo, hi, Shape{200}, t);
    CHECK(bool(all((x > lo) & (x < hi))));
    const auto y = random::truncated_normal(key(), Array(0.0).astype(t), Array(1e-30).astype(t), Shape{100}, t);
    CHECK(bool(all((y > 0.0) & (y < 1e-30))));
  }
}

TEST_CASE("bounds broadcast, and may be traced, mapped and infinite") {
  const auto lo = array({-1.0, 0.0, 1.0});
  CHECK(random::truncated_normal(key(), lo, 2.0).shape() == Shape{3});
  CHECK(random::truncated_normal(key(), lo, 2.0, Shape{4, 3}).shape() == Shape{4, 3});
  const auto draw = [](const Array& l) { return random::truncated_normal(key(), l, 2.0, Shape{5}); };
  const auto mapped = vmap(draw)(lo);
  for (std::int64_t i = 0; i < 3; ++i) CHECK(bool(array_equal(mapped[i], draw(lo[i]))));
  CHECK(bool(array_equal(jit(draw)(0.5), draw(0.5))));
  const double inf = std::numeric_limits<double>::infinity();
  const auto free = random::truncated_normal(key(), -inf, inf, Shape{1000});
  CHECK(bool(allclose(free, random::normal(key(), {1000}), 1e-9, 1e-9)));
  // d/dl of the quantile function: phi(l) (1 - u) / phi(x), where u is the share of the interval below x.
  const auto slope = jacfwd(draw)(0.5);
  CHECK(bool(all((slope > 0.0) & (slope < 1.0001))));
}

TEST_CASE("truncated_normal refuses dtypes, shapes and keys that do not fit") {
  CHECK_THAT(message_of<TypeError>([] { random::truncated_normal(key(), -1.0, 1.0, Shape{2}, int32); }),
             Catch::Contains("truncated_normal: a floating dtype is required, got int32"));
  CHECK(refuses<ValueError>([] { random::truncated_normal(key(), ones({3}), ones({2})); }));
  CHECK(refuses<ValueError>([] { random::truncated_normal(key(), zeros({3}), 1.0, Shape{2}); }));
  CHECK(refuses<ValueError>([] { random::truncated_normal(random::split(key(), 2), 0.0, 1.0); }));
}

}  // namespace fluxion

#include <cmath>
#include <set>

#include <catch2/catch.hpp>

#include <fluxion/complex.hpp>

#include "numpy/shown.hpp"

namespace fluxion {
using test::message_of;
using test::printed;
using test::refuses;
using test::shown;

namespace {
Array key(std::int64_t seed) { return random::key(seed); }
}  // namespace

TEST_CASE("values that jax's documentation prints") {
  CHECK(printed(random::uniform(key(0), {}, float32)) == "0.947667");
  const auto [k, subkey] = random::split<2>(key(0));
  CHECK(printed(random::uniform(subkey, {}, float32)) == "0.0072938204");
  CHECK(printed(random::uniform(key(0), {3}, float32)) == "[0.947667   0.9785799  0.33229148]");
  CHECK(printed(vmap([](const Array& seed) { return random::key(seed); })(arange(4))) ==
        "key<fry>[4] overlaying:\n[[0 0]\n [0 1]\n [0 2]\n [0 3]]");
  CHECK(printed(random::fold_in(key(0), 1)) == "key<fry>[] overlaying:\n[ 928981903 3453687069]");
  CHECK(printed(random::key_data(random::fold_in(key(0), 4))) == "[2285895361  433833334]");
  CHECK(shown(random::bits(key(10), {4}, uint32)) == "u32[4] [169096361 1572511259 2689743692 2228103506]");
  CHECK(printed(random::normal(key(42), {}, float32)).substr(0, 9) == "-0.028304");
}

TEST_CASE("keys are scalars of their own dtype") {
  const auto k = key(0);
  CHECK(k.ndim() == 0);
  CHECK(k.dtype() == DType::key_fry);
  CHECK(random::split(k, {2, 3}).shape() == Shape{2, 3});
  CHECK(random::key_data(random::split(k, {2, 3})).shape() == Shape{2, 3, 2});
  CHECK(bool(random::wrap_key_data(random::key_data(k)) == k));
  CHECK(shown(random::key_data(key(-1))) == "u32[2] [4294967295 4294967295]");
  CHECK(shown(random::key_data(random::key(scalar<std::int32_t>(-1)))) == "u32[2] [0 4294967295]");
  CHECK(shown(random::key_data(jit([](const Array& s) { return random::key(s); })(-1))) == "u32[2] [4294967295 4294967295]");
}

TEST_CASE("split does not depend on how many are taken, and equals fold_in") {
  const auto few = random::split(key(3), 2), many = random::split(key(3), 5);
  for (std::int64_t i = 0; i < 5; ++i) {
    if (i < 2) CHECK(bool(few[i] == many[i]));
    CHECK(bool(random::fold_in(key(3), i) == many[i]));
  }
}

TEST_CASE("vmap over keys equals the loop, and jit equals eager, to the bit") {
  const auto keys = random::split(key(11), 4);
  const auto samplers = std::vector<std::function<Array(const Array&)>>{
      [](const Array& k) { return random::uniform(k, {3}); },
      [](const Array& k) { return random::uniform(k, {}, float32, -2, 5); },
      [](const Array& k) { return random::normal(k, {2, 3}); },
      [](const Array& k) { return random::normal<float>(k, {5}); },
      [](const Array& k) { return random::randint(k, {4}, -3, 1000); },
      [](const Array& k) { return random::bernoulli(k, 0.3, Shape{7}); },
      [](const Array& k) { return random::bits(k, {2}); },
      [](const Array& k) { return random::key_data(random::split(k, 3)); },
      [](const Array& k) { return random::key_data(random::fold_in(k, 9)); },
  };
  for (const auto& f : samplers) {
    const auto all = vmap(f)(keys);
    for (std::int64_t i = 0; i < 4; ++i) {
      CHECK(bool(array_equal(all[i], f(keys[i]))));
      CHECK(bool(array_equal(all[i], jit(f)(keys[i]))));
    }
  }
}

TEST_CASE("traced and array bounds draw what known bounds draw") {
  const auto k = key(5);
  for (const auto t : {int32, int64, uint32, uint64})
    for (const auto& [lo, hi] : std::vector<std::pair<std::int64_t, std::int64_t>>{{0, 10}, {-5, 5}, {7, 3}, {0, 1 << 20}, {0, 1LL << 40}}) {
      const auto known = random::randint(k, {6}, lo, hi, t);
      const auto traced = jit([&](const Array& a, const Array& b) { return random::randint(k, {6}, a, b, t); })(lo, hi);
      CHECK(shown(known) == shown(traced));
    }
  const auto rows = random::randint(k, {2, 3}, array({{0}, {100}}), array({{10}, {110}}));
  CHECK(bool(all((rows[0] >= 0) & (rows[0] < 10) & (rows[1] >= 100) & (rows[1] < 110))));
}

TEST_CASE("samplers keep their promises") {
  const auto u = random::uniform(key(1), {10000});
  CHECK(u.dtype() == float64);
  CHECK(bool(all((u >= 0) & (u < 1))));
  CHECK(mean(u).item<double>() == Approx(0.5).margin(0.02));
  const auto z = random::normal(key(2), {10000});
  CHECK(mean(z).item<double>() == Approx(0).margin(0.05));
  CHECK(std(z).item<double>() == Approx(1).margin(0.03));
  CHECK(bool(all(isfinite(z))));
  const auto d = random::randint(key(3), {10000}, 0, 6);
  CHECK(d.dtype() == int64);
  CHECK(shown(stack({min(d), max(d)})) == "i64[2] [0 5]");
  CHECK(mean(random::bernoulli(key(4), 0.25, Shape{10000})).item<float>() == Approx(0.25).margin(0.02));
  CHECK(!bool(any(random::bernoulli(key(4), 0.0, Shape{1000}))));
  CHECK(bool(all(random::bernoulli(key(4), 1.0, Shape{1000}))));
  CHECK(random::bernoulli(key(4), array({0.1, 0.9})).shape() == Shape{2});
}

TEST_CASE("uniform is differentiable in its bounds") {
  const auto f = [](const Array& hi) { return random::uniform(random::key(0), {}, float64, 0.0, hi); };
  CHECK(grad(f)(2.0).item<double>() == random::uniform(random::key(0)).item<double>());
}

TEST_CASE("default_dtype holds for samplers") {
  default_dtype guard(float32);
  CHECK(random::uniform(key(0), {2}).dtype() == float32);
  CHECK(random::normal(key(0), {2}).dtype() == float32);
}

TEST_CASE("wrong keys and bounds are refused with the way out") {
  CHECK(message_of<ValueError>([] { random::uniform(random::split(key(0), 3)); }) ==
        "uniform: a single key is required, got a key array of shape (3,); use fx::vmap for batching");
  CHECK(message_of<TypeError>([] { random::split(random::split(key(0), 3)); }) ==
        "split: a single key is required, got a key array of shape (3,); use fx::vmap for batching");
  CHECK(message_of<TypeError>([] { random::normal(array({0U, 0U})); }) ==
        "normal: a key is required, got u32[2]; make one with fx::random::key or wrap_key_data");
  CHECK(refuses<TypeError>([] { random::key(Array(1.5)); }));
  CHECK(refuses<TypeError>([] { random::key(array({1, 2})); }));
  CHECK(refuses<TypeError>([] { random::fold_in(key(0), 0.5); }));
  CHECK(refuses<TypeError>([] { random::uniform(key(0), {}, int32); }));
  CHECK(refuses<TypeError>([] { random::randint(key(0), {}, 0.0, 1.0); }));
  CHECK(refuses<TypeError>([] { random::randint(key(0), {}, 0, 1, float32); }));
  CHECK(refuses<ValueError>([] { random::randint(key(0), {2}, array({1, 2, 3}), 5); }));
  CHECK(refuses<ValueError>([] { random::uniform(key(0), {-1}); }));
  CHECK(refuses<ValueError>([] { random::split(key(0), -1); }));
}

TEST_CASE("complex normal numbers are two independent real ones of variance 1/2") {
  const auto k = random::key(3);
  const auto z = random::normal(k, {4000}, complex128);
  const auto keys = random::split(k, 2);
  const auto re = random::normal(keys[0], {4000}), im = random::normal(keys[1], {4000});
  CHECK(static_cast<bool>(allclose(real(z), re / std::sqrt(2.0), 1e-14)));
  CHECK(static_cast<bool>(allclose(imag(z), im / std::sqrt(2.0), 1e-14)));
  CHECK(mean(square(abs(z))).item<double>() == Approx(1).epsilon(0.05));
  CHECK(random::normal(k, {3}, complex64).dtype() == complex64);
}

}  // namespace fluxion

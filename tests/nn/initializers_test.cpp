#include <cmath>

#include <catch2/catch.hpp>

#include <fluxion/nn/initializers.hpp>

#include "numpy/shown.hpp"

namespace fluxion {
namespace init = nn::initializers;
using test::message_of;
using test::refuses;
using test::shown;

namespace {
Array key() { return random::key(42); }
double deviation(const Array& x) { return std(x.astype(float64)).item<double>(); }
}  // namespace

TEST_CASE("constant initial weights") {
  CHECK(shown(init::zeros(key(), {2})) == "f64[2] [0. 0.]");
  CHECK(shown(init::ones(key(), {2}, float32)) == "f32[2] [1. 1.]");
  CHECK(shown(init::constant(-7.0)(key(), {2, 2})) == "f64[2,2] [[-7. -7.] [-7. -7.]]");
  CHECK(shown(init::constant(array({1.0, 2.0}), float32)(key(), {2, 2})) == "f32[2,2] [[1. 2.] [1. 2.]]");
  CHECK(refuses<ValueError>([] { init::constant(ones({3}))(key(), {2, 2}); }));
}

TEST_CASE("initial weights are scaled samples of the same key") {
  const Shape s{3, 5};
  for (const auto t : {float64, float32}) {
    const auto scalar_of = [&](double v) { return Array(v).astype(t); };
    CHECK(bool(array_equal(init::uniform(10.0)(key(), s, t), random::uniform(key(), s, t) * scalar_of(10))));
    CHECK(bool(array_equal(init::normal(5.0)(key(), s, t), random::normal(key(), s, t) * scalar_of(5))));
    CHECK(bool(array_equal(init::truncated_normal(5.0)(key(), s, t),
                           random::truncated_normal(key(), -2.0, 2.0, s, t) * scalar_of(5))));
    CHECK(bool(array_equal(init::glorot_uniform()(key(), s, t),
                           random::uniform(key(), s, t, -1.0, 1.0) * sqrt(scalar_of(3) * scalar_of(1.0 / 4)))));
    CHECK(bool(allclose(init::he_normal()(key(), s, t), random::truncated_normal(key(), -2.0, 2.0, s, t) *
                                                            scalar_of(std::sqrt(2.0 / 3) / .87962566103423978))));
    CHECK(init::lecun_normal()(key(), s, t).dtype() == t);
  }
}

TEST_CASE("variances are scale over fan") {
  struct Want {
    init::Initializer draw;
    double variance;
  };
  // 3x3 windows: fan in 9 * 20, fan out 9 * 40.
  const Shape s{3, 3, 20, 40};
  const Want wants[] = {
      {init::glorot_uniform(), 2.0 / 540},
      {init::glorot_normal(), 2.0 / 540},
      {init::lecun_uniform(), 1.0 / 180},
      {init::lecun_normal(), 1.0 / 180},
      {init::he_uniform(), 2.0 / 180},
      {init::he_normal(), 2.0 / 180},
      {init::xavier_normal(), 2.0 / 540},
      {init::xavier_uniform(), 2.0 / 540},
      {init::kaiming_normal(), 2.0 / 180},
      {init::kaiming_uniform(), 2.0 / 180},
      {init::variance_scaling(3, init::Fan::out, init::Distribution::normal), 3.0 / 360},
      {init::variance_scaling(1, init::Fan::geo_avg, init::Distribution::uniform), 1 / std::sqrt(180.0 * 360)},
      {init::lecun_normal({.in_axis = -1, .out_axis = -2}), 1.0 / 360},
      {init::lecun_normal({.batch_axis = {0, 1}}), 1.0 / 20},
      {init::lecun_normal({.in_axis = {0, 1, 2}}), 1.0 / 180}};
  for (const auto& w : wants) CHECK(deviation(w.draw(key(), s)) == Approx(std::sqrt(w.variance)).epsilon(0.03));
}

TEST_CASE("initial weights are jitted and mapped over keys to the same bits") {
  const auto draw = [](const Array& k) { return init::he_normal()(k, {4, 3}); };
  const auto keys = random::split(key(), 3);
  const auto all = vmap(draw)(keys);
  for (std::int64_t i = 0; i < 3; ++i) CHECK(bool(array_equal(all[i], draw(keys[i]))));
  CHECK(bool(array_equal(jit(draw)(key()), draw(key()))));
}

TEST_CASE("complex initial weights have the same variances, in all directions") {
  const Shape s{50, 80};
  const init::Initializer all[] = {init::lecun_normal(), init::lecun_uniform(),
                                   init::variance_scaling(1, init::Fan::in, init::Distribution::normal)};
  for (const auto t : {complex64, complex128})
    for (const auto& draw : all) {
      const auto x = draw(key(), s, t).astype(complex128);
      CHECK(mean(square(abs(x))).item<double>() == Approx(1.0 / 50).epsilon(0.05));
      CHECK(abs(mean(x)).item<double>() < 0.01);
    }
  // Uniform on a disk: half of the area within radius sqrt(1/2) of the largest.
  const auto lengths = abs(init::lecun_uniform()(key(), s, complex128));
  CHECK(mean(lengths < std::sqrt(0.5) * max(lengths)).item<double>() == Approx(0.5).epsilon(0.05));
}

TEST_CASE("orthogonal weights have orthonormal rows or columns") {
  for (const auto t : {float64, float32}) {
    const auto close = [&](const Array& a, const Array& b) {
      return bool(allclose(a, b, 0, t == float64 ? 1e-12 : 1e-5));
    };
    const auto tall = init::orthogonal(2.0)(key(), {7, 4}, t), wide = init::orthogonal()(key(), {4, 7}, t);
    CHECK(close(dot(tall.T(), tall), 4.0 * eye(4)));
    CHECK(close(dot(wide, wide.T()), eye(4)));
    CHECK(tall.dtype() == t);
    const auto window = init::orthogonal()(key(), {3, 3, 2, 5}, t).reshape({18, 5});
    CHECK(close(dot(window.T(), window), eye(5)));
    const auto first = init::orthogonal(1.0, 0)(key(), {4, 3, 3}, t).reshape({4, 9});
    CHECK(close(dot(first, first.T()), eye(4)));
    const auto delta = init::delta_orthogonal()(key(), {3, 4, 2, 5}, t);
    CHECK(close(dot(delta[{1, 1}], delta[{1, 1}].T()), eye(2)));
    CHECK(bool(sum(abs(delta)) == sum(abs(delta[{1, 1}]))));
    CHECK(init::delta_orthogonal()(key(), {4, 2, 2}, t).shape() == Shape{4, 2, 2});
  }
  // No direction is preferred: each element of a 2 x 2 rotation or reflection has mean 0 and variance 1/2.
  const auto many = vmap([](const Array& k) { return init::orthogonal()(k, {2, 2}); })(random::split(key(), 2000));
  CHECK(bool(allclose(mean(many, 0), 0.0, 0, 0.06)));
  CHECK(bool(allclose(mean(square(many), 0), 0.5, 0, 0.06)));
}

TEST_CASE("initialisers refuse what they cannot draw") {
  CHECK_THAT(message_of<ValueError>([] { init::glorot_uniform()(key(), {3}); }), Catch::Contains("at least two axes"));
  CHECK_THAT(message_of<TypeError>([] { init::normal()(key(), {3}, int32); }),
             Catch::Contains("normal: a floating dtype is required, got int32"));
  CHECK_THAT(message_of<ValueError>([] { init::variance_scaling(-1, init::Fan::in, init::Distribution::normal); }),
             Catch::Contains("scale must not be negative"));
  CHECK(refuses<ValueError>([] { init::lecun_normal({.in_axis = 2})(key(), {2, 3}); }));
  CHECK_THAT(message_of<ValueError>([] {
               init::lecun_normal({.in_axis = none})(key(), {2, 3});
             }),
             Catch::Contains("in_axis must name axes"));
  CHECK_THAT(message_of<ValueError>([] { init::orthogonal()(key(), {3}); }),
             Catch::Contains("orthogonal: weights must have at least two axes"));
  CHECK(refuses<ValueError>([] { init::orthogonal(1, 2)(key(), {3, 3}); }));
  CHECK_THAT(message_of<ValueError>([] {
               init::delta_orthogonal()(key(), {3, 3});
             }),
             Catch::Contains("one to three spatial axes"));
  CHECK_THAT(message_of<ValueError>([] {
               init::delta_orthogonal()(key(), {3, 5, 4});
             }),
             Catch::Contains("more input than output features"));
  CHECK(refuses<ValueError>([] { init::normal()(key(), {-3}); }));
  CHECK(refuses<ValueError>([] { init::normal()(random::split(key(), 2), {3}); }));
}

}  // namespace fluxion

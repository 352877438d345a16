// What generators draw is within what they say, comes again from the same seed, and shrinks to what is simplest.
#include <rapidcheck/catch.h>

#include <cmath>
#include <set>

#include <fluxion/fluxion.hpp>
#include <fluxion/testing/catch2.hpp>
#include <fluxion/testing/rapidcheck.hpp>

namespace {

namespace fx = fluxion;
namespace gen = fx::testing::gen;
namespace bijection = fx::testing::bijection;
using fx::Array;
using fx::Shape;
using fx::testing::equals_bits;
using fx::testing::has_correct_grads;
using fx::testing::is_close_to;

struct Layer {
  Array w, b;
};
struct Net {
  std::vector<Layer> layers;
  std::map<std::string, Array> extra;
  fx::Static<int> width;
};

}  // namespace

BOOST_HANA_ADAPT_STRUCT(Layer, w, b);
BOOST_HANA_ADAPT_STRUCT(Net, layers, extra, width);

namespace {

constexpr std::uint64_t kSeeds = 60;
constexpr int kSize = 100;

template <class T>
rc::Shrinkable<T> drawn(const rc::Gen<T>& g, std::uint64_t seed, int size = kSize) { return g(rc::Random(seed), size); }

template <class T, class Predicate>
std::optional<rc::Shrinkable<T>> first_that(const rc::Gen<T>& g, const Predicate& p) {
  for (std::uint64_t seed = 0; seed < 1000; ++seed)
    if (auto s = drawn(g, seed); p(s.value())) return s;
  return {};
}

// What rapidcheck would report for a property that fails where p holds.
template <class T, class Predicate>
T minimal(const rc::Gen<T>& g, const Predicate& p) {
  auto now = first_that(g, p);
  REQUIRE(now.has_value());
  for (int steps = 0; steps < 1000; ++steps) {
    auto shrinks = now->shrinks();
    bool found = false;
    while (auto next = shrinks.next()) {
      if (!p(next->value())) continue;
      now = *next;
      found = true;
      break;
    }
    if (!found) return now->value();
  }
  FAIL("shrinking does not end");
  return now->value();
}

bool every(const Array& truth) { return static_cast<bool>(fx::all(truth)); }
std::vector<double> doubles(const Array& x) { return x.astype(fx::float64).to_vector<double>(); }

}  // namespace

TEST_CASE("drawn shapes are within their options, and of every sort") {
  const gen::ShapeOptions options{.min_rank = 0, .max_rank = 4, .min_extent = 0, .max_extent = 6, .max_size = 50};
  std::set<std::size_t> ranks;
  bool empty = false, ones = false;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    const Shape s = drawn<Shape>(gen::shape(options), seed).value();
    ranks.insert(s.size());
    REQUIRE(s.size() <= 4);
    REQUIRE(fx::element_count(s) <= 50);
    for (const auto d : s) {
      REQUIRE((d >= 0 && d <= 6));
      empty |= d == 0;
      ones |= d == 1;
    }
  }
  CHECK(ranks == std::set<std::size_t>{0, 1, 2, 3, 4});
  CHECK(empty);
  CHECK(ones);
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const Shape s =
        drawn<Shape>(gen::shape({.min_rank = 2, .max_rank = 2, .min_extent = 3, .max_extent = 4}), seed)
            .value();
    REQUIRE((s.size() == 2 && s[0] >= 3 && s[0] <= 4 && s[1] >= 3 && s[1] <= 4));
  }
}

TEST_CASE("drawn shapes broadcast together where that is asked for") {
  bool differ = false;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const auto shapes = drawn(gen::broadcastable_shapes(3), seed).value();
    REQUIRE(shapes.size() == 3);
    fx::Arrays xs;
    for (const auto& s : shapes) xs.push_back(fx::zeros(s));
    CHECK_NOTHROW(fx::broadcast_arrays(xs));
    differ |= !(shapes[0] == shapes[1]);
  }
  CHECK(differ);
  const auto least = minimal(gen::broadcastable_shapes(2),
                             [](const std::vector<Shape>& s) { return s[0].size() > s[1].size(); });
  CHECK(least == std::vector<Shape>{{1}, {}});
}

TEST_CASE("drawn arrays have the dtype, shape and range they should have") {
  for (const auto t : {fx::float64, fx::float32, fx::float16, fx::bfloat16, fx::complex64, fx::int8,
                       fx::uint64, fx::bool_}) {
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
      const Array x = drawn(gen::array(t, {2, 3}), seed).value();
      REQUIRE(x.dtype() == t);
      REQUIRE(x.shape() == Shape{2, 3});
      REQUIRE(every(fx::isfinite(x)));
      const Array y = drawn(gen::array(t, gen::shape({.max_rank = 1}), {.low = 0, .high = 1}), seed).value();
      REQUIRE(y.ndim() <= 1);
      if (!fx::is_complex(t)) REQUIRE(every((y >= 0) & (y <= 1)));
    }
  }
  CHECK(drawn(gen::array(fx::float64, {}), 1).value().ndim() == 0);
}

TEST_CASE("special values are drawn where they are switched on") {
  bool negative_zero = false, subnormal = false, infinite = false, nan = false, tie = false, greatest = false,
       least = false;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const auto v = doubles(drawn(gen::array(fx::float32, {8}, {.special = true}), seed).value());
    for (std::size_t i = 0; i < v.size(); ++i) {
      negative_zero |= v[i] == 0 && std::signbit(v[i]);
      subnormal |= v[i] != 0 && std::fabs(v[i]) < 1e-38;
      infinite |= std::isinf(v[i]);
      nan |= std::isnan(v[i]);
      tie |= i > 0 && v[i] == v[i - 1];
      greatest |= v[i] == static_cast<double>(std::numeric_limits<float>::max());
    }
    for (const auto n : drawn(gen::array(fx::int32, {8}, {.extremes = true}), seed).value().to_vector<std::int32_t>()) {
      least |= n == INT32_MIN;
      REQUIRE((n >= INT32_MAX - 1 || n <= INT32_MIN + 1 || (n >= -10 && n <= 10)));
    }
    for (const auto u : doubles(drawn(gen::array(fx::float64, {8}), seed).value())) REQUIRE(std::fabs(u) <= 3);
    for (const auto u : doubles(drawn(gen::array(fx::float64, {8}, {.nans = true}), seed).value()))
      REQUIRE(!std::isinf(u));
  }
  CHECK((negative_zero && subnormal && infinite && nan && tie && greatest && least));
}

TEST_CASE("the same seed draws the same values") {
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const auto arrays = gen::array(gen::dtype(), gen::shape(), {.special = true});
    CHECK_THAT(drawn(arrays, seed).value(), equals_bits(drawn(arrays, seed).value()));
    const auto programs = gen::program({.max_equations = 12});
    const auto p = drawn(programs, seed).value(), q = drawn(programs, seed).value();
    CHECK(rc::toString(p) == rc::toString(q));
    CHECK_THAT(p(p.inputs()), equals_bits(q(q.inputs())));
  }
  CHECK_FALSE(fx::testing::difference_in_bits(drawn(gen::array(fx::float64, {4}), 1).value(),
                                              drawn(gen::array(fx::float64, {4}), 2).value())
                  .empty());
}

TEST_CASE("counterexamples shrink to what is simplest") {
  const auto least = [](const auto& g, const auto& p) { return minimal(g, p); };
  CHECK_THAT(least(gen::array(), [](const Array& x) { return every(x == x); }), equals_bits(fx::scalar(0.0)));
  CHECK_THAT(
      least(gen::array(), [](const Array& x) { return x.size() > 0 && static_cast<bool>(fx::any(x > 1.5)); }),
      equals_bits(fx::scalar(2.0)));
  CHECK_THAT(least(gen::array(fx::float32, {3}), [](const Array& x) { return static_cast<bool>(fx::any(x < 0)); }),
             is_close_to(fx::array({0.0F, 0.0F, -1.0F}).astype(fx::float32), {.atol = 1}));
  CHECK_THAT(least(gen::array(fx::int16, {2}, {.low = 3, .high = 90}),
                   [](const Array& x) { return static_cast<bool>(x[1] > 40); }),
             equals_bits(fx::array({3, 41}).astype(fx::int16)));
  const auto nan = least(gen::array(fx::float64, gen::shape(), {.special = true}),
                         [](const Array& x) { return static_cast<bool>(fx::any(fx::isnan(x))); });
  CHECK_THAT(nan, equals_bits(fx::scalar(std::numeric_limits<double>::quiet_NaN())));
  CHECK(least(rc::Gen<Shape>(gen::shape()), [](const Shape& s) { return s.size() >= 2 && s[1] >= 3; }) == Shape{1, 3});
  CHECK(least(gen::dtype(), [](fx::DType t) { return fx::is_integer(t); }) == fx::int64);
  CHECK_THAT(least(gen::keys(), [](const Array&) { return true; }), equals_bits(fx::random::key(0)));
  CHECK_THAT(least(gen::positive({2}), [](const Array&) { return true; }), equals_bits(fx::array({1.0, 1.0})));
  CHECK_THAT(least(gen::correlation(3), [](const Array&) { return true; }), equals_bits(fx::eye(3)));
}

TEST_CASE("programs shrink to the instruction that matters") {
  const auto has = [](const char* name) {
    return [name](const fx::testing::RandomProgram& p) {
      const auto all = p.primitives();
      return std::find(all.begin(), all.end(), name) != all.end();
    };
  };
  const auto cholesky = minimal(gen::program(), has("cholesky"));
  CHECK(cholesky.inputs().size() == 1);
  CHECK(cholesky.inputs()[0].ndim() == 0);
  CHECK(cholesky.num_equations() <= 15);
  const auto sine = minimal(gen::program(), has("sin"));
  CHECK(rc::toString(sine) == "{ lambda ; a:f64[]. let b:f64[] = sin a in (b,) }\nat f64[] 0.0");
  const auto both = minimal(gen::program(), [&](const auto& p) { return has("scan")(p) && has("exp")(p); });
  CHECK(both.num_equations() <= 25);
}

TEST_CASE("trees are drawn from their type or like an example") {
  const Net example{{{fx::ones({2, 3}), fx::zeros({3}, fx::float32)}}, {{"key", fx::random::key(1)}, {"n", 2}}, {7}};
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const Net like = drawn(gen::tree_like(example), seed).value();
    CHECK(fx::tree::structure(like) == fx::tree::structure(example));
    CHECK(like.layers[0].w.shape() == Shape{2, 3});
    CHECK(like.layers[0].b.dtype() == fx::float32);
    CHECK(like.extra.at("key").dtype() == fx::DType::key_fry);
    const auto any = drawn(gen::tree<Net>(gen::array(fx::float32, {2})), seed).value();
    for (const auto& x : fx::tree::leaves(any)) CHECK(x.shape() == Shape{2});
    CHECK(any.layers.size() <= 3);
  }
  const auto least =
      minimal(gen::tree_like(example), [](const Net& n) { return static_cast<bool>(n.layers[0].b[1] != 0); });
  CHECK_THAT(least.layers[0].w, equals_bits(fx::zeros({2, 3})));
  CHECK_THAT(least.layers[0].b, equals_bits(fx::array({0.0F, 1.0F, 0.0F})));
  CHECK_THAT(least.extra.at("key"), equals_bits(fx::random::key(0)));
}

TEST_CASE("constrained arrays are within their domains") {
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    CHECK(every(drawn(gen::positive(), seed).value() > 0));
    const Array u = drawn(gen::unit_interval({4}, fx::float32), seed).value();
    CHECK(u.dtype() == fx::float32);
    CHECK(every((u > 0) & (u < 1)));
    const Array v = drawn(gen::interval(-2, 5, {4}), seed).value();
    CHECK(every((v > -2) & (v < 5)));
    const Array o = drawn(gen::ordered({2, 4}), seed).value();
    CHECK(every(fx::diff(o) > 0));
    const Array p = drawn(gen::simplex({2, 4}), seed).value();
    CHECK(every(p > 0));
    CHECK_THAT(fx::sum(p, -1), is_close_to(fx::ones({2}), {.rtol = 1e-14}));
    const Array r = drawn(gen::correlation(4), seed).value();
    CHECK_THAT(r, equals_bits(r.T()));
    CHECK_THAT(fx::diagonal(r), is_close_to(fx::ones({4}), {.rtol = 1e-14}));
    CHECK(every(fx::linalg::eigvalsh(r) > 0));
    CHECK(every(fx::linalg::eigvalsh(drawn(gen::positive_definite(3, {2}), seed).value()) > 0));
  }
}

TEST_CASE("correlation matrices are distributed uniformly") {
  // Then an entry of those of order n has variance 1 / (n + 1).
  double squares = 0, sum = 0;
  constexpr int kDraws = 3000;
  for (std::uint64_t seed = 0; seed < kDraws; ++seed) {
    const auto r = drawn(gen::correlation(3), seed).value()(0, 2).item<double>();
    sum += r;
    squares += r * r;
  }
  CHECK(std::fabs(sum / kDraws) < 0.04);
  CHECK(std::fabs(squares / kDraws - 0.25) < 0.025);
}

TEST_CASE("bijections invert and have the right derivatives") {
  const Array y = fx::array({0.3, -0.7, 1.1, 0.2, -0.4, 0.9});
  const auto both = [&](const char* name, auto forward, auto inverse) {
    INFO(name);
    CHECK_THAT(inverse(forward(y)), is_close_to(y, {.rtol = 1e-12, .atol = 1e-13}));
    const Array rows = fx::stack({y, 0.5 * y});
    CHECK_THAT(forward(rows)[1], is_close_to(forward(0.5 * y), {.rtol = 1e-14}));
    CHECK_THAT(inverse(forward(rows)), is_close_to(rows, {.rtol = 1e-12, .atol = 1e-13}));
    CHECK_THAT(forward, has_correct_grads(y).with({.key = fx::random::key(1)}));
    CHECK_THAT(inverse, has_correct_grads(forward(y)).with({.order = 1, .key = fx::random::key(1)}));
  };
  both("positive", bijection::positive, bijection::positive_inverse);
  both("unit_interval", bijection::unit_interval, bijection::unit_interval_inverse);
  both(
      "interval", [](const Array& x) { return bijection::interval(x, -1, 3); },
      [](const Array& x) { return bijection::interval_inverse(x, -1, 3); });
  both("ordered", bijection::ordered, bijection::ordered_inverse);
  both("simplex", bijection::simplex, bijection::simplex_inverse);
  both("correlation_cholesky", bijection::correlation_cholesky, bijection::correlation_cholesky_inverse);
  both("positive_definite", bijection::positive_definite, bijection::positive_definite_inverse);
  CHECK_THAT(bijection::correlation_inverse(bijection::correlation(y)), is_close_to(y, {.rtol = 1e-10}));
  CHECK_THAT(bijection::correlation(fx::zeros({0})), equals_bits(fx::ones({1, 1})));
}

TEST_CASE("properties take arrays, dtypes, shapes and adapted structs as parameters") {
  rc::prop("all that is drawn can be used", [](const Array& x, const Shape& s, fx::DType t, const Layer& layer) {
    RC_ASSERT(x.dtype() == fx::float64);
    RC_ASSERT(fx::zeros(s, t).dtype() == t);
    RC_ASSERT(every(fx::isfinite(layer.w)));
    const Array k = *gen::keys();
    RC_ASSERT(fx::random::uniform(k).ndim() == 0);
  });
  CHECK(rc::toString(fx::array({0.1, 2.0})) == "f64[2] [0.1 2. ]");
  CHECK(rc::toString(Layer{fx::scalar(1.0F), fx::array({1, 2}).astype(fx::int32)}) ==
        ".w = f32[] 1.0\n.b = i32[2] [1 2]");
}

TEST_CASE("generators say what is wrong with their options") {
  CHECK_THROWS_WITH(gen::shape({.min_rank = 3, .max_rank = 2}),
                    "gen::shape: 0 <= min_rank <= max_rank and 0 <= min_extent <= max_extent are required, "
                    "got ranks 3 to 2 and extents 0 to 5");
  CHECK_THROWS_WITH(
      gen::shape({.min_rank = 3, .max_rank = 3, .min_extent = 5, .max_size = 100}),
      "gen::shape: max_size must allow the smallest shape, which has 3 axes of extent 5, got 100; raise it");
  CHECK_THROWS_WITH(gen::array(fx::DType::key_fry, {2}),
                    "gen::array: a dtype of numbers or bool is required, got key<fry>; use gen::keys");
  CHECK_THROWS_WITH(gen::array(fx::int32, {2}, {.low = 0.2, .high = 0.8}),
                    "gen::array: low <= high is required with an integer between them, got 0.2 and 0.8");
  CHECK_THROWS_WITH(gen::simplex({}), "gen::simplex: a shape whose last extent is at least 1 is required, got ()");
  CHECK_THROWS_WITH(bijection::correlation(fx::zeros({4})),
                    "bijection::correlation_cholesky: a last axis of n (n - 1) / 2 elements is required, got f64[4]");
  CHECK_THROWS_WITH(fx::testing::random_program(1, {.max_equations = 0}),
                    "random_program: max_equations of at least 1 is required, got 0");
  CHECK_THROWS_WITH(fx::testing::random_program(1, {.inputs = {{{2}, fx::int32}}}),
                    "random_program: inputs of floating dtypes are required, got i32[2]");
  const auto p = fx::testing::random_program(1, {.inputs = {{{2}, fx::float64}}});
  CHECK_THROWS_WITH(p(fx::Arrays{}), "RandomProgram: as many arguments as inputs are required, 1, got 0");
  CHECK_THROWS_WITH(p(fx::zeros({3})), "RandomProgram: argument 0 must be f64[2] as its input is, got f64[3]");
}

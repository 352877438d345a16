#include <limits>
#include <set>

#include <catch2/catch.hpp>
#include <rapidcheck.h>

#include <fluxion/sorting.hpp>

#include "numpy/shown.hpp"

namespace fluxion {
using test::message_of;
using test::shown;

namespace {
constexpr auto kNaN = std::numeric_limits<double>::quiet_NaN();
}

TEST_CASE("unique elements, where they were, and how many") {
  CHECK(shown(unique(array({1, 1, 2, 2, 3, 3}))) == "i32[3] [1 2 3]");
  CHECK(shown(unique(array({{1, 1}, {2, 3}}))) == "i32[3] [1 2 3]");
  const auto u = unique_all(array({1, 2, 6, 4, 2, 3, 2}));
  CHECK(shown(u.values) == "i32[5] [1 2 3 4 6]");
  CHECK(shown(u.indices) == "i64[5] [0 1 5 3 2]");
  CHECK(shown(u.inverse_indices) == "i64[7] [0 1 4 3 1 2 1]");
  CHECK(shown(u.counts) == "i64[5] [1 3 1 1 1]");
  CHECK(shown(unique_inverse(array({{5, 3}, {3, 5}})).second) == "i64[2,2] [[1 0] [0 1]]");
  CHECK(shown(unique_counts(zeros({0})).second) == "i64[0] []");
  CHECK(shown(unique_values(Array(7))) == "i64[1]* [7]");
}

TEST_CASE("NaNs are one value, or not") {
  const auto x = array({kNaN, 1.0, kNaN});
  CHECK(shown(unique(x)) == "f64[2] [1. nan]");
  CHECK(shown(unique(x, {.equal_nan = false})) == "f64[3] [1. nan nan]");
}

TEST_CASE("a size cuts off, or fills") {
  const auto x = array({3, 1, 3, 2});
  CHECK(shown(unique(x, {.size = 2})) == "i32[2] [1 2]");
  CHECK(shown(unique(x, {.size = 5})) == "i32[5] [1 2 3 1 1]");
  CHECK(shown(unique(x, {.size = 5, .fill_value = -1})) == "i32[5] [1 2 3 -1 -1]");
  CHECK(shown(unique_counts(x, {.size = 5}).second) == "i64[5] [1 1 2 0 0]");
  CHECK(shown(unique_counts(x, {.size = 2}).second) == "i64[2] [1 1]");
  CHECK(shown(unique(zeros({0}), {.size = 2, .fill_value = 4})) == "f64[2] [4. 4.]");
  CHECK(shown(jit([](const Array& v) { return unique(v, {.size = 4, .fill_value = 0}); })(x)) == "i32[4] [1 2 3 0]");
  CHECK(shown(vmap([](const Array& v) { return unique(v, {.size = 2}); })(array({{2, 1}, {3, 3}}))) ==
        "i32[2,2] [[1 2] [3 3]]");
}

TEST_CASE("unique slices along an axis") {
  const auto x = array({{1, 0, 0}, {1, 0, 0}, {2, 3, 4}});
  CHECK(shown(unique(x, {.axis = 0})) == "i32[2,3] [[1 0 0] [2 3 4]]");
  CHECK(shown(unique(array({{2, 1, 2}, {0, 5, 0}}), {.axis = 1})) == "i32[2,2] [[1 2] [5 0]]");
  const auto u = unique_all(x, {.axis = 0});
  CHECK(shown(u.indices) == "i64[2] [0 2]");
  CHECK(shown(u.inverse_indices) == "i64[3] [0 0 1]");
  CHECK(shown(u.counts) == "i64[2] [2 1]");
}

TEST_CASE("without a size values must be concrete") {
  CHECK(message_of<ConcretizationError>([] { jit([](const Array& v) { return unique(v); })(array({1.0})); })
            .starts_with("unique: how many results there are depends on values, which must be concrete, got "));
  CHECK(message_of<ValueError>([] { unique(array({1.0}), {.size = -1}); }) ==
        "unique: size must not be negative, got -1; 0 asks for none");
  CHECK(message_of<ValueError>([] { unique(zeros({2, 2}), {.axis = {0, 1}}); }) ==
        "unique: one axis or none is required, got (0, 1); ravel or reshape first");
  CHECK(message_of<ValueError>([] { nonzero(array({1}), {.size = -2}); }) ==
        "nonzero: size must not be negative, got -2; 0 asks for none");
  CHECK(shown(grad([](const Array& v) { return sum(unique(v)); })(array({2.0, 1.0, 2.0}))) == "f64[3] [1. 1. 0.]");
}

TEST_CASE("nonzero elements by their indices") {
  const auto x = array({{3, 0, 0}, {0, 4, 0}, {5, 6, 0}});
  const auto at = nonzero(x);
  CHECK(shown(at[0]) == "i64[4] [0 1 2 2]");
  CHECK(shown(at[1]) == "i64[4] [0 1 0 1]");
  CHECK(shown(argwhere(x)) == "i64[4,2] [[0 0] [1 1] [2 0] [2 1]]");
  CHECK(shown(flatnonzero(array({-2, -1, 0, 1, 2}))) == "i64[4] [0 1 3 4]");
  CHECK(shown(nonzero(array({0, 5, 0, 6, 0, 7}), {.size = 5})[0]) == "i64[5] [1 3 5 0 0]");
  CHECK(shown(nonzero(array({0, 5, 0, 6, 0, 7}), {.size = 5, .fill_value = -1})[0]) == "i64[5] [1 3 5 -1 -1]");
  CHECK(shown(jit([](const Array& v) { return flatnonzero(v > 0, {.size = 2}); })(array({1.0, -1.0, 2.0}))) ==
        "i64[2] [0 2]");
  CHECK(shown(nonzero(zeros({0, 3}))[1]) == "i64[0] []");
  CHECK(argwhere(Array(4)).shape() == Shape{1, 0});
  CHECK(message_of<ValueError>([] { nonzero(Array(1)); }) ==
        "nonzero: an axis is required, got i64[]; reshape it to {1}");
  CHECK(message_of<ConcretizationError>([] { jit([](const Array& v) { return nonzero(v)[0]; })(array({1.0})); })
            .starts_with("nonzero: how many results there are depends on values"));
}

TEST_CASE("unique values and inverse make the array again") {
  CHECK(rc::check("round trip", [](const std::vector<std::int8_t>& small) {
    const std::vector<std::int64_t> v(small.begin(), small.end());
    const auto u = unique_all(array(v));
    const std::set<std::int64_t> want(v.begin(), v.end());
    const auto values = u.values.to_vector<std::int64_t>();
    RC_ASSERT(values == std::vector<std::int64_t>(want.begin(), want.end()));
    const auto inverse = u.inverse_indices.to_vector<std::int64_t>(), counts = u.counts.to_vector<std::int64_t>();
    const auto first = u.indices.to_vector<std::int64_t>();
    std::vector<std::int64_t> seen(values.size(), 0);
    for (std::size_t i = 0; i < v.size(); ++i) {
      RC_ASSERT(values[static_cast<std::size_t>(inverse[i])] == v[i]);
      if (seen[static_cast<std::size_t>(inverse[i])]++ == 0)
        RC_ASSERT(first[static_cast<std::size_t>(inverse[i])] == static_cast<std::int64_t>(i));
    }
    RC_ASSERT(seen == counts);
  }));
}

}  // namespace fluxion

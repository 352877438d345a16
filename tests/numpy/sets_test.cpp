#include <algorithm>
#include <iterator>
#include <limits>
#include <set>

#include <catch2/catch.hpp>
#include <rapidcheck.h>

#include <fluxion/sets.hpp>

#include "numpy/shown.hpp"

namespace fluxion {
using test::message_of;
using test::shown;

TEST_CASE("set operations give sorted unique elements") {
  CHECK(shown(union1d(array({-1, 0, 1}), array({-2, 0, 2}))) == "i32[5] [-2 -1 0 1 2]");
  CHECK(shown(intersect1d(array({1, 3, 4, 3}), array({3, 1, 2, 1}))) == "i32[2] [1 3]");
  CHECK(shown(setdiff1d(array({1, 2, 3, 2, 4, 1}), array({3, 4, 5, 6}))) == "i32[2] [1 2]");
  CHECK(shown(setxor1d(array({1, 2, 3, 2, 4}), array({2, 3, 5, 7, 5}))) == "i32[4] [1 4 5 7]");
  CHECK(shown(isin(array({{0, 2}, {4, 6}}), array({1, 2, 4, 8}))) == "bool[2,2] [[False True] [True False]]");
  CHECK(shown(isin(array({0, 2}), array({2}), true)) == "bool[2] [True False]");
  CHECK(shown(isin(array({1.0, std::numeric_limits<double>::quiet_NaN()}),
                   array({std::numeric_limits<double>::quiet_NaN(), 1.0}))) == "bool[2] [True False]");
}

TEST_CASE("an intersection knows where its elements are") {
  const auto i = intersect1d_indices(array({1, 1, 2, 3, 4}), array({2, 1, 4, 6}));
  CHECK(shown(i.values) == "i32[3] [1 2 4]");
  CHECK(shown(i.x_indices) == "i64[3] [0 2 4]");
  CHECK(shown(i.y_indices) == "i64[3] [1 0 2]");
}

TEST_CASE("a size makes set operations fit for jit") {
  const auto x = array({1, 2, 3, 2, 4}), y = array({2, 3, 5});
  const auto sized = [&](auto op, SetOptions o) {
    return shown(jit([=](const Array& a, const Array& b) { return op(a, b, o); })(x, y));
  };
  CHECK(sized(union1d, {.size = 6}) == "i32[6] [1 2 3 4 5 1]");
  CHECK(sized(union1d, {.size = 2}) == "i32[2] [1 2]");
  CHECK(sized(intersect1d, {.size = 3}) == "i32[3] [2 3 2]");
  CHECK(sized(intersect1d, {.size = 3, .fill_value = 9}) == "i32[3] [2 3 9]");
  CHECK(sized(setdiff1d, {.size = 3}) == "i32[3] [1 4 0]");
  CHECK(sized(setxor1d, {.size = 5, .fill_value = -1}) == "i32[5] [1 4 5 -1 -1]");
  CHECK(shown(intersect1d(array({1}), array({2}), {.size = 1})) == "i32[1] [0]");
  CHECK(message_of<ConcretizationError>([] { jit([](const Array& v) { return union1d(v, v); })(array({1.0})); })
            .starts_with("union1d: how many results there are depends on values"));
}

TEST_CASE("sets of complex numbers") {
  using Z = std::complex<double>;
  const auto x = array({Z(1, 1), Z(1, 0), Z(1, 1)}), y = array({Z(1, 1), Z(0, 1)});
  CHECK(union1d(x, y).to_vector<Z>() == std::vector<Z>{{0, 1}, {1, 0}, {1, 1}});
  CHECK(shown(isin(x, y)) == "bool[3] [True False True]");
}

TEST_CASE("sets without elements") {
  const auto nothing = zeros({0}), x = array({2.0, 1.0});
  CHECK(shown(union1d(nothing, x)) == "f64[2] [1. 2.]");
  CHECK(shown(intersect1d(nothing, x)) == "f64[0] []");
  CHECK(shown(setdiff1d(x, nothing)) == "f64[2] [1. 2.]");
  CHECK(shown(setxor1d(nothing, nothing)) == "f64[0] []");
  CHECK(shown(isin(x, nothing)) == "bool[2] [False False]");
}

TEST_CASE("set operations agree with the standard library's") {
  CHECK(rc::check("as std::set_*", [](const std::vector<std::int8_t>& a, const std::vector<std::int8_t>& b) {
    const std::vector<std::int64_t> v(a.begin(), a.end()), w(b.begin(), b.end());
    const std::set<std::int64_t> s(v.begin(), v.end()), t(w.begin(), w.end());
    const auto x = array(v), y = array(w);
    const auto check = [&](const Array& got, auto algorithm) {
      std::vector<std::int64_t> want;
      algorithm(s.begin(), s.end(), t.begin(), t.end(), std::back_inserter(want));
      RC_ASSERT(got.to_vector<std::int64_t>() == want);
    };
    check(union1d(x, y), [](auto... i) { std::set_union(i...); });
    check(intersect1d(x, y), [](auto... i) { std::set_intersection(i...); });
    check(setdiff1d(x, y), [](auto... i) { std::set_difference(i...); });
    check(setxor1d(x, y), [](auto... i) { std::set_symmetric_difference(i...); });
    const auto in = isin(x, y).to_vector<bool>();
    for (std::size_t i = 0; i < v.size(); ++i) RC_ASSERT(in[i] == (t.count(v[i]) != 0));
  }));
}

}  // namespace fluxion

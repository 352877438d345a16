#include <cmath>
#include <limits>

#include <catch2/catch.hpp>

#include "numpy/shown.hpp"

namespace fluxion {
using test::message_of;
using test::refuses;
using test::shown;

namespace {
Array table() { return array({{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}}); }
}  // namespace

TEST_CASE("reductions over all, one and several axes") {
  CHECK(shown(sum(table())) == "f64[] 21.0");
  CHECK(shown(sum(table(), 0)) == "f64[3] [5. 7. 9.]");
  CHECK(shown(sum(table(), -1)) == "f64[2] [6. 15.]");
  CHECK(shown(sum(table(), {0, 1}, true)) == "f64[1,1] [[21.]]");
  CHECK(shown(sum(table(), 1, true)) == "f64[2,1] [[6.] [15.]]");
  CHECK(shown(sum(ones({2, 3, 4}), {0, 2})) == "f64[3] [8. 8. 8.]");
  CHECK(shown(sum(zeros({0}))) == "f64[] 0.0");
  CHECK(shown(mean(table(), 0)) == "f64[3] [2.5 3.5 4.5]");
  CHECK(shown(max(table(), 1)) == "f64[2] [3. 6.]");
  CHECK(shown(min(table())) == "f64[] 1.0");
  CHECK(shown(var(table())) == "f64[] 2.9166666666666665");
  CHECK(shown(var(table(), 0, 1)) == "f64[3] [4.5 4.5 4.5]");
  CHECK(shown(std(table(), 0)) == "f64[3] [1.5 1.5 1.5]");
  CHECK(std::isnan(var(array({1.0}), none, 1).item<double>()));
}

TEST_CASE("sums of small types widen, means of integers are floats") {
  CHECK(shown(sum(array({true, true}))) == "i64[] 2");
  CHECK(shown(sum(array({1, 2}))) == "i64[] 3");
  CHECK(shown(sum(array({1U}))) == "u64[] 1");
  CHECK(shown(sum(array({1.0F}))) == "f32[] 1.0");
  CHECK(shown(mean(array({1, 2}))) == "f32[] 1.5");
  CHECK(shown(mean(array({1L, 2L}))) == "f64[] 1.5");
  CHECK(shown(max(array({true, false}))) == "bool[] True");
  CHECK(shown(max(array({3, 1}))) == "i32[] 3");
}

TEST_CASE("argmax, any and all") {
  CHECK(shown(argmax(array({{1, 9, 9}, {7, 0, 2}}))) == "i64[] 1");
  CHECK(shown(argmax(array({{1, 9, 9}, {7, 0, 2}}), 1)) == "i64[2] [1 0]");
  CHECK(shown(argmax(array({{1, 9, 9}, {7, 0, 2}}), 0, true)) == "i64[1,3] [[1 0 0]]");
  CHECK(shown(argmin(array({{1, 9, 9}, {7, 0, 2}}), 1)) == "i64[2] [0 1]");
  CHECK(shown(argmin(array({3U, 0U}))) == "i64[] 1");
  CHECK(shown(any(array({0, 0, 1}))) == "bool[] True");
  CHECK(shown(all(array({{true, false}, {true, true}}), 1)) == "bool[2] [False True]");
  CHECK(shown(all(zeros({0}))) == "bool[] True");
}

TEST_CASE("logsumexp stands infinities") {
  constexpr auto inf = std::numeric_limits<double>::infinity();
  CHECK(logsumexp(array({1000.0, 1000.0})).item<double>() == Approx(1000 + std::log(2.0)));
  CHECK(logsumexp(array({-inf, -inf})).item<double>() == -inf);
  CHECK(logsumexp(array({inf, 0.0})).item<double>() == inf);
  CHECK(shown(logsumexp(zeros({2, 1}), 1)) == "f64[2] [0. 0.]");
  CHECK(shown(grad([](const Array& x) { return logsumexp(x); })(zeros({2}))) == "f64[2] [0.5 0.5]");
}

TEST_CASE("a wrong axis says what is allowed") {
  CHECK(message_of<ValueError>([] { sum(table(), 3); }) == 
        "sum: axis must be in [-2, 2), got 3 for shape (2, 3); negative axes count from the end");
  CHECK(message_of<ValueError>([] { sum(table(), {0, -2}); }) == 
        "sum: axes must be distinct, got (0, -2) for shape (2, 3); name each axis once");
  CHECK(message_of<ValueError>([] { max(zeros({0, 2}), 0); }) ==
        "max: at least one element is required to reduce over, got shape (0, 2) over axes (0,); join it with an initial "
        "value first");
  CHECK(refuses<ValueError>([] { argmax(zeros({0})); }));
}

}  // namespace fluxion

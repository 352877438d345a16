#include <algorithm>
#include <limits>

#include <catch2/catch.hpp>
#include <rapidcheck.h>

#include "numpy/shown.hpp"

namespace fluxion {
using test::message_of;
using test::shown;

namespace {
constexpr auto kNaN = std::numeric_limits<double>::quiet_NaN();
Array table() { return array({{10.0, 7.0, 4.0}, {3.0, 2.0, 1.0}}); }
}  // namespace

TEST_CASE("medians") {
  CHECK(shown(median(table())) == "f64[] 3.5");
  CHECK(shown(median(table(), 0)) == "f64[3] [6.5 4.5 2.5]");
  CHECK(shown(median(table(), 1, true)) == "f64[2,1] [[7.] [2.]]");
  CHECK(shown(median(array({1, 2}))) == "f32[] 1.5");
  CHECK(shown(median(array({1.0, kNaN, 3.0}))) == "f64[] nan");
  CHECK(shown(nanmedian(array({1.0, kNaN, 3.0, 5.0}))) == "f64[] 3.0");
  CHECK(shown(nanmedian(array({{kNaN, kNaN}, {1.0, 2.0}}), 1)) == "f64[2] [nan 1.5]");
  const auto inf = std::numeric_limits<double>::infinity();
  CHECK(shown(median(array({1.0, inf, inf}))) == "f64[] inf");
}

TEST_CASE("quantiles by every method") {
  const auto x = array({1.0, 2.0, 4.0, 8.0});
  CHECK(shown(quantile(x, 0.5)) == "f64[] 3.0");
  CHECK(shown(quantile(x, array({0.0, 0.25, 1.0}))) == "f64[3] [1. 1.75 8. ]");
  CHECK(shown(quantile(x, 0.6, none, {.method = "lower"})) == "f64[] 2.0");
  CHECK(shown(quantile(x, 0.6, none, {.method = "higher"})) == "f64[] 4.0");
  CHECK(shown(quantile(x, 0.6, none, {.method = "midpoint"})) == "f64[] 3.0");
  CHECK(shown(quantile(x, 0.6, none, {.method = "nearest"})) == "f64[] 4.0");
  CHECK(shown(percentile(table(), 50)) == "f64[] 3.5");
  CHECK(shown(percentile(table(), 50, 0)) == "f64[3] [6.5 4.5 2.5]");
  CHECK(shown(quantile(table(), array({0.5, 1.0}), 1, {.keepdims = true})) == "f64[2,2,1] [[[7.] [2.]] [[10.] [3.]]]");
  CHECK(shown(quantile(zeros({2, 3, 4}), 0.5, {0, 2})) == "f64[3] [0. 0. 0.]");
  CHECK(shown(nanquantile(array({{1.0, kNaN, 3.0}, {4.0, 5.0, 6.0}}), array({0.0, 0.5}), 1)) ==
        "f64[2,2] [[1. 4.] [2. 5.]]");
  CHECK(shown(nanpercentile(array({1.0, kNaN, 3.0}), 100.0)) == "f64[] 3.0");
}

TEST_CASE("quantiles refuse what they cannot answer") {
  CHECK(message_of<ValueError>([] { quantile(table(), 0.5, none, {.method = "cubic"}); }) ==
        "quantile: method must be \"linear\", \"lower\", \"higher\", \"midpoint\" or \"nearest\", got \"cubic\"; leave "
        "it out for "
        "\"linear\"");
  CHECK(message_of<ValueError>([] { quantile(table(), zeros({1, 1})); }) ==
        "quantile: q must have rank 0 or 1, got f64[1,1]; ravel it first");
  CHECK(message_of<ValueError>([] { median(zeros({0})); }) ==
        "median: at least one element is required, got shape (0,) over axes (0,); check its size first");
}

TEST_CASE("quantiles have the derivative of the elements they take") {
  const auto x = array({3.0, 1.0, 2.0, 10.0});
  CHECK(shown(grad([](const Array& v) { return median(v); })(x)) == "f64[4] [0.5 0. 0.5 0. ]");
  CHECK(shown(grad([](const Array& v) { return quantile(v, 0.25); })(x)) == "f64[4] [0. 0.25 0.75 0. ]");
  CHECK(shown(jit(vmap([](const Array& v) { return median(v); }))(table())) == "f64[2] [7. 2.]");
}

TEST_CASE("averages with weights") {
  CHECK(shown(average(array({1.0, 2.0, 3.0, 4.0}))) == "f64[] 2.5");
  CHECK(shown(average(arange(1, 11), none, arange(10, 0, -1))) == "f64[] 4.0");
  CHECK(shown(average(array({{0.0, 1.0}, {2.0, 3.0}, {4.0, 5.0}}), 1, array({0.25, 0.75}))) ==
        "f64[3] [0.75 2.75 4.75]");
  const auto [mean, weight] = average_and_weights(table(), 0);
  CHECK(shown(mean) == "f64[3] [6.5 4.5 2.5]");
  CHECK(shown(weight) == "f64[3] [2. 2. 2.]");
  CHECK(shown(average_and_weights(table(), 1, array({1.0, 0.0, 1.0})).second) == "f64[2] [2. 2.]");
  CHECK(message_of<TypeError>([] {
          average(table(), none, array({1.0, 2.0}));
        }) ==
        "average: one axis is required where weights have another shape, got f64[2] for f64[2,3]; name the axis that "
        "they weigh");
  CHECK(message_of<TypeError>([] { average(table(), 0, zeros({1, 3})); }) ==
        "average: weights must have x's shape or rank 1, got f64[1,3] for f64[2,3]; broadcast them");
  CHECK(
      message_of<ValueError>([] {
        average(table(), 1, array({1.0, 2.0}));
      }) ==
      "average: weights must have as many elements as the axis, got f64[2] for axis 1 of f64[2,3]; give one for each");
}

TEST_CASE("the median splits any elements in halves") {
  CHECK(rc::check("as many above as below", [](const std::vector<std::int16_t>& small) {
    RC_PRE(!small.empty());
    std::vector<double> v(small.begin(), small.end());
    const auto m = median(array(v)).item<double>();
    const auto below = std::count_if(v.begin(), v.end(), [&](double x) { return x < m; });
    const auto above = std::count_if(v.begin(), v.end(), [&](double x) { return x > m; });
    RC_ASSERT(2 * below <= static_cast<std::ptrdiff_t>(v.size()));
    RC_ASSERT(2 * above <= static_cast<std::ptrdiff_t>(v.size()));
  }));
}

}  // namespace fluxion

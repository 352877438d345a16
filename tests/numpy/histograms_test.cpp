#include <numeric>

#include <catch2/catch.hpp>
#include <rapidcheck.h>

#include "numpy/shown.hpp"

namespace fluxion {
using test::message_of;
using test::shown;

TEST_CASE("bincount counts, weighs, clips and drops") {
  CHECK(shown(bincount(array({1, 1, 2, 3, 3, 3}))) == "i64[4] [0 2 1 3]");
  CHECK(shown(bincount(array({0, 1, 1, 2, 2, 2}), {.weights = array({0.3, 0.5, 0.2, 0.7, 1.0, -0.6})})) ==
        "f64[3] [0.3 0.7 1.1]");
  CHECK(shown(bincount(array({0, 1}), {.minlength = 4})) == "i64[4] [1 1 0 0]");
  CHECK(shown(bincount(array({-1, 0, 9, 2}), {.length = 3})) == "i64[3] [2 0 1]");
  CHECK(shown(jit([](const Array& v) { return bincount(v, {.length = 3}); })(array({2, 2, 0}))) == "i64[3] [1 0 2]");
  CHECK(shown(bincount(array({UINT64_MAX, std::uint64_t{1}}), {.length = 2})) == "i64[2] [0 1]");
  CHECK(shown(bincount(zeros({0}, int32))) == "i64[1] [0]");
  CHECK(message_of<TypeError>([] { bincount(array({1.0})); }) ==
        "bincount: x must be integers, got f64[1]; convert with astype");
  CHECK(message_of<ValueError>([] { bincount(Array(1)); }) ==
        "bincount: x must have rank 1, got i64[]; ravel it first");
  CHECK(message_of<ValueError>([] { bincount(array({1}), {.length = -1}); }) ==
        "bincount: length must not be negative, got -1; 0 asks for none");
  CHECK(message_of<ValueError>([] { bincount(array({1, 2}), {.weights = array({1.0})}); }) ==
        "bincount: one weight per element is required, got f64[1] for i32[2]; broadcast them");
  CHECK(message_of<ConcretizationError>([] { jit([](const Array& v) { return bincount(v); })(array({1})); })
            .starts_with("bincount: how many counts there are depends on values, which must be concrete, got "));
}

TEST_CASE("histograms of numbers") {
  const auto [counts, edges] = histogram(array({1, 2, 1}), {.bins = array({0, 1, 2, 3})});
  CHECK(shown(counts) == "f32[3] [0. 2. 1.]");
  CHECK(shown(edges) == "f32[4] [0. 1. 2. 3.]");
  CHECK(shown(histogram(arange(4).astype(float64), {.bins = 4, .density = true}).first) ==
        "f64[4] [0.33333333 0.33333333 0.33333333 0.33333333]");
  CHECK(shown(histogram(array({-5.0, 0.0, 1.0, 2.0, 9.0}), {.bins = 2, .range = {{0.0, 2.0}}}).first) ==
        "f64[2] [1. 2.]");
  CHECK(shown(histogram(array({0.5, 1.5}), {.bins = array({0.0, 1.0, 2.0}), .weights = array({2.0, 3.0})}).first) ==
        "f64[2] [2. 3.]");
  CHECK(shown(histogram_bin_edges(array({0.0, 4.0}), {.bins = 4})) == "f64[5] [0. 1. 2. 3. 4.]");
  CHECK(shown(histogram_bin_edges(array({2.0, 2.0}), {.bins = 2})) == "f64[3] [1.5 2. 2.5]");
  CHECK(shown(jit([](const Array& v) { return histogram(v, {.bins = 2}).first; })(array({0.0, 1.0, 1.0}))) ==
        "f64[2] [1. 2.]");
  CHECK(message_of<TypeError>([] { histogram(array({1.0}), {.bins = 2.5}); })
            .starts_with("histogram: bins must be a concrete integer, or edges of rank 1, got "));
  CHECK(message_of<ValueError>([] { histogram_bin_edges(array({1.0}), {.bins = 0}); }) ==
        "histogram_bin_edges: at least one bin is required, got 0; give edges for bins of other widths");
  CHECK(message_of<ValueError>([] { histogram(array({1.0, 2.0}), {.weights = array({1.0})}); }) ==
        "histogram: one weight per element is required, got f64[1] for f64[2]; broadcast them");
}

TEST_CASE("histograms of points") {
  const auto x = array({0.0, 0.5, 1.5, 2.0}), y = array({0.0, 0.0, 1.0, 2.0});
  const auto h = histogram2d(x, y, {.bins = {2}});
  CHECK(shown(h.histogram) == "f64[2,2] [[2. 0.] [0. 2.]]");
  CHECK(shown(h.edges[0]) == "f64[3] [0. 1. 2.]");
  const auto outside = histogram2d(x, y, {.bins = {array({0.0, 1.0}), array({0.0, 0.5, 1.0})}});
  CHECK(shown(outside.histogram) == "f64[1,2] [[2. 0.]]");
  const auto d = histogramdd(stack({x, y, x}, 1), {.bins = {2, 1, 2}, .density = true});
  CHECK(d.histogram.shape() == Shape{2, 1, 2});
  CHECK(shown(sum(d.histogram * 2.0)) == "f64[] 1.0");
  CHECK(message_of<ValueError>([&] { histogramdd(x); }) ==
        "histogramdd: the sample must be points as rows, got f64[4]; reshape it to {n, d}");
  CHECK(message_of<ValueError>([&] { histogram2d(x, y, {.bins = {1, 2, 3}}); }) ==
        "histogramdd: bins must be given once, or for each of 2 axes, got 3; add the missing ones");
  CHECK(message_of<ValueError>([&] { histogram2d(x, y, {.range = {{0.0, 1.0}}}); }) ==
        "histogramdd: a range must be given for each of 2 axes, got 1; or for none");
  CHECK(message_of<ValueError>([&] { histogram2d(x, zeros({3})); }) ==
        "histogram2d: x and y must be of one length, got f64[4] and f64[3]; ravel them");
}

TEST_CASE("every element is in one bin") {
  CHECK(rc::check("counts add up", [](const std::vector<std::int16_t>& small) {
    RC_PRE(!small.empty());
    const std::vector<double> v(small.begin(), small.end());
    const auto [counts, edges] = histogram(array(v), {.bins = 7});
    RC_ASSERT(sum(counts).item<double>() == static_cast<double>(v.size()));
  }));
}

}  // namespace fluxion

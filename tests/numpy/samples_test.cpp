#include <cmath>
#include <vector>

#include <catch2/catch.hpp>
#include <fluxion/convolve.hpp>
#include <fluxion/differences.hpp>
#include <fluxion/interpolation.hpp>
#include <fluxion/statistics.hpp>
#include <fluxion/windows.hpp>
#include <rapidcheck.h>

#include "numpy/shown.hpp"

namespace fluxion {
using test::message_of;
using test::refuses;
using test::shown;

namespace {

Array vector_of(const std::vector<int>& v) { return array(std::vector<double>(v.begin(), v.end())); }

}  // namespace

TEST_CASE("differences") {
  const auto x = array({1, 2, 4, 7, 0});
  CHECK(shown(diff(x)) == "i32[4] [1 2 3 -7]");
  CHECK(shown(diff(x, {.n = 2})) == "i32[3] [1 1 -10]");
  CHECK(shown(diff(array({{1, 3, 6, 10}, {0, 5, 6, 8}}), {.axis = 0})) == "i32[1,4] [[-1 2 0 -2]]");
  CHECK(shown(diff(x, {.prepend = 0, .append = array({5})})) == "i32[6] [1 1 2 3 -7 5]");
  CHECK(shown(diff(array({true, true, false}))) == "bool[2] [False True]");
  CHECK(shown(diff(x, {.n = 0})) == shown(x));
  CHECK(diff(x, {.n = 9}).shape() == Shape{0});
  CHECK(shown(ediff1d(array({1, 2, 4, 7, 0}), {.to_end = array({88, 99}), .to_begin = -99})) ==
        "i32[7] [-99 1 2 3 -7 88 99]");
  CHECK(message_of<ValueError>([&] { diff(x, {.n = -1}); }) ==
        "diff: n must not be negative, got -1; cumsum goes the other way");
  CHECK(refuses<ValueError>([] { diff(1.0); }));
  CHECK(refuses<ValueError>([&] { diff(x, {.axis = 1}); }));
}

TEST_CASE("derivatives of samples") {
  const auto f = array({1.0, 2.0, 4.0, 7.0, 11.0, 16.0});
  CHECK(shown(gradient(f)[0]) == "f64[6] [1. 1.5 2.5 3.5 4.5 5. ]");
  CHECK(shown(gradient(f, 2, 0)) == "f64[6] [0.5 0.75 1.25 1.75 2.25 2.5 ]");
  CHECK(shown(gradient(f, array({0.0, 1.0, 1.5, 3.5, 4.0, 6.0}), 0)) == "f64[6] [1. 3. 3.5 6.7 6.9 2.5]");
  const auto m = array({{1.0, 2.0, 6.0}, {3.0, 4.0, 5.0}});
  const auto both = gradient(m);
  CHECK(shown(both[0]) == "f64[2,3] [[2. 2. -1.] [2. 2. -1.]]");
  CHECK(shown(both[1]) == "f64[2,3] [[1. 2.5 4. ] [1. 1. 1. ]]");
  CHECK(shown(gradient(m, {.spacing = {2.0}, .axis = 1})[0]) == "f64[2,3] [[0.5 1.25 2. ] [0.5 0.5 0.5 ]]");
  CHECK(gradient(m, {.spacing = {2.0, 3.0}}).size() == 2);
  CHECK(message_of<ValueError>([&] { gradient(zeros({1}), 1, 0); }) ==
        "gradient: at least two samples along each axis are required, got shape (1,) along axis 0; name the "
        "axes that have them");
  CHECK(message_of<ValueError>([&] {
          gradient(f, array({1.0, 2.0}), 0);
        }) ==
        "gradient: the spacing must be a number or one position per sample, got f64[2] for 6 samples along "
        "axis 0; index the axis "
        "that it belongs to");
  CHECK(refuses<ValueError>([&] { gradient(m, {.spacing = {1.0, 2.0}, .axis = 1}); }));
  // Exact for parabolas, whatever the spacing.
  const auto x = array({0.0, 0.5, 2.0, 2.25, 4.0});
  CHECK(bool(allclose(gradient(x * x, x, 0)[range(1, 4)], 2 * x[range(1, 4)], 1e-12)));
}

TEST_CASE("integrals of samples") {
  CHECK(shown(trapezoid(array({1, 2, 3}))) == "f32[] 4.0");
  CHECK(shown(trapezoid(array({1.0, 2.0, 3.0}), {.x = array({4.0, 6.0, 8.0})})) == "f64[] 8.0");
  CHECK(shown(trapezoid(array({1.0, 2.0, 3.0}), {.dx = 2})) == "f64[] 8.0");
  const auto a = arange(6).reshape({2, 3});
  CHECK(shown(trapezoid(a, {.axis = 0})) == "f64[3] [1.5 2.5 3.5]");
  CHECK(shown(trapezoid(a, {.axis = 1})) == "f64[2] [2. 8.]");
  CHECK(shown(trapezoid(zeros({0}))) == "f64[] 0.0");
  CHECK(message_of<ValueError>([&] {
          trapezoid(a, {.x = array({1.0, 2.0})});
        }) ==
        "trapezoid: as many positions as samples along axis 1 are required, got x of shape (2,) for y of "
        "shape (2, 3); or give "
        "their distance as dx");
  CHECK(refuses<ValueError>([] { trapezoid(1.0); }));
  CHECK(shown(grad([](const Array& y) { return trapezoid(y); })(zeros({3}))) == "f64[3] [0.5 1. 0.5]");
}

TEST_CASE("unwrapping") {
  const auto steps = unwrap(array({0.0, 1.0, 2.0, -1.0, 0.0}), {.period = 4});
  CHECK(shown(steps) == "f64[5] [0. 1. 2. 3. 4.]");
  CHECK(shown(unwrap(array({2, 3, 4, 5, 2, 3, 4, 5}), {.period = 4})) == "f32[8] [2. 3. 4. 5. 6. 7. 8. 9.]");
  const auto smooth = linspace(0.0, 20.0, 60);
  CHECK(bool(allclose(unwrap((smooth + 3.141592653589793) % (2 * 3.141592653589793) - 3.141592653589793),
                      smooth, 1e-12, 1e-12)));
  CHECK(shown(unwrap(array({{0.0, 2.0}, {7.0, 9.0}}), {.axis = 0, .period = 7})) ==
        "f64[2,2] [[0. 2.] [0. 2.]]");
  CHECK(refuses<ValueError>([] { unwrap(1.0); }));
}

TEST_CASE("convolution and correlation have NumPy's modes") {
  const auto a = array({1, 2, 3}), b = array({0.0, 1.0, 0.5});
  CHECK(shown(convolve(a, b)) == "f64[5] [0. 1. 2.5 4. 1.5]");
  CHECK(shown(convolve(a, b, "same")) == "f64[3] [1. 2.5 4. ]");
  CHECK(shown(convolve(a, b, "valid")) == "f64[1] [2.5]");
  CHECK(shown(correlate(a, b)) == "f64[1] [3.5]");
  CHECK(shown(correlate(a, b, "same")) == "f64[3] [2. 3.5 3. ]");
  CHECK(shown(correlate(a, b, "full")) == "f64[5] [0.5 2. 3.5 3. 0. ]");
  CHECK(shown(convolve(array({1, 2}), array({1, 2, 3, 4}), "same")) == "f32[4] [1. 4. 7. 10.]");
  CHECK(shown(correlate(array({1, 2}), array({1, 2, 3, 4}), "full")) == "f32[5] [4. 11. 8. 5. 2.]");
  CHECK(shown(correlate(array({1, 2}), array({1, 2, 3, 4}), "valid")) == "f32[3] [11. 8. 5.]");
  CHECK(shown(convolve(array({1, 2}), array({3, 4}), "full", int64)) == "i64[3] [3 10 8]");
  CHECK(message_of<ValueError>([&] { convolve(a, b, "half"); }) ==
        "convolve: the mode must be \"full\", \"same\" or \"valid\", got \"half\"; \"full\" is everything");
  CHECK(message_of<ValueError>([&] {
          correlate(a, zeros({2, 2}));
        }) == "correlate: vectors are required, got shapes (3,) and (2, 2); map over others with vmap");
  CHECK(refuses<ValueError>([&] { convolve(a, zeros({0})); }));
}

TEST_CASE("convolution is what loops sum") {
  CHECK(rc::check([] {
    const auto x = *rc::gen::suchThat(rc::gen::container<std::vector<int>>(rc::gen::inRange(-9, 10)),
                                      [](const auto& v) { return !v.empty() && v.size() < 40; });
    const auto y = *rc::gen::suchThat(rc::gen::container<std::vector<int>>(rc::gen::inRange(-9, 10)),
                                      [](const auto& v) { return !v.empty() && v.size() < 40; });
    std::vector<double> full(x.size() + y.size() - 1, 0.0), cross(full.size(), 0.0);
    for (std::size_t i = 0; i < x.size(); ++i)
      for (std::size_t j = 0; j < y.size(); ++j) {
        full[i + j] += x[i] * y[j];
        cross[i + y.size() - 1 - j] += x[i] * y[j];
      }
    const auto a = vector_of(x), b = vector_of(y);
    RC_ASSERT(convolve(a, b).to_vector<double>() == full);
    RC_ASSERT(correlate(a, b, "full").to_vector<double>() == cross);
    RC_ASSERT(jit([](const Array& a, const Array& b) { return convolve(a, b); })(a, b).to_vector<double>() ==
              full);
    // Adjoint: <convolve(x, y), z> = <x, correlate(z, y)>.
    const auto z = sin(arange(static_cast<double>(full.size())));
    const auto g = grad([&](const Array& a) { return sum(convolve(a, b) * z); })(a);
    RC_ASSERT(bool(allclose(g, correlate(z, b, "valid"), 1e-12, 1e-12)));
  }));
}

TEST_CASE("covariance and correlation") {
  const auto x = array({{0.0, 1.0, 2.0}, {2.0, 1.0, 0.0}});
  CHECK(shown(cov(x)) == "f64[2,2] [[1. -1.] [-1. 1.]]");
  CHECK(cov(array({-2.1, -1.0, 4.3})).item<double>() == Approx(11.71));
  const auto joint = cov(array({-2.1, -1.0, 4.3}), {.y = array({3.0, 1.1, 0.12})});
  CHECK(joint(0, 1).item<double>() == Approx(-4.286));
  CHECK(joint(1, 1).item<double>() == Approx(2.144133333));
  CHECK(shown(cov(x.T(), {.rowvar = false})) == shown(cov(x)));
  CHECK(cov(x, {.bias = true})(0, 0).item<double>() == Approx(2.0 / 3));
  CHECK(cov(x, {.ddof = 0})(0, 0).item<double>() == Approx(2.0 / 3));
  // Frequencies count as repetitions.
  const auto repeated = array({{0.0, 1.0, 1.0, 2.0, 2.0, 2.0}, {2.0, 1.0, 1.0, 0.0, 0.0, 0.0}});
  CHECK(bool(allclose(cov(x, {.fweights = array({1, 2, 3})}), cov(repeated), 1e-12)));
  const auto weighted = cov(array({1.0, 2.0, 4.0}), {.aweights = array({0.5, 1.0, 2.0})});
  CHECK(weighted.item<double>() == Approx(2.5));
  CHECK(shown(corrcoef(x)) == "f64[2,2] [[1. -1.] [-1. 1.]]");
  CHECK(shown(corrcoef(array({1.0, 2.0}))) == "f64[] 1.0");
  CHECK(shown(corrcoef(array({1.0, 2.0, 3.0}), {.y = array({1.0, 2.0, 3.0})})) ==
        "f64[2,2] [[1. 1.] [1. 1.]]");
  CHECK(message_of<ValueError>([] {
          cov(zeros({2, 2, 2}));
        }) == "cov: a vector or a matrix is required, got shape (2, 2, 2); map over others with vmap");
  CHECK(message_of<TypeError>([&] {
          cov(x, {.fweights = array({1.0, 2.0, 3.0})});
        }) == "cov: fweights must be integers, got f64[3]; other weights are aweights");
  CHECK(message_of<ValueError>([&] {
          cov(x, {.aweights = array({1.0, 2.0})});
        }) ==
        "cov: aweights must be a vector with one weight per observation, got f64[2] for 3 observations; "
        "rowvar says which axis "
        "they are along");
  CHECK(refuses<ValueError>([&] { cov(x, {.y = zeros({4})}); }));
}

TEST_CASE("interpolation") {
  const auto xp = array({1.0, 2.0, 3.0}), fp = array({3.0, 2.0, 0.0});
  CHECK(shown(interp(2.5, xp, fp)) == "f64[] 1.0");
  CHECK(shown(interp(array({0.0, 1.0, 1.5, 2.72, 3.14}), xp, fp)) == "f64[5] [3. 3. 2.5 0.56 0. ]");
  CHECK(shown(interp(3.14, xp, fp, {.right = -99.0})) == "f64[] -99.0");
  CHECK(shown(interp(array({0.0, 4.0}), xp, fp, {.left = extrapolate, .right = extrapolate})) ==
        "f64[2] [4. -2.]");
  CHECK(shown(interp(array({0.0, 4.0}), xp, fp, {.left = 7, .right = extrapolate})) == "f64[2] [7. -2.]");
  CHECK(shown(interp(array({0.0, 4.0}), array({1.0}), array({5.0}))) == "f64[2] [5. 5.]");
  CHECK(interp(zeros({2, 3}), xp, fp).shape() == Shape{2, 3});
  CHECK(std::isnan(interp(std::nan(""), xp, fp).item<double>()));
  const auto slope = vmap(grad([&](const Array& x) { return interp(x, xp, fp); }));
  CHECK(shown(slope(array({0.5, 1.0, 1.5, 2.0, 2.5, 3.5}))) == "f64[6] [0. -1. -1. -2. -2. 0.]");
  CHECK(shown(grad([&](const Array& f) { return interp(1.25, xp, f); })(fp)) == "f64[3] [0.75 0.25 0. ]");
  CHECK(shown(jit([](const Array& x, const Array& xp, const Array& fp) { return interp(x, xp, fp); })(
            1.25, xp, fp)) == shown(interp(scalar(1.25), xp, fp)));
  CHECK(message_of<ValueError>([&] { interp(1.0, xp, zeros({2})); }) ==
        "interp: xp and fp must be vectors of one length, got shapes (3,) and (2,); map over several with "
        "vmap");
  CHECK(refuses<ValueError>([&] { interp(1.0, zeros({0}), zeros({0})); }));
}

TEST_CASE("interpolation of ascending values ascends, and finds the points") {
  CHECK(rc::check([] {
    const auto steps = *rc::gen::suchThat(rc::gen::container<std::vector<int>>(rc::gen::inRange(1, 20)),
                                          [](const auto& v) { return v.size() >= 2; });
    std::vector<double> xp, fp;
    double at = -10;
    for (int s : steps) xp.push_back(at += s), fp.push_back(at * at * at / 100);
    const auto x = linspace(xp.front() - 2, xp.back() + 2, 57);
    const auto y = interp(x, array(xp), array(fp));
    RC_ASSERT(bool(all(diff(y) >= -1e-12)));
    RC_ASSERT(bool(allclose(interp(array(xp), array(xp), array(fp)), array(fp), 1e-14, 1e-14)));
  }));
}

TEST_CASE("interpolation on a circle") {
  // NumPy's example: angles in degrees.
  const auto x = array({-180.0, -170.0, -185.0, 185.0, -10.0, -5.0, 0.0, 365.0}), xp = array({190.0, -190.0, 350.0, -350.0}),
             fp = array({5.0, 10.0, 3.0, 4.0});
  CHECK(shown(interp(x, xp, fp, {.period = 360.0})) == "f64[8] [7.5 5. 8.75 6.25 3. 3.25 3.5 3.75]");
  CHECK(message_of<ValueError>([&] { interp(x, xp, fp, {.period = ones({2})}); }) ==
        "interp: the period must be a scalar, got f64[2]; map over several with vmap");
}

TEST_CASE("the Kaiser window") {
  const auto half = array({7.72686684e-06, 3.46009194e-03, 4.65200189e-02, 2.29737120e-01, 5.99885316e-01, 9.45674898e-01});
  CHECK(bool(allclose(kaiser(12, 14.0), concatenate({half, flip(half)}), 1e-7)));
  CHECK(bool(allclose(kaiser(7, 0.0), ones({7}), 1e-12)));
  CHECK(shown(kaiser(1, 3.0)) == "f64[1] [1.]");
  CHECK(i0(0.0).item<double>() == Approx(1.0));
  CHECK(message_of<ValueError>([] { kaiser(4, ones({2})); }) ==
        "kaiser: beta must be a scalar, got f64[2]; map over several with vmap");
  CHECK(refuses<ValueError>([] { kaiser(-1, 1.0); }));
}

TEST_CASE("windows") {
  CHECK(shown(bartlett(5)) == "f64[5] [0. 0.5 1. 0.5 0. ]");
  CHECK(bool(allclose(hanning(4), array({0.0, 0.75, 0.75, 0.0}), 1e-12, 1e-12)));
  CHECK(bool(allclose(hamming(5), array({0.08, 0.54, 1.0, 0.54, 0.08}), 1e-12)));
  CHECK(bool(allclose(blackman(5), array({0.0, 0.34, 1.0, 0.34, 0.0}), 1e-12, 1e-12)));
  CHECK(shown(hanning(1)) == "f64[1] [1.]");
  CHECK(hamming(0).shape() == Shape{0});
  CHECK(message_of<ValueError>([] { blackman(-1); }) ==
        "blackman: the number of samples must not be negative, got -1; 0 gives none");
}

}  // namespace fluxion

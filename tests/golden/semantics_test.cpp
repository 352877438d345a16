// What jax defines in the corners: ties, signed zeros, NaN, saturation, wrapping, and derivatives there.
#include <catch2/catch.hpp>

#include <climits>
#include <cmath>

#include <fluxion/lax.hpp>
#include <fluxion/numpy.hpp>
#include <fluxion/transforms.hpp>

#include "support/text.hpp"

namespace fluxion::test {

namespace {

double value(const Array& x) { return x.item<double>(); }
template <class F>
double slope(const F& f, double x) { return value(grad(f)(x)); }

}  // namespace

TEST_CASE("ties of max and min share the derivative equally") {
  const auto [a, b] = grad([](const Array& x, const Array& y) { return maximum(x, y); }, argnums<0, 1>)(2.0, 2.0);
  CHECK(value(a) == 0.5);
  CHECK(value(b) == 0.5);
  const auto [c, d] = grad([](const Array& x, const Array& y) { return minimum(x, y); }, argnums<0, 1>)(1.0, 2.0);
  CHECK(value(c) == 1);
  CHECK(value(d) == 0);
  CHECK(off(grad([](const Array& x) { return max(x); })(array({3.0, 1.0, 3.0, 3.0})), {4}, {1.0 / 3, 0, 1.0 / 3, 1.0 / 3}) == "");
  CHECK(off(grad([](const Array& x) { return min(x); })(array({3.0, 1.0, 1.0})), {3}, {0, 0.5, 0.5}) == "");
}

TEST_CASE("derivatives at kinks") {
  CHECK(slope([](const Array& x) { return abs(x); }, 0.0) == 1);
  CHECK(slope([](const Array& x) { return abs(x); }, -0.0) == 1);
  CHECK(slope([](const Array& x) { return abs(x); }, -2.0) == -1);
  CHECK(slope([](const Array& x) { return sign(x); }, 3.0) == 0);
  CHECK(slope([](const Array& x) { return floor(x); }, 3.5) == 0);
  const auto clipped = [](const Array& x) { return clip(x, -1.0, 1.0); };
  CHECK(slope(clipped, 1.0) == 0.5);
  CHECK(slope(clipped, -1.0) == 0.5);
  CHECK(slope(clipped, 0.3) == 1);
  CHECK(slope(clipped, 1.5) == 0);
  CHECK(value(clip(Array(0.0), 2.0, 1.0)) == 1);  // the upper bound wins
}

TEST_CASE("sqrt at 0 does not poison where, as it does in jax, where a second where is the cure") {
  CHECK(std::isinf(slope([](const Array& x) { return sqrt(x); }, 0.0)));
  CHECK(slope([](const Array& x) { return where(x > 0, sqrt(x), 0.0); }, 0.0) == 0);
  CHECK(slope([](const Array& x) { return where(x > 0, sqrt(where(x > 0, x, 1.0)), 0.0); }, 0.0) == 0);
}

TEST_CASE("powers at 0") {
  CHECK(std::isnan(slope([](const Array& x) { return power(x, 0.0); }, 0.0)));
  CHECK(slope([](const Array& x) { return power(x, scalar<std::int32_t>(0)); }, 0.0) == 0);
  CHECK(slope([](const Array& y) { return power(Array(0.0), y); }, 2.0) == 0);
  CHECK(value(power(Array(0.0), 0.0)) == 1);
  CHECK(std::isinf(value(power(Array(0.0), -1))));
  const auto p = power(array({-2.0, 3.0, 1.0}), array({{4.0, 1.0, 6.0}, {1.3, 3.0, 5.0}}));
  CHECK(off(p, {2, 3}, {16, 3, 1, kNaN, 27, 1}, 1e-15) == "");
}

TEST_CASE("division and remainders have C's signs in lax and Python's in numpy") {
  const auto a = array({7, -7, 7, -7}), b = array({2, 2, -2, -2});
  CHECK(off(lax::div(a, b), {4}, {3, -3, -3, 3}) == "");
  CHECK(off(lax::rem(a, b), {4}, {1, -1, 1, -1}) == "");
  CHECK(off(floor_divide(a, b), {4}, {3, -4, -4, 3}) == "");
  CHECK(off(a % b, {4}, {1, 1, -1, -1}) == "");
  const auto x = array({{3, -1, 4}, {8, 5, -2}}), y = array({2, 3, -5});
  CHECK(off(remainder(x, y), {2, 3}, {1, 2, -1, 0, 2, -2}) == "");
  CHECK(off(fmod(x, y), {2, 3}, {1, -1, 4, 0, 2, -2}) == "");
  CHECK(off(floor_divide(arange(-5, 6), 3), {11}, {-2, -2, -1, -1, -1, 0, 0, 0, 1, 1, 1}) == "");
  CHECK(off(arange(-5, 6) % 3, {11}, {1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2}) == "");
  CHECK(value(Array(-7.5) % 2.0) == 0.5);
  CHECK(value(fmod(Array(-7.5), 2.0)) == -1.5);
  CHECK((array({1}) / array({2})).dtype() == float32);
  CHECK((arange(1) / arange(1, 2)).dtype() == float64);
}

TEST_CASE("floats convert to integers by saturation, integers by wrapping") {
  const auto x = array({1e20, -1e20, kNaN, 2.9, -2.9, kInf});
  CHECK(x.astype(int32).to_vector<std::int32_t>() == std::vector<std::int32_t>{INT_MAX, INT_MIN, 0, 2, -2, INT_MAX});
  CHECK(x.astype(uint32).to_vector<std::uint32_t>() == std::vector<std::uint32_t>{UINT_MAX, 0, 0, 2, 0, UINT_MAX});
  CHECK(array({std::int64_t{1} << 32 | 5, std::int64_t{-1}}).astype(int32).to_vector<std::int32_t>() == std::vector<std::int32_t>{5, -1});
  CHECK(array({0.0, 0.1, kNaN, -0.0}).astype(bool_).to_vector<bool>() == std::vector<bool>{false, true, true, false});
}

TEST_CASE("integer arithmetic wraps") {
  CHECK((array({INT_MAX}) + 1).item<std::int32_t>() == INT_MIN);
  CHECK(abs(array({INT_MIN})).item<std::int32_t>() == INT_MIN);
  CHECK((-array({1U})).item<std::uint32_t>() == UINT_MAX);
  CHECK((Array(INT64_MAX) + 1).item<std::int64_t>() == INT64_MIN);
  CHECK((array({1 << 30}) * 4).item<std::int32_t>() == 0);
  CHECK(sum(array({INT_MAX, 1})).item<std::int64_t>() == std::int64_t{INT_MAX} + 1);  // sums widen
}

TEST_CASE("signed zeros and NaN") {
  CHECK(std::signbit(value(sign(Array(-0.0)))));
  CHECK(std::isnan(value(sign(Array(kNaN)))));
  for (const bool first : {true, false}) {
    const Array a = first ? kNaN : 1.0, b = first ? 1.0 : kNaN;
    CHECK(std::isnan(value(maximum(a, b))));
    CHECK(std::isnan(value(minimum(a, b))));
  }
  CHECK(std::isnan(value(max(array({1.0, kNaN, 2.0})))));
  CHECK(std::isnan(value(min(array({kNaN, 1.0})))));
  CHECK(argmax(array({1.0, kNaN, 3.0, kNaN})).item<int>() == 1);
  CHECK(argmin(array({1.0, kNaN, -3.0})).item<int>() == 1);
  CHECK(argmax(array({1, 5, 5, 2})).item<int>() == 1);
  CHECK(argmin(array({4, 2, 2})).item<int>() == 1);
  CHECK(value(Array(5e-324) * 1.0) == 5e-324);  // subnormals are not flushed
}

TEST_CASE("logsumexp of infinities, and its derivative") {
  CHECK(value(logsumexp(array({-kInf, -kInf}))) == -kInf);
  CHECK(value(logsumexp(array({kInf, 1.0}))) == kInf);
  CHECK(value(logsumexp(array({1000.0, 1000.0}))) == Approx(1000 + std::log(2.0)));
  CHECK(off(grad([](const Array& x) { return logsumexp(x); })(array({1000.0, 1000.0})), {2}, {0.5, 0.5}, 1e-15) == "");
  CHECK(off(grad([](const Array& x) { return logsumexp(x); })(array({-kInf, 0.0})), {2}, {0, 1}, 1e-15) == "");
}

TEST_CASE("padding, slicing and linspace as documented") {
  const auto zero = scalar<std::int32_t>(0);
  CHECK(off(lax::pad(array({1, 2, 3, 4}), zero, {{2, 3, 0}}), {9}, {0, 0, 1, 2, 3, 4, 0, 0, 0}) == "");
  CHECK(off(lax::pad(array({1, 2, 3, 4}), zero, {{0, 0, 1}}), {7}, {1, 0, 2, 0, 3, 0, 4}) == "");
  CHECK(off(lax::pad(array({1, 2, 3, 4, 5}), zero, {{-1, -2, 0}}), {2}, {2, 3}) == "");
  CHECK(off(lax::slice(arange(12).reshape({3, 4}), {1, 1}, {3, 4}), {2, 3}, {5, 6, 7, 9, 10, 11}) == "");
  CHECK(off(linspace(0.0, 10.0, 8, false), {8}, {0, 1.25, 2.5, 3.75, 5, 6.25, 7.5, 8.75}) == "");
  CHECK(off(expm1(array({1e-4, 1e-6, 2e-10})), {3}, {1.00005000166671e-4, 1.0000005000002e-6, 2.0000000002e-10}, 1e-14) == "");
}

TEST_CASE("dot_general's axes are batch, then free axes of the left, then of the right operand") {
  const auto x = arange(2.0 * 3 * 4 * 5).reshape({2, 3, 4, 5}), y = arange(3.0 * 5 * 2 * 6).reshape({3, 5, 2, 6});
  const auto z = lax::dot_general(x, y, {{3}, {1}, {0, 1}, {2, 0}});
  CHECK(z.shape() == Shape{2, 3, 4, 6});
  CHECK(differs(z, einsum("abcd,bdae->abce", {x, y}), Tolerance::close(1e-14, 0)) == "");
  const auto ints = lax::dot_general(array({{1 << 30, 1}}), array({{4}, {5}}), {{1}, {0}, {}, {}});
  CHECK(ints.dtype() == int32);
  CHECK(ints.item<std::int32_t>() == 5);  // wraps, does not widen
}

TEST_CASE("means and variances of nothing are NaN, extrema of nothing errors") {
  CHECK(std::isnan(value(mean(zeros({0})))));
  CHECK(std::isnan(value(var(array({1.0}), none, 1))));
  CHECK(value(sum(zeros({0}))) == 0);
  CHECK_THROWS_AS(max(zeros({0})), ValueError);
  CHECK_THROWS_AS(argmax(zeros({0})), ValueError);
}

}  // namespace fluxion::test

// Cumulative operations, products, and what reductions may be told.
#include <cmath>
#include <limits>

#include <catch2/catch.hpp>
#include <rapidcheck.h>

#include <fluxion/lax/reductions.hpp>

#include "numpy/shown.hpp"

namespace fluxion {
using test::message_of;
using test::shown;

namespace {
constexpr auto kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr auto kInf = std::numeric_limits<double>::infinity();
Array table() { return array({{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}}); }
}  // namespace

TEST_CASE("cumulative sums and products along an axis and flattened") {
  CHECK(shown(cumsum(table())) == "f64[6] [1. 3. 6. 10. 15. 21.]");
  CHECK(shown(cumsum(table(), 0)) == "f64[2,3] [[1. 2. 3.] [5. 7. 9.]]");
  CHECK(shown(cumsum(table(), -1)) == "f64[2,3] [[1. 3. 6.] [4. 9. 15.]]");
  CHECK(shown(cumprod(table(), 1)) == "f64[2,3] [[1. 2. 6.] [4. 20. 120.]]");
  CHECK(shown(cumsum(array({true, true, false}))) == "i64[3] [1 2 2]");
  CHECK(shown(cumsum(array({1, 2}))) == "i64[2] [1 3]");
  CHECK(shown(cumsum(array({1.5F, 2.0F}), none, float64)) == "f64[2] [1.5 3.5]");
  CHECK(shown(cumulative_sum(array({1, 2, 3}), none, {.include_initial = true})) == "i64[4] [0 1 3 6]");
  CHECK(shown(cumulative_prod(table(), 0, {.include_initial = true})) ==
        "f64[3,3] [[1. 1. 1.] [1. 2. 3.] [4. 10. 18.]]");
  CHECK(logcumsumexp(array({1.0, 2.0, 3.0})).to_vector<double>()[2] == Approx(3.4076059644443806));
  CHECK(shown(logcumsumexp(array({-kInf, -kInf, 0.0, kInf}))) == "f64[4] [-inf -inf 0. inf]");
  CHECK(message_of<ValueError>([] { cumulative_sum(table()); }) ==
        "cumulative_sum: an axis must be named for more than one, got f64[2,3]; give axis, or ravel first");
  CHECK(message_of<ValueError>([] { cumulative_sum(Array(1.0)); }) ==
        "cumulative_sum: an axis is required, got f64[]; reshape it to {1}");
  CHECK(message_of<ValueError>([] { cumsum(table(), {0, 1}); }) ==
        "cumsum: one axis or none is required, got (0, 1); ravel or reshape first");
  CHECK(message_of<ValueError>([] { cumsum(table(), 2); }) ==
        "cumsum: axis must be in [-2, 2), got 2 for shape (2, 3); negative axes count from the end");
}

TEST_CASE("lax's cumulative operations keep the dtype and go both ways") {
  CHECK(shown(lax::cumsum(array({INT32_MAX, 1}))) == "i32[2] [2147483647 -2147483648]");
  CHECK(shown(lax::cumsum(array({1, 2, 3}), 0, true)) == "i32[3] [6 5 3]");
  CHECK(shown(lax::cummax(array({1.0, 3.0, 2.0, kNaN, 5.0}))) == "f64[5] [1. 3. 3. nan nan]");
  CHECK(shown(lax::cummin(array({3, 1, 2}), 0, true)) == "i32[3] [1 1 2]");
  CHECK(shown(lax::cummax(array({false, true, false}))) == "bool[3] [False True True]");
}

TEST_CASE("derivatives of cumulative operations stand zeros, ties and infinities") {
  const auto last = [](auto f) { return [f](const Array& v) { return f(v)[-1]; }; };
  const auto cumprod0 = [](const Array& v) { return lax::cumprod(v); };
  CHECK(shown(grad(last(cumprod0))(array({2.0, 0.0, 3.0}))) == "f64[3] [0. 6. 0.]");
  CHECK(shown(grad(last([](const Array& v) { return lax::cummax(v); }))(array({1.0, 4.0, 4.0}))) ==
        "f64[3] [0. 0.5 0.5]");
  CHECK(shown(grad(last([](const Array& v) { return logcumsumexp(v); }))(array({0.0, 0.0, -kInf}))) ==
        "f64[3] [0.5 0.5 0. ]");
  CHECK(shown(grad([](const Array& v) { return sum(cumsum(v)); })(zeros({4}))) == "f64[4] [4. 3. 2. 1.]");
  const auto lse = last([](const Array& v) { return logcumsumexp(v); });
  CHECK(shown(hessian(lse)(zeros({2}))) == "f64[2,2] [[0.25 -0.25] [-0.25 0.25]]");
}

TEST_CASE("halves are summed in float32 and rounded once") {
  const auto x = array({2048.0, 1.0, 1.0}).astype(float16);
  CHECK(shown(cumsum(x).astype(float64)) == "f64[3] [2048. 2048. 2050.]");
  CHECK(cumsum(x).dtype() == float16);
  CHECK(shown(sum(x, none, {.initial = 1.0}).astype(float64)) == "f64[] 2052.0");
  CHECK(shown(prod(array({300.0, 300.0, 0.001}).astype(float16)).astype(int64)) == "i64[] 90");
  CHECK(shown(lax::cumprod(array({100, 3}).astype(int8)).astype(int64)) == "i64[2] [100 44]");
  CHECK(shown(mean(array({65504.0, 65504.0}).astype(float16)).astype(float64)) == "f64[] 65504.0");
}

TEST_CASE("complex sums, products and variances") {
  using Z = std::complex<double>;
  const auto z = array({Z(1, 1), Z(1, -1), Z(0, 2)});
  CHECK(cumprod(z).to_vector<Z>() == std::vector<Z>{{1, 1}, {2, 0}, {0, 4}});
  CHECK(cumsum(z).to_vector<Z>() == std::vector<Z>{{1, 1}, {2, 0}, {2, 2}});
  CHECK(prod(z).item<Z>() == Z(0, 4));
  CHECK(shown(var(array({Z(1, 1), Z(1, -1)}))) == "f64[] 1.0");
  CHECK(shown(nanvar(array({Z(1, 1), Z(kNaN, 0), Z(1, -1)}))) == "f64[] 1.0");
  CHECK(nansum(array({Z(1, 1), Z(kNaN, 0)})).item<Z>() == Z(1, 1));
  CHECK(shown(isfinite(array({Z(1, kInf), Z(kNaN, 0), Z(1, 1)}))) == "bool[3] [False False True]");
  CHECK(shown(isinf(array({Z(1, -kInf), Z(kNaN, 0)}))) == "bool[2] [True False]");
}

TEST_CASE("differences undo a cumulative sum, whatever the number of elements") {
  CHECK(rc::check("diff of cumsum", [](const std::vector<std::int32_t>& small) {
    const std::vector<std::int64_t> v(small.begin(), small.end());
    const auto s = cumulative_sum(array(v), none, {.include_initial = true});
    RC_ASSERT((s[range(1, none)] - s[range(0, -1)]).to_vector<std::int64_t>() == v);
    RC_ASSERT(array_equal(lax::cumsum(array(v), 0, true), flip(cumsum(flip(array(v))))).item<bool>());
  }));
}

TEST_CASE("products widen small types and have a derivative at zero") {
  CHECK(shown(prod(table())) == "f64[] 720.0");
  CHECK(shown(prod(table(), 0)) == "f64[3] [4. 10. 18.]");
  CHECK(shown(prod(array({2, 3}))) == "i64[] 6");
  CHECK(shown(prod(zeros({0}))) == "f64[] 1.0");
  CHECK(shown(prod(array({true, false}))) == "i64[] 0");
  CHECK(shown(grad([](const Array& v) { return prod(v); })(array({2.0, 0.0, 3.0}))) == "f64[3] [0. 6. 0.]");
  CHECK(shown(grad([](const Array& v) { return prod(v); })(array({0.0, 0.0, 3.0}))) == "f64[3] [0. 0. 0.]");
  CHECK(shown(hessian([](const Array& v) { return prod(v); })(array({0.0, 0.0, 3.0}))) ==
        "f64[3,3] [[0. 3. 0.] [3. 0. 0.] [0. 0. 0.]]");
}

TEST_CASE("reductions take a mask, an initial value and a dtype") {
  const auto mask = array({{true, false, true}, {false, false, true}});
  CHECK(shown(sum(table(), none, {.where = mask})) == "f64[] 10.0");
  CHECK(shown(sum(table(), 0, {.where = mask, .initial = 0.5})) == "f64[3] [1.5 0.5 9.5]");
  CHECK(shown(sum(table(), 1, {.where = array({true, false, false})})) == "f64[2] [1. 4.]");
  CHECK(shown(prod(table(), 1, {.keepdims = true, .where = mask})) == "f64[2,1] [[3.] [6.]]");
  CHECK(shown(max(table(), 1, {.where = mask, .initial = 0.0})) == "f64[2] [3. 6.]");
  CHECK(shown(min(table(), 0, {.where = mask, .initial = 5.0})) == "f64[3] [1. 5. 3.]");
  CHECK(shown(max(zeros({0}), none, {.initial = -1.0})) == "f64[] -1.0");
  CHECK(shown(mean(table(), 1, {.where = mask})) == "f64[2] [2. 6.]");
  CHECK(shown(any(table() > 4.0, 1, {.where = mask})) == "bool[2] [False True]");
  CHECK(shown(all(table() > 2.0, 1, {.where = mask})) == "bool[2] [False True]");
  CHECK(shown(sum(array({1.5, 2.5}), none, {.dtype = int32})) == "i32[] 3");
  CHECK(message_of<ValueError>([&] { max(table(), none, {.where = mask}); }) ==
        "max: where requires initial, since no elements have no max, got a mask of bool[2,3] without it; give {.where "
        "= mask, "
        ".initial = value}");
  CHECK(message_of<ValueError>([&] { mean(table(), none, {.initial = 1.0}); }) ==
        "mean: a mean has no initial value, got f64[]; join it to the elements instead");
  CHECK(message_of<ValueError>([&] { sum(table(), none, {.where = array({true, false})}); }).starts_with("sum: "));
}

TEST_CASE("counting, ranges, and bits") {
  CHECK(shown(count_nonzero(array({{0, 1, 7}, {0, 0, 3}}), 1)) == "i64[2] [2 1]");
  CHECK(shown(ptp(table(), 1)) == "f64[2] [2. 2.]");
  CHECK(shown(amax(table())) == "f64[] 6.0");
  CHECK(shown(amin(table(), 0, true)) == "f64[1,3] [[1. 2. 3.]]");
  CHECK(shown(lax::reduce_xor(array({1, 3, 8}), {0})) == "i32[] 10");
  CHECK(shown(lax::reduce_and(array({true, false}), {0})) == "bool[] False");
  CHECK(message_of<TypeError>([] { lax::reduce_or(array({1.0}), {0}); }) ==
        "reduce_or: the operand must be bool or integers, got f64[1]; compare, as in x != 0");
}

TEST_CASE("without the NaNs") {
  const auto x = array({{1.0, kNaN, 3.0}, {kNaN, kNaN, kNaN}});
  CHECK(shown(nansum(x)) == "f64[] 4.0");
  CHECK(shown(nanprod(x, 1)) == "f64[2] [3. 1.]");
  CHECK(shown(nanmax(x, 1)) == "f64[2] [3. nan]");
  CHECK(shown(nanmin(x, 0)) == "f64[3] [1. nan 3.]");
  CHECK(shown(nanmean(x, 1)) == "f64[2] [2. nan]");
  CHECK(shown(nanvar(x, 1)) == "f64[2] [1. nan]");
  CHECK(shown(nanstd(x[0], none, 1)) == "f64[] 1.4142135623730951");
  CHECK(shown(nanargmax(x, 1)) == "i64[2] [2 -1]");
  CHECK(shown(nanargmin(x, 1)) == "i64[2] [0 -1]");
  CHECK(shown(nancumsum(x[0])) == "f64[3] [1. 1. 4.]");
  CHECK(shown(nancumprod(x[0])) == "f64[3] [1. 1. 3.]");
  CHECK(shown(nanmax(array({3, 1}))) == "i32[] 3");
  CHECK(shown(nanmean(array({1, 2}))) == "f32[] 1.5");
  CHECK(shown(grad([](const Array& v) { return nanvar(v); })(x[0])) == "f64[3] [-1. 0. 1.]");
}

}  // namespace fluxion

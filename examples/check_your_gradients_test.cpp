// A test file to copy: the functions of checked_functions.hpp under random shapes, masks, dtypes and numbers.
//
//   check_your_gradients_test                                      some cases of each property
//   RC_PARAMS="max_success=10000" check_your_gradients_test        as many as you like
//   RC_PARAMS="reproduce=..." check_your_gradients_test            the case of a failure, which prints what to write
#define CATCH_CONFIG_MAIN
#include <fluxion/testing/catch2.hpp>
#include <fluxion/testing/rapidcheck.hpp>

#include <fluxion/fluxion.hpp>

#include "checked_functions.hpp"

namespace fx = fluxion;
namespace gen = fx::testing::gen;
using fx::Array;
using fx::testing::CheckOptions;
using fx::testing::Report;

namespace {

// For properties: rapidcheck shrinks the arguments, and prints the report of the simplest that fail.
void require(const Report& report) {
  RC_LOG() << report << '\n';
  RC_ASSERT(report.passed());
}

// With a key from rapidcheck, what it replays is the whole check. Few directions: there are many cases.
CheckOptions drawn_options() { return {.directions = 4, .key = *gen::keys()}; }

const auto halves_too = gen::floating_dtype();
const auto some_shape = gen::shape({.min_rank = 1, .min_extent = 1, .max_extent = 4, .max_size = 16});

}  // namespace

TEST_CASE("log-sum-exp at a point") {
  const Array x = fx::array({{1.0, -2.0, 0.5}, {3.0, 3.0, -1.0}});
  const Array mask = fx::array({{true, false, true}, {true, true, true}});
  CHECK_THAT(checked::masked_logsumexp, fx::testing::passes_all_checks(x, mask));
}

TEST_CASE("log-sum-exp has correct derivatives for all shapes, masks and dtypes") {
  CHECK(rc::check([] {
    const Array x = *gen::array(halves_too, some_shape, {.low = -20, .high = 20, .ties = true});
    const Array mask = *gen::array(fx::bool_, x.shape());
    // A lane that is empty is -inf; differences of infinities decide nothing, and all lanes may be such.
    auto options = drawn_options();
    options.min_decided = 0;
    require(fx::testing::report_grads(checked::masked_logsumexp, std::tuple(x, mask), options));
  }));
}

TEST_CASE("log-sum-exp gives nothing to what is masked, and to each lane one in all") {
  CHECK(rc::check([] {
    const Array x = *gen::array(fx::float64, some_shape, {.low = -700, .high = 700, .special = true});
    const Array mask = *gen::array(fx::bool_, x.shape()) & fx::isfinite(x);
    const Array g = fx::grad([&](const Array& v) { return fx::sum(checked::masked_logsumexp(v, mask)); })(x);
    const Array anything = fx::any(mask, -1);
    RC_ASSERT(static_cast<bool>(fx::all(fx::where(mask, g >= 0.0, g == 0.0))));
    RC_ASSERT(static_cast<bool>(fx::allclose(fx::sum(g, -1), anything.astype(fx::float64))));
  }));
}

TEST_CASE("log-sum-exp can be compiled and mapped") {
  CHECK(rc::check([] {
    const Array x = *gen::array(halves_too, some_shape);
    const std::tuple args(x, *gen::array(fx::bool_, x.shape()));
    require(fx::testing::report_jit(checked::masked_logsumexp, args, drawn_options()));
    require(fx::testing::report_vmap(checked::masked_logsumexp, args, drawn_options()));
  }));
}

TEST_CASE("the C library's Bessel functions have correct derivatives") {
  CHECK(rc::check([] {
    const int n = *rc::gen::inRange(-3, 6);
    const Array x = *gen::array(gen::dtype({fx::float64, fx::float32}), some_shape, {.low = -20, .high = 20});
    require(fx::testing::report_all([n](const Array& v) { return checked::bessel_j(n, v); }, x, drawn_options()));
  }));
}

// Every misuse of the checks is one message, and what the checked function throws arrives as it was thrown.
#include <catch2/catch.hpp>

#include <stdexcept>

#include <fluxion/fluxion.hpp>
#include <fluxion/testing.hpp>
#include <fluxion/testing/bijection.hpp>
#include <fluxion/testing/program.hpp>
#include <fluxion/testing/random_program.hpp>

namespace fx = fluxion;
using fx::Array;
using namespace fx::testing;

namespace {

template <class E, class F>
std::string message(const F& f) {
  try {
    f();
  } catch (const E& e) {
    return e.what();
  }
  return "nothing was thrown";
}

const auto square = [](const Array& x) { return x * x; };

}  // namespace

TEST_CASE("options of check_grads that no check fits are refused") {
  for (const int order : {0, 4})
    CHECK(message<fx::ValueError>([&] { check_grads(square, 1.0, {.order = order}); }) ==
          "check_grads: an order of 1, 2 or 3 is required, got " + std::to_string(order));
  CHECK(message<fx::ValueError>([] { check_grads(square, 1.0, {.forward = false, .reverse = false}); }) ==
        "check_grads: a mode is required, got neither forward nor reverse; set .forward or .reverse");
  CHECK(message<fx::ValueError>([] { check_grads(square, 1.0, {.directions = 0}); }) ==
        "check_grads: at least one direction is required, got 0");
}

TEST_CASE("the key must be one") {
  CHECK(message<fx::TypeError>([] { check_grads(square, 1.0, {.key = fx::array({1.0, 2.0})}); }) ==
        "check_grads: .key must be a single key, got f64[2]; make one with fx::random::key(seed)");
  CHECK(message<fx::TypeError>([] { check_jit(square, 1.0, {.key = fx::random::split(fx::random::key(0))}); }) ==
        "check_jit: .key must be a single key, got key<fry>[2]; make one with fx::random::key(seed)");
}

TEST_CASE("nothing to differentiate is a mistake, not a check that passed") {
  const auto message_of = [](const auto& x) {
    return message<fx::TypeError>([&] { check_grads([](const Array& v) { return v + 1; }, x); });
  };
  const std::string expected =
      "check_grads: an argument of floating or complex dtype is required, got none; there is nothing to differentiate";
  CHECK(message_of(fx::arange(3)) == expected);
  CHECK(message_of(true) == expected);
  CHECK(message<fx::TypeError>([] {
          check_grads([](const std::vector<Array>& v) { return v; }, std::vector<Array>{});
        }) == expected);
}

TEST_CASE("what can decide nothing is vacuous") {
  const Report empty = report_grads(square, fx::zeros({0}));
  CHECK_THAT(empty.failure, Catch::StartsWith("vacuous: nothing could be decided; the function has no result"));
  const auto whole = [](const Array& x) { return fx::argmax(x); };
  CHECK_THAT(report_grads(whole, fx::arange(3.0), {.order = 1}).failure,
             Catch::StartsWith("vacuous: nothing could be decided"));
  const auto log = [](const Array& x) { return fx::log(x); };
  CHECK_THAT(report_grads(log, -1.0).failure, Catch::StartsWith("vacuous: only "));
  CHECK_THAT(report_grads(log, -1.0).failure, Catch::EndsWith("choose another point, or lower .min_decided"));
  CHECK(report_grads(log, -1.0, {.min_decided = 0}).passed());
  CHECK_THROWS_AS(check_grads(log, -1.0), CheckError);
}

TEST_CASE("what the function throws is thrown") {
  const auto throws = [](const Array& x) {
    if (x.shape().size() == 1) throw std::domain_error("mine");
    return x;
  };
  CHECK(message<std::domain_error>([&] { check_all(throws, fx::ones({2})); }) == "mine");
  CHECK_THAT(message<fx::ValueError>(
                 [] { check_grads([](const Array& x) { return x + fx::ones({3}); }, fx::ones({2})); }),
             Catch::StartsWith("add: "));
}

TEST_CASE("a function that branches on values has derivatives, but cannot be compiled and is told the way out") {
  const auto branches = [](const Array& x) { return static_cast<bool>(x > 0.0) ? x * x : -x; };
  CHECK(report_all(branches, 1.0).passed());
  CHECK_THAT(message<fx::ConcretizationError>([&] { check_jit(branches, 1.0); }), Catch::Contains("fx::cond"));
  CHECK_THAT(message<fx::ConcretizationError>([&] { check_vmap(branches, 1.0); }), Catch::Contains("fx::cond"));
}

TEST_CASE("values kept between calls, or frozen by tracing, are found") {
  Array last = fx::ones({2});
  const auto keeps = [&last](const Array& x) {
    const Array y = x * last;
    last = x;
    return y;
  };
  CHECK_THAT(report_pure(keeps, fx::ones({2})).failure, Catch::StartsWith("no tracer is kept: "));
  const auto freezes = [](const Array& x) { return x * fx::stop_gradient(x).item<double>(); };
  CHECK_THAT(report_pure(freezes, 1.5).failure, Catch::StartsWith("the jaxpr says all: "));
}

TEST_CASE("a callback without a rule is named") {
  const auto host = [](const Array& x) { return fx::pure_callback([](const Array& v) { return v; }, x, x); };
  const Report report = report_grads(host, fx::ones({2}));
  CHECK_THAT(report.failure, Catch::Contains("pure_callback: a function of the host has no derivative"));
  REQUIRE(report.explanation.size() == 1);
  CHECK(report.explanation[0].primitive == "pure_callback");
}

TEST_CASE("a report that failed is what CheckError carries") {
  const auto wrong = fx::custom_jvp(square, [](const auto& p, const auto& t) {
    return std::pair(square(std::get<0>(p)), std::get<0>(p) * std::get<0>(t));
  });
  try {
    check_grads(wrong, 3.0, {.key = fx::random::key(0)});
    FAIL("a wrong rule passed");
  } catch (const CheckError& e) {
    CHECK(e.what() == to_string(e.report()));
    CHECK(e.report().total().disagree > 0);
    REQUIRE(e.report().explanation.size() == 1);
    CHECK(e.report().explanation[0].got == "3.0");
  }
}

TEST_CASE("bijections say which shapes they take") {
  CHECK_THAT(message<fx::ValueError>([] { bijection::simplex(1.0); }), Catch::Contains("an array whose last axis"));
  CHECK_THAT(message<fx::ValueError>([] { bijection::correlation(fx::ones({2})); }),
             Catch::Contains("a last axis of n"));
  CHECK_THAT(message<fx::ValueError>([] { bijection::positive_definite(fx::ones({2})); }),
             Catch::Contains("a last axis of n"));
  CHECK_THAT(message<fx::ValueError>([] { bijection::positive_definite_inverse(fx::ones({2, 3})); }),
             Catch::Contains("square matrices are required, got f64[2,3]"));
}

TEST_CASE("random programs refuse what they cannot be made of") {
  CHECK(message<fx::ValueError>([] { random_program(0, {.max_equations = 0}); }) ==
        "random_program: max_equations of at least 1 is required, got 0");
  CHECK_THAT(message<fx::TypeError>([] { random_program(0, {.dtype = fx::int64}); }),
             Catch::StartsWith("random_program: a floating dtype is required, got "));
  CHECK_THAT(message<fx::TypeError>([] { random_program(0, {.inputs = {{{2}, fx::int64}}}); }),
             Catch::StartsWith("random_program: inputs of floating dtypes are required, got i64[2]"));
  CHECK_THAT(message<fx::ValueError>([] { random_program(0, {.inputs = {{{0}, fx::float64}}}); }),
             Catch::StartsWith("random_program: inputs with elements are required, got f64[0]"));
  const auto p = random_program(1);
  CHECK_THAT(message<fx::ValueError>([&] { p(fx::Arrays{}); }),
             Catch::StartsWith("RandomProgram: as many arguments as inputs are required"));
  const auto wrong = fx::Arrays(p.inputs().size(), fx::arange(7));
  CHECK_THAT(message<fx::TypeError>([&] { p(wrong); }), Catch::StartsWith("RandomProgram: argument 0 must be "));
}

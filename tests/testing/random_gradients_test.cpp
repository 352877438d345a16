// Random programs: what they are made of, and that their derivatives, batches and compiled forms are right.
#include <rapidcheck/catch.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <set>

#include <fluxion/fluxion.hpp>
#include <fluxion/testing/catch2.hpp>
#include <fluxion/testing/rapidcheck.hpp>

#include "testing/soak.hpp"

namespace fluxion::test {

namespace {

using testing::ProgramOptions;
using testing::random_program;
using testing::RandomProgram;

// Without derivatives of their own.
const std::set<std::string> kNotDifferentiable{"and",
                                               "or",
                                               "xor",
                                               "not",
                                               "argmax",
                                               "argmin",
                                               "eq",
                                               "ne",
                                               "lt",
                                               "le",
                                               "gt",
                                               "ge",
                                               "iota",
                                               "is_finite",
                                               "searchsorted",
                                               "threefry2x32",
                                               "random_wrap",
                                               "random_unwrap",
                                               "shift_left",
                                               "shift_right_logical",
                                               "shift_right_arithmetic",
                                               "bitcast_convert_type",
                                               "stop_gradient",
                                               "sign",
                                               "floor",
                                               "ceil",
                                               "round",
                                               "reduce_or",
                                               "reduce_and",
                                               "lu_pivots_to_permutation"};

/// Checks programs until a number of them, or the time, is up; at least one.
template <class Check>
void for_programs(std::size_t count, double seconds, const ProgramOptions& options, const Check& check) {
  const auto start = std::chrono::steady_clock::now();
  const auto spent = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); };
  std::size_t done = 0;
  for (; done < count && (done == 0 || spent() < seconds); ++done) {
    const auto p = random_program(done, options);
    INFO("random_program(" << done << ")\n" << p);
    check(p);
  }
  UNSCOPED_INFO(done << " programs");
}

double seconds(double in_default_suite) { return soaking() ? 1200 : in_default_suite; }

/// No derivative of the programs disagrees. A point may lie where one of them is ill-conditioned, between close
/// eigenvalues, say: of few it may, and of all comparisons nearly all are decided.
void check_derivatives(std::size_t count, double at_most, const ProgramOptions& options, std::int64_t seed) {
  testing::Tally all;
  std::size_t programs = 0, vacuous = 0;
  for_programs(count, at_most, options, [&](const RandomProgram& p) {
    const auto report = testing::report_grads(p, p.inputs(), {.key = random::key(seed), .min_decided = 0});
    INFO(report);
    CHECK(report.passed());
    const auto tally = report.total();
    vacuous += tally.decided() < tally.undecidable() ? 1U : 0U;
    all += tally;
    ++programs;
  });
  WARN(programs << " programs, " << all.agree << " agree, " << all.undecidable() << " undecidable ("
                << all.ill_conditioned << " ill-conditioned), " << vacuous << " programs mostly");
  CHECK(all.undecidable() <= 0.02 * static_cast<double>(all.decided()));
  CHECK(vacuous <= 1 + programs / 100);
}

}  // namespace

TEST_CASE("random programs use at least 70 differentiable primitives, all that they say") {
  const auto listed = testing::program_primitives();
  const std::set<std::string> can(listed.begin(), listed.end());
  std::map<std::string, int> used;
  std::size_t equations = 0, with_control_flow = 0;
  constexpr std::uint64_t kPrograms = 300;
  for (std::uint64_t seed = 0; seed < kPrograms; ++seed) {
    const auto p = random_program(seed);
    equations += p.num_equations();
    const auto names = p.primitives();
    for (const auto& n : names) ++used[n];
    with_control_flow += std::any_of(
        names.begin(), names.end(), [](const auto& n) { return n == "scan" || n == "while" || n == "cond"; });
    CHECK(p.num_equations() <= 40);
  }
  std::size_t differentiable = 0;
  std::string all, missing;
  for (const auto& [name, count] : used) {
    if (!kNotDifferentiable.contains(name)) ++differentiable, all += name + " ";
    if (!can.contains(name)) missing += name + " ";
  }
  CHECK(missing == "");
  CHECK(differentiable >= 70);
  CHECK(with_control_flow >= kPrograms / 20);
  WARN(differentiable << " differentiable primitives in " << kPrograms << " programs of " << equations
                      << " equations: " << all);
}

TEST_CASE("random programs are bounded and finite") {
  for (const bool smooth : {true, false}) {
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
      const auto p = random_program(seed, {.smooth = smooth});
      INFO(p);
      for (const auto& y : p(p.inputs())) REQUIRE(static_cast<bool>(all(abs(y) <= 5)));
    }
  }
}

TEST_CASE("random programs obey their options") {
  const auto names_of = [](const ProgramOptions& o) {
    std::set<std::string> out;
    for (std::uint64_t seed = 0; seed < 200; ++seed)
      for (auto& n : random_program(seed, o).primitives()) out.insert(std::move(n));
    return out;
  };
  const auto plain = names_of({.control_flow = false, .transforms = false, .linear_algebra = false, .complex = false});
  for (const auto name :  // not custom_jvp_call: functions of the library have rules of their own, too
       {"scan", "while", "cond", "jit", "checkpoint", "custom_vjp_call", "cholesky", "svd", "complex", "fft"})
    CHECK_FALSE(plain.contains(name));
  const auto narrow = random_program(3, {.inputs = {{{2, 3}, float32}, {{}, bfloat16}}});
  CHECK(narrow.inputs()[0].shape() == Shape{2, 3});
  CHECK(narrow.inputs()[1].dtype() == bfloat16);
  CHECK(random_program(5, {.dtype = float32}).inputs()[0].dtype() == float32);
  const auto p = random_program(4, {.inputs = {{{2}, float64}, {{3}, float64}}});
  CHECK_THAT(p(p.inputs()[0], p.inputs()[1]), testing::equals_bits(p(p.inputs())));
  CHECK(grad(p.total())(p.inputs()).size() == 2);
}

TEST_CASE("smooth random programs have correct derivatives") {
  check_derivatives(seeds(60, 20000), seconds(3), {}, 1);
}
TEST_CASE("smooth random programs in float32 have correct derivatives") {
  check_derivatives(seeds(20, 10000), seconds(1.5), {.dtype = float32}, 2);
}
TEST_CASE("random programs compile and map correctly") {
  for_programs(seeds(100, 20000), seconds(1.5), {.smooth = false}, [](const RandomProgram& p) {
    CHECK_THAT(p, testing::has_correct_jit(p.inputs()));
    CHECK_THAT(p, testing::has_correct_vmap(p.inputs()));
    CHECK_THAT(p, testing::is_pure(p.inputs()));
  });
}

}  // namespace fluxion::test

#include <catch2/catch.hpp>

#include <algorithm>
#include <bit>

#include <fluxion/fluxion.hpp>
#include <fluxion/lax/linalg.hpp>

#include "compiler/passes/passes.hpp"
#include "core/jaxpr.hpp"

namespace fluxion::compiler {
namespace {

using Solver = std::function<Arrays(const Arrays&)>;

/// The host functions that the optimised program of f calls.
std::vector<std::string> calls(const Solver& f, const Avals& in) {
  const auto closed = trace_to_jaxpr(f, in, "test");
  ir::Builder b;
  ir::Values values;
  for (const auto& a : in) values.push_back(b.input({a.dtype, a.shape}));
  REQUIRE(closed.consts.empty());
  const auto p = optimised(b.finish(lower_jaxpr(*closed.jaxpr, b, values)));
  std::vector<std::string> names;
  for (const auto& i : p.instrs)
    if (const auto* call = std::get_if<ir::HostCall>(&i.action)) names.push_back(call->function->name());
  return names;
}
using Names = std::vector<std::string>;

std::vector<std::uint64_t> bits(const Array& x) {
  std::vector<std::uint64_t> out;
  for (const double v : ravel(x.astype(float64)).to_vector<double>())
    out.push_back(v == v ? std::bit_cast<std::uint64_t>(v) : ~std::uint64_t{0});
  return out;
}
Array numbers(const Shape& shape, DType t, int seed) {
  return random::uniform(random::key(seed), shape, t, -1.0, 1.0);
}
Arrays solved(const Arrays& x) { return {linalg::solve(x[0], x[1])}; }

}  // namespace

TEST_CASE("a solution of small systems is one call if nothing else needs their factors") {
  CHECK(calls(solved, {{{64, 8, 8}, float64}, {{64, 8, 1}, float64}}) == Names{"solve"});
  CHECK(calls(solved, {{{3, 3}, float32}, {{3}, float32}}) == Names{"solve"});
  CHECK(calls(solved, {{{2, 5, 16, 16}, float32}, {{2, 5, 16, 16}, float32}}) == Names{"solve"});
  const auto by_factors = [](const Arrays& x) -> Arrays {
    const auto f = lax::linalg::lu(x[0]);
    return {lax::linalg::lu_solve(f.lu, f.permutation, x[1])};
  };
  CHECK(calls(by_factors, {{{64, 8, 8}, float64}, {{64, 8, 2}, float64}}) == Names{"solve"});
}

TEST_CASE("factors of large, complex, or otherwise needed systems stay") {
  const Names separate{"lu", "triangular_solve", "triangular_solve"};
  CHECK(calls(solved, {{{17, 17}, float64}, {{17}, float64}}) == separate);
  CHECK(calls(solved, {{{4, 4}, float64}, {{4, 17}, float64}}) == separate);
  CHECK(calls(solved, {{{4, 4}, complex128}, {{4}, complex128}}) == separate);
  const Avals systems{{{64, 8, 8}, float64}, {{64, 8, 1}, float64}};
  for (const int other : {0, 1, 2}) {
    const auto also = [other](const Arrays& x) -> Arrays {
      const auto f = lax::linalg::lu(x[0]);
      const Array more[] = {f.lu, f.pivots, f.permutation};
      return {lax::linalg::lu_solve(f.lu, f.permutation, x[1]), more[other]};
    };
    CHECK(calls(also, systems) == separate);
  }
  const auto transposed = [](const Arrays& x) -> Arrays {
    const auto f = lax::linalg::lu(x[0]);
    return {lax::linalg::lu_solve(f.lu, f.permutation, x[1], 1)};
  };
  CHECK(calls(transposed, systems) == separate);
  const auto gradient = [](const Arrays& x) -> Arrays {
    return {grad([](const Array& a, const Array& b) { return sum(linalg::solve(a, b)); })(x[0], x[1])};
  };
  const auto needed = calls(gradient, systems);
  CHECK(std::count(needed.begin(), needed.end(), "lu") == 1);
  CHECK(std::count(needed.begin(), needed.end(), "solve") == 0);
}

TEST_CASE("compiled solutions of small systems have the bits of eager ones, and of each system alone") {
  for (const auto t : {float32, float64})
    for (const std::int64_t n : {1, 2, 7, 8, 9, 16})
      for (const std::int64_t m : {1, 4}) {
        const Array a = numbers({19, n, n}, t, 1), b = numbers({19, n, m}, t, 2);
        INFO(n << " equations, " << m << " right-hand sides of " << t);
        const auto f = [](const Array& x, const Array& y) { return linalg::solve(x, y); };
        const auto x = jit(f)(a, b);
        CHECK(bits(x) == bits(f(a, b)));
        CHECK(bits(x) == bits(jit(vmap(f))(a, b)));
        CHECK(bits(x[5]) == bits(jit(f)(a[5], b[5])));
        CHECK(bits(x) == bits(std::get<0>(jit([&](const Array& p, const Array& q) {
                return jvp(f, std::tuple(p, q), std::tuple(p, q));
              })(a, b))));
      }
}

}  // namespace fluxion::compiler

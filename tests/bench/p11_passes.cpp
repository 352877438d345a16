// P11: tracing and compiling grows linearly with the program: 100, 1,000 and 10,000 equations of a gradient through
// slices and reductions (chains of elementwise work are in p11_compile.cpp).
#include <fluxion/fluxion.hpp>

#include <memory>

#include "bench.hpp"

namespace fluxion::bench {
namespace {

/// Slices, reductions and their gradients.
Array steps(const Array& x, int equations) {
  const auto energy = [equations](const Array& v) {
    Array y = v;
    for (int k = 0; k < equations / 20; ++k) y = tanh(y) * lax::slice_in_dim(y, 0, 1) + sum(y) * v;
    return sum(y);
  };
  return grad(energy)(x);
}

/// The first call: what jit does beyond it is to find the program.
Case first_call(int equations, const std::string& shorter, double most) {
  const Array x = uniform({8}, -1, 1);
  const auto program = [=](const Array& v) { return steps(v, equations); };
  const auto run = [=] {
    clear_caches();
    keep(jit(program)(x));
  };
  Case c{.impls = {{"jit", run}, {"eager", [=] { keep(program(x)); }}},
         .check = [=] {
           const std::vector<double> want = program(x).to_vector<double>();
           return differs(std::span<const double>(jit(program)(x).to_vector<double>()), want, 0);
         }};
  if (!shorter.empty()) c.goals = {{"jit", shorter, most}};
  return c;
}

const bool registered[] = {
    add("P11/steps_100", [] { return first_call(100, "", 0); }),
    add("P11/steps_1000", [] { return first_call(1000, "P11/steps_100/jit", 11); }),
    add("P11/steps_10000", [] { return first_call(10'000, "P11/steps_1000/jit", 12); }),
};

}  // namespace
}  // namespace fluxion::bench

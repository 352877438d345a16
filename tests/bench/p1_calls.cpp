// P1: what a call costs beyond its work: a jitted function of one number, of a struct of twenty, and one operation at
// once.
#include <fluxion/fluxion.hpp>

#include "bench.hpp"

namespace {

struct Twenty {
  fluxion::Array a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t;
};

}  // namespace
BOOST_HANA_ADAPT_STRUCT(Twenty, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t);

namespace fluxion::bench {
namespace {

constexpr int calls = 1000;

/// `f` so many times: a call alone is too short for a clock.
template <class F> std::function<void()> repeated(F f) {
  return [f = std::move(f)] {
    for (int i = 0; i < calls; ++i) f();
  };
}

double incremented(double x) { return x + 1; }
double sum_of(const double* x) {
  double sum = x[0];
  for (int i = 1; i < 20; ++i) sum += x[i];
  return sum;
}
// Read when called, so that the compiler cannot look through the calls.
double (*volatile increment)(double) = &incremented;
double (*volatile sum)(const double*) = &sum_of;

Case scalar() {
  const auto numbers = uniform({1}, -1, 1, float64, 1).to_vector<double>();
  const Array x(numbers[0]);
  const auto compiled = jit([](const Array& v) { return v + 1.0; });
  const double number = numbers[0];
  return {.impls = {{"jit", repeated([=] { keep(compiled(x)); }), calls},
                    {"hand", repeated([=] { keep(increment(number)); }), calls}},
          .check = [=] { return differs(compiled(x), Array(increment(number)), 0); },
          .table_seconds = 2e-9,
          .goals = {{"jit", "", 100e-9}}};
}

Case eager_add() {
  const auto numbers = uniform({1}, -1, 1, float64, 1).to_vector<double>();
  const Array x(numbers[0]), one(1.0);
  const double number = numbers[0];
  return {.impls = {{"eager", repeated([=] { keep(x + one); }), calls},
                    {"hand", repeated([=] { keep(increment(number)); }), calls}},
          .check = [=] { return differs(x + one, Array(increment(number)), 0); }};
}

Case struct20() {
  const auto u = uniform({20}, -1, 1, float64, 20).to_vector<double>();
  const Twenty tree{u[0],  u[1],  u[2],  u[3],  u[4],  u[5],  u[6],  u[7],  u[8],  u[9],
                    u[10], u[11], u[12], u[13], u[14], u[15], u[16], u[17], u[18], u[19]};
  const auto compiled = jit([](const Twenty& x) {
    const auto leaves = tree::leaves(x);
    Array total = leaves[0];
    for (std::size_t i = 1; i < leaves.size(); ++i) total = total + leaves[i];
    return total;
  });
  return {.impls = {{"jit", repeated([=] { keep(compiled(tree)); }), calls},
                    {"hand", repeated([=] { keep(sum(u.data())); }), calls}},
          .check = [=] { return differs(compiled(tree), Array(sum(u.data())), 0); },
          .goals = {{"jit", "", 300e-9}}};
}

const bool registered[] = {add("P1/scalar", scalar), add("P1/struct20", struct20), add("P1/eager_add", eager_add)};

}  // namespace
}  // namespace fluxion::bench

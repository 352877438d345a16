// Special functions that are calls of the host. The reference is the function of numbers that they call, which
// special_functions_test.cpp holds against golden values: what is tested here are the primitives around it.
#include "lax/case_parts.hpp"

#include <fluxion/lax/special.hpp>

#include "lax/special/functions.hpp"

namespace fluxion::test {

namespace {

namespace of = lax::special;

struct SpecialRow {
  const char* name;
  FlatFn f;
  double (*reference)(std::span<const Number>);
  std::vector<Interval> smooth;
  std::vector<Interval> broad;
  std::vector<char> differentiable;
};

std::vector<SpecialRow> rows() {
  return {
      {"igamma", flat(lax::igamma), [](auto x) { return of::igamma(x[0].f, x[1].f); }, {{0.6, 2}, {0.5, 3}}, {{0, 50}, {0, 100}}, {0, 1}},
      {"igammac", flat(lax::igammac), [](auto x) { return of::igammac(x[0].f, x[1].f); }, {{0.6, 2}, {0.5, 3}}, {{0, 50}, {0, 100}}, {0, 1}},
      {"igamma_grad_a", flat(lax::igamma_grad_a), [](auto x) { return of::igamma_grad_a(x[0].f, x[1].f); }, {{0.6, 2}, {0.5, 3}},
       {{0, 50}, {0, 100}}, {0, 1}},
      {"random_gamma_grad", flat(lax::random_gamma_grad), [](auto x) { return of::random_gamma_grad(x[0].f, x[1].f); },
       {{0.6, 2}, {0.5, 3}}, {{0, 50}, {0, 100}}, {0, 0}},
      {"regularized_incomplete_beta", [](const Arrays& a) -> Arrays { return {lax::betainc(a[0], a[1], a[2])}; },
       [](auto x) { return of::betainc(x[0].f, x[1].f, x[2].f); }, {{1, 2}, {1, 2}, {0.3, 0.7}}, {{0, 20}, {0, 20}, {0, 1}}, {0, 0, 1}},
      {"zeta", flat(lax::zeta), [](auto x) { return of::zeta(x[0].f, x[1].f); }, {{2, 4}, {1, 3}}, {{0.5, 30}, {-3, 30}}, {0, 1}},
      {"bessel_i0e", flat(lax::bessel_i0e), [](auto x) { return of::bessel_i0e(x[0].f); }, {{0.5, 2}}, {{-100, 100}}, {1}},
      {"bessel_i1e", flat(lax::bessel_i1e), [](auto x) { return of::bessel_i1e(x[0].f); }, {{0.5, 2}}, {{-100, 100}}, {1}},
      {"expi", flat(lax::expi), [](auto x) { return of::expi(x[0].f); }, {{0.5, 2}}, {{-30, 30}}, {1}},
  };
}

Case special_case(const SpecialRow& r) {
  Case c{r.name, r.name, r.f, {}, {}, 0.5, 0.51, r.differentiable, std::vector<char>(r.smooth.size(), 0), {}};
  c.reference = pointwise([f = r.reference](std::span<const Number> x, DType) { return real(f(x)); });
  for (const auto t : kFloats) {
    for (auto& s : same_shape_signatures(t, r.smooth)) c.signatures.push_back(s);
    c.signatures.push_back(wide(t, r.broad));
    if (r.smooth.size() == 1) c.signatures.push_back(edges(t, edge_values()));
    if (r.smooth.size() == 2) c.signatures.push_back(edge_pairs(t, edge_values()));
  }
  c.errors = refused_dtypes({DType::float32, DType::float64}, r.smooth.size());
  if (r.smooth.size() == 2)
    for (auto& e : mismatched(DType::float32, DType::float64)) c.errors.push_back(e);
  return c;
}

// The first operand is a whole number.
Case expn_case() {
  Case c{"expn", "expn", flat(lax::expn), {}, {}, 0.5, 0.51, {0, 1}, {0, 0}, {}};
  c.reference = pointwise([](std::span<const Number> x, DType) { return real(of::expn(x[0].f, x[1].f)); });
  const std::vector<Number> orders{real(1), real(2), real(0), real(5), real(3)};
  for (const auto t : kFloats) {
    for (const auto& shape : sample_shapes(t)) c.signatures.push_back({{{t, shape, 0, 0, orders}, {t, shape, 0.5, 2}}});
    c.signatures.push_back({{{t, {}, 0, 0, orders}, {t, {4}, 0.5, 2}}});
    c.signatures.push_back(edge_pairs(t, {real(-3), real(0), real(1), real(2), real(50), real(0.5), real(kNaN)}, edge_values()));
  }
  c.errors = refused_dtypes({DType::float32, DType::float64}, 2);
  return c;
}

}  // namespace

void add_special_cases(std::vector<Case>& to) {
  for (const auto& r : rows()) to.push_back(special_case(r));
  to.push_back(expn_case());
}

}  // namespace fluxion::test

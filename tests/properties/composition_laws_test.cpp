// Compositions of transformations and control flow, to depth four, against the same computation written out.
#include <rapidcheck/catch.h>

#include <cmath>
#include <sstream>

#include <fluxion/fluxion.hpp>

#include "properties/composition.hpp"

namespace fluxion::test {

void showValue(const Composition& c, std::ostream& os) { os << c; }

namespace {

constexpr int kDepth = 4;

rc::Gen<unsigned> number(unsigned below) {
  return rc::gen::resize(rc::kNominalSize, rc::gen::map(rc::gen::arbitrary<std::uint16_t>(), [below](std::uint16_t v) { return v % below; }));
}
rc::Gen<Composition> compositions(int depth = kDepth) {
  return rc::gen::map(rc::gen::container<std::vector<unsigned>>(40, number(420)),
                      [depth](const std::vector<unsigned>& genes) { return composition(genes, depth); });
}

const std::vector<double> kPoints[] = {{0.3, -0.6, 0.9}, {-0.4, 0.25, -0.7}};

std::string compared(const Array& got, const HyperVector& want) {
  std::ostringstream out;
  const auto v = got.to_vector<double>();
  if (v.size() != want.size()) return "shape";
  for (std::size_t i = 0; i < v.size(); ++i)
    if (!(std::fabs(v[i] - want[i].value()) <= 1e-9 * (1 + std::fabs(want[i].value()))))
      out << "element " << i << " is " << v[i] << ", written out " << want[i].value() << "\n";
  return out.str();
}

}  // namespace

TEST_CASE("compositions to depth four equal the computation written out") {
  rc::prop("eager and jitted", [] {
    const auto c = *compositions();
    const auto f = function_of(c);
    for (const auto& p : kPoints) {
      const auto x = array(p);
      const auto got = f(x);
      if (const auto d = compared(got, written_out(c, {p.begin(), p.end()})); !d.empty()) RC_FAIL(d);
      RC_ASSERT(static_cast<bool>(array_equal(jit(f)(x), got)));
    }
  });
}

TEST_CASE("compositions under vmap equal the loop to the bit") {
  rc::prop("row by row", [] {
    const auto c = *compositions(3);
    const auto f = function_of(c);
    const auto rows = array({{0.3, -0.6, 0.9}, {-0.4, 0.25, -0.7}, {0.0, 0.1, 0.1}});
    const auto got = vmap(f)(rows);
    for (int i = 0; i < 3; ++i) RC_ASSERT(static_cast<bool>(array_equal(got[i], f(rows[i]))));
    RC_ASSERT(static_cast<bool>(array_equal(jit(vmap(f))(rows), got)));
  });
}

TEST_CASE("hyper-dual numbers differentiate") {
  const auto x = HyperDual(0.7).seeded(0, 1.0).seeded(1, 1.0);
  const auto y = sin(x) * exp(x * x) - tanh(x);
  const double t = std::tanh(0.7), e = std::exp(0.49), s = std::sin(0.7), c = std::cos(0.7);
  CHECK(y.slope(1).value() == Approx(e * (c + 1.4 * s) - (1 - t * t)));
  CHECK(y.slope(1).slope(0).value() == Approx(e * (-s + 1.4 * c + 2 * s + 1.4 * (c + 1.4 * s)) + 2 * t * (1 - t * t)));
}

}  // namespace fluxion::test

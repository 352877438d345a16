// The law of Taylor mode: derivatives along a curve are those of nested forward mode.
#include <cmath>

#include "lax/laws.hpp"
#include "transforms/jet.hpp"

namespace fluxion::test {

namespace {

constexpr std::size_t kOrder = 4;

Arrays floating(const Arrays& xs) {
  Arrays out;
  for (const auto& x : xs)
    if (is_inexact(x.dtype())) out.push_back(x);
  return out;
}

// d/dt of a function of a scalar.
FlatFn slope(const FlatFn& g) {
  return [g](const Arrays& t) { return detail::jvp_flat(g, t, {scalar(1.0)}).tangents; };
}

double scale_of(const Arrays& xs) {
  double s = 1;
  for (const auto& x : xs)
    for (const auto& v : read(x).v) s = std::max(s, std::abs(complex_value(v)));
  return s;
}

struct Curve {
  Arrays args;
  std::vector<Arrays> series;  // of each argument; empty where it stands still

  // The arguments at time t, by Horner's rule.
  Arrays at(const Array& t) const {
    Arrays out = args;
    for (std::size_t i = 0; i < args.size(); ++i) {
      if (series[i].empty()) continue;
      Array x = series[i].back() * (t.astype(args[i].dtype()) / static_cast<double>(series[i].size()));
      for (std::size_t j = series[i].size() - 1; j > 0; --j)
        x = (series[i][j - 1] + x) * (t.astype(args[i].dtype()) / static_cast<double>(j));
      out[i] = args[i] + x;
    }
    return out;
  }
};

Curve random_curve(const Arrays& args, const std::vector<char>& active, std::uint64_t seed) {
  Curve c{args, std::vector<Arrays>(args.size())};
  for (std::size_t i = 0; i < args.size(); ++i)
    if (active[i])
      for (std::size_t j = 0; j < kOrder; ++j) c.series[i].push_back(random_like_floating({args[i]}, seed + 17 * j + i)[0]);
  return c;
}

// Values, then derivatives, of the floating results.
FlatFn jet_of(const FlatFn& f, const std::vector<char>& active) {
  return [f, active](const Arrays& in) {
    const auto given = jet_results(in, active, kOrder);
    const auto out = jet_symbolic(f, {given.primals, given.series, kOrder});
    Arrays all = out.primals;
    for (std::size_t j = 0; j < kOrder; ++j)
      for (std::size_t i = 0; i < out.primals.size(); ++i)
        if (is_inexact(out.primals[i].dtype()))
          all.push_back(out.series[i].empty() || out.series[i][j].is_empty_handle() ? detail::zeros_like_aval(out.primals[i].aval())
                                                                                    : out.series[i][j]);
    return all;
  };
}

}  // namespace

Outcome taylor_mode_equals_nested_jvp(const Case& c, const Signature& s, std::uint64_t seed) {
  const auto active = active_arguments(c, s);
  if (!any(active) || !s.smooth) return {false};
  const auto curve = random_curve(samples(s, seed), active, seed + 1);
  Arrays operands = curve.args;
  for (const auto& list : curve.series) operands = joined(operands, list);
  const auto taylor = jet_of(c.f, active);
  const auto got = taylor(operands);
  const auto values = c.f(curve.args);
  if (const auto same = compare(part(got, 0, values.size()), values, Tolerance::bits(), "value"); same.failure) return same;
  FlatFn nested = [&](const Arrays& t) { return floating(c.f(curve.at(t[0]))); };
  const auto n = floating(values).size();
  for (std::size_t j = 0; j < kOrder; ++j) {
    nested = slope(nested);
    const auto want = nested({scalar(0.0)});
    for (std::size_t i = 0; i < n; ++i) {
      const bool single = want[i].dtype() == DType::float32;
      const auto tolerance = Tolerance::close(0, (single ? 1e-3 : 1e-11) * scale_of(want));
      const auto d = compare({got[values.size() + j * n + i]}, {want[i]}, tolerance, "derivative");
      if (d.failure) return {true, "order " + std::to_string(j + 1) + ": " + *d.failure};
    }
  }
  return compare(jitted(taylor)(operands), got, Tolerance::bits(), "jitted");
}

}  // namespace fluxion::test

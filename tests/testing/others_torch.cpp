// Source of the method: documentation of torch.autograd.gradcheck and gradgradcheck, and its notes on fast mode.
#include <algorithm>
#include <cmath>
#include <numeric>

#include <fluxion/fluxion.hpp>

#include "testing/others.hpp"
#include "testing/real_function.hpp"

namespace fluxion::test {
namespace {

constexpr double kStep = 1e-6, kAtol = 1e-5, kRtol = 1e-3;

bool close(double a, double n, double atol = kAtol, double rtol = kRtol) {
  return std::fabs(a - n) <= atol + rtol * std::fabs(n) || a == n;
}

Reals unit(std::size_t n, std::size_t i) {
  Reals v(n);
  v[i] = 1;
  return v;
}

// (f(x + v) - f(x - v)) / (2 |v|) for a v of length `step`
Reals difference(const RealFunction& f, const Reals& x, const Reals& v, double step) {
  Reals plus = x, minus = x;
  for (std::size_t i = 0; i < x.size(); ++i) {
    plus[i] += step * v[i];
    minus[i] -= step * v[i];
  }
  auto d = f(plus);
  const auto b = f(minus);
  for (std::size_t k = 0; k < d.size(); ++k) d[k] = (d[k] - b[k]) / (2 * step);
  return d;
}

Reals random_unit(RandomState& rng, std::size_t n) {
  Reals v(n);
  double norm = 0;
  for (auto& d : v) {
    d = rng.uniform();
    norm += d * d;
  }
  for (auto& d : v) d /= std::sqrt(norm);
  return v;
}

double dot(const Reals& a, const Reals& b) { return std::inner_product(a.begin(), a.end(), b.begin(), 0.0); }
double total(const Reals& a) { return std::accumulate(a.begin(), a.end(), 0.0); }

Complaint fast(const RealFunction& f, const GradcheckOptions& options, RandomState& rng) {
  const auto x = f.x(), u = random_unit(rng, f.inputs()), v = random_unit(rng, f.outputs());
  const double atol = kAtol * total(u) * total(v), numeric = dot(difference(f, x, u, kStep), v);
  if (!close(dot(f.vjp(x, v), u), numeric, atol)) return {true, "fast: backward"};
  if (options.forward && !close(dot(f.jvp(x, u), v), numeric, atol)) return {true, "fast: forward"};
  return {};
}

Complaint whole_jacobian(const RealFunction& f, const GradcheckOptions& options) {
  const auto x = f.x();
  std::vector<Reals> numeric;
  for (std::size_t i = 0; i < f.inputs(); ++i) numeric.push_back(difference(f, x, unit(f.inputs(), i), kStep));
  const auto rows = f.rows(x);
  for (std::size_t k = 0; k < f.outputs(); ++k)
    for (std::size_t i = 0; i < f.inputs(); ++i)
      if (!close(rows[k][i], numeric[i][k])) return {true, "backward"};
  if (rows != f.rows(x)) return {true, "backward is not deterministic"};
  if (!options.forward) return {};
  for (std::size_t i = 0; i < f.inputs(); ++i) {
    const auto column = f.jvp(x, unit(f.inputs(), i));
    for (std::size_t k = 0; k < f.outputs(); ++k)
      if (!close(column[k], numeric[i][k])) return {true, "forward"};
  }
  return {};
}

// The backward pass under vmap against a loop, for ten cotangents, with allclose's own tolerances.
Complaint batched_grad(const RealFunction& f, RandomState& rng) {
  constexpr int lanes = 10;
  const auto lin = detail::linearize_flat(
      [&](const Arrays& some) {
        Arrays all = f.args(), out;
        for (std::size_t i = 0, next = 0; i < all.size(); ++i)
          if (f.in().active()[i]) all[i] = some[next++];
        for (auto& y : f.flat()(all))
          if (is_inexact(y.dtype())) out.push_back(std::move(y));
        return out;
      },
      f.in().tangents(f.x()), "vjp");
  const FlatFn backward = [&](const Arrays& ct) { return lin.map.backward(ct); };
  std::vector<Arrays> cts;
  for (int lane = 0; lane < lanes; ++lane) {
    Reals ct(f.outputs());
    for (auto& d : ct) d = rng.normal();
    cts.push_back(f.out().tangents(ct));
  }
  Arrays stacked;
  for (std::size_t i = 0; i < cts[0].size(); ++i) {
    Arrays each;
    for (const auto& ct : cts) each.push_back(ct[i]);
    stacked.push_back(stack(each));
  }
  const auto mapped = vmapped(backward, FlatAxes(stacked.size(), 0), lanes)(stacked);
  for (int lane = 0; lane < lanes; ++lane) {
    const auto want = backward(cts[static_cast<std::size_t>(lane)]);
    for (std::size_t i = 0; i < want.size(); ++i)
      if (!allclose(mapped[i][lane], want[i]).item<bool>()) return {true, "batched backward"};
  }
  return {};
}

Complaint gradcheck(const RealFunction& f, const GradcheckOptions& options, RandomState& rng) {
  if (f.inputs() == 0 || f.outputs() == 0) return {};
  const auto o = options.fast ? fast(f, options, rng) : whole_jacobian(f, options);
  if (o.complains) return o;
  if (options.batched)
    if (auto b = batched_grad(f, rng); b.complains) return b;
  for (const double d : f.vjp(f.x(), Reals(f.outputs())))
    if (d != 0) return {true, "backward of zeros"};
  return {};
}

}  // namespace

Complaint torch_gradcheck(const FlatFn& f, const Arrays& args, int order, const GradcheckOptions& options) {
  try {
    RandomState rng(0);
    const RealFunction real(f, args);
    const auto first = gradcheck(real, options, rng);
    if (first.complains || order < 2 || real.inputs() == 0 || real.outputs() == 0) return first;
    Reals ct(real.outputs());
    for (auto& d : ct) d = 2 * rng.uniform() - 1;
    const auto active = real.in().active();
    const auto n = real.in().tangents(real.x()).size();
    const FlatFn backward = [vjp = vjp_of(f, active), n](const Arrays& in) {
      const auto all = vjp(in);
      return part(all, all.size() - n, n);
    };
    auto second = gradcheck(RealFunction(backward, joined(args, real.out().tangents(ct))), options, rng);
    if (second.complains) second.why = "gradgradcheck: " + second.why;
    return second;
  } catch (const std::exception& e) {
    return {true, e.what()};
  }
}

}  // namespace fluxion::test

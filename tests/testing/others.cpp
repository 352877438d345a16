// Source of the methods: jax/_src/public_test_util.py, documentation of jax.test_util.check_grads.
#include "testing/others.hpp"

#include <cmath>

#include <fluxion/fluxion.hpp>

#include "support/flat.hpp"

namespace fluxion::test {

double RandomState::uniform() {
  const double high = bits_() >> 5, low = bits_() >> 6;
  return (high * 67108864.0 + low) / 9007199254740992.0;
}

// Marsaglia's polar method, in NumPy's order of the two numbers.
double RandomState::normal() {
  if (has_next_) {
    has_next_ = false;
    return next_;
  }
  double a = 0, b = 0, r2 = 0;
  do {
    a = 2 * uniform() - 1;
    b = 2 * uniform() - 1;
    r2 = a * a + b * b;
  } while (r2 >= 1 || r2 == 0);
  const double f = std::sqrt(-2 * std::log(r2) / r2);
  next_ = f * a;
  has_next_ = true;
  return f * b;
}

namespace {

constexpr double kStep = 1e-4;

double tolerance(DType t) {
  switch (t) {
    case bfloat16:
      return 1e-1;
    case float16:
      return 1e-2;
    case float32:
      return 2e-3;
    case complex64:
      return 1e-3;
    default:
      return 1e-5;
  }
}

Array rand_like(RandomState& rng, const Array& x) {
  const auto draw = [&] {
    std::vector<double> v(static_cast<std::size_t>(x.size()));
    for (auto& d : v) d = rng.normal();
    return array(v, x.shape());
  };
  if (!is_complex(x.dtype())) return draw().astype(x.dtype());
  const Array re = draw();
  return lax::complex(re, draw()).astype(x.dtype());
}
Arrays rand_like(RandomState& rng, const Arrays& xs) {
  Arrays out;
  for (const auto& x : xs) out.push_back(rand_like(rng, x));
  return out;
}

// |a - b| <= atol size + rtol size |b|, with NaNs and infinities in the same places.
bool close(const Array& a, const Array& b) {
  if (a.shape() != b.shape() || a.dtype() != b.dtype()) return false;
  if (a.size() == 0) return true;
  const double tol = tolerance(a.dtype()) * static_cast<double>(a.size());
  const auto wide = is_complex(a.dtype()) ? complex128 : float64;
  return allclose(a.astype(wide), b.astype(wide), tol, tol, true).item<bool>();
}
bool close(const Arrays& a, const Arrays& b) {
  for (std::size_t i = 0; i < a.size(); ++i)
    if (!close(a[i], b[i])) return false;
  return true;
}

Arrays moved(const Arrays& x, double h, const Arrays& t) {
  Arrays out;
  for (std::size_t i = 0; i < x.size(); ++i) out.push_back(x[i] + h * t[i]);
  return out;
}

Arrays numerical_jvp(const FlatFn& f, const Arrays& x, const Arrays& t) {
  const auto plus = f(moved(x, kStep, t)), minus = f(moved(x, -kStep, t));
  Arrays out;
  for (std::size_t i = 0; i < plus.size(); ++i) out.push_back((0.5 / kStep) * (plus[i] - minus[i]));
  return out;
}

Array inner(const Arrays& a, const Arrays& b) {
  Array total = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) total = total + real(sum(a[i] * b[i])).astype(float64);
  return total;
}

Arrays conjugated(Arrays xs) {
  for (auto& x : xs) x = conj(x);
  return xs;
}

Complaint check_jvp(const FlatFn& f, const Arrays& x) {
  RandomState rng(0);
  const auto t = rand_like(rng, x);
  const auto got = detail::jvp_flat(f, x, t);
  if (!close(got.primals, f(x))) return {true, "jvp: value"};
  if (!close(got.tangents, numerical_jvp(f, x, t))) return {true, "jvp: tangent"};
  return {};
}

Complaint check_vjp(const FlatFn& f, const Arrays& x) {
  RandomState rng(0);
  const auto lin = detail::linearize_flat(f, x, "vjp");
  if (!close(lin.primals_out, f(x))) return {true, "vjp: value"};
  const auto t = rand_like(rng, x), out = numerical_jvp(f, x, t), ct = rand_like(rng, lin.primals_out);
  const auto back = conjugated(lin.map.backward(conjugated(ct)));
  if (!close(inner(t, conjugated(back)), inner(out, conjugated(ct)))) return {true, "vjp: inner product"};
  return {};
}

Complaint check(const FlatFn& f, const Arrays& x, int order) {
  if (auto o = check_jvp(f, x); o.complains) return o;
  const FlatFn f_jvp = [&f](const Arrays& a) {
    auto r = detail::jvp_flat(f, a, a);
    return joined(std::move(r.primals), r.tangents);
  };
  if (order > 1)
    if (auto o = check(f_jvp, x, order - 1); o.complains) return o;
  if (auto o = check_vjp(f, x); o.complains) return o;
  const FlatFn f_vjp = [&f](const Arrays& a) {
    const auto lin = detail::linearize_flat(f, a, "vjp");
    return lin.map.backward(lin.primals_out);
  };
  return order > 1 ? check(f_vjp, x, order - 1) : Complaint{};
}

}  // namespace

Complaint jax_check_grads(const FlatFn& f, const Arrays& args, int order) {
  std::vector<std::size_t> active;
  Arrays x;
  for (std::size_t i = 0; i < args.size(); ++i) {
    if (!is_inexact(args[i].dtype())) continue;
    active.push_back(i);
    x.push_back(args[i]);
  }
  const FlatFn of_floats = [&](const Arrays& some) {
    Arrays all = args, out;
    for (std::size_t i = 0; i < active.size(); ++i) all[active[i]] = some[i];
    for (auto& y : f(all))
      if (is_inexact(y.dtype())) out.push_back(std::move(y));
    return out;
  };
  try {
    return check(of_floats, x, order);
  } catch (const std::exception& e) {
    return {true, e.what()};
  }
}

}  // namespace fluxion::test

// Laws about derivatives. References are differences of fourth order; identities hold to rounding.
#include <cmath>
#include <sstream>

#include "lax/laws.hpp"
#include "transforms/linearize.hpp"

namespace fluxion::test {

namespace {

constexpr double kStep = 1e-3, kDifferenceTolerance = 1e-8;

Host moved(const Host& x, const Host& t, double step) {
  Host y = x;
  for (std::size_t i = 0; i < y.v.size(); ++i) {
    y.v[i].f += step * t.v[i].f;
    y.v[i].im += step * t.v[i].im;
  }
  return y;
}

// f at args + step * tangents, the floating results.
std::vector<Host> displaced(const FlatFn& f, const Arrays& args, const Arrays& tangents, const std::vector<char>& active, double step) {
  Arrays at = args;
  for (std::size_t i = 0, next = 0; i < active.size(); ++i)
    if (active[i]) at[i] = make(moved(read(args[i]), read(tangents[next++]), step));
  std::vector<Host> out;
  for (const auto& y : f(at))
    if (is_inexact(y.dtype())) out.push_back(read(y));
  return out;
}

struct Numeric {
  std::vector<Host> derivative;
  double scale = 1;  // of values and derivatives: what the tolerance is relative to
};
Numeric differences(const FlatFn& f, const Arrays& args, const Arrays& tangents, const std::vector<char>& active) {
  const auto a = displaced(f, args, tangents, active, kStep), b = displaced(f, args, tangents, active, -kStep);
  const auto c = displaced(f, args, tangents, active, 2 * kStep), d = displaced(f, args, tangents, active, -2 * kStep);
  Numeric n{a, 1};
  for (std::size_t k = 0; k < a.size(); ++k)
    for (std::size_t i = 0; i < a[k].v.size(); ++i) {
      auto& slope = n.derivative[k].v[i];
      const auto at = [i, k](const std::vector<Host>& x) { return complex_value(x[k].v[i]); };
      n.scale = std::max(n.scale, std::abs(complex_value(slope)));
      slope = complex_number((8.0 * (at(a) - at(b)) - (at(c) - at(d))) / (12 * kStep));
      n.scale = std::max(n.scale, std::abs(complex_value(slope)));
    }
  return n;
}

Arrays chosen(const Arrays& xs, const std::vector<char>& mask) {
  Arrays out;
  for (std::size_t i = 0; i < mask.size(); ++i)
    if (mask[i]) out.push_back(xs[i]);
  return out;
}

std::size_t count(const std::vector<char>& mask) { return static_cast<std::size_t>(std::count(mask.begin(), mask.end(), 1)); }

// The last results of jvp_of: the tangents.
Arrays tangents_of(const Arrays& out) {
  std::size_t floating = 0;
  for (const auto& x : out) floating += is_inexact(x.dtype());
  const auto n = floating / 2;
  return part(out, out.size() - n, n);
}

Outcome check_jvp(const FlatFn& f, const Arrays& args, const std::vector<char>& active, std::uint64_t seed, const char* what) {
  const auto tangents = random_like_floating(chosen(args, active), seed);
  const auto numeric = differences(f, args, tangents, active);
  const auto got = tangents_of(jvp_of(f, active)(joined(args, tangents)));
  if (got.size() != numeric.derivative.size()) return {true, std::string(what) + ": wrong number of tangents"};
  for (std::size_t k = 0; k < got.size(); ++k)
    if (auto d = difference(read(got[k]), numeric.derivative[k], Tolerance::close(0, kDifferenceTolerance * numeric.scale)))
      return {true, std::string(what) + ", tangent " + std::to_string(k) + ": " + *d};
  return {};
}

struct Inner {
  double value = 0, magnitude = 0;
  void add(const Array& x, const Array& y) {
    const auto a = read(x), b = read(y);
    for (std::size_t i = 0; i < a.v.size(); ++i) {
      const auto product = complex_value(a.v[i]) * complex_value(b.v[i]);
      value += product.real();
      magnitude += std::abs(product);
    }
  }
};

// <ct, J t> = <J^T ct, t>, where <a, b> is the real part of the sum of a b: the pairing without conjugates that
// jax transposes by, for all maps that are linear over the reals.
Outcome check_inner_product(const FlatFn& f, const Arrays& args, const std::vector<char>& active, std::uint64_t seed, const char* what) {
  const auto tangents = random_like_floating(chosen(args, active), seed);
  const auto forward = tangents_of(jvp_of(f, active)(joined(args, tangents)));
  const auto cotangents = random_like_floating(forward, seed + 99);
  const auto all = vjp_of(f, active)(joined(args, cotangents));
  const auto backward = part(all, all.size() - count(active), count(active));
  Inner left, right;
  for (std::size_t k = 0; k < forward.size(); ++k) {
    if (forward[k].shape() != cotangents[k].shape()) return {true, std::string(what) + ": shapes"};
    left.add(cotangents[k], forward[k]);
  }
  for (std::size_t k = 0; k < backward.size(); ++k) {
    if (backward[k].aval().shape != tangents[k].shape() || backward[k].dtype() != tangents[k].dtype()) {
      std::ostringstream text;
      text << what << ": the cotangent of active argument " << k << " is " << backward[k].aval() << ", the argument " << tangents[k].aval();
      return {true, text.str()};
    }
    right.add(backward[k], tangents[k]);
  }
  if (std::fabs(left.value - right.value) <= 1e-12 * (1e-3 + left.magnitude + right.magnitude)) return {};
  std::ostringstream text;
  text.precision(17);
  text << what << ": <ct, J t> = " << left.value << " but <J^T ct, t> = " << right.value;
  return {true, text.str()};
}

// f's derivatives as functions to be differentiated again.
struct Again {
  FlatFn f;
  Arrays args;
  std::vector<char> active;
};
Again forward_again(const Case& c, const Arrays& args, const std::vector<char>& active, std::uint64_t seed) {
  const auto tangents = random_like_floating(chosen(args, active), seed + 5);
  auto again = active;
  again.resize(active.size() + tangents.size(), 1);
  return {jvp_of(c.f, active), joined(args, tangents), again};
}
Again reverse_again(const Case& c, const Arrays& args, const std::vector<char>& active, std::uint64_t seed) {
  const auto cotangents = random_like_floating(c.f(args), seed + 6);
  auto again = active;
  again.resize(active.size() + cotangents.size(), 1);
  return {vjp_of(c.f, active), joined(args, cotangents), again};
}

bool differentiable(const Case& c, const Signature& s) { return any(active_arguments(c, s)); }

}  // namespace

std::vector<char> active_arguments(const Case& c, const Signature& s) {
  std::vector<char> active;
  for (std::size_t i = 0; i < s.args.size(); ++i)
    active.push_back(s.smooth && i < c.differentiable.size() && c.differentiable[i] && (s.args[i].dtype == DType::float64 || s.args[i].dtype == DType::complex128));
  return active;
}

Outcome jvp_equals_differences(const Case& c, const Signature& s, std::uint64_t seed) {
  if (!differentiable(c, s)) return {false, {}};
  return check_jvp(c.f, samples(s, seed), active_arguments(c, s), seed, "jvp");
}

Outcome second_derivatives_equal_differences(const Case& c, const Signature& s, std::uint64_t seed) {
  if (!differentiable(c, s)) return {false, {}};
  const auto active = active_arguments(c, s);
  const auto args = samples(s, seed);
  const auto forward = forward_again(c, args, active, seed), reverse = reverse_again(c, args, active, seed);
  if (auto o = check_jvp(forward.f, forward.args, forward.active, seed + 1, "jvp of jvp"); o.failure) return o;
  return check_jvp(reverse.f, reverse.args, reverse.active, seed + 2, "jvp of vjp");
}

Outcome transpose_satisfies_inner_product(const Case& c, const Signature& s, std::uint64_t seed) {
  if (!differentiable(c, s)) return {false, {}};
  const auto active = active_arguments(c, s);
  const auto args = samples(s, seed);
  if (auto o = check_inner_product(c.f, args, active, seed, "first order"); o.failure) return o;
  const auto forward = forward_again(c, args, active, seed), reverse = reverse_again(c, args, active, seed);
  if (auto o = check_inner_product(forward.f, forward.args, forward.active, seed + 1, "vjp of jvp"); o.failure) return o;
  return check_inner_product(reverse.f, reverse.args, reverse.active, seed + 2, "vjp of vjp");
}

Outcome linearize_equals_jvp(const Case& c, const Signature& s, std::uint64_t seed) {
  if (!differentiable(c, s)) return {false, {}};
  const auto active = active_arguments(c, s);
  const auto args = samples(s, seed);
  const auto all = joined(args, random_like_floating(chosen(args, active), seed));
  return compare(linearized_of(c.f, active)(all), jvp_of(c.f, active)(all), {}, "linearize against jvp");
}

Outcome arguments_alone(const Case& c, const Signature& s, std::uint64_t seed) {
  const auto active = active_arguments(c, s);
  if (count(active) < 2) return {false, {}};
  const auto args = samples(s, seed);
  for (std::size_t i = 0; i < active.size(); ++i) {
    if (!active[i]) continue;
    std::vector<char> alone(active.size(), 0);
    alone[i] = 1;
    const auto what = "argument " + std::to_string(i) + " alone";
    if (auto o = check_jvp(c.f, args, alone, seed + i, what.c_str()); o.failure) return o;
    if (auto o = check_inner_product(c.f, args, alone, seed + i, what.c_str()); o.failure) return o;
  }
  return {};
}

Outcome linear_arguments(const Case& c, const Signature& s, std::uint64_t seed) {
  const auto active = active_arguments(c, s);
  const auto args = samples(s, seed);
  bool applies = false;
  for (std::size_t i = 0; i < active.size(); ++i) {
    if (!active[i] || !c.linear[i]) continue;
    applies = true;
    std::vector<char> alone(active.size(), 0);
    alone[i] = 1;
    const auto tangent = random_like_floating({args[i]}, seed + i);
    auto swapped = args;
    swapped[i] = tangent[0];
    const auto got = tangents_of(jvp_of(c.f, alone)(joined(args, tangent)));
    if (auto o = compare(got, c.f(swapped), Tolerance::close(1e-12, 1e-12), "J t against f(t)"); o.failure) return o;
  }
  return {applies, {}};
}

// Rules that no derivative uses are reached so, too: the tangent of x - y is t - u written as t + (-u).
Outcome transpose_rules_give_the_cotangent(const Case& c, const Signature& s, std::uint64_t seed) {
  const auto active = active_arguments(c, s);
  const auto& transposable = c.affine.empty() ? c.linear : c.affine;
  const auto args = samples(s, seed);
  bool applies = false;
  for (std::size_t i = 0; i < active.size(); ++i) {
    if (!active[i] || !transposable[i]) continue;
    applies = true;
    const auto cotangents = random_like_floating(c.f(args), seed + i);
    const auto closed = jaxpr_of(c.f, args);
    auto inputs = joined(closed.consts, args);
    inputs[closed.consts.size() + i] = Array();
    const auto pulled = backward_pass(*closed.jaxpr, inputs, cotangents)[closed.consts.size() + i];
    std::vector<char> alone(active.size(), 0);
    alone[i] = 1;
    const auto want = vjp_of(c.f, alone)(joined(args, cotangents)).back();
    const auto what = "argument " + std::to_string(i);
    if (pulled.is_empty_handle()) return {true, what + ": no cotangent"};
    if (auto o = compare({pulled}, {want}, Tolerance::close(1e-12, 1e-12), what.c_str()); o.failure) return o;
  }
  return {applies, {}};
}

}  // namespace fluxion::test

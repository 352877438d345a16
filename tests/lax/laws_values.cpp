// Laws about values, avals, jaxprs and layouts; and the harness.
#include <catch2/catch.hpp>

#include <set>
#include <sstream>

#include <fluxion/creation.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/parse.hpp>

#include "core/jaxpr.hpp"
#include "core/ops.hpp"
#include "lax/laws.hpp"

namespace fluxion::test {

Arrays samples(const Signature& s, std::uint64_t seed) {
  Arrays out;
  for (const auto& a : s.args) out.push_back(make(sample(a, seed++)));
  return out;
}

bool any(const std::vector<char>& mask) { return std::find(mask.begin(), mask.end(), 1) != mask.end(); }

Outcome compare(const Arrays& got, const Arrays& want, Tolerance t, const char* what) {
  if (auto d = difference(got, want, t)) return {true, std::string(what) + ": " + *d};
  return {};
}

Arrays random_like_floating(const Arrays& xs, std::uint64_t seed) {
  Arrays out;
  for (const auto& x : xs)
    if (is_inexact(x.dtype())) out.push_back(make(sample({x.dtype(), x.shape()}, seed++ * 7919 + 13)));
  return out;
}

std::string describe(const Signature& s) {
  std::ostringstream text;
  for (std::size_t i = 0; i < s.args.size(); ++i) text << (i == 0 ? "" : ", ") << Aval{s.args[i].shape, s.args[i].dtype};
  return text.str();
}

namespace {

Outcome guarded(const Law& law, const Case& c, const Signature& s, std::uint64_t seed) {
  try {
    return law.check(c, s, seed);
  } catch (const std::exception& e) {
    return {true, std::string("threw: ") + e.what()};
  }
}

// The number of signatures that break the law; each is reported unless the case is excepted.
std::size_t run_case(const Law& law, const Case& c, std::size_t& applied) {
  const bool expected = excepted(c, law.name);
  std::size_t failures = 0;
  for (std::size_t i = 0; i < c.signatures.size(); ++i) {
    const auto& s = c.signatures[i];
    const auto outcome = guarded(law, c, s, seed_of(c.name, i));
    applied += outcome.applies;
    if (!outcome.failure) continue;
    if (++failures > 3 || expected) continue;
    FAIL_CHECK(c.name << "(" << describe(s) << ") breaks '" << law.name << "': " << *outcome.failure);
  }
  return failures;
}

}  // namespace

void run_law(const Law& law) {
  std::size_t applied = 0;
  std::vector<std::size_t> broken(exceptions().size(), 0);
  for (const auto& c : cases()) {
    const auto failures = run_case(law, c, applied);
    for (std::size_t i = 0; i < broken.size(); ++i)
      if (exceptions()[i].covers(c, law.name)) broken[i] += failures;
  }
  for (std::size_t i = 0; i < broken.size(); ++i) {
    const auto& e = exceptions()[i];
    if (e.always && e.law == law.name && broken[i] == 0)
      FAIL_CHECK(e.cases << "* now obeys '" << law.name << "'; remove the exception: " << e.reason);
  }
  CHECK(applied >= law.at_least);
}

Outcome value_equals_reference(const Case& c, const Signature& s, std::uint64_t seed) {
  const auto args = samples(s, seed);
  std::vector<Host> hosts;
  for (const auto& a : args) hosts.push_back(read(a));
  const auto want = c.reference(hosts);
  const auto got = c.f(args);
  if (got.size() != want.size()) return {true, "wrong number of results"};
  for (std::size_t k = 0; k < got.size(); ++k) {
    const auto ulps = want[k].dtype == DType::float32 ? c.ulps32 : c.ulps64;
    if (auto d = difference(read(got[k]), want[k], Tolerance::within_ulps(ulps))) return {true, d};
  }
  return {};
}

Outcome jit_equals_eager(const Case& c, const Signature& s, std::uint64_t seed) {
  const auto args = samples(s, seed);
  const auto want = c.f(args);
  if (auto o = compare(jitted(c.f)(args), want, {}, "jit"); o.failure) return o;
  return compare(interpreted(c.f, args), want, {}, "interpreted jaxpr");
}

namespace {

// Rank-0 float64 and int64 arguments as C++ numbers would come.
Arrays made_weak(Arrays args) {
  for (auto& x : args)
    if (x.ndim() == 0 && x.dtype() == DType::float64) x = Array(x.item<double>());
    else if (x.ndim() == 0 && x.dtype() == DType::int64) x = Array(x.item<std::int64_t>());
  return args;
}

Outcome same_avals(const Case& c, const Arrays& args) {
  const auto predicted = detail::out_avals(*jaxpr_of(c.f, args).jaxpr);
  const auto eager = avals(c.f(args)), compiled = avals(jitted(c.f)(args));
  for (const auto* came : {&eager, &compiled}) {
    if (came->size() != predicted.size()) return {true, "wrong number of results"};
    for (std::size_t k = 0; k < predicted.size(); ++k) {
      if ((*came)[k] == predicted[k]) continue;
      std::ostringstream text;
      text << "result " << k << " of " << (came == &eager ? "eager" : "jit") << ": predicted " << predicted[k]
           << (predicted[k].weak ? " weak" : " strong") << ", came " << (*came)[k] << ((*came)[k].weak ? " weak" : " strong");
      return {true, text.str()};
    }
  }
  return {};
}

}  // namespace

Outcome avals_are_what_came_out(const Case& c, const Signature& s, std::uint64_t seed) {
  const auto args = samples(s, seed);
  if (auto o = same_avals(c, args); o.failure) return o;
  return same_avals(c, made_weak(args));
}

Outcome jaxprs_typecheck(const Case& c, const Signature& s, std::uint64_t seed) {
  const auto args = samples(s, seed);
  const auto jaxpr = jaxpr_of(c.f, args).jaxpr;
  typecheck(*jaxpr);
  bool found = false;
  for (const auto& e : jaxpr->eqns) found = found || e.prim->name() == c.primitive;
  if (!found) return {true, "the jaxpr does not contain " + c.primitive + ": " + to_string(*jaxpr)};
  if (!args.empty()) {
    const FlatAxes axes(args.size(), 0);
    Arrays batched;
    for (const auto& x : args) {
      Shape shape = x.shape();
      shape.insert(0, 2);
      batched.push_back(lax::broadcast_in_dim(x, shape, [&] {
        Dims d;
        for (std::int64_t i = 1; i <= x.ndim(); ++i) d.push_back(i);
        return d;
      }()));
    }
    typecheck(*jaxpr_of(vmapped(c.f, axes, 2), batched).jaxpr);
  }
  const auto active = active_arguments(c, s);
  if (!any(active)) return {};
  Arrays tangents;
  for (std::size_t i = 0; i < active.size(); ++i)
    if (active[i]) tangents.push_back(args[i]);
  const auto second = joined(std::vector<Array>(args), tangents);
  typecheck(*jaxpr_of(jvp_of(c.f, active), second).jaxpr);
  const auto cotangents = random_like_floating(c.f(args), seed);
  typecheck(*jaxpr_of(vjp_of(c.f, active), joined(args, cotangents)).jaxpr);
  return {};
}

// --- text ---

namespace {

Outcome fixpoint(const ClosedJaxpr& traced, const Arrays* args, const char* what) {
  const auto once = to_string(*traced.jaxpr);
  const auto read = parse_jaxpr(once, {.consts = traced.consts});
  if (const auto twice = to_string(*read.jaxpr); twice != once) return {true, std::string(what) + ": " + once + " became " + twice};
  if (args == nullptr) return {};
  return compare(eval_jaxpr(read, *args), eval_jaxpr(traced, *args), {}, what);
}

}  // namespace

Outcome print_parse_print_is_a_fixpoint(const Case& c, const Signature& s, std::uint64_t seed) {
  const auto args = samples(s, seed);
  if (auto o = fixpoint(jaxpr_of(c.f, args), &args, "the function"); o.failure) return o;
  if (!args.empty()) {
    Arrays batched;
    for (const auto& x : args) batched.push_back(ops::repeat_along_new_axis(x, 2, 0));
    if (auto o = fixpoint(jaxpr_of(vmapped(c.f, FlatAxes(args.size(), 0), 2), batched), &batched, "vmap"); o.failure) return o;
  }
  const auto active = active_arguments(c, s);
  if (!any(active)) return {};
  const auto with_cotangents = joined(args, random_like_floating(c.f(args), seed));
  return fixpoint(jaxpr_of(vjp_of(c.f, active), with_cotangents), &with_cotangents, "vjp");
}

// --- layouts -----------------------------------------------------------------------------------------------------

namespace {

Dims all_axes(std::int64_t n, bool backwards = false) {
  Dims d;
  for (std::int64_t i = 0; i < n; ++i) d.push_back(backwards ? n - 1 - i : i);
  return d;
}

Array copied(const Array& x) { return make(read(x)); }

// The same values in another layout; x itself where there is none.
Array column_major(const Array& x) {
  const auto reversed = all_axes(x.ndim(), true);
  return lax::transpose(copied(lax::transpose(x, reversed)), reversed);
}
Array backwards(const Array& x) {
  const auto axes = all_axes(x.ndim());
  return lax::rev(copied(lax::rev(x, axes)), axes);
}
// Every second element of a larger array, whose others are different.
Array every_second(const Array& x) {
  Host big{x.dtype(), x.shape(), {}};
  for (auto& n : big.shape) n = 2 * n + 1;
  const auto small = read(x);
  big.v.assign(static_cast<std::size_t>(element_count(big.shape)), {-77.5, -77});
  Dims start(big.shape.size(), 1), limit = big.shape, strides(big.shape.size(), 2);
  std::size_t flat = 0;
  for (const auto& n : small.v) {
    std::size_t at = 0, rest = flat++;
    std::size_t scale = 1;
    for (std::size_t d = big.shape.size(); d-- > 0;) {
      const auto extent = static_cast<std::size_t>(small.shape[d]);
      at += (1 + 2 * (rest % extent)) * scale;
      rest /= extent;
      scale *= static_cast<std::size_t>(big.shape[d]);
    }
    big.v[at] = n;
  }
  return lax::slice(make(big), start, limit, strides);
}
// The first row everywhere, without copies.
Array repeated_row(const Array& x) {
  if (x.shape()[0] == 0) return x;
  return lax::broadcast_in_dim(copied(take(x, 0, 0)), x.shape(), [&] {
    Dims d;
    for (std::int64_t i = 1; i < x.ndim(); ++i) d.push_back(i);
    return d;
  }());
}

struct Layout {
  const char* name;
  Array (*of)(const Array&);
};
constexpr Layout kLayouts[] = {
    {"column-major", column_major}, {"reversed", backwards}, {"every second element", every_second}, {"repeated row", repeated_row}};

Outcome in_every_layout(const Case& c, const Signature& s, std::uint64_t seed, Tolerance tolerance) {
  const auto plain = samples(s, seed);
  bool applies = false;
  for (const auto& layout : kLayouts)
    for (std::size_t which = 0; which <= plain.size(); ++which) {  // one argument, or all of them
      if (which == plain.size() && plain.size() < 2) continue;
      Arrays views = plain, copies;
      bool changed = false;
      for (std::size_t i = 0; i < views.size(); ++i) {
        if ((which != plain.size() && which != i) || views[i].ndim() == 0) continue;
        views[i] = layout.of(views[i]);
        changed = true;
      }
      if (!changed) continue;
      applies = true;
      for (const auto& v : views) copies.push_back(copied(v));
      const auto want = c.f(copies);
      if (auto o = compare(c.f(views), want, tolerance, layout.name); o.failure) return o;
      if (auto o = compare(jitted(c.f)(views), want, tolerance, layout.name); o.failure) return {true, "jit, " + *o.failure};
    }
  return {applies, {}};
}

}  // namespace

Outcome layout_does_not_matter(const Case& c, const Signature& s, std::uint64_t seed) { return in_every_layout(c, s, seed, {}); }
Outcome layout_hardly_matters(const Case& c, const Signature& s, std::uint64_t seed) {
  if (!excepted(c, "layout does not matter")) return {false, {}};
  return in_every_layout(c, s, seed, s.args[0].dtype == DType::float32 ? Tolerance::close(1e-5, 0) : Tolerance::close(1e-13, 0));
}

}  // namespace fluxion::test

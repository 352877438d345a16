// Laws about vmap, and about transformations of transformations.
#include <cmath>
#include <sstream>

#include <fluxion/lax.hpp>

#include "lax/laws.hpp"

namespace fluxion::test {

namespace {

constexpr std::int64_t kSize = 3;
enum class Mapped : char { none, first, last };

// The signature's arguments, the mapped ones with an axis of kSize more.
Arrays batched_samples(const Signature& s, const std::vector<Mapped>& mapped, std::uint64_t seed) {
  Arrays out;
  for (std::size_t i = 0; i < s.args.size(); ++i) {
    Arg a = s.args[i];
    if (mapped[i] != Mapped::none) a.shape.insert(mapped[i] == Mapped::first ? 0 : a.shape.size(), kSize);
    out.push_back(make(sample(a, seed++)));
  }
  return out;
}

FlatAxes axes_of(const std::vector<Mapped>& mapped) {
  FlatAxes axes;
  for (const auto m : mapped)
    axes.push_back(m == Mapped::none ? std::optional<std::int64_t>() : m == Mapped::first ? 0 : -1);
  return axes;
}

Arrays slices(const Arrays& args, const FlatAxes& axes, std::int64_t i) {
  Arrays out;
  for (std::size_t k = 0; k < args.size(); ++k) out.push_back(axes[k] ? take(args[k], *axes[k], i) : args[k]);
  return out;
}

std::string text_of(const FlatAxes& axes) {
  std::ostringstream s;
  s << "in_axes (";
  for (const auto& a : axes) a ? s << *a << "," : s << "none,";
  s << ")";
  return s.str();
}

// Every choice of axes but none for all.
std::vector<std::vector<Mapped>> choices(std::size_t n, std::vector<Mapped> of) {
  std::vector<std::vector<Mapped>> out{{}};
  for (std::size_t i = 0; i < n; ++i) {
    std::vector<std::vector<Mapped>> longer;
    for (const auto& c : out)
      for (const auto m : of) {
        longer.push_back(c);
        longer.back().push_back(m);
      }
    out = std::move(longer);
  }
  std::erase_if(out, [](const auto& c) { return std::count(c.begin(), c.end(), Mapped::none) == static_cast<std::ptrdiff_t>(c.size()); });
  return out;
}

Outcome against_loop(const Case& c, const Signature& s, std::uint64_t seed, Tolerance t) {
  if (s.args.empty()) return {false, {}};
  std::int64_t out_axis = -1;
  for (const auto& mapped : choices(s.args.size(), {Mapped::none, Mapped::first, Mapped::last})) {
    out_axis = -1 - out_axis;  // 0 and -1 in turn
    const auto args = batched_samples(s, mapped, seed);
    const auto axes = axes_of(mapped);
    const auto got = vmapped(c.f, axes, kSize, out_axis)(args);
    for (std::int64_t i = 0; i < kSize; ++i) {
      Arrays lane;
      for (const auto& x : got) lane.push_back(take(x, out_axis, i));
      const auto what = text_of(axes) + " lane " + std::to_string(i);
      if (auto o = compare(lane, c.f(slices(args, axes, i)), t, what.c_str()); o.failure) return o;
    }
  }
  return {};
}

Tolerance rounding(const Arrays& xs) {
  for (const auto& x : xs)
    if (x.dtype() == DType::float32) return Tolerance::close(1e-5, 1e-5);
  return Tolerance::close(1e-12, 1e-12);
}

std::size_t count(const std::vector<char>& mask) { return static_cast<std::size_t>(std::count(mask.begin(), mask.end(), 1)); }

}  // namespace

Outcome vmap_equals_loop(const Case& c, const Signature& s, std::uint64_t seed) { return against_loop(c, s, seed, {}); }
Outcome vmap_is_close_to_loop(const Case& c, const Signature& s, std::uint64_t seed) {
  if (!excepted(c, "vmap equals the loop to the bit")) return {false, {}};
  return against_loop(c, s, seed, rounding(samples(s, seed)));
}

Outcome jit_commutes_with_derivatives(const Case& c, const Signature& s, std::uint64_t seed) {
  const auto active = active_arguments(c, s);
  if (!any(active)) return {false, {}};
  const auto args = samples(s, seed);
  Arrays point;
  for (std::size_t i = 0; i < args.size(); ++i)
    if (active[i]) point.push_back(args[i]);
  const auto forward = joined(args, random_like_floating(point, seed));
  const auto want = jvp_of(c.f, active)(forward);
  if (auto o = compare(jitted(jvp_of(c.f, active))(forward), want, {}, "jit of jvp"); o.failure) return o;
  if (auto o = compare(jvp_of(jitted(c.f), active)(forward), want, {}, "jvp of jit"); o.failure) return o;
  const auto backward = joined(args, random_like_floating(c.f(args), seed + 1));
  const auto gradient = vjp_of(c.f, active)(backward);
  if (auto o = compare(jitted(vjp_of(c.f, active))(backward), gradient, {}, "jit of vjp"); o.failure) return o;
  if (auto o = compare(vjp_of(jitted(c.f), active)(backward), gradient, {}, "vjp of jit"); o.failure) return o;
  return compare(jitted(vjp_of(jitted(c.f), active))(backward), gradient, {}, "jit of vjp of jit");
}

Outcome jit_commutes_with_vmap(const Case& c, const Signature& s, std::uint64_t seed) {
  if (s.args.empty()) return {false, {}};
  for (const auto& mapped : choices(s.args.size(), {Mapped::none, Mapped::first})) {
    const auto args = batched_samples(s, mapped, seed);
    const auto axes = axes_of(mapped);
    const auto want = vmapped(c.f, axes, kSize)(args);
    const auto what = text_of(axes);
    if (auto o = compare(jitted(vmapped(c.f, axes, kSize))(args), want, {}, ("jit of vmap, " + what).c_str()); o.failure) return o;
    if (auto o = compare(vmapped(jitted(c.f), axes, kSize)(args), want, {}, ("vmap of jit, " + what).c_str()); o.failure) return o;
  }
  return {};
}

// Tangents are mapped as their arguments are.
Outcome vmap_commutes_with_jvp(const Case& c, const Signature& s, std::uint64_t seed) {
  const auto active = active_arguments(c, s);
  if (!any(active)) return {false, {}};
  for (const auto& mapped : choices(s.args.size(), {Mapped::none, Mapped::first})) {
    auto args = batched_samples(s, mapped, seed);
    const auto axes = axes_of(mapped);
    auto both = axes;
    Arrays point;
    for (std::size_t i = 0; i < active.size(); ++i)
      if (active[i]) {
        point.push_back(args[i]);
        both.push_back(axes[i]);
      }
    const auto all = joined(args, random_like_floating(point, seed));
    const auto want = vmapped(jvp_of(c.f, active), both, kSize)(all);
    const auto got = jvp_of(vmapped(c.f, axes, kSize), active)(all);
    if (auto o = compare(got, want, rounding(args), ("jvp of vmap, " + text_of(axes)).c_str()); o.failure) return o;
    const auto compiled = jitted(vmapped(jitted(jvp_of(c.f, active)), both, kSize))(all);
    if (auto o = compare(compiled, want, {}, ("jit of vmap of jit of jvp, " + text_of(axes)).c_str()); o.failure) return o;
  }
  return {};
}

// The gradient of a shared argument is the sum of those of the lanes.
Outcome vmap_commutes_with_vjp(const Case& c, const Signature& s, std::uint64_t seed) {
  const auto active = active_arguments(c, s);
  if (!any(active)) return {false, {}};
  for (const auto& mapped : choices(s.args.size(), {Mapped::none, Mapped::first})) {
    const auto args = batched_samples(s, mapped, seed);
    const auto axes = axes_of(mapped);
    const auto whole = vmapped(c.f, axes, kSize);
    const auto all = joined(args, random_like_floating(whole(args), seed + 3));
    auto both = axes;
    both.resize(all.size(), 0);
    auto want = vmapped(vjp_of(c.f, active), both, kSize)(all);
    const auto first = want.size() - count(active);
    for (std::size_t i = 0, next = first; i < active.size(); ++i) {
      if (!active[i]) continue;
      if (!axes[i]) want[next] = lax::reduce_sum(want[next], {0});
      ++next;
    }
    const auto got = vjp_of(whole, active)(all);
    if (auto o = compare(got, want, rounding(args), ("vjp of vmap, " + text_of(axes)).c_str()); o.failure) return o;
    const auto compiled = jitted(vjp_of(vmapped(jitted(c.f), axes, kSize), active))(all);
    if (auto o = compare(compiled, got, rounding(args), ("jit of vjp of vmap of jit, " + text_of(axes)).c_str()); o.failure) return o;
  }
  return {};
}

// Two mapped axes: argument 0 along both, the others along one of them.
Outcome vmap_nests(const Case& c, const Signature& s, std::uint64_t seed) {
  if (s.args.empty()) return {false, {}};
  Signature batched = s;
  FlatAxes inner(s.args.size()), outer(s.args.size());
  for (std::size_t i = 0; i < s.args.size(); ++i) {
    auto& shape = batched.args[i].shape;
    if (i % 2 == 0) {
      inner[i] = -1;
      shape.push_back(kSize);
    }
    if (i % 2 == 1 || i == 0) {
      outer[i] = 0;
      shape.insert(0, 2);
    }
  }
  const auto args = samples(batched, seed);
  const auto inside = vmapped(c.f, inner, kSize);
  const auto got = vmapped(inside, outer, 2)(args);
  const bool exact = !excepted(c, "vmap equals the loop to the bit");
  for (std::int64_t i = 0; i < 2; ++i) {
    Arrays row;
    for (const auto& x : got) row.push_back(take(x, 0, i));
    const auto want = inside(slices(args, outer, i));
    if (auto o = compare(row, want, exact ? Tolerance{} : rounding(args), "vmap of vmap"); o.failure) return o;
  }
  return compare(jitted(vmapped(jitted(inside), outer, 2))(args), got, {}, "jit of vmap of jit of vmap");
}

}  // namespace fluxion::test

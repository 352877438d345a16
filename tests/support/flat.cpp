#include "support/flat.hpp"

#include "core/jaxpr.hpp"

namespace fluxion::test {

namespace {

// f as a function of its active arguments only.
struct Split {
  Arrays active;
  FlatFn f;
};
Split split(const FlatFn& f, const Arrays& args, const std::vector<char>& active) {
  Split s;
  for (std::size_t i = 0; i < active.size(); ++i)
    if (active[i]) s.active.push_back(args[i]);
  s.f = [f, args, active](const Arrays& some) {
    Arrays all(args.begin(), args.begin() + static_cast<std::ptrdiff_t>(active.size()));
    for (std::size_t i = 0, next = 0; i < active.size(); ++i)
      if (active[i]) all[i] = some[next++];
    return f(all);
  };
  return s;
}

Arrays with_floating(Arrays primals, const Arrays& tangents) {
  const auto n = primals.size();
  for (std::size_t i = 0; i < n; ++i)
    if (is_inexact(primals[i].dtype())) primals.push_back(tangents[i]);
  return primals;
}

}  // namespace

std::vector<Aval> avals(const Arrays& xs) {
  std::vector<Aval> out;
  for (const auto& x : xs) out.push_back(x.aval());
  return out;
}

FlatFn jitted(FlatFn f) {
  return [f = std::move(f)](const Arrays& args) {
    Arrays out;
    detail::call_jit(*detail::trace_jit(f, avals(args), "f"), args, out);
    return out;
  };
}

FlatFn jvp_of(FlatFn f, std::vector<char> active) {
  return [f = std::move(f), active = std::move(active)](const Arrays& args) {
    const auto s = split(f, args, active);
    const auto tangents = part(args, active.size(), s.active.size());
    auto r = detail::jvp_flat(s.f, s.active, tangents);
    return with_floating(std::move(r.primals), r.tangents);
  };
}

FlatFn linearized_of(FlatFn f, std::vector<char> active) {
  return [f = std::move(f), active = std::move(active)](const Arrays& args) {
    const auto s = split(f, args, active);
    auto lin = detail::linearize_flat(s.f, s.active, "linearize");
    const auto tangents = lin.map.forward(part(args, active.size(), s.active.size()));
    return with_floating(std::move(lin.primals_out), tangents);
  };
}

FlatFn vjp_of(FlatFn f, std::vector<char> active) {
  return [f = std::move(f), active = std::move(active)](const Arrays& args) {
    const auto s = split(f, args, active);
    auto lin = detail::linearize_flat(s.f, s.active, "vjp");
    Arrays cts(lin.primals_out.size());
    for (std::size_t i = 0, next = active.size(); i < cts.size(); ++i)
      if (is_inexact(lin.primals_out[i].dtype())) cts[i] = args[next++];
    return joined(std::move(lin.primals_out), lin.map.backward(cts));
  };
}

FlatFn vmapped(FlatFn f, FlatAxes in_axes, std::int64_t size, std::int64_t out_axis) {
  return [=](const Arrays& args) {
    return detail::vmap_flat(f, args, in_axes, size, [out_axis](std::size_t n) { return FlatAxes(n, out_axis); });
  };
}

detail::ClosedJaxpr jaxpr_of(const FlatFn& f, const Arrays& args) { return detail::make_jaxpr_flat(f, avals(args), "make_jaxpr"); }

Arrays interpreted(const FlatFn& f, const Arrays& args) {
  const auto closed = jaxpr_of(f, args);
  return eval_jaxpr(*closed.jaxpr, joined(closed.consts, args));
}

}  // namespace fluxion::test

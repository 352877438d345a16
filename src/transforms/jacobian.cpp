// jacfwd and jacrev: jvp or vjp mapped over the standard basis; jax.jacfwd, jax.jacrev.
#include "base/text.hpp"
#include "transforms/flat_calls.hpp"

namespace fluxion::detail {
namespace {

Shape joined(const Shape& a, const Shape& b) {
  Shape out = a;
  for (auto d : b) out.push_back(d);
  return out;
}

std::int64_t total_size(const std::vector<Aval>& leaves) {
  std::int64_t n = 0;
  for (const auto& a : leaves) n += a.size();
  return n;
}

[[noreturn]] void throw_not_complex(const char* op, const Aval& got) {
  throw TypeError(text(op, ": with holomorphic = true every result must be complex, got ", got,
                       "; leave the option out for real-valued functions"));
}

// The auxiliary part depends on no tangent, so it comes out of the vmap as it is.
JacobianResult forward_jacobian(FlatCall& f, bool holomorphic) {
  const auto in = avals_of(f.leaves);
  std::vector<Shape> out_shapes;
  const auto push = [&](const Arrays& tangents) {
    auto r = jvp_flat([&f](const Arrays& x) { return f(x); }, f.leaves, tangents);
    const auto n = f.out.num_leaves();
    for (std::size_t i = 0; i < n; ++i)
      if (holomorphic && !is_complex(r.primals[i].dtype())) throw_not_complex("jacfwd", r.primals[i].aval());
    r.tangents.resize(n);
    for (const auto& x : r.tangents) out_shapes.push_back(x.shape());
    r.tangents.insert(r.tangents.end(), r.primals.begin() + static_cast<std::ptrdiff_t>(n), r.primals.end());
    return std::move(r.tangents);
  };
  const auto last_axis = [&](std::size_t n) {
    FlatAxes axes(n);
    for (std::size_t i = 0; i < out_shapes.size(); ++i) axes[i] = static_cast<std::int64_t>(out_shapes[i].size());
    return axes;
  };
  auto columns = vmap_flat(push, standard_basis(in), FlatAxes(in.size(), 0), total_size(in), last_axis);
  JacobianResult out;
  out.aux = split_off(columns, out_shapes.size());
  std::int64_t first = 0;
  for (const auto& a : in) {
    Arrays blocks;
    for (std::size_t o = 0; o < columns.size(); ++o) {
      blocks.push_back(columns[o][{ellipsis, range(first, first + a.size())}].reshape(joined(out_shapes[o], a.shape)));
    }
    out.jacobian.push_back(std::move(blocks));
    first += a.size();
  }
  return out;
}

JacobianResult reverse_jacobian(FlatCall& f, bool holomorphic) {
  auto linear = linearize_flat([&f](const Arrays& x) { return f(x); }, f.leaves, "jacrev", [&f] { return f.aux.num_leaves(); });
  JacobianResult out;
  out.aux = split_off(linear.primals_out, f.out.num_leaves());
  const auto outs = avals_of(linear.primals_out);
  for (const auto& a : outs) {
    if (holomorphic && !is_complex(a.dtype)) throw_not_complex("jacrev", a);
    if (!holomorphic && !is_floating(a.dtype))
      throw TypeError(text("jacrev: every result must be of a floating dtype, got ", a,
                           is_complex(a.dtype) ? "; pass {.holomorphic = true} if the function is holomorphic, or use fx::vjp"
                                               : "; return it apart, or cast it"));
  }
  const auto rows = vmap_flat([&](const Arrays& cts) { return linear.map.backward(cts); }, standard_basis(outs),
                              FlatAxes(outs.size(), 0), total_size(outs), [](std::size_t n) { return FlatAxes(n, 0); });
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Arrays blocks;
    std::int64_t first = 0;
    for (const auto& a : outs) {
      blocks.push_back(rows[i][range(first, first + a.size())].reshape(joined(a.shape, f.leaves[i].shape())));
      first += a.size();
    }
    out.jacobian.push_back(std::move(blocks));
  }
  return out;
}

}  // namespace

JacobianResult jacobian_call(FlatCall& f, bool forward, GradDTypes dtypes) {
  check_differentiable(f, forward ? "jacfwd" : "jacrev", dtypes);
  if (!forward) return reverse_jacobian(f, dtypes.holomorphic);
  for (std::size_t i = 0; i < f.leaves.size(); ++i)
    if (!dtypes.holomorphic && is_complex(f.leaves[i].dtype()))
      throw TypeError(text("jacfwd: differentiated inputs must be real, got ", f.leaves[i].aval(), " for ", leaf_paths(f)[i],
                           "; pass {.holomorphic = true} if the function is holomorphic, or use fx::jvp"));
  return forward_jacobian(f, dtypes.holomorphic);
}

}  // namespace fluxion::detail

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

std::vector<Arrays> forward_jacobian(FlatCall& f) {
  const auto in = avals_of(f.leaves);
  std::vector<Shape> out_shapes;
  const auto push = [&](const Arrays& tangents) {
    auto t = jvp_flat([&f](const Arrays& x) { return f(x); }, f.leaves, tangents).tangents;
    for (const auto& x : t) out_shapes.push_back(x.shape());
    return t;
  };
  const auto last_axis = [&](std::size_t n) {
    FlatAxes axes(n);
    for (std::size_t i = 0; i < n; ++i) axes[i] = static_cast<std::int64_t>(out_shapes[i].size());
    return axes;
  };
  const auto columns = vmap_flat(push, standard_basis(in), FlatAxes(in.size(), 0), total_size(in), last_axis);
  std::vector<Arrays> out;
  std::int64_t first = 0;
  for (const auto& a : in) {
    Arrays blocks;
    for (std::size_t o = 0; o < columns.size(); ++o) {
      blocks.push_back(columns[o][{ellipsis, range(first, first + a.size())}].reshape(joined(out_shapes[o], a.shape)));
    }
    out.push_back(std::move(blocks));
    first += a.size();
  }
  return out;
}

std::vector<Arrays> reverse_jacobian(FlatCall& f) {
  const auto linear = linearize_flat([&f](const Arrays& x) { return f(x); }, f.leaves, "jacrev");
  const auto outs = avals_of(linear.primals_out);
  for (const auto& a : outs) {
    if (!is_floating(a.dtype)) {
      throw TypeError(text("jacrev: every result must be of a floating dtype, got ", a, "; return it apart, or cast it"));
    }
  }
  const auto rows = vmap_flat([&](const Arrays& cts) { return linear.map.backward(cts); }, standard_basis(outs),
                              FlatAxes(outs.size(), 0), total_size(outs), [](std::size_t n) { return FlatAxes(n, 0); });
  std::vector<Arrays> out;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Arrays blocks;
    std::int64_t first = 0;
    for (const auto& a : outs) {
      blocks.push_back(rows[i][range(first, first + a.size())].reshape(joined(a.shape, f.leaves[i].shape())));
      first += a.size();
    }
    out.push_back(std::move(blocks));
  }
  return out;
}

}  // namespace

std::vector<Arrays> jacobian_call(FlatCall& f, bool forward) {
  check_differentiable(f, forward ? "jacfwd" : "jacrev");
  return forward ? forward_jacobian(f) : reverse_jacobian(f);
}

}  // namespace fluxion::detail

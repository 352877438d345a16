// The compiled halves of grad, jvp, vjp and linearize: what is checked before and after the erased call.
#include <fluxion/detail/flat_calls.hpp>

#include "base/text.hpp"
#include "core/ops.hpp"
#include "transforms/flat_calls.hpp"

namespace fluxion::detail {

std::vector<std::string> leaf_paths(const FlatCall& f) { return f.in.paths(argument_names(f.arguments)); }

void check_leaves_hold_values(const FlatCall& f, const char* op) {
  for (std::size_t i = 0; i < f.leaves.size(); ++i) {
    if (f.leaves[i].is_empty_handle()) {
      throw TypeError(text(op, ": every argument must hold a value, got an empty handle (default-constructed or "
                           "moved-from) in ", leaf_paths(f)[i], "; assign it first"));
    }
  }
}

std::vector<Aval> avals_of(ArraySpan xs) {
  std::vector<Aval> out;
  out.reserve(xs.size());
  for (const auto& x : xs) out.push_back(x.aval());
  return out;
}

void check_differentiable(const FlatCall& f, const char* op, GradDTypes dtypes) {
  check_leaves_hold_values(f, op);
  for (std::size_t i = 0; i < f.leaves.size(); ++i) {
    const auto& x = f.leaves[i];
    if (dtypes.holomorphic && !is_complex(x.dtype()))
      throw TypeError(text(op, ": with holomorphic = true differentiated inputs must be complex, got ", x.aval(), " for ",
                           leaf_paths(f)[i], "; convert it with astype(fx::complex128), or choose other argnums"));
    if (!dtypes.allow_int && !is_inexact(x.dtype())) check_grad_input(x, leaf_paths(f)[i], op);
  }
}

Arrays checked_tangents(const TreeWriter& given, const TreeDef& structure, std::span<const Aval> primals, const char* op,
                        const char* what, std::span<const std::string> roots) {
  const auto named = text(op, ": ", what);
  check_same_structure(structure, TreeDef(given), named.c_str(), roots);
  Arrays out = given.leaves;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (out[i].is_empty_handle()) continue;
    const Aval want = ops::tangent_aval(primals[i]);
    if (!same_type(want, out[i].aval())) {
      const auto message = text(op, ": the ", what, " of ", structure.paths(roots)[i], " must be ", want, ", got ",
                                out[i].aval(), "; ",
                                want.dtype == DType::float0 ? "integers, booleans and keys take an empty Array{}"
                                : want.shape == out[i].shape() ? "cast it with .astype, or fx::scalar<T> makes a scalar of that dtype"
                                                               : "give it the shape of what it belongs to");
      if (want.shape != out[i].shape()) throw ValueError(message);
      throw TypeError(message);
    }
    if (want.dtype == DType::float0) out[i] = Array();
  }
  return out;
}

namespace {

FlatFn erased(FlatCall& f) {
  return [&f](const Arrays& in) { return f(in); };
}

const std::string kResult[] = {"result"};

}  // namespace

Arrays split_off(Arrays& xs, std::size_t n) {
  Arrays rest(std::make_move_iterator(xs.begin() + static_cast<std::ptrdiff_t>(n)), std::make_move_iterator(xs.end()));
  xs.resize(n);
  return rest;
}

GradResult grad_call(FlatCall& f, const char* op, GradDTypes dtypes) {
  check_differentiable(f, op, dtypes);
  auto linear = linearize_flat(erased(f), f.leaves, op, [&f] { return f.aux.num_leaves(); });
  const Array& value = linear.primals_out[0];
  check_grad_output(value, op, dtypes.holomorphic);
  Arrays grads = linear.map.backward({ops::ones_like_aval(value.aval())});
  return {std::move(linear.primals_out), std::move(grads)};
}

PrimalsTangents jvp_call(FlatCall& f, const TreeWriter& tangents) {
  check_leaves_hold_values(f, "jvp");
  const auto roots = argument_names(f.arguments);
  auto checked = checked_tangents(tangents, f.in, avals_of(f.leaves), "jvp", "tangent", roots);
  return jvp_flat(erased(f), f.leaves, checked);
}

LinearizedCall linearize_call(FlatCall& f, const char* op) {
  check_leaves_hold_values(f, op);
  auto linear = linearize_flat(erased(f), f.leaves, op, [&f] { return f.aux.num_leaves(); });
  return {std::move(linear.primals_out), std::make_shared<const Derivative>(Derivative{std::move(linear.map), f.in, f.out})};
}

Arrays push_forward(const Derivative& d, const TreeWriter& tangents) {
  std::vector<int> positions(decode(d.in).size());
  for (std::size_t i = 0; i < positions.size(); ++i) positions[i] = static_cast<int>(i);
  const auto roots = argument_names(positions);
  return d.map.forward(checked_tangents(tangents, d.in, d.map.in_avals(), "linearize", "tangent", roots));
}

Arrays pull_back(const Derivative& d, const TreeWriter& cotangents) {
  return d.map.backward(checked_tangents(cotangents, d.out, d.map.out_avals(), "vjp", "cotangent", kResult));
}

}  // namespace fluxion::detail

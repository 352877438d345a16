// The operations that core and the transformations declare and leave to this layer.
#include "core/node.hpp"
#include "lax/control_flow/tape.hpp"
#include "lax/rules.hpp"

namespace fluxion {

namespace ops {

Aval tangent_aval(const Aval& primal) {
  return is_inexact(primal.dtype) || is_tape(primal.dtype) ? primal : Aval{primal.shape, DType::float0, false};
}

Array ones_like_aval(const Aval& aval) { return lax::full(aval.shape, make_scalar(aval.dtype, 1.0, aval.weak)); }

Array add_tangents(const Array& a, const Array& b) {
  if (a.is_empty_handle()) return b;
  if (b.is_empty_handle()) return a;
  return is_tape(a.dtype()) ? lax::tape_add(a, b) : lax::add(a, b);
}

Array scaled(const Array& x, double factor) { return factor == 1 ? x : lax::mul(x, make_scalar(x.dtype(), factor)); }
Array product(const Array& a, const Array& b) { return lax::mul(a, b); }

Array instantiate(const Array& x, const Aval& aval) { return x.is_empty_handle() ? zeros_like_aval(aval) : x; }

Array move_axis(const Array& x, std::int64_t from, std::int64_t to) {
  if (from == to) return x;
  auto perm = lax::iota_dims(0, x.ndim());
  perm.erase(static_cast<std::size_t>(from));
  perm.insert(static_cast<std::size_t>(to), from);
  return lax::transpose(x, perm);
}

Array sum_leading_axis(const Array& x) { return lax::reduce_sum(x, {0}); }

Array with_weakness(const Array& x, const Aval& aval) { return lax::convert_element_type(x, aval.dtype, aval.weak); }

Array repeat_along_new_axis(const Array& x, std::int64_t n, std::int64_t axis) {
  auto shape = x.shape();
  shape.insert(static_cast<std::size_t>(axis), n);
  return lax::broadcast_in_dim(x, shape, lax::remaining(static_cast<std::int64_t>(shape.size()), {axis}));
}

Array sum_axis(const Array& x, std::int64_t axis) { return lax::reduce_sum(x, {axis}); }
Array keep_where(const Array& pred, bool when, const Array& x) {
  const auto zero = make_scalar(x.dtype(), 0.0);
  return when ? lax::select_n(pred, zero, x) : lax::select_n(pred, x, zero);
}

Array either(const Array& a, const Array& b) { return lax::bitwise_or(a, b); }
Array both(const Array& a, const Array& b) { return lax::bitwise_and(a, b); }
Array negation(const Array& a) { return lax::bitwise_not(a); }

Array indicator(const Array& pred, bool when, const Aval& aval) {
  const auto one = make_scalar(aval.dtype, 1.0);
  const auto ones = keep_where(pred, when, pred.ndim() == 0 ? one : lax::full(pred.shape(), one));
  return lax::convert_element_type(lax::broadcast_scalar(ones, aval.shape), aval.dtype, aval.weak);
}
Array nonzero(const Array& x) { return lax::ne(x, make_scalar(x.dtype(), 0.0)); }

Array sum_to(const Array& x, const Aval& aval) { return lax::unbroadcast(x, aval); }

}  // namespace ops

namespace detail {

Array zeros_like_aval(const Aval& aval) {
  if (aval.dtype == DType::float0)
    return make_array({aval.shape, DType::float0, false}, allocate(0), nullptr, contiguous_strides(aval.shape));
  return lax::full(aval.shape, make_scalar(aval.dtype, 0.0));
}

Arrays standard_basis(const std::vector<Aval>& leaves) {
  std::int64_t n = 0;
  for (const auto& a : leaves) n += a.size();
  Arrays out;
  std::int64_t first = 0;
  for (const auto& a : leaves) {
    const Shape block{n, a.size()};
    const auto row = lax::iota(DType::int64, block, 0);
    const auto column = lax::add(lax::iota(DType::int64, block, 1), make_scalar(DType::int64, static_cast<double>(first)));
    auto shape = a.shape;
    shape.insert(0, n);
    out.push_back(lax::reshape(lax::convert_element_type(lax::eq(row, column), a.dtype), shape));
    first += a.size();
  }
  return out;
}

}  // namespace detail
}  // namespace fluxion

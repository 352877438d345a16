#include "lax/broadcasting.hpp"

#include <algorithm>

#include <fluxion/lax.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "lax/promote.hpp"

namespace fluxion {

namespace {

[[noreturn]] void throw_mismatch(const char* op, std::span<const Shape> shapes) {
  std::string list;
  for (std::size_t i = 0; i < shapes.size(); ++i)
    list += text(i == 0 ? "" : i + 1 == shapes.size() ? " and " : ", ", shapes[i]);
  throw ValueError(
      text(op, ": operands could not be broadcast together, got shapes ", list,
           "; sizes must be equal or 1, counted from the last axis (reshape, or index with newaxis)"));
}

bool broadcasts_to(const Shape& from, const Shape& to) {
  if (from.size() > to.size()) return false;
  const auto lead = to.size() - from.size();
  for (std::size_t i = 0; i < from.size(); ++i)
    if (from[i] != 1 && from[i] != to[lead + i]) return false;
  return true;
}

}  // namespace

Shape broadcast_shapes(const char* op, std::span<const Shape> shapes) {
  std::size_t rank = 0;
  for (const auto& s : shapes) rank = std::max(rank, s.size());
  Shape out(rank, 1);
  for (const auto& s : shapes)
    for (std::size_t i = 0; i < s.size(); ++i) {
      auto& d = out[rank - s.size() + i];
      if (s[i] == 1 || s[i] == d) continue;
      if (d != 1) throw_mismatch(op, shapes);
      d = s[i];
    }
  return out;
}

Array broadcast_to_shape(const char* op, const Array& x, const Shape& shape) {
  if (x.shape() == shape) return x;
  checked_element_count(op, shape);
  if (!broadcasts_to(x.shape(), shape))
    throw ValueError(
        text(op, ": the shape must broadcast to ", shape, ", got ", x.shape(),
             "; sizes must be equal or 1, counted from the last axis (reshape, or index with newaxis)"));
  Dims dims;
  for (auto i = shape.size() - x.shape().size(); i < shape.size(); ++i)
    dims.push_back(static_cast<std::int64_t>(i));
  return lax::broadcast_in_dim(x, shape, dims);
}

void broadcast_operands(const char* op, std::span<Array> xs, bool all) {
  std::vector<Shape> shapes;
  for (const auto& x : xs) shapes.push_back(x.shape());
  const auto shape = broadcast_shapes(op, shapes);
  for (auto& x : xs)
    if (all || x.ndim() != 0) x = broadcast_to_shape(op, x, shape);
}

namespace {

Array apply_broadcast(const char* op, Binary f, Array a, Array b) {
  if (fit_together(a, b)) return f(a, b);
  Array pair[] = {std::move(a), std::move(b)};
  broadcast_operands(op, pair);
  return f(pair[0], pair[1]);
}

Array in_type(const char* op, Binary f, const Array& a, const Array& b, DType t, bool weak) {
  return apply_broadcast(op, f, convert(a, t, weak), convert(b, t, weak));
}

Promoted common_type(const char* op, const Array& a, const Array& b) {
  return promote_types(a.dtype(), a.weak_type(), b.dtype(), b.weak_type(), op);
}

}  // namespace

Array promoted(const char* op, Binary f, const Array& a, const Array& b) {
  require_value(op, a);
  require_value(op, b);
  if (fit_together(a, b)) return f(a, b);
  const auto t = common_type(op, a, b);
  return in_type(op, f, a, b, t.dtype, t.weak);
}

Array promoted_inexact(const char* op, Binary f, const Array& a, const Array& b) {
  require_value(op, a);
  require_value(op, b);
  if (fit_together(a, b) && is_inexact(a.dtype())) return f(a, b);
  const auto t = common_type(op, a, b);
  if (t.dtype > DType::complex128) throw_no_number(op, t.dtype);
  return in_type(op, f, a, b, to_inexact(t), t.weak);
}

Array promoted_numeric(const char* op, Binary f, const Array& a, const Array& b) {
  require_value(op, a);
  require_value(op, b);
  const auto t = common_type(op, a, b);
  return in_type(op, f, a, b, to_numeric(t.dtype), t.weak);
}

Array literal(const Array& x, double v) { return make_scalar(x.dtype(), v, x.weak_type()); }

}  // namespace fluxion

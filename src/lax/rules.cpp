#include "lax/rules.hpp"

#include <algorithm>

#include "core/node.hpp"

namespace fluxion::lax {

Dims iota_dims(std::int64_t first, std::int64_t last) {
  Dims d;
  for (auto i = first; i < last; ++i) d.push_back(i);
  return d;
}

bool contains(const Dims& axes, std::int64_t axis) { return std::find(axes.begin(), axes.end(), axis) != axes.end(); }

Dims remaining(std::int64_t rank, const Dims& a, const Dims& b) {
  Dims d;
  for (std::int64_t i = 0; i < rank; ++i)
    if (!contains(a, i) && !contains(b, i)) d.push_back(i);
  return d;
}

Dims inverse(const Dims& order) {
  Dims p(order.size(), 0);
  for (std::size_t i = 0; i < order.size(); ++i) p[static_cast<std::size_t>(order[i])] = static_cast<std::int64_t>(i);
  return p;
}

Dims shifted(const Dims& axes) {
  Dims d = axes;
  for (auto& a : d) ++a;
  return d;
}

void check_axes(std::string_view op, std::string_view what, const Dims& axes, const Aval& of) {
  for (std::size_t i = 0; i < axes.size(); ++i) {
    if (axes[i] < 0 || axes[i] >= of.ndim())
      throw ValueError(text(op, ": ", what, " must be in [0, ", of.ndim(), "), got ", axes, " for ", of,
                            "; lax counts axes from the front, fx:: functions also from the end"));
    for (std::size_t j = 0; j < i; ++j)
      if (axes[i] == axes[j])
        throw ValueError(text(op, ": ", what, " must be distinct, got ", axes, " for ", of, "; name each axis once"));
  }
}

Aval sized(std::string_view op, Aval a) {
  checked_element_count(op, a.shape);
  return a;
}

Shape elementwise_shape(std::string_view op, AvalSpan in) {
  const Aval* widest = &in[0];
  for (const auto& a : in)
    if (!a.shape.empty()) {
      widest = &a;
      break;
    }
  for (const auto& a : in)
    if (!a.shape.empty() && a.shape != widest->shape)
      throw TypeError(text(op, ": operands must have equal shapes or be scalars, got ", *widest, " and ", a,
                           "; broadcast with fx::broadcast_to, or use the operators, which broadcast"));
  return widest->shape;
}

Arrays batched_operands(const BatchArgs& args) {
  Shape element;
  for (std::size_t i = 0; i < args.operands.size(); ++i) {
    auto s = args.operands[i].shape();
    if (args.mapped[i]) s.erase(0);
    if (s.size() > element.size()) element = s;
  }
  Shape full = element;
  full.insert(0, args.size);
  Arrays out;
  for (std::size_t i = 0; i < args.operands.size(); ++i) {
    const auto& x = args.operands[i];
    if (args.mapped[i]) out.push_back(x.shape() == full ? x : broadcast_in_dim(x, full, {0}));
    else out.push_back(x.ndim() == 0 ? x : broadcast_in_dim(x, full, iota_dims(1, full.size())));
  }
  return out;
}

Array unbroadcast(const Array& ct, const Aval& to) {
  return to.shape.empty() && ct.ndim() > 0 ? reduce_sum(ct, iota_dims(0, ct.ndim())) : ct;
}

Array broadcast_scalar(const Array& t, const Shape& shape) {
  return t.shape() == shape ? t : broadcast_in_dim(t, shape, {});
}

}  // namespace fluxion::lax

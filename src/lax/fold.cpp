// reduce and reduce_window with a computation of the caller's: known ones become primitives, others are applied to
// whole arrays, in an order that only shapes decide.
#include <fluxion/lax/reductions.hpp>

#include <limits>
#include <optional>

#include "base/visit_dtype.hpp"
#include "core/jaxpr.hpp"
#include "core/node.hpp"
#include "ir/op.hpp"
#include "lax/rules.hpp"
#include "lax/windows.hpp"
#include "transforms/vmap.hpp"

namespace fluxion::lax {

namespace {

Avals scalars_like(ArraySpan xs) {
  Avals out;
  for (const auto& x : xs) out.push_back({{}, x.dtype(), false});
  return out;
}

/// A computation on lists, checked: the first half of the arguments and the second combine to as many scalars.
detail::FlatFn checked(std::string_view op, const Computations& computation, Avals want) {
  return [op, computation, want = std::move(want)](const Arrays& args) {
    const auto middle = args.begin() + static_cast<std::ptrdiff_t>(want.size());
    auto out = computation(Arrays(args.begin(), middle), Arrays(middle, args.end()));
    if (out.size() != want.size())
      throw TypeError(text(op, ": the computation must return as many values as are combined, got ", out.size(),
                           " for ", want.size(), "; return one for each operand"));
    for (std::size_t k = 0; k < want.size(); ++k) {
      require_value(op, out[k]);
      if (!same_type(out[k].aval(), want[k]))
        throw TypeError(text(op, ": the computation must return ", want[k], " for two of them, got ", out[k].aval(),
                             "; convert it with astype"));
    }
    return out;
  };
}

Computations of_lists(const Computation& computation) {
  return [computation](const Arrays& a, const Arrays& b) -> Arrays { return {computation(a[0], b[0])}; };
}

void check_init(std::string_view op, ArraySpan xs, ArraySpan init) {
  if (xs.empty() || init.size() != xs.size())
    throw ValueError(text(op, ": one initial value per operand is required, got ", init.size(), " for ", xs.size(),
                          "; give as many"));
  for (std::size_t k = 0; k < xs.size(); ++k) {
    require_value(op, xs[k]);
    require_value(op, init[k]);
    if (init[k].dtype() != xs[k].dtype() || init[k].ndim() != 0)
      throw TypeError(text(op, ": init must be a scalar of the operand's dtype, got ", init[k].aval(), " for ",
                           xs[k].aval(), "; convert it with astype"));
    if (xs[k].shape() != xs[0].shape())
      throw TypeError(
          text(op, ": operands must have one shape, got ", xs[0].aval(), " and ", xs[k].aval(), "; broadcast them"));
  }
}

/// The elementwise operation that a computation of two scalars is, if it is a single one of both.
std::optional<ir::Op> single_operation(const detail::FlatFn& f, DType t) {
  const Avals in{{{}, t, false}, {{}, t, false}};
  const auto closed = trace_to_jaxpr(f, in, "reduce");
  const auto& j = *closed.jaxpr;
  if (!closed.consts.empty() || j.eqns.size() != 1 || j.out.size() != 1) return {};
  const auto& e = j.eqns[0];
  if (e.in.size() != 2 || e.in[0].is_literal() || e.in[1].is_literal() || e.in[0].var == e.in[1].var) return {};
  return j.out[0].var == e.out[0] ? e.prim->op() : std::nullopt;
}

using Reduction = Array (*)(const Array&, const Dims&);
Reduction reduction_by(ir::Op op, DType t) {
  switch (op) {
    case ir::Op::add: return reduce_sum;
    case ir::Op::mul: return reduce_prod;
    case ir::Op::max: return is_complex(t) ? nullptr : reduce_max;
    case ir::Op::min: return is_complex(t) ? nullptr : reduce_min;
    case ir::Op::and_: return reduce_and;
    case ir::Op::or_: return reduce_or;
    case ir::Op::xor_: return reduce_xor;
    default: return nullptr;
  }
}

template <class T>
T identity_of(ir::Op op) {
  using L = std::numeric_limits<T>;
  switch (op) {
    case ir::Op::mul: return T(1);
    case ir::Op::max: return L::has_infinity ? T(-L::infinity()) : L::lowest();
    case ir::Op::min: return L::has_infinity ? L::infinity() : L::max();
    case ir::Op::and_:
      if constexpr (std::same_as<T, bool>) return true;
      else if constexpr (std::integral<T>) return static_cast<T>(~T(0));
      else return T(0);
    default: return T(0);
  }
}

bool is_identity(const Array& init, ir::Op op) {
  if (concrete(init) == nullptr || !(init.dtype() == DType::bool_ || is_integer(init.dtype()) ||
                                     init.dtype() == DType::float32 || init.dtype() == DType::float64))
    return false;
  return visit_dtype(init.dtype(), [&]<class T>() {
    if constexpr (std::is_arithmetic_v<T>) return init.item<T>() == identity_of<T>(op);
    else return false;
  });
}

/// f of the elements of both, one by one.
Arrays elementwise(const detail::FlatFn& f, const Arrays& a, const Arrays& b) {
  const auto shape = a[0].shape();
  const auto n = element_count(shape);
  if (n == 0) return a;
  Arrays flat;
  for (const auto* list : {&a, &b})
    for (const auto& x : *list) flat.push_back(reshape(x, {n}));
  const std::vector<char> mapped(flat.size(), 1);
  auto out = vmap_symbolic(f, flat, mapped, {n, {}});
  for (std::size_t k = 0; k < out.results.size(); ++k)
    out.results[k] = out.mapped[k] ? reshape(out.results[k], shape) : lax::full(shape, out.results[k]);
  return out.results;
}

Array rows(const Array& x, std::int64_t first, std::int64_t limit) {
  Dims start(x.shape().size(), 0), end = x.shape();
  start[0] = first;
  end[0] = limit;
  return slice(x, start, end);
}

// By halves along axis 0; an odd one is paired with the initial value.
Arrays folded(const detail::FlatFn& f, Arrays xs, ArraySpan init) {
  while (xs[0].shape()[0] > 1) {
    const auto n = xs[0].shape()[0], half = (n + 1) / 2;
    Arrays a, b;
    for (std::size_t k = 0; k < xs.size(); ++k) {
      a.push_back(rows(xs[k], 0, half));
      b.push_back(rows(xs[k], half, n));
      std::vector<Padding> one_more(xs[k].shape().size());
      one_more[0].high = 1;
      if (n % 2 != 0) b[k] = pad(b[k], init[k], one_more);
    }
    xs = elementwise(f, a, b);
  }
  return xs;
}

Array joined_in_front(const Array& x, const Dims& axes) {
  Dims order = axes;
  Shape shape{1};
  for (auto a : axes) shape[0] *= x.shape()[static_cast<std::size_t>(a)];
  for (auto d : remaining(x.ndim(), axes)) {
    order.push_back(d);
    shape.push_back(x.shape()[static_cast<std::size_t>(d)]);
  }
  return reshape(transpose(x, order), shape);
}

}  // namespace

Arrays reduce(ArraySpan operands, ArraySpan init, const Computations& computation, const Dims& axes) {
  check_init("reduce", operands, init);
  check_axes("reduce", "axes", axes, operands[0].aval());
  const auto f = checked("reduce", computation, scalars_like(operands));
  Shape left;
  for (auto d : remaining(operands[0].ndim(), axes)) left.push_back(operands[0].shape()[static_cast<std::size_t>(d)]);
  Arrays start, xs;
  for (const auto& v : init) start.push_back(lax::full(left, convert_element_type(v, v.dtype())));
  for (const auto& x : operands) xs.push_back(joined_in_front(x, axes));
  if (xs[0].shape()[0] == 0) return start;
  xs = folded(f, std::move(xs), init);
  for (auto& x : xs) x = reshape(x, left);
  return elementwise(f, start, xs);
}

Array reduce(const Array& x, const Array& init, const Computation& computation, const Dims& axes) {
  check_init("reduce", {&x, 1}, {&init, 1});
  const auto f = checked("reduce", of_lists(computation), scalars_like({&x, 1}));
  const auto op = single_operation(f, x.dtype());
  const auto known = op ? reduction_by(*op, x.dtype()) : nullptr;
  if (known == nullptr) return reduce({&x, 1}, {&init, 1}, of_lists(computation), axes)[0];
  const auto result = known(x, axes);
  return is_identity(init, *op) ? result : elementwise(f, {lax::full(result.shape(), init)}, {result})[0];
}

Array reduce_window(const Array& x, const Array& init, const Computation& computation, const Window& window) {
  check_init("reduce_window", {&x, 1}, {&init, 1});
  const auto p = resolved("reduce_window", window, x);
  const auto f = checked("reduce_window", of_lists(computation), scalars_like({&x, 1}));
  if (const auto op = single_operation(f, x.dtype()); op && is_identity(init, *op)) {
    if (*op == ir::Op::add) return reduce_window_sum(x, window);
    if (*op == ir::Op::max && x.dtype() != DType::bool_) return reduce_window_max(x, window);
    if (*op == ir::Op::min && x.dtype() != DType::bool_) return reduce_window_min(x, window);
  }
  const auto shape = windows_shape(x.shape(), p);
  const auto rank = x.shape().size();
  std::vector<Padding> config;
  for (std::size_t d = 0; d < rank; ++d)
    config.push_back({p.padding[d].first, p.padding[d].second, p.base_dilation[d] - 1});
  Array result = lax::full(shape, init);
  if (element_count(shape) == 0) return result;
  const auto padded = pad(x, init, config);
  Dims k(rank, 0);
  for (std::int64_t left = element_count(p.window_dimensions); left > 0; --left) {
    Dims start, limit;
    for (std::size_t d = 0; d < rank; ++d) {
      start.push_back(k[d] * p.window_dilation[d]);
      limit.push_back(start[d] + (shape[d] - 1) * p.window_strides[d] + 1);
    }
    result = elementwise(f, {result}, {slice(padded, start, limit, p.window_strides)})[0];
    for (std::size_t d = rank; d-- > 0;) {
      if (++k[d] < p.window_dimensions[d]) break;
      k[d] = 0;
    }
  }
  return result;
}

}  // namespace fluxion::lax

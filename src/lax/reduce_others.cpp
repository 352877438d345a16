// Reductions by product and by bits, and argmin.
#include <fluxion/extend/lower.hpp>
#include <fluxion/lax/reductions.hpp>

#include <complex>

#include "core/node.hpp"
#include "lax/readable.hpp"
#include "lax/rules.hpp"

namespace fluxion::lax {

namespace {

struct AxesParams {
  BOOST_HANA_DEFINE_STRUCT(AxesParams, (Dims, axes));
};

Aval folded(std::string_view op, const Aval& x, const Dims& axes) {
  check_axes(op, "axes", axes, x);
  Aval out{{}, x.dtype, x.weak};
  for (auto d : remaining(x.ndim(), axes)) out.shape.push_back(x.shape[static_cast<std::size_t>(d)]);
  return out;
}

// --- the product -----------------------------------------------------------

/// A number and its tangent along axis 0.
struct Dual {
  Array x, t;
};

Array first_rows(const Array& x, std::int64_t from, std::int64_t to) {
  Dims start(x.shape().size(), 0), limit = x.shape();
  start[0] = from;
  limit[0] = to;
  return slice(x, start, limit);
}

Array one_more_row(const Array& x, double value) {
  std::vector<Padding> config(x.shape().size());
  config[0].high = 1;
  return pad(x, make_scalar(x.dtype(), value), config);
}

// The tangent of the product along axis 0, by halves: without division, so that zeros do no harm.
Array product_tangent(Dual a) {
  while (a.x.shape()[0] > 1) {
    const auto n = a.x.shape()[0], half = (n + 1) / 2;
    Dual b{first_rows(a.x, half, n), first_rows(a.t, half, n)};
    a = {first_rows(a.x, 0, half), first_rows(a.t, 0, half)};
    if (n % 2 != 0) b = {one_more_row(b.x, 1), one_more_row(b.t, 0)};
    a = {mul(a.x, b.x), add(mul(a.t, b.x), mul(a.x, b.t))};
  }
  return a.t;
}

// The axes in front, as one.
Array joined_in_front(const Array& x, const Dims& axes) {
  const auto kept = remaining(x.ndim(), axes);
  Dims order = axes;
  Shape shape{1};
  for (auto a : axes) shape[0] *= x.shape()[static_cast<std::size_t>(a)];
  for (auto d : kept) {
    order.push_back(d);
    shape.push_back(x.shape()[static_cast<std::size_t>(d)]);
  }
  return reshape(transpose(x, order), shape);
}

template <class T>
void multiply_rows(const HostOperand& in, const HostResult& out) {
  const auto x = in.elements<T>();
  const auto y = out.elements<T>();
  const auto width = y.empty() ? 0 : x.size() / y.size();
  for (std::size_t r = 0; r < y.size(); ++r) {
    T product(1);
    for (std::size_t i = 0; i < width; ++i) {
      const auto a = product, b = x[r * width + i];  // written out: the library's operator looks for infinities
      product = {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
    }
    y[r] = product;
  }
}

// Kernels know no complex product: the axes are moved behind, and one element comes after the other.
ir::Values lower_complex(ir::Builder& b, ir::ValueId x, const Dims& axes, const Aval& result) {
  const auto rank = static_cast<std::int64_t>(b.type(x).shape.size());
  auto order = remaining(rank, axes);
  for (auto a : axes) order.push_back(a);
  const auto moved = b.transpose(x, order);
  return lower_to_host(b, {&moved, 1}, {&result, 1}, "reduce_prod", [](auto in, auto out) {
    if (in[0].dtype() == DType::complex64) multiply_rows<std::complex<float>>(in[0], out[0]);
    else multiply_rows<std::complex<double>>(in[0], out[0]);
  });
}

struct ReduceProd {
  static constexpr std::string_view name = "reduce_prod";
  using Params = AxesParams;
  static Avals abstract_eval(AvalSpan in, const Params& p) {
    if (!is_integer(in[0].dtype) && !is_inexact(in[0].dtype))
      throw TypeError(text(name, ": the operand must be a number, got ", in[0], "; convert with astype"));
    return {folded(name, in[0], p.axes)};
  }
  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    const auto ans = bind_one<ReduceProd>(args.primals, p);
    if (args.primals[0].size() == 0 || p.axes.empty())
      return {{ans}, {p.axes.empty() ? args.tangents[0] : Array()}};
    const auto t =
        product_tangent({joined_in_front(args.primals[0], p.axes), joined_in_front(args.tangents[0], p.axes)});
    return {{ans}, {reshape(t, ans.shape())}};
  }
  static constexpr no_transpose transpose{"not linear"};
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    return {{bind_one<ReduceProd>(args.operands, {shifted(p.axes)})}, {1}};
  }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    if (p.axes.empty()) return {in[0]};
    const auto& type = b.type(in[0]);
    if (is_complex(type.dtype)) return lower_complex(b, in[0], p.axes, folded(name, {type.shape, type.dtype}, p.axes));
    return {b.reduce(ir::ReduceOp::prod, in[0], p.axes)};
  }
};

// --- bits -----------------------------------------------------------

template <class Self, ir::ReduceOp op>
struct Bits {
  using Params = AxesParams;
  static Avals abstract_eval(AvalSpan in, const Params& p) {
    if (!is_integer(in[0].dtype) && in[0].dtype != DType::bool_)
      throw TypeError(
          text(Self::name, ": the operand must be bool or integers, got ", in[0], "; compare, as in x != 0"));
    return {folded(Self::name, in[0], p.axes)};
  }
  static constexpr no_jvp jvp{"integer result"};
  static constexpr no_transpose transpose{"integer result"};
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    return {{bind_one<Self>(args.operands, {shifted(p.axes)})}, {1}};
  }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return {p.axes.empty() ? in[0] : b.reduce(op, in[0], p.axes)};
  }
};

struct ReduceAnd : Bits<ReduceAnd, ir::ReduceOp::and_> {
  static constexpr std::string_view name = "reduce_and";
};
struct ReduceOr : Bits<ReduceOr, ir::ReduceOp::or_> {
  static constexpr std::string_view name = "reduce_or";
};
struct ReduceXor : Bits<ReduceXor, ir::ReduceOp::xor_> {
  static constexpr std::string_view name = "reduce_xor";
};

// --- argmin -----------------------------------------------------------

struct ArgMin {
  static constexpr std::string_view name = "argmin";
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (Dims, axes), (DType, index_dtype));
  };
  static std::string problem(AvalSpan, const Params& p) { return p.axes.size() == 1 ? "" : "axes must be one axis"; }
  static Avals abstract_eval(AvalSpan in, const Params& p) {
    const auto& x = in[0];
    if (!(is_integer(x.dtype) || is_floating(x.dtype) || x.dtype == DType::bool_))
      throw TypeError(text(name, ": the operand must have an order, got ", x, "; keys and complex numbers have none"));
    if (!is_integer(p.index_dtype))
      throw TypeError(text(name, ": index_dtype must be an integer's, got ", p.index_dtype, "; use int32 or int64"));
    check_axes(name, "axis", p.axes, x);
    const auto axis = static_cast<std::size_t>(p.axes[0]);
    if (x.shape[axis] == 0)
      throw ValueError(
          text(name, ": the axis must not be empty, got axis ", axis, " of ", x, "; check its size first"));
    Aval out{x.shape, p.index_dtype, false};
    out.shape.erase(axis);
    return {out};
  }
  static constexpr no_jvp jvp{"integer result"};
  static constexpr no_transpose transpose{"integer result"};
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    return {{bind_one<ArgMin>(args.operands, {shifted(p.axes), p.index_dtype})}, {1}};
  }
  // The complement reverses the order of integers, also of unsigned ones and of the smallest signed one.
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    const auto t = b.type(in[0]).dtype;
    const auto index = b.argmax(b.map(is_floating(t) ? ir::Op::neg : ir::Op::not_, {in[0]}), p.axes[0]);
    return {p.index_dtype == DType::int64 ? index : b.convert(index, p.index_dtype)};
  }
};

}  // namespace

Array reduce_prod(const Array& x, const Dims& axes) { return bind_one<ReduceProd>({&x, 1}, {axes}); }
Array reduce_and(const Array& x, const Dims& axes) { return bind_one<ReduceAnd>({&x, 1}, {axes}); }
Array reduce_or(const Array& x, const Dims& axes) { return bind_one<ReduceOr>({&x, 1}, {axes}); }
Array reduce_xor(const Array& x, const Dims& axes) { return bind_one<ReduceXor>({&x, 1}, {axes}); }
Array argmin(const Array& x, std::int64_t axis, DType index_dtype) {
  return bind_one<ArgMin>({&x, 1}, {{axis}, index_dtype});
}

void list_other_reductions(Readables& to) {
  to.insert(to.end(), {readable<ReduceProd>(1), readable<ReduceAnd>(1), readable<ReduceOr>(1),
                       readable<ReduceXor>(1), readable<ArgMin>(1)});
}

}  // namespace fluxion::lax

// Reductions over axes.
#include "lax/control_flow/tape.hpp"
#include "lax/rules.hpp"
#include "lax/readable.hpp"

namespace fluxion::lax {

namespace {

struct AxesParams {
  BOOST_HANA_DEFINE_STRUCT(AxesParams, (Dims, axes));
};

// `a` is repeated along the axes that a reduction of `full` over `axes` took away.
Array expand(const Array& a, const Shape& full, const Dims& axes) {
  return broadcast_in_dim(a, full, remaining(static_cast<std::int64_t>(full.size()), axes));
}

/// What all reductions have in common.
template <class Self, ir::ReduceOp op>
struct Reduction {
  using Params = AxesParams;
  static Avals abstract_eval(AvalSpan in, const Params& p) {
    const auto& x = in[0];
    const bool ordered = op != ir::ReduceOp::sum;
    if (!(is_integer(x.dtype) || is_inexact(x.dtype) || (ordered && x.dtype == DType::bool_)))
      throw TypeError(text(Self::name, ": the operand must be a number, got ", x, "; convert with astype"));
    check_axes(Self::name, "axes", p.axes, x);
    Shape s;
    for (auto d : remaining(x.ndim(), p.axes)) s.push_back(x.shape[static_cast<std::size_t>(d)]);
    return {{s, x.dtype, x.weak}};
  }
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    return {{bind_one<Self>(args.operands, {shifted(p.axes)})}, {1}};
  }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return {p.axes.empty() ? in[0] : b.reduce(op, in[0], p.axes)};
  }
};

struct ReduceSum : Reduction<ReduceSum, ir::ReduceOp::sum> {
  static constexpr std::string_view name = "reduce_sum";
  static constexpr auto locality = Locality::moved;
  static constexpr Linear jvp = linear;
  static Arrays transpose(const TransposeArgs& args, const Params& p) {
    return {expand(args.cotangents[0], args.operands[0].aval.shape, p.axes)};
  }
};

/// reduce_max and reduce_min: the tangent is the mean of the tangents of all elements that attain the extremum.
template <class Self, ir::ReduceOp op>
struct Chooser : Reduction<Self, op> {
  using Params = AxesParams;
  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    const auto& x = args.primals[0];
    auto ans = bind_one<Self>(args.primals, p);
    const auto attains = convert_element_type(eq(x, expand(ans, x.shape(), p.axes)), x.dtype());
    const auto count = reduce_sum(attains, p.axes);
    return {{ans}, {div(reduce_sum(mul(args.tangents[0], attains), p.axes), count)}};
  }
  static constexpr no_transpose transpose{"not linear"};
};

struct ReduceMax : Chooser<ReduceMax, ir::ReduceOp::max> {
  static constexpr std::string_view name = "reduce_max";
};
struct ReduceMin : Chooser<ReduceMin, ir::ReduceOp::min> {
  static constexpr std::string_view name = "reduce_min";
};

struct ArgMax {
  static constexpr std::string_view name = "argmax";
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (Dims, axes), (DType, index_dtype));
  };
  static std::string problem(AvalSpan, const Params& p) { return p.axes.size() == 1 ? "" : "axes must be one axis"; }
  static Avals abstract_eval(AvalSpan in, const Params& p) {
    const auto& x = in[0];
    if (!(is_integer(x.dtype) || is_floating(x.dtype) || x.dtype == DType::bool_))
      throw TypeError(text(name, ": the operand must have an order, got ", x, "; keys have none"));
    if (!is_integer(p.index_dtype))
      throw TypeError(text(name, ": index_dtype must be an integer's, got ", p.index_dtype, "; use int32 or int64"));
    check_axes(name, "axis", p.axes, x);
    const auto axis = static_cast<std::size_t>(p.axes[0]);
    if (x.shape[axis] == 0)
      throw ValueError(text(name, ": the axis must not be empty, got axis ", axis, " of ", x, "; check its size first"));
    Aval out{x.shape, p.index_dtype, false};
    out.shape.erase(axis);
    return {out};
  }
  static constexpr no_jvp jvp{"integer result"};
  static constexpr no_transpose transpose{"integer result"};
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    return {{bind_one<ArgMax>(args.operands, {shifted(p.axes), p.index_dtype})}, {1}};
  }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    const auto index = b.argmax(in[0], p.axes[0]);
    return {p.index_dtype == DType::int64 ? index : b.convert(index, p.index_dtype)};
  }
};

}  // namespace

Array reduce_sum(const Array& x, const Dims& axes) {
  if (is_tape(x.dtype())) return tape_sum(x, axes);  // a cotangent
  return bind_one<ReduceSum>({&x, 1}, {axes});
}
Array reduce_max(const Array& x, const Dims& axes) { return bind_one<ReduceMax>({&x, 1}, {axes}); }
Array reduce_min(const Array& x, const Dims& axes) { return bind_one<ReduceMin>({&x, 1}, {axes}); }
Array argmax(const Array& x, std::int64_t axis, DType index_dtype) {
  return bind_one<ArgMax>({&x, 1}, {{axis}, index_dtype});
}

void list_reductions(Readables& to) {
  to.insert(to.end(), {readable<ReduceSum>(1), readable<ReduceMax>(1), readable<ReduceMin>(1), readable<ArgMax>(1)});
}

}  // namespace fluxion::lax

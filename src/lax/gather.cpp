#include "core/node.hpp"
#include "lax/index_windows.hpp"
#include "lax/readable.hpp"

namespace fluxion::lax {

namespace {

struct Gather {
  static constexpr std::string_view name = "gather";
  static constexpr auto locality = Locality::moved;
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (GatherDimensionNumbers, dimension_numbers), (FillValue, fill_value),
                             (bool, indices_are_sorted), (GatherScatterMode, mode), (Dims, slice_sizes),
                             (bool, unique_indices));
  };

  static Avals abstract_eval(AvalSpan in, const Params& p) {
    auto w = gather_windows(name, in[0], in[1], p.dimension_numbers, p.slice_sizes);
    return {sized(name, {std::move(w.other), in[0].dtype, in[0].weak})};
  }
  // Linear, but for what it fills with: a constant, whose tangent is zero.
  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    auto q = p;
    if (p.mode == GatherScatterMode::fill_or_drop) q.fill_value = FillValue{true, args.tangents[0].dtype()};
    const Array tangent[] = {args.tangents[0], args.primals[1]};
    return {{bind_one<Gather>(args.primals, p)}, {bind_one<Gather>(tangent, q)}};
  }
  // An element that was read several times receives a sum. A promise that was broken was clipped, and is so again.
  static Arrays transpose(const TransposeArgs& args, const Params& p) {
    const auto mode = p.mode == GatherScatterMode::promise_in_bounds ? GatherScatterMode::clip : p.mode;
    return {scatter_add(ops::zeros_like_aval(args.operands[0].aval), args.operands[1].value, args.cotangents[0],
                        as_scatter(p.dimension_numbers), {p.indices_are_sorted, p.unique_indices, mode}),
            Array()};
  }
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    const bool x = args.mapped[0], indices = args.mapped[1];
    auto q = p;
    q.dimension_numbers = with_lanes(p.dimension_numbers, x, indices);
    if (x) q.slice_sizes.insert(0, indices ? std::min<std::int64_t>(1, args.size) : args.size);
    if (indices) q.indices_are_sorted = q.unique_indices = false;
    return {{bind_one<Gather>(args.operands, q)}, {1}};
  }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    const auto aval = [&](ir::ValueId v) { return Aval{b.type(v).shape, b.type(v).dtype}; };
    const auto w = gather_windows(name, aval(in[0]), aval(in[1]), p.dimension_numbers, p.slice_sizes);
    return {lower_gather(b, in[0], in[1], w, p.mode, of_dtype(p.fill_value, b.type(in[0]).dtype))};
  }

  // Where an equation is carried out on operands of another dtype than it was recorded with.
  static FillValue of_dtype(const FillValue& f, DType dtype) {
    if (!f.given || f.dtype == dtype) return f;
    detail::ScalarBits bits{};
    __builtin_memcpy(bits.bytes, f.bits.data(), itemsize(f.dtype));
    const Array value(detail::scalar_node(f.dtype, false, bits));
    const auto converted = convert_scalar(*concrete_primal(value), dtype, false);
    FillValue out{true, dtype};
    __builtin_memcpy(out.bits.data(), concrete_primal(converted)->data, itemsize(dtype));
    return out;
  }
};

FillValue fill_value(const Array& x, const Array& value) {
  if (value.is_empty_handle()) return {};
  const auto* c = concrete_primal(value);
  if (c == nullptr || !value.shape().empty())
    throw TypeError(text("gather: fill_value must be a concrete scalar, got ", value.aval(),
                         c == nullptr ? " that is traced" : "",
                         "; fill with 0 and add the difference with fx::where, or pass it as a static argument"));
  FillValue f{true, x.dtype()};
  if (is_key(x.dtype()) != is_key(value.dtype()))
    throw TypeError(text("gather: fill_value must be of the operand's kind, got ", value.aval(), " for ", x.aval(),
                         "; keys are filled with a key"));
  const auto converted = c->aval.dtype == x.dtype() ? value : convert_scalar(*c, x.dtype(), false);
  __builtin_memcpy(f.bits.data(), concrete_primal(converted)->data, itemsize(x.dtype()));
  return f;
}

}  // namespace

Array gather(const Array& x, const Array& start_indices, const GatherDimensionNumbers& dimension_numbers,
             const Dims& slice_sizes, const GatherOptions& o) {
  require_value("gather", x);
  const Array args[] = {x, start_indices};
  return bind_one<Gather>(args, {dimension_numbers, fill_value(x, o.fill_value), o.indices_are_sorted, o.mode,
                                 slice_sizes, o.unique_indices});
}

void list_gathers(Readables& to) {
  to.push_back(readable<Gather>(2));
}

}  // namespace fluxion::lax

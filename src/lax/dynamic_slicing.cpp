// Slices of a static size that start where traced integers say.
#include "lax/dynamic_slicing.hpp"

#include <limits>

#include "core/node.hpp"
#include "lax/index_windows.hpp"
#include "lax/readable.hpp"

namespace fluxion::lax {

namespace {

std::size_t unsign(std::int64_t i) { return static_cast<std::size_t>(i); }
Array number(std::int64_t v) { return make_scalar(DType::int64, false, &v); }

void check_starts(std::string_view op, const Aval& x, AvalSpan starts, const Shape& sizes) {
  if (sizes.size() != x.shape.size() || starts.size() != x.shape.size())
    throw ValueError(text(op, ": one start and one size per axis are required, got ", starts.size(), " and ",
                          sizes.size(), " for ", x, "; start 0 and the extent take all of an axis"));
  for (const auto& s : starts)
    if (!is_integer(s.dtype) || !s.shape.empty())
      throw TypeError(text(op, ": starts must be integer scalars, got ", s,
                           "; give one per axis, converted with astype(fx::int64)"));
  for (std::size_t a = 0; a < sizes.size(); ++a)
    if (sizes[a] < 0 || sizes[a] > x.shape[a])
      throw ValueError(
          text(op, ": sizes must be between 0 and the extents, got ", sizes, " for ", x, "; the window must fit in"));
}

/// The starts of all lanes as index vectors of the axes along which the window is smaller than the operand; the others
/// can only start at 0.
Array index_vectors(ArraySpan starts, std::span<const char> mapped, const Dims& axes, std::int64_t size) {
  Arrays parts;
  for (auto a : axes) {
    const auto& s = starts[unsign(a)];
    parts.push_back(mapped[unsign(a)] ? reshape(s, {size, 1}) : full({size, 1}, s));
  }
  return parts.empty() ? full({size, 0}, number(0)) : concatenate(parts, 1);
}

/// A window per lane, for the rules of vmap: as the numbers of a gather without lanes. A window of one element along
/// the only axis that matters is a row; it is moved without that axis.
struct LaneWindows {
  Dims axes;
  GatherDimensionNumbers dims;
  LaneWindows(const Shape& x, const Dims& sizes) {
    for (std::size_t a = 0; a < x.size(); ++a)
      if (sizes[a] < x[a]) axes.push_back(static_cast<std::int64_t>(a));
    const auto rank = static_cast<std::int64_t>(x.size());
    const bool row = axes.size() == 1 && sizes[unsign(axes[0])] == 1;
    dims = {iota_dims(0, row ? rank - 1 : rank), row ? axes : Dims{}, axes, {}, {}};
  }
};

Shape element_shape(const Array& x, bool mapped) {
  auto s = x.shape();
  if (mapped) s.erase(0);
  return s;
}
bool any(std::span<const char> mapped) {
  for (const char m : mapped)
    if (m) return true;
  return false;
}

struct DynamicSlice {
  static constexpr std::string_view name = "dynamic_slice";
  static constexpr auto locality = Locality::moved;
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (Dims, slice_sizes));
  };
  static Avals abstract_eval(AvalSpan in, const Params& p) {
    check_starts(name, in[0], in.subspan(1), p.slice_sizes);
    return {{p.slice_sizes, in[0].dtype, in[0].weak}};
  }
  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    Arrays moved(args.primals.begin(), args.primals.end());
    moved[0] = args.tangents[0];
    return {{bind_one<DynamicSlice>(args.primals, p)}, {bind_one<DynamicSlice>(moved, p)}};
  }
  static Arrays transpose(const TransposeArgs& args, const Params& p);
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    const auto starts = args.operands.subspan(1);
    const auto mapped = args.mapped.subspan(1);
    const bool x_mapped = args.mapped[0];
    if (!any(mapped)) {
      Arrays in{args.operands[0], number(0)};
      in.insert(in.end(), starts.begin(), starts.end());
      Params q = p;
      q.slice_sizes.insert(0, args.size);
      return {{bind_one<DynamicSlice>(in, q)}, {1}};
    }
    const LaneWindows w(element_shape(args.operands[0], x_mapped), p.slice_sizes);
    auto sizes = p.slice_sizes, result = p.slice_sizes;
    if (x_mapped) sizes.insert(0, std::min<std::int64_t>(1, args.size));
    result.insert(0, args.size);
    const auto windows = gather(args.operands[0], index_vectors(starts, mapped, w.axes, args.size),
                                with_lanes(w.dims, x_mapped, true), sizes, {.mode = GatherScatterMode::clip});
    return {{windows.shape() == result ? windows : reshape(windows, result)}, {1}};
  }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return {lower_dynamic_slice(b, in[0], in.subspan(1), p.slice_sizes)};
  }
};

struct DynamicUpdateSlice {
  static constexpr std::string_view name = "dynamic_update_slice";
  static constexpr auto locality = Locality::moved;
  using Params = NoParams;
  static Avals abstract_eval(AvalSpan in, const Params&) {
    if (in[1].dtype != in[0].dtype)
      throw TypeError(text(name, ": the update must be of the operand's dtype, got ", in[1], " for ", in[0],
                           "; convert it with astype"));
    check_starts(name, in[0], in.subspan(2), in[1].shape);
    return {{in[0].shape, in[0].dtype, in[0].weak && in[1].weak}};
  }
  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    Arrays moved(args.primals.begin(), args.primals.end());
    for (const std::size_t i : {0, 1})
      moved[i] = ops::instantiate(args.tangents[i], ops::tangent_aval(args.primals[i].aval()));
    return {{bind_one<DynamicUpdateSlice>(args.primals, p)}, {bind_one<DynamicUpdateSlice>(moved, p)}};
  }
  static Arrays transpose(const TransposeArgs& args, const Params& p) {
    const auto& ct = args.cotangents[0];
    const auto& update = args.operands[1].aval;
    Arrays out(args.operands.size()), starts;
    for (std::size_t i = 2; i < args.operands.size(); ++i) starts.push_back(args.operands[i].value);
    const auto with_starts = [&](Arrays in) {
      in.insert(in.end(), starts.begin(), starts.end());
      return in;
    };
    if (args.operands[0].linear())
      out[0] = bind_one<DynamicUpdateSlice>(with_starts({ct, ops::zeros_like_aval(update)}), p);
    if (args.operands[1].linear()) out[1] = bind_one<DynamicSlice>(with_starts({ct}), {update.shape});
    return out;
  }
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    const auto starts = args.operands.subspan(2);
    const auto mapped = args.mapped.subspan(2);
    const auto lanes = [&](std::size_t i) {
      return args.mapped[i] ? args.operands[i] : ops::repeat_along_new_axis(args.operands[i], args.size, 0);
    };
    const auto x = lanes(0), update = lanes(1);
    if (!any(mapped)) {
      Arrays in{x, update, number(0)};
      in.insert(in.end(), starts.begin(), starts.end());
      return {{bind_one<DynamicUpdateSlice>(in, p)}, {1}};
    }
    const LaneWindows w(element_shape(x, true), element_shape(update, true));
    auto shape = update.shape();
    if (!w.dims.collapsed_slice_dims.empty()) shape.erase(unsign(w.axes[0]) + 1);
    const auto windows = shape == update.shape() ? update : reshape(update, shape);
    const auto out = scatter(x, index_vectors(starts, mapped, w.axes, args.size), windows,
                             as_scatter(with_lanes(w.dims, true, true)), {.mode = GatherScatterMode::clip});
    return {{out}, {1}};
  }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params&) {
    return {lower_dynamic_update_slice(b, in[0], in[1], in.subspan(2))};
  }
};

Arrays DynamicSlice::transpose(const TransposeArgs& args, const Params&) {
  Arrays in{ops::zeros_like_aval(args.operands[0].aval), args.cotangents[0]}, out(args.operands.size());
  for (std::size_t i = 1; i < args.operands.size(); ++i) in.push_back(args.operands[i].value);
  out[0] = bind_one<DynamicUpdateSlice>(in, {});
  return out;
}

/// Negative starts count from the end. Those known now are settled now.
Array start_within(std::string_view op, const Array& start, std::int64_t extent) {
  require_value(op, start);
  const auto t = start.dtype();
  if (!is_integer(t) || !start.shape().empty()) return start;  // for the primitive to refuse
  if (const auto* c = concrete(start)) {
    if (t == DType::uint64) {
      const auto v = start.item<std::uint64_t>();
      return number(v > unsign(extent) ? extent : static_cast<std::int64_t>(v));
    }
    const auto v = convert_scalar(*c, DType::int64, false).item<std::int64_t>();
    return number(v < 0 ? v + extent : v);
  }
  if (t == DType::uint64)  // beyond int64 is beyond every axis
    return convert_element_type(min(start, scalar<std::uint64_t>(std::numeric_limits<std::int64_t>::max())),
                                DType::int64);
  const auto i = t == DType::int64 ? start : convert_element_type(start, DType::int64);
  if (is_unsigned_integer(t)) return i;
  return select_n(lt(i, number(0)), i, add(i, number(extent)));
}

Arrays with_starts(std::string_view op, Arrays operands, const Arrays& starts) {
  const auto& shape = operands[0].shape();
  for (std::size_t i = 0; i < starts.size(); ++i)
    operands.push_back(i < shape.size() ? start_within(op, starts[i], shape[i]) : starts[i]);
  return operands;
}

}  // namespace

Array dynamic_slice(const Array& x, const Arrays& start_indices, const Dims& slice_sizes) {
  require_value("dynamic_slice", x);
  return bind_one<DynamicSlice>(with_starts("dynamic_slice", {x}, start_indices), {slice_sizes});
}

Array dynamic_slice_at(const Array& x, Arrays starts, const Dims& slice_sizes) {
  starts.insert(starts.begin(), x);
  return bind_one<DynamicSlice>(starts, {slice_sizes});
}

Array dynamic_update_slice(const Array& x, const Array& update, const Arrays& start_indices) {
  require_value("dynamic_update_slice", x);
  require_value("dynamic_update_slice", update);
  return bind_one<DynamicUpdateSlice>(with_starts("dynamic_update_slice", {x, update}, start_indices), {});
}

void list_dynamic_slices(Readables& to) {
  to.insert(to.end(), {readable<DynamicSlice>(1, ReadablePrimitive::any),
                       readable<DynamicUpdateSlice>(2, ReadablePrimitive::any)});
}

}  // namespace fluxion::lax

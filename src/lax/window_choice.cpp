// select_and_gather_add and select_and_scatter_add: what windows choose by one operand, taken from or added to another.
#include <fluxion/extend/lower.hpp>

#include <algorithm>

#include "base/visit_dtype.hpp"
#include "lax/readable.hpp"
#include "lax/rules.hpp"
#include "lax/widen.hpp"
#include "lax/windows.hpp"

namespace fluxion::lax {

std::string show(Choose choose) { return choose == Choose::ge ? "ge" : "le"; }
Choose parse_value(ValueParser& p, ParseAs<Choose>) { return parse_choice(p, {Choose::ge, Choose::le}); }

namespace {

struct ChoiceParams {
  BOOST_HANA_DEFINE_STRUCT(ChoiceParams, (Choose, select_prim), (Dims, window_dimensions), (Dims, window_strides),
                           (PadList, padding), (Dims, base_dilation), (Dims, window_dilation));
  WindowParams window() const { return {window_dimensions, window_strides, padding, base_dilation, window_dilation}; }
};
ChoiceParams with(Choose c, const WindowParams& w) {
  return {c, w.window_dimensions, w.window_strides, w.padding, w.base_dilation, w.window_dilation};
}
Window as_window(const ChoiceParams& p) {
  return {p.window_dimensions, p.window_strides, p.padding, p.base_dilation, p.window_dilation};
}

// --- evaluation -----------------------------------------------------------

/// Whether v is chosen before `best`: the first NaN, else the first greatest or smallest.
template <class T>
bool beats(T v, T best, Choose c) {
  if constexpr (std::is_floating_point_v<T>) {
    if (best != best) return false;
    if (v != v) return true;
  }
  return c == Choose::ge ? v > best : v < best;
}

/// Calls visit(window, element) in row-major order of the windows; the element is -1 where there is none.
template <class T, class Visit>
void for_each_choice(const T* x, const Shape& shape, const ChoiceParams& p, Visit visit) {
  const auto rank = shape.size();
  const auto axes = axis_windows(shape, p.window());
  std::size_t windows = 1, places = 1;
  for (const auto& a : axes) {
    windows *= a.count();
    places *= a.width();
  }
  std::vector<std::size_t> j(rank, 0), k(rank, 0);
  const auto advance = [rank](std::vector<std::size_t>& at, auto extent) {
    for (std::size_t d = rank; d-- > 0;) {
      if (++at[d] < extent(d)) return;
      at[d] = 0;
    }
  };
  for (std::size_t w = 0; w < windows; ++w, advance(j, [&](auto d) { return axes[d].count(); })) {
    std::int64_t chosen = -1;
    for (std::size_t q = 0; q < places; ++q, advance(k, [&](auto d) { return axes[d].width(); })) {
      std::int64_t at = 0;
      for (std::size_t d = 0; d < rank && at >= 0; ++d) {
        const auto i = axes[d].at(j[d], k[d]);
        at = i < 0 ? -1 : at * shape[d] + i;
      }
      if (at >= 0 && (chosen < 0 || beats(x[at], x[chosen], p.select_prim))) chosen = at;
    }
    visit(w, chosen);
  }
}

template <class T>
void gather(const HostOperand& source, const HostOperand& x, const HostResult& y, const ChoiceParams& p) {
  const auto s = source.elements<T>();
  const auto out = y.elements<T>();
  for_each_choice(x.elements<T>().data(), x.shape(), p, [&](std::size_t w, std::int64_t at) {
    out[w] = at < 0 ? T(0) : s[static_cast<std::size_t>(at)];
  });
}
template <class T>
void scatter(const HostOperand& source, const HostOperand& x, const HostResult& y, const ChoiceParams& p) {
  const auto s = source.elements<T>();
  const auto out = y.elements<T>();
  std::fill(out.begin(), out.end(), T(0));
  for_each_choice(x.elements<T>().data(), x.shape(), p, [&](std::size_t w, std::int64_t at) {
    if (at >= 0) out[static_cast<std::size_t>(at)] += s[w];
  });
}

template <bool gathers>
ir::ValueId call(ir::Builder& b, ir::ValueId source, ir::ValueId x, const Shape& shape, const ChoiceParams& p) {
  const ir::ValueId in[] = {source, x};
  const Aval result{shape, b.type(source).dtype, false};
  return lower_to_host(b, in, {&result, 1}, gathers ? "select_and_gather_add" : "select_and_scatter_add",
                       [p](auto operands, auto results) {
                         visit_dtype(operands[0].dtype(), [&]<class T>() {
                           if constexpr (std::is_arithmetic_v<T> && !std::same_as<T, bool>) {
                             if constexpr (gathers) gather<T>(operands[0], operands[1], results[0], p);
                             else
                               scatter<T>(operands[0], operands[1], results[0], p);
                           }
                         });
                       })[0];
}

// --- rules -----------------------------------------------------------

void check_operands(std::string_view op, const Aval& source, const Aval& operand, const Shape& source_shape) {
  if (!is_floating(source.dtype) && !is_integer(source.dtype))
    throw TypeError(text(op, ": the operands must be real numbers, got ", source, "; convert with astype"));
  if (source.dtype != operand.dtype || source.shape != source_shape)
    throw TypeError(text(op, ": source must be ", Aval{source_shape, operand.dtype, false}, " for ", operand, ", got ",
                         source, "; convert it with astype, or broadcast it"));
}

Arrays all_mapped(const BatchArgs& args) {
  Arrays xs;
  for (std::size_t i = 0; i < args.operands.size(); ++i)
    xs.push_back(args.mapped[i] ? args.operands[i] : ops::repeat_along_new_axis(args.operands[i], args.size, 0));
  return xs;
}

template <class Self, bool gathers>
struct Choice {
  using Params = ChoiceParams;
  static Avals abstract_eval(AvalSpan in, const Params& p) {
    check_window(Self::name, in[1], p.window());
    const auto windows = windows_shape(in[1].shape, p.window());
    check_operands(Self::name, in[0], in[1], gathers ? in[1].shape : windows);
    return {sized(Self::name, {gathers ? windows : in[1].shape, in[0].dtype, in[0].weak})};
  }
  // Linear in the source; which element is chosen does not move with the operand.
  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    const auto ans = bind_one<Self>(args.primals, p);
    if (args.tangents[0].is_empty_handle()) return {{ans}, {Array()}};
    const Array in[] = {args.tangents[0], args.primals[1]};
    return {{ans}, {bind_one<Self>(in, p)}};
  }
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    return {{bind_one<Self>(all_mapped(args), with(p.select_prim, batched(p.window())))}, {1}};
  }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    const auto t = b.type(in[0]).dtype;
    const auto shape = gathers ? windows_shape(b.type(in[1]).shape, p.window()) : b.type(in[1]).shape;
    if (!is_half(t)) return {call<gathers>(b, in[0], in[1], shape, p)};
    const auto wide = [&](auto v) { return b.convert(v, DType::float32); };
    return {b.convert(call<gathers>(b, wide(in[0]), wide(in[1]), shape, p), t)};
  }
};

struct SelectAndGatherAdd : Choice<SelectAndGatherAdd, true> {
  static constexpr std::string_view name = "select_and_gather_add";
  static Arrays transpose(const TransposeArgs& args, const Params& p) {
    return {select_and_scatter_add(args.cotangents[0], args.operands[1].value, p.select_prim, as_window(p)), Array()};
  }
};
struct SelectAndScatterAdd : Choice<SelectAndScatterAdd, false> {
  static constexpr std::string_view name = "select_and_scatter_add";
  static Arrays transpose(const TransposeArgs& args, const Params& p) {
    return {select_and_gather_add(args.cotangents[0], args.operands[1].value, p.select_prim, as_window(p)), Array()};
  }
};

template <class P>
Array chosen(const Array& source, const Array& operand, Choose choose, const Window& w) {
  const Array in[] = {source, operand};
  return bind_one<P>(in, with(choose, resolved(P::name, w, operand)));
}

}  // namespace

Array select_and_gather_add(const Array& source, const Array& operand, Choose choose, const Window& window) {
  return chosen<SelectAndGatherAdd>(source, operand, choose, window);
}
Array select_and_scatter_add(const Array& source, const Array& operand, Choose choose, const Window& window) {
  return chosen<SelectAndScatterAdd>(source, operand, choose, window);
}

void list_window_choices(Readables& to) {
  to.insert(to.end(), {readable<SelectAndGatherAdd>(2), readable<SelectAndScatterAdd>(2)});
}

}  // namespace fluxion::lax

// The scatters. They differ in what becomes of an element and its update.
#include "core/node.hpp"
#include "lax/index_windows.hpp"
#include "lax/readable.hpp"

namespace fluxion::lax {

namespace {

struct ScatterParams {
  BOOST_HANA_DEFINE_STRUCT(ScatterParams, (ScatterDimensionNumbers, dimension_numbers), (bool, indices_are_sorted),
                           (GatherScatterMode, mode), (bool, unique_indices));
};

/// The windows of `x` that a scatter writes. What it drops reads as zero.
Array written_windows(const Array& x, const Array& indices, const Aval& updates, const ScatterParams& p) {
  const auto mode = p.mode == GatherScatterMode::clip ? p.mode : GatherScatterMode::fill_or_drop;
  return gather(x, indices, as_gather(p.dimension_numbers), window_sizes(x.aval(), updates, p.dimension_numbers),
                {p.unique_indices, p.indices_are_sorted, mode, make_scalar(x.dtype(), 0.0)});
}

Array zeros_like(const Array& x) { return ops::zeros_like_aval(x.aval()); }

/// What all scatters have in common.
template <class Self, Combine combine>
struct Scatters {
  using Params = ScatterParams;

  static Avals abstract_eval(AvalSpan in, const Params& p) {
    const auto &x = in[0], &updates = in[2];
    if (updates.dtype != x.dtype)
      throw TypeError(text(Self::name, ": updates must be of the operand's dtype, got ", updates, " for ", x,
                           "; convert them with astype"));
    const bool boolean = x.dtype == DType::bool_ && combine != Combine::sub;
    if (combine != Combine::set && !is_integer(x.dtype) && !is_inexact(x.dtype) && !boolean)
      throw TypeError(text(Self::name, ": numbers are required, got ", x,
                           x.dtype == DType::bool_ ? "; use scatter_add or scatter_mul, which are or and and"
                                                   : "; scatter replaces keys"));
    scatter_windows(Self::name, x, in[1], updates, p.dimension_numbers);
    return {{x.shape, x.dtype, x.weak && updates.weak}};
  }
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    Arrays xs(args.operands.begin(), args.operands.end());
    for (const std::size_t i : {0, 2})
      if (!args.mapped[i]) xs[i] = ops::repeat_along_new_axis(xs[i], args.size, 0);
    auto q = p;
    q.dimension_numbers = as_scatter(with_lanes(as_gather(p.dimension_numbers), true, args.mapped[1]));
    if (args.mapped[1]) q.indices_are_sorted = q.unique_indices = false;
    return {{bind_one<Self>(xs, q)}, {1}};
  }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    const auto aval = [&](ir::ValueId v) { return Aval{b.type(v).shape, b.type(v).dtype}; };
    const auto w = scatter_windows(Self::name, aval(in[0]), aval(in[1]), aval(in[2]), p.dimension_numbers);
    return {lower_scatter(b, in[0], in[1], in[2], w, p.mode, combine)};
  }

 protected:
  static Array again(const Array& x, const Array& indices, const Array& updates, const Params& p) {
    const Array args[] = {x, indices, updates};
    return bind_one<Self>(args, p);
  }
  /// The scatter of the tangents: the rule of those that are linear in operand and updates together.
  static JvpOut linear_jvp(const JvpArgs& args, const Params& p) {
    const auto tangent = [&](std::size_t i) {
      return ops::instantiate(args.tangents[i], ops::tangent_aval(args.primals[i].aval()));
    };
    return {{bind_one<Self>(args.primals, p)}, {again(tangent(0), args.primals[1], tangent(2), p)}};
  }
};

struct Scatter : Scatters<Scatter, Combine::set> {
  static constexpr std::string_view name = "scatter";
  static constexpr auto locality = Locality::moved;
  // The order of updates is fixed, so tangents are replaced by the same updates as the values are.
  static JvpOut jvp(const JvpArgs& args, const Params& p) { return linear_jvp(args, p); }
  // What is written over receives nothing, in the operand and among the updates.
  static Arrays transpose(const TransposeArgs& args, const Params& p) {
    const auto& ct = args.cotangents[0];
    const auto& indices = args.operands[1].value;
    const auto& updates = args.operands[2].aval;
    Arrays out(3);
    if (args.operands[0].linear()) out[0] = again(ct, indices, ops::zeros_like_aval(updates), p);
    if (!args.operands[2].linear()) return out;
    out[2] = written_windows(ct, indices, updates, p);
    if (!p.unique_indices)
      out[2] = select_n(counts(ct.shape(), indices, updates, p), ops::zeros_like_aval(updates), out[2]);
    return out;
  }

 private:
  // Each element of the updates writes its number; those whose number can be read back are the ones that count.
  static Array counts(const Shape& shape, const Array& indices, const Aval& updates, const Params& p) {
    const auto number = [](double v) { return make_scalar(DType::int64, v); };
    const auto ids = reshape(add(iota(DType::int64, {updates.size()}, 0), number(1)), updates.shape);
    const auto written = again(full(shape, number(0)), indices, ids, p);
    return eq(written_windows(written, indices, ids.aval(), p), ids);
  }
};

struct ScatterAdd : Scatters<ScatterAdd, Combine::add> {
  static constexpr std::string_view name = "scatter_add";
  static constexpr auto locality = Locality::moved;
  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    if (args.tangents[2].is_empty_handle()) return {{bind_one<ScatterAdd>(args.primals, p)}, {args.tangents[0]}};
    return linear_jvp(args, p);
  }
  static Arrays transpose(const TransposeArgs& args, const Params& p) {
    Arrays out(3);
    if (args.operands[0].linear()) out[0] = args.cotangents[0];
    if (args.operands[2].linear())
      out[2] = written_windows(args.cotangents[0], args.operands[1].value, args.operands[2].aval, p);
    return out;
  }
};

struct ScatterSub : Scatters<ScatterSub, Combine::sub> {
  static constexpr std::string_view name = "scatter_sub";
  static constexpr auto locality = Locality::moved;
  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    if (args.tangents[2].is_empty_handle()) return {{bind_one<ScatterSub>(args.primals, p)}, {args.tangents[0]}};
    return linear_jvp(args, p);
  }
  static Arrays transpose(const TransposeArgs& args, const Params& p) {
    Arrays out(3);
    if (args.operands[0].linear()) out[0] = args.cotangents[0];
    if (args.operands[2].linear())
      out[2] = neg(written_windows(args.cotangents[0], args.operands[1].value, args.operands[2].aval, p));
    return out;
  }
};

struct ScatterMul : Scatters<ScatterMul, Combine::mul> {
  static constexpr std::string_view name = "scatter_mul";
  // Of several updates of one element each would need the product of the others.
  static void require_unique(const Params& p) {
    if (!p.unique_indices)
      throw UnsupportedError(
          text(name, ": unique indices are required for a derivative by the updates, got unique_indices=False",
               "; say {.unique_indices = true} if no element is updated twice"));
  }
  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    const auto &x = args.primals[0], &indices = args.primals[1];
    const auto &t = args.tangents[0], &updates_t = args.tangents[2];
    Array tangent;
    if (!t.is_empty_handle()) tangent = again(t, indices, args.primals[2], p);
    if (!updates_t.is_empty_handle()) {
      require_unique(p);
      const ScatterOptions o{p.indices_are_sorted, true, p.mode};
      tangent =
          ops::add_tangents(tangent, mul(x, scatter_add(zeros_like(x), indices, updates_t, p.dimension_numbers, o)));
    }
    return {{bind_one<ScatterMul>(args.primals, p)}, {tangent}};
  }
  static Arrays transpose(const TransposeArgs& args, const Params& p) {
    const auto &x = args.operands[0], &indices = args.operands[1], &updates = args.operands[2];
    Arrays out(3);
    if (x.linear()) {
      out[0] = again(args.cotangents[0], indices.value, updates.value, p);
    } else {
      require_unique(p);
      out[2] = written_windows(mul(args.cotangents[0], x.value), indices.value, updates.aval, p);
    }
    return out;
  }
};

/// scatter_min and scatter_max: the tangent is the mean of the tangents of all that attain the extremum, the element
/// itself and its updates. An element that nothing updates attains its own.
template <class Self, Combine combine>
struct ExtremumScatters : Scatters<Self, combine> {
  using Params = ScatterParams;
  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    const auto &x = args.primals[0], &indices = args.primals[1], &updates = args.primals[2];
    const auto ans = bind_one<Self>(args.primals, p);
    const auto as_number = [&](const Array& attains) { return convert_element_type(attains, x.dtype()); };
    const auto element = as_number(eq(x, ans)),
               update = as_number(eq(updates, written_windows(ans, indices, updates.aval(), p)));
    const ScatterOptions o{p.indices_are_sorted, p.unique_indices, p.mode};
    const auto gathered = [&](const Array& to, const Array& from) {
      return scatter_add(to, indices, from, p.dimension_numbers, o);
    };
    const auto count = gathered(element, update);
    auto sum = args.tangents[0].is_empty_handle() ? zeros_like(x) : mul(args.tangents[0], element);
    if (!args.tangents[2].is_empty_handle()) sum = gathered(sum, mul(args.tangents[2], update));
    return {{ans}, {div(sum, count)}};
  }
  static constexpr no_transpose transpose{"not linear"};
};
struct ScatterMin : ExtremumScatters<ScatterMin, Combine::min> {
  static constexpr std::string_view name = "scatter_min";
};
struct ScatterMax : ExtremumScatters<ScatterMax, Combine::max> {
  static constexpr std::string_view name = "scatter_max";
};

template <class P>
Array bind_scatter(const Array& x, const Array& indices, const Array& updates, const ScatterDimensionNumbers& d,
                   const ScatterOptions& o) {
  const Array args[] = {x, indices, updates};
  return bind_one<P>(args, {d, o.indices_are_sorted, o.mode, o.unique_indices});
}

}  // namespace

Array scatter(const Array& x, const Array& indices, const Array& updates, const ScatterDimensionNumbers& d,
              const ScatterOptions& o) {
  return bind_scatter<Scatter>(x, indices, updates, d, o);
}
Array scatter_add(const Array& x, const Array& indices, const Array& updates, const ScatterDimensionNumbers& d,
                  const ScatterOptions& o) {
  return bind_scatter<ScatterAdd>(x, indices, updates, d, o);
}
Array scatter_sub(const Array& x, const Array& indices, const Array& updates, const ScatterDimensionNumbers& d,
                  const ScatterOptions& o) {
  return bind_scatter<ScatterSub>(x, indices, updates, d, o);
}
Array scatter_mul(const Array& x, const Array& indices, const Array& updates, const ScatterDimensionNumbers& d,
                  const ScatterOptions& o) {
  return bind_scatter<ScatterMul>(x, indices, updates, d, o);
}
Array scatter_min(const Array& x, const Array& indices, const Array& updates, const ScatterDimensionNumbers& d,
                  const ScatterOptions& o) {
  return bind_scatter<ScatterMin>(x, indices, updates, d, o);
}
Array scatter_max(const Array& x, const Array& indices, const Array& updates, const ScatterDimensionNumbers& d,
                  const ScatterOptions& o) {
  return bind_scatter<ScatterMax>(x, indices, updates, d, o);
}

void list_scatters(Readables& to) {
  to.insert(to.end(), {readable<Scatter>(3), readable<ScatterAdd>(3), readable<ScatterSub>(3),
                       readable<ScatterMul>(3), readable<ScatterMin>(3), readable<ScatterMax>(3)});
}

}  // namespace fluxion::lax

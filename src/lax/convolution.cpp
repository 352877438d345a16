// conv_general_dilated: bilinear; both transposes are again convolutions, and so is it under vmap, with the mapped axis
// folded into batch, features or groups. Source of the rules: jax.lax.conv_general_dilated.
#include "lax/convolution.hpp"

#include <algorithm>

#include "lax/convolution_kernel.hpp"
#include "lax/readable.hpp"
#include "lax/rules.hpp"

namespace fluxion::lax {

std::string show(const ConvDimensionNumbers& d) {
  return text("ConvDimensionNumbers(lhs_spec=", d.lhs_spec, ", rhs_spec=", d.rhs_spec, ", out_spec=", d.out_spec, ")");
}
ConvDimensionNumbers parse_value(ValueParser& p, ParseAs<ConvDimensionNumbers>) {
  p.expect("ConvDimensionNumbers(");
  ConvDimensionNumbers d;
  d.lhs_spec = parse_labelled(p, "lhs_spec");
  d.rhs_spec = parse_labelled(p, "rhs_spec");
  d.out_spec = parse_labelled(p, "out_spec");
  p.expect(")");
  return d;
}
std::vector<PadAmounts> parse_value(ValueParser& p, ParseAs<std::vector<PadAmounts>>) {
  std::vector<PadAmounts> pads;
  parse_tuples(p, 2, [&](const Dims& c) { pads.push_back({c[0], c[1]}); });
  return pads;
}
std::size_t hash_value(const ConvDimensionNumbers& d) {
  using fluxion::hash_value;
  return hash_combine(hash_combine(hash_value(d.lhs_spec), hash_value(d.rhs_spec)), hash_value(d.out_spec));
}
std::string show(const std::vector<PadAmounts>& pads) {
  std::string s = "(";
  for (std::size_t i = 0; i < pads.size(); ++i)
    s += text(i == 0 ? "" : ", ", "(", pads[i].low, ", ", pads[i].high, ")");
  return s + (pads.size() == 1 ? ",)" : ")");
}
std::size_t hash_value(const std::vector<PadAmounts>& pads) {
  std::size_t h = pads.size();
  for (const auto& p : pads) h = fluxion::hash_value(Dims{static_cast<std::int64_t>(h), p.low, p.high});
  return h;
}

Dims picked(const Shape& shape, const Dims& axes) {
  Dims out;
  for (auto d : axes) out.push_back(shape[static_cast<std::size_t>(d)]);
  return out;
}
Dims spatial(const Dims& spec) { return Dims(spec.data() + 2, spec.size() - 2); }
Dims dilated(const Dims& extents, const Dims& dilation) {
  Dims out;
  for (std::size_t i = 0; i < extents.size(); ++i)
    out.push_back(extents[i] == 0 ? 0 : (extents[i] - 1) * dilation[i] + 1);
  return out;
}

namespace {

/// Axis `from` of x merged into what is axis `to` once it is gone, as the slower of the two.
Array axis_into(const Array& x, std::int64_t from, std::int64_t to) {
  auto shape = x.shape();
  const auto n = shape[static_cast<std::size_t>(from)];
  shape.erase(static_cast<std::size_t>(from));
  shape[static_cast<std::size_t>(to)] *= n;
  return lax::reshape(ops::move_axis(x, from, to), shape);
}
/// An axis split into `n` and what remains.
Array axis_out_of(const Array& x, std::int64_t axis, std::int64_t n) {
  auto shape = x.shape();
  const auto at = static_cast<std::size_t>(axis);
  shape[at] /= n;
  shape.insert(at, n);
  return lax::reshape(x, shape);
}
/// The two features change places.
Dims swapped(Dims spec) {
  std::swap(spec[0], spec[1]);
  return spec;
}

struct ConvGeneralDilated {
  static constexpr std::string_view name = "conv_general_dilated";
  static constexpr auto algebra = Algebra::bilinear;
  using Params = ConvParams;

  static void check_operands(const Aval& x, const Aval& w) {
    check_supported(name, x);
    if (x.dtype != w.dtype)
      throw TypeError(
          text(name, ": operands must have equal dtypes, got ", x, " and ", w, "; convert one with astype"));
    if (!is_integer(x.dtype) && !is_inexact(x.dtype))
      throw TypeError(text(name, ": operands must be numbers, got ", x, "; convert with astype"));
    if (x.ndim() != w.ndim() || x.ndim() < 2)
      throw ValueError(text(name, ": operands must have equal ranks of at least 2, got ", x, " and ", w,
                            "; a batch or feature axis of extent 1 may be missing: add it with fx::expand_dims"));
  }

  static void check_spec(const char* what, const Dims& spec, const Aval& of) {
    check_axes(name, what, spec, of);
    if (static_cast<std::int64_t>(spec.size()) != of.ndim())
      throw ValueError(
          text(name, ": ", what, " must name every axis once, got ", spec, " for ", of, "; add the missing ones"));
  }

  static void check_features(const Aval& x, const Aval& w, const Params& p) {
    const auto& d = p.dimension_numbers;
    const auto at = [](const Aval& a, const Dims& spec, std::size_t i) {
      return a.shape[static_cast<std::size_t>(spec[i])];
    };
    const auto batch = at(x, d.lhs_spec, 0), features = at(x, d.lhs_spec, 1), out = at(w, d.rhs_spec, 0),
               in = at(w, d.rhs_spec, 1);
    const auto groups = p.feature_group_count, batches = p.batch_group_count;
    if (groups < 1 || batches < 1)
      throw ValueError(text(name, ": group counts must be positive, got feature_group_count ", groups,
                            " and batch_group_count ", batches, "; 1 means no groups"));
    if (groups > 1 && batches > 1)
      throw ValueError(text(name, ": at most one of the group counts may be above 1, got feature_group_count ", groups,
                            " and batch_group_count ", batches, "; use vmap for the other"));
    if (in * groups != features)
      throw ValueError(text(
          name, ": the input features of rhs times feature_group_count must be the features of lhs, got ", in, " * ",
          groups, " and ", features, " for ", x, " and ", w, " with ", show(d), "; check dimension_numbers"));
    if (out % groups != 0 || out % batches != 0)
      throw ValueError(text(name, ": the output features of rhs must divide evenly into groups, got ", out, " of ", w,
                            " for feature_group_count ", groups, " and batch_group_count ", batches,
                            "; change one of them"));
    if (batch % batches != 0)
      throw ValueError(text(name, ": the batch must divide evenly into groups, got ", batch, " of ", x,
                            " for batch_group_count ", batches, "; change one of them"));
  }

  static void check_window(const Aval& x, const Params& p) {
    const auto rank = static_cast<std::size_t>(x.ndim()) - 2;
    const auto one_each = [&](const char* what, std::size_t n, const std::string& got) {
      if (n != rank)
        throw ValueError(text(name, ": ", what, " must have one entry per spatial axis, got ", got, " for ", rank,
                              " of them in ", x, "; add or remove entries"));
    };
    one_each("window_strides", p.window_strides.size(), text(p.window_strides));
    one_each("lhs_dilation", p.lhs_dilation.size(), text(p.lhs_dilation));
    one_each("rhs_dilation", p.rhs_dilation.size(), text(p.rhs_dilation));
    one_each("padding", p.padding.size(), show(p.padding));
    const auto positive = [&](const char* what, const Dims& d) {
      for (auto n : d)
        if (n < 1) throw ValueError(text(name, ": ", what, " must be positive, got ", d, "; 1 changes nothing"));
    };
    positive("window_strides", p.window_strides);
    positive("lhs_dilation", p.lhs_dilation);
    positive("rhs_dilation", p.rhs_dilation);
  }

  // How often the window fits into what it slides over.
  static Dims places(const Aval& x, const Aval& w, const Params& p) {
    const auto& d = p.dimension_numbers;
    const auto over = dilated(picked(x.shape, spatial(d.lhs_spec)), p.lhs_dilation);
    const auto window = dilated(picked(w.shape, spatial(d.rhs_spec)), p.rhs_dilation);
    Dims out;
    for (std::size_t i = 0; i < over.size(); ++i) {
      const auto n = over[i] + p.padding[i].low + p.padding[i].high;
      if (n < 0)
        throw ValueError(text(name, ": negative padding must not cut off more than there is, got padding ",
                              show(p.padding), " for ", x, " with lhs_dilation ", p.lhs_dilation, "; cut off less"));
      out.push_back(n < window[i] ? 0 : (n - window[i]) / p.window_strides[i] + 1);
    }
    return out;
  }

  static Avals abstract_eval(AvalSpan in, const Params& p) {
    const auto& [x, w] = std::tie(in[0], in[1]);
    const auto& d = p.dimension_numbers;
    check_operands(x, w);
    check_spec("lhs_spec", d.lhs_spec, x);
    check_spec("rhs_spec", d.rhs_spec, w);
    check_spec("out_spec", d.out_spec, x);
    check_features(x, w, p);
    check_window(x, p);
    Shape s(x.shape.size(), 0);
    const auto axis = [&](std::size_t i) -> std::int64_t& { return s[static_cast<std::size_t>(d.out_spec[i])]; };
    axis(0) = x.shape[static_cast<std::size_t>(d.lhs_spec[0])] / p.batch_group_count;
    axis(1) = w.shape[static_cast<std::size_t>(d.rhs_spec[0])];
    const auto n = places(x, w, p);
    for (std::size_t i = 0; i < n.size(); ++i) axis(i + 2) = n[i];
    return {sized(name, {s, x.dtype, x.weak && w.weak})};
  }

  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    const auto& [x, w] = std::tie(args.primals[0], args.primals[1]);
    auto ans = bind_one<ConvGeneralDilated>(args.primals, p);
    Array t;
    if (!args.tangents[0].is_empty_handle()) t = bind_conv(args.tangents[0], w, p);
    if (!args.tangents[1].is_empty_handle()) t = ops::add_tangents(t, bind_conv(x, args.tangents[1], p));
    return {{ans}, {t}};
  }

  // The extents along spatial axes, dilated, of lhs, of the window and of the cotangent.
  struct Extents {
    Dims lhs, rhs, out;
    Extents(const Shape& x, const Shape& w, const Shape& ct, const Params& p)
        : lhs(dilated(picked(x, spatial(p.dimension_numbers.lhs_spec)), p.lhs_dilation)),
          rhs(dilated(picked(w, spatial(p.dimension_numbers.rhs_spec)), p.rhs_dilation)),
          out(dilated(picked(ct, spatial(p.dimension_numbers.out_spec)), p.window_strides)) {}
  };

  // The cotangent, its elements a stride apart, convolved with the weights turned round.
  static Array transpose_lhs(const Array& ct, const Aval& x, const Array& w, const Params& p) {
    const auto& d = p.dimension_numbers;
    const auto groups = std::max(p.feature_group_count, p.batch_group_count);
    auto weights = w;
    if (groups > 1) weights = axis_into(axis_out_of(w, d.rhs_spec[0], groups), d.rhs_spec[0], d.rhs_spec[1]);
    const Extents e(x.shape, w.shape(), ct.shape(), p);
    Params q{
        1, {d.out_spec, swapped(d.rhs_spec), d.lhs_spec}, groups, p.window_strides, {}, p.rhs_dilation, p.lhs_dilation};
    for (std::size_t i = 0; i < e.lhs.size(); ++i) {
      const auto low = e.rhs[i] - p.padding[i].low - 1;
      q.padding.push_back({low, e.lhs[i] + e.rhs[i] - 1 - e.out[i] - low});
    }
    const auto axes = spatial(d.rhs_spec);
    const auto out = bind_conv(ct, axes.empty() ? weights : rev(weights, axes), q);
    if (p.batch_group_count == 1) return out;
    return axis_into(axis_out_of(out, d.lhs_spec[1], groups), d.lhs_spec[1], d.lhs_spec[0]);
  }

  // lhs convolved with the cotangent as weights, batch and features swapped.
  static Array transpose_rhs(const Array& ct, const Array& x, const Aval& w, const Params& p) {
    if (ct.size() == 0) return ops::instantiate({}, w);  // a window over nothing need not fit
    const auto& d = p.dimension_numbers;
    const Extents e(x.shape(), w.shape, ct.shape(), p);
    Params q{p.feature_group_count,
             {swapped(d.lhs_spec), swapped(d.out_spec), swapped(d.rhs_spec)},
             p.batch_group_count,
             p.lhs_dilation,
             {},
             p.window_strides,
             p.rhs_dilation};
    for (std::size_t i = 0; i < e.lhs.size(); ++i)
      q.padding.push_back({p.padding[i].low, e.out[i] - e.lhs[i] + e.rhs[i] - p.padding[i].low - 1});
    return bind_conv(x, ct, q);
  }

  static Arrays transpose(const TransposeArgs& args, const Params& p) {
    const auto& ct = args.cotangents[0];
    const auto& [x, w] = std::tie(args.operands[0], args.operands[1]);
    if (x.linear() && w.linear())
      detail::throw_no_transpose(define<ConvGeneralDilated>(),
                                 "a product of two tangents; what a rule returns must be linear in them");
    Arrays out(2);
    if (x.linear())
      out[0] = transpose_lhs(ct, x.aval, w.value, p);
    else
      out[1] = transpose_rhs(ct, x.value, w.aval, p);
    return out;
  }

  // Axis numbers below count without the mapped axis, which is in front; axis_into removes it first.
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    if (args.size == 0) return batch_of_none(args, p);
    if (args.mapped[0] && args.mapped[1]) return batch_both(args, p);
    return args.mapped[0] ? batch_lhs(args, p) : batch_rhs(args, p);
  }

  static BatchOut batch_of_none(const BatchArgs& args, const Params& p) {
    Avals lane;
    for (std::size_t i = 0; i < 2; ++i) {
      lane.push_back(args.operands[i].aval());
      if (args.mapped[i]) lane.back().shape.erase(0);
    }
    auto out = abstract_eval(lane, p)[0];
    out.shape.insert(0, 0);
    return {{ops::instantiate({}, out)}, {1}};
  }

  static BatchOut batch_both(const BatchArgs& args, const Params& p) {
    const auto& d = p.dimension_numbers;
    auto q = p;
    if (p.batch_group_count > 1)
      q.batch_group_count *= args.size;
    else
      q.feature_group_count *= args.size;
    const auto x = axis_into(args.operands[0], 0, d.lhs_spec[p.batch_group_count > 1 ? 0 : 1]);
    const auto w = axis_into(args.operands[1], 0, d.rhs_spec[0]);
    return split(bind_conv(x, w, q), d.out_spec[1], args.size);
  }

  static BatchOut batch_lhs(const BatchArgs& args, const Params& p) {
    const auto& d = p.dimension_numbers;
    const auto batch = d.lhs_spec[0];
    auto x = args.operands[0];
    if (p.batch_group_count == 1) {
      x = axis_into(x, 0, batch);
    } else {  // groups stay outermost
      x = axis_out_of(x, batch + 1, p.batch_group_count);
      x = axis_into(axis_into(x, 0, batch + 1), batch, batch);
    }
    return split(bind_conv(x, args.operands[1], p), d.out_spec[0], args.size);
  }

  static BatchOut batch_rhs(const BatchArgs& args, const Params& p) {
    const auto& d = p.dimension_numbers;
    const auto features = d.rhs_spec[0];
    const auto groups = std::max(p.feature_group_count, p.batch_group_count);
    auto w = args.operands[1];
    if (groups == 1) return split(bind_conv(args.operands[0], axis_into(w, 0, features), p), d.out_spec[1], args.size);
    w = axis_out_of(w, features + 1, groups);
    w = axis_into(axis_into(w, 0, features + 1), features, features);
    auto out = axis_out_of(bind_conv(args.operands[0], w, p), d.out_spec[1], groups);
    out = axis_out_of(out, d.out_spec[1] + 1, args.size);
    return {{ops::move_axis(axis_into(out, d.out_spec[1], d.out_spec[1] + 1), d.out_spec[1], 0)}, {1}};
  }

  static BatchOut split(const Array& out, std::int64_t axis, std::int64_t size) {
    return {{ops::move_axis(axis_out_of(out, axis, size), axis, 0)}, {1}};
  }

  static ir::ValueId arranged(ir::Builder& b, ir::ValueId x, const Dims& permutation) {
    return permutation == iota_dims(0, static_cast<std::int64_t>(permutation.size())) ? x : b.transpose(x, permutation);
  }

  // Groups of the batch are groups of features whose batch is the rest.
  static ir::ValueId grouped_by_batch(ir::Builder& b, ir::ValueId x, std::int64_t groups) {
    auto shape = b.type(x).shape;
    shape[0] /= groups;
    shape.insert(0, groups);
    auto order = iota_dims(0, static_cast<std::int64_t>(shape.size()));
    std::swap(order[0], order[1]);
    auto merged = shape;
    merged[2] *= groups;
    merged.erase(0);
    return b.reshape(b.transpose(b.reshape(x, shape), order), merged);
  }

  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    const auto& d = p.dimension_numbers;
    const auto dtype = b.type(in[0]).dtype;
    if (dtype == DType::float16 || dtype == DType::bfloat16) {  // summed in float32, rounded once
      const ir::ValueId wide[] = {b.convert(in[0], DType::float32), b.convert(in[1], DType::float32)};
      return {b.convert(lower(b, wide, p)[0], dtype)};
    }
    const Aval result = abstract_eval(avals_of(b, in), p)[0];
    auto x = arranged(b, in[0], d.lhs_spec);
    if (p.batch_group_count > 1) x = grouped_by_batch(b, x, p.batch_group_count);
    const auto w = arranged(b, in[1], d.rhs_spec);
    const auto xs = b.type(x).shape, ws = b.type(w).shape, out = picked(result.shape, d.out_spec);
    const auto groups = std::max(p.feature_group_count, p.batch_group_count);
    ConvGeometry g{xs[0],
                   groups,
                   ws[1],
                   ws[0] / groups,
                   Dims(xs.data() + 2, xs.size() - 2),
                   Dims(ws.data() + 2, ws.size() - 2),
                   Dims(out.data() + 2, out.size() - 2),
                   p.window_strides,
                   p.lhs_dilation,
                   p.rhs_dilation,
                   {}};
    for (const auto& pad : p.padding) g.low.push_back(pad.low);
    const ir::ValueId operands[] = {x, w};
    const Aval natural{out, dtype, false};
    const auto y =
        lower_to_host(b, operands, {&natural, 1}, std::string(name), convolution_kernel(dtype, std::move(g)));
    return {arranged(b, y[0], inverse(d.out_spec))};
  }
};

}  // namespace

Array bind_conv(const Array& lhs, const Array& rhs, const ConvParams& p) {
  const Array args[] = {lhs, rhs};
  return bind_one<ConvGeneralDilated>(args, p);
}

void list_convolutions(Readables& to) {
  to.push_back(readable<ConvGeneralDilated>(2));
}

}  // namespace fluxion::lax

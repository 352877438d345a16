// slice, pad, concatenate: linear, each the transpose of the others.
#include "lax/rules.hpp"

#include "core/node.hpp"
#include "lax/readable.hpp"

namespace fluxion::lax {

// Printed as jax prints tuples of tuples; found by argument-dependent lookup from the Params printer.
std::string show(const std::vector<Padding>& config) {
  std::string s = "(";
  for (std::size_t i = 0; i < config.size(); ++i)
    s += text(i == 0 ? "" : ", ", "(", config[i].low, ", ", config[i].high, ", ", config[i].interior, ")");
  return s + (config.size() == 1 ? ",)" : ")");
}

std::vector<Padding> parse_value(ValueParser& p, ParseAs<std::vector<Padding>>) {
  std::vector<Padding> config;
  parse_tuples(p, 3, [&](const Dims& c) { config.push_back({c[0], c[1], c[2]}); });
  return config;
}

std::size_t hash_value(const std::vector<Padding>& config) {
  std::size_t h = config.size();
  for (const auto& c : config) h = fluxion::hash_value(Dims{static_cast<std::int64_t>(h), c.low, c.high, c.interior});
  return h;
}

namespace {

std::int64_t strided_extent(std::int64_t start, std::int64_t limit, std::int64_t stride) {
  return limit <= start ? 0 : (limit - start + stride - 1) / stride;
}

struct Slice {
  static constexpr std::string_view name = "slice";
  static constexpr auto locality = Locality::moved;
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (Dims, limit_indices), (Dims, start_indices), (Dims, strides));
  };
  static Avals abstract_eval(AvalSpan in, const Params& p) {
    const auto& s = in[0].shape;
    if (p.start_indices.size() != s.size() || p.limit_indices.size() != s.size() || p.strides.size() != s.size())
      throw ValueError(text(name, ": start, limit and strides must have one entry per axis, got ", p.start_indices, ", ",
                            p.limit_indices, " and ", p.strides, " for ", in[0], "; or index with fx::range"));
    Shape out;
    for (std::size_t i = 0; i < s.size(); ++i) {
      const auto start = p.start_indices[i], limit = p.limit_indices[i];
      if (start < 0 || limit < start || limit > s[i] || p.strides[i] < 1)
        throw ValueError(text(name, ": 0 <= start <= limit <= extent and stride >= 1 are required, got start ", start,
                              ", limit ", limit, ", stride ", p.strides[i], " along axis ", i, " of ", in[0],
                              "; index with fx::range, which clamps"));
      out.push_back(strided_extent(start, limit, p.strides[i]));
    }
    return {{out, in[0].dtype, in[0].weak}};
  }
  static constexpr Linear jvp = linear;
  static Arrays transpose(const TransposeArgs& args, const Params& p) {
    const auto& ct = args.cotangents[0];
    const auto& full = args.operands[0].aval.shape;
    std::vector<Padding> config;
    for (std::size_t i = 0; i < full.size(); ++i) {
      const auto n = ct.shape()[i];
      const auto covered = n == 0 ? 0 : (n - 1) * p.strides[i] + 1;
      config.push_back({p.start_indices[i], full[i] - p.start_indices[i] - covered, p.strides[i] - 1});
    }
    return {pad(ct, make_scalar(ct.dtype(), 0.0), config)};
  }
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    Params q = p;
    q.start_indices.insert(0, 0);
    q.limit_indices.insert(0, args.size);
    q.strides.insert(0, 1);
    return {{bind_one<Slice>(args.operands, q)}, {1}};
  }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    Shape shape;
    for (std::size_t i = 0; i < p.strides.size(); ++i)
      shape.push_back(strided_extent(p.start_indices[i], p.limit_indices[i], p.strides[i]));
    return {b.slice(in[0], p.start_indices, p.strides, shape)};
  }
};

struct Pad {
  static constexpr std::string_view name = "pad";
  static constexpr auto locality = Locality::moved;
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (std::vector<Padding>, padding_config));
  };

  static std::int64_t padded_extent(std::int64_t n, const Padding& c) {
    return c.low + c.high + n + std::max<std::int64_t>(n - 1, 0) * c.interior;
  }

  static Avals abstract_eval(AvalSpan in, const Params& p) {
    const auto& x = in[0];
    if (x.dtype != in[1].dtype || !in[1].shape.empty())
      throw TypeError(text(name, ": the padding value must be a scalar of the operand's dtype, got ", in[1], " for ", x,
                           "; convert it with astype"));
    if (p.padding_config.size() != x.shape.size())
      throw ValueError(text(name, ": one (low, high, interior) per axis is required, got ", p.padding_config.size(), " for ", x,
                            "; (0, 0, 0) leaves an axis as it is"));
    Shape out;
    for (std::size_t i = 0; i < x.shape.size(); ++i) {
      const auto& c = p.padding_config[i];
      out.push_back(padded_extent(x.shape[i], c));
      if (c.interior < 0 || out.back() < 0)
        throw ValueError(text(name, ": padding must leave a size of at least 0 and interior padding be at least 0, got ",
                              show(p.padding_config), " for ", x, "; cut off less"));
    }
    return {sized(name, {out, x.dtype, x.weak && in[1].weak})};
  }
  static constexpr Linear jvp = linear;

  static Arrays transpose(const TransposeArgs& args, const Params& p) {
    const auto& ct = args.cotangents[0];
    Arrays out(2);
    Array inside;
    if (args.operands[0].linear() || args.operands[1].linear()) inside = unpad(ct, args.operands[0].aval.shape, p);
    if (args.operands[0].linear()) out[0] = inside;
    if (args.operands[1].linear())
      out[1] = sub(reduce_sum(ct, iota_dims(0, ct.ndim())), reduce_sum(inside, iota_dims(0, inside.ndim())));
    return out;
  }

  // The elements of a padded array that came from the operand: crop (padding by negative amounts), then stride.
  static Array unpad(const Array& ct, const Shape& shape, const Params& p) {
    std::vector<Padding> crop;
    Dims start, strides;
    for (const auto& c : p.padding_config) {
      crop.push_back({-c.low, -c.high, 0});
      start.push_back(0);
      strides.push_back(c.interior + 1);
    }
    const auto cropped = pad(ct, make_scalar(ct.dtype(), 0.0), crop);
    const auto picked = slice(cropped, start, cropped.shape(), strides);
    return picked.shape() == shape ? picked : lax::full(shape, make_scalar(ct.dtype(), 0.0));
  }

  static BatchOut batch(const BatchArgs& args, const Params& p) {
    Params q = p;
    q.padding_config.insert(q.padding_config.begin(), Padding{});
    if (!args.mapped[1]) return {{bind_one<Pad>(args.operands, q)}, {1}};
    // A mapped padding value: pad a mask as well, and select.
    const auto& x = args.operands[0];
    const auto element = args.mapped[0] ? x : ops::repeat_along_new_axis(x, args.size, 0);
    const auto zero = is_key(x.dtype()) ? random_wrap(lax::full({2}, scalar<std::uint32_t>(0))) : make_scalar(x.dtype(), 0.0);
    const auto padded = pad(element, zero, q.padding_config);
    const auto inside = pad(lax::full(element.shape(), scalar(true)), scalar(false), q.padding_config);
    return {{select_n(inside, broadcast_in_dim(args.operands[1], padded.shape(), {0}), padded)}, {1}};
  }

  // The part of the operand that negative padding leaves, placed at its stride in the result.
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    const auto shape = b.type(in[0]).shape;
    Shape out, kept;
    Dims first, place, step;
    for (std::size_t i = 0; i < shape.size(); ++i) {
      const auto& c = p.padding_config[i];
      const auto stride = c.interior + 1, extent = padded_extent(shape[i], c);
      const auto lo = c.low >= 0 ? 0 : (-c.low + stride - 1) / stride;
      const auto hi = extent - c.low <= 0 ? 0 : std::min(shape[i], (extent - 1 - c.low) / stride + 1);
      out.push_back(extent);
      first.push_back(lo);
      kept.push_back(std::max<std::int64_t>(hi - lo, 0));
      place.push_back(c.low + lo * stride);
      step.push_back(stride);
    }
    if (element_count(kept) == 0) return {b.broadcast(in[1], out, {})};
    const auto piece = b.slice(in[0], first, Dims(shape.size(), 1), kept);
    return {b.assemble(out, in[1], std::span(&piece, 1), {{place, step}}, false)};
  }
};

struct Concatenate {
  static constexpr std::string_view name = "concatenate";
  static constexpr auto locality = Locality::moved;
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (std::int64_t, dimension));
  };
  static Avals abstract_eval(AvalSpan in, const Params& p) {
    if (in.empty())
      throw ValueError(text(name, ": at least one operand is required, got none; an empty result is fx::zeros({0})"));
    check_axes(name, "dimension", {p.dimension}, in[0]);
    const auto d = static_cast<std::size_t>(p.dimension);
    Aval out = in[0];
    out.shape[d] = 0;
    for (const auto& a : in) {
      auto others = a.shape;
      if (others.size() == out.shape.size()) others[d] = out.shape[d];
      if (a.dtype != out.dtype || others != out.shape)
        throw TypeError(text(name, ": operands must agree in dtype and in every axis but ", p.dimension, ", got ",
                             in[0], " and ", a, "; fx::concatenate promotes dtypes"));
      out.shape[d] += a.shape[d];
      out.weak = out.weak && a.weak;
    }
    return {sized(name, out)};
  }
  static constexpr Linear jvp = linear;
  static Arrays transpose(const TransposeArgs& args, const Params& p) {
    const auto& ct = args.cotangents[0];
    const auto d = static_cast<std::size_t>(p.dimension);
    Dims start(ct.shape().size(), 0), limit = ct.shape();
    Arrays out;
    for (const auto& x : args.operands) {
      limit[d] = start[d] + x.aval.shape[d];
      out.push_back(x.linear() ? slice(ct, start, limit) : Array());
      start[d] = limit[d];
    }
    return out;
  }
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    Arrays xs;
    for (std::size_t i = 0; i < args.operands.size(); ++i)
      xs.push_back(args.mapped[i] ? args.operands[i] : ops::repeat_along_new_axis(args.operands[i], args.size, 0));
    return {{concatenate(xs, p.dimension + 1)}, {1}};
  }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    auto shape = b.type(in[0]).shape;
    const auto d = static_cast<std::size_t>(p.dimension);
    shape[d] = 0;
    ir::Values pieces;
    std::vector<ir::Assemble::Piece> places;
    for (auto x : in) {
      Dims start(shape.size(), 0);
      start[d] = shape[d];
      shape[d] += b.type(x).shape[d];
      if (element_count(b.type(x).shape) == 0) continue;
      pieces.push_back(x);
      places.push_back({start, Dims(shape.size(), 1)});
    }
    if (pieces.size() == 1) return {pieces[0]};
    const std::int64_t zero = 0;
    return {b.assemble(shape, b.constant(b.type(in[0]).dtype, &zero), pieces, std::move(places), true)};
  }
};

}  // namespace

Array slice(const Array& x, const Dims& start, const Dims& limit, const Dims& strides) {
  return bind_one<Slice>({&x, 1}, {limit, start, strides.empty() ? Dims(start.size(), 1) : strides});
}
Array pad(const Array& x, const Array& value, const std::vector<Padding>& config) {
  const Array args[] = {x, value};
  return bind_one<Pad>(args, {config});
}
Array concatenate(ArraySpan xs, std::int64_t dimension) { return bind_one<Concatenate>(xs, {dimension}); }

void list_slices(Readables& to) {
  to.insert(to.end(), {readable<Slice>(1), readable<Pad>(2), readable<Concatenate>(1, ReadablePrimitive::any)});
}

}  // namespace fluxion::lax

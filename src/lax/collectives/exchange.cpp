// all_gather, reduce_scatter, all_to_all and ppermute move values between the elements of an axis; axis_index tells
// them apart.
#include "lax/collectives/rules.hpp"
#include "lax/readable.hpp"

namespace fluxion::lax {

namespace {

struct Position {
  static constexpr std::string_view name = "axis_index";
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (AxisName, axis_name));
  };
  static Avals abstract_eval(AvalSpan, const Params&) { return {{{}, DType::int32, false}}; }
  static constexpr no_jvp jvp{"integer result"};
  static constexpr no_transpose transpose{"integer result"};
  // Without operands it is only ever mapped for its own axis.
  static BatchOut batch(const BatchArgs& args, const Params&) { return {{iota(DType::int32, {args.size}, 0)}, {1}}; }
  static ir::Values lower(ir::Builder&, std::span<const ir::ValueId>, const Params& p) {
    throw_unbound_axis(name, p.axis_name.name);
  }
};

struct AllGather {
  static constexpr std::string_view name = "all_gather";
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (std::int64_t, all_gather_dimension), (None, axis_index_groups), (AxisNames, axis_name),
                             (std::int64_t, axis_size), (bool, tiled));
  };
  static Avals abstract_eval(AvalSpan in, const Params& p) {
    Aval out = in[0];
    const auto at = static_cast<std::size_t>(p.all_gather_dimension);
    if (p.tiled) out.shape[at] *= p.axis_size;
    else out.shape.insert(at, p.axis_size);
    return {sized(name, out)};
  }
  static constexpr Linear jvp = linear;
  static Arrays transpose(const TransposeArgs& args, const Params& p) {
    return {bind_reduce_scatter(args.cotangents[0], {p.axis_name, p.axis_size}, p.all_gather_dimension, p.tiled)};
  }
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    const auto& x = args.operands[0];
    const auto at = p.all_gather_dimension;
    if (!over(p.axis_name, args)) return {{bind_all_gather(x, {p.axis_name, p.axis_size}, at + 1, p.tiled)}, {1}};
    const auto stacked = args.mapped[0] ? ops::move_axis(x, 0, at) : ops::repeat_along_new_axis(x, args.size, at);
    return {{p.tiled ? merged(stacked, at) : stacked}, {0}};
  }
  static ir::Values lower(ir::Builder&, std::span<const ir::ValueId>, const Params& p) {
    throw_unbound_axis(name, p.axis_name.list()[0]);
  }
};

struct ReduceScatter {
  static constexpr std::string_view name = "reduce_scatter";
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (None, axis_index_groups), (AxisNames, axis_name), (std::int64_t, axis_size),
                             (std::int64_t, scatter_dimension), (bool, tiled));
  };
  static Avals abstract_eval(AvalSpan in, const Params& p) {
    check_number(name, in[0], false);
    Aval out = in[0];
    const auto at = static_cast<std::size_t>(p.scatter_dimension);
    if (p.tiled) out.shape[at] /= std::max<std::int64_t>(p.axis_size, 1);
    else out.shape.erase(at);
    return {out};
  }
  static constexpr Linear jvp = linear;
  static Arrays transpose(const TransposeArgs& args, const Params& p) {
    return {bind_all_gather(args.cotangents[0], {p.axis_name, p.axis_size}, p.scatter_dimension, p.tiled)};
  }
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    const auto& x = args.operands[0];
    const auto at = p.scatter_dimension;
    if (!over(p.axis_name, args)) return {{bind_reduce_scatter(x, {p.axis_name, p.axis_size}, at + 1, p.tiled)}, {1}};
    const auto total = args.mapped[0] ? reduce_sum(x, {0}) : times(x, args.size);
    return {{ops::move_axis(p.tiled ? divided(total, at, args.size) : total, at, 0)}, {1}};
  }
  static ir::Values lower(ir::Builder&, std::span<const ir::ValueId>, const Params& p) {
    throw_unbound_axis("psum_scatter", p.axis_name.list()[0]);
  }
};

struct AllToAll {
  static constexpr std::string_view name = "all_to_all";
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (None, axis_index_groups), (AxisNames, axis_name), (std::int64_t, axis_size),
                             (std::int64_t, concat_axis), (std::int64_t, split_axis), (bool, tiled));
  };
  static Avals abstract_eval(AvalSpan in, const Params& p) {
    Aval out = in[0];
    out.shape[static_cast<std::size_t>(p.split_axis)] /= std::max<std::int64_t>(p.axis_size, 1);
    out.shape[static_cast<std::size_t>(p.concat_axis)] *= p.axis_size;
    return {sized(name, out)};
  }
  static constexpr Linear jvp = linear;
  // A permutation of all elements of all positions: its transpose is its inverse.
  static Arrays transpose(const TransposeArgs& args, const Params& p) {
    return {bind_all_to_all(args.cotangents[0], {p.axis_name, p.axis_size}, p.concat_axis, p.split_axis)};
  }
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    const auto& x = args.operands[0];
    if (!over(p.axis_name, args))
      return {{bind_all_to_all(x, {p.axis_name, p.axis_size}, p.split_axis + 1, p.concat_axis + 1)}, {1}};
    const auto from_all = args.mapped[0] ? x : ops::repeat_along_new_axis(x, args.size, 0);
    // (source, ..., destination, rest of the split axis, ...), then the destination in front, and the source before
    // the axis along which it is joined
    const auto parts = ops::move_axis(divided(from_all, p.split_axis + 1, args.size), p.split_axis + 1, 0);
    return {{merged(ops::move_axis(parts, 1, p.concat_axis + 1), p.concat_axis + 1)}, {1}};
  }
  static ir::Values lower(ir::Builder&, std::span<const ir::ValueId>, const Params& p) {
    throw_unbound_axis(name, p.axis_name.list()[0]);
  }
};

struct Pairs {
  Permutation list;
  friend bool operator==(const Pairs&, const Pairs&) = default;
};
std::string show(const Pairs& perm) {
  std::string pairs;
  for (const auto& [from, to] : perm.list) pairs += text(pairs.empty() ? "(" : ", (", from, ", ", to, ")");
  return "(" + pairs + (perm.list.size() == 1 ? ",)" : ")");
}
Pairs parse_value(ValueParser& p, ParseAs<Pairs>) {
  Pairs perm;
  parse_tuples(p, 2, [&](const Dims& c) { perm.list.emplace_back(c[0], c[1]); });
  return perm;
}
std::size_t hash_value(const Pairs& perm) {
  std::size_t h = perm.list.size();
  for (const auto& [from, to] : perm.list)
    h = hash_combine(hash_combine(h, static_cast<std::size_t>(from)), static_cast<std::size_t>(to));
  return h;
}

struct Ppermute {
  static constexpr std::string_view name = "ppermute";
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (AxisNames, axis_name), (Pairs, perm));
  };
  static Avals abstract_eval(AvalSpan in, const Params&) { return {in[0]}; }
  static constexpr Linear jvp = linear;
  static Arrays transpose(const TransposeArgs& args, const Params& p) {
    Permutation inverse;
    for (const auto& [from, to] : p.perm.list) inverse.emplace_back(to, from);
    return {bind_ppermute(args.cotangents[0], p.axis_name, inverse)};
  }
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    if (!over(p.axis_name, args)) return {{bind_ppermute(args.operands[0], p.axis_name, p.perm.list)}, {1}};
    const bool all_receive = static_cast<std::int64_t>(p.perm.list.size()) == args.size;
    if (!args.mapped[0] && all_receive) return {{args.operands[0]}, {0}};
    const auto x = args.mapped[0] ? args.operands[0] : ops::repeat_along_new_axis(args.operands[0], args.size, 0);
    return {{permuted(x, p.perm.list)}, {1}};
  }
  static ir::Values lower(ir::Builder&, std::span<const ir::ValueId>, const Params& p) {
    throw_unbound_axis(name, p.axis_name.list()[0]);
  }

  // Joined of the longest runs of rows that stay neighbours, and zeros where nothing is received.
  static Array permuted(const Array& x, const Permutation& perm) {
    const auto n = x.shape()[0];
    std::vector<std::int64_t> from(static_cast<std::size_t>(n), -1);
    for (const auto& [source, destination] : perm) from[static_cast<std::size_t>(destination)] = source;
    Arrays runs;
    for (std::size_t i = 0; i < from.size();) {
      std::size_t end = i + 1;
      while (end < from.size() && from[end] == (from[i] < 0 ? -1 : from[end - 1] + 1)) ++end;
      runs.push_back(rows(x, from[i], static_cast<std::int64_t>(end - i)));
      i = end;
    }
    return runs.empty() ? x : runs.size() == 1 ? runs[0] : concatenate(runs, 0);
  }
  static Array rows(const Array& x, std::int64_t first, std::int64_t n) {
    auto shape = x.shape();
    shape[0] = n;
    if (first < 0) return full(shape, make_scalar(x.dtype(), 0.0, x.weak_type()));
    Dims start(shape.size(), 0), limit = x.shape();
    start[0] = first;
    limit[0] = first + n;
    return slice(x, start, limit);
  }
};

}  // namespace

Array bind_axis_index(const std::string& axis) { return bind_one<Position>({}, {{axis}}); }
Array bind_all_gather(const Array& x, const OneAxis& axis, std::int64_t dimension, bool tiled) {
  return bind_one<AllGather>({&x, 1}, {dimension, none, axis.name, axis.size, tiled});
}
Array bind_reduce_scatter(const Array& x, const OneAxis& axis, std::int64_t dimension, bool tiled) {
  return bind_one<ReduceScatter>({&x, 1}, {none, axis.name, axis.size, dimension, tiled});
}
Array bind_all_to_all(const Array& x, const OneAxis& axis, std::int64_t split_axis, std::int64_t concat_axis) {
  return bind_one<AllToAll>({&x, 1}, {none, axis.name, axis.size, concat_axis, split_axis, true});
}
Array bind_ppermute(const Array& x, const AxisNames& axis, const Permutation& perm) {
  return bind_one<Ppermute>({&x, 1}, {axis, {perm}});
}

void list_exchanges(Readables& to) {
  to.insert(to.end(), {readable<Position>(0), readable<AllGather>(1), readable<ReduceScatter>(1),
                       readable<AllToAll>(1), readable<Ppermute>(1)});
}

}  // namespace fluxion::lax

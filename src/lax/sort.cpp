// sort, top_k and searchsorted.
#include <fluxion/extend/lower.hpp>
#include <fluxion/lax/sorting.hpp>

#include "core/node.hpp"
#include "lax/readable.hpp"
#include "lax/rows.hpp"
#include "lax/rules.hpp"
#include "lax/sort_lines.hpp"

namespace fluxion::lax {

static std::string show(Side side) { return side == Side::left ? "left" : "right"; }
static Side parse_value(ValueParser& p, ParseAs<Side>) { return parse_choice(p, {Side::left, Side::right}); }
static std::size_t hash_value(Side side) { return static_cast<std::size_t>(side); }

namespace {

bool has_order(DType t) { return t == DType::bool_ || is_integer(t) || is_inexact(t); }

std::int64_t checked_dimension(std::string_view op, const char* what, std::int64_t dimension, const Array& x) {
  require_value(op, x);
  const auto d = dimension < 0 ? dimension + x.ndim() : dimension;
  if (d < 0 || d >= x.ndim())
    throw ValueError(text(op, ": ", what, " must be in [", -x.ndim(), ", ", x.ndim(), "), got ", dimension, " for ",
                          x.aval(), "; negative ones count from the end"));
  return d;
}

/// The permutation that brings axis d to the end, which is its own way back read the other way.
Dims to_the_end(std::size_t rank, std::int64_t d) {
  auto order = remaining(static_cast<std::int64_t>(rank), {d});
  order.push_back(d);
  return order;
}
ir::ValueId moved(ir::Builder& b, ir::ValueId x, const Dims& order) {
  for (std::size_t i = 0; i < order.size(); ++i)
    if (order[i] != static_cast<std::int64_t>(i)) return b.transpose(x, order);
  return x;
}

/// x at `indices` (int64) along axis d: result[.., j, ..] = x[.., indices[.., j, ..], ..].
Array take_along(const Array& x, const Array& indices, std::int64_t d) {
  const auto rank = x.ndim();
  if (indices.size() == 0) return full(indices.shape(), make_scalar(x.dtype(), 0.0));
  const auto order = to_the_end(static_cast<std::size_t>(rank), d);
  const auto last = d == rank - 1;
  const auto taken = take_rows(last ? x : transpose(x, order), last ? indices : transpose(indices, order), rank - 1);
  return last ? taken : transpose(taken, inverse(order));
}

Arrays all_mapped(const BatchArgs& args) {
  Arrays xs;
  for (std::size_t i = 0; i < args.operands.size(); ++i)
    xs.push_back(args.mapped[i] ? args.operands[i] : ops::repeat_along_new_axis(args.operands[i], args.size, 0));
  return xs;
}

struct Sort {
  static constexpr std::string_view name = "sort";
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (std::int64_t, dimension), (bool, is_stable), (std::int64_t, num_keys));
  };
  static Avals abstract_eval(AvalSpan in, const Params& p) {
    if (p.num_keys < 1 || p.num_keys > static_cast<std::int64_t>(in.size()))
      throw ValueError(text(name, ": num_keys must be in [1, ", in.size(), "] for ", in.size(), " operands, got ",
                            p.num_keys, "; the keys come first"));
    Avals out;
    for (std::size_t i = 0; i < in.size(); ++i) {
      if (in[i].shape != in[0].shape)
        throw TypeError(text(name, ": operands must have one shape, got ", in[0], " and ", in[i], "; broadcast them"));
      if (in[i].dtype == DType::float0 || is_tape(in[i].dtype))
        throw TypeError(text(name, ": operands must hold values, got ", in[i], "; leave it out"));
      if (static_cast<std::int64_t>(i) < p.num_keys && !has_order(in[i].dtype))
        throw TypeError(text(name, ": keys to sort by must be numbers or bool, got ", in[i],
                             "; keys of a generator have no order, sort fx::random::key_data of them"));
      out.push_back(in[i]);
    }
    check_axes(name, "dimension", {p.dimension}, in[0]);
    if (in[0].shape[static_cast<std::size_t>(p.dimension)] > std::int64_t{0xffffffff})
      throw ValueError(text(name, ": at most 2^32 - 1 elements are sorted, got ", in[0], "; sort parts of it"));
    return out;
  }
  // Sorted together with their positions, the operands tell where each tangent goes.
  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    Arrays with_positions(args.primals.begin(), args.primals.end());
    with_positions.push_back(iota(DType::int64, args.primals[0].shape(), p.dimension));
    auto sorted = bind_all<Sort>(with_positions, p);
    const auto from = sorted.back();
    sorted.pop_back();
    Arrays tangents;
    for (const auto& t : args.tangents) tangents.push_back(t.is_empty_handle() ? t : take_along(t, from, p.dimension));
    return {std::move(sorted), std::move(tangents)};
  }
  static constexpr no_transpose transpose{"not linear"};
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    return {bind_all<Sort>(all_mapped(args), {p.dimension + 1, p.is_stable, p.num_keys}),
            std::vector<char>(args.operands.size(), 1)};
  }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    const auto order = to_the_end(b.type(in[0]).shape.size(), p.dimension);
    ir::Values rows;
    for (const auto x : in) rows.push_back(moved(b, x, order));
    const auto keys = static_cast<std::size_t>(p.num_keys);
    auto out = lower_to_host(b, rows, avals_of(b, rows), std::string(name),
                             [keys](auto operands, auto results) { sort_rows(operands, results, keys); });
    for (auto& y : out) y = moved(b, y, inverse(order));
    return out;
  }
};

struct TopK {
  static constexpr std::string_view name = "top_k";
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (std::int64_t, k), (std::int64_t, axis));
  };
  static Avals abstract_eval(AvalSpan in, const Params& p) {
    const auto& x = in[0];
    if (!has_order(x.dtype) || is_complex(x.dtype))
      throw TypeError(text(name, ": the operand must have an order, got ", x, "; keys and complex numbers have none"));
    check_axes(name, "axis", {p.axis}, x);
    const auto d = static_cast<std::size_t>(p.axis);
    if (p.k < 0 || p.k > x.shape[d])
      throw ValueError(text(name, ": k must be in [0, ", x.shape[d], "] along axis ", p.axis, " of ", x, ", got ", p.k,
                            "; take no more than there are"));
    if (x.shape[d] > std::int64_t{INT32_MAX})
      throw ValueError(text(name, ": at most 2^31 - 1 elements are searched, got ", x, "; search parts of it"));
    Aval values = x, positions{x.shape, DType::int32, false};
    values.shape[d] = positions.shape[d] = p.k;
    return {values, positions};
  }
  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    auto out = bind_all<TopK>(args.primals, p);
    const auto t = take_along(args.tangents[0], convert_element_type(out[1], DType::int64), p.axis);
    return {std::move(out), {t, Array()}};
  }
  static constexpr no_transpose transpose{"not linear"};
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    return {bind_all<TopK>(args.operands, {p.k, p.axis + 1}), {1, 1}};
  }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    const auto order = to_the_end(b.type(in[0]).shape.size(), p.axis);
    const auto x = moved(b, in[0], order);
    auto shape = b.type(x).shape;
    shape[shape.size() - 1] = p.k;
    const Aval results[] = {{shape, b.type(x).dtype, false}, {shape, DType::int32, false}};
    auto out =
        lower_to_host(b, {&x, 1}, results, std::string(name),
                      [k = static_cast<std::size_t>(p.k)](auto operands, auto got) { top_rows(operands[0], got, k); });
    for (auto& y : out) y = moved(b, y, inverse(order));
    return out;
  }
};

struct SearchSorted {
  static constexpr std::string_view name = "searchsorted";
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (Side, side));
  };
  static Avals abstract_eval(AvalSpan in, const Params&) {
    const auto &sorted = in[0], &queries = in[1];
    if (!has_order(sorted.dtype) || is_complex(sorted.dtype))
      throw TypeError(
          text(name, ": elements must have an order, got ", sorted, "; keys and complex numbers have none"));
    const auto leading = [](const Aval& a) { return Shape(a.shape.data(), a.shape.size() - 1); };
    if (sorted.dtype != queries.dtype || sorted.shape.empty() || sorted.shape.size() != queries.shape.size() ||
        leading(sorted) != leading(queries))
      throw TypeError(text(name, ": queries must have sorted's dtype and leading axes, got ", sorted, " and ", queries,
                           "; fx::searchsorted promotes and reshapes"));
    const bool narrow = sorted.shape.back() < std::int64_t{INT32_MAX};
    return {{queries.shape, narrow ? DType::int32 : DType::int64, false}};
  }
  static constexpr no_jvp jvp{"integer result"};
  static constexpr no_transpose transpose{"integer result"};
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    if (args.mapped[0] || args.operands[0].ndim() != 1) return {{bind_one<SearchSorted>(all_mapped(args), p)}, {1}};
    // Queries of all lanes in one sorted list are more queries.
    const auto& q = args.operands[1];
    const Array flat[] = {args.operands[0], reshape(q, {q.size()})};
    return {{reshape(bind_one<SearchSorted>(flat, p), q.shape())}, {1}};
  }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return lower_to_host<SearchSorted>(b, in, p, [right = p.side == Side::right](auto operands, auto results) {
      search_rows(operands[0], operands[1], results[0], right);
    });
  }
};

}  // namespace

Array sort(const Array& x, std::int64_t dimension, bool is_stable) {
  return bind_one<Sort>({&x, 1}, {checked_dimension(Sort::name, "dimension", dimension, x), is_stable, 1});
}
Arrays sort(ArraySpan operands, std::int64_t dimension, bool is_stable, std::int64_t num_keys) {
  if (operands.empty()) throw ValueError("sort: at least one operand is required, got none; pass what to sort");
  return bind_all<Sort>(operands,
                        {checked_dimension(Sort::name, "dimension", dimension, operands[0]), is_stable, num_keys});
}
std::pair<Array, Array> sort_key_val(const Array& keys, const Array& values, std::int64_t dimension, bool is_stable) {
  const Array operands[] = {keys, values};
  auto out = sort(operands, dimension, is_stable, 1);
  return {out[0], out[1]};
}

std::pair<Array, Array> top_k(const Array& x, std::int64_t k, std::int64_t axis) {
  auto out = bind_all<TopK>({&x, 1}, {k, checked_dimension(TopK::name, "axis", axis, x)});
  return {out[0], out[1]};
}

Array searchsorted(const Array& sorted, const Array& queries, Side side) {
  const Array operands[] = {sorted, queries};
  return bind_one<SearchSorted>(operands, {side});
}

void list_sorts(Readables& to) {
  to.insert(to.end(), {readable<Sort>(1, ReadablePrimitive::any), readable<TopK>(1), readable<SearchSorted>(2)});
}

}  // namespace fluxion::lax

#include "lax/rows.hpp"

#include "core/node.hpp"
#include "lax/rules.hpp"
#include "lax/readable.hpp"

namespace fluxion::lax {

namespace {

std::size_t unsign(std::int64_t i) { return static_cast<std::size_t>(i); }
Array number(std::int64_t i) { return make_scalar(DType::int64, static_cast<double>(i)); }

struct TruePositions {
  static constexpr std::string_view name = "true_positions";
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (std::int64_t, size));
  };
  static Avals abstract_eval(AvalSpan in, const Params& p) {
    if (in[0].dtype != DType::bool_ || in[0].shape.empty())
      throw TypeError(text(name, ": a mask of bools along an axis is required, got ", in[0], "; compare, as in x > 0"));
    if (p.size < 0) throw ValueError(text(name, ": size must not be negative, got ", p.size, "; 0 asks for none"));
    Shape out = in[0].shape;
    out[out.size() - 1] = p.size;
    return {sized(name, {out, DType::int64, false})};
  }
  static constexpr no_jvp jvp{"integer result"};
  static constexpr no_transpose transpose{"integer result"};
  static BatchOut batch(const BatchArgs& args, const Params& p) { return {{bind_one<TruePositions>(args.operands, p)}, {1}}; }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return {b.true_positions(in[0], p.size)};
  }
};

/// Throws unless x (.., n, row) and indices (.., m) agree in `batch` leading axes.
void check_indices(std::string_view op, const Aval& x, const Aval& indices, std::int64_t batch) {
  const auto b = unsign(batch);
  if (indices.dtype != DType::int64)
    throw TypeError(text(op, ": indices must be int64, got ", indices, "; convert them with astype(fx::int64)"));
  const auto leading = [&](const Aval& a) { return Shape(a.shape.data(), b); };
  if (batch < 0 || indices.shape.size() != b + 1 || x.shape.size() < b + 1 || leading(x) != leading(indices))
    throw TypeError(text(op, ": indices must have one axis behind the ", batch, " that they share with x, got ", indices, " for ", x,
                         "; reshape or broadcast them"));
}

/// The shape of m rows of x.
Shape rows_shape(const Aval& x, std::int64_t m, std::int64_t batch) {
  Shape s = x.shape;
  s[unsign(batch)] = m;
  return s;
}

/// All operands with the mapped axis in front, for a rule that adds it to the batch axes.
Arrays all_mapped(const BatchArgs& args) {
  Arrays xs;
  for (std::size_t i = 0; i < args.operands.size(); ++i)
    xs.push_back(args.mapped[i] ? args.operands[i] : ops::repeat_along_new_axis(args.operands[i], args.size, 0));
  return xs;
}

struct TakeRows {
  static constexpr std::string_view name = "take_rows";
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (std::int64_t, batch));
  };
  static Avals abstract_eval(AvalSpan in, const Params& p) {
    check_indices(name, in[0], in[1], p.batch);
    const auto n = in[0].shape[unsign(p.batch)], m = in[1].shape.back();
    if (n == 0 && m != 0) throw ValueError(text(name, ": x must have a row to take, got ", in[0], "; take none of it"));
    return {sized(name, {rows_shape(in[0], m, p.batch), in[0].dtype, in[0].weak})};
  }
  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    return {{take_rows(args.primals[0], args.primals[1], p.batch)}, {take_rows(args.tangents[0], args.primals[1], p.batch)}};
  }
  // A row that is taken several times receives a sum.
  static Arrays transpose(const TransposeArgs& args, const Params& p) {
    const auto& x = args.operands[0].aval;
    const auto last = number(x.shape[unsign(p.batch)] - 1);
    const auto in_range = min(max(args.operands[1].value, number(0)), last);
    return {add_rows(ops::zeros_like_aval(x), in_range, args.cotangents[0], p.batch), Array()};
  }
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    const auto xs = all_mapped(args);
    return {{take_rows(xs[0], xs[1], p.batch + 1)}, {1}};
  }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return {b.take_rows(in[0], in[1], unsign(p.batch))};
  }
};

Aval written(std::string_view op, AvalSpan in, std::int64_t batch) {
  check_indices(op, in[0], in[1], batch);
  const auto want = rows_shape(in[0], in[1].shape.back(), batch);
  if (in[2].dtype != in[0].dtype || in[2].shape != want)
    throw TypeError(text(op, ": rows must be ", Aval{want, in[0].dtype, false}, " for ", in[0], " and ", in[1], ", got ", in[2],
                         "; convert them with astype, or broadcast them"));
  return {in[0].shape, in[0].dtype, in[0].weak && in[2].weak};
}

/// Rows where `keep` (.., m) holds, zeros elsewhere.
Array where_rows(const Array& keep, const Array& rows) {
  const auto kept = broadcast_in_dim(keep, rows.shape(), iota_dims(0, keep.ndim()));
  return select_n(kept, ops::zeros_like_aval(rows.aval()), rows);
}
Array in_range(const Array& indices, std::int64_t n) { return bitwise_and(ge(indices, number(0)), lt(indices, number(n))); }

struct PutRows {
  static constexpr std::string_view name = "put_rows";
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (std::int64_t, batch), (bool, unique_indices));
  };
  static Avals abstract_eval(AvalSpan in, const Params& p) { return {written(name, in, p.batch)}; }
  // Linear in x and rows together.
  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    const auto &x = args.primals[0], &rows = args.primals[2];
    const auto t = ops::instantiate(args.tangents[0], ops::tangent_aval(x.aval()));
    const auto rows_t = ops::instantiate(args.tangents[2], ops::tangent_aval(rows.aval()));
    return {{bind_one<PutRows>(args.primals, p)}, {put_rows(t, args.primals[1], rows_t, p.batch, p.unique_indices)}};
  }
  // What is written over receives nothing, in x and among the rows: of equal indices the last one counts.
  static Arrays transpose(const TransposeArgs& args, const Params& p) {
    const auto& ct = args.cotangents[0];
    const auto& indices = args.operands[1].value;
    Arrays out(3);
    if (args.operands[0].linear()) out[0] = put_rows(ct, indices, ops::zeros_like_aval(args.operands[2].aval), p.batch, p.unique_indices);
    if (!args.operands[2].linear()) return out;
    if (ct.size() == 0) {
      out[2] = ops::zeros_like_aval(args.operands[2].aval);
      return out;
    }
    auto counts = in_range(indices, ct.shape()[unsign(p.batch)]);
    if (!p.unique_indices) {
      Shape places = indices.shape();
      places[places.size() - 1] = ct.shape()[unsign(p.batch)];
      const auto order = iota(DType::int64, indices.shape(), p.batch);
      const auto last = put_rows(lax::full(places, number(-1)), indices, order, p.batch);
      counts = bitwise_and(counts, eq(take_rows(last, indices, p.batch), order));
    }
    out[2] = where_rows(counts, take_rows(ct, indices, p.batch));
    return out;
  }
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    return {{bind_one<PutRows>(all_mapped(args), {p.batch + 1, p.unique_indices})}, {1}};
  }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return {b.put_rows(in[0], in[1], in[2], {unsign(p.batch), false})};
  }
};

struct AddRows {
  static constexpr std::string_view name = "add_rows";
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (std::int64_t, batch));
  };
  static Avals abstract_eval(AvalSpan in, const Params& p) {
    if (in[0].dtype == DType::bool_ || !(is_integer(in[0].dtype) || is_inexact(in[0].dtype) || is_tape(in[0].dtype)))
      throw TypeError(text(name, ": numbers are required, got ", in[0], "; convert with astype"));
    return {written(name, in, p.batch)};
  }
  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    const auto &t = args.tangents[0], &rows_t = args.tangents[2];
    const auto changed = rows_t.is_empty_handle()
                             ? t
                             : add_rows(ops::instantiate(t, ops::tangent_aval(args.primals[0].aval())), args.primals[1], rows_t, p.batch);
    return {{bind_one<AddRows>(args.primals, p)}, {changed}};
  }
  static Arrays transpose(const TransposeArgs& args, const Params& p) {
    const auto& ct = args.cotangents[0];
    const auto& indices = args.operands[1].value;
    Arrays out(3);
    if (args.operands[0].linear()) out[0] = ct;
    if (args.operands[2].linear())
      out[2] = ct.size() == 0 ? ops::zeros_like_aval(args.operands[2].aval)
                              : where_rows(in_range(indices, ct.shape()[unsign(p.batch)]), take_rows(ct, indices, p.batch));
    return out;
  }
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    return {{bind_one<AddRows>(all_mapped(args), {p.batch + 1})}, {1}};
  }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return {b.put_rows(in[0], in[1], in[2], {unsign(p.batch), true})};
  }
};

}  // namespace

Array true_positions(const Array& mask, std::int64_t size) { return bind_one<TruePositions>({&mask, 1}, {size}); }

Array take_rows(const Array& x, const Array& indices, std::int64_t batch) {
  if (x.is_empty_handle()) return x;
  const Array args[] = {x, indices};
  return bind_one<TakeRows>(args, {batch});
}

Array put_rows(const Array& x, const Array& indices, const Array& rows, std::int64_t batch, bool unique_indices) {
  const Array args[] = {x, indices, rows};
  return bind_one<PutRows>(args, {batch, unique_indices});
}

Array add_rows(const Array& x, const Array& indices, const Array& rows, std::int64_t batch) {
  const Array args[] = {x, indices, rows};
  return bind_one<AddRows>(args, {batch});
}

void list_rows(Readables& to) {
  to.insert(to.end(), {readable<TruePositions>(1), readable<TakeRows>(2), readable<PutRows>(3), readable<AddRows>(3)});
}

}  // namespace fluxion::lax

// dot_general: the one contraction. Bilinear; both transposes are again dot_generals.
#include "core/matrix_product.hpp"
#include "lax/rules.hpp"
#include "lax/readable.hpp"

#include <algorithm>
#include <numeric>

namespace fluxion::lax {

// (([1], [0]), ([], [])), as jax prints it.
std::string show(const DotDims& d) {
  const auto list = [](const Dims& axes) {
    std::string s = "[";
    for (std::size_t i = 0; i < axes.size(); ++i) s += text(i == 0 ? "" : ", ", axes[i]);
    return s + "]";
  };
  return text("((", list(d.lhs_contract), ", ", list(d.rhs_contract), "), (", list(d.lhs_batch), ", ", list(d.rhs_batch), "))");
}

DotDims parse_value(ValueParser& p, ParseAs<DotDims>) {
  const auto pair = [&](Dims& lhs, Dims& rhs) {
    p.expect("(");
    lhs = parse_value(p, ParseAs<Dims>{});
    p.expect(",");
    rhs = parse_value(p, ParseAs<Dims>{});
    p.expect(")");
  };
  DotDims d;
  p.expect("(");
  pair(d.lhs_contract, d.rhs_contract);
  p.expect(",");
  pair(d.lhs_batch, d.rhs_batch);
  p.expect(")");
  return d;
}

std::size_t hash_value(const DotDims& d) {
  using fluxion::hash_value;
  return hash_combine(hash_combine(hash_value(d.lhs_contract), hash_value(d.rhs_contract)),
                      hash_combine(hash_value(d.lhs_batch), hash_value(d.rhs_batch)));
}

namespace {

Dims joined(std::initializer_list<const Dims*> parts) {
  Dims out;
  for (const auto* p : parts)
    for (auto d : *p) out.push_back(d);
  return out;
}

std::int64_t extent(const Shape& s, const Dims& axes) {
  std::int64_t n = 1;
  for (auto d : axes) n *= s[static_cast<std::size_t>(d)];
  return n;
}

Shape picked(const Shape& s, const Dims& axes) {
  Shape out;
  for (auto d : axes) out.push_back(s[static_cast<std::size_t>(d)]);
  return out;
}

bool is_sorted(const Dims& axes) { return std::is_sorted(axes.begin(), axes.end()); }

struct DotGeneral {
  static constexpr std::string_view name = "dot_general";
  static constexpr auto algebra = Algebra::bilinear;
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (DotDims, dimension_numbers));
  };

  static void check_pair(const char* what, const Aval& x, const Dims& xs, const Aval& y, const Dims& ys) {
    check_axes(name, what, xs, x);
    check_axes(name, what, ys, y);
    if (xs.size() != ys.size() || picked(x.shape, xs) != picked(y.shape, ys))
      throw TypeError(text(name, ": ", what, " must pair axes of equal extent, got ", xs, " of ", x, " and ", ys, " of ", y,
                           "; transpose or reshape an operand"));
  }

  static Avals abstract_eval(AvalSpan in, const Params& p) {
    const auto& [x, y] = std::tie(in[0], in[1]);
    const auto& d = p.dimension_numbers;
    if (x.dtype != y.dtype)
      throw TypeError(text(name, ": operands must have equal dtypes, got ", x, " and ", y, "; convert one with astype"));
    if (!is_integer(x.dtype) && !is_inexact(x.dtype))
      throw TypeError(text(name, ": operands must be numbers, got ", x, "; convert with astype"));
    check_pair("contracting dimensions", x, d.lhs_contract, y, d.rhs_contract);
    check_pair("batch dimensions", x, d.lhs_batch, y, d.rhs_batch);
    check_axes(name, "lhs dimensions", joined({&d.lhs_batch, &d.lhs_contract}), x);
    check_axes(name, "rhs dimensions", joined({&d.rhs_batch, &d.rhs_contract}), y);
    const auto bx = picked(x.shape, d.lhs_batch), fx = picked(x.shape, remaining(x.ndim(), d.lhs_contract, d.lhs_batch)),
               fy = picked(y.shape, remaining(y.ndim(), d.rhs_contract, d.rhs_batch));
    return {sized(name, {joined({&bx, &fx, &fy}), x.dtype, x.weak && y.weak})};
  }

  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    const auto& [x, y] = std::tie(args.primals[0], args.primals[1]);
    auto ans = bind_one<DotGeneral>(args.primals, p);
    Array t;
    if (!args.tangents[0].is_empty_handle()) t = dot_general(args.tangents[0], y, p.dimension_numbers);
    if (!args.tangents[1].is_empty_handle())
      t = ops::add_tangents(t, dot_general(x, args.tangents[1], p.dimension_numbers));
    return {{ans}, {t}};
  }

  // The cotangent of x, where the result's free axes are those of x, then those of y (or the other way round).
  static Array transpose_lhs(const Array& ct, const Aval& x, const Array& y, const DotDims& d, bool y_first) {
    const auto x_kept = remaining(x.ndim(), d.lhs_contract, d.lhs_batch);
    const auto y_kept = remaining(y.ndim(), d.rhs_contract, d.rhs_batch);
    const auto n_batch = static_cast<std::int64_t>(d.lhs_batch.size());
    const auto n_x = static_cast<std::int64_t>(x_kept.size()), n_y = static_cast<std::int64_t>(y_kept.size());
    const auto ct_y = y_first ? iota_dims(n_batch, n_batch + n_y) : iota_dims(n_batch + n_x, n_batch + n_x + n_y);
    const Dims ct_batch = iota_dims(0, n_batch);
    // product's axes: batch, x_kept, then y's contracted axes in ascending order, or the latter before x_kept.
    std::vector<std::size_t> order(d.rhs_contract.size());
    std::iota(order.begin(), order.end(), 0U);
    std::sort(order.begin(), order.end(), [&](auto a, auto b) { return d.rhs_contract[a] < d.rhs_contract[b]; });
    Dims contracted;
    for (auto i : order) contracted.push_back(d.lhs_contract[i]);
    const bool in_order = is_sorted(joined({&d.lhs_batch, &x_kept, &contracted}));
    if (!in_order && is_sorted(joined({&d.lhs_batch, &contracted, &x_kept})))  // as x lies: nothing has to be turned
      return dot_general(y, ct, {y_kept, ct_y, d.rhs_batch, ct_batch});
    const auto product = dot_general(ct, y, {ct_y, y_kept, ct_batch, d.rhs_batch});
    const auto perm = inverse(joined({&d.lhs_batch, &x_kept, &contracted}));
    return perm == iota_dims(0, perm.size()) ? product : lax::transpose(product, perm);
  }

  static Arrays transpose(const TransposeArgs& args, const Params& p) {
    const auto& ct = args.cotangents[0];
    const auto& d = p.dimension_numbers;
    Arrays out(2);
    if (args.operands[0].linear() && args.operands[1].linear())
      detail::throw_no_transpose(define<DotGeneral>(), "a product of two tangents; what a rule returns must be linear in them");
    if (args.operands[0].linear()) {
      out[0] = transpose_lhs(ct, args.operands[0].aval, args.operands[1].value, d, false);
    } else {
      const DotDims swapped{d.rhs_contract, d.lhs_contract, d.rhs_batch, d.lhs_batch};
      out[1] = transpose_lhs(ct, args.operands[1].aval, args.operands[0].value, swapped, true);
    }
    return out;
  }

  static BatchOut batch(const BatchArgs& args, const Params& p) {
    auto d = p.dimension_numbers;
    if (args.mapped[0]) { d.lhs_contract = shifted(d.lhs_contract); d.lhs_batch = shifted(d.lhs_batch); }
    if (args.mapped[1]) { d.rhs_contract = shifted(d.rhs_contract); d.rhs_batch = shifted(d.rhs_batch); }
    if (args.mapped[0] && args.mapped[1]) {
      d.lhs_batch.insert(0, 0);
      d.rhs_batch.insert(0, 0);
      return {{dot_general(args.operands[0], args.operands[1], d)}, {1}};
    }
    // The mapped axis is the first free axis of its operand.
    const auto n_batch = static_cast<std::int64_t>(d.lhs_batch.size());
    const auto lhs_free = args.operands[0].ndim() - n_batch - static_cast<std::int64_t>(d.lhs_contract.size());
    const auto at = args.mapped[0] ? n_batch : n_batch + lhs_free;
    return {{ops::move_axis(dot_general(args.operands[0], args.operands[1], d), at, 0)}, {1}};
  }

  static ir::ValueId arranged(ir::Builder& b, ir::ValueId x, const Dims& perm, Shape shape) {
    const auto moved = perm == iota_dims(0, perm.size()) ? x : b.transpose(x, perm);
    return b.type(moved).shape == shape ? moved : b.reshape(moved, std::move(shape));
  }

  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    const auto& d = p.dimension_numbers;
    const auto x = b.type(in[0]).shape, y = b.type(in[1]).shape;
    const auto x_free = remaining(x.size(), d.lhs_contract, d.lhs_batch), y_free = remaining(y.size(), d.rhs_contract, d.rhs_batch);
    const auto m = extent(x, x_free), k = extent(x, d.lhs_contract), n = extent(y, y_free);
    const auto bs = picked(x, d.lhs_batch);
    const Dims left{m, k}, right{k, n};  // batch dimensions stay apart: strides may not merge them
    const auto lhs = arranged(b, in[0], joined({&d.lhs_batch, &x_free, &d.lhs_contract}), joined({&bs, &left}));
    const auto rhs = arranged(b, in[1], joined({&d.rhs_batch, &d.rhs_contract, &y_free}), joined({&bs, &right}));
    const auto product = b.dot(lhs, rhs);
    const auto fx = picked(x, x_free), fy = picked(y, y_free);
    auto shape = joined({&bs, &fx, &fy});
    return {b.type(product).shape == shape ? product : b.reshape(product, std::move(shape))};
  }
};

}  // namespace

Array dot_general(const Array& lhs, const Array& rhs, const DotDims& dims) {
  const Array args[] = {lhs, rhs};
  return bind_one<DotGeneral>(args, {dims});
}

void list_products(Readables& to) {
  to.insert(to.end(), {readable<DotGeneral>(2)});
}

}  // namespace fluxion::lax

fluxion::ops::MatrixProduct fluxion::ops::matrix_product(const Primitive& p, ParamsView params) {
  if (&p != &define<lax::DotGeneral>()) return MatrixProduct::none;
  return params.as<lax::DotGeneral::Params>().dimension_numbers.lhs_batch.empty() ? MatrixProduct::plain : MatrixProduct::batched;
}

std::optional<fluxion::Array> fluxion::ops::product_before_repetition(ParamsView params, ArraySpan operands,
                                                                      std::size_t which, const Array& source,
                                                                      const Dims& dims) {
  using lax::DotGeneral;
  const auto& p = params.as<DotGeneral::Params>();
  const auto& d = p.dimension_numbers;
  const auto& shape = operands[which].shape();
  const auto free = lax::remaining(operands[which].ndim(), which == 0 ? d.lhs_contract : d.rhs_contract,
                                   which == 0 ? d.lhs_batch : d.rhs_batch);
  Shape once = shape;
  for (const auto axis : free) {
    const auto a = static_cast<std::size_t>(axis);
    const auto from = static_cast<std::size_t>(std::find(dims.begin(), dims.end(), axis) - dims.begin());
    if (from == dims.size() || source.shape()[from] != shape[a]) once[a] = 1;
  }
  if (once == shape) return std::nullopt;
  const Aval avals[] = {operands[0].aval(), operands[1].aval()};
  const auto result = DotGeneral::abstract_eval(avals, p)[0].shape;
  const Array x = lax::broadcast_in_dim(source, once, dims);
  const Array product = which == 0 ? lax::dot_general(x, operands[1], d) : lax::dot_general(operands[0], x, d);
  return lax::broadcast_in_dim(product, result, lax::iota_dims(0, result.size()));
}

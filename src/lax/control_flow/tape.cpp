// The rules of tapes. Recording and reading are linear, and each other's transposes; the tangent of a tape is the
// tape of the tangents of those of its values that have any.
#include "lax/control_flow/tape.hpp"

#include "core/node.hpp"
#include "lax/rules.hpp"
#include "lax/readable.hpp"

namespace fluxion::lax {

namespace {

bool has_tangent(const Aval& a) { return ops::tangent_aval(a).dtype != DType::float0; }

Aval tape_aval(const Shape& shape) { return {shape, DType::tape, false}; }

Aval behind(const Shape& lead, Aval a) {
  for (std::size_t d = 0; d < lead.size(); ++d) a.shape.insert(d, lead[d]);
  return a;
}

void check_operands(std::string_view name, const Aval& tape, const Aval& index) {
  if (!is_tape(tape.dtype) || index.dtype != DType::int64 || index.shape != tape.shape)
    throw InternalError(text(name, ": a tape and as many i64 indices are required, got ", tape, " and ", index));
}

/// All operands with the mapped axis in front.
Arrays all_mapped(const BatchArgs& args) {
  Arrays out;
  for (std::size_t i = 0; i < args.operands.size(); ++i)
    out.push_back(args.mapped[i] ? args.operands[i] : ops::repeat_along_new_axis(args.operands[i], args.size, 0));
  return out;
}

/// The values' avals without the tape's axes.
Avals record_of(AvalSpan values, std::size_t lead) {
  Avals out(values.begin(), values.end());
  for (auto& a : out) a.shape = Shape(a.shape.data() + lead, a.shape.size() - lead);
  return out;
}

struct TapePush {
  static constexpr std::string_view name = "tape_push";
  using Params = NoParams;

  static Avals abstract_eval(AvalSpan in, const Params&) {
    check_operands(name, in[0], in[1]);
    return {tape_aval(in[0].shape)};
  }

  static JvpOut jvp(const JvpArgs& args, const Params&) {
    const auto& x = args.primals;
    bool any = !args.tangents[0].is_empty_handle();
    Arrays tangents;
    for (std::size_t k = 2; k < x.size(); ++k) {
      if (!has_tangent(x[k].aval())) continue;
      any = any || !args.tangents[k].is_empty_handle();
      tangents.push_back(ops::instantiate(args.tangents[k], x[k].aval()));
    }
    const auto out = tape_push(x[0], x[1], x.subspan(2));
    if (!any || tangents.empty()) return {{out}, {Array()}};
    return {{out}, {tape_push(ops::instantiate(args.tangents[0], x[0].aval()), x[1], tangents)}};
  }

  static Arrays transpose(const TransposeArgs& args, const Params&) {
    const auto& ct = args.cotangents[0];
    Avals values;
    for (const auto& o : args.operands.subspan(2)) values.push_back(o.aval);
    Arrays out{ct, Array()};
    for (auto& v : tape_read(ct, args.operands[1].value, record_of(values, ct.shape().size()))) out.push_back(std::move(v));
    return out;
  }

  static BatchOut batch(const BatchArgs& args, const Params&) { return {bind_all<TapePush>(all_mapped(args), {}), {1}}; }

  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params&) { return {b.tape_push(in)}; }
};

struct TapeRead {
  static constexpr std::string_view name = "tape_read";
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (Avals, avals));
  };

  static Avals abstract_eval(AvalSpan in, const Params& p) {
    check_operands(name, in[0], in[1]);
    Avals out;
    for (const auto& a : p.avals) out.push_back(behind(in[0].shape, a));
    return out;
  }

  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    JvpOut out{bind_all<TapeRead>(args.primals, p), Arrays(p.avals.size())};
    Avals avals;
    for (const auto& a : p.avals)
      if (has_tangent(a)) avals.push_back(a);
    if (args.tangents[0].is_empty_handle() || avals.empty()) return out;
    const auto tangents = tape_read(args.tangents[0], args.primals[1], avals);
    for (std::size_t k = 0, next = 0; k < p.avals.size(); ++k)
      if (has_tangent(p.avals[k])) out.tangents[k] = tangents[next++];
    return out;
  }

  static Arrays transpose(const TransposeArgs& args, const Params& p) {
    const auto& shape = args.operands[0].aval.shape;
    Arrays values;
    for (std::size_t k = 0; k < p.avals.size(); ++k)
      values.push_back(ops::instantiate(args.cotangents[k], behind(shape, p.avals[k])));
    return {tape_push(tape_empty(shape), args.operands[1].value, values), Array()};
  }

  static BatchOut batch(const BatchArgs& args, const Params& p) {
    return {bind_all<TapeRead>(all_mapped(args), p), std::vector<char>(p.avals.size(), 1)};
  }

  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    std::vector<ir::Type> types;
    for (const auto& a : p.avals) types.push_back({a.dtype, behind(b.type(in[0]).shape, a).shape});
    return b.tape_read(in[0], in[1], std::move(types));
  }
};

struct TapeAdd {
  static constexpr std::string_view name = "tape_add";
  using Params = NoParams;

  static Avals abstract_eval(AvalSpan in, const Params&) {
    if (!is_tape(in[0].dtype) || !(in[0] == in[1]))
      throw InternalError(text(name, ": two tapes of one shape are required, got ", in[0], " and ", in[1]));
    return {in[0]};
  }
  static JvpOut jvp(const JvpArgs& args, const Params&) {
    return {{tape_add(args.primals[0], args.primals[1])}, {ops::add_tangents(args.tangents[0], args.tangents[1])}};
  }
  static Arrays transpose(const TransposeArgs& args, const Params&) {
    Arrays out;
    for (const auto& o : args.operands) out.push_back(o.linear() ? args.cotangents[0] : Array());
    return out;
  }
  static BatchOut batch(const BatchArgs& args, const Params&) { return {bind_all<TapeAdd>(all_mapped(args), {}), {1}}; }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params&) { return {b.tape_add(in[0], in[1])}; }
};

struct TapeSum {
  static constexpr std::string_view name = "tape_sum";
  using Params = NoParams;

  static Avals abstract_eval(AvalSpan in, const Params&) {
    if (!is_tape(in[0].dtype) || in[0].shape.empty()) throw InternalError(text(name, ": a stack of tapes is required, got ", in[0]));
    auto out = in[0];
    out.shape.erase(0);
    return {out};
  }
  static constexpr Linear jvp = linear;
  static Arrays transpose(const TransposeArgs& args, const Params&) {
    return {ops::repeat_along_new_axis(args.cotangents[0], args.operands[0].aval.shape[0], 0)};
  }
  static BatchOut batch(const BatchArgs& args, const Params&) {
    const auto moved = ops::move_axis(args.operands[0], 1, 0);
    return {bind_all<TapeSum>({&moved, 1}, {}), {1}};
  }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params&) { return {b.tape_fold(in[0])}; }
};

}  // namespace

Array tape_push(const Array& tape, const Array& index, ArraySpan values) {
  Arrays in{tape, index};
  in.insert(in.end(), values.begin(), values.end());
  return bind_one<TapePush>(in, {});
}

Arrays tape_read(const Array& tape, const Array& index, const Avals& avals) {
  const Array in[] = {tape, index};
  return bind_all<TapeRead>(in, {avals});
}

Array tape_add(const Array& a, const Array& b) {
  const Array in[] = {a, b};
  return bind_one<TapeAdd>(in, {});
}

Array tape_sum(const Array& tapes, const Dims& axes) {
  auto out = tapes;
  for (std::size_t i = axes.size(); i-- > 0;) {  // ascending: later ones do not move earlier ones
    const auto moved = ops::move_axis(out, axes[i], 0);
    out = bind_one<TapeSum>({&moved, 1}, {});
  }
  return out;
}

Array tape_discard() {
  constexpr std::uint64_t handle = 1;
  return make_scalar(DType::tape, false, &handle);
}

Array tape_empty(const Shape& shape) { return ops::zeros_like_aval(tape_aval(shape)); }

void list_tapes(Readables& to) {
  to.insert(to.end(), {readable<TapePush>(2, ReadablePrimitive::any), readable<TapeRead>(2), readable<TapeAdd>(2),
                       readable<TapeSum>(1)});
}

}  // namespace fluxion::lax

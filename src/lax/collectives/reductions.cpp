// psum, pmax and pmin: reductions over named axes.
#include "lax/collectives/rules.hpp"
#include "lax/readable.hpp"

namespace fluxion::lax {

namespace {

struct Psum {
  static constexpr std::string_view name = "psum";
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (AxisNames, axes), (None, axis_index_groups));
  };

  static Avals abstract_eval(AvalSpan in, const Params&) {
    for (const auto& a : in) check_number(name, a, false);
    return {in.begin(), in.end()};
  }

  // On those operands that have a tangent, or results that have a cotangent.
  static Arrays of_present(ArraySpan xs, const Params& p) {
    Arrays values;
    append_present(values, xs);
    return spread(values.empty() ? values : bind_psum(values, p.axes), present(xs));
  }
  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    auto out = bind_psum(args.primals, p.axes);
    return {std::move(out), of_present(args.tangents, p)};
  }
  static Arrays transpose(const TransposeArgs& args, const Params& p) { return of_present(args.cotangents, p); }

  static BatchOut batch(const BatchArgs& args, const Params& p) {
    if (!over(p.axes, args)) return {bind_psum(args.operands, p.axes), {args.mapped.begin(), args.mapped.end()}};
    Arrays sums;
    for (std::size_t i = 0; i < args.operands.size(); ++i) {
      const auto& x = args.operands[i];
      sums.push_back(args.mapped[i] ? reduce_sum(x, {0}) : times(x, args.size));
    }
    const auto rest = without(p.axes, args.axis_name);
    return {rest.list().empty() ? sums : bind_psum(sums, rest), Mask(sums.size(), 0)};
  }

  static AxisNames without(const AxisNames& axes, std::string_view done) {
    auto names = axes.list();
    std::erase(names, done);
    return AxisNames(std::move(names));
  }
  static ir::Values lower(ir::Builder&, std::span<const ir::ValueId>, const Params& p) {
    throw_unbound_axis(name, p.axes.list()[0]);
  }
};

/// pmax and pmin, with the derivative of reduce_max and reduce_min over the stacked axis.
template <class Self, Array (*reduce)(const Array&, const Dims&)>
struct Extremum {
  using Params = Psum::Params;
  static Avals abstract_eval(AvalSpan in, const Params&) {
    check_number(Self::name, in[0], true);
    return {in[0]};
  }
  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    const auto& x = args.primals[0];
    auto ans = bind_one<Self>(args.primals, p);
    const auto attains = convert_element_type(eq(x, ans), x.dtype());
    // Apart, for one of them is a tangent and the other is not.
    const auto count = bind_psum({&attains, 1}, p.axes)[0], chosen = mul(args.tangents[0], attains);
    return {{ans}, {div(bind_psum({&chosen, 1}, p.axes)[0], count)}};
  }
  static constexpr no_transpose transpose{"not linear"};
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    const auto& x = args.operands[0];
    if (!over(p.axes, args)) return {{bind_one<Self>(args.operands, p)}, {args.mapped[0]}};
    const auto best = args.mapped[0] ? reduce(x, {0}) : x;
    const auto rest = Psum::without(p.axes, args.axis_name);
    return {{rest.list().empty() ? best : bind_one<Self>({&best, 1}, {rest, none})}, {0}};
  }
  static ir::Values lower(ir::Builder&, std::span<const ir::ValueId>, const Params& p) {
    throw_unbound_axis(Self::name, p.axes.list()[0]);
  }
};

struct Pmax : Extremum<Pmax, &reduce_max> {
  static constexpr std::string_view name = "pmax";
};
struct Pmin : Extremum<Pmin, &reduce_min> {
  static constexpr std::string_view name = "pmin";
};

}  // namespace

Arrays bind_psum(ArraySpan xs, const AxisNames& axes) { return bind_all<Psum>(xs, {axes, none}); }
Array bind_pmax(const Array& x, const AxisNames& axes) { return bind_one<Pmax>({&x, 1}, {axes, none}); }
Array bind_pmin(const Array& x, const AxisNames& axes) { return bind_one<Pmin>({&x, 1}, {axes, none}); }

void list_collective_reductions(Readables& to) {
  to.insert(to.end(), {readable<Psum>(0, ReadablePrimitive::any), readable<Pmax>(1), readable<Pmin>(1)});
}

}  // namespace fluxion::lax

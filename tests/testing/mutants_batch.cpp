// Wrong batch rules.
#include "testing/mutant_parts.hpp"

namespace fluxion::test {
namespace {

/// R has `name`, `Params`, `shape(avals, params)`, `value(x, params)`, `tangent(x, t, params)` and `batch(args,
/// params)`.
template <class R>
struct Batched {
  static constexpr std::string_view name = R::name;
  using Params = typename R::Params;
  static Avals abstract_eval(AvalSpan in, const Params& p) { return {{R::shape(in, p), in[0].dtype}}; }
  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    Arrays x(args.primals.begin(), args.primals.end()), t;
    for (std::size_t i = 0; i < x.size(); ++i) t.push_back(instantiated(args.tangents[i], x[i].aval()));
    return {{bind_one<Batched>(args.primals, p)}, {R::tangent(x, t, p)}};
  }
  static constexpr no_transpose transpose{"not linear"};
  static BatchOut batch(const BatchArgs& args, const Params& p) { return R::batch(args, p); }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return lower_as(b, in, [&](const Arrays& x) { return Arrays{R::value(x, p)}; });
  }
};
template <class R>
Array batched(const Arrays& x, const typename R::Params& p = {}) {
  return bind_one<Batched<R>>(x, p);
}
/// One lane after the other, as is always right.
template <class R>
BatchOut by_loop(const BatchArgs& args, const typename R::Params& p) {
  return batch_by_loop(args, [&](const Arrays& lane) { return bind_all<Batched<R>>(lane, p); });
}

struct Along {
  BOOST_HANA_DEFINE_STRUCT(Along, (std::int64_t, axis));
};
/// Sums of squares along an axis. With the mapped axis in front, it is the next one.
template <bool W>
struct FoldAxis {
  static constexpr std::string_view name = "fold_axis";
  using Params = Along;
  static Shape shape(AvalSpan in, const Params& p) {
    Shape s = in[0].shape;
    s.erase(static_cast<std::size_t>(p.axis));
    return s;
  }
  static Array value(const Arrays& x, const Params& p) { return sum(x[0] * x[0], p.axis); }
  static Array tangent(const Arrays& x, const Arrays& t, const Params& p) { return sum(2.0 * x[0] * t[0], p.axis); }
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    return {{batched<FoldAxis>({args.operands[0]}, {W ? p.axis : p.axis + 1})}, {1}};
  }
};

/// The scalar product of the last axes.
template <bool W>
struct PairDot {
  static constexpr std::string_view name = "pair_dot";
  using Params = NoParams;
  static Shape shape(AvalSpan in, const Params&) {
    Shape s = in[0].shape;
    s.pop_back();
    return s;
  }
  static Array value(const Arrays& x, const Params&) { return sum(x[0] * x[1], -1); }
  static Array tangent(const Arrays& x, const Arrays& t, const Params&) { return sum(t[0] * x[1] + x[0] * t[1], -1); }
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    Array a = args.operands[0], b = args.operands[1];
    if (W && args.mapped[0] && args.mapped[1]) return {{batched<PairDot>({a, flip(b, 0)}, p)}, {1}};
    return {{batched<PairDot>(Arrays(broadcast_arrays({a, b})), p)}, {1}};
  }
};

/// x / sum(x) of a vector; the wrong rule divides by the sum over all lanes.
template <bool W>
struct Normalised {
  static constexpr std::string_view name = "normalised";
  using Params = NoParams;
  static Shape shape(AvalSpan in, const Params&) { return in[0].shape; }
  static Array value(const Arrays& x, const Params&) { return x[0] / sum(x[0]); }
  static Array tangent(const Arrays& x, const Arrays& t, const Params&) {
    const Array s = sum(x[0]);
    return t[0] / s - x[0] * (sum(t[0]) / (s * s));
  }
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    if (W) return {{batched<Normalised>({args.operands[0]}, p)}, {1}};
    return by_loop<Normalised>(args, p);
  }
};

/// x^2 - y; the wrong rule swaps them if only the second is mapped.
template <bool W>
struct Excess {
  static constexpr std::string_view name = "excess";
  using Params = NoParams;
  static Shape shape(AvalSpan in, const Params&) { return in[0].shape; }
  static Array value(const Arrays& x, const Params&) { return x[0] * x[0] - x[1]; }
  static Array tangent(const Arrays& x, const Arrays& t, const Params&) { return 2.0 * x[0] * t[0] - t[1]; }
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    const auto both = broadcast_arrays(args.operands);
    if (W && !args.mapped[0]) return {{batched<Excess>({both[1], both[0]}, p)}, {1}};
    return {{batched<Excess>(both, p)}, {1}};
  }
};

struct Rate {
  BOOST_HANA_DEFINE_STRUCT(Rate, (double, rate));
};
/// e^(-rate x); the wrong rule binds the default rate.
template <bool W>
struct Decay {
  static constexpr std::string_view name = "decay";
  using Params = Rate;
  static Shape shape(AvalSpan in, const Params&) { return in[0].shape; }
  static Array value(const Arrays& x, const Params& p) { return exp(-p.rate * x[0]); }
  static Array tangent(const Arrays& x, const Arrays& t, const Params& p) {
    return -p.rate * exp(-p.rate * x[0]) * t[0];
  }
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    return {{batched<Decay>({args.operands[0]}, W ? Rate{1.0} : p)}, {1}};
  }
};

/// sin x; the wrong rule takes the first lane for all of them.
template <bool W>
struct Ripple {
  static constexpr std::string_view name = "ripple";
  using Params = NoParams;
  static Shape shape(AvalSpan in, const Params&) { return in[0].shape; }
  static Array value(const Arrays& x, const Params&) { return sin(x[0]); }
  static Array tangent(const Arrays& x, const Arrays& t, const Params&) { return cos(x[0]) * t[0]; }
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    if (W) return {{batched<Ripple>({args.operands[0][0]}, p)}, {0}};
    return {{batched<Ripple>({args.operands[0]}, p)}, {1}};
  }
};

/// x^3; the wrong rule works on pairs of lanes and repeats the last whole pair for one that is left over.
template <bool W>
struct Cube {
  static constexpr std::string_view name = "cubed";
  using Params = NoParams;
  static Shape shape(AvalSpan in, const Params&) { return in[0].shape; }
  static Array value(const Arrays& x, const Params&) { return x[0] * x[0] * x[0]; }
  static Array tangent(const Arrays& x, const Arrays& t, const Params&) { return 3.0 * x[0] * x[0] * t[0]; }
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    Array x = args.operands[0];
    const auto n = args.size;
    if (W && n % 2 == 1 && n > 1) x = concatenate({x[range(0, n - 1)], x[range(n - 2, n - 1)]});
    return {{batched<Cube>({x}, p)}, {1}};
  }
};

Mutant batch_mutant(Mutant m) {
  m.shows = Shows::batch;
  m.order = 0;
  return m;
}

}  // namespace

void add_batch_mutants(std::vector<Mutant>& to) {
  const auto add = [&to](Mutant m) { to.push_back(batch_mutant(std::move(m))); };
  const auto vector = drawn({{{3}}}), two = drawn({{{3}}, {{3}}});
  add(mutant("axis of a batch not shifted", "fold_axis", "batch", drawn({{{3, 3}}}),
             []<bool W>(const Arrays& x) { return Arrays{after(batched<FoldAxis<W>>({before(x[0])}, {1}))}; }));
  add(mutant("batch of both operands only", "pair_dot", "batch", two, []<bool W>(const Arrays& x) {
    return Arrays{after(batched<PairDot<W>>({before(x[0]), x[1]}))};
  }));
  add(mutant("batch mixes lanes", "normalised", "batch", vector,
             []<bool W>(const Arrays& x) { return Arrays{after(batched<Normalised<W>>({before(x[0])}))}; }));
  add(mutant("batch of the second operand only", "excess", "batch", two, []<bool W>(const Arrays& x) {
    return Arrays{after(batched<Excess<W>>({before(x[0]), x[1]}))};
  }));
  add(mutant("parameter dropped from a batch", "decay", "batch", vector,
             []<bool W>(const Arrays& x) { return Arrays{after(batched<Decay<W>>({before(x[0])}, {0.5}))}; }));
  add(mutant("batch of one lane", "ripple", "batch", vector,
             []<bool W>(const Arrays& x) { return Arrays{after(batched<Ripple<W>>({before(x[0])}))}; }));
  add(mutant("batch of an odd number of lanes", "cubed", "batch", vector,
             []<bool W>(const Arrays& x) { return Arrays{after(batched<Cube<W>>({before(x[0])}))}; }));
  add(mutant("custom_vmap rule of another function", "custom_vmap", "rule", two, []<bool W>(const Arrays& x) {
    const auto scaled = [](const Array& a, const Array& b) { return a * sin(b); };
    const auto rule = [](std::int64_t, const auto&, const Array& a, const Array& b) {
      return std::pair(W ? a * cos(b) : a * sin(b), true);
    };
    return Arrays{after(custom_vmap(scaled, rule)(before(x[0]), x[1]))};
  }));
}

}  // namespace fluxion::test

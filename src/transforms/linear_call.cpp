// The linear_call primitive: reverse mode uses the transpose that it brings, all else looks into the function.
// Source: jax.custom_derivatives.linear_call.
#include "transforms/linear_call.hpp"

#include "base/text.hpp"
#include "core/ops.hpp"
#include "transforms/custom_rules.hpp"
#include "transforms/jvp.hpp"
#include "transforms/linearize.hpp"
#include "transforms/readable.hpp"

namespace fluxion {

static std::string show(const LinearFunctionPtr& f) { return f->name; }
static std::size_t hash_value(const LinearFunctionPtr& f) { return std::hash<LinearFunctionPtr>{}(f); }

namespace {

using custom::avals_of;
using custom::joined;
using custom::slice;

struct LinearCall {
  static constexpr std::string_view name = "linear_call";
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (LinearFunctionPtr, callee), (std::string, transpose));
  };

  static Avals abstract_eval(AvalSpan, const Params& p) { return p.callee->out; }

  static detail::FlatFn inlined(const Params& p) {
    return [f = p.callee](const Arrays& xs) {
      return f->f(ArraySpan(xs).first(f->n_residuals), ArraySpan(xs).subspan(f->n_residuals));
    };
  }
  static bool is_linear_in(ArraySpan tangents, const Params& p) {
    for (const auto& t : tangents.first(p.callee->n_residuals))
      if (!t.is_empty_handle()) return false;
    return true;
  }
  static JvpOut applied_to_tangent(const JvpArgs& args, const Params& p) {
    const auto n = p.callee->n_residuals;
    Arrays in = slice(args.primals, 0, n);
    for (std::size_t i = n; i < args.primals.size(); ++i)
      in.push_back(ops::instantiate(args.tangents[i], args.primals[i].aval()));
    auto out = bind_all<LinearCall>(args.primals, p);
    return {std::move(out), bind_all<LinearCall>(in, p)};
  }

  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    if (is_linear_in(args.tangents, p)) return applied_to_tangent(args, p);
    return jvp_symbolic(inlined(p), args.primals, args.tangents);
  }
  static JvpOut linearize(const JvpArgs& args, const Params& p) {
    if (is_linear_in(args.tangents, p)) return applied_to_tangent(args, p);
    return linearize_by_tracing(inlined(p), args);
  }

  static Arrays transpose(const TransposeArgs& args, const Params& p) {
    const auto& f = *p.callee;
    Arrays residuals;
    for (const auto& x : args.operands.first(f.n_residuals)) {
      if (x.linear())
        throw TypeError(text("linear_call: residuals must not be linear operands, got ", x.aval, " of ", f.name,
                             "; pass it among the linear arguments"));
      residuals.push_back(x.value);
    }
    Arrays cts;
    for (std::size_t i = 0; i < f.out.size(); ++i) cts.push_back(ops::instantiate(args.cotangents[i], f.out[i]));
    Arrays out(f.n_residuals);
    for (auto& ct : f.twice ? bind_linear_call(transposed(p.callee, args), residuals, cts) : f.transpose(residuals, cts))
      out.push_back(std::move(ct));
    for (std::size_t i = 0; i < out.size(); ++i)
      if (!args.operands[i].linear()) out[i] = Array();
    return out;
  }

  /// The transpose as a function whose transpose is the function.
  static LinearFunctionPtr transposed(const LinearFunctionPtr& f, const TransposeArgs& args) {
    auto t = std::make_shared<LinearFunction>(*f);
    std::swap(t->name, t->transpose_name);
    t->out.clear();
    for (const auto& x : args.operands.subspan(f->n_residuals)) t->out.push_back(x.aval);
    t->f = [f, out = t->out](ArraySpan residuals, ArraySpan cts) { return custom::instantiated(f->transpose(residuals, cts), out); };
    t->transpose = f->f;
    return t;
  }

  // All linear operands are mapped, so that their cotangents are.
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    const auto& f = *p.callee;
    Arrays in(args.operands.begin(), args.operands.end());
    Mask mapped(args.mapped.begin(), args.mapped.end());
    for (std::size_t i = f.n_residuals; i < in.size(); ++i) {
      if (!mapped[i]) in[i] = ops::repeat_along_new_axis(in[i], args.size, 0);
      mapped[i] = 1;
    }
    auto all = std::make_shared<LinearFunction>(f);
    for (auto& a : all->out) a.shape.insert(0, args.size);
    const auto over = [mapped, axis = custom::MappedAxis(args.axis()), n = f.n_residuals](const auto& one) {
      return [one, mapped, axis, n](ArraySpan residuals, ArraySpan linear) {
        Mask m(mapped.begin(), mapped.begin() + static_cast<std::ptrdiff_t>(n));
        m.resize(n + linear.size(), 1);
        Mask nonzero;
        auto out = custom::mapped_all(
            [&](const Arrays& xs) {
              const auto r = one(ArraySpan(xs).first(n), ArraySpan(xs).subspan(n));
              nonzero = present(r);
              Arrays values;
              append_present(values, r);
              return values;
            },
            joined({residuals, linear}), m, axis);
        return spread(out, nonzero);
      };
    };
    all->f = over(f.f);
    all->transpose = over(f.transpose);
    auto out = bind_linear_call(all, ArraySpan(in).first(f.n_residuals), ArraySpan(in).subspan(f.n_residuals));
    return {std::move(out), Mask(f.out.size(), 1)};
  }

  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    Avals avals;
    for (auto v : in) avals.push_back({b.type(v).shape, b.type(v).dtype, false});
    const SetTrace none(nullptr);
    const auto closed = trace_to_jaxpr(inlined(p), avals, "linear_call");
    if (!closed.consts.empty())
      throw TypeError(text("linear_call: a rule must get arrays as arguments, residuals or captured values, got ",
                           closed.consts[0].aval(), " from a variable of static storage; capture it"));
    return lower_jaxpr(*closed.jaxpr, b, in);
  }
};

}  // namespace

Arrays bind_linear_call(const LinearFunctionPtr& f, ArraySpan residuals, ArraySpan linear) {
  return bind_all<LinearCall>(joined({residuals, linear}), {f, f->transpose_name});
}

namespace detail {

Flattened call_linear(const LinearCallFunction& c, const Arrays& residuals, const Flattened& linear) {
  const auto n = residuals.size();
  Avals in = avals_of(joined({residuals, linear.leaves}));
  TreeDef structure;
  const auto f = trace_to_jaxpr(
      [&](const Arrays& xs) {
        auto r = c.f(slice(xs, 0, n), slice(xs, n, xs.size() - n));
        structure = std::move(r.structure);
        return std::move(r.leaves);
      },
      in, "linear_call");
  const auto out = f.jaxpr->out_avals();
  Avals back = avals_of(residuals);
  back.insert(back.end(), out.begin(), out.end());
  Mask nonzero;
  const auto of = avals_of(linear.leaves);
  const auto t = trace_to_jaxpr(
      [&](const Arrays& xs) {
        const auto r = c.transpose(slice(xs, 0, n), {slice(xs, n, xs.size() - n), structure});
        const auto cts = custom::checked_tangents("linear_call", "the transpose's result", linear.structure, of, r, "linear");
        nonzero = present(cts);
        Arrays values;
        append_present(values, cts);
        return values;
      },
      back, "linear_call");
  auto fn = std::make_shared<LinearFunction>();
  fn->name = c.name;
  fn->transpose_name = c.transpose_name;
  fn->out = out;
  fn->twice = true;
  // operands: residuals, what f captured, what its transpose captured
  fn->n_residuals = n + f.consts.size() + t.consts.size();
  const auto evaluated = [n](const ClosedJaxpr& closed, std::size_t first) {
    return [jaxpr = closed.jaxpr, n, first, count = closed.consts.size()](ArraySpan res, ArraySpan xs) {
      return eval_jaxpr(*jaxpr, joined({res.subspan(first, count), res.first(n), xs}));
    };
  };
  fn->f = evaluated(f, n);
  fn->transpose = [apply = evaluated(t, n + f.consts.size()), nonzero](ArraySpan res, ArraySpan cts) {
    return spread(apply(res, cts), nonzero);
  };
  return {bind_linear_call(fn, joined({residuals, f.consts, t.consts}), linear.leaves), std::move(structure)};
}

}  // namespace detail
void list_linear_call(std::vector<ReadablePrimitive>& to) {
  to.insert(to.end(), {readable<LinearCall>(0, ReadablePrimitive::any)});
}

}  // namespace fluxion

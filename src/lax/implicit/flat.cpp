// From functions to the primitives of implicit differentiation: traced once, held against what they must return,
// captured values made operands that all jaxprs of a primitive share.
#include <fluxion/detail/flat_implicit.hpp>

#include <algorithm>

#include "core/node.hpp"
#include "lax/implicit/implicit.hpp"
#include "lax/rules.hpp"
#include "transforms/linearize.hpp"

namespace fluxion::detail {

namespace {

using lax::avals_of;
using lax::joined;
using lax::part;

/// The unknown: its avals, and its leaves' paths for messages.
struct Unknown {
  const char* op;
  Avals avals;
  const TreeDef& structure;

  std::string at(std::size_t i) const {
    const auto path = structure.paths()[i];
    return path.empty() ? "" : " at " + path;
  }

  /// The first results of a function, which must be as the unknown is but for weakness; `what` names the function.
  Arrays like(Arrays out, const char* what) const {
    for (std::size_t i = 0; i < avals.size(); ++i) {
      const auto& got = out[i].aval();
      if (got.shape != avals[i].shape || got.dtype != avals[i].dtype)
        throw TypeError(text(op, ": ", what, " must return the shapes and dtypes of the unknown, got ", got, " for ", avals[i],
                             at(i), "; ", got.shape != avals[i].shape ? "reshape or sum the result" : "convert with astype"));
      out[i] = lax::convert_element_type(out[i], got.dtype);
    }
    return out;
  }
};

/// Without weakness, which would differ between an unknown and what is computed of it.
Arrays strong(const char* op, const char* what, const Arrays& xs, const TreeDef& structure) {
  Arrays out;
  for (std::size_t i = 0; i < xs.size(); ++i) {
    const auto at = [&] {
      const auto path = structure.paths()[i];
      return path.empty() ? path : " at " + path;
    };
    if (xs[i].is_empty_handle())
      throw TypeError(text(op, ": ", what, " must hold values, got an empty handle", at(), "; assign it first"));
    if (!is_inexact(xs[i].dtype()))
      throw TypeError(text(op, ": ", what, " must be floating, got ", xs[i].aval(), at(), "; convert it with astype(fx::float64)"));
    out.push_back(lax::convert_element_type(xs[i], xs[i].dtype()));
  }
  return out;
}

/// The values that several programs captured, each once.
class SharedConsts {
 public:
  explicit SharedConsts(std::initializer_list<const ClosedJaxpr*> programs) {
    for (const auto* p : programs)
      for (const auto& c : p->consts)
        if (index(c) == all_.size()) all_.push_back(c);
  }
  const Arrays& all() const { return all_; }

  /// The program as a function of all of them and its own arguments.
  JaxprPtr with(const ClosedJaxpr& p, const char* op) const {
    const auto n = all_.size();
    auto own = p.jaxpr->in_avals();
    own.erase(own.begin(), own.begin() + static_cast<std::ptrdiff_t>(p.consts.size()));
    return lax::traced(
        [&](const Arrays& xs) {
          Arrays in;
          for (const auto& c : p.consts) in.push_back(xs[index(c)]);
          return eval_jaxpr(*p.jaxpr, joined({in, ArraySpan(xs).subspan(n)}));
        },
        joined({avals_of(all_), own}), op);
  }

 private:
  std::size_t index(const Array& c) const {
    const auto same = [&](const Array& x) { return x.node_or_null() == c.node_or_null(); };
    return static_cast<std::size_t>(std::find_if(all_.begin(), all_.end(), same) - all_.begin());
  }
  Arrays all_;
};

Arrays call(const ClosedJaxpr& p, ArraySpan args) { return eval_jaxpr(*p.jaxpr, joined({p.consts, args})); }

}  // namespace

Arrays custom_root_flat(const FlatFn& f, const Arrays& guess, const FlatFn& solve, const FlatSolver& tangent_solve,
                        const TreeDef& in) {
  const char* op = "custom_root";
  const auto start = strong(op, "initial_guess", guess, in);
  const Unknown x{op, avals_of(start), in};
  const auto n = x.avals.size();
  const auto equation = trace_to_jaxpr([&](const Arrays& at) { return x.like(f(at), "f"); }, x.avals, op);
  const auto search = trace_to_jaxpr([&](const Arrays& from) { return x.like(solve(from), "solve"); }, x.avals, op);
  const auto tangents = trace_to_jaxpr(
      [&](const Arrays& args) {
        const auto g = linearize_flat([&](const Arrays& at) { return call(equation, at); }, part(args, 0, n), op).map;
        return x.like(tangent_solve([&](const Arrays& t) { return g.forward(t); }, part(args, n, n)), "tangent_solve");
      },
      joined({x.avals, x.avals}), op);
  const SharedConsts consts{&equation, &search, &tangents};
  return lax::bind_custom_root(consts.all(), start, consts.with(equation, op), consts.with(search, op), consts.with(tangents, op));
}

Arrays custom_linear_solve_flat(const FlatFn& matvec, const Arrays& b, const FlatFn& solve, const FlatSolver& transpose_solve,
                                bool symmetric, const TreeDef& in) {
  const char* op = "custom_linear_solve";
  const auto rhs = strong(op, "b", b, in);
  const Unknown x{op, avals_of(rhs), in};
  const auto product = trace_to_jaxpr([&](const Arrays& v) { return x.like(matvec(v), "matvec"); }, x.avals, op);
  const auto search = trace_to_jaxpr([&](const Arrays& y) { return x.like(solve(y), "solve"); }, x.avals, op);
  if (!transpose_solve) {
    const SharedConsts consts{&product, &search};
    const auto a = consts.with(product, op), s = consts.with(search, op);
    return lax::bind_custom_linear_solve(consts.all(), rhs, a, s, symmetric ? std::vector{a, s} : std::vector<JaxprPtr>{});
  }
  const FlatFn vecmat = [&](const Arrays& ct) {
    auto inputs = product.consts;
    inputs.resize(product.jaxpr->in.size());
    auto out = part(backward_pass(*product.jaxpr, inputs, ct), product.consts.size(), x.avals.size());
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = ops::instantiate(out[i], x.avals[i]);
    return out;
  };
  const auto back = trace_to_jaxpr(vecmat, x.avals, op);
  const auto back_search =
      trace_to_jaxpr([&](const Arrays& y) { return x.like(transpose_solve(vecmat, y), "transpose_solve"); }, x.avals, op);
  const SharedConsts consts{&product, &search, &back, &back_search};
  return lax::bind_custom_linear_solve(consts.all(), rhs, consts.with(product, op), consts.with(search, op),
                                       {consts.with(back, op), consts.with(back_search, op)});
}

}  // namespace fluxion::detail

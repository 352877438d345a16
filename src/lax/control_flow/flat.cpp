// From functions to control-flow primitives: trace once, check that types agree, pass captured values as operands.
#include <fluxion/detail/flat_control.hpp>

#include <algorithm>

#include "base/text.hpp"
#include "core/node.hpp"
#include "lax/control_flow/control_flow.hpp"
#include "lax/control_flow/primitives.hpp"
#include "lax/control_flow/stepwise.hpp"
#include "lax/rules.hpp"

namespace fluxion::detail {

namespace {

using lax::at_leaf;
using lax::avals_of;
using lax::joined;
using lax::part;

// "f64[2] for f64[] at .x and i64[] for f64[] at .y": every leaf that `fits` refuses.
template <class Fits>
std::string misfits(const Avals& got, const Avals& wanted, const LeafPath& path, const char* between, const Fits& fits) {
  std::string list;
  for (std::size_t i = 0; i < got.size(); ++i)
    if (!fits(got[i], wanted[i])) list += text(list.empty() ? "" : ", ", got[i], between, wanted[i], at_leaf(path, i));
  return list;
}

bool common_type(const Aval& a, const Aval& b) { return a.shape == b.shape && (a.dtype == b.dtype || a.weak || b.weak); }

// The avals that a set of branch results can all be brought to: weak ones follow the strong.
Avals common_avals(const char* op, const std::vector<ClosedJaxpr>& branches, const LeafPath& path) {
  auto common = branches[0].jaxpr->out_avals();
  for (const auto& b : branches) {
    const auto other = b.jaxpr->out_avals();
    if (other.size() != common.size())
      throw TypeError(text(op, ": branches must return trees of one structure, got ", common.size(), " and ", other.size(),
                           " leaves; return the same tree from each"));
    const auto differing = misfits(common, other, path, " and ", common_type);
    if (!differing.empty())
      throw TypeError(text(op, ": branches must return equal types, got ", differing,
                           "; make shapes equal, or convert with astype"));
    for (std::size_t i = 0; i < common.size(); ++i)
      if (common[i].weak) common[i] = other[i];
  }
  return common;
}

// Brings carry leaves of weak type to what the body makes of them. True if anything changed.
bool follow_weak(Arrays& init, const Avals& after) {
  bool changed = false;
  for (std::size_t i = 0; i < init.size(); ++i) {
    const auto& a = init[i].aval();
    if (!a.weak || after[i].weak || a.shape != after[i].shape) continue;
    init[i] = lax::convert_element_type(init[i], after[i].dtype);
    changed = true;
  }
  return changed;
}

void check_carry(const char* op, const Arrays& init, const Avals& after, const LeafPath& path) {
  if (after.size() != init.size())
    throw TypeError(text(op, ": the body must return a carry of the structure it is given, got ", after.size(), " leaves for ",
                         init.size(), "; return the same tree"));
  const auto changed = misfits(after, avals_of(init), path, " for ", [](const Aval& a, const Aval& b) { return same_type(a, b); });
  if (changed.empty()) return;
  bool shapes = false;
  for (std::size_t i = 0; i < init.size(); ++i) shapes |= after[i].shape != init[i].shape();
  throw TypeError(text(op, ": the body must return a carry of the type it is given, got ", changed,
                       shapes ? "; start with an array of the final shape, for a carry cannot grow, shrink or broadcast"
                              : "; convert the initial value or the result with astype"));
}

}  // namespace

void check_structure(const char* what, const TreeDef& expected, const TreeDef& got) {
  if (!(expected == got))
    throw TypeError(text(what, " must have the structure ", expected, ", got ", got, "; return the same tree"));
}

void check_branches(std::size_t n) {
  if (n == 0) throw ValueError("switch_: at least one branch is required, got none; give the functions to choose from");
}

Array branch_index(const Array& pred) {
  if (pred.ndim() != 0)
    throw TypeError(text("cond: the predicate must be a scalar, got ", pred.aval(), "; use fx::where for elementwise choice"));
  if (pred.dtype() != DType::bool_ && !is_integer(pred.dtype()) && !is_inexact(pred.dtype()))
    throw TypeError(text("cond: the predicate must be a bool or a number, got ", pred.aval(), "; compare, as in x > 0"));
  const auto truth = pred.dtype() == DType::bool_ ? pred : pred != 0;
  return lax::convert_element_type(truth, DType::int32);
}

namespace {

// Values that several branches capture are one operand.
std::vector<std::size_t> add_captured(Arrays& all, const Arrays& captured) {
  std::vector<std::size_t> places;
  for (const auto& x : captured) {
    const auto found = std::find_if(all.begin(), all.end(), [&](const Array& y) { return y.node_or_null() == x.node_or_null(); });
    places.push_back(static_cast<std::size_t>(found - all.begin()));
    if (found == all.end()) all.push_back(x);
  }
  return places;
}

}  // namespace

Arrays cond_flat(const char* op, const Array& index, std::span<const FlatFn> branches, const Arrays& operands,
                 const LeafPath& result_path) {
  if (index.ndim() != 0 || !is_integer(index.dtype()))
    throw TypeError(text(op, ": the index must be an integer scalar, got ", index.aval(),
                         index.ndim() != 0 ? "; choose one by one under fx::vmap" : "; convert it with astype(fx::int32), or use fx::cond for two"));
  if (branches.size() == 1) return branches[0](operands);
  const auto in = avals_of(operands);
  std::vector<ClosedJaxpr> closed;
  Arrays consts;
  std::vector<std::vector<std::size_t>> places;  // of each branch's captured values among those of all
  for (const auto& f : branches) {
    closed.push_back(trace_to_jaxpr(f, in, op));
    places.push_back(add_captured(consts, closed.back().consts));
  }
  const auto results = common_avals(op, closed, result_path);
  if (lax::runs_stepwise(index)) return lax::cond_stepwise(index, branches, operands, results);
  std::vector<JaxprPtr> programs;
  for (std::size_t k = 0; k < closed.size(); ++k) {
    programs.push_back(lax::traced(
        [&](const Arrays& xs) {
          Arrays own;
          for (const auto at : places[k]) own.push_back(xs[at]);
          auto out = eval_jaxpr(*closed[k].jaxpr, joined({own, part(xs, consts.size(), in.size())}));
          for (std::size_t i = 0; i < out.size(); ++i)
            out[i] = lax::convert_element_type(out[i], results[i].dtype, results[i].weak);
          return out;
        },
        joined({avals_of(consts), in}), op));
  }
  return lax::bind_cond(lax::convert_element_type(index, DType::int32), joined({consts, operands}), programs);
}

namespace {

void check_options(const char* op, const WhileOptions& options) {
  if (options.max_residual_bytes && *options.max_residual_bytes <= 0)
    throw ValueError(text(op, ": max_residual_bytes must be positive, got ", *options.max_residual_bytes,
                          "; leave it out to record every trip"));
}

}  // namespace

Arrays while_flat(const FlatFn& cond, const FlatFn& body, Arrays init, const WhileOptions& options, const LeafPath& carry_path) {
  const char* op = "while_loop";
  check_options(op, options);
  auto traced_body = trace_to_jaxpr(body, avals_of(init), op);
  if (traced_body.jaxpr->out.size() != init.size()) check_carry(op, init, traced_body.jaxpr->out_avals(), carry_path);
  if (follow_weak(init, traced_body.jaxpr->out_avals())) traced_body = trace_to_jaxpr(body, avals_of(init), op);
  check_carry(op, init, traced_body.jaxpr->out_avals(), carry_path);
  const auto traced_cond = trace_to_jaxpr(cond, avals_of(init), op);
  const auto verdict = traced_cond.jaxpr->out_avals()[0];
  if (verdict.dtype != DType::bool_ || verdict.ndim() != 0)
    throw TypeError(text(op, ": the condition must return a bool scalar, got ", verdict, "; compare, as in x < 1, or use fx::all"));
  if (lax::runs_stepwise())
    if (auto end = lax::while_stepwise(cond, body, init)) return std::move(*end);
  return lax::bind_while(traced_cond.consts, traced_body.consts, init, traced_cond.jaxpr, traced_body.jaxpr,
                         options.max_residual_bytes);
}

Arrays fori_flat(const Array& lower, const Array& upper, const FlatFn& body, Arrays init, const WhileOptions& options,
                 const LeafPath& carry_path) {
  const char* op = "fori_loop";
  check_options(op, options);
  for (const auto* bound : {&lower, &upper})
    if (bound->ndim() != 0 || !is_integer(bound->dtype()))
      throw TypeError(text(op, ": bounds must be integer scalars, got ", bound->aval(), "; convert with astype(fx::int64)"));
  const auto first = lax::convert_element_type(lower, DType::int64), last = lax::convert_element_type(upper, DType::int64);
  const Aval index{{}, DType::int64, false};
  auto closed = trace_to_jaxpr(body, joined({{index}, avals_of(init)}), op);
  if (closed.jaxpr->out.size() != init.size()) check_carry(op, init, closed.jaxpr->out_avals(), carry_path);
  if (follow_weak(init, closed.jaxpr->out_avals())) closed = trace_to_jaxpr(body, joined({{index}, avals_of(init)}), op);
  check_carry(op, init, closed.jaxpr->out_avals(), carry_path);
  if (lax::runs_stepwise(first) && lax::runs_stepwise(last)) return lax::fori_stepwise(body, first, last, std::move(init));
  const auto n = closed.consts.size();
  // consts, lower, trip, carry
  const auto counted = lax::traced(
      [&](const Arrays& xs) {
        return eval_jaxpr(*closed.jaxpr, joined({part(xs, 0, n), Arrays{lax::add(xs[n], xs[n + 1])}, part(xs, n + 2, init.size())}));
      },
      joined({avals_of(closed.consts), {index, index}, avals_of(init)}), op);
  return lax::bind_repeat(lax::sub(last, first), joined({closed.consts, {&first, 1}}), init, counted, false,
                          options.max_residual_bytes);
}

Arrays scan_flat(const char* op, const FlatFn& body, Arrays init, const Arrays& xs, const ScanOptions& options,
                 const LeafPath& carry_path, const LeafPath& xs_path) {
  if (options.unroll < 1)
    throw ValueError(text(op, ": unroll must be at least 1, got ", options.unroll, "; 1 makes every trip one of its own"));
  const auto length = lax::scan_length(op, xs, options.length, xs_path);
  Avals elements;
  for (const auto& x : xs) {
    elements.push_back(x.aval());
    elements.back().shape.erase(0);
  }
  const auto n_carry = init.size();
  auto closed = trace_to_jaxpr(body, joined({avals_of(init), elements}), op);
  if (closed.jaxpr->out.size() < n_carry) check_carry(op, init, closed.jaxpr->out_avals(), carry_path);
  if (follow_weak(init, part(closed.jaxpr->out_avals(), 0, n_carry)))
    closed = trace_to_jaxpr(body, joined({avals_of(init), elements}), op);
  check_carry(op, init, part(closed.jaxpr->out_avals(), 0, n_carry), carry_path);
  if (lax::runs_stepwise() && length > 0) return lax::scan_stepwise(body, std::move(init), xs, length, options.reverse);
  return lax::bind_scan(closed.consts, init, xs, closed.jaxpr, length, options.reverse,
                        options.unroll);
}

}  // namespace fluxion::detail

// The compiled halves of linear_transpose and closure_convert.
#include <fluxion/transforms/linear_transpose.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "core/ops.hpp"
#include "transforms/custom_rules.hpp"
#include "transforms/flat_calls.hpp"
#include "transforms/linearity.hpp"

namespace fluxion::detail {

struct TransposedCall {
  LinearTranspose transpose;
  std::vector<Aval> in, out_avals;
  TreeDef arguments, out;
};

std::shared_ptr<const TransposedCall> transpose_call(FlatCall& f) {
  check_leaves_hold_values(f, "linear_transpose");
  const auto in = avals_of(f.leaves);
  for (std::size_t i = 0; i < in.size(); ++i)
    if (!is_inexact(in[i].dtype))
      throw TypeError(text("linear_transpose: arguments must be floating, got ", in[i], " for ", leaf_paths(f)[i],
                           "; let the function capture what it is not linear in"));
  LinearTranspose t([&f](const Arrays& xs) { return f(xs); }, in, "linear_transpose", "the function");
  auto out = t.out_avals();
  return std::make_shared<const TransposedCall>(TransposedCall{std::move(t), in, std::move(out), f.in, f.out});
}

const TreeDef& arguments_of(const TransposedCall& t) { return t.arguments; }

Arrays apply_transpose(const TransposedCall& t, const TreeWriter& cotangents) {
  const auto cts = custom::checked_tangents("linear_transpose", "the cotangent", t.out, t.out_avals,
                                            {cotangents.leaves, TreeDef(cotangents)}, "result");
  return custom::instantiated(t.transpose(cts), t.in);
}

struct ConvertedCall {
  ClosedJaxpr closed;
  std::vector<char> hoisted;
  std::vector<Aval> in;
  TreeDef arguments, out;
};

std::pair<std::shared_ptr<const ConvertedCall>, Arrays> closure_convert_call(FlatCall& f) {
  check_leaves_hold_values(f, "closure_convert");
  ConvertedCall c{make_jaxpr_flat([&f](const Arrays& xs) { return f(xs); }, avals_of(f.leaves), "closure_convert"), {}, avals_of(f.leaves), f.in, f.out};
  Arrays hoisted;
  for (auto& x : c.closed.consts) {
    c.hoisted.push_back(tracer(x) != nullptr && is_inexact(x.dtype()));
    if (c.hoisted.back()) hoisted.push_back(std::exchange(x, Array()));
  }
  return {std::make_shared<const ConvertedCall>(std::move(c)), std::move(hoisted)};
}

Arrays apply_converted(const ConvertedCall& c, const TreeWriter& args, const Arrays& hoisted, TreeDef& out) {
  std::vector<int> positions(decode(c.arguments).size());
  for (std::size_t i = 0; i < positions.size(); ++i) positions[i] = static_cast<int>(i);
  const auto roots = argument_names(positions);
  check_same_structure(c.arguments, TreeDef(args), "closure_convert", roots);
  for (std::size_t i = 0; i < c.in.size(); ++i)
    if (args.leaves[i].is_empty_handle() || !same_type(args.leaves[i].aval(), c.in[i]))
      throw TypeError(text("closure_convert: an argument must be like the example, ", c.in[i], ", got ", describe(args.leaves[i]), " for ",
                           c.arguments.paths(roots)[i], "; convert it, or convert the function again"));
  if (hoisted.size() != count(c.hoisted))
    throw ValueError(text("closure_convert: the hoisted values must be as many as were returned, ", count(c.hoisted), ", got ",
                          hoisted.size(), "; pass the second part of closure_convert's result"));
  Arrays in;
  for (std::size_t i = 0, next = 0; i < c.closed.consts.size(); ++i) in.push_back(c.hoisted[i] ? hoisted[next++] : c.closed.consts[i]);
  in.insert(in.end(), args.leaves.begin(), args.leaves.end());
  out = c.out;
  return eval_jaxpr(*c.closed.jaxpr, in);
}

}  // namespace fluxion::detail

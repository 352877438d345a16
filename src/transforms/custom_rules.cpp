#include "transforms/custom_rules.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "core/ops.hpp"
#include "transforms/vmap.hpp"

namespace fluxion::custom {

namespace {

std::vector<const void*>& traced_ahead() {
  thread_local std::vector<const void*> types;
  return types;
}

const char* way_out(const Aval& want, const Aval& got) {
  if (want.shape != got.shape) return "reshape, broadcast or sum it";
  return "convert it with astype";
}

void check_no_empty_handles(const char* op, const std::string& what, const Flattened& got) {
  for (const auto& x : got.leaves)
    if (x.is_empty_handle())
      throw TypeError(text(op, ": ", what, " must hold values, got an empty handle; assign every leaf"));
}

}  // namespace

Avals avals_of(ArraySpan xs) {
  Avals out;
  for (const auto& x : xs) out.push_back(x.aval());
  return out;
}

Arrays slice(ArraySpan xs, std::size_t first, std::size_t n) {
  const auto part = xs.subspan(first, n);
  return {part.begin(), part.end()};
}

Arrays joined(std::initializer_list<ArraySpan> lists) {
  Arrays out;
  for (const auto& l : lists) out.insert(out.end(), l.begin(), l.end());
  return out;
}

Mask floating(AvalSpan avals) {
  Mask m;
  for (const auto& a : avals) m.push_back(is_inexact(a.dtype));
  return m;
}

void check_like_result(const char* op, const std::string& what, const Signature& want, const Flattened& got) {
  const std::string root[] = {"result"};
  detail::check_same_structure(want.structure, got.structure, text(op, ": ", what).c_str(), root);
  check_no_empty_handles(op, what, got);
  for (std::size_t i = 0; i < want.avals.size(); ++i) {
    const auto& a = got.leaves[i].aval();
    if (same_type(a, want.avals[i])) continue;
    throw TypeError(text(op, ": ", what, " must be that of the function, ", want.avals[i], ", got ", a, " at ",
                         want.structure.paths(root)[i], "; ", way_out(want.avals[i], a)));
  }
}

Arrays checked_tangents(const char* op, const std::string& what, const TreeDef& structure, AvalSpan of, const Flattened& got,
                        const std::string& root) {
  const std::string roots[] = {root};
  detail::check_same_structure(structure, got.structure, text(op, ": ", what).c_str(), roots);
  Arrays out = got.leaves;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (out[i].is_empty_handle()) continue;
    const auto want = ops::tangent_aval(of[i]);
    const auto& a = out[i].aval();
    if (!same_type(a, want))
      throw TypeError(text(op, ": ", what, " must be ", want, " for ", structure.paths(roots)[i], ", got ", a, "; ",
                           want.dtype == DType::float0 ? "integers take an empty Array{}" : way_out(want, a)));
    if (want.dtype == DType::float0) out[i] = Array();
  }
  return out;
}

Arrays instantiated(ArraySpan tangents, AvalSpan primals) {
  Arrays out;
  for (std::size_t i = 0; i < tangents.size(); ++i) out.push_back(ops::instantiate(tangents[i], ops::tangent_aval(primals[i])));
  return out;
}

void check_no_captured_tangent(const char* op, ArraySpan consts, ArraySpan tangents) {
  for (std::size_t i = 0; i < consts.size(); ++i)
    if (!tangents[i].is_empty_handle()) throw_captured(op, consts[i].aval());
}

TracingAhead::TracingAhead(const void* type) { traced_ahead().push_back(type); }
TracingAhead::~TracingAhead() { traced_ahead().pop_back(); }
bool TracingAhead::of(const void* type) {
  const auto& types = traced_ahead();
  return std::find(types.begin(), types.end(), type) != types.end();
}

Arrays mapped_all(const detail::FlatFn& f, ArraySpan in, const Mask& mapped, const MappedAxis& axis) {
  auto out = vmap_symbolic(f, in, mapped, {axis.size, axis.name});
  for (std::size_t i = 0; i < out.results.size(); ++i)
    if (!out.mapped[i]) out.results[i] = ops::repeat_along_new_axis(out.results[i], axis.size, 0);
  return std::move(out.results);
}

JaxprPtr with_unused_consts(const ClosedJaxpr& f, AvalSpan all_consts) {
  const auto own = f.consts.size();
  if (own == all_consts.size()) return f.jaxpr;
  Avals in(all_consts.begin(), all_consts.end());
  const auto avals = f.jaxpr->in_avals();
  in.insert(in.end(), avals.begin() + static_cast<std::ptrdiff_t>(own), avals.end());
  return trace_to_jaxpr(
             [&](const Arrays& xs) {
               return eval_jaxpr(*f.jaxpr, joined({slice(xs, 0, own), ArraySpan(xs).subspan(all_consts.size())}));
             },
             in, "custom")
      .jaxpr;
}

}  // namespace fluxion::custom

namespace fluxion::detail {

Converted convert(const char* op, const std::function<Flattened(const Arrays&)>& f, const Arrays& like) {
  TreeDef out;
  auto closed = trace_to_jaxpr(
      [&](const Arrays& xs) {
        auto r = f(xs);
        out = std::move(r.structure);
        return std::move(r.leaves);
      },
      custom::avals_of(like), op);
  return {std::move(closed), std::move(out)};
}

Arrays call_converted(const Converted& f, const Arrays& consts, const Arrays& leaves) {
  return eval_jaxpr(*f.closed.jaxpr, custom::joined({consts, leaves}));
}

}  // namespace fluxion::detail

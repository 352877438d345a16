#include "core/rule_checks.hpp"

#include "base/text.hpp"

namespace fluxion {

void throw_wrong_lowering(const Primitive& p, const ir::Type& got, const Aval& want) {
  throw InternalError(text(p.name(), ": its lower rule must give ", want, ", got ", Aval{got.shape, got.dtype},
                           "; make it agree with abstract_eval"));
}
void throw_wrong_lowering(const Primitive& p, std::size_t got, std::size_t want) {
  throw InternalError(text(p.name(), ": its lower rule must give ", want, " values, got ", got,
                           "; make it agree with abstract_eval"));
}

#ifdef FLUXION_DEBUG_CHECKS

namespace {

Avals expected(const Primitive& p, ArraySpan args, ParamsView params) {
  Avals in;
  for (const auto& x : args) in.push_back(x.aval());
  return p.abstract_eval(in, params);
}

void require(bool ok, const Primitive& p, const char* rule, const Aval& want, const Aval& got) {
  if (!ok) throw InternalError(text(p.name(), ": its ", rule, " rule must give ", want, ", got ", got));
}

}  // namespace

void check_jvp_rule(const Primitive& p, ArraySpan args, ParamsView params, const JvpOut& out) {
  const auto want = expected(p, args, params);
  for (std::size_t i = 0; i < want.size(); ++i) {
    const auto& got = out.primals[i].aval();
    require(same_type(got, want[i]), p, "jvp", want[i], got);
    const auto& t = out.tangents[i];
    if (!t.is_empty_handle()) require(same_type(t.aval(), want[i]) && (is_inexact(want[i].dtype) || is_tape(want[i].dtype)), p, "jvp (tangent)", want[i], t.aval());
  }
}

void check_batch_rule(const Primitive& p, ArraySpan args, ParamsView params, const BatchOut& out, std::int64_t size) {
  auto want = expected(p, args, params);
  for (std::size_t i = 0; i < want.size(); ++i) {
    if (out.mapped[i]) want[i].shape.insert(0, size);
    require(same_type(out.results[i].aval(), want[i]), p, "batch", want[i], out.results[i].aval());
  }
}

void check_transpose_rule(const Primitive& p, std::span<const TransposeArg> operands, ArraySpan cotangents) {
  for (std::size_t i = 0; i < operands.size(); ++i)
    if (operands[i].linear() && !cotangents[i].is_empty_handle())
      require(same_type(cotangents[i].aval(), operands[i].aval), p, "transpose", operands[i].aval, cotangents[i].aval());
}

#endif

}  // namespace fluxion

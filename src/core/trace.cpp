#include "core/trace.hpp"

#include "base/text.hpp"
#include "core/evaluate.hpp"
#include "core/guards.hpp"
#include "core/nans.hpp"

namespace fluxion {

namespace {

TracePtr& current() {
  thread_local TracePtr trace;
  return trace;
}

[[noreturn]] void throw_unexpected(const Primitive& p, const Array& x) {
  const auto& t = *tracer(x)->trace;
  if (t.suspended_by() != nullptr) throw_captured(t.suspended_by(), x.aval());
  const bool finished = !t.live();
  throw UnexpectedTracerError(
      text(p.name(), ": operands must belong to a transformation that is running on this thread, got ", describe(x),
           finished ? text(" from a finished ", t.name())
                    : text(" from a ", t.name(), t.on_this_thread() ? " that is not active here" : " that runs on another thread"),
           "; do not keep values from inside a transformed function (captured by reference, static or global): "
           "return them, pass them as arguments, or capture by value"));
}

void check_operands(const Primitive& p, ArraySpan args) {
  for (const auto& x : args) {
    require_value(p.name(), x);
    if (const auto* t = tracer(x); t != nullptr && !t->trace->usable_here()) throw_unexpected(p, x);
  }
}

// Operands of a row that need no abstract_eval: one or two of the same float dtype, of one shape or rank 0.
bool plainly_valid(const Primitive& row, ArraySpan args) {
  if (!row.takes_any_floats()) return false;
  const auto& a = args[0].aval();
  if (a.dtype != DType::float64 && a.dtype != DType::float32) return false;
  if (args.size() == 1) return true;
  const auto& b = args[1].aval();
  return a.dtype == b.dtype && (a.shape == b.shape || a.shape.empty() || b.shape.empty());
}

void check_nans(const Primitive& p, const Array& x) {
  if (has_nan(x))
    throw FloatingPointError(text(p.name(), ": finite or infinite results are required under debug_nans, got a NaN in ",
                                  x.aval(), "; inspect this operation's operands"));
}

Array evaluate_checked_row(const Primitive& p, ArraySpan args, ParamsView params) {
  if (!plainly_valid(p, args)) {
    Avals avals;
    for (const auto& x : args) avals.push_back(x.aval());
    p.abstract_eval(avals, params);
  }
  auto out = evaluate_row(p, args);
  if (config().debug_nans) check_nans(p, out);
  return out;
}

}  // namespace

const TracePtr& current_trace() { return current(); }

void throw_captured(const char* op, const Aval& aval) {
  throw TypeError(text(op, ": a differentiated value must be an argument, got ", aval,
                       " that the function or a rule captured, or a nondiff_argnums argument; the rules say nothing of "
                       "its derivative: pass it as an argument, or through fx::stop_gradient"));
}

Arrays call_custom(const CustomCall& call, ArraySpan args) {
  const auto trace = current();
  return trace != nullptr ? trace->process_custom(call, args) : call.run(args);
}

SetTrace::SetTrace(TracePtr trace) : saved_(std::exchange(current(), std::move(trace))) {}
SetTrace::~SetTrace() { current() = std::move(saved_); }

Arrays Primitive::bind(ArraySpan args, ParamsView params) const {
  const auto& p = *this;
  check_operands(p, args);
  if (const auto trace = current()) return trace->process(p, args, params);
  for (const auto& x : args)
    if (tracer(x) != nullptr) throw_unexpected(p, x);
  if (p.op()) return {evaluate_checked_row(p, args, params)};
  // Looked at operation by operation, a call is what it calls.
  const bool looked_at = config().debug_nans || config().disable_jit;
  if (const auto callee = looked_at ? p.callee(params) : nullptr) return eval_jaxpr(*callee, args);
  auto itself = p.impl(args, params);
  auto out = itself ? std::move(*itself) : evaluate(p, args, params);
  if (config().debug_nans)
    for (const auto& x : out) check_nans(p, x);
  return out;
}

Array Primitive::bind_one(ArraySpan args, ParamsView params) const {
  if (current() == nullptr && op_ && all_concrete(args)) return evaluate_checked_row(*this, args, params);
  return std::move(bind(args, params)[0]);
}

void check_results(ArraySpan results, const char* name) {
  for (const auto& x : results) {
    if (x.is_empty_handle())
      throw TypeError(text(name, ": the function must return values, got an empty handle; assign every result"));
    const auto* t = tracer(x);
    if (t == nullptr || t->trace->usable_here()) continue;
    if (t->trace->suspended_by() != nullptr) throw_captured(t->trace->suspended_by(), x.aval());
    throw UnexpectedTracerError(text(name, ": the function must return values of its own, got ", describe(x), " from a finished ",
                                       t->trace->name(), "; return it from that transformation instead"));
  }
}

std::string describe(const Array& x) {
  if (x.is_empty_handle()) return "an empty handle";
  if (const auto* t = tracer(x)) return text("Traced<", x.aval(), "> of ", t->trace->name());
  return text(x.aval());
}

namespace detail {

JvpOut linear_jvp(const Primitive& p, const JvpArgs& args, ParamsView params) {
  Arrays tangents;
  for (std::size_t i = 0; i < args.tangents.size(); ++i) {
    const auto& t = args.tangents[i];
    tangents.push_back(t.is_empty_handle() ? zeros_like_aval(args.primals[i].aval()) : t);
  }
  auto out = p.bind(args.primals, params);
  return {std::move(out), p.bind(tangents, params)};
}

JvpOut zero_jvp(const Primitive& p, const JvpArgs& args, ParamsView params) {
  auto out = p.bind(args.primals, params);
  Arrays zeros(out.size());
  return {std::move(out), std::move(zeros)};
}

void throw_no_transpose(const Primitive& p, std::string_view reason) {
  throw TypeError(text(p.name(), ": reverse mode needs a linear operation, got one that has no transpose (", reason,
                       "); use fx::jvp or fx::jacfwd, or fx::stop_gradient around it"));
}

}  // namespace detail
}  // namespace fluxion

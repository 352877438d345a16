// Traces: who receives an operation while a function is being transformed. Stackless: a thread-local
// current trace, each trace knows the one that was current outside it.
#pragma once

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/node.hpp"
#include "core/primitive.hpp"

namespace fluxion {

/// A call of a function that brings derivative rules of its own (custom_jvp, custom_vjp). A trace that differentiates
/// runs the rule on the values that it has; to all others the call is an equation.
class CustomCall {
 public:
  virtual const char* name() const = 0;
  /// The function itself, in the current trace.
  virtual Arrays run(ArraySpan args) const = 0;
  /// Its rule, as Primitive::jvp and Primitive::linearize.
  virtual JvpOut jvp(const JvpArgs& args) const = 0;
  virtual JvpOut linearize(const JvpArgs& args) const = 0;
  /// Binds it as a primitive in the current trace.
  virtual Arrays record(ArraySpan args) const = 0;

 protected:
  ~CustomCall() = default;
};

/// A value is a trace's own if its tracer's trace is this trace; everything else is a constant to it. That
/// comparison is all there is to perturbation confusion.
class Trace : public std::enable_shared_from_this<Trace> {
 public:
  explicit Trace(std::shared_ptr<Trace> parent) : parent_(std::move(parent)), thread_(std::this_thread::get_id()) {}
  virtual ~Trace() = default;

  /// Carries out an operation at least one of whose operands may be a tracer of this trace.
  virtual Arrays process(const Primitive& p, ArraySpan args, ParamsView params) = 0;
  /// The same for a function with rules of its own.
  virtual Arrays process_custom(const CustomCall& call, ArraySpan args) { return call.record(args); }
  /// The transformation as users know it: "jit", "grad", "vmap".
  virtual const char* name() const = 0;

  /// The trace that was current when this one began; null is evaluation.
  const std::shared_ptr<Trace>& parent() const { return parent_; }
  bool usable_here() const { return live_ && thread_ == std::this_thread::get_id() && suspended_by_ == nullptr; }
  bool live() const { return live_; }
  bool on_this_thread() const { return thread_ == std::this_thread::get_id(); }
  void finish() { live_ = false; }
  /// The custom rule that runs in place of this trace; its tracers must not be met meanwhile.
  const char* suspended_by() const { return suspended_by_; }

  bool owns(const Array& x) const {
    const auto* t = tracer(x);
    return t != nullptr && t->trace.get() == this;
  }

 private:
  friend class Suspend;
  std::shared_ptr<Trace> parent_;
  std::thread::id thread_;
  const char* suspended_by_ = nullptr;
  bool live_ = true;
};

/// For the scope of a custom rule: what the rule captured must not be one of `trace`'s tracers, for its derivative
/// would be lost.
class Suspend {
 public:
  Suspend(Trace& trace, const char* by) : trace_(trace), saved_(std::exchange(trace.suspended_by_, by)) {}
  ~Suspend() { trace_.suspended_by_ = saved_; }
  Suspend(const Suspend&) = delete;

 private:
  Trace& trace_;
  const char* saved_;
};

using TracePtr = std::shared_ptr<Trace>;

/// The trace that operations go to; null means they are evaluated.
const TracePtr& current_trace();

/// Hands a function with rules of its own to the current trace, or runs it when there is none.
Arrays call_custom(const CustomCall& call, ArraySpan args);
/// Throws TypeError: a value that is being differentiated reached a custom rule otherwise than as an argument.
[[noreturn]] void throw_captured(const char* op, const Aval& aval);

/// Makes a trace current for a scope.
class SetTrace {
 public:
  explicit SetTrace(TracePtr trace);
  ~SetTrace();
  SetTrace(const SetTrace&) = delete;

 private:
  TracePtr saved_;
};

/// A transformation's trace for the scope of its function: current on entry, dead on exit, so that a leaked
/// tracer is recognised when it is used.
template <class T>
class NewTrace {
 public:
  template <class... A>
  explicit NewTrace(A&&... a) : trace_(std::make_shared<T>(current_trace(), std::forward<A>(a)...)), set_(trace_) {}
  ~NewTrace() { trace_->finish(); }
  T& operator*() const { return *trace_; }
  T* operator->() const { return trace_.get(); }
  const std::shared_ptr<T>& ptr() const { return trace_; }

 private:
  std::shared_ptr<T> trace_;
  SetTrace set_;
};

/// Wraps a tracer node in a handle.
template <class T, class... A>
Array make_tracer(A&&... a) {
  return Array(static_cast<const detail::Node*>(new T(std::forward<A>(a)...)));
}

/// Throws if a transformed function returned an empty handle, or a tracer that is not usable any more. `name` is
/// the transformation's.
void check_results(ArraySpan results, const char* name);

/// "Traced<f64[3]> of grad": how a tracer prints.
std::string describe(const Array& x);

}  // namespace fluxion

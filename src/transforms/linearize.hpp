// Reverse mode, first half: a function is evaluated while its derivative is recorded as a linear jaxpr.
// Knows no primitive by name.
#pragma once

#include <optional>
#include <unordered_map>

#include "core/jaxpr.hpp"

namespace fluxion {

struct LinearizeTracer final : Tracer {
  Array value, tangent;  // tangent belongs to the tangent jaxpr
  LinearizeTracer(Aval a, TracePtr t, Array v, Array d)
      : Tracer(std::move(a), std::move(t)), value(std::move(v)), tangent(std::move(d)) {}
  const Array* primal() const override { return &value; }
};

/// Current while a jvp rule runs inside linearize: operations on tangents are recorded, others go to the parent.
/// Products with a tangent that is repeated along rows are recorded without the rows, and repeated after: their
/// transpose then sums cotangents first, where it would multiply matrices only to sum the rows of the result.
class SplitTrace final : public Trace {
 public:
  SplitTrace(TracePtr parent, std::shared_ptr<JaxprTrace> tangents)
      : Trace(std::move(parent)), tangents_(std::move(tangents)) {}
  const char* name() const override { return "linearize"; }
  Arrays process(const Primitive& p, ArraySpan args, ParamsView params) override;
  Arrays process_custom(const CustomCall& call, ArraySpan args) override;
  bool owns_tangent(const Array& x) const { return tangents_->owns(x); }

  /// Thrown while `strict`, when an operation that holds a program meets a tangent: its two halves cannot be told
  /// apart here. No std::exception, so that a user's rule does not catch it.
  struct NotSplit {};
  /// Within a scope.
  class Strict {
   public:
    explicit Strict(SplitTrace& split) : split_(split), saved_(std::exchange(split.strict_, true)) {}
    ~Strict() { split_.strict_ = saved_; }
    Strict(const Strict&) = delete;

   private:
    SplitTrace& split_;
    bool saved_;
  };

 private:
  /// A recorded operation on one tangent: a repetition, or elementwise.
  struct Origin {
    const Primitive* prim;
    Params params;
    Array in, out;
  };
  std::optional<Array> product_before_repetition(const Primitive& p, ArraySpan args, ParamsView params);
  void remember(const Primitive& p, ArraySpan args, ParamsView params, const Arrays& out);

  std::shared_ptr<JaxprTrace> tangents_;
  std::unordered_map<const detail::Node*, Origin> origins_;  // by `out`
  bool strict_ = false;
};

/// Runs each primitive's jvp rule with its primal half in the parent and its tangent half recorded.
class LinearizeTrace final : public Trace {
 public:
  LinearizeTrace(TracePtr parent, const char* name);
  Arrays process(const Primitive& p, ArraySpan args, ParamsView params) override;
  Arrays process_custom(const CustomCall& call, ArraySpan args) override;
  const char* name() const override { return name_; }

  Array wrap(const Array& primal, const Array& tangent);
  JaxprTrace& tangents() { return *tangents_; }
  const std::shared_ptr<JaxprTrace>& tangents_ptr() { return tangents_; }

 private:
  bool unwrap(ArraySpan args, Arrays& primals, Arrays& tangents) const;
  Arrays wrapped(JvpOut out);
  std::shared_ptr<JaxprTrace> tangents_;
  TracePtr split_;
  const char* name_;
};

/// As a rule's `linearize`: linearizes the function f of the primals outside, and records its linear part.
JvpOut linearize_by_tracing(const detail::FlatFn& f, const JvpArgs& args);
/// The same for a derivative rule that maps tangents (symbolic zeros where `tangents` has them) to primal and tangent
/// results, linearly: the operations on tangents are recorded as they are where that can be.
JvpOut linearize_by_rule(const std::function<JvpOut(ArraySpan)>& rule, ArraySpan tangents, const char* op);

/// The outcome of linearizing with symbolic zeros: `linear` maps consts ++ the tangents of inputs with
/// `nonzero_in` to the tangents of outputs with `nonzero_out`, which includes those in `force`. Dead code is
/// eliminated.
struct SymbolicLinearization {
  Arrays primals_out;
  ClosedJaxpr linear;
  std::vector<char> nonzero_out;
};
SymbolicLinearization linearize_symbolic(const detail::FlatFn& f, ArraySpan primals, std::span<const char> nonzero_in,
                                         const char* name, const std::function<std::size_t()>& n_aux,
                                         const std::vector<char>& force = {});

/// Whether an equation with these parameters holds jaxprs.
bool holds_jaxprs(ParamsView params);

/// Transposes a linear jaxpr at known values of its other inputs. `inputs` gives a value for each known input
/// and an empty handle for each linear one; cotangents may be symbolic zeros, and so may the results, of which
/// there is one per input.
Arrays backward_pass(const Jaxpr& jaxpr, ArraySpan inputs, ArraySpan cotangents);

}  // namespace fluxion

// The erased boundary: transformations of functions from arrays to arrays. The typed templates only
// flatten, call these, and unflatten; everything here is compiled code of the library.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <fluxion/array.hpp>

namespace fluxion {
struct Jaxpr;  // src/core/jaxpr.hpp
using JaxprPtr = std::shared_ptr<const Jaxpr>;
}  // namespace fluxion

namespace fluxion::detail {

using FlatFn = std::function<Arrays(const Arrays&)>;
/// An axis per leaf; nullopt is unmapped.
using FlatAxes = std::vector<std::optional<std::int64_t>>;

/// A jaxpr together with the values its leading inputs are bound to.
struct ClosedJaxpr {
  JaxprPtr jaxpr;
  Arrays consts;
};

struct PrimalsTangents {
  Arrays primals, tangents;
};

/// Pushes tangents forward. An empty handle in `tangents` is a symbolic zero; results are instantiated.
PrimalsTangents jvp_flat(const FlatFn& f, const Arrays& primals, const Arrays& tangents);

/// The derivative of a function at a point, as a linear map that can be applied forward (linearize) and
/// backward (vjp), any number of times. Copies share one jaxpr.
class LinearMap {
 public:
  LinearMap(ClosedJaxpr linear, std::vector<Aval> in, std::vector<Aval> out, std::vector<char> nonzero_out)
      : linear_(std::move(linear)), in_(std::move(in)), out_(std::move(out)), nonzero_out_(std::move(nonzero_out)) {}
  /// J t: one tangent per differentiated input; empty handles are zeros.
  Arrays forward(const Arrays& tangents) const;
  /// J^T ct: one cotangent per output; empty handles are zeros. Integer inputs get float0 zeros.
  Arrays backward(const Arrays& cotangents) const;
  const std::vector<Aval>& in_avals() const { return in_; }
  const std::vector<Aval>& out_avals() const { return out_; }
  const ClosedJaxpr& jaxpr() const { return linear_; }

 private:
  ClosedJaxpr linear_;  // consts ++ tangents of floating inputs -> tangents of outputs that depend on them
  std::vector<Aval> in_, out_;
  std::vector<char> nonzero_out_;
};

struct Linearized {
  Arrays primals_out;
  LinearMap map;
};
/// Evaluates f at `primals` and records its derivative. The last `n_aux` results of f are not differentiated:
/// they are returned in primals_out as plain values. `transform` names the caller in errors ("grad").
Linearized linearize_flat(const FlatFn& f, const Arrays& primals, const char* transform, std::size_t n_aux = 0);
/// As above; f says through `n_aux` how many of its results are auxiliary, after it has run.
Linearized linearize_flat(const FlatFn& f, const Arrays& primals, const char* transform,
                          const std::function<std::size_t()>& n_aux);

/// Checks that `out` is one real floating scalar, or a complex one if `holomorphic`, as grad needs; throws TypeError
/// with the remedy.
void check_grad_output(const Array& out, const char* transform, bool holomorphic = false);
/// Checks that a differentiated leaf is floating or complex; `path` is its key path for the message.
void check_grad_input(const Array& in, const std::string& path, const char* transform);

/// Maps f over one axis of some arguments. `out_axes` is asked for once f has run, with the number of
/// results. Sizes must agree already (the caller reports mismatches with paths); `size` is the mapped size.
/// `sum_match` sums mapped results that are to have no axis.
Arrays vmap_flat(const FlatFn& f, const Arrays& args, const FlatAxes& in_axes, std::int64_t size,
                 const std::function<FlatAxes(std::size_t)>& out_axes, const std::string& axis_name = {},
                 bool sum_match = false);

/// Traces f on abstract values.
ClosedJaxpr make_jaxpr_flat(const FlatFn& f, const std::vector<Aval>& in, const char* transform);
/// The avals of the jaxpr's results.
std::vector<Aval> out_avals(const Jaxpr& jaxpr);
std::string to_string(const ClosedJaxpr& jaxpr);

/// A compiled program. Immutable; runs on any number of threads at once.
class Executable;
class LazyExecutable;
/// What a jit cache holds for one signature.
struct JitEntry {
  std::string name;
  ClosedJaxpr closed;                             // consts are the captured arrays (and tracers)
  std::shared_ptr<LazyExecutable> executable;      // null when a captured value is a tracer
};
std::shared_ptr<const JitEntry> trace_jit(const FlatFn& f, const std::vector<Aval>& in, const std::string& name);
/// Calls a traced function: runs the executable when everything is concrete and no trace is active,
/// else binds the `jit` primitive in the current trace.
void call_jit(const JitEntry& entry, const Arrays& args, Arrays& out);

/// Strong float zero / one of an aval (float0 avals give an array of dtype float0).
Array zeros_like_aval(const Aval& aval);
/// Rows of the identity of size n = sum of sizes, one stack per leaf with shape (n, *leaf.shape): the
/// standard basis over which jacfwd and jacrev map.
Arrays standard_basis(const std::vector<Aval>& leaves);

}  // namespace fluxion::detail

// Laws about values: what vmap, jit and transposition make of a function against the function itself.
#pragma once

#include "testing/linear_maps.hpp"
#include "testing/numbers.hpp"

namespace fluxion::testing {

Findings examine_vmap(const Subject& subject, const CheckOptions& options);
Findings examine_jit(const Subject& subject, const CheckOptions& options);
Findings examine_pure(const Subject& subject, const CheckOptions& options);
Findings examine_transpose(const Subject& subject, const CheckOptions& options);

std::uint64_t seed_of(const CheckOptions& options);

/// Whether results are promised to be the same to the bit under vmap: products that go to BLAS are not, and a user's
/// primitive has promised nothing.
bool promises_bits(const Jaxpr& jaxpr);

/// Results held against others of the same program: to the bit, or within what rounding explains.
class Agreement {
 public:
  /// `f` says which results are to be expected where, `exact` whether to the bit.
  Agreement(const ClosedJaxpr& program, const Arrays& args, bool exact);
  bool exact() const { return exact_; }
  /// Tallies under `law`; `what` names the results.
  void hold(Findings& findings, const std::string& law, const std::string& what, const Arrays& got, const Arrays& want,
            const Arrays& at) const;

 private:
  Vec rounding(const Arrays& want, const Vec& numbers, const Arrays& at, int samples) const;

  bool exact_;
  std::unique_ptr<Noisy> noisy_;
};

/// Arrays of one aval along a new axis; and what a lane of stacked results is.
Array stack_lanes(const Arrays& lanes, std::int64_t axis);
Arrays lane_of(const Arrays& stacked, std::int64_t lane);

/// f traced and run as a compiled program.
Arrays jitted(const FlatFn& f, const Arrays& args);
/// Arguments near these, of the same kind: floats moved by an eighth at most, integers rolled, keys folded.
Arrays neighbours(const Arrays& args, Numbers& numbers);

}  // namespace fluxion::testing

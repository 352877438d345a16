// Transposition of a function as such: it must be linear, which is checked equation by equation.
#pragma once

#include "core/jaxpr.hpp"
#include "transforms/masks.hpp"

namespace fluxion {

/// The name of the first operation in the jaxpr that is not linear in the inputs where `linear` is set, taken
/// together; empty if there is none. An operation is linear if its derivative does not depend on where it is taken.
std::string_view first_nonlinear(const Jaxpr& jaxpr, const Mask& linear);

/// Transposes a function that is linear in all its arguments: maps cotangents of its results (symbolic zeros
/// allowed) to those of its arguments (symbolic zeros where they are zero).
class LinearTranspose {
 public:
  /// Traces f. `what` names it in the message (TypeError) that an operation that is not linear causes.
  LinearTranspose(const detail::FlatFn& f, AvalSpan in, const char* op, std::string_view what);
  Arrays operator()(ArraySpan cotangents) const;
  Avals out_avals() const { return jaxpr_.out_avals(); }

 private:
  Arrays through_derivative(ArraySpan cotangents) const;
  Jaxpr jaxpr_;
  Arrays consts_;
};

}  // namespace fluxion

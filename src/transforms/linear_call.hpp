// linear_call: a linear function with its own transpose.
#pragma once

#include "core/jaxpr.hpp"

namespace fluxion {

/// Both are pure functions. `f`: residuals, linear operands -> results. `transpose`: residuals, cotangents of the
/// results -> cotangents of the linear operands, symbolic zeros among them.
struct LinearFunction {
  std::string name, transpose_name;
  std::size_t n_residuals;
  Avals out;
  bool twice = false;  // the transpose is a linear_call again, with f as its transpose
  std::function<Arrays(ArraySpan residuals, ArraySpan linear)> f;
  std::function<Arrays(ArraySpan residuals, ArraySpan cotangents)> transpose;
};
using LinearFunctionPtr = std::shared_ptr<const LinearFunction>;

/// f(residuals, linear) as an operation of the current trace.
Arrays bind_linear_call(const LinearFunctionPtr& f, ArraySpan residuals, ArraySpan linear);

}  // namespace fluxion

// A program at a point: what a fault is reduced in.
#pragma once

#include <optional>

#include "testing/findings.hpp"
#include "testing/program.hpp"

namespace fluxion::testing {

/// A program with a value for each of its inputs. The first `program.n_consts` stand still: they are neither
/// differentiated nor mapped.
struct Case {
  Jaxpr program;
  Arrays values;

  Arrays consts() const;
  Arrays args() const;
  Subject subject() const;
};

/// A traced function at its arguments.
Case case_of(const ClosedJaxpr& program, const Arrays& args);
/// One equation alone. Its operands are inputs, each of its own, but for literals; those that do not move stand still.
Case alone(const Jaxpr& holder, const Eqn& e, const Arrays& operands, const std::vector<char>& moving);
/// The same program with other inputs standing still: all but those of `moving`, one flag per input.
Case with_moving(const Case& c, const std::vector<char>& moving);
/// The same with only these results, and without what they do not need.
Case with_results(const Case& c, const std::vector<std::size_t>& keep);
/// The same for other values; avals follow from them. Nothing if a primitive refuses them.
std::optional<Case> with_values(const Case& c, const Arrays& values);

/// The values of all variables, found by evaluation.
Arrays all_values(const Case& c);
/// A call of a function with derivative rules of its own.
bool is_custom_derivative(const Eqn& e);
/// Calls replaced by what they call, but for those with rules of their own.
Jaxpr with_calls_inlined(const Jaxpr& program);

}  // namespace fluxion::testing

// Evaluation, declared here and defined by the compiler: core needs it, and must not know how it works.
#pragma once

#include <memory>
#include <span>
#include <string>

#include <fluxion/analysis.hpp>

#include "core/jaxpr.hpp"

namespace fluxion {

using detail::Executable;

/// Carries out one operation on concrete arrays: an elementwise row through its kernel, anything else through
/// its lowered program, cached by primitive, params, avals and strides. No trace is consulted.
Arrays evaluate(const Primitive& p, ArraySpan args, ParamsView params);
/// The same for an elementwise table row, without any allocation but the result's.
Array evaluate_row(const Primitive& row, ArraySpan args);

/// Compiles a jaxpr whose inputs are all concrete arrays. Layouts are specialised at the first run.
std::shared_ptr<const Executable> compile(JaxprPtr jaxpr);

/// What may become of an argument's memory, or has.
enum class Fate : char { kept, free, reused };
/// The fates of the arguments after the first `consts` ones; none are free if there are no fates. A free one is all of
/// a buffer that nobody reads any more.
struct Fates {
  std::span<Fate> of;
  std::size_t consts = 0;
};
/// Runs it; `args` = consts then arguments, concrete. Results are appended to `out`; those that can are written over
/// free arguments, which are reused then.
void run(const Executable& e, ArraySpan args, Arrays& out, Fates fates = {});

/// Where a run reads its inputs and writes its results: row-major elements.
struct Places {
  virtual const void* input(std::size_t k) const = 0;
  virtual void* result(std::size_t k) const = 0;

 protected:
  ~Places() = default;
};
/// The concrete array itself if it is row-major without gaps, else a copy that is.
Array packed(const Array& x);
/// Makes ready for run_into, which then allocates nothing.
void prepare_into(const Executable& e);
void run_into(const Executable& e, const Places& places);

/// Counted over a program as it is, and over one optimised.
CostAnalysis cost_analysis(const ir::Program& p);
CostAnalysis cost_analysis(const Executable& e);
/// Of inputs in row-major layout, of which the first `consts` are no arguments; `donated` by argument.
MemoryAnalysis memory_analysis(const Executable& e, std::size_t consts, std::span<const char> donated);
/// The planned program, for FLUXION_DEBUG and tests.
std::string to_string(const Executable& e);

/// Drops every cached program.
void clear_evaluate_cache();

}  // namespace fluxion

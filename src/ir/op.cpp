#include "ir/op.hpp"

namespace fluxion::ir {
namespace {

constexpr std::string_view op_names[] = {
    "ceil", "round_half_away", "round_half_even", "exp2", "rsqrt", "square", "tan", "asin", "acos", "atan",
    "sinh", "cosh", "asinh", "acosh", "atanh", "erfc", "lgamma", "digamma", "population_count", "clz", "is_finite",
    "neg",  "abs",  "sign", "floor", "exp", "expm1",    "log", "log1p",   "sqrt", "cbrt", "sin",
    "cos",  "tanh", "logistic", "erf", "erf_inv", "not", "real", "imag", "conj", "add", "sub", "mul", "div",
    "atan2", "nextafter", "polygamma",
    "rem",  "max",  "min",  "pow",   "and", "or",       "xor",
    "shift_left", "shift_right_logical", "shift_right_arithmetic", "complex",
    "eq",   "ne",   "lt",   "le",    "gt",  "ge",       "select_n", "clamp"};
static_assert(std::size(op_names) == static_cast<std::size_t>(Op::count_));

}  // namespace

std::string_view name(Op op) { return op_names[static_cast<std::size_t>(op)]; }

std::string_view name(ReduceOp op) {
  switch (op) {
    case ReduceOp::sum: return "sum";
    case ReduceOp::max: return "max";
    case ReduceOp::min: return "min";
    case ReduceOp::prod: return "prod";
    case ReduceOp::and_: return "and";
    case ReduceOp::or_: return "or";
    case ReduceOp::xor_: return "xor";
  }
  return "?";
}

}  // namespace fluxion::ir

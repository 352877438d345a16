// The case table: one record per primitive and variant, over which the harness runs every law.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "support/flat.hpp"
#include "support/host.hpp"

namespace fluxion::test {

/// One choice of dtypes and shapes. Derivative laws use those that are `smooth`: the whole domain, and a little
/// beyond it, is away from kinks and poles.
struct Signature {
  std::vector<Arg> args;
  bool smooth = true;
};

/// Operands that must be refused, and what the message must say besides the primitive's name.
struct ErrorInput {
  std::function<Arrays()> args;
  std::vector<std::string> message;
};

using Reference = std::function<std::vector<Host>(const std::vector<Host>&)>;

struct Case {
  std::string name;         // "pad/negative"
  std::string primitive;    // as jaxprs print it; must occur in the jaxpr of f
  FlatFn f;
  std::vector<Signature> signatures;
  Reference reference;      // plain host code
  double ulps64 = 0, ulps32 = 0;        // distance to the reference; 0: equal bits
  std::vector<char> differentiable;     // per argument; those that are not floating never are
  std::vector<char> linear;             // linear in these arguments, each alone
  std::vector<ErrorInput> errors;
  std::vector<char> affine{};           // linear but for a constant in these arguments, each alone; those of `linear` are
};

/// All records.
const std::vector<Case>& cases();

/// A law that some cases do not obey, for a reason.
struct Exception {
  std::string cases;  // whose names begin so
  std::string law;
  std::string reason;
  bool always = true;  // false: whether the law is broken depends on the machine's BLAS
  bool covers(const Case& c, std::string_view broken) const { return law == broken && c.name.starts_with(cases); }
};
/// All of them. One that should always be needed, and is not any more, fails the run.
const std::vector<Exception>& exceptions();
bool excepted(const Case& c, std::string_view law);

void add_unary_cases(std::vector<Case>& to);
void add_binary_cases(std::vector<Case>& to);
void add_integer_cases(std::vector<Case>& to);
void add_shape_cases(std::vector<Case>& to);
void add_reduction_cases(std::vector<Case>& to);
void add_cumulative_cases(std::vector<Case>& to);
void add_sorting_cases(std::vector<Case>& to);
void add_row_cases(std::vector<Case>& to);
void add_convolution_cases(std::vector<Case>& to);
void add_indexing_cases(std::vector<Case>& to);
void add_dynamic_slicing_cases(std::vector<Case>& to);
void add_other_cases(std::vector<Case>& to);
void add_special_cases(std::vector<Case>& to);
void add_control_flow_cases(std::vector<Case>& to);
void add_complex_cases(std::vector<Case>& to);
void add_narrow_cases(std::vector<Case>& to);
void add_linalg_cases(std::vector<Case>& to);
void add_fft_cases(std::vector<Case>& to);
void add_math_cases(std::vector<Case>& to);

}  // namespace fluxion::test

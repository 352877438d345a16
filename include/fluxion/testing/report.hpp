// What a check has found: how many decisions went which way, and on failure one screen that says where the fault is.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include <fluxion/error.hpp>

namespace fluxion::testing {

/// The outcomes of one law's decisions; each compares one number that a transformation gave with one of known accuracy.
struct Tally {
  std::size_t agree = 0;            ///< Of these, `at_kink` by the sub-gradient table.
  std::size_t at_kink = 0;
  std::size_t disagree = 0;
  // Undecidable, by reason:
  std::size_t kink = 0;             ///< One-sided derivatives differ, and no primitive of the table is the cause.
  std::size_t non_finite = 0;       ///< The function or the reference is infinite or NaN.
  std::size_t ill_conditioned = 0;  ///< The reference is not known well enough to tell.

  std::size_t undecidable() const { return kink + non_finite + ill_conditioned; }
  std::size_t decided() const { return agree + disagree; }
  Tally& operator+=(const Tally& o);
};

struct LawTally {
  std::string law;  // "jvp equals differences, order 2"
  Tally tally;
};

/// A fault, reduced: the smallest program, point and direction that still show it.
struct Explanation {
  std::string primitive;          ///< "mul"; "custom_vjp of softplus" for rules that a function brings along.
  std::string rule;               ///< "jvp of argument 1" (the first is 0), "transpose", "batch", "lowering",
                                  ///< "fwd or bwd of custom_vjp".
  std::string jaxpr;              ///< The reduced program.
  std::vector<std::string> point; ///< Its arguments, "a = 2.0".
  std::string direction;          ///< The tangent or cotangent, of one entry where that is enough.
  std::string expected, got;      ///< With error estimates.
  std::string reproduce;          ///< A line of code.
  std::string law;  ///< What is broken, and where: "jvp equals differences, order 1: tangent of result 0".
  bool to_one_rule = true;        ///< False if no single equation shows the fault: then `jaxpr` is as small as it got.
};

/// The outcome of a check.
struct Report {
  std::string check;                       ///< "check_grads"
  std::vector<LawTally> laws;
  std::string key;                         ///< "fx::random::key(5)": as option `.key` it repeats the same directions.
  std::string failure;                     ///< What is wrong, in words; empty if nothing is.
  std::vector<Explanation> explanation{};  ///< One, if the fault could be reduced.

  Tally total() const;
  bool passed() const { return failure.empty(); }
  explicit operator bool() const { return passed(); }
};

/// One line if it passed; else what disagrees, the reduced program and how to repeat it, on one screen.
std::string to_string(const Report& report);
std::ostream& operator<<(std::ostream& os, const Report& report);

/// What check_* throw; what() is the whole report.
struct CheckError : Error {
  explicit CheckError(Report r);
  const Report& report() const { return *report_; }

 private:
  std::shared_ptr<const Report> report_;  // copying an exception must not throw
};

}  // namespace fluxion::testing

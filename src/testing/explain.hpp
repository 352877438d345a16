// How a fault is reduced: a predicate that says whether a program at a point shows it, and what is spent on asking.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "testing/explain_case.hpp"

namespace fluxion::testing {

using Examine = std::function<Findings(Check, const Subject&, const CheckOptions&)>;

/// What a reduction may cost: to find the equation, and then to make it simple.
struct ExplainLimits {
  double seconds_to_locate = 5, seconds_to_shrink = 2;
  std::size_t examinations = 2000;  // of each
};

/// Asks, until the limit is reached: then nothing fails any more, and what has been found so far stays.
class Probe {
 public:
  Probe(Examine examine, Check check, CheckOptions options, const ExplainLimits& limits);

  Check check;
  CheckOptions options;
  /// The law that must disagree; any, if empty. So a fault is not exchanged for another one on the way.
  std::string law;

  /// What disagrees; nothing where the program cannot be run.
  Findings operator()(const Case& c) const;
  Findings operator()(const Subject& s) const;
  bool fails(const Case& c) const;
  /// The same with other options.
  Probe with(Check other, const CheckOptions& o) const;
  /// Time starts again.
  void renew(double seconds) const;
  bool spent() const;

 private:
  struct Budget {
    std::chrono::steady_clock::time_point end;
    std::size_t left, all;
  };
  Examine examine_;
  std::shared_ptr<Budget> budget_;
};

/// The disagreement that `law` has with the fewest entries in its direction.
const Disagreement* simplest(const Findings& findings, const std::string& law);

/// explain with its predicate and limits.
std::vector<Explanation> explain_by(const Examine& examine, Check check, const Subject& subject,
                                    const Findings& findings, const CheckOptions& options,
                                    const ExplainLimits& limits = {});

/// Where a fault has been found: a program of one equation whenever `one_equation`.
struct Located {
  Case c;
  bool one_equation = true;
};
/// For a case that fails: the first equation that fails alone, looked for in held programs too; else the smallest
/// program that fails.
Located locate(const Case& c, const Probe& probe);
/// The first part alone.
std::optional<Located> locate_equation(const Case& c, const Probe& probe);
/// One equation of a program that the only equation of a case holds.
std::optional<Located> locate_inside(const Case& c, const Probe& probe);
/// The smallest program that fails, found by leaving equations out.
Case delta_debugged(const Case& c, const Probe& probe);

/// A case, what is suspected of it, and the check that shows it.
struct Suspicion {
  Located at;
  Probe probe;
  std::string primitive, rule;
};
Suspicion suspect(const Located& at, const Probe& probe);

/// The same fault with fewer results, smaller shapes and simpler numbers.
Case shrunk(const Case& c, const Probe& probe);
/// Shapes only.
Case with_small_shapes(const Case& c, const Probe& probe);
/// A function's arguments with smaller extents, as long as it can be called with them and fails.
Subject with_small_arguments(const Subject& s, const Probe& probe);
/// The array with simpler numbers, as long as `keep` holds.
Array with_simple_values(const Array& x, const std::function<bool(const Array&)>& keep);
/// The same along a direction of one entry, if that shows it.
Disagreement with_one_entry(const Case& c, const Disagreement& d, double slack);

/// The function that was differentiated last, which a law names: "(of vjp of f)"; it has the first arguments of
/// `point`.
FlatFn function_at(const std::string& law, FlatFn f, Arrays args, const Arrays& point);
/// How many they are.
std::size_t level_arguments(const std::string& law, const Subject& s, const Arrays& point);

/// The text of an array in C++: fx::array({1.0, 2.0}).
std::string cpp_text(const Array& x);
/// Names of a program's inputs as it prints, constants first.
std::vector<std::string> input_names(const std::string& jaxpr);
/// The line that repeats what a suspicion is based on. `original` is called where the program cannot be read from text.
std::string reproducing_line(const Case& c, const Probe& probe, const Subject& original);
/// An explanation in words of what `d` says.
Explanation in_words(const Suspicion& s, const Disagreement& d, const Subject& original);

}  // namespace fluxion::testing

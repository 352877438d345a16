// Correct functions that are hard for a gradient checker: it must not accuse any of them.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <fluxion/fluxion.hpp>
#include <fluxion/testing.hpp>

#include "testing/mutant_parts.hpp"

namespace fluxion::test {

struct Tricky {
  std::string name;
  FlatFn f;
  ArgsOf args;
  std::string undecided = {};  // why next to nothing can be decided; without a reason the check must not be vacuous
  /// How it is checked; by default as a function of leaves.
  std::function<testing::Report(const Arrays&, const testing::CheckOptions&)> check = {};
};

/// All of them.
const std::vector<Tricky>& tricky();
testing::Report checked(const Tricky& t, const Array& key, testing::CheckOptions options);

void add_tricky_kinks(std::vector<Tricky>& to);
void add_tricky_guards(std::vector<Tricky>& to);
void add_tricky_numbers(std::vector<Tricky>& to);
void add_tricky_matrices(std::vector<Tricky>& to);
void add_tricky_loops(std::vector<Tricky>& to);
void add_tricky_recurrences(std::vector<Tricky>& to);
void add_tricky_rules(std::vector<Tricky>& to);
void add_tricky_transformations(std::vector<Tricky>& to);
void add_tricky_dtypes(std::vector<Tricky>& to);
void add_tricky_trees(std::vector<Tricky>& to);

/// Random values between bounds, with `fixed` in front of them: ties and corners among ordinary points.
inline ArgsOf corners(std::vector<double> fixed, std::int64_t others, double low, double high) {
  return [=](const Array& key) -> Arrays {
    return {concatenate({array(fixed), random::uniform(key, {others}, float64, low, high)})};
  };
}

}  // namespace fluxion::test

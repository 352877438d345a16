// The mutation list: functions with one deliberately wrong rule each, and the same functions with the right one.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <fluxion/fluxion.hpp>
#include <fluxion/testing.hpp>

namespace fluxion::test {

using detail::FlatFn;

/// What it takes to notice a mutant. Checkers without such a law cannot be blamed for missing it.
enum class Shows { derivative, batch, program, purity };

struct Mutant {
  std::string name;       // what is wrong, in words
  std::string primitive;  // what an explanation must name: the primitive, or the kind of a custom rule
  std::string rule;       // and the rule of it: "jvp", "jvp of argument 2", "transpose"
  FlatFn wrong, right;
  std::function<Arrays(const Array& key)> args;
  Shows shows = Shows::derivative;
  int order = 1;  // of the first derivative that is wrong
};

/// All of them.
const std::vector<Mutant>& mutants();

void add_pointwise_mutants(std::vector<Mutant>& to);
void add_special_value_mutants(std::vector<Mutant>& to);
void add_linear_mutants(std::vector<Mutant>& to);
void add_moving_mutants(std::vector<Mutant>& to);
void add_batch_mutants(std::vector<Mutant>& to);
void add_program_mutants(std::vector<Mutant>& to);
void add_custom_rule_mutants(std::vector<Mutant>& to);
void add_second_order_mutants(std::vector<Mutant>& to);

}  // namespace fluxion::test

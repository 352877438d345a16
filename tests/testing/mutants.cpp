#include "testing/mutants.hpp"

namespace fluxion::test {

const std::vector<Mutant>& mutants() {
  static const std::vector<Mutant> all = [] {
    std::vector<Mutant> list;
    add_pointwise_mutants(list);
    add_special_value_mutants(list);
    add_linear_mutants(list);
    add_moving_mutants(list);
    add_batch_mutants(list);
    add_program_mutants(list);
    add_custom_rule_mutants(list);
    add_second_order_mutants(list);
    return list;
  }();
  return all;
}

}  // namespace fluxion::test

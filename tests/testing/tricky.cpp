#include "testing/tricky.hpp"

namespace fluxion::test {

const std::vector<Tricky>& tricky() {
  static const std::vector<Tricky> all = [] {
    std::vector<Tricky> list;
    add_tricky_kinks(list);
    add_tricky_guards(list);
    add_tricky_numbers(list);
    add_tricky_matrices(list);
    add_tricky_loops(list);
    add_tricky_recurrences(list);
    add_tricky_rules(list);
    add_tricky_transformations(list);
    add_tricky_dtypes(list);
    add_tricky_trees(list);
    return list;
  }();
  return all;
}

testing::Report checked(const Tricky& t, const Array& key, testing::CheckOptions options) {
  const auto keys = random::split(key);
  options.key = keys[0];
  if (!t.undecided.empty()) options.min_decided = 0;
  const auto args = t.args(keys[1]);
  return t.check ? t.check(args, options) : testing::report_all(t.f, args, options);
}

}  // namespace fluxion::test

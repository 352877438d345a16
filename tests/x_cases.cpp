#include "support/case.hpp"
#include <algorithm>
namespace fluxion::test {
const std::vector<Exception>& exceptions() {
  static const std::vector<Exception> list{
      {"dot_general/", "vmap equals the loop to the bit", "BLAS sums in another order for another operand layout or shape"},
      {"dot_general/", "layout does not matter", "BLAS sums in another order for another operand layout"}};
  return list;
}
bool excepted(const Case& c, std::string_view law) {
  return std::any_of(exceptions().begin(), exceptions().end(), [&](const Exception& e) { return e.covers(c, law); });
}
const std::vector<Case>& cases() {
  static const auto all = [] { std::vector<Case> c; add_complex_cases(c); add_narrow_cases(c); return c; }();
  return all;
}
}

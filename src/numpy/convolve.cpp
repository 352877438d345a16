#include <fluxion/convolve.hpp>

#include <fluxion/complex.hpp>
#include <fluxion/elementwise.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/lax/convolution.hpp>
#include <fluxion/manipulation.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "lax/promote.hpp"
#include "numpy/axes.hpp"

namespace fluxion {

namespace {

// sum over j of x[k + j] w[j], x with zeros at its ends as a mode asks for; x is not the shorter one.
Array slide(const Array& x, const Array& w, std::string_view mode) {
  const auto m = w.size();
  const lax::PadAmounts ends = mode == "full"   ? lax::PadAmounts{m - 1, m - 1}
                               : mode == "same" ? lax::PadAmounts{m / 2, m - m / 2 - 1}
                                                : lax::PadAmounts{0, 0};
  const auto out = lax::conv_general_dilated(insert_axes(x, {0, 1}), insert_axes(w, {0, 1}), {1}, {ends});
  return remove_axes(out, {0, 1});
}

struct Operands {
  Array x, y;
};

Operands checked(const char* op, const Array& x, const Array& y, std::string_view mode,
                 std::optional<DType> preferred) {
  if (mode != "full" && mode != "same" && mode != "valid")
    throw ValueError(text(op, ": the mode must be \"full\", \"same\" or \"valid\", got \"", mode,
                          "\"; \"full\" is everything"));
  if (x.ndim() != 1 || y.ndim() != 1)
    throw ValueError(text(op, ": vectors are required, got shapes ", x.shape(), " and ", y.shape(),
                          "; map over others with vmap"));
  if (x.size() == 0 || y.size() == 0)
    throw ValueError(text(op, ": vectors must have elements, got shapes ", x.shape(), " and ", y.shape(),
                          "; check sizes first"));
  auto same = preferred ? promote(op, {x, y}) : promote_inexact(op, {x, y});
  if (preferred)
    for (auto& v : same) v = convert_strong(v, *preferred);
  return {same[0], same[1]};
}

}  // namespace

Array convolve(const Array& x, const Array& y, std::string_view mode, std::optional<DType> preferred_element_type) {
  const auto given = checked("convolve", x, y, mode, preferred_element_type);
  const bool swap = given.x.size() < given.y.size();
  const auto &longer = swap ? given.y : given.x, &shorter = swap ? given.x : given.y;
  return slide(longer, lax::rev(shorter, {0}), mode);
}

// If y is the longer one, x slides over it, and the result is reversed.
Array correlate(const Array& x, const Array& y, std::string_view mode, std::optional<DType> preferred_element_type) {
  const auto given = checked("correlate", x, y, mode, preferred_element_type);
  if (given.x.size() >= given.y.size()) return slide(given.x, conj(given.y), mode);
  return lax::rev(slide(conj(given.y), given.x, mode), {0});
}

}  // namespace fluxion

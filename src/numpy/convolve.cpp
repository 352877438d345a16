#include <fluxion/convolve.hpp>

#include <algorithm>

#include <fluxion/elementwise.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/manipulation.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "lax/promote.hpp"
#include "numpy/axes.hpp"

namespace fluxion {

namespace {

// Row j of the table of products y[j] x[i], of n columns, is moved right by j: with m columns of zeros at the
// right, the elements in a row are read in rows that are shorter by one. Columns then sum to the convolution.
Array convolve_full(const Array& x, const Array& y) {
  const auto n = x.size(), m = y.size();
  const auto products =
      lax::mul(lax::broadcast_in_dim(y, {m, n}, {0}), lax::broadcast_in_dim(x, {m, n}, {1}));
  const auto zero = convert(scalar<std::int32_t>(0), x.dtype());
  const auto padded = lax::reshape(lax::pad(products, zero, {{0, 0, 0}, {0, m, 0}}), {m * (n + m)});
  const auto sheared = lax::reshape(slice_axis(padded, 0, 0, m * (n + m - 1)), {m, n + m - 1});
  return lax::reduce_sum(sheared, {0});
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

// What a mode keeps of the full result, of a longer vector of n elements and a shorter one of m; `same`
// begins `lead` elements in.
Array trimmed(const Array& full, std::string_view mode, std::int64_t n, std::int64_t m, std::int64_t lead) {
  if (mode == "valid") return slice_axis(full, 0, m - 1, n);
  return mode == "same" ? slice_axis(full, 0, lead, lead + n) : full;
}

}  // namespace

Array convolve(const Array& x, const Array& y, std::string_view mode,
               std::optional<DType> preferred_element_type) {
  const auto given = checked("convolve", x, y, mode, preferred_element_type);
  const bool swap = given.x.size() < given.y.size();
  const auto &longer = swap ? given.y : given.x, &shorter = swap ? given.x : given.y;
  return trimmed(convolve_full(longer, shorter), mode, longer.size(), shorter.size(),
                 (shorter.size() - 1) / 2);
}

// The convolution with y reversed; if y is the longer one, that of the operands swapped, reversed.
Array correlate(const Array& x, const Array& y, std::string_view mode,
                std::optional<DType> preferred_element_type) {
  const auto given = checked("correlate", x, y, mode, preferred_element_type);
  const bool swap = given.x.size() < given.y.size();
  const auto reversed = lax::rev(given.y, {0});
  const auto full = convolve_full(swap ? reversed : given.x, swap ? given.x : reversed);
  const auto n = std::max(given.x.size(), given.y.size()), m = std::min(given.x.size(), given.y.size());
  return trimmed(full, mode, n, m, swap ? m - 1 - (m - 1) / 2 : (m - 1) / 2);
}

}  // namespace fluxion

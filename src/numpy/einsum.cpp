// Einstein summation. Every axis carries a letter; operands are reduced to one by pairwise products.
#include <fluxion/contraction.hpp>

#include <string>
#include <vector>

#include <fluxion/elementwise.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/manipulation.hpp>

#include "lax/promote.hpp"
#include "numpy/axes.hpp"
#include "numpy/einsum_spec.hpp"

namespace fluxion {

namespace {

// An operand and the letter of each of its axes.
struct Labelled {
  Array x;
  std::string letters;
};

std::int64_t place(const std::string& letters, char c) { return static_cast<std::int64_t>(letters.find(c)); }

// Axes of size 1 whose letter has another size elsewhere are dropped: they broadcast.
void drop_broadcast_axes(Labelled& o, const EinsumSpec& spec) {
  Dims drop;
  std::string kept;
  for (std::size_t i = 0; i < o.letters.size(); ++i) {
    if (o.x.shape()[i] == 1 && spec.sizes.at(o.letters[i]) != 1)
      drop.push_back(static_cast<std::int64_t>(i));
    else
      kept += o.letters[i];
  }
  o = {remove_axes(o.x, drop), kept};
}

// Keeps the diagonal of two axes of one letter: everything else becomes zero and the second axis is summed.
void take_diagonals(Labelled& o) {
  for (std::size_t i = 0; i < o.letters.size(); ++i) {
    auto j = o.letters.find(o.letters[i], i + 1);
    while (j != std::string::npos) {
      const auto shape = o.x.shape();
      const auto diagonal = lax::eq(lax::iota(int64, shape, static_cast<std::int64_t>(i)),
                                    lax::iota(int64, shape, static_cast<std::int64_t>(j)));
      const auto zero = convert(scalar<std::int32_t>(0), o.x.dtype());
      o.x = lax::reduce_sum(where(diagonal, o.x, zero), {static_cast<std::int64_t>(j)});
      o.letters.erase(j, 1);
      j = o.letters.find(o.letters[i], i + 1);
    }
  }
}

// Sums the axes whose letter nobody else needs.
void sum_lone(Labelled& o, const std::string& needed) {
  Dims axes;
  std::string kept;
  for (std::size_t i = 0; i < o.letters.size(); ++i) {
    if (has_letter(needed, o.letters[i]))
      kept += o.letters[i];
    else
      axes.push_back(static_cast<std::int64_t>(i));
  }
  if (!axes.empty()) o = {lax::reduce_sum(o.x, axes), kept};
}

// Letters of both that are needed later are batch axes, other letters of both are summed over. The operands
// are swapped where that saves the transposition of the result.
Labelled multiply_pair(const Labelled& a, const Labelled& b, const std::string& needed,
                       const std::string& result) {
  lax::DotDims d;
  std::string batch, a_free, b_free;
  for (char c : a.letters) {
    if (!has_letter(b.letters, c)) {
      a_free += c;
    } else if (has_letter(needed, c)) {
      batch += c;
      d.lhs_batch.push_back(place(a.letters, c));
      d.rhs_batch.push_back(place(b.letters, c));
    } else {
      d.lhs_contract.push_back(place(a.letters, c));
      d.rhs_contract.push_back(place(b.letters, c));
    }
  }
  for (char c : b.letters)
    if (!has_letter(a.letters, c)) b_free += c;
  if (batch + a_free + b_free != result && batch + b_free + a_free == result)
    return {lax::dot_general(b.x, a.x, {d.rhs_contract, d.lhs_contract, d.rhs_batch, d.lhs_batch}), result};
  return {lax::dot_general(a.x, b.x, d), batch + a_free + b_free};
}

// All letters of the result and of all operands but those at i and j.
std::string letters_besides(const std::vector<Labelled>& xs, std::size_t i, std::size_t j,
                            const std::string& result) {
  auto s = result;
  for (std::size_t k = 0; k < xs.size(); ++k)
    if (k != i && k != j) s += xs[k].letters;
  return s;
}

// Follows the path: products go to the end of the list.
Labelled contract(std::vector<Labelled> xs, const std::string& result, const EinsumPath& path) {
  for (std::size_t k = 0; k < xs.size(); ++k) sum_lone(xs[k], letters_besides(xs, k, k, result));
  while (xs.size() > 1) {
    const auto& step = path.steps[path.steps.size() + 1 - xs.size()];
    const auto i = static_cast<std::size_t>(step[0]), j = static_cast<std::size_t>(step[1]);
    auto product = multiply_pair(xs[i], xs[j], letters_besides(xs, i, j, result), result);
    xs.erase(xs.begin() + step[1]);
    xs.erase(xs.begin() + step[0]);
    xs.push_back(std::move(product));
  }
  return xs[0];
}

// Operands in the dtype that products are summed in: at least that of the result, and none of bools.
Arrays summable(ArraySpan operands, std::optional<DType> preferred) {
  auto xs = promote("einsum", operands);
  const auto wider =
      preferred ? promote_types(xs[0].dtype(), false, *preferred, false, "einsum").dtype : xs[0].dtype();
  for (auto& x : xs) x = convert(x, wider == bool_ ? int32 : wider);
  return xs;
}

}  // namespace

Array einsum(std::string_view spec, ArraySpan operands, const EinsumOptions& options) {
  std::vector<Shape> shapes;
  for (const auto& x : operands) shapes.push_back(x.shape());
  auto parsed = parse_einsum(spec, shapes);
  const bool of_bools = result_type(operands, "einsum").dtype == bool_;
  const auto values = summable(operands, options.preferred_element_type);
  std::vector<Labelled> xs;
  for (std::size_t k = 0; k < values.size(); ++k) {
    xs.push_back({values[k], parsed.operands[k]});
    drop_broadcast_axes(xs.back(), parsed);
    take_diagonals(xs.back());
    parsed.operands[k] = xs.back().letters;
  }
  const auto sum = contract(xs, parsed.result, find_einsum_path(parsed, options.optimize));
  Dims order;
  for (char c : parsed.result) order.push_back(place(sum.letters, c));
  auto y = transpose(sum.x, order);
  if (of_bools) y = y != 0;
  return options.preferred_element_type ? convert_strong(y, *options.preferred_element_type) : y;
}

}  // namespace fluxion

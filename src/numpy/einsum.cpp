// Einstein summation. Every axis carries a letter; operands are reduced to one by pairwise products.
#include <fluxion/contraction.hpp>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <fluxion/elementwise.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/manipulation.hpp>
#include <fluxion/reductions.hpp>

#include "base/text.hpp"
#include "lax/promote.hpp"
#include "numpy/axes.hpp"

namespace fluxion {

namespace {

// An operand and the letter of each of its axes. The axes of an ellipsis have digits, right-aligned: the last
// one is '0', so that equal letters broadcast together.
struct Labelled {
  Array x;
  std::string letters;
};

struct Spec {
  std::vector<std::string> operands;
  std::string result;
  bool has_result = false;
};

[[noreturn]] void throw_spec(std::string_view spec, const std::string& required, const std::string& got,
                             const char* way_out) {
  throw ValueError(text("einsum: ", required, ", got ", got, " in \"", spec, "\"; ", way_out));
}

bool has(const std::string& s, char c) { return s.find(c) != std::string::npos; }

Spec parse(std::string_view spec) {
  Spec out;
  std::string all;
  for (char c : spec)
    if (c != ' ') all += c;
  const auto arrow = all.find("->");
  if (arrow != std::string::npos) {
    out.has_result = true;
    out.result = all.substr(arrow + 2);
    all.resize(arrow);
  }
  out.operands.emplace_back();
  for (char c : all) {
    if (c == ',')
      out.operands.emplace_back();
    else
      out.operands.back() += c;
  }
  auto terms = out.operands;
  terms.push_back(out.result);
  for (auto term : terms) {
    if (const auto dots = term.find("..."); dots != std::string::npos) term.erase(dots, 3);
    for (char c : term)
      if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')))
        throw_spec(spec, "axes are named by letters, with at most one `...` per operand and one `->`",
                   text("'", c, "'"), "write it like \"ij,jk->ik\"");
  }
  return out;
}

std::string replace_ellipsis(const std::string& term, std::size_t rank) {
  const auto dots = term.find("...");
  if (dots == std::string::npos) return term;
  std::string digits;
  for (auto i = rank; i-- > 0;) digits += static_cast<char>('0' + i);
  return term.substr(0, dots) + digits + term.substr(dots + 3);
}

std::vector<Labelled> label(std::string_view spec, Spec& s, const Arrays& xs) {
  if (s.operands.size() != xs.size())
    throw_spec(spec, text(s.operands.size(), " operands are required"), text(xs.size()),
               "commas separate operands");
  std::vector<Labelled> out;
  std::size_t broadcast_rank = 0;
  for (std::size_t i = 0; i < xs.size(); ++i) {
    const auto& term = s.operands[i];
    const bool dots = has(term, '.');
    const auto named = term.size() - (dots ? 3 : 0), rank = xs[i].shape().size();
    if (rank < named || (rank > named && !dots))
      throw_spec(spec, text("operand ", i, " needs a letter per axis"),
                 text("\"", term, "\" for shape ", xs[i].shape()), "`...` stands for the rest");
    broadcast_rank = std::max(broadcast_rank, rank - named);
    out.push_back({xs[i], replace_ellipsis(term, rank - named)});
  }
  if (s.has_result) {
    s.result = replace_ellipsis(s.result, broadcast_rank);
  } else {
    s.result = replace_ellipsis("...", broadcast_rank);
    std::map<char, int> times;
    for (const auto& o : out)
      for (char c : o.letters) ++times[c];
    for (const auto& [c, n] : times)
      if (n == 1 && c > '9') s.result += c;
  }
  return out;
}

void check_result(std::string_view spec, const std::string& result, const std::vector<Labelled>& operands) {
  for (std::size_t i = 0; i < result.size(); ++i) {
    if (result.find(result[i]) != i)
      throw_spec(spec, "result letters must be distinct", text("\"", result, "\""),
                 "letters left out of the result are summed over");
    const bool known = std::any_of(operands.begin(), operands.end(),
                                   [&](const auto& o) { return has(o.letters, result[i]); });
    if (!known)
      throw_spec(spec, "result letters must occur in an operand", text("'", result[i], "'"),
                 "use fx::expand_dims for new axes");
  }
}

// Sizes per letter; axes of size 1 whose letter has another size elsewhere are dropped: they broadcast.
void drop_broadcast_axes(std::string_view spec, std::vector<Labelled>& operands) {
  std::map<char, std::int64_t> size;
  for (const auto& o : operands)
    for (std::size_t i = 0; i < o.letters.size(); ++i) {
      auto& n = size.try_emplace(o.letters[i], o.x.shape()[i]).first->second;
      if (n == 1) n = o.x.shape()[i];
      if (o.x.shape()[i] != n && o.x.shape()[i] != 1)
        throw_spec(spec, text("axes of one letter must have one size or 1"),
                   text(n, " and ", o.x.shape()[i], " for '", o.letters[i], "'"),
                   "transpose an operand, or use another letter");
    }
  for (auto& o : operands) {
    Dims drop;
    std::string kept;
    for (std::size_t i = 0; i < o.letters.size(); ++i) {
      if (o.x.shape()[i] == 1 && size[o.letters[i]] != 1)
        drop.push_back(static_cast<std::int64_t>(i));
      else
        kept += o.letters[i];
    }
    o = {remove_axes(o.x, drop), kept};
  }
}

std::int64_t place(const std::string& letters, char c) { return static_cast<std::int64_t>(letters.find(c)); }

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
    if (has(needed, o.letters[i]))
      kept += o.letters[i];
    else
      axes.push_back(static_cast<std::int64_t>(i));
  }
  if (!axes.empty()) o = {lax::reduce_sum(o.x, axes), kept};
}

// Letters of both that are needed later are batch axes, other letters of both are summed over.
Labelled multiply_pair(const Labelled& a, const Labelled& b, const std::string& needed) {
  lax::DotDims d;
  std::string batch, a_free, b_free;
  for (char c : a.letters) {
    if (!has(b.letters, c)) {
      a_free += c;
    } else if (has(needed, c)) {
      batch += c;
      d.lhs_batch.push_back(place(a.letters, c));
      d.rhs_batch.push_back(place(b.letters, c));
    } else {
      d.lhs_contract.push_back(place(a.letters, c));
      d.rhs_contract.push_back(place(b.letters, c));
    }
  }
  for (char c : b.letters)
    if (!has(a.letters, c)) b_free += c;
  return {lax::dot_general(a.x, b.x, d), batch + a_free + b_free};
}

std::string letters_after(const std::vector<Labelled>& operands, std::size_t from,
                          const std::string& result) {
  auto s = result;
  for (auto i = from; i < operands.size(); ++i) s += operands[i].letters;
  return s;
}

}  // namespace

Array einsum(std::string_view spec, ArraySpan operands) {
  if (operands.empty()) throw_spec(spec, "at least one operand is required", "none", "pass a list of arrays");
  auto parsed = parse(spec);
  auto xs = label(spec, parsed, promote("einsum", operands));
  check_result(spec, parsed.result, xs);
  const bool of_bools = xs[0].x.dtype() == bool_;
  if (of_bools)
    for (auto& o : xs) o.x = convert(o.x, int32);
  drop_broadcast_axes(spec, xs);
  for (auto& o : xs) take_diagonals(o);
  for (std::size_t i = 0; i < xs.size(); ++i) {
    auto others = parsed.result;
    for (std::size_t j = 0; j < xs.size(); ++j)
      if (j != i) others += xs[j].letters;
    sum_lone(xs[i], others);
  }
  auto result = xs[0];
  for (std::size_t i = 1; i < xs.size(); ++i) {
    const auto needed = letters_after(xs, i + 1, parsed.result);
    result = multiply_pair(result, xs[i], needed);
  }
  Dims order;
  for (char c : parsed.result) order.push_back(place(result.letters, c));
  const auto y = transpose(result.x, order);
  return of_bools ? y != 0 : y;
}

}  // namespace fluxion

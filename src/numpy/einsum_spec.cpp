#include "numpy/einsum_spec.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace fluxion {

namespace {

[[noreturn]] void throw_spec(std::string_view spec, const std::string& required, const std::string& got,
                             const char* way_out) {
  throw ValueError(text("einsum: ", required, ", got ", got, " in \"", spec, "\"; ", way_out));
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

struct Terms {
  std::vector<std::string> operands;
  std::string result;
  bool has_result = false;
};

Terms parse(std::string_view spec) {
  Terms out;
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
      if (!is_letter(c))
        throw_spec(spec, "axes are named by letters, with at most one `...` per operand and one `->`",
                   text("'", c, "'"), "write it like \"ij,jk->ik\"");
  }
  return out;
}

// The letter of the axis that is i-th from the end of an ellipsis.
char ellipsis_letter(std::size_t i) { return static_cast<char>(i - 128); }

std::string replace_ellipsis(const std::string& term, std::size_t rank) {
  const auto dots = term.find("...");
  if (dots == std::string::npos) return term;
  std::string axes;
  for (auto i = rank; i-- > 0;) axes += ellipsis_letter(i);
  return term.substr(0, dots) + axes + term.substr(dots + 3);
}

// Replaces ellipses in operands; returns the largest number of axes that one stands for.
std::size_t name_axes(std::string_view spec, Terms& t, std::span<const Shape> shapes) {
  if (t.operands.size() != shapes.size())
    throw_spec(spec, text(t.operands.size(), " operands are required"), text(shapes.size()),
               "commas separate operands");
  std::size_t broadcast_rank = 0;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    auto& term = t.operands[i];
    const bool dots = has_letter(term, '.');
    const auto named = term.size() - (dots ? 3 : 0), rank = shapes[i].size();
    if (rank < named || (rank > named && !dots))
      throw_spec(spec, text("operand ", i, " needs a letter per axis"),
                 text("\"", term, "\" for shape ", shapes[i]), "`...` stands for the rest");
    broadcast_rank = std::max(broadcast_rank, rank - named);
    term = replace_ellipsis(term, rank - named);
  }
  return broadcast_rank;
}

// Without `->`: the axes of ellipses, then letters that occur once, in alphabetical order.
std::string implied_result(const Terms& t, std::size_t broadcast_rank) {
  auto result = replace_ellipsis("...", broadcast_rank);
  std::map<char, int> times;
  for (const auto& term : t.operands)
    for (char c : term) ++times[c];
  for (const auto& [c, n] : times)
    if (n == 1 && is_letter(c)) result += c;
  return result;
}

void check_result(std::string_view spec, const EinsumSpec& s) {
  for (std::size_t i = 0; i < s.result.size(); ++i) {
    const char c = s.result[i];
    if (s.result.find(c) != i)
      throw_spec(spec, "result letters must be distinct", text("\"", s.result, "\""),
                 "letters left out of the result are summed over");
    const bool known =
        std::any_of(s.operands.begin(), s.operands.end(), [&](const auto& o) { return has_letter(o, c); });
    if (!known)
      throw_spec(spec, "result letters must occur in an operand", text("'", c, "'"),
                 "use fx::expand_dims for new axes");
  }
}

void note_sizes(std::string_view spec, EinsumSpec& s, std::span<const Shape> shapes) {
  for (std::size_t k = 0; k < shapes.size(); ++k)
    for (std::size_t i = 0; i < shapes[k].size(); ++i) {
      const char c = s.operands[k][i];
      auto& n = s.sizes.try_emplace(c, shapes[k][i]).first->second;
      if (n == 1) n = shapes[k][i];
      if (shapes[k][i] != n && shapes[k][i] != 1)
        throw_spec(spec, "axes of one letter must have one size or 1",
                   text(n, " and ", shapes[k][i], " for ", is_letter(c) ? text("'", c, "'") : "the ellipsis"),
                   "transpose an operand, or use another letter");
    }
}

}  // namespace

EinsumSpec parse_einsum(std::string_view spec, std::span<const Shape> shapes) {
  if (shapes.empty()) throw_spec(spec, "at least one operand is required", "none", "pass a list of arrays");
  auto terms = parse(spec);
  const auto rank = name_axes(spec, terms, shapes);
  EinsumSpec s{terms.operands,
               terms.has_result ? replace_ellipsis(terms.result, rank) : implied_result(terms, rank),
               {}};
  check_result(spec, s);
  note_sizes(spec, s, shapes);
  return s;
}

}  // namespace fluxion

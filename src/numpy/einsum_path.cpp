// The order in which the operands of an Einstein sum are multiplied.
#include <algorithm>
#include <bit>
#include <limits>
#include <ostream>

#include "numpy/einsum_spec.hpp"

namespace fluxion {

namespace {

using Letters = std::uint64_t;  // a set: one bit per letter

// Operands as sets of letters, with their sizes.
struct Problem {
  std::vector<Letters> operands;
  Letters result = 0;
  std::vector<double> sizes;  // by bit

  double size(Letters set) const {
    double n = 1;
    for (; set != 0; set &= set - 1) n *= sizes[static_cast<std::size_t>(std::countr_zero(set))];
    return n;
  }
  /// Multiplications, and additions where letters are summed over.
  double cost(Letters a, Letters b, Letters kept) const {
    return size(a | b) * (((a | b) & ~kept) != 0 ? 2 : 1);
  }
};

Problem problem_of(const EinsumSpec& s) {
  Problem p;
  std::string letters;
  for (const auto& [c, n] : s.sizes) letters += c, p.sizes.push_back(static_cast<double>(n));
  const auto set = [&](const std::string& term) {
    Letters out = 0;
    for (char c : term) out |= Letters{1} << letters.find(c);
    return out;
  };
  for (const auto& term : s.operands) p.operands.push_back(set(term));
  p.result = set(s.result);
  return p;
}

// What the rest of the sum still needs of the product of operands i and j of a list.
Letters kept_of(const Problem& p, const std::vector<Letters>& list, std::size_t i, std::size_t j) {
  Letters needed = p.result;
  for (std::size_t k = 0; k < list.size(); ++k)
    if (k != i && k != j) needed |= list[k];
  return (list[i] | list[j]) & needed;
}

void take_step(const Problem& p, std::vector<Letters>& list, std::size_t i, std::size_t j, EinsumPath& path) {
  const auto kept = kept_of(p, list, i, j);
  path.cost += p.cost(list[i], list[j], kept);
  path.largest_intermediate = std::max(path.largest_intermediate, p.size(kept));
  path.steps.push_back({static_cast<std::int64_t>(i), static_cast<std::int64_t>(j)});
  list.erase(list.begin() + static_cast<std::ptrdiff_t>(j));
  list.erase(list.begin() + static_cast<std::ptrdiff_t>(i));
  list.push_back(kept);
}

// The pair whose product makes memory shrink most, the cheaper one of two that are equal.
void go_greedily(const Problem& p, EinsumPath& path) {
  auto list = p.operands;
  while (list.size() > 1) {
    std::size_t best_i = 0, best_j = 1;
    double best_growth = std::numeric_limits<double>::infinity(), best_cost = best_growth;
    for (std::size_t i = 0; i < list.size(); ++i)
      for (std::size_t j = i + 1; j < list.size(); ++j) {
        const auto kept = kept_of(p, list, i, j);
        const auto growth = p.size(kept) - p.size(list[i]) - p.size(list[j]),
                   cost = p.cost(list[i], list[j], kept);
        if (growth < best_growth || (growth == best_growth && cost < best_cost))
          best_i = i, best_j = j, best_growth = growth, best_cost = cost;
      }
    take_step(p, list, best_i, best_j, path);
  }
}

// The first operand with the second, their product with the third, and so on: products are appended to the
// list.
void go_left_to_right(const Problem& p, EinsumPath& path) {
  auto list = p.operands;
  if (list.size() > 1) take_step(p, list, 0, 1, path);
  while (list.size() > 1) take_step(p, list, 0, list.size() - 1, path);
}

// The best tree of each subset of operands, from those of its halves.
class Subsets {
 public:
  explicit Subsets(const Problem& p) : p_(p), best_(std::size_t{1} << p.operands.size()) {
    for (unsigned set = 1; set < best_.size(); ++set) {
      best_[set].kept = united(set) & (united(all() & ~set) | p.result);
      if (std::has_single_bit(set))
        best_[set].kept = p.operands[static_cast<std::size_t>(std::countr_zero(set))];
      else
        split(set);
    }
  }

  void write(EinsumPath& path) const {
    std::vector<unsigned> list;
    for (std::size_t i = 0; i < p_.operands.size(); ++i) list.push_back(1U << i);
    auto letters = p_.operands;
    emit(all(), list, letters, path);
  }

 private:
  struct Best {
    Letters kept = 0;
    double cost = 0;
    unsigned half = 0;
  };

  unsigned all() const { return static_cast<unsigned>(best_.size() - 1); }
  Letters united(unsigned set) const {
    Letters out = 0;
    for (; set != 0; set &= set - 1) out |= p_.operands[static_cast<std::size_t>(std::countr_zero(set))];
    return out;
  }
  void split(unsigned set) {
    auto& b = best_[set];
    b.cost = std::numeric_limits<double>::infinity();
    for (unsigned half = (set - 1) & set; half != 0; half = (half - 1) & set) {
      const auto other = set & ~half;
      if (half > other) continue;  // each pair once
      const auto cost =
          best_[half].cost + best_[other].cost + p_.cost(best_[half].kept, best_[other].kept, b.kept);
      if (cost < b.cost) b.cost = cost, b.half = half;
    }
  }
  void emit(unsigned set, std::vector<unsigned>& list, std::vector<Letters>& letters,
            EinsumPath& path) const {
    if (std::has_single_bit(set)) return;
    const auto half = best_[set].half, other = set & ~half;
    emit(half, list, letters, path);
    emit(other, list, letters, path);
    auto i = position(list, half), j = position(list, other);
    if (i > j) std::swap(i, j);
    take_step(p_, letters, i, j, path);
    list.erase(list.begin() + static_cast<std::ptrdiff_t>(j));
    list.erase(list.begin() + static_cast<std::ptrdiff_t>(i));
    list.push_back(set);
  }
  static std::size_t position(const std::vector<unsigned>& list, unsigned set) {
    return static_cast<std::size_t>(std::find(list.begin(), list.end(), set) - list.begin());
  }

  const Problem& p_;
  std::vector<Best> best_;
};

constexpr std::size_t kMostForOptimal = 8;

}  // namespace

EinsumPath find_einsum_path(const EinsumSpec& spec, Contraction optimize) {
  EinsumPath path;
  if (spec.sizes.size() > 64) {  // beyond what sets hold: rare enough for any order to do
    for (std::size_t n = spec.operands.size(); n > 1; --n)
      path.steps.push_back({0, n == spec.operands.size() ? 1 : static_cast<std::int64_t>(n) - 1});
    return path;
  }
  const auto p = problem_of(spec);
  Letters united = 0;
  for (auto o : p.operands) united |= o;
  const auto n = p.operands.size();
  path.naive_cost =
      p.size(united) * (static_cast<double>(std::max<std::size_t>(n, 2) - 1) + ((united & ~p.result) != 0));
  if (n == 1) {
    path.steps = {{0}};
    path.cost = path.naive_cost;
    path.largest_intermediate = p.size(p.result);
  } else if (optimize == Contraction::left_to_right) {
    go_left_to_right(p, path);
  } else if (optimize == Contraction::greedy || n > kMostForOptimal) {
    go_greedily(p, path);
  } else {
    Subsets(p).write(path);
  }
  return path;
}

EinsumPath einsum_path(std::string_view spec, ArraySpan operands, Contraction optimize) {
  std::vector<Shape> shapes;
  for (const auto& x : operands) shapes.push_back(x.shape());
  return find_einsum_path(parse_einsum(spec, shapes), optimize);
}

std::ostream& operator<<(std::ostream& os, const EinsumPath& p) {
  os << "[";
  for (std::size_t i = 0; i < p.steps.size(); ++i) {
    os << (i == 0 ? "(" : ", (");
    for (std::size_t k = 0; k < p.steps[i].size(); ++k) os << (k == 0 ? "" : ", ") << p.steps[i][k];
    os << ")";
  }
  return os << "], " << p.cost << " operations instead of " << p.naive_cost << ", largest intermediate "
            << p.largest_intermediate;
}

}  // namespace fluxion

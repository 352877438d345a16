#include <algorithm>
#include <utility>

#include "compiler/passes/passes.hpp"

namespace fluxion::compiler {
namespace {

/// The permutation of `rank` dimensions that exchanges the last two.
Dims exchange(std::size_t rank) {
  Dims d;
  for (std::size_t i = 0; i < rank; ++i) d.push_back(static_cast<std::int64_t>(i));
  std::swap(d[rank - 1], d[rank - 2]);
  return d;
}

class Turner {
 public:
  explicit Turner(ir::Program p) : p_(std::move(p)), uses_(p_.types.size()), dot_(p_.types.size()) {}

  ir::Program run() {
    const auto is_dot = [](const ir::Instr& i) { return std::holds_alternative<ir::Dot>(i.action); };
    if (std::none_of(p_.instrs.begin(), p_.instrs.end(), is_dot)) return std::move(p_);
    for (const auto& i : p_.instrs) {
      for (const auto v : i.in) ++uses_[v];
      if (is_dot(i)) dot_[i.out[0]] = &i;
    }
    for (const auto v : p_.outputs) ++uses_[v];
    std::vector<ir::Instr> instrs;
    for (const auto& i : p_.instrs) {
      if (const auto* product = turned_by(i)) turn(*product, i, instrs);
      else instrs.push_back(i);
    }
    p_.instrs = std::move(instrs);
    return without_dead_code(std::move(p_));
  }

 private:
  /// The product that nobody sees but this transposition of its rows and columns.
  const ir::Instr* turned_by(const ir::Instr& i) const {
    const auto* transpose = std::get_if<ir::Transpose>(&i.action);
    if (transpose == nullptr || uses_[i.in[0]] != 1) return nullptr;
    const ir::Instr* const product = dot_[i.in[0]];
    return product != nullptr && transpose->permutation == exchange(transpose->permutation.size()) ? product : nullptr;
  }

  ir::ValueId transposed(ir::ValueId x, std::vector<ir::Instr>& to) {
    ir::Type t = p_.types[x];
    const std::size_t rank = t.shape.size();
    std::swap(t.shape[rank - 1], t.shape[rank - 2]);
    const auto out = static_cast<ir::ValueId>(p_.types.size());
    p_.types.push_back(std::move(t));
    to.push_back({ir::Transpose{exchange(rank)}, {x}, {out}});
    return out;
  }
  void turn(const ir::Instr& product, const ir::Instr& transpose, std::vector<ir::Instr>& to) {
    const auto left = transposed(product.in[1], to), right = transposed(product.in[0], to);
    to.push_back({ir::Dot{}, {left, right}, transpose.out});
  }

  ir::Program p_;
  std::vector<std::uint32_t> uses_;
  std::vector<const ir::Instr*> dot_;  // by value
};

}  // namespace

ir::Program with_turned_products(ir::Program p) { return Turner(std::move(p)).run(); }

}  // namespace fluxion::compiler

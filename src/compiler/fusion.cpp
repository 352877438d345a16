#include "compiler/fusion.hpp"

#include <algorithm>
#include <climits>
#include <optional>
#include <unordered_map>
#include <utility>

namespace fluxion::compiler {
namespace {

// One loop's share. What crosses a cut is stored and read again, whole arrays of it: measured on gradients of
// chains, that costs more than registers that leave the first-level cache. So these bound a loop to what a
// second-level cache holds (in the shortest blocks, half a megabyte) and planning to linear time.
constexpr std::size_t most_members = 4096;
constexpr std::size_t most_registers = 1024;

class Fuser {
 public:
  Fuser(const ir::Program& p, const Origins& o, std::span<const Dims> input_strides)
      : p_(p),
        o_(o),
        n_(static_cast<std::uint32_t>(p.instrs.size())),
        level_(n_, 0),
        folds_(n_, 0),
        group_(n_),
        finishes_(n_, 0) {
    count_uses();
    predict_layouts(input_strides);
    find_effects();
  }

  Fusion run() {
    assign_levels();
    sink_late();
    join();
    collect();
    order();
    mark_stored();
    return std::move(result_);
  }

 private:
  /// A unit whose needs are being visited, and how far.
  struct Visit {
    std::uint32_t unit;
    std::size_t instr = 0, operand = 0;
  };
  /// The unit that a group's next member joins, and an estimate of the registers that it holds.
  struct Open {
    std::uint32_t unit = no_instr;
    std::size_t registers = 0;
  };

  const ir::Instr& instr(std::uint32_t i) const { return p_.instrs[i]; }
  std::int64_t count(ir::ValueId v) const { return element_count(p_.types[v].shape); }

  /// Elementwise work of its own: not what finishes a product.
  bool elementwise(std::uint32_t i) const { return is_elementwise(instr(i).action) && finishes_[i] == 0; }

  void count_uses() {
    const auto is_dot = [](const ir::Instr& i) { return std::holds_alternative<ir::Dot>(i.action); };
    if (std::none_of(p_.instrs.begin(), p_.instrs.end(), is_dot)) return;
    uses_.assign(p_.types.size(), 0);
    for (const auto& i : p_.instrs)
      for (const auto v : i.in) ++uses_[v];
    for (const auto v : p_.outputs) ++uses_[v];
  }
  /// A product that only the instruction that is looked at needs, perhaps a multiple of it.
  std::optional<Finish> product_alone(ir::ValueId v) const {
    const auto from = o_.producer[v];
    if (uses_[v] != 1 || from == no_instr || instr(from).out[0] != v) return std::nullopt;
    if (const auto known = result_.finishes.find(from); known != result_.finishes.end())
      return known->second.kind == Finish::Kind::none ? std::optional(known->second) : std::nullopt;
    if (!std::holds_alternative<ir::Dot>(instr(from).action)) return std::nullopt;
    const auto& t = p_.types[v];
    const std::size_t rank = t.shape.size();
    const bool one = element_count(t.shape) == t.shape[rank - 1] * t.shape[rank - 2];
    const bool floats = t.dtype == DType::float32 || t.dtype == DType::float64;
    const bool matrix = t.shape[rank - 1] > 1 && t.shape[rank - 2] > 1 && p_.types[instr(from).in[0]].shape.back() > 0;
    return one && floats && matrix ? std::optional(Finish{from, {}, {}, Finish::Kind::none}) : std::nullopt;
  }
  bool repeats_one(ir::ValueId v) const {
    return std::all_of(strides_[v].begin(), strides_[v].end(), [](auto s) { return s == 0; });
  }
  /// Whether what is computed elsewhere has rows of contiguous elements; what a loop computes is better used there.
  bool can_be_other(ir::ValueId v) const {
    const auto from = o_.producer[v];
    const auto& s = strides_[v];
    return s[s.size() - 1] == 1 && s[s.size() - 2] >= 0 && (from == no_instr || !elementwise(from));
  }
  /// Whether instruction i is the last step of a product; then it is remembered as that.
  bool finishes_product(std::uint32_t i) {
    const auto* map = std::get_if<ir::Map>(&instr(i).action);
    if (uses_.empty() || map == nullptr || (map->op != ir::Op::add && map->op != ir::Op::sub && map->op != ir::Op::mul))
      return false;
    for (const std::size_t k : {1, 0}) {
      const auto v = instr(i).in[k], other = instr(i).in[1 - k];
      auto f = product_alone(v);
      if (!f) continue;
      if (map->op == ir::Op::mul) {
        if (f->scale || !repeats_one(other)) continue;
        f->scale = other;
      } else {
        if (!can_be_other(other)) continue;
        f->other = other;
        f->kind = map->op == ir::Op::add ? Finish::Kind::add
                  : k == 1               ? Finish::Kind::from_other
                                         : Finish::Kind::minus_other;
      }
      group_[i] = f->product;
      finishes_[i] = 1;
      result_.finishes.erase(o_.producer[v]);
      result_.finishes.emplace(i, *f);
      return true;
    }
    return false;
  }

  // Layouts are decided by the planner, loop by loop; this guess only steers which reductions are fused.
  void predict_layouts(std::span<const Dims> inputs) {
    strides_.resize(p_.types.size());
    for (std::size_t k = 0; k < inputs.size(); ++k) strides_[p_.inputs[k]] = inputs[k];
    for (std::uint32_t at = 0; at < n_; ++at) {
      group_[at] = at;
      const auto& i = instr(at);
      if (holds_programs(i.action) || std::holds_alternative<ir::HostCall>(i.action) || std::holds_alternative<ir::Tape>(i.action)) {
        for (const auto v : i.out) strides_[v] = row_major(p_.types[v].shape);
        continue;
      }
      const auto& out = p_.types[i.out[0]];
      Dims guess;
      if (is_view(i.action)) {
        auto view = view_of(i.action, p_.types[i.in[0]], strides_[i.in[0]], out);
        guess = view ? std::move(view->strides) : row_major(out.shape);
      } else {
        const bool free = is_elementwise(i.action) && !finishes_product(at);
        guess = free ? like_operands(i, out.shape) : row_major(out.shape);
      }
      for (std::size_t k = 1; k < i.out.size(); ++k) strides_[i.out[k]] = guess;
      strides_[i.out[0]] = std::move(guess);
    }
  }
  Dims like_operands(const ir::Instr& i, const Shape& shape) const {
    for (const auto v : i.in) {
      const auto& s = strides_[v];
      if (s.size() != shape.size() || !is_dense(shape, s) || element_count(shape) == 0) continue;
      return s;
    }
    return row_major(shape);
  }

  /// Effects happen in program order: each such instruction comes after the one before it.
  void find_effects() {
    before_.assign(p_.effect == Effect::none ? 0 : n_, no_instr);
    auto last = no_instr;
    for (std::uint32_t i = 0; i < before_.size(); ++i)
      if (ir::effect_of(instr(i).action) != Effect::none) before_[i] = std::exchange(last, i);
  }
  std::uint32_t effect_before(std::uint32_t i) const { return before_.empty() ? no_instr : before_[i]; }

  /// Whether instruction i can take value v from the registers of the instruction that makes it.
  bool fuses(std::uint32_t i, ir::ValueId v) const {
    const auto from = o_.producer[v];
    if (from == no_instr || !elementwise(from)) return false;
    if (elementwise(i)) return count(v) == count(instr(i).out[0]);
    return folds_[i] != 0;
  }
  bool foldable(std::uint32_t i) const {
    const auto* reduce = std::get_if<ir::Reduce>(&instr(i).action);
    if (reduce == nullptr) return false;
    const auto v = instr(i).in[0];
    const auto from = o_.producer[v];
    if (from == no_instr || !elementwise(from) || count(v) == 0) return false;
    const auto& shape = p_.types[v].shape;
    const ReductionShape r(*reduce, shape);
    return !prefers_columns(r, squeezed(shape, strides_[v])) || (folds_columns(r) && is_row_major(shape, strides_[v]));
  }

  void assign_levels() {
    for (std::uint32_t i = 0; i < n_; ++i) {
      if (is_view(instr(i).action)) continue;
      folds_[i] = foldable(i);
      int level = 0;
      for (const auto v : instr(i).in)
        if (const auto from = o_.source[v]; from != no_instr)
          level = std::max(level, level_[from] + (fuses(i, v) ? 0 : 1));
      if (const auto from = effect_before(i); from != no_instr) level = std::max(level, level_[from] + 1);
      level_[i] = level;
    }
  }

  /// Elementwise work whose results are only wanted later is done where they are wanted.
  void sink_late() {
    std::vector<int> latest(n_, INT_MAX);
    for (std::uint32_t i = n_; i-- > 0;) {
      if (is_view(instr(i).action)) continue;
      if (elementwise(i) && latest[i] != INT_MAX) level_[i] = std::max(level_[i], latest[i]);
      for (const auto v : instr(i).in)
        if (const auto from = o_.source[v]; from != no_instr)
          latest[from] = std::min(latest[from], level_[i] - (fuses(i, v) ? 0 : 1));
    }
  }

  std::uint32_t find(std::uint32_t i) {
    while (group_[i] != i) i = group_[i] = group_[group_[i]];
    return i;
  }
  void join() {
    for (std::uint32_t i = 0; i < n_; ++i) {
      if (is_view(instr(i).action)) continue;
      for (const auto v : instr(i).in)
        if (fuses(i, v) && level_[o_.producer[v]] == level_[i]) group_[find(i)] = find(o_.producer[v]);
    }
    join_neighbours();
  }
  /// Short loops of one level over as many elements are one: between them is no path, and each costs more to begin than
  /// to carry out.
  void join_neighbours() {
    constexpr std::int64_t short_loop = 1024;
    std::unordered_map<std::uint64_t, std::uint32_t> first;  // by level and count: an instruction
    for (std::uint32_t i = 0; i < n_; ++i) {
      if (!elementwise(i)) continue;
      const auto elements = count(instr(i).out[0]);
      if (elements > short_loop) continue;
      const auto key = static_cast<std::uint64_t>(level_[i]) << 32 | static_cast<std::uint64_t>(elements);
      const auto [known, is_new] = first.try_emplace(key, i);
      if (is_new || find(i) == find(known->second)) continue;
      if (squeezed(p_.types[instr(i).out[0]].shape) == squeezed(p_.types[instr(known->second).out[0]].shape))
        group_[find(i)] = find(known->second);
    }
  }

  void collect() {
    auto& r = result_;
    r.unit_of.assign(n_, no_instr);
    r.position_of.assign(n_, 0);
    find_last_uses();
    std::vector<Open> open(n_);  // by group
    for (std::uint32_t i = 0; i < n_; ++i)
      if (!is_view(instr(i).action) && !reduces(i)) place(i, open[find(i)]);
    for (std::uint32_t i = 0; i < n_; ++i)  // reductions see all members of their loop
      if (reduces(i)) place(i, unit_for_reduction(i));
  }
  bool reduces(std::uint32_t i) const { return std::holds_alternative<ir::Reduce>(instr(i).action); }
  bool joined(std::uint32_t i, ir::ValueId v) { return fuses(i, v) && find(o_.producer[v]) == find(i); }

  void find_last_uses() {
    last_use_.assign(n_, 0);
    for (std::uint32_t i = 0; i < n_; ++i) {
      if (is_view(instr(i).action)) continue;
      for (const auto v : instr(i).in)
        if (joined(i, v)) last_use_[o_.producer[v]] = reduces(i) ? n_ : std::max(i, last_use_[o_.producer[v]]);
    }
  }

  /// A group is cut in program order, so that a piece needs only earlier ones, where another member would
  /// make the loop too long or take its working set out of the caches.
  void place(std::uint32_t i, Open& open) {
    open.registers -= registers_given(i, open.unit);
    const auto outs = instr(i).out.size();
    const bool full = open.unit != no_instr && (result_.units[open.unit].members.size() == most_members ||
                                                open.registers + outs > most_registers);
    if (open.unit == no_instr || full) open = {new_unit(), 0};
    place(i, open.unit);
    if (last_use_[i] > i) open.registers += outs;
  }
  /// Registers of `unit` that nothing needs after instruction i.
  std::size_t registers_given(std::uint32_t i, std::uint32_t unit) {
    std::size_t given = 0;
    for (const auto v : instr(i).in) {
      if (!joined(i, v)) continue;
      const auto from = o_.producer[v];
      if (last_use_[from] != i || result_.unit_of[from] != unit) continue;
      given += instr(from).out.size();
      last_use_[from] = 0;  // an operand may come twice
    }
    return given;
  }
  std::uint32_t new_unit() {
    result_.units.emplace_back();
    return static_cast<std::uint32_t>(result_.units.size() - 1);
  }
  std::uint32_t unit_for_reduction(std::uint32_t i) {
    if (const auto v = instr(i).in[0]; joined(i, v)) {
      const auto unit = result_.unit_of[o_.producer[v]];
      if (agrees(result_.units[unit], i)) return unit;
    }
    return new_unit();
  }
  void place(std::uint32_t i, std::uint32_t unit) {
    auto& u = result_.units[unit];
    result_.unit_of[i] = unit;
    auto& list = reduces(i) ? u.reductions : u.members;
    result_.position_of[i] = static_cast<std::uint32_t>(list.size());
    list.push_back(i);
    u.is_loop = reduces(i) || elementwise(i);
  }
  /// All reductions of a loop fold the same rows in chunks of the same size; others come after the loop.
  bool agrees(const Unit& u, std::uint32_t i) {
    const auto v = instr(i).in[0];
    const ReductionShape mine(std::get<ir::Reduce>(instr(i).action), p_.types[v].shape);
    // the loop visits elements in another than logical order: all shapes must agree
    if (!mine.innermost() && common_shape(u) != mine.shape) return false;
    if (u.reductions.empty()) return true;
    const auto first = instr(u.reductions[0]).in[0];
    const ReductionShape other(std::get<ir::Reduce>(instr(u.reductions[0]).action), p_.types[first].shape);
    return mine.shape == other.shape && mine.reduced == other.reduced &&
           itemsize(p_.types[v].dtype) == itemsize(p_.types[first].dtype);
  }

  /// That of all members; nothing if they have several. Units are complete when this is asked.
  const std::optional<Shape>& common_shape(const Unit& u) {
    const auto [known, is_new] = common_.try_emplace(&u - result_.units.data());
    if (!is_new) return known->second;
    for (const auto m : u.members) {
      const auto shape = squeezed(p_.types[instr(m).out[0]].shape);
      if (!known->second) known->second = shape;
      if (*known->second != shape) {
        known->second.reset();
        break;
      }
    }
    return known->second;
  }

  // Units in program order of their last members, each after what it needs.
  void order() {
    auto& r = result_;
    const auto units = static_cast<std::uint32_t>(r.units.size());
    std::vector<std::uint32_t> by_end(units), end(units, 0);
    for (std::uint32_t i = 0; i < n_; ++i)
      if (r.unit_of[i] != no_instr) end[r.unit_of[i]] = i;
    for (std::uint32_t u = 0; u < units; ++u) by_end[u] = u;
    std::sort(by_end.begin(), by_end.end(), [&](auto a, auto b) { return end[a] < end[b]; });
    new_index_.assign(units, no_instr);
    for (const auto u : by_end) visit(u);
    for (auto& u : r.unit_of)
      if (u != no_instr) u = new_index_[u];
    r.units = std::move(ordered_);
  }
  /// Appends u after what it needs, depth first; what is open is on an explicit stack, for programs may be deep.
  void visit(std::uint32_t u) {
    if (new_index_[u] != no_instr) return;
    constexpr auto on_the_way = no_instr - 1;
    std::vector<Visit> open{{u}};
    new_index_[u] = on_the_way;
    while (!open.empty()) {
      if (const auto next = next_needed(open.back()); next != no_instr) {
        new_index_[next] = on_the_way;
        open.push_back({next});
        continue;
      }
      const auto done = open.back().unit;
      open.pop_back();
      new_index_[done] = static_cast<std::uint32_t>(ordered_.size());
      ordered_.push_back(std::move(result_.units[done]));
    }
  }
  /// A unit that comes before, not visited yet; none if there is no other.
  std::uint32_t next_needed(Visit& at) const {
    const Unit& u = result_.units[at.unit];
    for (; at.instr < u.members.size() + u.reductions.size(); ++at.instr, at.operand = 0) {
      const bool member = at.instr < u.members.size();
      const auto& in = instr(member ? u.members[at.instr] : u.reductions[at.instr - u.members.size()]).in;
      while (at.operand < in.size()) {
        const auto from = o_.source[in[at.operand++]];
        if (from != no_instr && new_index_[result_.unit_of[from]] == no_instr) return result_.unit_of[from];
      }
    }
    if (!u.is_loop)
      if (const auto from = effect_before(u.members.front()); from != no_instr && new_index_[result_.unit_of[from]] == no_instr)
        return result_.unit_of[from];
    return no_instr;
  }

  void mark_stored() {
    auto& r = result_;
    r.stored.assign(p_.types.size(), 0);
    for (const auto v : p_.outputs) r.stored[v] = 1;
    for (std::uint32_t i = n_; i-- > 0;) {
      const auto& in = instr(i).in;
      if (is_view(instr(i).action)) {
        if (r.stored[instr(i).out[0]] != 0) r.stored[in[0]] = 1;
        continue;
      }
      for (const auto v : in) {
        const bool passed_on = fuses(i, v) || (finishes_[i] != 0 && o_.producer[v] != no_instr);
        if (!passed_on || r.unit_of[o_.producer[v]] != r.unit_of[i]) r.stored[v] = 1;
      }
    }
  }

  const ir::Program& p_;
  const Origins& o_;
  std::uint32_t n_;
  std::vector<int> level_;
  std::vector<char> folds_;
  std::vector<std::uint32_t> group_;
  std::vector<std::uint32_t> last_use_;  // by instruction: in its group; n_ if it is folded
  std::vector<Dims> strides_;
  std::vector<std::uint32_t> before_;  // by instruction: that of the effect before; empty if there are none
  std::vector<char> finishes_;           // by instruction: whether it is a part of a product
  std::vector<std::uint32_t> uses_;      // by value; empty if there are no products
  Fusion result_;
  std::unordered_map<std::ptrdiff_t, std::optional<Shape>> common_;  // by unit
  std::vector<std::uint32_t> new_index_;
  std::vector<Unit> ordered_;
};

}  // namespace

Fusion fused(const ir::Program& p, const Origins& origins, std::span<const Dims> input_strides) {
  return Fuser(p, origins, input_strides).run();
}

}  // namespace fluxion::compiler

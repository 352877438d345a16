// Slices and transposes move towards where values come from: the slice of a sum is the sum of slices, and a slice of an
// assembled array is one of a piece. What is left are views of stored memory, which cost nothing, and elementwise work
// in one order, which fuses.
//
// Back to front, for then all uses of a value are known when its producer is met.
#include <algorithm>
#include <cstring>
#include <functional>
#include <optional>

#include <fluxion/aval.hpp>
#include "compiler/fusion.hpp"
#include "compiler/passes/passes.hpp"

namespace fluxion::compiler {
namespace {

using ir::ValueId;

/// Work is done in as many parts at most, each of which costs a call.
constexpr std::size_t most_parts = 8;

std::size_t unsign(std::int64_t i) { return static_cast<std::size_t>(i); }

/// A slice or a transpose of a value, and the value that it is.
struct Taken {
  ir::Action action;
  ValueId out;
};

Shape shape_of(const ir::Action& a, const Shape& from, const Shape& sliced) {
  const auto* t = std::get_if<ir::Transpose>(&a);
  if (t == nullptr) return sliced;
  Shape s;
  for (const auto d : t->permutation) s.push_back(from[unsign(d)]);
  return s;
}

class EarlyViews {
 public:
  explicit EarlyViews(ir::Program p) : p_(std::move(p)), whole_(p_.types.size(), 0), uses_(p_.types.size(), 0), taken_(p_.types.size()), to_(p_.types.size()) {
    for (std::size_t v = 0; v < to_.size(); ++v) to_[v] = static_cast<ValueId>(v);
  }

  ir::Program run() {
    if (std::none_of(p_.instrs.begin(), p_.instrs.end(), [](const auto& i) { return is_taking(i.action); })) return std::move(p_);
    elementwise_.assign(p_.types.size(), 0);
    for (const auto& i : p_.instrs)
      for (const auto v : i.out) elementwise_[v] = is_elementwise(i.action);
    for (const auto v : p_.outputs) use_whole(v);
    for (const auto& i : p_.instrs)
      for (const auto v : i.in) ++uses_[v];
    std::vector<ir::Instr> old = std::move(p_.instrs);
    p_.instrs.clear();
    for (std::size_t k = old.size(); k-- > 0;) visit(old[k]);
    for (const auto v : p_.inputs) put_taken(v);
    for (std::size_t k = 0; k < p_.constants.size(); ++k) put_taken(p_.constants[k].value);
    std::reverse(p_.instrs.begin(), p_.instrs.end());
    for (auto& i : p_.instrs)
      for (auto& v : i.in) v = found(v);
    for (auto& v : p_.outputs) v = found(v);
    return without_dead_code(std::move(p_));
  }

 private:
  static bool is_taking(const ir::Action& a) {
    return std::holds_alternative<ir::Slice>(a) || std::holds_alternative<ir::Transpose>(a);
  }
  const Shape& shape(ValueId v) const { return p_.types[v].shape; }
  std::int64_t count(ValueId v) const { return element_count(shape(v)); }
  void use_whole(ValueId v) { whole_[v] = 1; }
  /// Replacements are found along a chain that gets shorter.
  ValueId found(ValueId v) {
    while (to_[v] != v) v = to_[v] = to_[to_[v]];
    return v;
  }
  ValueId add(ir::Type t) {
    const auto v = static_cast<ValueId>(p_.types.size());
    p_.types.push_back(std::move(t));
    whole_.push_back(0);
    uses_.push_back(0);
    elementwise_.push_back(0);
    taken_.emplace_back();
    to_.push_back(v);
    return v;
  }

  /// The value that `action` takes of `from`; shared with equal ones.
  ValueId take(ValueId from, const ir::Action& action, const Shape& result) {
    const auto& known = taken_[from];  // the last few are looked at: equal ones of many are merged later
    for (std::size_t k = known.size() - std::min<std::size_t>(8, known.size()); k < known.size(); ++k)
      if (same(known[k].action, action) && shape(known[k].out) == result) return known[k].out;
    const auto v = add({p_.types[from].dtype, result});
    taken_[from].push_back({action, v});
    return v;
  }
  static bool same(const ir::Action& a, const ir::Action& b) {
    const auto *x = std::get_if<ir::Slice>(&a), *y = std::get_if<ir::Slice>(&b);
    if (x != nullptr && y != nullptr) return x->start == y->start && x->stride == y->stride;
    const auto *s = std::get_if<ir::Transpose>(&a), *t = std::get_if<ir::Transpose>(&b);
    return s != nullptr && t != nullptr && s->permutation == t->permutation;
  }

  void visit(ir::Instr& i) {
    if (is_taking(i.action)) {
      put_taken(i.out[0]);  // views of views are composed elsewhere
      taken_[i.in[0]].push_back({std::move(i.action), i.out[0]});
      return;
    }
    const ValueId v = i.out[0];
    if (i.out.size() == 1 && !taken_[v].empty()) {
      std::vector<Taken> list = std::move(taken_[v]), left;
      taken_[v].clear();
      const bool done = std::visit([&](const auto& action) { return push(i, action, list, left); }, i.action);
      if (!done) left = std::move(list);
      taken_[v] = std::move(left);
      if (whole_[v] == 0 && taken_[v].empty()) return;  // nobody needs all of it
    }
    for (const auto out : i.out) put_taken(out);
    for (const auto in : i.in) use_whole(in);
    p_.instrs.push_back(std::move(i));
  }
  void put_taken(ValueId v) {
    for (auto& t : taken_[v]) p_.instrs.push_back({std::move(t.action), {v}, {t.out}});
    taken_[v].clear();
  }
  void put(ir::Action a, ir::Values in, ValueId out) { p_.instrs.push_back({std::move(a), std::move(in), {out}}); }

  // --- through elementwise work, if nobody needs the whole and no element is computed twice -------------------

  bool push(const ir::Instr& i, const ir::Map&, std::vector<Taken>& list, std::vector<Taken>&) { return push_work(i, list); }
  bool push(const ir::Instr& i, const ir::Convert&, std::vector<Taken>& list, std::vector<Taken>&) { return push_work(i, list); }
  bool push_work(const ir::Instr& i, std::vector<Taken>& list) {
    const ValueId v = i.out[0];
    if (whole_[v] != 0) return false;
    merge(list);
    if (list.size() > most_parts) return false;
    std::int64_t elements = 0;
    for (const auto& t : list) elements += count(t.out);
    if (elements > count(v)) return false;
    for (const auto& t : list) {
      // An operand that others need as it is would have to be stored for this.
      if (std::holds_alternative<ir::Transpose>(t.action))
        for (const auto x : i.in)
          if (elementwise_[x] != 0 && (uses_[x] > 1 || whole_[x] != 0)) return false;
    }
    for (const auto& t : list) {
      ir::Values in;
      for (const auto x : i.in)
        in.push_back(shape(x).empty() ? x : take(x, t.action, shape_of(t.action, shape(x), shape(t.out))));
      for (const auto x : i.in)
        if (shape(x).empty()) use_whole(x);
      put(i.action, std::move(in), t.out);
    }
    return true;
  }
  /// Equal ones become one.
  void merge(std::vector<Taken>& list) {
    if (list.size() > 8 * most_parts) return;
    std::vector<Taken> kept;
    for (auto& t : list) {
      const auto first = std::find_if(kept.begin(), kept.end(), [&](const Taken& k) {
        return same(k.action, t.action) && shape(k.out) == shape(t.out);
      });
      if (first == kept.end()) kept.push_back(std::move(t));
      else to_[t.out] = first->out;
    }
    list = std::move(kept);
  }

  // --- through views: always ---------------------------------------------------------------------------------------

  bool push(const ir::Instr& i, const ir::Broadcast& action, std::vector<Taken>& list, std::vector<Taken>& left) {
    for (auto& t : list) {
      const auto* slice = std::get_if<ir::Slice>(&t.action);
      if (slice == nullptr) {
        left.push_back(std::move(t));
        continue;
      }
      const auto x = i.in[0];
      ir::Slice inner;
      Shape small;
      for (std::size_t d = 0; d < action.dims.size(); ++d) {
        const auto to = unsign(action.dims[d]);
        const bool repeated = shape(x)[d] == 1;
        inner.start.push_back(repeated ? 0 : slice->start[to]);
        inner.stride.push_back(repeated ? 1 : slice->stride[to]);
        small.push_back(repeated ? 1 : shape(t.out)[to]);
      }
      use_one(x, inner, small, action, t.out);
    }
    return true;
  }
  void use_one(ValueId x, const ir::Slice& inner, const Shape& small, const ir::Action& outer, ValueId out) {
    bool all = small == shape(x);
    for (std::size_t d = 0; all && d < small.size(); ++d)
      all = small[d] <= 1 || (inner.start[d] == 0 && inner.stride[d] == 1);
    if (all) {
      use_whole(x);
      put(outer, {x}, out);
    } else {
      put(outer, {take(x, inner, small)}, out);
    }
  }

  /// A reshape that only moves extents of 1.
  bool push(const ir::Instr& i, const ir::Reshape&, std::vector<Taken>& list, std::vector<Taken>& left) {
    const auto x = i.in[0];
    const Shape from = shape(x), to = shape(i.out[0]);  // copies: types are added
    if (squeezed(from) != squeezed(to)) return false;
    for (auto& t : list) {
      const auto* slice = std::get_if<ir::Slice>(&t.action);
      const auto moved = slice == nullptr ? std::nullopt : without_ones(*slice, to, shape(t.out), from);
      if (!moved) {
        left.push_back(std::move(t));
        continue;
      }
      use_one(x, moved->first, moved->second, ir::Reshape{}, t.out);
    }
    return true;
  }
  static std::optional<std::pair<ir::Slice, Shape>> without_ones(const ir::Slice& slice, const Shape& to, const Shape& result, const Shape& from) {
    for (std::size_t d = 0; d < to.size(); ++d)
      if (to[d] == 1 && result[d] != 1) return std::nullopt;
    ir::Slice inner;
    Shape small;
    std::size_t d = 0;
    for (const auto extent : from) {
      if (extent == 1) {
        inner.start.push_back(0);
        inner.stride.push_back(1);
        small.push_back(1);
        continue;
      }
      while (to[d] == 1) ++d;
      inner.start.push_back(slice.start[d]);
      inner.stride.push_back(slice.stride[d]);
      small.push_back(result[d++]);
    }
    return std::pair{std::move(inner), std::move(small)};
  }

  bool push(const ir::Instr& i, const ir::Bitcast&, std::vector<Taken>& list, std::vector<Taken>&) {
    for (const auto& t : list) {
      const auto x = i.in[0];
      put(ir::Bitcast{}, {take(x, t.action, shape(t.out))}, t.out);
    }
    return true;
  }

  // --- of assembled arrays -----------------------------------------------------------------------------------------

  bool push(const ir::Instr& i, const ir::Assemble& action, std::vector<Taken>& list, std::vector<Taken>& left) {
    const auto find = index(i, action);
    for (auto& t : list) {
      const auto* slice = std::get_if<ir::Slice>(&t.action);
      const auto k = slice != nullptr && count(t.out) != 0 ? find(*slice, shape(t.out)) : action.pieces.size();
      if (k == action.pieces.size()) {
        left.push_back(std::move(t));
        continue;
      }
      ir::Slice inner = *slice;
      for (std::size_t d = 0; d < inner.start.size(); ++d) inner.start[d] -= action.pieces[k].start[d];
      const auto x = i.in[k + 1];
      bool all = shape(x) == shape(t.out);
      for (std::size_t d = 0; d < inner.start.size(); ++d)
        all = all && (shape(x)[d] <= 1 || (inner.start[d] == 0 && inner.stride[d] == 1));
      if (!all) {
        put(ir::Reshape{}, {take(x, inner, shape(t.out))}, t.out);  // to itself: goes with the simple views
        continue;
      }
      use_whole(x);
      to_[t.out] = x;
    }
    return true;
  }
  /// Finds the piece that a slice lies in.
  std::function<std::size_t(const ir::Slice&, const Shape&)> index(const ir::Instr& i, const ir::Assemble& action) const {
    constexpr std::size_t few = 16;
    const std::size_t n = action.pieces.size();
    if (n <= few)
      return [&, n](const ir::Slice& s, const Shape& result) {
        std::size_t k = 0;
        while (k < n && !lies_in(s, result, action.pieces[k], shape(i.in[k + 1]))) ++k;
        return k;
      };
    std::size_t axis = 0;  // in which the pieces follow one another; a wrong guess finds nothing
    for (std::size_t d = 0; d < shape(i.out[0]).size(); ++d)
      if (action.pieces[0].start[d] != action.pieces[n - 1].start[d]) axis = d;
    std::vector<std::size_t> order(n);
    for (std::size_t k = 0; k < n; ++k) order[k] = k;
    const auto start = [&action, axis](std::size_t k) { return action.pieces[k].start[axis]; };
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return start(a) < start(b); });
    return [&, n, axis, start, order = std::move(order)](const ir::Slice& s, const Shape& result) {
      auto at = std::upper_bound(order.begin(), order.end(), s.start[axis], [&](std::int64_t x, std::size_t k) { return x < start(k); });
      if (at == order.begin()) return n;
      const auto k = *--at;
      return lies_in(s, result, action.pieces[k], shape(i.in[k + 1])) ? k : n;
    };
  }
  static bool lies_in(const ir::Slice& s, const Shape& result, const ir::Assemble::Piece& piece, const Shape& extents) {
    for (std::size_t d = 0; d < result.size(); ++d) {
      if (piece.stride[d] != 1 && extents[d] > 1) return false;
      const auto a = s.start[d], b = s.start[d] + (result[d] - 1) * s.stride[d];
      if (std::min(a, b) < piece.start[d] || std::max(a, b) >= piece.start[d] + extents[d]) return false;
    }
    return true;
  }

  /// One element of a count is a constant.
  bool push(const ir::Instr& i, const ir::Iota&, std::vector<Taken>& list, std::vector<Taken>& left) {
    const ir::Type t = p_.types[i.out[0]];
    for (auto& one : list) {
      const auto* slice = std::get_if<ir::Slice>(&one.action);
      if (slice == nullptr || t.shape.size() != 1 || count(one.out) != 1 || t.dtype != DType::int64) {
        left.push_back(std::move(one));
        continue;
      }
      ir::Constant c{add({t.dtype, {}}), {}};
      const std::int64_t at = slice->start[0];
      std::memcpy(c.bits.data(), &at, sizeof at);
      p_.constants.push_back(c);
      put(ir::Reshape{}, {c.value}, one.out);
    }
    return true;
  }

  template <class Other>
  bool push(const ir::Instr&, const Other&, std::vector<Taken>&, std::vector<Taken>&) { return false; }

  ir::Program p_;
  std::vector<char> whole_, elementwise_;
  std::vector<std::uint32_t> uses_;       // in the program as it came
  std::vector<std::vector<Taken>> taken_;  // by value
  std::vector<ValueId> to_;                // what stands for a value
};

}  // namespace

ir::Program with_early_views(ir::Program p) { return EarlyViews(std::move(p)).run(); }

}  // namespace fluxion::compiler

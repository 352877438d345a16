// The derivative of a slice is a pad, and that of several slices of one array a sum of pads: many arrays of zeros, each
// with one piece, added up. Here such a sum is one Assemble of all pieces.
//
// Bits: where a piece meets the zeros of other pads it is added to zero, which turns -0 into 0 and leaves all else as
// it is, wherever in the sum that happens. So zero is added once, at the end, to pieces that met any. Pads that do not
// overlap may be added to any array together, for the same reason.
#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "compiler/passes/passes.hpp"

namespace fluxion::compiler {
namespace {

/// Some elements of an array; all others are zero.
struct Piece {
  ir::ValueId value;
  ir::Assemble::Piece place;
  Shape shape;
  bool met_zeros = false;
};
struct Pads {
  std::vector<Piece> pieces;  // no two overlap
  Dims low, high;             // all their elements are between, along each dimension
  std::int64_t covered = 0;   // elements
  bool all_met_zeros = false;
  std::optional<ir::ValueId> whole{};  // an array that they are added to; then the whole sum meets zeros, or nothing
  bool sum_met_zeros = false;

  void add(Piece piece) {
    if (pieces.empty()) low = Dims(piece.shape.size(), std::numeric_limits<std::int64_t>::max());
    if (pieces.empty()) high = Dims(piece.shape.size(), -1);
    for (std::size_t d = 0; d < piece.shape.size(); ++d) {
      const auto first = piece.place.start[d];
      low[d] = std::min(low[d], first);
      high[d] = std::max(high[d], first + (piece.shape[d] - 1) * piece.place.stride[d]);
    }
    covered += element_count(piece.shape);
    pieces.push_back(std::move(piece));
  }
};

/// Bounds the time that comparing the places of all pieces takes. There may be more where the places are in order.
constexpr std::size_t most_compared = 128;

bool same_place(const Piece& a, const Piece& b) {
  return a.shape == b.shape && a.place.start == b.place.start && a.place.stride == b.place.stride;
}

/// Whether two intervals of positions have none in common, as far as that is easily told.
bool apart(std::int64_t start_a, std::int64_t stride_a, std::int64_t n_a, std::int64_t start_b, std::int64_t stride_b,
           std::int64_t n_b) {
  if (start_a + (n_a - 1) * stride_a < start_b || start_b + (n_b - 1) * stride_b < start_a) return true;
  return stride_a == stride_b && (start_a - start_b) % stride_a != 0;
}

bool disjoint(const Piece& a, const Piece& b) {
  for (std::size_t d = 0; d < a.shape.size(); ++d)
    if (apart(a.place.start[d], a.place.stride[d], a.shape[d], b.place.start[d], b.place.stride[d], b.shape[d]))
      return true;
  return false;
}

/// `shape` with extents of 1 put in or left out where `from` becomes `to`: for each dimension of `to` that of `from`,
/// or none for a new one. Nothing if more than that is done.
std::optional<Dims> unit_reshape(const Shape& from, const Shape& to) {
  Dims source;
  std::size_t i = 0;
  for (const auto extent : to) {
    while (i < from.size() && from[i] != extent && from[i] == 1) ++i;
    if (i < from.size() && from[i] == extent) source.push_back(static_cast<std::int64_t>(i++));
    else if (extent == 1) source.push_back(-1);
    else return std::nullopt;
  }
  while (i < from.size() && from[i] == 1) ++i;
  if (i < from.size()) return std::nullopt;
  return source;
}

class Joiner {
 public:
  explicit Joiner(ir::Program p) : p_(std::move(p)), pads_(p_.types.size()), renaming_(p_.types.size()) {
    count_uses();
    for (const auto& c : p_.constants) {
      zero_.resize(p_.types.size(), 0);
      zero_[c.value] = std::all_of(c.bits.begin(), c.bits.end(), [](std::byte b) { return b == std::byte{0}; });
    }
    zero_.resize(p_.types.size(), 0);
  }

  ir::Program run() {
    const auto any = std::any_of(p_.instrs.begin(), p_.instrs.end(), [&](const auto& i) { return is_pad(i); });
    if (!any) return std::move(p_);
    const auto old = std::exchange(p_.instrs, {});
    p_.instrs.reserve(old.size());
    for (const auto& instr : old)
      if (!absorbed(instr)) put(instr);
    for (const auto v : p_.outputs) settle(v);
    renaming_.apply(p_.outputs);
    return without_dead_code(std::move(p_));
  }

 private:
  const ir::Type& type(ir::ValueId v) const { return p_.types[v]; }
  bool is_zero(ir::ValueId v) const { return v < zero_.size() && zero_[v] != 0; }
  bool is_pad(const ir::Instr& i) const {
    const auto* a = std::get_if<ir::Assemble>(&i.action);
    return a != nullptr && is_zero(i.in[0]) && element_count(type(i.out[0]).shape) > 0;
  }
  void count_uses() {
    uses_.assign(p_.types.size(), 0);
    for (const auto& i : p_.instrs)
      for (const auto v : i.in) ++uses_[v];
    for (const auto v : p_.outputs) uses_[v] += 2;
  }

  /// Whether the instruction's result is now kept as pads, instead of computed.
  bool absorbed(const ir::Instr& i) {
    if (i.out.size() != 1) return false;
    auto found = is_pad(i) ? pad(i) : sum_or_view(i);
    if (!found) return false;
    pads_[i.out[0]] = std::move(found);
    if (uses_[i.out[0]] > 1) settle(i.out[0]);
    return true;
  }

  std::optional<Pads> sum_or_view(const ir::Instr& i) {
    if (std::holds_alternative<ir::Reshape>(i.action)) return reshaped(i);
    const auto* map = std::get_if<ir::Map>(&i.action);
    return map != nullptr && map->op == ir::Op::add ? sum(i) : std::nullopt;
  }

  std::optional<Pads> pad(const ir::Instr& i) {
    const auto& action = std::get<ir::Assemble>(i.action);
    Pads out;
    for (std::size_t k = 0; k < action.pieces.size(); ++k) {
      const auto v = i.in[k + 1];
      if (pads_[v] && (pads_[v]->whole || pads_[v]->pieces.size() > most_compared)) settle(v);
      if (!pads_[v]) {
        out.add({current(v), action.pieces[k], type(v).shape});
        continue;
      }
      for (auto& inner : pads_[v]->pieces) {  // a pad of a pad
        for (std::size_t d = 0; d < inner.place.start.size(); ++d) {
          inner.place.start[d] = action.pieces[k].start[d] + inner.place.start[d] * action.pieces[k].stride[d];
          inner.place.stride[d] *= action.pieces[k].stride[d];
        }
        out.add(std::move(inner));
      }
      pads_[v].reset();
    }
    return out;
  }

  std::optional<Pads> reshaped(const ir::Instr& i) {
    const auto v = i.in[0];
    if (!pads_[v] || pads_[v]->whole || pads_[v]->pieces.size() > most_compared) return std::nullopt;
    const auto& to = type(i.out[0]).shape;
    const auto source = unit_reshape(type(v).shape, to);
    if (!source) return std::nullopt;
    Pads out;
    for (const auto& piece : pads_[v]->pieces) {
      ir::Assemble::Piece place;
      Shape shape;
      for (const auto from : *source) {
        const auto d = static_cast<std::size_t>(from);
        place.start.push_back(from < 0 ? 0 : piece.place.start[d]);
        place.stride.push_back(from < 0 ? 1 : piece.place.stride[d]);
        shape.push_back(from < 0 ? 1 : piece.shape[d]);
      }
      const auto value =
          shape == piece.shape ? piece.value : emit(ir::Reshape{}, {piece.value}, {type(v).dtype, shape});
      out.add({value, std::move(place), std::move(shape), piece.met_zeros});
    }
    pads_[v].reset();
    return out;
  }

  std::optional<Pads> sum(const ir::Instr& i) {
    auto a = i.in[0], b = i.in[1];
    if (a == b || type(a).shape != type(b).shape) return zero_added(a, b);
    if (pads_[a] && covers(a)) settle(a);
    if (pads_[b] && covers(b)) settle(b);
    if (!pads_[a] && !pads_[b]) return std::nullopt;
    if (!pads_[a] || !pads_[b]) return pads_[a] ? onto(b, a) : onto(a, b);
    if (pads_[b]->whole) std::swap(a, b);
    if (pads_[b]->whole || (pads_[a]->whole && !all_disjoint(*pads_[a], *pads_[b]))) return onto(a, b);
    if (pads_[a]->whole) return beside_in_sum(a, b);
    if (separate(*pads_[a], *pads_[b])) return side_by_side(a, b);
    return joinable(*pads_[a], *pads_[b]) ? joined(a, b) : onto(a, b);
  }

  /// The sum of a computed array and pads.
  std::optional<Pads> onto(ir::ValueId whole, ir::ValueId pads) {
    if (pads_[pads]->whole) settle(pads);
    settle(whole);
    if (!pads_[pads]) return std::nullopt;
    auto out = std::exchange(pads_[pads], std::nullopt);
    out->whole = current(whole);
    for (const auto& piece : out->pieces) out->sum_met_zeros |= piece.met_zeros;
    return out;
  }
  static bool all_disjoint(const Pads& a, const Pads& b) {
    if (separate(a, b)) return true;
    if (a.pieces.size() + b.pieces.size() > most_compared) return false;
    for (const auto& x : a.pieces)
      for (const auto& y : b.pieces)
        if (!disjoint(x, y)) return false;
    return true;
  }
  /// Each element of the whole meets one piece at most, so that the order in which pieces are added does not matter.
  std::optional<Pads> beside_in_sum(ir::ValueId sum, ir::ValueId pads) {
    auto out = std::exchange(pads_[sum], std::nullopt);
    const auto more = std::exchange(pads_[pads], std::nullopt);
    for (auto piece : more->pieces) out->add(std::move(piece));
    out->sum_met_zeros = true;
    return out;
  }

  static bool separate(const Pads& a, const Pads& b) {
    for (std::size_t d = 0; d < a.low.size(); ++d)
      if (a.high[d] < b.low[d] || b.high[d] < a.low[d]) return true;
    return false;
  }
  /// The fewer are appended to the more: each piece is moved only as often as its sum doubles.
  std::optional<Pads> side_by_side(ir::ValueId a, ir::ValueId b) {
    if (pads_[a]->pieces.size() < pads_[b]->pieces.size()) std::swap(a, b);
    auto out = std::exchange(pads_[a], std::nullopt);
    const auto less = std::exchange(pads_[b], std::nullopt);
    if (!out->all_met_zeros)
      for (auto& piece : out->pieces) piece.met_zeros = true;
    out->all_met_zeros = true;
    for (auto piece : less->pieces) {
      piece.met_zeros = true;
      out->add(std::move(piece));
    }
    return out;
  }

  static bool joinable(const Pads& a, const Pads& b) {
    if (a.pieces.size() + b.pieces.size() > most_compared) return false;
    for (const auto& x : a.pieces)
      for (const auto& y : b.pieces)
        if (!same_place(x, y) && !disjoint(x, y)) return false;
    return true;
  }
  std::optional<Pads> joined(ir::ValueId a, ir::ValueId b) {
    auto out = std::exchange(pads_[a], std::nullopt);
    const auto other = std::exchange(pads_[b], std::nullopt);
    const auto first = out->pieces.size();
    std::vector<char> met(first, 0);
    for (auto piece : other->pieces) {
      std::size_t at = 0;
      while (at < first && !same_place(out->pieces[at], piece)) ++at;
      if (at == first) {
        piece.met_zeros = true;
        out->add(std::move(piece));
        continue;
      }
      auto& both = out->pieces[at];
      met[at] = 1;
      both.value = emit(ir::Map{ir::Op::add}, {both.value, piece.value}, {type(both.value).dtype, both.shape});
      both.met_zeros |= piece.met_zeros;
    }
    for (std::size_t at = 0; at < first; ++at) out->pieces[at].met_zeros |= met[at] == 0;
    out->all_met_zeros = false;
    return out;
  }
  std::optional<Pads> zero_added(ir::ValueId a, ir::ValueId b) {
    if (is_zero(a) && type(a).shape.empty() && pads_[b]) return zero_met(b);
    if (is_zero(b) && type(b).shape.empty() && pads_[a]) return zero_met(a);
    return std::nullopt;
  }
  std::optional<Pads> zero_met(ir::ValueId v) {
    auto out = std::exchange(pads_[v], std::nullopt);
    out->sum_met_zeros = true;
    for (auto& piece : out->pieces) piece.met_zeros = true;
    return out;
  }

  ir::ValueId current(ir::ValueId v) const {
    ir::Values one{v};
    renaming_.apply(one);
    return one[0];
  }
  ir::ValueId emit(ir::Action action, ir::Values in, ir::Type t) {
    p_.types.push_back(std::move(t));
    const auto v = static_cast<ir::ValueId>(p_.types.size() - 1);
    p_.instrs.push_back({std::move(action), std::move(in), {v}});
    return v;
  }
  void put(ir::Instr instr) {
    for (const auto v : instr.in) settle(v);
    renaming_.apply(instr.in);
    p_.instrs.push_back(std::move(instr));
  }

  ir::ValueId zero_of(DType t) {
    for (const auto& c : p_.constants)
      if (type(c.value).dtype == t && is_zero(c.value)) return c.value;
    p_.types.push_back({t, {}});
    const auto v = static_cast<ir::ValueId>(p_.types.size() - 1);
    p_.constants.push_back({v, {}});
    return v;
  }

  bool covers(ir::ValueId v) const { return pads_[v]->covered == element_count(type(v).shape); }

  /// Computes what was kept as pads.
  void settle(ir::ValueId v) {
    if (v >= pads_.size() || !pads_[v]) return;
    const Pads pads = std::move(*pads_[v]);
    pads_[v].reset();
    const auto t = type(v);
    const auto zero = zero_of(t.dtype);
    ir::Values in{zero};
    ir::Assemble action{{}, false};
    for (const auto& piece : pads.pieces) {
      const ir::Type own{t.dtype, piece.shape};
      const bool adds = piece.met_zeros && is_inexact(t.dtype) && !pads.whole;
      in.push_back(adds ? emit(ir::Map{ir::Op::add}, {piece.value, zero}, own) : piece.value);
      action.pieces.push_back(piece.place);
    }
    action.covers = pads.covered == element_count(t.shape);
    auto result = emit(std::move(action), std::move(in), t);
    if (pads.whole) result = emit(ir::Map{ir::Op::add}, {*pads.whole, result}, t);
    if (pads.whole && pads.sum_met_zeros && is_inexact(t.dtype)) result = emit(ir::Map{ir::Op::add}, {result, zero}, t);
    renaming_.replace(v, result);
  }

  ir::Program p_;
  std::vector<std::optional<Pads>> pads_;  // by value
  Renaming renaming_;
  std::vector<std::uint32_t> uses_;
  std::vector<char> zero_;  // by value: a constant of no bits
};

}  // namespace

ir::Program with_joined_pads(ir::Program p) { return Joiner(std::move(p)).run(); }

}  // namespace fluxion::compiler

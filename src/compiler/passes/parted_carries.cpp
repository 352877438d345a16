// A carry that each round of a scan assembles of pieces, of which the next one takes nothing but these pieces, is
// carried in pieces: nothing is put together only to be taken apart. So is one to which each round adds what it has
// assembled, as derivatives of stacked parameters are. It is assembled once, after the last round.
#include <map>
#include <optional>

#include "compiler/passes/rewriting.hpp"

namespace fluxion::compiler {
namespace {

using ir::ProgramPtr;
using ir::ValueId;

constexpr std::size_t most_pieces = 16;

/// What a carry is made of.
struct Pieces {
  std::vector<Dims> starts;
  std::vector<ir::Type> types;
  ir::ValueId assembled = 0;    // what they make together, in the body
  std::optional<ir::Map> with;  // what is done with that and the carry; none if it replaces the carry
  bool carry_first = true;      // the order of the two
};
/// A body with some carries in pieces.
struct Parted {
  ProgramPtr body;
  std::vector<std::optional<Pieces>> carries;
};

bool all_ones(const Dims& d) { return std::all_of(d.begin(), d.end(), [](auto s) { return s == 1; }); }

class BodyParter {
 public:
  BodyParter(const ir::Program& p, std::size_t consts, std::size_t carries)
      : p_(p), consts_(consts), carry_of_(p.types.size(), none), made_by_(p.types.size(), none) {
    for (std::uint32_t k = 0; k < p.instrs.size(); ++k)
      for (const auto v : p.instrs[k].out) made_by_[v] = k;
    for (std::uint32_t c = 0; c < carries; ++c) {
      carry_of_[p.inputs[consts + c]] = c;
      found_.push_back(assembled(p.outputs[c]));
      if (!found_.back()) found_.back() = accumulated(p.outputs[c], p.inputs[consts + c]);
    }
    drop_those_read_otherwise();
  }

  Parted run() {
    Parted result{nullptr, found_};
    if (std::none_of(found_.begin(), found_.end(), [](const auto& f) { return f.has_value(); })) return result;
    ir::Program q = p_;
    Renaming renaming(p_.types.size());
    q.inputs.assign(p_.inputs.begin(), p_.inputs.begin() + static_cast<std::ptrdiff_t>(consts_));
    q.outputs.clear();
    for (std::size_t c = 0; c < found_.size(); ++c) {
      const auto in = p_.inputs[consts_ + c], out = p_.outputs[c];
      if (!found_[c]) {
        q.inputs.push_back(in);
        q.outputs.push_back(out);
        continue;
      }
      const auto first = static_cast<ValueId>(q.types.size());
      for (const auto& t : found_[c]->types) {
        q.inputs.push_back(static_cast<ValueId>(q.types.size()));
        q.types.push_back(t);
      }
      for (const auto& i : p_.instrs)
        if (!i.in.empty() && i.in[0] == in)
          if (const auto k = piece(i, *found_[c])) renaming.replace(i.out[0], first + static_cast<ValueId>(*k));
      const auto& made = p_.instrs[made_by_[found_[c]->assembled]].in;
      for (std::size_t k = 1; k < made.size(); ++k)
        q.outputs.push_back(found_[c]->with ? accumulated(q, *found_[c], k - 1, first, made[k]) : made[k]);
    }
    const auto after = [](std::size_t n) { return static_cast<std::ptrdiff_t>(n); };
    q.inputs.insert(q.inputs.end(), p_.inputs.begin() + after(consts_ + found_.size()), p_.inputs.end());
    q.outputs.insert(q.outputs.end(), p_.outputs.begin() + after(found_.size()), p_.outputs.end());
    for (auto& i : q.instrs) renaming.apply(i.in);
    renaming.apply(q.outputs);
    std::erase_if(q.instrs, [&](const ir::Instr& i) {
      return std::any_of(i.in.begin(), i.in.end(), [&](ValueId v) { return is_parted(v); });
    });
    result.body = std::make_shared<const ir::Program>(without_dead_code(std::move(q)));
    return result;
  }

 private:
  bool is_parted(ValueId v) const {
    return v < carry_of_.size() && carry_of_[v] != none && found_[carry_of_[v]].has_value();
  }

  std::optional<Pieces> assembled(ValueId v) const {
    const DType t = p_.types[v].dtype;
    if (made_by_[v] == none || is_tape(t) || is_key(t)) return std::nullopt;
    const auto& i = p_.instrs[made_by_[v]];
    const auto* a = std::get_if<ir::Assemble>(&i.action);
    if (a == nullptr || !a->covers || a->pieces.size() < 2 || a->pieces.size() > most_pieces) return std::nullopt;
    Pieces found;
    found.assembled = v;
    for (std::size_t k = 0; k < a->pieces.size(); ++k) {
      if (!all_ones(a->pieces[k].stride)) return std::nullopt;
      found.starts.push_back(a->pieces[k].start);
      found.types.push_back(p_.types[i.in[k + 1]]);
    }
    return found;
  }
  /// An assembled array of the same type and the carry, which nothing else has to do with, give the next one.
  std::optional<Pieces> accumulated(ValueId v, ValueId carry) const {
    if (made_by_[v] == none) return std::nullopt;
    const auto& i = p_.instrs[made_by_[v]];
    const auto* map = std::get_if<ir::Map>(&i.action);
    if (map == nullptr || i.in.size() != 2 || (i.in[0] == carry) == (i.in[1] == carry)) return std::nullopt;
    const bool carry_first = i.in[0] == carry;
    const auto other = i.in[carry_first ? 1 : 0];
    const auto is_v = [&](ValueId x) { return x == v; };
    bool alone = std::count_if(p_.outputs.begin(), p_.outputs.end(), is_v) == 1 && p_.types[other] == p_.types[carry];
    for (const auto& user : p_.instrs) alone = alone && std::none_of(user.in.begin(), user.in.end(), is_v);
    auto found = alone ? assembled(other) : std::nullopt;
    if (!found) return std::nullopt;
    found->with = *map;
    found->carry_first = carry_first;
    return found;
  }
  /// The piece number `k` of the next carry, of that of the last one and the `other`.
  static ValueId accumulated(ir::Program& q, const Pieces& of, std::size_t k, ValueId first, ValueId other) {
    const auto carried = first + static_cast<ValueId>(k), out = static_cast<ValueId>(q.types.size());
    q.types.push_back(of.types[k]);
    q.instrs.push_back({*of.with, of.carry_first ? ir::Values{carried, other} : ir::Values{other, carried}, {out}});
    return out;
  }
  /// Which piece a slice is; none if it is another one.
  std::optional<std::size_t> piece(const ir::Instr& i, const Pieces& of) const {
    const auto* s = std::get_if<ir::Slice>(&i.action);
    if (s == nullptr || !all_ones(s->stride)) return std::nullopt;
    for (std::size_t k = 0; k < of.starts.size(); ++k)
      if (of.starts[k] == s->start && of.types[k].shape == p_.types[i.out[0]].shape) return k;
    return std::nullopt;
  }
  void drop_those_read_otherwise() {
    for (const auto& i : p_.instrs)
      for (const auto v : i.in) {
        if (!is_parted(v)) continue;
        const auto c = carry_of_[v];
        const bool accumulates = found_[c]->with && i.out[0] == p_.outputs[c];
        if (!accumulates && !piece(i, *found_[c])) found_[c].reset();
      }
    for (const auto v : p_.outputs)
      if (is_parted(v)) found_[carry_of_[v]].reset();
  }

  static constexpr std::uint32_t none = ~std::uint32_t{0};
  const ir::Program& p_;
  std::size_t consts_;
  std::vector<std::uint32_t> carry_of_, made_by_;  // by value: which carry it is; its instruction
  std::vector<std::optional<Pieces>> found_;       // by carry
};

class Parter {
 public:
  explicit Parter(ir::Program p) : r_(std::move(p)) {}

  ir::Program run() {
    return r_.run([this](ir::Instr& i) {
      auto* scan = std::get_if<ir::Scan>(&i.action);
      if (scan == nullptr || !part(i, *scan)) r_.put(std::move(i));
    });
  }

 private:
  /// False if nothing is changed.
  bool part(const ir::Instr& i, const ir::Scan& scan) {
    auto [known, is_new] = known_.try_emplace(std::tuple(scan.body, scan.consts, scan.carry));
    if (is_new) known->second = BodyParter(*scan.body, scan.consts, scan.carry).run();
    const Parted& parted = known->second;
    if (parted.body == nullptr) return false;
    ir::Instr to{scan, {}, {}};
    to.in.assign(i.in.begin(), i.in.begin() + static_cast<std::ptrdiff_t>(scan.consts));
    std::vector<ir::Instr> whole;  // put together again
    for (std::size_t c = 0; c < scan.carry; ++c) {
      const auto in = i.in[scan.consts + c], out = i.out[c];
      if (!parted.carries[c]) {
        to.in.push_back(in);
        to.out.push_back(out);
        continue;
      }
      const auto& pieces = *parted.carries[c];
      ir::Assemble assemble{{}, true};
      ir::Values parts{r_.put_constant(r_.type(in).dtype, Bits{})};
      for (std::size_t k = 0; k < pieces.types.size(); ++k) {
        const Dims ones(pieces.starts[k].size(), 1);
        to.in.push_back(r_.put(ir::Slice{pieces.starts[k], ones}, {in}, pieces.types[k]));
        to.out.push_back(r_.add(pieces.types[k]));
        parts.push_back(to.out.back());
        assemble.pieces.push_back({pieces.starts[k], ones});
      }
      whole.push_back({std::move(assemble), std::move(parts), {out}});
    }
    const auto carried = static_cast<std::ptrdiff_t>(scan.carry);
    to.in.insert(to.in.end(), i.in.begin() + static_cast<std::ptrdiff_t>(scan.consts) + carried, i.in.end());
    auto& changed = std::get<ir::Scan>(to.action);
    changed.carry = to.out.size();
    changed.body = parted.body;
    to.out.insert(to.out.end(), i.out.begin() + carried, i.out.end());
    r_.put(std::move(to));
    for (auto& w : whole) r_.put(std::move(w));
    return true;
  }

  Rewriting r_;
  std::map<std::tuple<ProgramPtr, std::size_t, std::size_t>, Parted> known_;
};

}  // namespace

ir::Program with_parted_carries(ir::Program p) { return Parter(std::move(p)).run(); }

}  // namespace fluxion::compiler

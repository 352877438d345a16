// Which results may be written over which inputs, should a caller give those up.
//
// A result is written from some step on, an input read up to some step. Where the input is dead before, its memory can
// be the result's. Where one loop does both, it still can if element s of the input is read no later than element s
// of the result is written: blocks of a loop touch no others' elements, and kernels load before they store.
#include <algorithm>
#include <optional>
#include <tuple>

#include "compiler/planner.hpp"

namespace fluxion::compiler {
namespace {

std::size_t bytes_of(const ir::Type& t) { return static_cast<std::size_t>(element_count(t.shape)) * itemsize(t.dtype); }

/// When a loop reads an element of the input last and writes that of the result first.
class InOneLoop {
 public:
  InOneLoop(const Loop& loop, std::uint32_t input, std::uint32_t result)
      : loop_(loop), input_(input), result_(result) {}

  /// How much is done between; nothing if the input is read too late, or in another order.
  std::optional<std::size_t> distance() const {
    const auto is_input = [&](const auto& from) { return from.storage == input_; };
    const auto base = [](const auto& s) { return s.base; };
    const auto any = [&](const auto& list, const auto& ref) {
      return std::any_of(list.begin(), list.end(), [&](const auto& x) { return is_input(ref(x)); });
    };
    if (any(loop_.rows, base) || any(fixed_arguments(), [](const Ref& r) { return r; }) ||
        any(loop_.gathers, [](const Loop::Gather& g) { return g.from; }) ||
        any(loop_.sinks, [](const Loop::Sink& s) { return s.from.base; }) ||
        any(loop_.sinks, [](const Loop::Sink& s) { return s.function != nullptr ? s.partners : s.from.base; }))
      return std::nullopt;
    std::optional<std::uint32_t> read, written;
    for (const auto& use : loop_.stream_uses) {
      const auto& s = loop_.streams[use.cursor];
      if (s.base.storage != input_ && s.base.storage != result_) continue;
      if (s.tile || s.base.offset != 0 || s.step != step()) return std::nullopt;
      const auto when = loop_.order[use.arg];
      if (s.base.storage == input_) read = std::max(read.value_or(0), when);
      else written = std::min(written.value_or(when), when);
    }
    if (!written) return std::nullopt;
    if (!read) return *written + 1;
    if (*read < *written) return *written - *read;
    return std::nullopt;
  }

 private:
  /// Those that do not move from block to block.
  std::vector<Ref> fixed_arguments() const {
    std::vector<char> moves(loop_.args.size(), 0);
    for (const auto* uses : {&loop_.stream_uses, &loop_.row_uses})
      for (const auto& use : *uses) moves[use.arg] = 1;
    std::vector<Ref> fixed;
    for (std::size_t a = 0; a < moves.size(); ++a)
      if (moves[a] == 0) fixed.push_back(loop_.args[a]);
    return fixed;
  }
  std::int64_t step() const {
    for (const auto& s : loop_.streams)
      if (s.base.storage == result_) return s.step;
    return 0;
  }
  const Loop& loop_;
  std::uint32_t input_, result_;
};

/// Flat programs load all that they read before they store, but for the stacks that they walk along.
bool flat_allows(const Flat& flat, std::uint32_t input, std::uint32_t result) {
  return std::none_of(flat.pointers.begin(), flat.pointers.end(),
                      [&](const auto& p) { return p.ref.storage == input || p.ref.storage == result; });
}

/// A product may be finished in the place of what it is added to, element by element, unless sums in parts are stored.
bool product_allows(const Dot& dot, std::uint32_t input) {
  const auto& g = dot.shape;
  return dot.finish.kind != kernels::GemmFinish::Kind::none && g.k <= kernels::product_chunk &&
         dot.other.storage == input && dot.other.offset == 0 && dot.c.offset == 0 && dot.finish.other_row == g.c_row &&
         dot.a.storage != input && dot.b.storage != input && !(dot.scaled && dot.scale.storage == input);
}

struct Pair {
  std::size_t steps, order, apart;  // between the last reading and the first writing; between argument and result
  Reuse reuse;
  auto rank() const { return std::tuple(steps, order, apart); }
};

/// For the result number `result`, which is in `storage`.
std::optional<Pair> judged(const ir::Program& p, const Plan& plan, std::uint32_t input, std::size_t result,
                           std::uint32_t storage) {
  const auto &in = plan.storages[input], &out = plan.storages[storage];
  const auto &type = p.types[p.inputs[input]], &wanted = p.types[p.outputs[result]];
  if (out.kind != Storage::Kind::output || type.dtype != wanted.dtype || bytes_of(type) != out.bytes || out.bytes == 0)
    return std::nullopt;
  Pair pair{0, 0, input > result ? input - result : result - input, {storage, input}};
  const bool unread = in.first == ~std::uint32_t{0};
  if (unread || in.last < out.first) {
    pair.steps = unread ? plan.steps.size() : out.first - in.last;
    return pair;
  }
  if (in.last > out.first) return std::nullopt;
  const auto* flat = std::get_if<Flat>(&plan.steps[out.first]);
  if (flat != nullptr && flat_allows(*flat, input, storage)) return pair;
  const auto* dot = std::get_if<Dot>(&plan.steps[out.first]);
  if (dot != nullptr && dot->c.storage == storage && product_allows(*dot, input)) return pair;
  if (const auto* copy = std::get_if<Copy>(&plan.steps[out.first]); copy != nullptr) {
    // The same elements in the same places: nothing is to be done.
    const bool stays = copy->from.storage == input && copy->to.storage == storage && copy->from.offset == 0 &&
                       copy->to.offset == 0 && copy->from_strides == copy->to_strides;
    return stays ? std::optional(pair) : std::nullopt;
  }
  const auto* loop = std::get_if<Loop>(&plan.steps[out.first]);
  const auto order = loop != nullptr ? InOneLoop(*loop, input, storage).distance() : std::nullopt;
  if (!order) return std::nullopt;
  pair.order = *order;
  return pair;
}

}  // namespace

std::vector<Reuse> reuses(const ir::Program& p, const Plan& plan) {
  std::vector<Pair> pairs;
  for (std::uint32_t k = 0; k < p.inputs.size(); ++k) {
    const bool returned = std::any_of(plan.outputs.begin(), plan.outputs.end(),
                                      [&](const Output& o) { return o.from.storage == k; });
    if (returned) continue;
    for (std::size_t r = 0; r < plan.outputs.size(); ++r)
      if (auto pair = judged(p, plan, k, r, plan.outputs[r].from.storage)) pairs.push_back(std::move(*pair));
  }
  std::stable_sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) { return a.rank() < b.rank(); });
  // First a partner for each, then some others in case the partner is not given up.
  constexpr int alternatives = 3;
  std::vector<char> taken(plan.storages.size(), 0);
  std::vector<int> others(plan.storages.size(), 0);
  std::vector<Reuse> first, rest;
  for (const auto& pair : pairs) {
    const auto [result, input] = pair.reuse;
    if (taken[result] == 0 && taken[input] == 0) {
      taken[result] = taken[input] = 1;
      first.push_back(pair.reuse);
    } else if (others[result]++ < alternatives) {
      rest.push_back(pair.reuse);
    }
  }
  first.insert(first.end(), rest.begin(), rest.end());
  return first;
}

std::vector<Reuse> carry_reuses(const ir::Program& p, const Plan& plan, std::size_t first, std::size_t carries) {
  std::vector<Reuse> found;
  for (std::size_t k = 0; k < carries; ++k) {
    const auto input = static_cast<std::uint32_t>(first + k), result = plan.results[k];
    if (result == Plan::unwanted || result == input) continue;
    if (judged(p, plan, input, k, result)) found.push_back({result, input});
  }
  return found;
}

void overlay(Plan& plan) {
  constexpr std::size_t tried = 8;  // of the storages that a step reads last: time stays linear
  const std::size_t steps = plan.steps.size() + 1;  // results that are numbers are read after the last
  std::vector<std::vector<std::uint32_t>> begun(steps), ended(steps);
  for (std::uint32_t k = 0; k < plan.storages.size(); ++k) {
    const auto& s = plan.storages[k];
    if (s.kind != Storage::Kind::arena || s.bytes == 0 || s.first == Storage::none || s.first == s.last) continue;
    begun[s.first].push_back(k);
    if (ended[s.last].size() < tried) ended[s.last].push_back(k);
  }
  for (std::size_t at = 0; at < plan.steps.size(); ++at) {
    const auto* loop = std::get_if<Loop>(&plan.steps[at]);
    if (loop == nullptr) continue;
    for (const auto result : begun[at]) {
      const auto fits = [&](std::uint32_t input) {
        return plan.storages[input].bytes == plan.storages[result].bytes && InOneLoop(*loop, input, result).distance();
      };
      const auto found = std::find_if(ended[at].begin(), ended[at].end(), fits);
      if (found == ended[at].end()) continue;
      plan.storages[result].over = *found;
      ended[at].erase(found);
    }
  }
}

}  // namespace fluxion::compiler

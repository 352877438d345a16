// Control flow: the plans of held programs are carried out on tables of bases that lie in the holder's arena.
#include <algorithm>
#include <cstring>
#include <utility>

#include "compiler/execute.hpp"
#include "compiler/tapes.hpp"

namespace fluxion::compiler {
namespace {

/// Fills a nested plan's table for the first round.
std::byte** bound(const Nested& nested, Bases outer) {
  const auto& storages = nested.plan->storages;
  std::byte* const memory = resolve(outer, nested.memory);
  auto** const bases = reinterpret_cast<std::byte**>(memory);
  std::byte* const arena = memory + table_bytes(*nested.plan);
  for (std::size_t k = 0; k < storages.size(); ++k) {
    if (storages[k].kind == Storage::Kind::arena) bases[k] = arena + storages[k].at;
    if (storages[k].kind == Storage::Kind::constants)
      bases[k] = const_cast<std::byte*>(nested.plan->constants.data());  // never written
  }
  for (const auto& b : nested.bindings) bases[b.storage] = resolve(outer, b.to);
  return bases;
}

void copy_element(std::byte* to, const std::byte* from, std::size_t bytes) {
  switch (bytes) {
    case 8: std::memcpy(to, from, 8); return;
    case 4: std::memcpy(to, from, 4); return;
    case 1: std::memcpy(to, from, 1); return;
    default: std::memcpy(to, from, bytes);
  }
}

void round(const Nested& nested, Bases bases) {
  if (!nested.own_tapes) return execute(*nested.plan, bases);
  const tapes::Scope scope;
  execute(*nested.plan, bases);
}

/// After a round: what it wrote is read, what it read is written; but never what the loop was given.
void turn(const std::vector<Carry>& carries, std::byte** body, Bases outer, bool first_round) {
  for (const auto& c : carries) {
    std::swap(body[c.input], body[c.output]);
    if (first_round) body[c.output] = resolve(outer, c.second);
  }
}

}  // namespace

void execute(const Plan& plan, Bases bases) {
  for (const auto& step : plan.steps)
    std::visit([&](const auto& s) { execute(s, bases); }, step);
}

void execute(const Flat& s, Bases bases) {
  std::byte* const frame = resolve(bases, s.frame);
  for (const auto& c : s.constants) std::memcpy(frame + c.at, &c.word, sizeof c.word);
  for (const auto& l : s.loads) copy_element(frame + l.at, resolve(bases, l.ref), l.bytes);
  for (const auto& p : s.pointers) {
    std::byte* const address = resolve(bases, p.ref);
    std::memcpy(frame + p.at, &address, sizeof address);
  }
  kernels::flat::run(s.code.data(), frame);
  for (const auto& r : s.stores) copy_element(resolve(bases, r.ref), frame + r.at, r.bytes);
}

void execute(const Cond& s, Bases bases) {
  std::int32_t index;
  std::memcpy(&index, resolve(bases, s.index), sizeof index);
  const auto last = static_cast<std::int32_t>(s.branches.size()) - 1;
  const auto& branch = s.branches[static_cast<std::size_t>(std::clamp(index, 0, last))];
  round(branch, bound(branch, bases));
}

void execute(const While& s, Bases bases) {
  std::byte** const cond = bound(s.cond, bases);
  std::byte** const body = bound(s.body, bases);
  alignas(16) std::byte goes_on[16];
  cond[s.cond.plan->results[0]] = goes_on;
  for (bool first = true;; first = false) {
    round(s.cond, cond);
    if (goes_on[0] == std::byte{0}) break;
    round(s.body, body);
    turn(s.carries, body, bases, first);
    for (std::size_t k = 0; k < s.carries.size(); ++k) cond[s.cond_inputs[k]] = body[s.carries[k].input];
  }
  for (std::size_t k = 0; k < s.carries.size(); ++k) {
    const auto& c = s.carries[k];
    std::byte* const to = resolve(bases, s.results[k]);
    if (body[c.input] != to && c.bytes != 0) std::memcpy(to, body[c.input], c.bytes);
  }
}

void execute(const Scan& s, Bases bases) {
  std::byte** const body = bound(s.body, bases);
  for (std::int64_t i = 0; i < s.length; ++i) {
    round(s.body, body);
    turn(s.carries, body, bases, i == 0);
    for (const auto& w : s.walks) body[w.storage] += w.step;
  }
}

}  // namespace fluxion::compiler

// Evaluation of one primitive through its lowered program, cached: each thread looks into its own small
// table first, then all share a bounded one.
#include <array>
#include <atomic>
#include <mutex>
#include <utility>

#include "compiler/executable.hpp"
#include "core/rule_checks.hpp"

namespace fluxion {
namespace {

struct Entry {
  const Primitive* primitive;
  Params params;
  std::vector<Aval> in;
  std::shared_ptr<const Executable> executable;
  std::uint64_t generation;
};
using EntryPtr = std::shared_ptr<const Entry>;

std::size_t hash_call(const Primitive& p, ArraySpan args, ParamsView params) {
  std::size_t h = hash_combine(reinterpret_cast<std::uintptr_t>(&p), params.hash());
  for (const auto& x : args) {
    const auto& a = x.aval();
    h = hash_combine(h, static_cast<std::size_t>(a.dtype) * 2 + (a.weak ? 1 : 0));
    for (const auto extent : a.shape) h = hash_combine(h, static_cast<std::size_t>(extent));
  }
  return h * 0x9e3779b97f4a7c15ULL;
}

bool matches(const Entry& e, const Primitive& p, ArraySpan args, ParamsView params) {
  if (e.primitive != &p || e.in.size() != args.size()) return false;
  for (std::size_t k = 0; k < args.size(); ++k)
    if (!(e.in[k] == args[k].aval())) return false;
  return e.params.view() == params;
}

EntryPtr make_entry(const Primitive& p, ArraySpan args, ParamsView params, std::uint64_t generation) {
  std::vector<Aval> in;
  ir::Builder b;
  ir::Values values;
  for (const auto& x : args) {
    in.push_back(x.aval());
    values.push_back(b.input({x.dtype(), x.shape()}));
  }
  auto results = p.abstract_eval(in, params);
  auto out = p.lower(b, values, params);
  if (out.size() != results.size()) throw_wrong_lowering(p, out.size(), results.size());
  for (std::size_t k = 0; k < out.size(); ++k) check_lowered(p, b.type(out[k]), results[k]);
  auto executable = compiler::compile_program(b.finish(std::move(out)), std::move(results));
  return std::make_shared<const Entry>(Entry{&p, Params(params), std::move(in), std::move(executable), generation});
}

/// Two-way associative, the older of two entries leaves. Shared ones are locked by shard.
template <std::size_t sets>
struct Table {
  std::array<std::array<EntryPtr, 2>, sets> slots;

  std::array<EntryPtr, 2>& set(std::size_t hash) { return slots[hash >> 40 & (sets - 1)]; }
  EntryPtr find(std::size_t hash, std::uint64_t generation, const Primitive& p, ArraySpan args, ParamsView params) {
    auto& s = set(hash);
    for (auto& e : s) {
      if (e == nullptr || e->generation != generation || !matches(*e, p, args, params)) continue;
      if (&e != &s[0]) std::swap(s[0], s[1]);
      return s[0];
    }
    return nullptr;
  }
  void insert(std::size_t hash, EntryPtr e) {
    auto& s = set(hash);
    s[1] = std::exchange(s[0], std::move(e));
  }
};

constexpr std::size_t shards = 16;
struct Shard {
  std::mutex mutex;
  Table<128> table;
};
/// Never destroyed: arrays may be computed by destructors of statics.
Shard& shard(std::size_t hash) {
  static auto& all = *new std::array<Shard, shards>;
  return all[hash >> 60 & (shards - 1)];
}
std::atomic<std::uint64_t> current_generation{0};

Table<64>& own_table() {
  thread_local Table<64> table;
  return table;
}

/// `keep` holds what is returned alive, should the call itself evict it.
const Executable& executable_for(const Primitive& p, ArraySpan args, ParamsView params, EntryPtr& keep) {
  const auto generation = current_generation.load(std::memory_order_relaxed);
  const auto hash = hash_call(p, args, params);
  auto& own = own_table();
  if ((keep = own.find(hash, generation, p, args, params))) return *keep->executable;
  auto& shared = shard(hash);
  {
    const std::lock_guard lock(shared.mutex);
    keep = shared.table.find(hash, generation, p, args, params);
  }
  if (keep == nullptr) {
    keep = make_entry(p, args, params, generation);
    const std::lock_guard lock(shared.mutex);
    shared.table.insert(hash, keep);
  }
  own.insert(hash, keep);
  return *keep->executable;
}

}  // namespace

Arrays evaluate(const Primitive& p, ArraySpan args, ParamsView params) {
  EntryPtr keep;
  Arrays out;
  executable_for(p, args, params, keep).run(args, out);
  return out;
}

void clear_evaluate_cache() {
  // Threads' own tables cannot be reached: their entries are stale from now on.
  current_generation.fetch_add(1, std::memory_order_relaxed);
  for (std::size_t s = 0; s < shards; ++s) {
    auto& one = shard(s << 60);
    const std::lock_guard lock(one.mutex);
    one.table = {};
  }
}

}  // namespace fluxion

#include <cstring>

#include "compiler/executable.hpp"
#include "compiler/execute.hpp"
#include "compiler/layout.hpp"
#include "compiler/tapes.hpp"

namespace fluxion::compiler {
namespace {

/// What belongs to one call: its arena, its fresh results, and the table of where everything begins.
class Run {
 public:
  Run(const Plan& plan, ArraySpan args) : plan_(plan), args_(args) {
    const std::size_t n = plan.storages.size();
    bases_ = n <= few ? few_bases_ : (many_bases_ = std::make_unique<std::byte*[]>(n)).get();
    arena_ = plan.arena_bytes <= sizeof small_arena_ ? small_arena_
                                                     : static_cast<std::byte*>(allocate_raw(plan.arena_bytes));
  }
  ~Run() {
    if (arena_ != small_arena_) free_raw(arena_, plan_.arena_bytes);
  }
  Run(const Run&) = delete;

  void carry_out(Fates fates) {
    if (plan_.output_count > few_outputs) many_fresh_ = std::make_unique<BufferRef[]>(plan_.output_count);
    fresh_ = many_fresh_ ? many_fresh_.get() : few_fresh_;
    if (!fates.of.empty()) take_over(fates);
    // The storage of input k is k. Arguments are never written, and known to be concrete.
    for (std::size_t k = 0; k < args_.size(); ++k)
      bases_[k] = const_cast<std::byte*>(static_cast<const ConcreteNode*>(args_[k].node_or_null())->data);
    for (std::size_t k = args_.size(); k < plan_.storages.size(); ++k) bases_[k] = base(plan_.storages[k]);
    if (!plan_.makes_tapes) return execute(plan_, bases_);
    tapes_ = std::make_shared<tapes::Region>(nullptr);
    const InRegion in(tapes_.get());
    execute(plan_, bases_);
  }

  Array result(const Output& o, const Aval& aval) const {
    const auto& storage = plan_.storages[o.from.storage];
    if (o.kind == Output::Kind::same && args_[storage.at].aval() == aval) return args_[storage.at];
    const std::byte* const data = resolve(bases_, o.from);
    if (is_tape(aval.dtype) && (o.kind == Output::Kind::scalar || storage.kind == Storage::Kind::output)) return tape(o, aval, data);
    if (aval.shape.empty()) return make_scalar(aval.dtype, aval.weak, data);
    if (storage.kind == Storage::Kind::output) return make_array(aval, fresh_[storage.at], data, o.strides);
    const auto& input = *concrete(args_[storage.at]);
    return input.buffer ? make_array(aval, input.buffer, data, o.strides) : repeated(aval, data, o.strides);
  }

 private:
  static constexpr std::size_t few = 64, few_outputs = 8;

  /// Results that find a free argument are written over it.
  void take_over(Fates fates) {
    for (const auto& r : plan_.reuses) {
      auto& to = fresh_[plan_.storages[r.result].at];
      if (to || r.input < fates.consts || fates.of[r.input - fates.consts] != Fate::free) continue;
      to = concrete(args_[r.input])->buffer;
      fates.of[r.input - fates.consts] = Fate::reused;
    }
  }
  std::byte* base(const Storage& s) {
    switch (s.kind) {
      case Storage::Kind::constants: return const_cast<std::byte*>(plan_.constants.data());  // never written
      case Storage::Kind::arena: return arena_ + s.at;
      default: break;
    }
    if (!fresh_[s.at]) fresh_[s.at] = allocate(s.bytes);
    return fresh_[s.at].data();
  }
  /// A view of a scalar that lives in its node: the element gets memory that can be shared.
  static Array repeated(const Aval& aval, const std::byte* element, const Dims& strides) {
    auto buffer = allocate(itemsize(aval.dtype));
    std::memcpy(buffer.data(), element, itemsize(aval.dtype));
    const auto* data = buffer.data();
    return make_array(aval, std::move(buffer), data, strides);
  }

  /// Makes the run's region current, whatever was before, and gives that back.
  struct InRegion {
    tapes::Region* before;
    explicit InRegion(tapes::Region* r) : before(tapes::Region::exchange_current(r)) {}
    ~InRegion() { tapes::Region::exchange_current(before); }
    InRegion(const InRegion&) = delete;
  };

  /// An array of tapes keeps alive what its handles may point to: what this run recorded, and the tapes that it
  /// was given.
  Array tape(const Output& o, const Aval& aval, const std::byte* data) const {
    BufferRef memory;
    Dims strides = o.strides;
    if (o.kind == Output::Kind::scalar) {
      memory = allocate(itemsize(aval.dtype));
      std::memcpy(memory.data(), data, itemsize(aval.dtype));
      data = memory.data();
    } else {
      memory = fresh_[plan_.storages[o.from.storage].at];
    }
    Arrays given;
    for (const auto& x : args_)
      if (is_tape(x.dtype())) given.push_back(x);
    const auto* begin = memory.data();
    const auto bytes = memory.bytes();
    auto owner = external(begin, bytes, [memory = std::move(memory), tapes = tapes_, given = std::move(given)] {});
    return make_array(aval, std::move(owner), data, std::move(strides));
  }

  const Plan& plan_;
  ArraySpan args_;
  std::shared_ptr<tapes::Region> tapes_;
  BufferRef few_fresh_[few_outputs];
  std::unique_ptr<BufferRef[]> many_fresh_;
  BufferRef* fresh_ = few_fresh_;
  std::byte* few_bases_[few];
  std::unique_ptr<std::byte*[]> many_bases_;
  std::byte** bases_;
  alignas(64) std::byte small_arena_[1024];
  std::byte* arena_;
};

}  // namespace

void run_plan(const Plan& plan, ArraySpan args, std::span<const Aval> results, Arrays& out, Fates fates) {
  Run run(plan, args);
  run.carry_out(fates);
  for (std::size_t k = 0; k < results.size(); ++k) out.push_back(run.result(plan.outputs[k], results[k]));
}

Array row_major_copy(const ConcreteNode& x) {
  std::byte* to = nullptr;
  auto copy = make_array(x.aval, to);
  const auto size = static_cast<std::int64_t>(itemsize(x.aval.dtype));
  Dims to_strides = row_major(x.aval.shape), from_strides = x.strides;
  for (auto& s : to_strides) s *= size;
  for (auto& s : from_strides) s *= size;
  std::byte* const bases[] = {to, const_cast<std::byte*>(x.data)};
  execute(Copy{{0, 0}, {1, 0}, x.aval.shape, to_strides, from_strides, itemsize(x.aval.dtype)}, bases);
  return copy;
}

}  // namespace fluxion::compiler

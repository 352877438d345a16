// A call of a jitted function, from its key to its results.
#include <fluxion/detail/jit_call.hpp>

#include <atomic>
#include <optional>
#include <utility>

#include <fluxion/transforms/jit.hpp>
#include "core/axis_env.hpp"
#include "core/evaluate.hpp"
#include "transforms/epoch.hpp"
#include "transforms/flat_calls.hpp"
#include "transforms/jaxpr_transforms.hpp"
#include "transforms/jit.hpp"
#include "transforms/jit_table.hpp"

namespace fluxion::detail {

/// The memory of one call, reused by the next on this thread so that a call does not allocate.
struct JitScratch {
  TreeWriter key = TreeWriter::with_avals();
  Arrays results;
  std::uint64_t hash = 0;
  std::optional<epoch::Reading> reading;  // while a record of the table is in use
  JitScratch* next = nullptr;
};

namespace {

thread_local JitScratch* spare = nullptr;  // nested calls take further ones
thread_local bool thread_ends = false;

struct FreeSpare {
  ~FreeSpare() {
    thread_ends = true;
    while (spare != nullptr) delete std::exchange(spare, spare->next);
  }
};

JitScratch* new_scratch() {
  thread_local FreeSpare at_thread_exit;
  static_cast<void>(at_thread_exit);
  return new JitScratch;
}

constexpr std::size_t kHeader = 4;  // owner, type, guards, number of named axes

}  // namespace

JitOwner::JitOwner() {
  static std::atomic<std::uint64_t> last{0};
  id_ = ++last;
}

JitOwner::~JitOwner() { JitTable::instance().forget(id_); }

JitCall::JitCall(std::uint64_t owner, std::uint64_t type)
    : scratch_(spare != nullptr ? std::exchange(spare, spare->next) : new_scratch()) {
  auto& words = scratch_->key.words;
  words.resize(kHeader);
  words[0] = owner;
  words[1] = type;
  words[2] = jit_config_key();
  words[3] = 0;
  for (const auto* a = current_axes().get(); a != nullptr; a = a->outer.get()) {
    ++words[3];
    words.push_back(static_cast<std::uint64_t>(a->size));
    scratch_->key.key(a->name);
  }
}

JitCall::~JitCall() {
  scratch_->key.clear();
  scratch_->results.clear();
  scratch_->reading.reset();
  if (thread_ends) {
    delete scratch_;
  } else {
    scratch_->next = spare;
    spare = scratch_;
  }
}

TreeWriter& JitCall::key() { return scratch_->key; }

bool JitCall::find() {
  const auto& key = scratch_->key;
  scratch_->hash = hash_words(key.words);
  scratch_->reading.emplace();
  record_ = JitTable::instance().find(scratch_->hash, key.words, key.statics);
  if (record_ == nullptr) scratch_->reading.reset();  // tracing may take long
  return record_ != nullptr;
}

void JitCall::trace(FlatCall& f, const std::string& name) {
  const auto& key = scratch_->key;
  auto record = std::make_shared<JitRecord>();
  record->hash = scratch_->hash;
  record->owner = key.words[0];
  record->words = key.words;
  for (const auto& s : key.statics) record->statics.push_back({s.type->clone(s.value), s.type});
  const auto in = avals_of(f.leaves);
  log_compile(name, in);
  record->entry = trace_jit([&f](const Arrays& leaves) { return f(leaves); }, in, name);
  record->out = f.out;
  // A program that captured a tracer is of no use once that tracer's transformation is over.
  const bool shareable = record->entry->executable != nullptr;
  if (shareable) {
    scratch_->reading.emplace();
    record_ = JitTable::instance().insert(std::move(record));
  } else {
    record_ = record.get();
    unshared_ = std::move(record);
  }
}

void JitCall::run() { call_jit(*record_->entry, scratch_->key.leaves, scratch_->results); }

const TreeDef& JitCall::out() const { return record_->out; }
Arrays&& JitCall::results() { return std::move(scratch_->results); }

std::size_t jit_cache_size() { return JitTable::instance().size(); }

}  // namespace fluxion::detail

void fluxion::clear_caches() {
  detail::JitTable::instance().clear();
  clear_evaluate_cache();
  clear_transform_cache();
}

// A call of a jitted function, from its key to its results.
#include <fluxion/detail/jit_call.hpp>

#include <algorithm>
#include <atomic>
#include <iostream>
#include <optional>
#include <utility>

#include <fluxion/transforms/jit.hpp>
#include "core/axis_env.hpp"
#include "base/text.hpp"
#include "core/evaluate.hpp"
#include "core/guards.hpp"
#include "transforms/aot.hpp"
#include "transforms/donation.hpp"
#include "transforms/epoch.hpp"
#include "transforms/flat_calls.hpp"
#include "transforms/jaxpr_transforms.hpp"
#include "transforms/jit.hpp"
#include "transforms/jit_explain.hpp"
#include "transforms/jit_table.hpp"

namespace fluxion::detail {

/// The memory of one call, reused by the next on this thread so that a call does not allocate.
struct JitScratch {
  struct StaticArgument {
    int position;
    std::size_t end;  // of the static values once it had been written
  };
  TreeWriter key = TreeWriter::with_avals();
  Arrays results;
  std::size_t identity_begin = 0, identity_end = 0;  // in the key's words
  std::uint64_t function = 0;
  std::vector<StaticArgument> static_arguments;
  std::vector<char> given;  // leaves that donate_argnums names; empty for none
  std::vector<Fate> fates;
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
  const TreeWriter::Word header[kHeader] = {owner, type, jit_config_key(), 0};
  words.insert(words.end(), header, header + kHeader);
  for (const auto* a = current_axes().get(); a != nullptr; a = a->outer.get()) {
    ++words[3];
    words.push_back(static_cast<std::uint64_t>(a->size));
    scratch_->key.key(a->name);
  }
  scratch_->identity_begin = words.size();
}

JitCall::~JitCall() {
  scratch_->key.clear();
  scratch_->results.clear();
  scratch_->static_arguments.clear();
  scratch_->given.clear();
  scratch_->reading.reset();
  if (thread_ends) {
    delete scratch_;
  } else {
    scratch_->next = spare;
    spare = scratch_;
  }
}

TreeWriter& JitCall::key() { return scratch_->key; }

void JitCall::end_identity(std::uint64_t function) {
  scratch_->function = function;
  scratch_->identity_end = scratch_->key.words.size();
}

void JitCall::end_static(int position) { scratch_->static_arguments.push_back({position, scratch_->key.statics.size()}); }

void JitCall::donate(std::size_t first, std::size_t last) {
  auto& given = scratch_->given;
  given.resize(std::max(given.size(), last), 0);
  std::fill(given.begin() + static_cast<std::ptrdiff_t>(first), given.begin() + static_cast<std::ptrdiff_t>(last), 1);
}

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
  describe(*record, f);
  if (config().log_compiles) log_compile(name, record->avals, why_traced_again(*record, JitTable::instance().kept()));
  record->entry = trace_jit([&f](const Arrays& leaves) { return f(leaves); }, record->avals, name);
  traced_ = true;
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

/// What messages say of the call besides its key.
void JitCall::describe(JitRecord& record, const FlatCall& f) const {
  const auto& words = scratch_->key.words;
  const auto at = [&](std::size_t i) { return words.begin() + static_cast<std::ptrdiff_t>(i); };
  record.function = scratch_->function;
  record.identity.assign(at(scratch_->identity_begin), at(scratch_->identity_end));
  record.in = f.in;
  record.arguments.assign(f.arguments.begin(), f.arguments.end());
  record.avals = avals_of(f.leaves);
  record.guards = config();
  for (const auto* a = current_axes().get(); a != nullptr; a = a->outer.get())
    record.axes += text(record.axes.empty() ? "'" : ", '", a->name, "' of size ", a->size);
  std::size_t before = 0;
  for (const auto& [position, end] : scratch_->static_arguments) {
    const bool erased = end != before;  // else a text, which is words
    record.static_arguments.push_back({position, erased ? end - 1 : JitRecord::no_static,
                                       erased ? record.statics[end - 1].type->show(record.statics[end - 1].value.get()) : ""});
    before = end;
  }
}

void JitCall::run() {
  const auto& s = *scratch_;
  const auto name = [this](std::size_t i) { return leaf_name(i); };
  const bool direct = run_donating(*record_->entry, s.key.leaves, s.given, name, scratch_->fates, scratch_->results);
  if (direct && traced_ && !s.given.empty() && config().log_compiles) warn_of_unused_donations();
}

std::string JitCall::leaf_name(std::size_t i) const { return record_->in.paths(argument_names(record_->arguments))[i]; }

void JitCall::warn_of_unused_donations() const {
  const auto& leaves = scratch_->key.leaves;
  for (std::size_t i = 0; i < scratch_->given.size(); ++i) {
    if (scratch_->given[i] == 0 || (i < scratch_->fates.size() && scratch_->fates[i] == Fate::reused)) continue;
    const bool free = i < scratch_->fates.size() && scratch_->fates[i] == Fate::free;
    std::cerr << "jit: " << record_->entry->name << " cannot reuse the memory of " << leaf_name(i) << ", a donated " << leaves[i].aval()
              << (free ? ": no result of its type is written after it is last read\n"
                       : ": it is a scalar, a view, or held elsewhere\n");
  }
}

std::shared_ptr<const Staged> JitCall::staged(const FlatCall& f) const {
  auto staged = std::make_shared<Staged>();
  staged->entry = record_->entry;
  staged->in = f.in;
  staged->out = record_->out;
  staged->arguments = argument_names(f.arguments);
  staged->paths = leaf_paths(f);
  staged->avals = avals_of(f.leaves);
  staged->donated = scratch_->given;
  return staged;
}

const TreeDef& JitCall::out() const { return record_->out; }
Arrays&& JitCall::results() { return std::move(scratch_->results); }

std::size_t jit_cache_size() { return JitTable::instance().size(); }

}  // namespace fluxion::detail

void fluxion::clear_caches() {
  detail::JitTable::instance().clear();
  clear_evaluate_cache();
  clear_transform_cache();
}

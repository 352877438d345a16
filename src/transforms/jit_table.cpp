#include "transforms/jit_table.hpp"

#include <algorithm>

#include "transforms/epoch.hpp"

namespace fluxion::detail {

bool JitRecord::matches(std::uint64_t h, std::span<const TreeWriter::Word> w, std::span<const StaticRef> s) const {
  if (h != hash || !std::equal(w.begin(), w.end(), words.begin(), words.end()) || s.size() != statics.size()) return false;
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (!same_static(*s[i].type, s[i].value, *statics[i].type, statics[i].value.get())) return false;
  }
  return true;
}

JitTable::JitTable() : own_slots_(std::make_shared<Slots>(64)) { slots_ = own_slots_.get(); }

JitTable& JitTable::instance() {
  static auto& table = *new JitTable;
  return table;
}

void JitTable::Slots::add(const JitRecord* r) {
  std::size_t i = r->hash & mask;
  while (at[i].load(std::memory_order_relaxed) != nullptr) i = (i + 1) & mask;
  at[i].store(r);
}

const JitRecord* JitTable::find(std::uint64_t hash, std::span<const TreeWriter::Word> words,
                                std::span<const StaticRef> statics) const {
  const Slots& s = *slots_.load();
  for (std::size_t i = hash & s.mask;; i = (i + 1) & s.mask) {
    const JitRecord* r = s.at[i].load();
    if (r == nullptr) return nullptr;
    if (!r->matches(hash, words, statics)) continue;
    // Written only when it changes, so that threads that share a program do not fight for its cache line.
    const auto now = insertions_.load(std::memory_order_relaxed);
    if (r->last_used.load(std::memory_order_relaxed) != now) r->last_used.store(now, std::memory_order_relaxed);
    return r;
  }
}

const JitRecord* JitTable::insert(std::shared_ptr<const JitRecord> record) {
  Unlinked dead;  // destroyed after the lock: a record may own arrays whose deleters call jit
  const std::lock_guard lock(mutex_);
  std::vector<StaticRef> statics;
  for (const auto& s : record->statics) statics.push_back({s.value.get(), s.type});
  if (const auto* other = find(record->hash, record->words, statics)) return other;
  record->last_used = ++insertions_;
  live_.push_back(record);
  if (live_.size() > kMaxRecords) evict(dead);
  else if (2 * live_.size() > own_slots_->mask) rebuild(dead);
  else own_slots_->add(record.get());
  return record.get();
}

void JitTable::rebuild(Unlinked& unlinked) {
  std::size_t n = 64;
  while (n < 4 * live_.size()) n *= 2;
  auto fresh = std::make_shared<Slots>(n);
  for (const auto& r : live_) fresh->add(r.get());
  slots_ = fresh.get();
  unlinked.push_back(std::exchange(own_slots_, std::move(fresh)));
  unlinked = epoch::retire(std::move(unlinked));
}

void JitTable::evict(Unlinked& unlinked) {
  const auto kept = static_cast<std::ptrdiff_t>(kMaxRecords - kMaxRecords / 8);
  // By a copy of the times, which other threads change meanwhile.
  std::vector<std::pair<std::uint64_t, std::size_t>> order;
  for (std::size_t i = 0; i < live_.size(); ++i) order.emplace_back(live_[i]->last_used.load(std::memory_order_relaxed), i);
  std::nth_element(order.begin(), order.begin() + kept, order.end(), std::greater<>{});
  std::vector<std::shared_ptr<const JitRecord>> survivors;
  for (std::ptrdiff_t i = 0; i < std::ssize(order); ++i) {
    auto& record = live_[order[static_cast<std::size_t>(i)].second];
    if (i < kept) survivors.push_back(std::move(record));
    else unlinked.push_back(std::move(record));
  }
  live_ = std::move(survivors);
  rebuild(unlinked);
}

template <class Dead>
void JitTable::remove_if(const Dead& dead) {
  Unlinked unlinked;
  const std::lock_guard lock(mutex_);
  std::erase_if(live_, [&](auto& record) {
    if (!dead(*record)) return false;
    unlinked.push_back(std::move(record));
    return true;
  });
  if (!unlinked.empty()) rebuild(unlinked);
}

void JitTable::forget(std::uint64_t owner) {
  remove_if([owner](const JitRecord& r) { return r.owner == owner; });
}

void JitTable::clear() {
  remove_if([](const JitRecord&) { return true; });
}

std::vector<std::shared_ptr<const JitRecord>> JitTable::kept() const {
  const std::lock_guard lock(mutex_);
  return live_;
}

std::size_t JitTable::size() const {
  const std::lock_guard lock(mutex_);
  return live_.size();
}

}  // namespace fluxion::detail

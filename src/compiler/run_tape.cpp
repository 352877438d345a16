#include <array>
#include <cstring>

#include "compiler/execute.hpp"
#include "compiler/tapes.hpp"

namespace fluxion::compiler {
namespace {

/// What a record is made of, and where one record's values are.
class Record {
 public:
  Record(const Tape& s, Bases bases) : s_(s), n_(s.values.size()) {
    if (n_ > few) {
      many_fields_.resize(n_);
      many_at_.resize(n_);
    }
    fields_ = n_ > few ? many_fields_.data() : few_fields_.data();
    at_ = n_ > few ? many_at_.data() : few_at_.data();
    for (std::size_t k = 0; k < n_; ++k) {
      fields_[k] = {s.values[k].dtype, s.values[k].bytes};
      at_[k] = resolve(bases, s.values[k].at);
    }
  }
  Record(const Record&) = delete;

  std::span<const tapes::Field> fields() const { return {fields_, n_}; }
  std::byte* const* at() const { return at_; }
  void next() {
    for (std::size_t k = 0; k < n_; ++k) at_[k] += s_.values[k].bytes;
  }

 private:
  static constexpr std::size_t few = 16;  // more cost an allocation
  const Tape& s_;
  std::size_t n_;
  std::array<tapes::Field, few> few_fields_;
  std::array<std::byte*, few> few_at_;
  std::vector<tapes::Field> many_fields_;
  std::vector<std::byte*> many_at_;
  tapes::Field* fields_;
  std::byte** at_;
};

template <class T>
T element(const std::byte* from, std::size_t k) {
  T v;
  std::memcpy(&v, from + k * sizeof v, sizeof v);
  return v;
}
void store(std::byte* to, std::size_t k, tapes::Handle h) { std::memcpy(to + k * sizeof h, &h, sizeof h); }

}  // namespace

void execute(const Tape& s, Bases bases) {
  using Kind = ir::Tape::Kind;
  using tapes::Handle;
  const std::byte* const tape = resolve(bases, s.tape);
  if (s.kind == Kind::push || s.kind == Kind::read) {
    const std::byte* const index = resolve(bases, s.other);
    Record record(s, bases);
    for (std::size_t k = 0; k < s.n; ++k, record.next()) {
      const auto h = element<Handle>(tape, k);
      const auto i = element<std::int64_t>(index, k);
      if (s.kind == Kind::read) tapes::read(h, i, record.fields(), record.at());
      else store(resolve(bases, s.out), k, tapes::push(h, i, record.fields(), record.at()));
    }
    return;
  }
  std::byte* const out = resolve(bases, s.out);
  for (std::size_t k = 0; k < s.n; ++k) {
    Handle total = s.folded == 0 ? nullptr : element<Handle>(tape, k);
    if (s.kind == Kind::add) total = tapes::sum(total, element<Handle>(resolve(bases, s.other), k));
    for (std::size_t row = 1; row < s.folded; ++row) total = tapes::sum(total, element<Handle>(tape, row * s.n + k));
    store(out, k, total);
  }
}

}  // namespace fluxion::compiler

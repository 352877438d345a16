// A chain computes what the elementwise kernels compute, to the bit, for every instruction set and any number of
// elements, and touches nothing behind the last one.
#include "kernels/support.hpp"

namespace kernel_tests {
namespace {

using kernels::ChainArg;
using kernels::ChainCode;
using kernels::ChainForm;
using kernels::ChainHead;
using kernels::ChainMove;
using kernels::ChainStep;

/// A chain and its arguments.
class Chain {
 public:
  Chain(const Table& t, std::size_t width) : table_(t), width_(width) {}

  Chain& step(ChainCode code) {
    REQUIRE(code != nullptr);
    steps_.push_back({code, args_.size()});
    return *this;
  }
  Chain& step(ChainMove move) { return step(table_.chain_move(move, width_)); }
  Chain& arg(const void* p, std::size_t bytes, bool written = false) {
    ChainArg a;
    a.bytes = static_cast<std::uint8_t>(bytes);
    a.written = written;
    a.same = static_cast<std::uint8_t>(args_.size());
    for (std::size_t k = 0; k < args_.size(); ++k)
      if (args_[k].written && pointers_[k] == p) a.same = static_cast<std::uint8_t>(k);
    args_.push_back(a);
    pointers_.push_back(const_cast<void*>(p));
    return *this;
  }
  Chain& counter(const std::int64_t* p) {
    arg(p, 0);
    args_.back().counter = true;
    return *this;
  }
  Chain& padded() {
    args_.back().padded = true;
    return *this;
  }
  Chain& accumulators(void* p) {
    arg(p, 0);
    args_.back().accumulators = true;
    return folded();
  }
  Chain& folded() {
    args_.back().folded = true;
    return *this;
  }
  Chain& length(const std::int64_t* p) {
    arg(p, 0);
    args_.back().length = true;
    return *this;
  }
  void run(std::size_t n) {
    step(ChainMove::end);
    const std::size_t begin = (sizeof(ChainHead) + args_.size() * sizeof(ChainArg) + 15) / 16 * 16;
    std::vector<std::byte> all(begin + steps_.size() * sizeof(ChainStep));
    const ChainHead head{static_cast<std::uint32_t>(args_.size()), static_cast<std::uint32_t>(begin)};
    std::memcpy(all.data(), &head, sizeof head);
    std::memcpy(all.data() + sizeof head, args_.data(), args_.size() * sizeof(ChainArg));
    std::memcpy(all.data() + begin, steps_.data(), steps_.size() * sizeof(ChainStep));
    std::vector<void*> pointers{all.data()};
    pointers.insert(pointers.end(), pointers_.begin(), pointers_.end());
    table_.run_chain(width_)(pointers.data(), n);
    kernels::fence_streams();
  }

 private:
  const Table& table_;
  std::size_t width_;
  std::vector<ChainStep> steps_;
  std::vector<ChainArg> args_;
  std::vector<void*> pointers_;
};

constexpr std::size_t lengths[] = {1, 7, 16, 63, 64, 127, 128, 129, 300};

constexpr ChainForm binary_forms[] = {ChainForm::acc_vector, ChainForm::vector_acc, ChainForm::acc_scalar,
                                      ChainForm::scalar_acc};

bool one_is_scalar(ChainForm f) { return f == ChainForm::acc_scalar || f == ChainForm::scalar_acc; }
bool acc_first(ChainForm f) { return f == ChainForm::acc_vector || f == ChainForm::acc_scalar; }

/// The kernel's result with the operands as the form has them: acc is `x`.
template <class Out, class T>
std::vector<Out> expected(const Table& t, Op op, ChainForm form, const std::vector<T>& x, const std::vector<T>& y) {
  std::vector<T> other = y;
  if (one_is_scalar(form)) other.assign(x.size(), y[0]);
  if (form == ChainForm::twice) other = x;
  const auto kernel = t.elementwise(op, dtype<T>(), 0);
  return acc_first(form) || form == ChainForm::twice ? apply<Out>(kernel, x.size(), x, other) : apply<Out>(kernel, x.size(), other, x);
}

template <class T> void check_binary(const Table& t, Op op) {
  for (const auto form : {ChainForm::twice, ChainForm::acc_vector, ChainForm::vector_acc, ChainForm::acc_scalar, ChainForm::scalar_acc}) {
    const auto code = t.chain(op, dtype<T>(), form);
    if (code == nullptr) {
      CHECK(form == ChainForm::twice);
      continue;
    }
    for (const std::size_t n : lengths) {
      const auto x = awkward_values<T>(n, 1), y = awkward_values<T>(n, 2);
      std::vector<T> out(n + 1, T(42));
      Chain c(t, sizeof(T));
      c.step(ChainMove::load_vector).arg(x.data(), sizeof(T)).step(code);
      if (form != ChainForm::twice) c.arg(y.data(), one_is_scalar(form) ? 0 : sizeof(T));
      c.step(ChainMove::store).arg(out.data(), sizeof(T), true).run(n);
      const auto want = expected<T>(t, op, form, x, y);
      bool all = out[n] == T(42);
      for (std::size_t i = 0; i < n; ++i) all = all && same(out[i], want[i]);
      INFO(label(t, op) << " form " << int(form) << ", " << n << " elements");
      CHECK(all);
    }
  }
}

template <class T> void check_unary(const Table& t, Op op) {
  for (const std::size_t n : lengths) {
    const auto x = awkward_values<T>(n, 3);
    std::vector<T> out(n);
    Chain(t, sizeof(T)).step(ChainMove::load_vector).arg(x.data(), sizeof(T)).step(t.chain(op, dtype<T>(), ChainForm::unary))
        .step(ChainMove::stream).arg(out.data(), sizeof(T), true).run(n);
    const auto want = apply<T>(t.elementwise(op, dtype<T>(), 0), n, x);
    bool all = true;
    for (std::size_t i = 0; i < n; ++i) all = all && same(out[i], want[i]);
    INFO(label(t, op) << ", " << n << " elements");
    CHECK(all);
  }
}

/// A comparison, and a choice by it in the same chain.
template <class T> void check_choice(const Table& t, Op op) {
  for (const auto form : binary_forms)
    for (const std::size_t n : lengths) {
      const auto x = awkward_values<T>(n, 4), y = awkward_values<T>(n, 5);
      std::vector<std::uint8_t> flags(n + 1, 42);
      std::vector<T> out(n);
      Chain c(t, sizeof(T));
      c.step(ChainMove::load_vector).arg(x.data(), sizeof(T)).step(t.chain(op, dtype<T>(), form));
      c.arg(y.data(), one_is_scalar(form) ? 0 : sizeof(T)).arg(flags.data(), 1, true);
      c.step(t.chain(Op::select, dtype<T>(), form)).arg(flags.data(), 1).arg(y.data(), one_is_scalar(form) ? 0 : sizeof(T));
      c.step(ChainMove::store).arg(out.data(), sizeof(T), true).run(n);
      const auto want = expected<std::uint8_t>(t, op, form, x, y);
      bool all = flags[n] == 42;
      for (std::size_t i = 0; i < n; ++i) {
        const T other = y[one_is_scalar(form) ? 0 : i];
        const T on_false = acc_first(form) ? x[i] : other, on_true = acc_first(form) ? other : x[i];
        all = all && flags[i] == want[i] && same(out[i], want[i] != 0 ? on_true : on_false);
      }
      INFO(label(t, op) << " form " << int(form) << ", " << n << " elements");
      CHECK(all);
    }
}

/// A row folded in two runs, and columns folded one by one.
template <class T> void check_fold(const Table& t, ir::ReduceOp op, T identity) {
  constexpr std::size_t held = kernels::accumulators_bytes / sizeof(T), begin = 4 * held;
  constexpr std::size_t widths[] = {1, 31, 32, 63, 64, 65, 127, 128, 129, 200, 256, 300, 511, 512};
  for (const std::size_t n : widths) {
    const auto x = awkward_values<T>(n, 7);
    T acc[held], want, got;
    std::fill_n(acc, held, identity);
    const auto fold = [&](std::size_t first, std::size_t last) {
      const auto count = static_cast<std::int64_t>(last - first);
      if (count > 0)
        Chain(t, sizeof(T)).step(ChainMove::load_vector).arg(x.data() + first, sizeof(T))
            .step(t.chain_fold(op, dtype<T>(), false)).accumulators(acc).length(&count).run(last - first);
    };
    fold(0, std::min(begin, n));
    fold(begin, n);
    t.reduce_rows(op, dtype<T>())(&got, acc, 1, held);
    t.reduce_rows(op, dtype<T>())(&want, x.data(), 1, n);
    INFO(t.isa << " " << ir::name(op) << " of " << n);
    CHECK(same(got, want));

    const auto y = awkward_values<T>(n, 8);
    std::vector<T> row(n + 128, T(7));
    for (const std::int64_t is_first : {1, 0})
      Chain(t, sizeof(T)).step(ChainMove::load_vector).arg(is_first == 1 ? x.data() : y.data(), sizeof(T))
          .step(t.chain_fold(op, dtype<T>(), true)).arg(row.data(), sizeof(T), true).padded().folded()
          .arg(&is_first, 0).run(n);
    bool all = true;
    const auto two = apply<T>(t.elementwise(op == ir::ReduceOp::sum ? Op::add : op == ir::ReduceOp::prod ? Op::mul
                                            : op == ir::ReduceOp::max ? Op::max : Op::min, dtype<T>(), 0), n, x, y);
    for (std::size_t i = 0; i < n; ++i) all = all && same(row[i], two[i]);
    CHECK(all);
  }
}
template <class T> void check_folds(const Table& t) {
  check_fold<T>(t, ir::ReduceOp::sum, 0);
  check_fold<T>(t, ir::ReduceOp::prod, 1);
  check_fold<T>(t, ir::ReduceOp::max, -std::numeric_limits<T>::infinity());
  check_fold<T>(t, ir::ReduceOp::min, std::numeric_limits<T>::infinity());
}

}  // namespace

TEST_CASE("a chain folds rows and columns as reductions do") {
  for (const Table* t : tables()) {
    check_folds<float>(*t);
    check_folds<double>(*t);
  }
}

TEST_CASE("chains of floating-point operations are the kernels to the bit") {
  for (const Table* t : tables()) {
    for (const Op op : {Op::add, Op::sub, Op::mul, Op::div, Op::max, Op::min}) {
      check_binary<float>(*t, op);
      check_binary<double>(*t, op);
    }
    for (const Op op : {Op::neg, Op::abs, Op::square, Op::sqrt, Op::sign}) {
      check_unary<float>(*t, op);
      check_unary<double>(*t, op);
    }
    for (const Op op : {Op::eq, Op::ne, Op::lt, Op::le, Op::gt, Op::ge}) {
      check_choice<float>(*t, op);
      check_choice<double>(*t, op);
    }
  }
}

TEST_CASE("chains of integer operations are the kernels to the bit") {
  for (const Table* t : tables()) {
    for (const Op op : {Op::add, Op::sub, Op::and_, Op::or_, Op::xor_, Op::shift_left, Op::shift_right_logical}) {
      check_binary<std::int32_t>(*t, op);
      check_binary<std::uint32_t>(*t, op);
      check_binary<std::int64_t>(*t, op);
      check_binary<std::uint64_t>(*t, op);
    }
    for (const Op op : {Op::not_, Op::neg}) {
      check_unary<std::int32_t>(*t, op);
      check_unary<std::uint64_t>(*t, op);
    }
  }
}

TEST_CASE("a chain reads what it wrote before") {
  for (const Table* t : tables())
    for (const std::size_t n : lengths) {
      const auto x = awkward_values<float>(n, 6);
      const float two = 2, three = 3;
      std::vector<float> doubled(n), out(n);
      const auto add = [&](ChainForm f) { return t->chain(Op::add, DType::float32, f); };
      Chain(*t, 4).step(ChainMove::load_vector).arg(x.data(), 4).step(add(ChainForm::acc_scalar)).arg(&two, 0)
          .step(ChainMove::store).arg(doubled.data(), 4, true)
          .step(ChainMove::load_scalar).arg(&three, 0).step(add(ChainForm::acc_vector)).arg(doubled.data(), 4)
          .step(ChainMove::store).arg(out.data(), 4, true).run(n);
      bool all = true;
      for (std::size_t i = 0; i < n; ++i) all = all && same(out[i], 3 + (x[i] + 2));
      CHECK(all);
    }
}

TEST_CASE("random words in a chain are those of the kernel") {
  const std::uint32_t key0 = 0x13198a2e, key1 = 0x03707344, high = 5;
  const std::int64_t start = (std::int64_t{1} << 32) - 100;  // the low words wrap
  for (const Table* t : tables())
    for (const std::size_t n : lengths) {
      std::vector<std::uint32_t> words(n), low(n), highs(n, high), first(n), second(n);
      Chain(*t, 4).step(ChainMove::count).counter(&start).step(ChainMove::threefry).arg(&key0, 0).arg(&key1, 0).arg(&high, 0)
          .step(ChainMove::store).arg(words.data(), 4, true).run(n);
      for (std::size_t i = 0; i < n; ++i) low[i] = static_cast<std::uint32_t>(static_cast<std::uint64_t>(start) + i);
      void* args[] = {first.data(), second.data(), const_cast<std::uint32_t*>(&key0), const_cast<std::uint32_t*>(&key1),
                      highs.data(), low.data()};
      t->threefry2x32(3)(args, n);
      for (std::size_t i = 0; i < n; ++i) first[i] ^= second[i];
      CHECK(words == first);
    }
}

}  // namespace kernel_tests

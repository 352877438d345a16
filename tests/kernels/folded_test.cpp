// Reductions of functions of their operands, against the same functions stored and folded after that.
#include "support.hpp"

using namespace kernel_tests;
using ir::ReduceOp;
using kernels::Folded;

namespace {

constexpr Folded functions[] = {Folded::square, Folded::magnitude, Folded::product, Folded::square_of_difference,
                                Folded::magnitude_of_difference};

template <class T>
void apply(const Table& t, ir::Op op, std::vector<T>& to, const std::vector<T>& x, const std::vector<T>* y = nullptr) {
  void* const args[] = {to.data(), const_cast<T*>(x.data()), const_cast<T*>(y != nullptr ? y->data() : nullptr)};
  t.elementwise(op, dtype<T>(), 0)(args, to.size());
}

/// What is folded, element by element.
template <class T>
std::vector<T> values(const Table& t, Folded f, const std::vector<T>& x, const std::vector<T>& y) {
  std::vector<T> v = x;
  if (f == Folded::product) apply(t, ir::Op::mul, v, x, &y);
  if (f == Folded::square_of_difference || f == Folded::magnitude_of_difference) apply(t, ir::Op::sub, v, x, &y);
  if (f == Folded::square || f == Folded::square_of_difference) apply(t, ir::Op::square, v, v);
  if (f == Folded::magnitude || f == Folded::magnitude_of_difference) apply(t, ir::Op::abs, v, v);
  return v;
}

/// n rows of `width`; of partners each element has its own, each row its own one, or all rows the same.
template <class T>
struct Sample {
  enum class Partners { own, one, row };
  std::size_t n, width;
  std::vector<T> x, y, spread;
  std::ptrdiff_t y_row;

  Sample(std::size_t rows, std::size_t elements, Partners p, bool plain) : n(rows), width(elements) {
    const auto numbers = [&](unsigned seed) {
      auto v = awkward_values<T>(n * width, seed);
      for (auto& e : v)
        if (plain && !(std::fabs(e) < T(1e6))) e = T(-0.0);
      return v;
    };
    x = numbers(unsigned(n + width));
    y = spread = numbers(unsigned(n + 3 * width));
    for (std::size_t i = 0; i < n * width && p != Partners::own; ++i)
      spread[i] = y[p == Partners::one ? i / width : i % width];
    y_row = std::ptrdiff_t(p == Partners::own ? width * sizeof(T) : p == Partners::one ? sizeof(T) : 0);
  }
  kernels::FoldedRows args(std::vector<T>& out) const {
    return {out.data(), x.data(), y.data(), n, width, std::ptrdiff_t(width * sizeof(T)), y_row};
  }
};

template <class T>
std::size_t differences(const std::vector<T>& got, const std::vector<T>& want) {
  std::size_t n = 0;
  for (std::size_t i = 0; i < got.size(); ++i) n += same(got[i], want[i]) ? 0 : 1;
  return n;
}

template <class T>
void check_rows(const Table& t, ReduceOp op, Folded f) {
  using Partners = typename Sample<T>::Partners;
  const auto kernel = t.reduce_folded(op, dtype<T>(), f);
  for (const std::size_t width : {1u, 7u, 16u, 63u, 65u, 128u, 200u, 256u, 300u, unsigned(4096 / sizeof(T))})
    for (const auto p : {Partners::own, Partners::one, Partners::row}) {
      const auto fold = p == Partners::one ? kernel.rows_with_one : kernel.rows;
      if (fold == nullptr) continue;
      const Sample<T> s(5, width, p, width % 2 == 0);
      const auto v = values(t, f, s.x, s.spread);
      std::vector<T> got(s.n), want(s.n);
      fold(s.args(got));
      t.reduce_rows(op, dtype<T>())(want.data(), v.data(), s.n, width);
      INFO(t.isa << " " << int(op) << " of " << int(f) << ", rows of " << width << ", partners " << int(p));
      CHECK(differences(got, want) == 0);
    }
}

template <class T>
void check_columns(const Table& t, ReduceOp op, Folded f) {
  using Partners = typename Sample<T>::Partners;
  for (const std::size_t width : {16u, 19u, 130u, unsigned(4096 / sizeof(T)) + 5u})
    for (const std::size_t n : {1u, 2u, 70u, 400u})
      for (const auto p : {Partners::own, Partners::row}) {
        if (n * width > 60000) continue;
        const Sample<T> s(n, width, p, n % 2 == 0);
        const auto v = values(t, f, s.x, s.spread);
        std::vector<T> got(width), want(width);
        t.reduce_folded(op, dtype<T>(), f).columns(s.args(got));
        t.reduce_columns(op, dtype<T>())(want.data(), v.data(), n, std::ptrdiff_t(width * sizeof(T)), width);
        INFO(t.isa << " " << int(op) << " of " << int(f) << ", " << n << " rows of " << width << ", partners "
                   << int(p));
        CHECK(differences(got, want) == 0);
      }
}

}  // namespace

TEMPLATE_TEST_CASE("a function of elements is folded as its stored values are, to the bit", "[kernels]", float,
                   double) {
  for (const Table* t : tables())
    for (const ReduceOp op : {ReduceOp::sum, ReduceOp::max})
      for (const Folded f : functions) {
        const auto kernels = t->reduce_folded(op, dtype<TestType>(), f);
        const bool magnitude = f == Folded::magnitude || f == Folded::magnitude_of_difference;
        CHECK((kernels.rows != nullptr) == (op == ReduceOp::sum || magnitude));
        if (kernels.rows == nullptr) continue;
        check_rows<TestType>(*t, op, f);
        check_columns<TestType>(*t, op, f);
      }
}

TEST_CASE("other element types have no such kernels", "[kernels]") {
  for (const Table* t : tables())
    for (const DType type : {int32, uint64, bool_, complex64})
      CHECK(t->reduce_folded(ReduceOp::sum, type, Folded::square).rows == nullptr);
}

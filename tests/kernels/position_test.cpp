// An element's value depends on its operands and on nothing else; nothing outside the operands is touched.
#include "support.hpp"

#include <sys/mman.h>

using namespace kernel_tests;

namespace {

constexpr std::size_t pool = 331, longest = 3 * 64 + 2;

/// Elements that end where readable memory ends.
template <class T>
class Guarded {
 public:
  explicit Guarded(std::size_t n) : bytes_((n * sizeof(T) + page - 1) / page * page) {
    base_ =
        static_cast<char*>(mmap(nullptr, bytes_ + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    mprotect(base_ + bytes_, page, PROT_NONE);
  }
  ~Guarded() { munmap(base_, bytes_ + page); }
  Guarded(const Guarded&) = delete;
  /// The last n elements before the guard.
  T* last(std::size_t n) { return reinterpret_cast<T*>(base_ + bytes_) - n; }

 private:
  static constexpr std::size_t page = 4096;
  std::size_t bytes_;
  char* base_;
};

/// Runs over windows of three operands, compared with every element computed alone.
template <class Out, class A, class B, class C>
void check(const std::string& what, Kernel kernel, unsigned mask, int arity) {
  const auto a = awkward_values<A>(pool, 1);
  const auto b = awkward_values<B>(pool, 2);
  const auto c = awkward_values<C>(pool, 3);
  static Guarded<A> ga(longest);
  static Guarded<B> gb(longest);
  static Guarded<C> gc(longest);
  static Guarded<Out> gout(longest);
  const auto at = [mask](unsigned k, std::size_t i) { return (mask >> k) & 1 ? std::size_t(7) : i; };
  std::vector<Out> alone(pool);
  for (std::size_t i = 0; i < pool; ++i) {
    A x = a[at(0, i)];
    B y = b[at(1, i)];
    C z = c[at(2, i)];
    void* args[] = {&alone[i], &x, &y, &z};
    kernel(args, 1);
  }
  const std::size_t widest = 3 * (64 / std::min(sizeof(Out) == 1 ? sizeof(B) : sizeof(Out), sizeof(B))) + 2;
  std::size_t wrong = 0, first_wrong = 0;
  for (std::size_t n = 1; n <= widest; ++n) {
    const std::size_t offset = n * 37 % (pool - n);
    const auto place = [&](auto& guarded, const auto& from, unsigned k) {
      const std::size_t count = (mask >> k) & 1 ? 1 : n;
      auto* p = guarded.last(count);
      for (std::size_t i = 0; i < count; ++i) p[i] = from[at(k, offset + i)];
      return p;
    };
    Out* out = gout.last(n);
    void* args[] = {out, place(ga, a, 0), arity > 1 ? place(gb, b, 1) : nullptr,
                    arity > 2 ? place(gc, c, 2) : nullptr};
    if (n < longest) out[-1] = Out(1);
    kernel(args, n);
    if (n < longest && !same(out[-1], Out(1))) ++wrong;
    for (std::size_t i = 0; i < n; ++i)
      if (!same(out[i], alone[offset + i])) ++wrong, first_wrong = offset + i;
  }
  INFO(what << " mask " << mask << " at " << shown(a[at(0, first_wrong)]) << ", " << shown(b[at(1, first_wrong)]));
  CHECK(wrong == 0);
}

template <class T>
void check_all(const Table& table) {
  for (int o = 0; o < int(Op::count_); ++o) {
    const Op op = Op(o);
    const int arity = ir::arity(op);
    for (unsigned mask = 0; mask + 1 < (1u << arity); ++mask) {
      if (op == Op::select && (mask & 1)) continue;
      if (op == Op::complex) continue;  // elements of another size; tests/lax/cases_complex.cpp
      const Kernel kernel = table.elementwise(op, dtype<T>(), mask);
      if (kernel == nullptr) continue;
      if (op == Op::select)
        check<T, std::uint8_t, T, T>(label(table, op), kernel, mask, 3);
      else if (op == Op::is_finite)
        check<std::uint8_t, T, T, T>(label(table, op), kernel, mask, 1);
      else if (ir::is_comparison(op))
        check<std::uint8_t, T, T, T>(label(table, op), kernel, mask, 2);
      else
        check<T, T, T, T>(label(table, op), kernel, mask, arity);
    }
  }
}

}  // namespace

TEMPLATE_TEST_CASE("a value does not depend on its position, its neighbours or the number of elements", "[kernels]",
                   std::uint8_t, std::int32_t, std::int64_t, std::uint32_t, std::uint64_t, float, double) {
  for (const Table* table : tables()) check_all<TestType>(*table);
}

TEMPLATE_TEST_CASE("an output may be an input", "[kernels]", std::int32_t, std::uint64_t, float, double) {
  for (const Table* table : tables())
    for (int o = 0; o < int(Op::select); ++o) {
      const Op op = Op(o);
      const Kernel kernel = table->elementwise(op, dtype<TestType>(), 0);
      if (kernel == nullptr || ir::is_comparison(op) || op == Op::complex) continue;
      for (std::size_t n : {1u, 5u, 64u, 131u}) {
        const auto a = awkward_values<TestType>(n, 4), b = awkward_values<TestType>(n, 5);
        const auto fresh = apply<TestType>(kernel, n, a, b);
        for (int target = 0; target < ir::arity(op); ++target) {
          auto x = a, y = b;
          void* args[] = {target == 0 ? x.data() : y.data(), x.data(), y.data()};
          kernel(args, n);
          const auto& got = target == 0 ? x : y;
          std::size_t wrong = 0;
          for (std::size_t i = 0; i < n; ++i) wrong += !same(got[i], fresh[i]);
          INFO(label(*table, op) << " n " << n);
          CHECK(wrong == 0);
        }
      }
    }
}

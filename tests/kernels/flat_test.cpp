// Instructions of flat programs compute the bits of the elementwise kernels, whatever the instruction set of those.
#include "support.hpp"

#include <array>

#include "kernels/flat.hpp"

using namespace kernel_tests;
using kernels::flat::Fold;
using kernels::flat::Handler;
using kernels::flat::Instr;
namespace isa = kernels::isa_baseline;

namespace {

constexpr Op all_ops = Op::count_;
constexpr std::size_t pool = 60;

/// A frame with operands at 64, 72, 80, 88 and a result at 96.
struct Frame {
  alignas(64) std::byte bytes[128] = {};

  template <class T> void put(std::size_t k, T x) { std::memcpy(bytes + 64 + 8 * k, &x, sizeof x); }
  template <class Out> Out run(Handler h) {
    const Instr code[] = {{h, 96, {64, 72, 80, 88}, 0, 0}, {isa::flat_done()}};
    kernels::flat::run(code, bytes);
    Out out;
    std::memcpy(&out, bytes + 96, sizeof out);
    return out;
  }
};

template <class Out, class A, class B, class C>
void check(const std::string& what, Handler h, Kernel kernel, int arity) {
  const auto a = awkward_values<A>(pool, 1);
  const auto b = awkward_values<B>(pool, 2);
  const auto c = awkward_values<C>(pool, 3);
  std::size_t wrong = 0;
  for (const A x : a)
    for (const B y : b) {
      for (std::size_t k = 0; k < (arity == 3 ? pool : 1); ++k) {
        C z = c[k];
        A xx = x;
        B yy = y;
        Out expected;
        void* args[] = {&expected, &xx, &yy, &z};
        kernel(args, 1);
        Frame f;
        f.put(0, x);
        f.put(1, y);
        f.put(2, z);
        if (!same(f.run<Out>(h), expected)) ++wrong;
      }
      if (arity == 1) break;
    }
  INFO(what);
  CHECK(wrong == 0);
}

template <class T> std::size_t check_ops() {
  std::size_t checked = 0;
  for (const auto* table : tables())
    for (auto op = Op(0); op < all_ops; op = Op(int(op) + 1)) {
      const Handler h = isa::flat_map(op, dtype<T>());
      if (h == nullptr) continue;
      const Kernel kernel = table->elementwise(op, dtype<T>(), 0);
      INFO(label(*table, op));
      REQUIRE(kernel != nullptr);
      if (op == Op::select) check<T, std::uint8_t, T, T>(label(*table, op), h, kernel, 3);
      else if (ir::is_comparison(op)) check<std::uint8_t, T, T, T>(label(*table, op), h, kernel, arity(op));
      else check<T, T, T, T>(label(*table, op), h, kernel, arity(op));
      ++checked;
    }
  return checked / tables().size();
}

template <class To, class From> void check_conversion() {
  const Handler h = isa::flat_convert(dtype<From>(), dtype<To>());
  REQUIRE(h != nullptr);
  for (const auto* table : tables())
    check<To, From, From, From>("convert", h, table->convert(dtype<From>(), dtype<To>()), 1);
}
template <class To> void check_conversions() {
  check_conversion<To, std::uint8_t>();
  check_conversion<To, std::int32_t>();
  check_conversion<To, std::int64_t>();
  check_conversion<To, std::uint32_t>();
  check_conversion<To, float>();
  check_conversion<To, double>();
}

template <class T> T folded(Fold f, T acc, T x) {
  const T a = f == Fold::from || f == Fold::under ? x : acc, b = f == Fold::from || f == Fold::under ? acc : x;
  const Op op = f == Fold::add ? Op::add : f == Fold::mul ? Op::mul : f == Fold::div || f == Fold::under ? Op::div : Op::sub;
  T out, l = a, r = b;
  void* args[] = {&out, &l, &r};
  kernels::table().elementwise(op, dtype<T>(), 0)(args, 1);
  return out;
}

template <class T> void check_chains() {
  const auto v = awkward_values<T>(40, 5);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i + 3 < v.size(); ++i) {
    const T x = v[i], y = v[i + 1], z = v[i + 2], w = v[i + 3];
    Frame f;
    f.put(0, x);
    f.put(1, y);
    f.put(2, z);
    f.put(3, w);
    for (unsigned a = 0; a < kernels::flat::openings; ++a)
      for (unsigned b = 0; b < kernels::flat::folds; ++b) {
        const T two = folded(Fold(b), folded(Fold(a), x, y), z);
        wrong += !same(f.run<T>(isa::flat_chain(dtype<T>(), Fold(a), Fold(b))), two);
        for (unsigned c = 0; c < kernels::flat::folds; ++c) {
          wrong += !same(f.run<T>(isa::flat_chain(dtype<T>(), Fold(a), Fold(b), Fold(c))), folded(Fold(c), two, w));
          if (b >= kernels::flat::openings || c >= kernels::flat::openings) continue;
          const T joined = folded(Fold(c), folded(Fold(a), x, y), folded(Fold(b), z, w));
          wrong += !same(f.run<T>(isa::flat_join(dtype<T>(), Fold(a), Fold(b), Fold(c))), joined);
        }
      }
  }
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("flat instructions have the bits of kernels") {
  CHECK(check_ops<float>() >= 20);
  CHECK(check_ops<double>() >= 20);
  CHECK(check_ops<std::int32_t>() >= 20);
  CHECK(check_ops<std::int64_t>() >= 20);
  CHECK(check_ops<std::uint32_t>() >= 20);
  CHECK(check_ops<std::uint64_t>() >= 20);
  CHECK(check_ops<std::uint8_t>() >= 7);
}

TEST_CASE("flat conversions have the bits of kernels") {
  check_conversions<std::uint8_t>();
  check_conversions<std::int32_t>();
  check_conversions<std::int64_t>();
  check_conversions<std::uint32_t>();
  check_conversions<float>();
  check_conversions<double>();
}

TEST_CASE("flat chains round after each step") {
  check_chains<float>();
  check_chains<double>();
}

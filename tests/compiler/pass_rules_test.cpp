// Each identity of arithmetic on all special values of every dtype: the rewritten program gives the same bits.
#include <catch2/catch.hpp>

#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <sstream>

#include <fluxion/dtype.hpp>
#include "compiler/interpreter.hpp"
#include "compiler/passes/passes.hpp"
#include "compiler/passes/rewriting.hpp"

namespace fluxion::compiler_test {
namespace {

using ir::Builder;
using ir::Op;
using ir::ValueId;

constexpr DType floats[] = {DType::float16, DType::bfloat16, DType::float32, DType::float64};
constexpr DType integers[] = {DType::int8,  DType::int16,  DType::int32,  DType::int64,
                              DType::uint8, DType::uint16, DType::uint32, DType::uint64};

template <class T>
void append(std::vector<std::byte>& to, T v) {
  to.resize(to.size() + sizeof v);
  std::memcpy(to.data() + to.size() - sizeof v, &v, sizeof v);
}

void append_number(std::vector<std::byte>& to, DType t, double x) {
  switch (t) {
    case DType::float16: return append(to, float16_t(x));
    case DType::bfloat16: return append(to, bfloat16_t(x));
    case DType::float32: return append(to, static_cast<float>(x));
    case DType::float64: return append(to, x);
    case DType::bool_: return append(to, std::uint8_t(x != 0));
    default: {
      const auto i = static_cast<std::int64_t>(x);
      std::byte bytes[8];
      std::memcpy(bytes, &i, sizeof i);
      to.insert(to.end(), bytes, bytes + itemsize(t));
    }
  }
}

/// Zeros, ones, infinities, NaN, the smallest and the largest numbers, of both signs, and some in between.
Value special_values(DType t, bool rotated = false) {
  std::vector<double> list;
  if (t == DType::bool_) list = {0, 1, 1, 0};
  else if (is_floating(t)) {
    const double smallest = t == DType::float16 ? 0x1p-24 : t == DType::float64 ? 0x1p-1074 : t == DType::bfloat16 ? 0x1p-133 : 0x1p-149;
    const double largest = t == DType::float16 ? 65504 : t == DType::float64 ? 0x1.fffffffffffffp1023 : t == DType::bfloat16 ? 0x1.fep127 : 0x1.fffffep127;
    const double normal = t == DType::float16 ? 0x1p-14 : t == DType::float64 ? 0x1p-1022 : 0x1p-126;
    for (const double x : {0.0, 1.0, 2.5, 0.3, 1e-3, smallest, 3 * smallest, normal, 1.5 * normal, largest, largest / 3, 1.0 / 3,
                           double(INFINITY), double(NAN)}) {
      list.push_back(x);
      list.push_back(-x);
    }
  } else {
    const int bits = static_cast<int>(8 * itemsize(t));
    for (const double x : {0.0, 1.0, 2.0, 3.0, 77.0, std::ldexp(1.0, bits - 2)}) {
      list.push_back(x);
      list.push_back(-x);
    }
    list.push_back(-std::ldexp(1.0, bits - 1));
  }
  if (rotated) std::rotate(list.begin(), list.begin() + 3, list.end());
  Value v{{t, {static_cast<std::int64_t>(list.size())}}, {}};
  for (const double x : list) append_number(v.bytes, t, x);
  return v;
}

struct Rule {
  const char* text;
  /// x and y of one dtype, and a mask.
  std::function<ValueId(Builder&, ValueId x, ValueId y, ValueId mask)> build;
  /// What is left of Maps and Conversions afterwards.
  std::size_t left;
};

std::size_t work(const ir::Program& p) {
  std::size_t n = 0;
  for (const auto& i : p.instrs)
    n += std::holds_alternative<ir::Map>(i.action) || std::holds_alternative<ir::Convert>(i.action) ||
         std::holds_alternative<ir::Reduce>(i.action);
  return n;
}

void check(const Rule& rule, DType t) {
  const auto x = special_values(t), y = special_values(t, true);
  auto mask = special_values(DType::bool_);
  mask.type.shape = x.type.shape;
  mask.bytes.resize(static_cast<std::size_t>(x.type.shape[0]));
  for (std::size_t k = 0; k < mask.bytes.size(); ++k) mask.bytes[k] = std::byte(k % 3 == 0);
  Builder b;
  const auto a = b.input(x.type), c = b.input(y.type), m = b.input(mask.type);
  const auto p = b.finish({rule.build(b, a, c, m)});
  const auto q = compiler::with_simple_views(compiler::with_simple_arithmetic(compiler::without_single_sums(p)));
  ir::verify(q);
  std::ostringstream before, after;
  before << p;
  after << q;
  INFO(rule.text << " of " << t << "\n" << before.str() << "becomes\n" << after.str());
  CHECK(work(q) == rule.left);
  const auto want = interpreted(p, {x, y, mask}), have = interpreted(q, {x, y, mask});
  CHECK(same_elements(want[0], have[0]));
}

ValueId number(Builder& b, ValueId x, double v) { return b.constant(b.type(x).dtype, v); }

#define RULE(expression, left) \
  Rule { #expression, [](Builder& b, ValueId x, [[maybe_unused]] ValueId y, [[maybe_unused]] ValueId m) { return expression; }, left }

}  // namespace

TEST_CASE("identities of floating-point arithmetic keep all special values") {
  const Rule rules[] = {
      RULE(b.map(Op::mul, {x, number(b, x, 1)}), 0),
      RULE(b.map(Op::mul, {number(b, x, 1), x}), 0),
      RULE(b.map(Op::mul, {x, number(b, x, -1)}), 1),
      RULE(b.map(Op::div, {x, number(b, x, 1)}), 0),
      RULE(b.map(Op::div, {x, number(b, x, -1)}), 1),
      RULE(b.map(Op::div, {x, number(b, x, 4)}), 1),
      RULE(b.map(Op::div, {x, number(b, x, -0.125)}), 1),
      RULE(b.map(Op::div, {x, number(b, x, 3)}), 1),
      RULE(b.map(Op::add, {x, number(b, x, -0.0)}), 0),
      RULE(b.map(Op::add, {number(b, x, -0.0), x}), 0),
      RULE(b.map(Op::add, {x, number(b, x, 0)}), 1),
      RULE(b.map(Op::add, {b.map(Op::add, {x, number(b, x, 0)}), number(b, x, 0)}), 1),
      RULE(b.map(Op::add, {b.map(Op::square, {x}), number(b, x, 0)}), 1),
      RULE(b.map(Op::sub, {x, number(b, x, 0)}), 0),
      RULE(b.map(Op::sub, {x, number(b, x, -0.0)}), 1),
      RULE(b.map(Op::sub, {number(b, x, -0.0), x}), 1),
      RULE(b.map(Op::sub, {number(b, x, 0), x}), 1),
      RULE(b.map(Op::sub, {x, b.map(Op::neg, {y})}), 1),
      RULE(b.map(Op::add, {x, b.map(Op::neg, {y})}), 1),
      RULE(b.map(Op::add, {b.map(Op::neg, {x}), y}), 1),
      RULE(b.map(Op::neg, {b.map(Op::neg, {x})}), 0),
      RULE(b.map(Op::neg, {b.map(Op::sub, {x, y})}), 2),
      RULE(b.map(Op::mul, {b.map(Op::neg, {x}), b.map(Op::neg, {y})}), 1),
      RULE(b.map(Op::mul, {b.map(Op::neg, {x}), number(b, x, 0.3)}), 1),
      RULE(b.map(Op::div, {number(b, x, 3), b.map(Op::neg, {x})}), 1),
      RULE(b.map(Op::neg, {b.map(Op::mul, {number(b, x, 0.3), x})}), 1),
      RULE(b.map(Op::neg, {b.map(Op::div, {x, number(b, x, 3)})}), 1),
      RULE(b.map(Op::abs, {b.map(Op::neg, {x})}), 1),
      RULE(b.map(Op::abs, {b.map(Op::abs, {x})}), 1),
      RULE(b.map(Op::square, {b.map(Op::abs, {x})}), 1),
      RULE(b.map(Op::floor, {b.map(Op::floor, {x})}), 1),
      RULE(b.map(Op::max, {x, x}), 0),
      RULE(b.map(Op::max, {number(b, x, -INFINITY), x}), 0),
      RULE(b.map(Op::min, {x, number(b, x, INFINITY)}), 0),
      RULE(b.map(Op::min, {x, number(b, x, -INFINITY)}), 1),
      RULE(b.map(Op::select, {m, x, x}), 0),
      RULE(b.map(Op::select, {b.map(Op::not_, {m}), x, y}), 1),
      RULE(b.map(Op::select, {m, b.map(Op::select, {m, x, y}), y}), 1),
      RULE(b.map(Op::not_, {b.map(Op::eq, {x, y})}), 1),
      RULE(b.map(Op::not_, {b.map(Op::lt, {x, y})}), 2),
      RULE(b.map(Op::eq, {x, x}), 1),
      RULE(b.convert(b.convert(x, DType::float64), b.type(x).dtype), 0),
      RULE(b.reduce(ir::ReduceOp::max, b.reshape(x, {b.type(x).shape[0], 1}), {1}), 0),
  };
  for (const auto& rule : rules)
    for (const auto t : floats) {
      // Folds of halves are conversions and folds of float32.
      const bool folds_half = is_half(t) && std::string_view(rule.text).find("reduce") != std::string_view::npos;
      if (!folds_half) check(rule, t);
    }
}

TEST_CASE("a sum of one element is that element added to +0") {
  for (const auto t : {DType::float32, DType::float64}) {
    check(RULE(b.reduce(ir::ReduceOp::sum, b.reshape(x, {b.type(x).shape[0], 1}), {1}), 1), t);
    check(RULE(b.reduce(ir::ReduceOp::sum, b.reshape(b.map(Op::exp, {x}), {b.type(x).shape[0], 1}), {1}), 1), t);
  }
  check(RULE(b.reduce(ir::ReduceOp::sum, b.reshape(x, {b.type(x).shape[0], 1}), {1}), 0), DType::int32);
}

TEST_CASE("identities of integer arithmetic keep all special values") {
  const Rule rules[] = {
      RULE(b.map(Op::mul, {x, number(b, x, 1)}), 0),
      RULE(b.map(Op::mul, {x, number(b, x, 0)}), 0),
      RULE(b.map(Op::add, {x, number(b, x, 0)}), 0),
      RULE(b.map(Op::sub, {x, number(b, x, 0)}), 0),
      RULE(b.map(Op::sub, {x, x}), 0),
      RULE(b.map(Op::sub, {number(b, x, 0), x}), 1),
      RULE(b.map(Op::sub, {x, b.map(Op::neg, {y})}), 1),
      RULE(b.map(Op::neg, {b.map(Op::neg, {x})}), 0),
      RULE(b.map(Op::div, {x, number(b, x, 1)}), 0),
      RULE(b.map(Op::rem, {x, number(b, x, 1)}), 0),
      RULE(b.map(Op::and_, {x, x}), 0),
      RULE(b.map(Op::xor_, {x, x}), 0),
      RULE(b.map(Op::or_, {x, number(b, x, 0)}), 0),
      RULE(b.map(Op::xor_, {number(b, x, 0), x}), 0),
      RULE(b.map(Op::and_, {x, number(b, x, 0)}), 0),
      RULE(b.map(Op::not_, {b.map(Op::not_, {x})}), 0),
      RULE(b.map(Op::shift_left, {x, number(b, x, 0)}), 0),
      RULE(b.map(Op::eq, {x, x}), 0),
      RULE(b.map(Op::lt, {x, x}), 0),
      RULE(b.map(Op::not_, {b.map(Op::lt, {x, y})}), 1),
      RULE(b.map(Op::not_, {b.map(Op::ge, {x, y})}), 1),
      RULE(b.map(Op::not_, {b.map(Op::gt, {x, y})}), 1),
      RULE(b.map(Op::not_, {b.map(Op::le, {x, y})}), 1),
      RULE(b.map(Op::max, {x, x}), 0),
  };
  for (const auto& rule : rules)
    for (const auto t : integers) check(rule, t);
  for (const auto t : {DType::int8, DType::int32, DType::int64}) {
    check(RULE(b.map(Op::and_, {x, number(b, x, -1)}), 0), t);
    check(RULE(b.map(Op::or_, {x, number(b, x, -1)}), 0), t);
    check(RULE(b.map(Op::xor_, {x, number(b, x, -1)}), 1), t);
    check(RULE(b.map(Op::mul, {x, number(b, x, -1)}), 1), t);
  }
}

TEST_CASE("identities of truth values") {
  const Rule rules[] = {
      RULE(b.map(Op::and_, {x, number(b, x, 1)}), 0),
      RULE(b.map(Op::and_, {x, number(b, x, 0)}), 0),
      RULE(b.map(Op::or_, {x, number(b, x, 1)}), 0),
      RULE(b.map(Op::or_, {x, number(b, x, 0)}), 0),
      RULE(b.map(Op::xor_, {x, number(b, x, 1)}), 1),
      RULE(b.map(Op::not_, {b.map(Op::not_, {x})}), 0),
      RULE(b.map(Op::eq, {x, number(b, x, 1)}), 0),
      RULE(b.map(Op::eq, {x, number(b, x, 0)}), 1),
      RULE(b.map(Op::ne, {x, number(b, x, 0)}), 0),
      RULE(b.map(Op::select, {x, number(b, x, 0), number(b, x, 1)}), 0),
      RULE(b.map(Op::select, {x, number(b, x, 1), number(b, x, 0)}), 1),
  };
  for (const auto& rule : rules) check(rule, DType::bool_);
}

TEST_CASE("conversions that lose nothing are undone, others are kept") {
  const auto there_and_back = [](DType from, DType over, std::size_t left) {
    const Rule rule{"there and back", [=](Builder& b, ValueId x, ValueId, ValueId) { return b.convert(b.convert(x, over), from); }, left};
    check(rule, from);
  };
  there_and_back(DType::int8, DType::int32, 0);
  there_and_back(DType::int32, DType::float64, 0);
  there_and_back(DType::int32, DType::float32, 2);
  there_and_back(DType::int64, DType::float64, 2);
  there_and_back(DType::uint32, DType::int32, 2);
  there_and_back(DType::uint32, DType::int64, 0);
  there_and_back(DType::bool_, DType::float16, 0);
  there_and_back(DType::float64, DType::float32, 2);
  there_and_back(DType::float16, DType::bfloat16, 2);
  there_and_back(DType::bfloat16, DType::float32, 0);
  const Rule two_steps{"two steps", [](Builder& b, ValueId x, ValueId, ValueId) { return b.convert(b.convert(x, DType::int32), DType::float64); }, 1};
  check(two_steps, DType::int16);
  check(two_steps, DType::bool_);
}

TEST_CASE("complex numbers are taken apart and put together once") {
  Builder b;
  const auto x = b.input({DType::float64, {3}}), y = b.input({DType::float64, {3}});
  const auto z = b.map(Op::complex, {x, y});
  const auto again = b.map(Op::complex, {b.map(Op::real, {z}), b.map(Op::imag, {z})});
  const auto p = compiler::with_simple_arithmetic(b.finish({b.map(Op::imag, {again})}));
  CHECK(p.instrs.empty());
  CHECK(p.outputs[0] == y);
}

TEST_CASE("constants are folded with the bits of the kernels") {
  constexpr Op ops[] = {Op::exp, Op::log, Op::sin, Op::tanh, Op::erf, Op::rsqrt, Op::neg, Op::floor};
  for (const auto t : floats)
    for (const auto op : ops)
      for (const double v : {0.7, -0.0, 30.5, double(NAN), double(INFINITY)}) {
        Builder b;
        const auto c = b.constant(t, v);
        const auto folded = b.map(Op::mul, {b.broadcast(b.map(op, {c}), {5}, {}), b.broadcast(c, {5}, {})});
        const auto p = b.finish({folded});
        const auto q = compiler::with_folded_constants(compiler::with_late_broadcasts(p));
        INFO(ir::name(op) << " of " << v << " as " << t);
        CHECK(work(q) == 0);
        CHECK(same_elements(interpreted(p, {})[0], interpreted(q, {})[0]));
      }
}

TEST_CASE("choices that are known are made, and random bits of constants are drawn once") {
  Builder b;
  const auto x = b.input({DType::float32, {4}}), y = b.input({DType::float32, {4}});
  const auto yes = b.map(Op::lt, {b.constant(DType::int32, 1.0), b.constant(DType::int32, 2.0)});
  const auto key = b.constant(DType::uint32, 7.0), zero = b.constant(DType::uint32, 0.0);
  const auto bits = b.threefry(key, key, zero, zero);
  const auto max = b.reduce(ir::ReduceOp::max, b.broadcast(b.constant(DType::float32, 2.0), {3, 4}, {}), {0});
  const auto zeros = b.broadcast(b.constant(DType::float32, 0.0), {2}, {});
  const auto padded = b.assemble({6}, b.constant(DType::float32, 0.0), std::vector{zeros, zeros}, {{{1}, {1}}, {{4}, {1}}}, false);
  const auto p = b.finish({b.map(Op::select, {yes, x, y}), bits[0], bits[1], max, padded});
  const auto q = compiler::with_folded_constants(compiler::with_folded_constants(p));
  ir::verify(q);
  CHECK(q.outputs[0] == y);
  CHECK(q.instrs.size() == 2);  // two broadcasts of constants
  std::mt19937 random(1);
  const std::vector<Value> in{random_value(p.types[x], random), random_value(p.types[y], random)};
  const auto want = interpreted(p, in), have = interpreted(q, in);
  for (std::size_t k = 0; k < want.size(); ++k) CHECK(same_elements(want[k], have[k]));
}

}  // namespace fluxion::compiler_test

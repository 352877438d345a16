#include "lax/promote.hpp"

#include <array>
#include <cstdint>
#include <optional>

#include <fluxion/lax.hpp>
#include <fluxion/promotion.hpp>

#include "base/text.hpp"
#include "core/guards.hpp"
#include "core/node.hpp"

namespace fluxion {

namespace {

// The members of the lattice: the number dtypes by their own value, then the weak kinds.
constexpr int kNumbers = static_cast<int>(DType::complex128) + 1;
constexpr int weak_int = kNumbers, weak_float = kNumbers + 1, weak_complex = kNumbers + 2, kMembers = kNumbers + 3;

struct Edge {
  int from, to;
};
constexpr Edge edge(DType a, DType b) { return {static_cast<int>(a), static_cast<int>(b)}; }
constexpr Edge edge(DType a, int b) { return {static_cast<int>(a), b}; }
constexpr Edge edge(int a, DType b) { return {a, static_cast<int>(b)}; }

// jax's promotion lattice (jax/_src/dtypes.py, _type_promotion_lattice): who promotes directly to whom.
constexpr Edge kLattice[] = {
    edge(bool_, weak_int),
    edge(weak_int, uint8), edge(weak_int, int8),
    edge(uint8, int16), edge(uint8, uint16), edge(uint16, int32), edge(uint16, uint32),
    edge(uint32, int64), edge(uint32, uint64), edge(uint64, weak_float),
    edge(int8, int16), edge(int16, int32), edge(int32, int64), edge(int64, weak_float),
    edge(weak_float, bfloat16), edge(weak_float, float16), {weak_float, weak_complex},
    edge(bfloat16, float32), edge(float16, float32), edge(float32, float64), edge(float32, complex64),
    edge(float64, complex128), edge(weak_complex, complex64), edge(complex64, complex128),
};

using Table = std::array<std::array<std::uint8_t, kMembers>, kMembers>;

// Least upper bounds: of all members that both reach, the one that reaches all the others.
consteval Table least_upper_bounds() {
  std::array<std::uint32_t, kMembers> above{};
  for (int i = 0; i < kMembers; ++i) above[i] = 1U << i;
  for (int round = 0; round < kMembers; ++round)
    for (const auto& e : kLattice) above[e.from] |= above[e.to];
  Table t{};
  for (int a = 0; a < kMembers; ++a)
    for (int b = 0; b < kMembers; ++b) {
      const auto common = above[a] & above[b];
      int found = 0;
      for (int c = 0; c < kMembers; ++c)
        if (above[c] == common) {
          t[a][b] = static_cast<std::uint8_t>(c);
          ++found;
        }
      if (found != 1) throw "the lattice has no unique least upper bound";
    }
  return t;
}

constexpr Table kTable = least_upper_bounds();

bool is_number(DType t) { return t <= DType::complex128; }

// 0 bool, 1 integer, 2 float, 3 complex.
int kind(DType t) { return t == bool_ ? 0 : is_integer(t) ? 1 : is_floating(t) ? 2 : 3; }

int member(DType t, bool weak) {
  return weak && t != bool_ ? weak_int + kind(t) - 1 : static_cast<int>(t);
}

Promoted type_of_member(int m) {
  const bool narrow = config().default_float == float32;
  switch (m) {
    case weak_int: return {int64, true};
    case weak_float: return {config().default_float, true};
    case weak_complex: return {narrow ? complex64 : complex128, true};
    default: return {static_cast<DType>(m), false};
  }
}

[[noreturn]] void throw_not_numbers(const char* op, DType a, DType b) {
  throw TypeError(text(op, ": operands must be numbers or of one dtype, got ", a, " and ", b,
                       is_key(a) || is_key(b) ? "; keys only enter fx::random functions" : "; float0 arrays hold no values"));
}

// Strict promotion lets only weak operands of the same or a lower kind give way.
void check_strict(const char* op, DType a, bool a_weak, DType b, bool b_weak) {
  const bool allowed = (a_weak && b_weak) || (a_weak && kind(b) != 0 && kind(a) <= kind(b)) ||
                       (b_weak && kind(a) != 0 && kind(b) <= kind(a));
  if (!allowed)
    throw TypeError(text(op, ": operands must have one dtype under strict promotion, got ", a, " and ", b,
                         "; convert one of them with astype"));
}

}  // namespace

void throw_no_number(const char* op, DType t) {
  throw TypeError(text(op, ": operands must be numbers, got ", t,
                       is_key(t) ? "; keys only enter fx::random functions" : "; float0 arrays hold no values"));
}

Promoted promote_types(DType a, bool a_weak, DType b, bool b_weak, const char* op) {
  if (a == b) return {a, a_weak && b_weak};
  if (!is_number(a) || !is_number(b)) throw_not_numbers(op, a, b);
  if (config().strict_promotion) check_strict(op, a, a_weak, b, b_weak);
  if (a_weak && b_weak) {
    const auto t = type_of_member(kTable[static_cast<int>(a)][static_cast<int>(b)]);
    return {t.dtype, t.dtype != bool_};
  }
  return type_of_member(kTable[member(a, a_weak)][member(b, b_weak)]);
}

// The lattice is walked in members, not dtypes: a weak result on the way (int64 with uint64) stays weak.
Promoted result_type(ArraySpan xs, const char* op) {
  if (xs.empty()) throw ValueError(text(op, ": at least one operand is required, got none; pass an array or a number"));
  bool all_weak = true, one_dtype = true;
  for (const auto& x : xs) {
    require_value(op, x);
    all_weak = all_weak && x.weak_type();
    one_dtype = one_dtype && x.dtype() == xs[0].dtype();
  }
  const auto first = xs[0].dtype();
  if (one_dtype) return {first, all_weak};
  auto bound = member(first, !all_weak && xs[0].weak_type());
  for (const auto& x : xs) {
    if (!is_number(first) || !is_number(x.dtype())) throw_not_numbers(op, first, x.dtype());
    if (config().strict_promotion)
      for (const auto& y : xs)
        if (x.dtype() != y.dtype()) check_strict(op, x.dtype(), x.weak_type(), y.dtype(), y.weak_type());
    bound = kTable[bound][member(x.dtype(), !all_weak && x.weak_type())];
  }
  const auto t = type_of_member(bound);
  return {t.dtype, (t.weak || all_weak) && t.dtype != bool_};
}

DType promote_types(DType a, DType b) { return promote_types(a, false, b, false).dtype; }
DType result_type(ArraySpan operands) { return result_type(operands, "result_type").dtype; }

DType to_inexact(Promoted t) {
  if (is_inexact(t.dtype)) return t.dtype;
  if (t.weak) return config().default_float;
  return t.dtype == int64 || t.dtype == uint64 ? float64 : float32;
}

DType to_numeric(DType t) { return t == bool_ ? int32 : t; }

Array convert(const Array& x, DType dtype, bool weak) {
  const auto& a = x.aval();
  if (a.dtype == dtype) return x;
  if (!is_number(a.dtype)) throw_not_numbers("convert", a.dtype, dtype);
  const auto* c = concrete(x);
  if (c != nullptr && a.shape.empty()) return convert_scalar(*c, dtype, weak);
  return lax::convert_element_type(x, dtype, weak);
}

Array convert_strong(const Array& x, DType dtype) {
  if (x.dtype() == dtype && x.weak_type()) {
    const auto* c = concrete(x);
    return c != nullptr && x.shape().empty() ? convert_scalar(*c, dtype, false) : lax::convert_element_type(x, dtype);
  }
  return convert(x, dtype);
}

namespace {

Arrays convert_all(ArraySpan xs, DType dtype, bool weak) {
  Arrays out;
  out.reserve(xs.size());
  for (const auto& x : xs) out.push_back(convert(x, dtype, weak));
  return out;
}

}  // namespace

Arrays promote(const char* op, ArraySpan xs) {
  const auto t = result_type(xs, op);
  return convert_all(xs, t.dtype, t.weak);
}

Arrays promote_inexact(const char* op, ArraySpan xs) {
  const auto t = result_type(xs, op);
  if (!is_number(t.dtype)) throw_no_number(op, t.dtype);
  return convert_all(xs, to_inexact(t), t.weak);
}

Array promote_inexact(const Array& x) {
  if (x.is_empty_handle()) return x;  // for the primitive to name itself
  const auto& a = x.aval();
  if (is_inexact(a.dtype) || !is_number(a.dtype)) return x;
  return convert(x, to_inexact({a.dtype, a.weak}), a.weak);
}

}  // namespace fluxion

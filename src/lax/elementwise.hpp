// The elementwise table: one row per primitive. Shape, dtype, batching, lowering and evaluation follow from it.
#pragma once

#include "core/primitive.hpp"
#include "lax/rules.hpp"

namespace fluxion::lax {

/// Which dtypes an operand may have.
enum class Operands : std::uint8_t {
  floating, inexact, real, number,  // inexact: floating or complex; real: integers or floating; number: all of these
  bits, integer,
  ordered, comparable,  // real or bool; those and complex
  complex, parts,       // parts: what complex numbers consist of
  any,
};

/// What a tangent rule sees: the tangent of its operand, the result, and the operands.
struct Tangent {
  const Array& t;
  const Array& ans;
  const Array& x;
  const Array& y;  // the second operand; x again where there is none
  const Array& z;  // the third
};
/// The tangent of the result that one operand's tangent causes. Null: none.
using TangentRule = Array (*)(const Tangent&);
/// The cotangent of a linear operand, from that of the result and the other operand. Null: not linear in it.
using TransposeRule = Array (*)(const Array& ct, const Array& other);

struct Row {
  ir::Op op;
  Operands operands;
  TangentRule tangent[3] = {};
  TransposeRule transpose[2] = {};
  Algebra algebra = Algebra::general;
};

/// The primitive of a row.
const Primitive& elementwise(ir::Op op);
/// Its row, for tests that check the table.
const Row& row(ir::Op op);

}  // namespace fluxion::lax

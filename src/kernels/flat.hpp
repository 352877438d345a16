// Flat programs: instructions over numbers in one frame of memory, for work too small for blocks. Each instruction
// names the function that carries it out and goes on to the next, so that nothing is looked up while it runs.
// Knows nothing of programs, plans or arrays.
#pragma once

#include <cstddef>
#include <cstdint>

#include <fluxion/dtype.hpp>
#include "ir/op.hpp"
#include "kernels/kernels.hpp"

namespace fluxion::kernels::flat {

struct Instr;
/// Carries out an instruction and all that follow.
using Handler = void (*)(const Instr* at, std::byte* frame);

/// What the fields mean is up to the handler; places are offsets in the frame.
struct Instr {
  Handler run = nullptr;
  std::uint32_t to = 0;
  std::uint32_t in[4] = {};
  std::uint32_t count = 0;
  std::int64_t value = 0;
};

/// A number folded with another: acc + x, acc - x, acc * x, acc / x, x - acc, x / acc.
enum class Fold : std::uint8_t { add, sub, mul, div, from, under };
constexpr unsigned openings = 4;  // those that are not turned round begin a chain
constexpr unsigned folds = 6;

/// A frame begins with room for the addresses that a kernel is called with.
constexpr std::uint32_t reserved_bytes = 64;

inline void run(const Instr* code, std::byte* frame) { code->run(code, frame); }

}  // namespace fluxion::kernels::flat

/// Handlers have one code for all instruction sets: what they compute IEEE 754 and two's complement define to the bit.
namespace fluxion::kernels::isa_baseline {

/// to = op(in...), with the bits of the elementwise kernel; null if the kernel has to be called. `t` as in Table.
flat::Handler flat_map(ir::Op op, DType t);
/// to = in[0] converted; null as above.
flat::Handler flat_convert(DType from, DType to);
/// to = (in[0] a in[1]) b in[2], each rounded; `a` is an opening. Null unless `t` is float32 or float64.
flat::Handler flat_chain(DType t, flat::Fold a, flat::Fold b);
/// to = ((in[0] a in[1]) b in[2]) c in[3].
flat::Handler flat_chain(DType t, flat::Fold a, flat::Fold b, flat::Fold c);
/// to = (in[0] a in[1]) c (in[2] b in[3]); all are openings.
flat::Handler flat_join(DType t, flat::Fold a, flat::Fold b, flat::Fold c);
/// The Kernel at `value`, on one element at each of in[0, operands), to `to` and, if there are two results, `count`.
flat::Handler flat_call(std::size_t operands, std::size_t results);

/// to = in[0], of 1, 2, 4, 8 or 16 bytes.
flat::Handler flat_move(std::size_t bytes);
/// to = what the address at in[0] points to; the address moves on by `value`.
flat::Handler flat_read(std::size_t bytes);
/// What the address at `to` points to = in[0]; the address moves on by `value`.
flat::Handler flat_write(std::size_t bytes);

/// Goes on `value` instructions further.
flat::Handler flat_jump();
/// Goes there if the byte at in[0] is not 0, else to the next.
flat::Handler flat_jump_if();
/// Goes there if the int32 at in[0] is not positive, else to the next.
flat::Handler flat_jump_unless_positive();
/// Goes 1 + i instructions further, where i is the int32 at in[0] clamped to [0, count].
flat::Handler flat_choose();
/// Counts the int64 at in[0] down, and goes on `value` instructions further until it is 0, then to the next.
flat::Handler flat_repeat();
/// The end.
flat::Handler flat_done();

}  // namespace fluxion::kernels::isa_baseline

// Which values may be overwritten: an instruction that changes a few elements of an array need not copy it if nobody
// reads the array afterwards.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/fusion.hpp"

namespace fluxion::compiler {

/// Where each array is read for the last time. Views are the array they are of.
class LastUses {
 public:
  LastUses(const ir::Program& p, const Fusion& fusion);
  /// Whether instruction i is the last to read the memory of its operand 0, and reads it by no other operand.
  bool ends_with(const ir::Instr& i, std::size_t operand, std::uint32_t unit);
  /// `v` lives in the memory of `in` from now on.
  void join(ir::ValueId v, ir::ValueId in);

 private:
  ir::ValueId base(ir::ValueId v);
  std::vector<ir::ValueId> base_;       // by value: what it is a view of, or shares memory with
  std::vector<std::uint32_t> last_;     // by base: number of the unit; never if it is a result
};

/// By carried value of a loop whose body takes them behind `consts` others: whether the body gives it back with some
/// elements changed, each step of which is the only reader of what it changes. A plan may then work in its memory.
std::vector<char> changed_in_place(const ir::Program& body, std::size_t consts, std::size_t carries);

/// The operands in whose memory a step for this instruction makes a result, if nobody reads them afterwards.
std::vector<std::size_t> changed_operands(const ir::Instr& i);

}  // namespace fluxion::compiler

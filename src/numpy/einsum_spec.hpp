// Specifications of Einstein sums: which letter each axis of each operand has.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fluxion/array.hpp>
#include <fluxion/contraction.hpp>

namespace fluxion {

/// The letters of operands and result. Axes of an ellipsis have letters of their own, right-aligned, so that
/// equal ones broadcast together.
struct EinsumSpec {
  std::vector<std::string> operands;
  std::string result;
  /// Of each letter; where some axes have size 1 and others another, the other.
  std::map<char, std::int64_t> sizes;
};

/// Throws ValueError for a malformed specification and for shapes that do not fit it.
EinsumSpec parse_einsum(std::string_view spec, std::span<const Shape> shapes);

/// In which order operands with these letters are multiplied. No letter may repeat within an operand.
EinsumPath find_einsum_path(const EinsumSpec& spec, Contraction optimize);

inline bool has_letter(const std::string& s, char c) { return s.find(c) != std::string::npos; }

}  // namespace fluxion

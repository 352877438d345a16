// What a band has to know of the steps that may be parts of it: their rows, and which memory each row reaches.
#pragma once

#include <vector>

#include "compiler/plan.hpp"

namespace fluxion::compiler {

/// Elements of a step, walked in row-major order of `shape` with these strides (bytes) from `base`.
struct Walk {
  Ref base;
  Dims shape, strides;
  std::int64_t itemsize;
};

/// A storage that a step writes, row after row: `bytes` of them, or only a part of it.
struct Written {
  std::uint32_t storage;
  std::size_t bytes;
  bool whole = true;
};

/// What a step's rows can be: divisors of this. 0 if it cannot be a part.
std::size_t most_rows(const Step& s);
/// Whether it can be carried out in so many rows.
bool divides(const Step& s, std::int64_t rows);
std::vector<Walk> walks(const Step& s);
/// Storages of which each row may need all.
std::vector<std::uint32_t> needed_whole(const Step& s);
std::vector<Written> written_by(const Step& s, const Plan& plan);
/// In the unit of a loop's.
double cost_of_part(const Step& s);
Band::Part as_part(Step&& s);

}  // namespace fluxion::compiler

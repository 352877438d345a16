// A traced function as ahead-of-time compilation holds it.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include <fluxion/detail/flat.hpp>
#include <fluxion/tree_def.hpp>

namespace fluxion::detail {

struct Staged {
  std::shared_ptr<const JitEntry> entry;
  TreeDef in, out;
  std::vector<std::string> arguments;  // names of the trees in `in`
  std::vector<std::string> paths;      // of their leaves
  std::vector<Aval> avals;
  std::vector<char> donated;           // by leaf, or empty

  mutable std::once_flag prepared;
  mutable Arrays packed_consts;        // captured values, row-major, for call_into
};

}  // namespace fluxion::detail

// Control flow over leaves: the compiled halves of control.hpp.
#pragma once

#include <functional>
#include <span>
#include <string>

#include <fluxion/detail/flat.hpp>
#include <fluxion/tree_def.hpp>

namespace fluxion::detail {

/// The key path of leaf i of a carry or result, for messages.
using LeafPath = std::function<std::string(std::size_t)>;

/// Throws TypeError unless `got` is the structure `expected`; `what` says what must have it: "scan: the carry that
/// f returns".
void check_structure(const char* what, const TreeDef& expected, const TreeDef& got);

/// branches[index] applied to the operands; each is traced once.
Arrays cond_flat(const char* op, const Array& index, std::span<const FlatFn> branches, const Arrays& operands,
                 const LeafPath& result_path);
/// Throws ValueError unless there is a branch.
void check_branches(std::size_t n);
/// pred as the index of {false, true}.
Array branch_index(const Array& pred);

struct WhileOptions {
  /// Reverse mode keeps at most so many bytes of the loop's trips, and runs trips again where they do not fit.
  std::optional<std::int64_t> max_residual_bytes = std::nullopt;
};
Arrays while_flat(const FlatFn& cond, const FlatFn& body, Arrays init, const WhileOptions& options, const LeafPath& carry_path);
/// body: i ++ carry -> carry, for lower <= i < upper. Bounds are i64 scalars.
Arrays fori_flat(const Array& lower, const Array& upper, const FlatFn& body, Arrays init, const WhileOptions& options,
                 const LeafPath& carry_path);

struct ScanOptions {
  std::optional<std::int64_t> length = std::nullopt;
  bool reverse = false;
  std::int64_t unroll = 1;
};
/// body: carry ++ x -> carry ++ y. Returns carry ++ ys. `what` names the caller.
Arrays scan_flat(const char* what, const FlatFn& body, Arrays init, const Arrays& xs, const ScanOptions& options,
                 const LeafPath& carry_path, const LeafPath& xs_path);

struct MapOptions {
  std::optional<std::int64_t> batch_size = std::nullopt;
};
/// f: x -> y. Returns the stacked ys.
Arrays map_flat(const FlatFn& f, const Arrays& xs, const MapOptions& options, const LeafPath& xs_path);

struct AssociativeScanOptions {
  bool reverse = false;
  std::int64_t axis = 0;
};
/// fn: a ++ b -> their combination, all of one structure.
Arrays associative_scan_flat(const FlatFn& fn, Arrays elems, const AssociativeScanOptions& options, const LeafPath& path);

}  // namespace fluxion::detail

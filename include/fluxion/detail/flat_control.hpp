// Control flow over leaves: the compiled halves of control.hpp.
#pragma once

#include <functional>
#include <span>
#include <string>

#include <fluxion/detail/flat.hpp>

namespace fluxion::detail {

/// The key path of leaf i of a carry or result, for messages.
using LeafPath = std::function<std::string(std::size_t)>;

/// branches[index] applied to the operands; each is traced once.
Arrays cond_flat(const char* op, const Array& index, std::span<const FlatFn> branches, const Arrays& operands,
                 const LeafPath& result_path);
/// pred as the index of {false, true}.
Array branch_index(const Array& pred);

Arrays while_flat(const FlatFn& cond, const FlatFn& body, Arrays init, const LeafPath& carry_path);

struct ScanOptions {
  std::optional<std::int64_t> length = std::nullopt;
  bool reverse = false;
};
/// body: carry ++ x -> carry ++ y. Returns carry ++ ys. `what` names the caller.
Arrays scan_flat(const char* what, const FlatFn& body, Arrays init, const Arrays& xs, const ScanOptions& options,
                 const LeafPath& carry_path, const LeafPath& xs_path);

}  // namespace fluxion::detail

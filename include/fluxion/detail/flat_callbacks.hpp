// Callbacks over leaves: the compiled halves of callbacks.hpp.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fluxion/detail/flat.hpp>
#include <fluxion/options.hpp>

namespace fluxion {

/// How a pure callback is called under vmap. Source: jax.pure_callback(vmap_method=...).
enum class VmapMethod : std::uint8_t {
  sequential,     // once per lane, as if in a loop
  expand_dims,    // once, with a leading axis on every operand: of extent 1 where it is not mapped
  broadcast_all,  // once, with a leading axis of the mapped size on every operand
};

namespace detail {

enum class CallbackKind : std::uint8_t { debug, pure, io };

/// A function of the host's with the avals of its results.
struct CallbackSpec {
  CallbackKind kind;
  std::string name;
  FlatFn call;
  std::vector<Aval> results = {};
  bool ordered = false;
  VmapMethod vmap_method = VmapMethod::sequential;
};
/// Hands the callback to the current transformation, or calls it.
Arrays bind_callback(CallbackSpec spec, const Arrays& operands);
/// The avals that a tree of arrays asks for, strong. Throws TypeError naming `op` for an empty handle.
std::vector<Aval> wanted_avals(const Arrays& like, const char* op);

/// An operand of debug::print: a value, or text that is fixed already.
struct PrintArg {
  std::string name;
  Array value;
  std::string text = {};
  bool is_text = false;
};
void print_flat(bool ordered, std::string_view format, std::vector<PrintArg> args);

}  // namespace detail
}  // namespace fluxion

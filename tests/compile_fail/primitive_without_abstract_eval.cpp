// error: needs the rule `static Avals abstract_eval(
#include <fluxion/extend.hpp>

namespace fx = fluxion;

struct Mine {
  using Params = fx::NoParams;
  static constexpr std::string_view name = "mine";
  static constexpr fx::Linear jvp = fx::linear;
  static constexpr fx::no_transpose transpose{"not here"};
  static fx::BatchOut batch(const fx::BatchArgs& args, const Params&) { return {{args.operands[0]}, {1}}; }
  static fx::ir::Values lower(fx::ir::Builder&, std::span<const fx::ir::ValueId> in, const Params&) { return {in[0]}; }
};
fx::Array misuse(const fx::Array& x) { return fx::bind_one<Mine>({&x, 1}, {}); }

// debug_callback, pure_callback and io_callback: calls of the host as primitives. They differ in what they promise:
// whether they have an effect, in which order, and what derivatives and vmap make of them.
#include <fluxion/callbacks.hpp>

#include "core/node.hpp"
#include "lax/callbacks/callback.hpp"
#include "lax/rules.hpp"
#include "lax/readable.hpp"

namespace fluxion {

static std::string show(VmapMethod m) {
  return m == VmapMethod::sequential ? "sequential" : m == VmapMethod::expand_dims ? "expand_dims" : "broadcast_all";
}
static std::size_t hash_value(VmapMethod m) { return static_cast<std::size_t>(m); }

namespace lax {

namespace {

Avals avals_of(ArraySpan xs) {
  Avals out;
  for (const auto& x : xs) out.push_back(x.aval());
  return out;
}

ir::Values lower_call(ir::Builder& b, std::span<const ir::ValueId> in, const CallbackPtr& f, Effect effect) {
  std::vector<ir::Type> types;
  for (const auto& a : f->results()) types.push_back({a.dtype, a.shape});
  return b.host_call(in, std::move(types), f, effect);
}

CallbackPtr for_lanes(const BatchArgs& args, const CallbackPtr& f) {
  return per_lane(f, args.size, avals_of(args.operands), args.mapped);
}
BatchOut all_mapped(Arrays results) {
  std::vector<char> mapped(results.size(), 1);
  return {std::move(results), std::move(mapped)};
}

[[noreturn]] void throw_no_derivative(std::string_view op, const JvpArgs& args) {
  std::size_t k = 0;
  while (args.tangents[k].is_empty_handle()) ++k;
  throw TypeError(text(op, ": a function of the host has no derivative, got operand ", k, " (", args.primals[k].aval(),
                       ") with a tangent; give it one with fx::custom_jvp, or put fx::stop_gradient around its operands"));
}

struct DebugCallback {
  static constexpr std::string_view name = "debug_callback";
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (CallbackPtr, callback), (bool, ordered));
  };
  static Effect effect(const Params& p) { return p.ordered ? Effect::ordered : Effect::unordered; }
  static Avals abstract_eval(AvalSpan, const Params&) { return {}; }
  // It looks at the primal values, and derivatives do not notice.
  static JvpOut jvp(const JvpArgs& args, const Params& p) { return {bind_all<DebugCallback>(args.primals, p), {}}; }
  static constexpr no_transpose transpose{"what it would look at is not computed backwards"};
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    return all_mapped(bind_all<DebugCallback>(args.operands, {for_lanes(args, p.callback), p.ordered}));
  }
  static Arrays impl(ArraySpan args, const Params& p) { return call(*p.callback, args); }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return lower_call(b, in, p.callback, effect(p));
  }
};

struct IoCallback {
  static constexpr std::string_view name = "io_callback";
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (CallbackPtr, callback), (bool, ordered));
  };
  static Effect effect(const Params& p) { return p.ordered ? Effect::ordered : Effect::unordered; }
  static Avals abstract_eval(AvalSpan, const Params& p) { return p.callback->results(); }
  static JvpOut jvp(const JvpArgs& args, const Params&) { throw_no_derivative(name, args); }
  static constexpr no_transpose transpose{"a function of the host is not linear"};
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    if (p.ordered)
      throw ValueError(text(name, ": lanes of vmap have no order, got an ordered callback that depends on one of ", args.size,
                            " lanes; leave {.ordered = true} out, or loop with fx::map instead"));
    return all_mapped(bind_all<IoCallback>(args.operands, {for_lanes(args, p.callback), false}));
  }
  static Arrays impl(ArraySpan args, const Params& p) { return call(*p.callback, args); }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return lower_call(b, in, p.callback, effect(p));
  }
};

struct PureCallback {
  static constexpr std::string_view name = "pure_callback";
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (CallbackPtr, callback), (VmapMethod, vmap_method));
  };
  static Avals abstract_eval(AvalSpan, const Params& p) { return p.callback->results(); }
  static JvpOut jvp(const JvpArgs& args, const Params&) { throw_no_derivative(name, args); }
  static constexpr no_transpose transpose{"a function of the host is not linear"};
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    if (p.vmap_method == VmapMethod::sequential)
      return all_mapped(bind_all<PureCallback>(args.operands, {for_lanes(args, p.callback), p.vmap_method}));
    const std::int64_t unmapped = p.vmap_method == VmapMethod::expand_dims ? 1 : args.size;
    Arrays operands(args.operands.begin(), args.operands.end());
    for (std::size_t i = 0; i < operands.size(); ++i)
      if (!args.mapped[i]) operands[i] = ops::repeat_along_new_axis(operands[i], unmapped, 0);
    auto results = p.callback->results();
    for (auto& a : results) a.shape.insert(0, args.size);
    return all_mapped(bind_all<PureCallback>(operands, {with_results(p.callback, std::move(results)), p.vmap_method}));
  }
  static Arrays impl(ArraySpan args, const Params& p) { return call(*p.callback, args); }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return lower_call(b, in, p.callback, Effect::none);
  }
};

const char* op_name(detail::CallbackKind kind) {
  switch (kind) {
    case detail::CallbackKind::debug: return DebugCallback::name.data();
    case detail::CallbackKind::pure: return PureCallback::name.data();
    case detail::CallbackKind::io: break;
  }
  return IoCallback::name.data();
}

}  // namespace
void list_callbacks(Readables& to) {
  to.insert(to.end(), {readable<DebugCallback>(0, ReadablePrimitive::any),
                       readable<PureCallback>(0, ReadablePrimitive::any),
                       readable<IoCallback>(0, ReadablePrimitive::any)});
}

}  // namespace lax

namespace detail {

std::vector<Aval> wanted_avals(const Arrays& like, const char* op) {
  std::vector<Aval> out;
  for (const auto& x : like) {
    if (x.is_empty_handle())
      throw TypeError(text(op, ": result_like must say shapes and dtypes, got an empty handle; use arrays, "
                           "ShapeDtypeStructs or what eval_shape returns"));
    out.push_back({x.shape(), x.dtype()});
  }
  return out;
}

Arrays bind_callback(CallbackSpec spec, const Arrays& operands) {
  const auto f = lax::user_callback(lax::op_name(spec.kind), std::move(spec.name), std::move(spec.call), std::move(spec.results));
  switch (spec.kind) {
    case CallbackKind::debug: return bind_all<lax::DebugCallback>(operands, {f, spec.ordered});
    case CallbackKind::pure: return bind_all<lax::PureCallback>(operands, {f, spec.vmap_method});
    case CallbackKind::io: break;
  }
  return bind_all<lax::IoCallback>(operands, {f, spec.ordered});
}

}  // namespace detail
}  // namespace fluxion

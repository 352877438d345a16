// What mutants are made of: primitives from a few rules, and sample arguments.
#pragma once

#include <initializer_list>
#include <utility>

#include <fluxion/extend.hpp>

#include "testing/mutants.hpp"

namespace fluxion::test {

using ArgsOf = std::function<Arrays(const Array& key)>;

/// A shape, a dtype, and what is drawn from.
struct Drawn {
  Shape shape;
  double low = 0.5, high = 2;
  DType dtype = float64;
};
/// Arguments that are uniform between bounds.
ArgsOf drawn(std::vector<Drawn> each);
/// Always these.
inline ArgsOf always(Arrays args) {
  return [args = std::move(args)](const Array&) { return args; };
}

/// A mutant and its twin from `f.operator()<bool wrong>(args)`.
template <class F>
Mutant mutant(std::string name, std::string primitive, std::string rule, ArgsOf args, F f) {
  return {std::move(name),
          std::move(primitive),
          std::move(rule),
          [f](const Arrays& x) -> Arrays { return f.template operator()<true>(x); },
          [f](const Arrays& x) -> Arrays { return f.template operator()<false>(x); },
          std::move(args)};
}

/// What operations in front of and behind a primitive look like to whoever must find it.
inline Array before(const Array& x) { return 1.1 * x + 0.05 * sin(3.0 * x); }
inline Array after(const Array& y) { return sum(y * y) + 0.3 * sum(sin(y)); }

/// Elementwise in operands of one shape. R has `name`, `value(x)`, and `tangent(i, x, t)`, the part of operand i.
template <class R>
struct Pointwise {
  static constexpr std::string_view name = R::name;
  using Params = NoParams;
  static Avals abstract_eval(AvalSpan in, const Params&) { return {{in[0].shape, in[0].dtype}}; }
  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    Array t;
    for (std::size_t i = 0; i < args.primals.size(); ++i) {
      if (args.tangents[i].is_empty_handle()) continue;
      const Array part = R::tangent(i, args.primals, args.tangents[i]);
      t = t.is_empty_handle() ? part : t + part;
    }
    return {{bind_one<Pointwise>(args.primals, p)}, {t}};
  }
  static constexpr no_transpose transpose{"not linear"};
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    Arrays x(args.operands.begin(), args.operands.end());
    for (std::size_t i = 0; i < x.size(); ++i) {
      auto shape = x[i].shape();
      if (!args.mapped[i]) shape.insert(0, args.size);
      x[i] = broadcast_to(x[i], shape);
    }
    return {bind_all<Pointwise>(x, p), {1}};
  }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params&) {
    return lower_as(b, in, [](const Arrays& x) { return Arrays{R::value(x)}; });
  }
};
template <class R, class... A>
Array pointwise(const A&... x) {
  return bind_one<Pointwise<R>>(Arrays{x...}, {});
}

/// Linear in all operands together. R has `name`, `Params`, `shape(avals, params)`, `value(x, params)` and
/// `transpose(ct, operands, params)`.
template <class R>
struct LinearOp {
  static constexpr std::string_view name = R::name;
  using Params = typename R::Params;
  static Avals abstract_eval(AvalSpan in, const Params& p) { return {{R::shape(in, p), in[0].dtype}}; }
  static constexpr Linear jvp = linear;
  static Arrays transpose(const TransposeArgs& args, const Params& p) {
    return R::transpose(args.cotangents[0], args.operands, p);
  }
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    return batch_by_loop(args, [&](const Arrays& lane) { return bind_all<LinearOp>(lane, p); });
  }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return lower_as(b, in, [&](const Arrays& x) { return Arrays{R::value(x, p)}; });
  }
};
template <class R>
Array linear_op(const Arrays& x, const typename R::Params& p = {}) {
  return bind_one<LinearOp<R>>(x, p);
}

/// Linear in each of two operands, otherwise the same.
template <class R>
struct BilinearOp {
  static constexpr std::string_view name = R::name;
  static constexpr Algebra algebra = Algebra::bilinear;
  using Params = typename R::Params;
  static Avals abstract_eval(AvalSpan in, const Params& p) { return {{R::shape(in, p), in[1].dtype}}; }
  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    const Array &a = args.primals[0], &b = args.primals[1];
    const Array &da = args.tangents[0], &db = args.tangents[1];
    Array t;
    if (!da.is_empty_handle()) t = bind_one<BilinearOp>(Arrays{da, b}, p);
    if (!db.is_empty_handle()) {
      const Array part = bind_one<BilinearOp>(Arrays{a, db}, p);
      t = t.is_empty_handle() ? part : t + part;
    }
    return {{bind_one<BilinearOp>(args.primals, p)}, {t}};
  }
  static Arrays transpose(const TransposeArgs& args, const Params& p) {
    return R::transpose(args.cotangents[0], args.operands, p);
  }
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    return batch_by_loop(args, [&](const Arrays& lane) { return bind_all<BilinearOp>(lane, p); });
  }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return lower_as(b, in, [&](const Arrays& x) { return Arrays{R::value(x, p)}; });
  }
};
template <class R>
Array bilinear_op(const Array& a, const Array& b, const typename R::Params& p = {}) {
  return bind_one<BilinearOp<R>>(Arrays{a, b}, p);
}

}  // namespace fluxion::test

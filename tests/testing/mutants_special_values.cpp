// Tangents that are wrong only somewhere: at a point, on one side, at a tie, where numbers overflow, for integers.
#include "testing/mutant_parts.hpp"

namespace fluxion::test {
namespace {

/// log cosh x; the wrong tangent saturates too early.
template <bool W>
struct LogCosh {
  static constexpr std::string_view name = "log_cosh";
  static Array value(ArraySpan x) { return abs(x[0]) + log1p(exp(-2 * abs(x[0]))) - 0.6931471805599453; }
  static Array tangent(std::size_t, ArraySpan x, const Array& t) {
    return (W ? where(x[0] > 3.0, 1.0, tanh(x[0])) : tanh(x[0])) * t;
  }
};

/// x / (1 + |x|)
template <bool W>
struct SoftSign {
  static constexpr std::string_view name = "soft_sign";
  static Array value(ArraySpan x) { return x[0] / (1 + abs(x[0])); }
  static Array tangent(std::size_t, ArraySpan x, const Array& t) {
    const Array d = 1 + (W ? x[0] : abs(x[0]));
    return t / (d * d);
  }
};

/// sin x / x; the tangent by a series near 0, where the wrong one takes the value for it.
template <bool W>
struct Cardinal {
  static constexpr std::string_view name = "cardinal_sine";
  static Array value(ArraySpan x) {
    const Array safe = where(x[0] == 0.0, 1.0, x[0]);
    return where(x[0] == 0.0, 1.0, sin(safe) / safe);
  }
  static Array tangent(std::size_t, ArraySpan x, const Array& t) {
    const Array near = abs(x[0]) < 0.1, safe = where(near, 1.0, x[0]), x2 = x[0] * x[0];
    const Array series = -x[0] / 3 * (1 - x2 / 10 * (1 - x2 / 28 * (1 - x2 / 54 * (1 - x2 / 88))));
    const Array d = where(near, series, (safe * cos(safe) - sin(safe)) / (safe * safe));
    return (W ? where(x[0] == 0.0, 1.0, d) : d) * t;
  }
};

/// The larger of x and y.
template <bool W>
struct Larger {
  static constexpr std::string_view name = "larger";
  static Array value(ArraySpan x) { return maximum(x[0], x[1]); }
  static Array tangent(std::size_t i, ArraySpan x, const Array& t) {
    const Array &mine = x[i], &other = x[1 - i];
    return where(mine > other, t, where(mine == other, W ? t : 0.5 * t, 0.0));
  }
};

/// log(1 + e^x) without overflow; the wrong tangent is a quotient of infinities above 710.
template <bool W>
struct Ramp {
  static constexpr std::string_view name = "ramp";
  static Array value(ArraySpan x) { return maximum(x[0], 0.0) + log1p(exp(-abs(x[0]))); }
  static Array tangent(std::size_t, ArraySpan x, const Array& t) {
    return (W ? exp(x[0]) / (1 + exp(x[0])) : sigmoid(x[0])) * t;
  }
  static Array sigmoid(const Array& x) { return 0.5 * (1 + tanh(0.5 * x)); }
};

/// sqrt x, and 0 below 0
template <bool W>
struct HalfRoot {
  static constexpr std::string_view name = "half_root";
  static Array value(ArraySpan x) { return where(x[0] > 0.0, sqrt(where(x[0] > 0.0, x[0], 1.0)), 0.0); }
  static Array tangent(std::size_t, ArraySpan x, const Array& t) {
    if (W) return t * 0.5 / sqrt(x[0]);
    const Array inside = x[0] > 0.0;
    return where(inside, t * 0.5 / sqrt(where(inside, x[0], 1.0)), 0.0);
  }
};

/// x^2 / 2 up to 1, |x| - 1/2 from there
template <bool W>
struct Robust {
  static constexpr std::string_view name = "robust_loss";
  static Array value(ArraySpan x) { return where(abs(x[0]) < 1.0, 0.5 * x[0] * x[0], abs(x[0]) - 0.5); }
  static Array tangent(std::size_t, ArraySpan x, const Array& t) {
    return where(abs(x[0]) < (W ? 1.5 : 1.0), x[0], sign(x[0])) * t;
  }
};

/// floor(x) as an integer, which has no tangent.
template <bool W>
struct Bucket {
  static constexpr std::string_view name = "bucket";
  using Params = NoParams;
  static Avals abstract_eval(AvalSpan in, const Params&) { return {{in[0].shape, int64}}; }
  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    return {{bind_one<Bucket>(args.primals, p)}, {W ? args.tangents[0] : Array{}}};
  }
  static constexpr no_transpose transpose{"not linear"};
  static BatchOut batch(const BatchArgs& args, const Params& p) { return {bind_all<Bucket>(args.operands, p), {1}}; }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params&) {
    return lower_as(b, in, [](const Arrays& x) { return Arrays{floor(x[0]).astype(int64)}; });
  }
};

/// x^n for an integer n; the wrong tangent is off by one in n, which shows from n = 2 on.
template <bool W>
struct WholePower {
  static constexpr std::string_view name = "whole_power";
  using Params = NoParams;
  static Avals abstract_eval(AvalSpan in, const Params&) { return {{in[0].shape, in[0].dtype}}; }
  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    const Array &x = args.primals[0], &n = args.primals[1], &t = args.tangents[0];
    return {
        {bind_one<WholePower>(args.primals, p)},
        {t.is_empty_handle() ? t : bind_one<WholePower>(Arrays{x, n - 1}, p) * (W ? n - 1 : n).astype(x.dtype()) * t}};
  }
  static constexpr no_transpose transpose{"not linear"};
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    return batch_by_loop(args, [&](const Arrays& lane) { return bind_all<WholePower>(lane, p); });
  }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params&) {
    return lower_as(b, in, [](const Arrays& x) { return Arrays{power(x[0], x[1].astype(x[0].dtype()))}; });
  }
};

/// The tangent of another dtype, or of another shape, than the value.
enum class Misfit { none, dtype, shape };
template <Misfit misfit>
struct Doubled {
  static constexpr std::string_view name = "doubled";
  static Array value(ArraySpan x) { return 2 * x[0]; }
  static Array tangent(std::size_t, ArraySpan, const Array& t) {
    if (misfit == Misfit::dtype) return (2 * t).astype(float32);
    return misfit == Misfit::shape ? 2 * sum(t) : 2 * t;
  }
};

template <template <bool> class R>
constexpr auto alone = []<bool W>(const Arrays& x) { return Arrays{pointwise<R<W>>(x[0])}; };

}  // namespace

void add_special_value_mutants(std::vector<Mutant>& to) {
  const auto values = [](std::initializer_list<double> v) { return always({array(v)}); };
  to.push_back(mutant("large arguments only", "log_cosh", "jvp", values({0.5, 1.5, 3.25}), alone<LogCosh>));
  to.push_back(mutant("negative arguments only", "soft_sign", "jvp", drawn({{{6}, -2, 2}}), alone<SoftSign>));
  to.push_back(mutant("at 0 only", "cardinal_sine", "jvp", values({0.0, 0.5, 1.5}), alone<Cardinal>));
  to.push_back(mutant("at ties only", "larger", "jvp",
                      always({array({1.0, 2.0, 3.0, 4.0}), array({0.5, 2.0, 3.5, 1.0})}),
                      []<bool W>(const Arrays& x) { return Arrays{pointwise<Larger<W>>(x[0], x[1])}; }));
  to.push_back(mutant("NaN where the value is finite", "ramp", "jvp", values({-1.0, 2.0, 800.0}), alone<Ramp>));
  to.push_back(mutant("NaN behind a guard", "half_root", "jvp", values({2.0, 0.5, -1.0}), alone<HalfRoot>));
  to.push_back(mutant("the wrong branch between two thresholds", "robust_loss", "jvp", values({0.5, -1.25, 2.0}),
                      alone<Robust>));
  to.push_back(mutant("an integer result with a tangent", "bucket", "jvp", values({0.5, 1.25, 2.75}),
                      []<bool W>(const Arrays& x) {
                        const Array whole = bind_one<Bucket<W>>(x, {});
                        return Arrays{sin(x[0]) + whole.astype(float64)};
                      }));
  to.push_back(mutant("off by one in an integer argument", "whole_power", "jvp of argument 0",
                      always({array({0.5, 1.5}), array<std::int64_t>({2, 3})}),
                      []<bool W>(const Arrays& x) { return Arrays{bind_one<WholePower<W>>(x, {})}; }));
  to.push_back(mutant("tangent of another dtype", "doubled", "jvp", drawn({{{3}}}), []<bool W>(const Arrays& x) {
    return Arrays{pointwise<Doubled<W ? Misfit::dtype : Misfit::none>>(x[0])};
  }));
  to.push_back(mutant("tangent of another shape", "doubled", "jvp", drawn({{{3}}}), []<bool W>(const Arrays& x) {
    return Arrays{pointwise<Doubled<W ? Misfit::shape : Misfit::none>>(x[0])};
  }));
}

}  // namespace fluxion::test

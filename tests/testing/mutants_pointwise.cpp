// Wrong tangents of elementwise primitives.
#include "testing/mutant_parts.hpp"

namespace fluxion::test {

ArgsOf drawn(std::vector<Drawn> each) {
  return [each = std::move(each)](const Array& key) {
    Arrays out;
    const Array keys = random::split(key, static_cast<std::int64_t>(each.size()) + 1);
    for (std::size_t i = 0; i < each.size(); ++i) {
      const auto& d = each[i];
      const Array k = keys[static_cast<std::int64_t>(i)];
      if (is_integer(d.dtype)) {
        out.push_back(
            random::randint(k, d.shape, static_cast<std::int64_t>(d.low), static_cast<std::int64_t>(d.high), d.dtype));
      } else if (is_complex(d.dtype)) {
        const auto parts = random::split(k);
        out.push_back(lax::complex(random::uniform(parts[0], d.shape, float64, d.low, d.high),
                                   random::uniform(parts[1], d.shape, float64, d.low, d.high))
                          .astype(d.dtype));
      } else {
        out.push_back(random::uniform(k, d.shape, float64, d.low, d.high).astype(d.dtype));
      }
    }
    return out;
  };
}

namespace {

/// cos x
template <bool W>
struct Wave {
  static constexpr std::string_view name = "wave";
  static Array value(ArraySpan x) { return cos(x[0]); }
  static Array tangent(std::size_t, ArraySpan x, const Array& t) { return W ? sin(x[0]) * t : -sin(x[0]) * t; }
};

/// x^2
template <bool W>
struct Squared {
  static constexpr std::string_view name = "squared";
  static Array value(ArraySpan x) { return x[0] * x[0]; }
  static Array tangent(std::size_t, ArraySpan x, const Array& t) { return W ? x[0] * t : 2 * x[0] * t; }
};

/// x sin x
template <bool W>
struct Chirp {
  static constexpr std::string_view name = "chirp";
  static Array value(ArraySpan x) { return x[0] * sin(x[0]); }
  static Array tangent(std::size_t, ArraySpan x, const Array& t) {
    return W ? sin(x[0]) * t : (sin(x[0]) + x[0] * cos(x[0])) * t;
  }
};

/// The angle of the point (x, y), given y and x.
template <bool W>
struct Angle {
  static constexpr std::string_view name = "angle";
  static Array value(ArraySpan x) { return arctan2(x[0], x[1]); }
  static Array tangent(std::size_t i, ArraySpan x, const Array& t) {
    const Array r2 = x[0] * x[0] + x[1] * x[1];
    const Array& other = x[W ? i : 1 - i];
    return (i == 0 ? other : -other) / r2 * t;
  }
};

/// sqrt(x^2 + y^2)
template <bool W>
struct Length {
  static constexpr std::string_view name = "length";
  static Array value(ArraySpan x) { return sqrt(x[0] * x[0] + x[1] * x[1]); }
  static Array tangent(std::size_t i, ArraySpan x, const Array& t) {
    return x[W ? 0 : i] / sqrt(x[0] * x[0] + x[1] * x[1]) * t;
  }
};

/// e^x
template <bool W>
struct Growth {
  static constexpr std::string_view name = "growth";
  static Array value(ArraySpan x) { return exp(x[0]); }
  static Array tangent(std::size_t, ArraySpan x, const Array& t) { return (W ? 1.0001 : 1.0) * exp(x[0]) * t; }
};

/// sin(pi x)
template <bool W>
struct SinPi {
  static constexpr std::string_view name = "sin_pi";
  static Array value(ArraySpan x) { return sin(pi * x[0]); }
  static Array tangent(std::size_t, ArraySpan x, const Array& t) { return (W ? 3.1416 : pi) * cos(pi * x[0]) * t; }
};

/// x^y
template <bool W>
struct RealPower {
  static constexpr std::string_view name = "real_power";
  static Array value(ArraySpan x) { return power(x[0], x[1]); }
  static Array tangent(std::size_t i, ArraySpan x, const Array& t) {
    if (i == 0) return x[1] * power(x[0], x[1] - 1.0) * t;
    return W ? power(x[0], x[1]) * t : power(x[0], x[1]) * log(x[0]) * t;
  }
};

/// x e^y
template <bool W>
struct Lifted {
  static constexpr std::string_view name = "lifted";
  static Array value(ArraySpan x) { return x[0] * exp(x[1]); }
  static Array tangent(std::size_t i, ArraySpan x, const Array& t) {
    if (i == 0) return exp(x[1]) * t;
    return W ? zeros_like(x[0]) : x[0] * exp(x[1]) * t;
  }
};

/// sqrt(1 + x^2), to double precision
template <bool W>
struct Bowl {
  static constexpr std::string_view name = "bowl";
  static Array value(ArraySpan x) { return sqrt(1 + x[0] * x[0]); }
  static Array tangent(std::size_t, ArraySpan x, const Array& t) {
    const Array d = x[0] / sqrt(1 + x[0] * x[0]);
    return W && x[0].dtype() == float32 ? 1.01F * d * t : d * t;
  }
};

/// sin x
template <bool W>
struct LongSine {
  static constexpr std::string_view name = "long_sine";
  static Array value(ArraySpan x) { return sin(x[0]); }
  static Array tangent(std::size_t, ArraySpan x, const Array& t) {
    return W && x[0].size() > 64 ? (1 - x[0] * x[0] / 2) * t : cos(x[0]) * t;
  }
};

/// sin x, of which one element's slope is off by three in a thousand.
template <bool W>
struct OneElement {
  static constexpr std::string_view name = "crowded_sine";
  static Array value(ArraySpan x) { return sin(x[0]); }
  static Array tangent(std::size_t, ArraySpan x, const Array& t) {
    const Array d = cos(x[0]) * t;
    return W && d.size() > 200 ? d * where(reshape(arange(d.size()), d.shape()) == 123, 1.003, 1.0) : d;
  }
};

/// 1 / (1 + e^-x), four at a time
template <bool W>
struct Squash {
  static constexpr std::string_view name = "squash";
  static Array value(ArraySpan x) { return 1 / (1 + exp(-x[0])); }
  static Array tangent(std::size_t, ArraySpan x, const Array& t) {
    const Array s = 1 / (1 + exp(-x[0])), d = s * (1 - s) * t;
    if (!W) return d;
    const auto n = d.size(), whole = n - n % 4;
    return where(reshape(arange(n), d.shape()) < whole, d, 0.0);
  }
};

/// tanh x
template <bool W>
struct Steep {
  static constexpr std::string_view name = "steep";
  static Array value(ArraySpan x) { return tanh(x[0]); }
  static Array tangent(std::size_t, ArraySpan x, const Array& t) {
    const Array y = tanh(x[0]);
    return (1 - y * y) * (W ? abs(t) : t);
  }
};

/// atan x, whose wrong slope goes by way of single precision.
template <bool W>
struct Coarse {
  static constexpr std::string_view name = "coarse";
  static Array value(ArraySpan x) { return arctan(x[0]); }
  static Array tangent(std::size_t, ArraySpan x, const Array& t) {
    const Array d = 1 / (1 + x[0] * x[0]);
    return (W ? d.astype(float32).astype(x[0].dtype()) : d) * t;
  }
};

/// atan x
template <bool W>
struct Rough {
  static constexpr std::string_view name = "rough";
  static Array value(ArraySpan x) { return arctan(x[0]); }
  static Array tangent(std::size_t, ArraySpan x, const Array& t) {
    return (W ? 1.00000001 : 1.0) / (1 + x[0] * x[0]) * t;
  }
};

struct Scale {
  BOOST_HANA_DEFINE_STRUCT(Scale, (double, scale));
};
/// s x / (1 + |x|), by a primitive that must not forget s.
enum class Forgets { nothing, in_value, in_tangent };
template <Forgets where>
struct Softened {
  static constexpr std::string_view name = "softened";
  using Params = Scale;
  static Avals abstract_eval(AvalSpan in, const Params&) { return {{in[0].shape, in[0].dtype}}; }
  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    const Array d = 1.0 + abs(args.primals[0]);
    return {{bind_one<Softened>(args.primals, where == Forgets::in_value ? Scale{1.0} : p)},
            {args.tangents[0] * ((where == Forgets::in_tangent ? 1.0 : p.scale) / (d * d))}};
  }
  static constexpr no_transpose transpose{"not linear"};
  static BatchOut batch(const BatchArgs& args, const Params& p) { return {bind_all<Softened>(args.operands, p), {1}}; }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return lower_as(b, in, [&](const Arrays& x) { return Arrays{p.scale * x[0] / (1.0 + abs(x[0]))}; });
  }
};
template <Forgets where>
Arrays softened(const Array& x) {
  const Array in = before(x);
  return {after(bind_one<Softened<where>>({&in, 1}, {2.5}))};
}

/// |z|^2 of complex z
template <bool W>
struct SquaredModulus {
  static constexpr std::string_view name = "squared_modulus";
  using Params = NoParams;
  static Avals abstract_eval(AvalSpan in, const Params&) {
    return {{in[0].shape, in[0].dtype == complex64 ? float32 : float64}};
  }
  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    const Array& z = args.primals[0];
    return {{bind_one<SquaredModulus>(args.primals, p)}, {2.0 * real((W ? z : conj(z)) * args.tangents[0])}};
  }
  static constexpr no_transpose transpose{"not linear"};
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    return {bind_all<SquaredModulus>(args.operands, p), {1}};
  }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params&) {
    return lower_as(b, in, [](const Arrays& z) { return Arrays{real(z[0]) * real(z[0]) + imag(z[0]) * imag(z[0])}; });
  }
};

/// A unary rule amid other operations.
template <template <bool> class R>
constexpr auto amid = []<bool W>(const Arrays& x) { return Arrays{after(pointwise<R<W>>(before(x[0])))}; };
template <template <bool> class R>
constexpr auto amid_two =
    []<bool W>(const Arrays& x) { return Arrays{after(pointwise<R<W>>(before(x[0]), x[1] * x[1]) * cos(x[0]))}; };
template <template <bool> class R>
constexpr auto alone = []<bool W>(const Arrays& x) { return Arrays{pointwise<R<W>>(x[0])}; };

}  // namespace

void add_pointwise_mutants(std::vector<Mutant>& to) {
  const auto vector = drawn({{{4}}}), two = drawn({{{3}}, {{3}}});
  to.push_back(mutant("wrong sign", "wave", "jvp", vector, amid<Wave>));
  to.push_back(mutant("factor 2", "squared", "jvp", vector, amid<Squared>));
  to.push_back(mutant("missing term", "chirp", "jvp", vector, amid<Chirp>));
  to.push_back(mutant("swapped arguments", "angle", "jvp of argument", two, amid_two<Angle>));
  to.push_back(mutant("second argument only", "length", "jvp of argument 1", two, amid_two<Length>));
  to.push_back(mutant("relative error 1e-4", "growth", "jvp", vector, amid<Growth>));
  to.push_back(mutant("truncated constant", "sin_pi", "jvp", vector, amid<SinPi>));
  to.push_back(mutant("missing logarithm", "real_power", "jvp of argument 1", two, amid_two<RealPower>));
  to.push_back(mutant("second argument forgotten", "lifted", "jvp of argument 1", two, amid_two<Lifted>));
  to.push_back(mutant("in float32 only", "bowl", "jvp", drawn({{{4}, 0.5, 2, float32}}), alone<Bowl>));
  to.push_back(mutant("above 64 elements only", "long_sine", "jvp", drawn({{{100}, 0.5, 1}}), alone<LongSine>));
  to.push_back(mutant("the last elements only", "squash", "jvp", drawn({{{6}}}), alone<Squash>));
  to.push_back(
      mutant("one element of three hundred", "crowded_sine", "jvp", drawn({{{300}, 0.5, 1}}), alone<OneElement>));
  to.push_back(mutant("wrong sign of a small derivative", "wave", "jvp", vector,
                      []<bool W>(const Arrays& x) { return Arrays{1e-9 * pointwise<Wave<W>>(before(x[0]))}; }));
  to.push_back(mutant("not linear in the tangent", "steep", "jvp", vector, alone<Steep>));
  to.push_back(mutant("relative error 1e-8", "rough", "jvp", vector, alone<Rough>));
  to.push_back(mutant("a slope in single precision", "coarse", "jvp", vector, alone<Coarse>));
  to.push_back(mutant("modulus without conjugate", "squared_modulus", "jvp", drawn({{{3}, 0.5, 2, complex128}}),
                      []<bool W>(const Arrays& z) {
                        return Arrays{bind_one<SquaredModulus<W>>({z.data(), 1}, {})};
                      }));
  to.push_back(
      mutant("parameter dropped from the value in jvp", "softened", "jvp", vector,
             []<bool W>(const Arrays& x) { return softened < W ? Forgets::in_value : Forgets::nothing > (x[0]); }));
  to.push_back(mutant("parameter dropped from the tangent", "softened", "jvp", vector, []<bool W>(const Arrays& x) {
    return softened < W ? Forgets::in_tangent : Forgets::nothing > (x[0]);
  }));
}

}  // namespace fluxion::test

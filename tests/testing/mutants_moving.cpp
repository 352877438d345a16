// Wrong transposes of maps that move elements.
#include "testing/mutant_parts.hpp"

namespace fluxion::test {
namespace {

using Operands = std::span<const TransposeArg>;

struct Steps {
  BOOST_HANA_DEFINE_STRUCT(Steps, (std::int64_t, by));
};
/// Elements moved round by n; the transpose moves them back.
template <bool W>
struct Shift {
  static constexpr std::string_view name = "shift";
  using Params = Steps;
  static Shape shape(AvalSpan in, const Params&) { return in[0].shape; }
  static Array value(const Arrays& x, const Params& p) { return roll(x[0], p.by, -1); }
  static Arrays transpose(const Array& ct, Operands, const Params& p) {
    return {linear_op<Shift>({ct}, {W ? p.by : -p.by})};
  }
};

struct Direction {
  BOOST_HANA_DEFINE_STRUCT(Direction, (bool, reverse));
};
/// Sums up to each element, or from each on.
template <bool W>
struct RunningSum {
  static constexpr std::string_view name = "running_sum";
  using Params = Direction;
  static Shape shape(AvalSpan in, const Params&) { return in[0].shape; }
  static Array value(const Arrays& x, const Params& p) { return p.reverse ? flip(cumsum(flip(x[0]))) : cumsum(x[0]); }
  static Arrays transpose(const Array& ct, Operands, const Params& p) {
    return {linear_op<RunningSum>({ct}, {W ? p.reverse : !p.reverse})};
  }
};

struct Margins {
  BOOST_HANA_DEFINE_STRUCT(Margins, (std::int64_t, low), (std::int64_t, high));
};
/// Zeros around a vector; the wrong transpose cuts one element too early.
template <bool W>
struct Framed {
  static constexpr std::string_view name = "framed";
  using Params = Margins;
  static Shape shape(AvalSpan in, const Params& p) { return {in[0].shape[0] + p.low + p.high}; }
  static Array value(const Arrays& x, const Params& p) { return pad(x[0], PadWidth(p.low, p.high)); }
  static Arrays transpose(const Array& ct, Operands of, const Params& p) {
    const auto first = W ? p.low - 1 : p.low;
    return {ct[range(first, first + of[0].aval.shape[0])]};
  }
};

/// All but some elements at the ends of a vector; the wrong transpose puts them one too far.
template <bool W>
struct Window {
  static constexpr std::string_view name = "window";
  using Params = Margins;
  static Shape shape(AvalSpan in, const Params& p) { return {in[0].shape[0] - p.low - p.high}; }
  static Array value(const Arrays& x, const Params& p) { return x[0][range(p.low, x[0].shape(0) - p.high)]; }
  static Arrays transpose(const Array& ct, Operands, const Params& p) {
    return {W ? pad(ct, PadWidth(p.low + 1, p.high - 1)) : pad(ct, PadWidth(p.low, p.high))};
  }
};

/// Two vectors, one after the other.
enum class Joins { right, forgets_second, swaps };
template <Joins how>
struct Joined {
  static constexpr std::string_view name = "joined";
  using Params = NoParams;
  static Shape shape(AvalSpan in, const Params&) { return {in[0].shape[0] + in[1].shape[0]}; }
  static Array value(const Arrays& x, const Params&) { return concatenate({x[0], x[1]}); }
  static Arrays transpose(const Array& ct, Operands of, const Params&) {
    const auto n = of[0].aval.shape[0];
    const Array a = ct[range(none, n)], b = ct[range(n, none)];
    if (how == Joins::forgets_second) return {a, {}};
    return how == Joins::swaps ? Arrays{b, a} : Arrays{a, b};
  }
};

struct Places {
  BOOST_HANA_DEFINE_STRUCT(Places, (Dims, at));
};
/// The elements at some places, any number of times; the wrong transpose sets instead of adding.
template <bool W>
struct Picked {
  static constexpr std::string_view name = "picked";
  using Params = Places;
  static Array index(const Params& p) {  // of scalars, because lowered code captures no arrays
    Arrays each;
    for (const auto i : p.at) each.push_back(full({1}, i, int64));
    return concatenate(each);
  }
  static Shape shape(AvalSpan, const Params& p) { return {static_cast<std::int64_t>(p.at.size())}; }
  static Array value(const Arrays& x, const Params& p) { return x[0][index(p)]; }
  static Arrays transpose(const Array& ct, Operands of, const Params& p) {
    const Array zeros = fluxion::zeros(of[0].aval.shape, of[0].aval.dtype);
    return {W ? zeros.at(index(p)).set(ct) : zeros.at(index(p)).add(ct)};
  }
};

/// The upper triangle of a matrix; the wrong transpose loses the diagonal.
template <bool W>
struct Upper {
  static constexpr std::string_view name = "upper";
  using Params = NoParams;
  static Shape shape(AvalSpan in, const Params&) { return in[0].shape; }
  static Array value(const Arrays& x, const Params&) { return triu(x[0]); }
  static Arrays transpose(const Array& ct, Operands, const Params&) { return {triu(ct, W ? 1 : 0)}; }
};

constexpr auto joined_with = []<Joins how>(const Arrays& x) {
  return Arrays{sum(arange(1.0, 5.0) * sin(linear_op<Joined<how>>({before(x[0]), x[1]})))};
};

}  // namespace

void add_moving_mutants(std::vector<Mutant>& to) {
  const auto vector = drawn({{{4}}}), two = drawn({{{2}}, {{2}}});
  to.push_back(mutant("shift transposed the same way", "shift", "transpose", vector, []<bool W>(const Arrays& x) {
    return Arrays{sum(arange(4.0) * sin(linear_op<Shift<W>>({before(x[0])}, {1})))};
  }));
  to.push_back(
      mutant("running sum transposed the same way", "running_sum", "transpose", vector,
             []<bool W>(const Arrays& x) { return Arrays{after(linear_op<RunningSum<W>>({before(x[0])}, {false}))}; }));
  to.push_back(mutant("pad transposed one slice off", "framed", "transpose", vector, []<bool W>(const Arrays& x) {
    return Arrays{sum(arange(1.0, 8.0) * sin(1 + linear_op<Framed<W>>({before(x[0])}, {2, 1})))};
  }));
  to.push_back(mutant("slice transposed one slice off", "window", "transpose", vector, []<bool W>(const Arrays& x) {
    return Arrays{after(linear_op<Window<W>>({before(x[0])}, {1, 1}))};
  }));
  to.push_back(mutant("second linear operand forgotten", "joined", "transpose", two, []<bool W>(const Arrays& x) {
    return joined_with.operator() < W ? Joins::forgets_second : Joins::right > (x);
  }));
  to.push_back(mutant("cotangents in the wrong order", "joined", "transpose", two, []<bool W>(const Arrays& x) {
    return joined_with.operator() < W ? Joins::swaps : Joins::right > (x);
  }));
  to.push_back(mutant("repeated indices set, not added", "picked", "transpose", vector, []<bool W>(const Arrays& x) {
    return Arrays{after(linear_op<Picked<W>>({before(x[0])}, {{0, 2, 2, 3}}))};
  }));
  to.push_back(mutant("diagonal lost", "upper", "transpose", drawn({{{3, 3}}}),
                      []<bool W>(const Arrays& x) { return Arrays{after(linear_op<Upper<W>>({before(x[0])}))}; }));
}

}  // namespace fluxion::test

// Wrong transposes of maps that are sums of products.
#include <cmath>

#include "testing/mutant_parts.hpp"

namespace fluxion::test {
namespace {

using Operands = std::span<const TransposeArg>;

struct Turn {
  BOOST_HANA_DEFINE_STRUCT(Turn, (double, angle));
};
/// Points of the plane, turned; the transpose turns back.
template <bool W>
struct Rotation {
  static constexpr std::string_view name = "rotation";
  using Params = Turn;
  static Shape shape(AvalSpan in, const Params&) { return in[0].shape; }
  static Array value(const Arrays& x, const Params& p) {
    const double c = std::cos(p.angle), s = std::sin(p.angle);
    const Array a = x[0][{ellipsis, 0}], b = x[0][{ellipsis, 1}];
    return stack({c * a - s * b, s * a + c * b}, -1);
  }
  static Arrays transpose(const Array& ct, Operands, const Params& p) {
    return {linear_op<Rotation>({ct}, {W ? p.angle : -p.angle})};
  }
};

/// 2 x, whose transpose says nothing.
template <bool W>
struct Relay {
  static constexpr std::string_view name = "relay";
  using Params = NoParams;
  static Shape shape(AvalSpan in, const Params&) { return in[0].shape; }
  static Array value(const Arrays& x, const Params&) { return 2.0 * x[0]; }
  static Arrays transpose(const Array& ct, Operands, const Params&) { return {W ? Array{} : linear_op<Relay>({ct})}; }
};

struct Copies {
  BOOST_HANA_DEFINE_STRUCT(Copies, (std::int64_t, count));
};
/// n copies, along a new axis in front; the transpose is their sum.
enum class Spreads { right, mean, first };
template <Spreads how>
struct Spread {
  static constexpr std::string_view name = "spread";
  using Params = Copies;
  static Shape shape(AvalSpan in, const Params& p) {
    Shape s = in[0].shape;
    s.insert(0, p.count);
    return s;
  }
  static Array value(const Arrays& x, const Params& p) {
    Shape s = x[0].shape();
    s.insert(0, p.count);
    return broadcast_to(x[0], s);
  }
  static Arrays transpose(const Array& ct, Operands, const Params&) {
    return {how == Spreads::mean ? mean(ct, 0) : how == Spreads::first ? ct[0] : sum(ct, 0)};
  }
};

/// Sums over the rows of a matrix; the transpose repeats rows, not columns.
template <bool W>
struct ColumnSums {
  static constexpr std::string_view name = "column_sums";
  using Params = NoParams;
  static Shape shape(AvalSpan in, const Params&) { return {in[0].shape[1]}; }
  static Array value(const Arrays& x, const Params&) { return sum(x[0], 0); }
  static Arrays transpose(const Array& ct, Operands of, const Params&) {
    const Array grown = broadcast_to(ct, of[0].aval.shape);
    return {W ? grown.T() : grown};
  }
};

/// x - y
template <bool W>
struct Gap {
  static constexpr std::string_view name = "gap";
  using Params = NoParams;
  static Shape shape(AvalSpan in, const Params&) { return in[0].shape; }
  static Array value(const Arrays& x, const Params&) { return x[0] - x[1]; }
  static Arrays transpose(const Array& ct, Operands, const Params&) { return {ct, W ? ct : -ct}; }
};

/// A matrix times a vector.
template <bool W>
struct Applied {
  static constexpr std::string_view name = "applied";
  using Params = NoParams;
  static Shape shape(AvalSpan in, const Params&) { return {in[0].shape[0]}; }
  static Array value(const Arrays& x, const Params&) { return matmul(x[0], x[1]); }
  static Arrays transpose(const Array& ct, Operands of, const Params&) {
    if (of[0].linear()) return {outer(ct, of[1].value), {}};
    return {{}, matmul(W ? of[0].value : of[0].value.T(), ct)};
  }
};

struct Factor {
  BOOST_HANA_DEFINE_STRUCT(Factor, (double, by));
};
/// c x y, elementwise; the wrong transpose forgets c.
template <bool W>
struct ScaledProduct {
  static constexpr std::string_view name = "scaled_product";
  using Params = Factor;
  static Shape shape(AvalSpan in, const Params&) { return in[0].shape; }
  static Array value(const Arrays& x, const Params& p) { return p.by * x[0] * x[1]; }
  static Arrays transpose(const Array& ct, Operands of, const Params& p) {
    const Params kept{W ? 1.0 : p.by};
    if (of[0].linear()) return {bilinear_op<ScaledProduct>(ct, of[1].value, kept), {}};
    return {{}, bilinear_op<ScaledProduct>(of[0].value, ct, kept)};
  }
};

/// z e^(i angle)
template <bool W>
struct Phase {
  static constexpr std::string_view name = "phase";
  using Params = Turn;
  static Shape shape(AvalSpan in, const Params&) { return in[0].shape; }
  static Array value(const Arrays& z, const Params& p) { return std::polar(1.0, p.angle) * z[0]; }
  static Arrays transpose(const Array& ct, Operands, const Params& p) {
    return {linear_op<Phase>({ct}, {W ? -p.angle : p.angle})};
  }
};

struct Side {
  BOOST_HANA_DEFINE_STRUCT(Side, (bool, transposed));
};
/// The x of L x = b, or of L^T x = b, for a fixed lower triangle L.
template <bool W>
struct ForwardSolve {
  static constexpr std::string_view name = "forward_solve";
  using Params = Side;
  static Shape shape(AvalSpan in, const Params&) { return in[0].shape; }
  static Array value(const Arrays& x, const Params& p) {
    const Array row = lax::iota(float64, {3, 3}, 0), column = lax::iota(float64, {3, 3}, 1);
    const Array l = where(row >= column, 1.5 + row - 0.5 * column, 0.0);
    return linalg::solve(p.transposed ? l.T() : l, x[0]);
  }
  static Arrays transpose(const Array& ct, Operands, const Params& p) {
    return {linear_op<ForwardSolve>({ct}, {W ? p.transposed : !p.transposed})};
  }
};

/// The mean of a vector; the wrong transpose counts at most 64 elements.
template <bool W>
struct Centre {
  static constexpr std::string_view name = "centre";
  using Params = NoParams;
  static Shape shape(AvalSpan, const Params&) { return {}; }
  static Array value(const Arrays& x, const Params&) { return mean(x[0]); }
  static Arrays transpose(const Array& ct, Operands of, const Params&) {
    const auto n = of[0].aval.size();
    return {broadcast_to(ct / static_cast<double>(W ? std::min<std::int64_t>(n, 64) : n), of[0].aval.shape)};
  }
};

constexpr auto rotation = []<bool W>(const Arrays& x) {
  return Arrays{after(linear_op<Rotation<W>>({before(x[0])}, {0.4}))};
};
constexpr auto spread_with = []<Spreads how>(const Arrays& x) {
  return Arrays{sum(arange(1.0, 4.0)[{range(), newaxis}] * sin(linear_op<Spread<how>>({before(x[0])}, {3})))};
};

void add_products(std::vector<Mutant>& to) {
  to.push_back(
      mutant("matrix not transposed", "applied", "transpose", drawn({{{3, 3}}, {{3}}}),
             []<bool W>(const Arrays& x) { return Arrays{after(bilinear_op<Applied<W>>(before(x[0]), x[1]))}; }));
  to.push_back(mutant(
      "parameter dropped from a transpose", "scaled_product", "transpose", drawn({{{3}}, {{3}}}),
      []<bool W>(const Arrays& x) { return Arrays{after(bilinear_op<ScaledProduct<W>>(before(x[0]), x[1], {1.5}))}; }));
  to.push_back(mutant(
      "triangle not transposed", "forward_solve", "transpose", drawn({{{3}}}),
      []<bool W>(const Arrays& x) { return Arrays{after(linear_op<ForwardSolve<W>>({before(x[0])}, {false}))}; }));
}

}  // namespace

void add_linear_mutants(std::vector<Mutant>& to) {
  to.push_back(mutant("transpose of a matrix instead of its inverse turn", "rotation", "transpose", drawn({{{3, 2}}}),
                      rotation));
  to.push_back(mutant("silently zero cotangent", "relay", "transpose", drawn({{{3}}}),
                      []<bool W>(const Arrays& x) { return Arrays{after(linear_op<Relay<W>>({before(x[0])}))}; }));
  to.push_back(mutant(
      "broadcast transposed to a mean", "spread", "transpose", drawn({{{2}}}),
      []<bool W>(const Arrays& x) { return spread_with.operator() < W ? Spreads::mean : Spreads::right > (x); }));
  to.push_back(mutant(
      "broadcast transposed without a sum", "spread", "transpose", drawn({{{2}}}),
      []<bool W>(const Arrays& x) { return spread_with.operator() < W ? Spreads::first : Spreads::right > (x); }));
  to.push_back(mutant("sum transposed along the wrong axis", "column_sums", "transpose", drawn({{{3, 3}}}),
                      []<bool W>(const Arrays& x) { return Arrays{after(linear_op<ColumnSums<W>>({before(x[0])}))}; }));
  to.push_back(
      mutant("sign of the second cotangent", "gap", "transpose", drawn({{{3}}, {{3}}}), []<bool W>(const Arrays& x) {
        return Arrays{after(linear_op<Gap<W>>({before(x[0]), x[1]}))};
      }));
  to.push_back(mutant("conjugate in a transpose", "phase", "transpose", drawn({{{3}, 0.5, 2, complex128}}),
                      []<bool W>(const Arrays& z) { return Arrays{linear_op<Phase<W>>({z[0] * z[0]}, {0.7})}; }));
  to.push_back(mutant("transpose above 64 elements only", "centre", "transpose", drawn({{{100}}}),
                      []<bool W>(const Arrays& x) { return Arrays{sin(linear_op<Centre<W>>({before(x[0])}))}; }));
  add_products(to);
}

}  // namespace fluxion::test

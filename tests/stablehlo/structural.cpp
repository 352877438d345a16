// Operations that move elements, fold them, or multiply matrices.
#include <fluxion/lax.hpp>
#include <fluxion/lax/fft.hpp>

#include "stablehlo/evaluate.hpp"

namespace fluxion::test::stablehlo {

namespace {

using Fold = Array (*)(const Array&, const Array&);
using Reduction = Array (*)(const Array&, const Dims&);

const std::map<std::string_view, std::pair<Fold, Reduction>> kFolds{
    {"add", {lax::add, lax::reduce_sum}},        {"multiply", {lax::mul, lax::reduce_prod}},
    {"maximum", {lax::max, lax::reduce_max}},    {"minimum", {lax::min, lax::reduce_min}},
    {"and", {lax::bitwise_and, lax::reduce_and}}, {"or", {lax::bitwise_or, lax::reduce_or}},
    {"xor", {lax::bitwise_xor, lax::reduce_xor}}};

/// Of one operand: folded, with the initial value on top.
Array reduce(const std::string& how, const Array& x, const Array& init, const Dims& axes) {
  const auto& [fold, reduction] = kFolds.at(how);
  const auto y = reduction(x, axes);
  return fold(y.ndim() == 0 ? init : lax::broadcast_in_dim(init, y.shape(), {}), y);
}

bool compares(const Region& r, std::string_view direction) {
  for (const auto& op : r.body)
    if (op.name == "compare" && op.words.at(0) == direction) return true;
  return false;
}

/// Nothing but comparisons and choices: an extremum and where it stands.
bool chooses(const Region& r) {
  for (const auto& op : r.body)
    if (op.name == "add" || op.name == "multiply" || op.name == "maximum" || op.name == "minimum") return false;
  return true;
}

/// By any function of the elements of several operands.
Arrays general(const Op& op, const Arrays& x, const Scope& scope) {
  const auto n = x.size() / 2;
  const Arrays operands(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(n));
  const Arrays init(x.begin() + static_cast<std::ptrdiff_t>(n), x.end());
  const auto computation = [&](const Arrays& a, const Arrays& b) {
    Arrays args = a;
    args.insert(args.end(), b.begin(), b.end());
    return call(op.regions[0], scope, args);
  };
  return lax::reduce(operands, init, computation, op.list("dimensions"));
}

/// Values and their positions, reduced to the position of the first extremum: what argmax and argmin become.
Arrays extremum(const Op& op, const Arrays& x) {
  const bool largest = compares(op.regions[0], "GT");
  const auto axis = op.list("dimensions").at(0);
  const auto index = largest ? lax::argmax(x[0], axis, op.types[1].dtype) : lax::argmin(x[0], axis, op.types[1].dtype);
  return {largest ? lax::reduce_max(x[0], {axis}) : lax::reduce_min(x[0], {axis}), index};
}

Arrays reduction(const Op& op, const Arrays& x, const Scope& scope) {
  // Operands alternate with their initial values.
  Arrays apart;
  for (std::size_t k = 0; k < 2; ++k)
    for (std::size_t i = k; i < x.size(); i += 2) apart.push_back(x[i]);
  if (x.size() == 4 && chooses(op.regions[0]) && !is_complex(x[0].dtype())) return extremum(op, apart);
  if (!op.regions.empty() && (x.size() > 2 || is_complex(x[0].dtype()))) return general(op, apart, scope);
  const auto how = op.regions.empty() ? op.texts.at("applies") : fold_of(op.regions[0]);
  return {reduce(how, x[0], x[1], op.list("dimensions"))};
}

Array dot(const Op& op, const Arrays& x) {
  return lax::dot_general(x[0], x[1], {op.list("contracting_dims"), op.list("contracting_dims.rhs"),
                                       op.list("batching_dims"), op.list("batching_dims.rhs")});
}

Array pad(const Op& op, const Arrays& x) {
  std::vector<lax::Padding> config;
  const auto low = op.list("low"), high = op.list("high"), interior = op.list("interior");
  for (std::size_t i = 0; i < low.size(); ++i) config.push_back({low[i], high[i], interior[i]});
  return lax::pad(x[0], x[1], config);
}

Arrays sorted(const Op& op, const Arrays& x) {
  const auto axis = op.number("dimension", -1);
  // Each key is compared; what follows them is carried along.
  std::int64_t keys = 0;
  for (const auto& o : op.regions[0].body) keys += o.name == "compare" && o.words.at(0) == "LT" ? 1 : 0;
  if (is_complex(x[0].dtype())) keys = 1;
  return lax::sort(x, axis < 0 ? axis + x[0].ndim() : axis, op.number("is_stable", 0) != 0, keys);
}

Arrays top_k(const Op& op, const Arrays& x) {
  const auto [values, indices] = lax::top_k(x[0], op.number("k", 1));
  return {values, indices};
}

Arrays fft(const Op& op, const Arrays& x) {
  static const std::map<std::string_view, lax::FftType> kinds{{"FFT", lax::FftType::FFT},
                                                              {"IFFT", lax::FftType::IFFT},
                                                              {"RFFT", lax::FftType::RFFT},
                                                              {"IRFFT", lax::FftType::IRFFT}};
  return {lax::fft(x[0], kinds.at(op.texts.at("type")), op.list("length"))};
}

Arrays triangular_solve(const Op& op, const Arrays& x) {
  const auto& transpose = op.texts.at("transpose_a");
  return {lax::linalg::triangular_solve(x[0], x[1], {.left_side = op.number("left_side", 0) != 0,
                                                     .lower = op.number("lower", 0) != 0,
                                                     .transpose_a = transpose != "NO_TRANSPOSE",
                                                     .conjugate_a = transpose == "ADJOINT",
                                                     .unit_diagonal = op.number("unit_diagonal", 0) != 0})};
}

}  // namespace

std::string fold_of(const Region& region) {
  if (region.body.size() == 1) return "set";
  if (region.body.size() == 2 && kFolds.contains(region.body[0].name)) return region.body[0].name;
  // Complex numbers have an order only as pairs.
  if (compares(region, "GT")) return "maximum";
  if (compares(region, "LT")) return "minimum";
  throw NotTranscribed("a reducer of several operations");
}

std::optional<Arrays> structural(const Op& op, const Arrays& x, const Scope& scope) {
  const auto shape = op.types.empty() ? Shape{} : op.types[0].shape;
  if (op.name == "reshape") return Arrays{lax::reshape(x[0], shape)};
  if (op.name == "broadcast_in_dim") return Arrays{lax::broadcast_in_dim(x[0], shape, op.list("dims"))};
  if (op.name == "transpose") return Arrays{lax::transpose(x[0], op.list("dims"))};
  if (op.name == "reverse") return Arrays{lax::rev(x[0], op.list("dims"))};
  if (op.name == "iota") return Arrays{lax::iota(op.types[0].dtype, shape, op.number("dim", 0))};
  if (op.name == "concatenate") return Arrays{lax::concatenate(x, op.number("dim", 0))};
  if (op.name == "slice") return Arrays{lax::slice(x[0], op.list("start"), op.list("limit"), op.list("stride"))};
  if (op.name == "pad") return Arrays{pad(op, x)};
  if (op.name == "bitcast_convert") return Arrays{lax::bitcast_convert_type(x[0], op.types[0].dtype)};
  if (op.name == "reduce") return reduction(op, x, scope);
  if (op.name == "dot_general") return Arrays{dot(op, x)};
  if (op.name == "sort") return sorted(op, x);
  if (op.name == "chlo.top_k") return top_k(op, x);
  if (op.name == "fft") return fft(op, x);
  if (op.name == "triangular_solve") return triangular_solve(op, x);
  return {};
}

}  // namespace fluxion::test::stablehlo

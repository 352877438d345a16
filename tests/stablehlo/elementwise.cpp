// Operations that work element by element.
#include <cstdio>
#include <string_view>

#include <fluxion/complex.hpp>
#include <fluxion/lax.hpp>

#include "stablehlo/evaluate.hpp"

namespace fluxion::test::stablehlo {

namespace {

using Unary = Array (*)(const Array&);
using Binary = Array (*)(const Array&, const Array&);

const std::map<std::string_view, Unary> kUnary{
    {"negate", lax::neg}, {"abs", lax::abs}, {"sign", lax::sign}, {"floor", lax::floor}, {"ceil", lax::ceil},
    {"exponential", lax::exp}, {"exponential_minus_one", lax::expm1}, {"log", lax::log},
    {"log_plus_one", lax::log1p}, {"sqrt", lax::sqrt}, {"rsqrt", lax::rsqrt}, {"cbrt", lax::cbrt},
    {"sine", lax::sin}, {"cosine", lax::cos}, {"tanh", lax::tanh}, {"not", lax::bitwise_not},
    {"popcnt", lax::population_count}, {"is_finite", lax::is_finite}, {"real", lax::real}, {"imag", lax::imag},
    {"chlo.tan", lax::tan}, {"chlo.asin", lax::asin}, {"chlo.atan", lax::atan}, {"chlo.sinh", lax::sinh},
    {"chlo.cosh", lax::cosh}, {"chlo.asinh", lax::asinh}, {"chlo.acosh", lax::acosh}, {"chlo.atanh", lax::atanh},
    {"chlo.lgamma", lax::lgamma}, {"chlo.digamma", lax::digamma}, {"chlo.erf", lax::erf}, {"chlo.erfc", lax::erfc},
    {"chlo.erf_inv", lax::erf_inv}, {"chlo.bessel_i1e", lax::bessel_i1e},
    {"round_nearest_even", [](const Array& x) { return lax::round(x, lax::RoundingMethod::TO_NEAREST_EVEN); }},
    {"round_nearest_afz", [](const Array& x) { return lax::round(x, lax::RoundingMethod::AWAY_FROM_ZERO); }}};

const std::map<std::string_view, Binary> kBinary{
    {"add", lax::add}, {"subtract", lax::sub}, {"multiply", lax::mul}, {"divide", lax::div}, {"remainder", lax::rem},
    {"maximum", lax::max}, {"minimum", lax::min}, {"power", lax::pow}, {"atan2", lax::atan2},
    {"and", lax::bitwise_and}, {"or", lax::bitwise_or}, {"xor", lax::bitwise_xor}, {"shift_left", lax::shift_left},
    {"shift_right_logical", lax::shift_right_logical}, {"shift_right_arithmetic", lax::shift_right_arithmetic},
    {"complex", lax::complex}, {"chlo.next_after", lax::nextafter}};

const std::map<std::string_view, Binary> kCompare{{"EQ", lax::eq}, {"NE", lax::ne}, {"LT", lax::lt},
                                                  {"LE", lax::le}, {"GT", lax::gt}, {"GE", lax::ge}};

Array reduce_precision(const Op& op, const Array& x) {
  int exponent = 0, mantissa = 0;
  if (std::sscanf(op.texts.at("format").c_str(), "e%dm%d", &exponent, &mantissa) != 2) throw NotTranscribed("format");
  return lax::reduce_precision(x, exponent, mantissa);
}

}  // namespace

std::optional<Arrays> elementwise(const Op& op, const Arrays& x) {
  if (const auto it = kUnary.find(op.name); it != kUnary.end()) return Arrays{it->second(x[0])};
  if (const auto it = kBinary.find(op.name); it != kBinary.end()) return Arrays{it->second(x[0], x[1])};
  if (op.name == "compare") {
    if (op.words.size() > 1 && op.words[1] == "TOTALORDER") throw NotTranscribed("compare in the total order");
    return Arrays{kCompare.at(op.words.at(0))(x[0], x[1])};
  }
  if (op.name == "select") return Arrays{lax::select_n(x[0], x[2], x[1])};
  if (op.name == "clamp") return Arrays{lax::clamp(x[0], x[1], x[2])};
  if (op.name == "convert") return Arrays{lax::convert_element_type(x[0], op.types[0].dtype)};
  if (op.name == "reduce_precision") return Arrays{reduce_precision(op, x[0])};
  return {};
}

}  // namespace fluxion::test::stablehlo

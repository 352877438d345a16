#include "support.hpp"

#include <cstdlib>
#include <fstream>
#include <map>

#include <nlohmann/json.hpp>

using namespace kernel_tests;

namespace {

struct Point {
  std::vector<double> args;
  long double value;
};

std::map<std::string, std::vector<Point>> golden() {
  std::ifstream file(FLUXION_SPECIAL_GOLDEN);
  REQUIRE(file.good());
  std::map<std::string, std::vector<Point>> all;
  const auto document = nlohmann::json::parse(file);
  for (const auto& [name, points] : document.items())
    for (const auto& p : points) {
      Point point;
      for (const auto& a : p[0]) point.args.push_back(std::strtod(a.get<std::string>().c_str(), nullptr));
      point.value = std::strtold(p[1].get<std::string>().c_str(), nullptr);
      all[name].push_back(point);
    }
  return all;
}

/// The error in units of the last place of T at the exact value; specials must match exactly.
template <class T>
double ulps(T got, long double want) {
  const T nearest = T(want);
  if (std::isnan(want)) return std::isnan(got) ? 0 : HUGE_VAL;
  if (std::isinf(nearest) || std::isinf(got)) return got == nearest ? 0 : HUGE_VAL;
  if (want == 0) return got == 0 && std::signbit(got) == std::signbit(nearest) ? 0 : HUGE_VAL;
  int exponent = 0;
  std::frexp(want, &exponent);
  const int digits = std::numeric_limits<T>::digits, lowest = std::numeric_limits<T>::min_exponent - digits;
  return double(std::fabs(got - want) / std::ldexp(1.0L, std::max(exponent - digits, lowest)));
}

template <class T>
bool exact(const Point& p) {
  for (double a : p.args)
    if (!std::isnan(a) && double(T(a)) != a) return false;
  return true;
}

template <class T>
void check(const char* name, Op op, double bound) {
  static const auto all = golden();
  for (const Table* table : tables()) {
    double worst = 0;
    for (const Point& p : all.at(name)) {
      if (!exact<T>(p)) continue;
      std::vector<T> a{T(p.args[0])}, b{T(p.args.back())};
      const Kernel kernel = table->elementwise(op, dtype<T>(), 0);
      const T got = p.args.size() == 1 ? apply<T>(kernel, 1, a)[0] : apply<T>(kernel, 1, a, b)[0];
      const double error = ulps(got, p.value);
      INFO(label(*table, op) << " of " << shown(a[0]) << ", " << shown(b[0]) << " is " << shown(got) << ", not "
                             << double(p.value) << ": " << error << " ulp");
      CHECK(error <= bound);
      worst = std::max(worst, error);
    }
    UNSCOPED_INFO(label(*table, op) << ": worst " << worst);
  }
}

}  // namespace

TEMPLATE_TEST_CASE("special functions are within 4 ulp of the golden values on every instruction set", "[kernels]",
                   float, double) {
  check<TestType>("exp", Op::exp, 4);
  check<TestType>("expm1", Op::expm1, 4);
  check<TestType>("log", Op::log, 4);
  check<TestType>("log1p", Op::log1p, 4);
  check<TestType>("sin", Op::sin, 4);
  check<TestType>("cos", Op::cos, 4);
  check<TestType>("tanh", Op::tanh, 4);
  check<TestType>("cbrt", Op::cbrt, 4);
  check<TestType>("sqrt", Op::sqrt, 0.5);
  check<TestType>("logistic", Op::logistic, 4);
  check<TestType>("pow", Op::pow, 4);
  check<TestType>("erf", Op::erf, 4);
  check<TestType>("erf_inv", Op::erf_inv, 4);
}

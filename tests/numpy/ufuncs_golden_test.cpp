// Compositions of primitives that have golden values of their own.
#include <fluxion/ufuncs.hpp>

#include <catch2/catch.hpp>

#include <cmath>
#include <cstdlib>
#include <fstream>

#include <nlohmann/json.hpp>

namespace fluxion::test {

namespace {

struct Row {
  const char* name;  // in special.json
  Array (*f)(const Array&, const Array&);
  double ulps, absolute;  // either bound is enough: next to a zero the second
};
constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

const Row kRows[] = {
    {"log2", [](const Array& x, const Array&) { return log2(x); }, 3, 0},
    {"logaddexp", [](const Array& x, const Array& y) { return logaddexp(x, y); }, 4, 4 * kEpsilon},
    {"i0", [](const Array& x, const Array&) { return i0(x); }, 4, 0},
    {"sinc_normalized", [](const Array& x, const Array&) { return sinc(x); }, 4, 4 * kEpsilon},
};

double number(const nlohmann::json& text) { return std::strtod(text.get<std::string>().c_str(), nullptr); }

}  // namespace

TEST_CASE("log2, logaddexp, i0 and sinc are within 4 ulp of the golden values, next to zeros within 4 epsilon") {
  std::ifstream file(FLUXION_SPECIAL_GOLDEN);
  const auto document = nlohmann::json::parse(file);
  for (const auto& r : kRows)
    for (const auto& point : document.at(r.name)) {
      const double x = number(point[0][0]), y = number(point[0].back()), want = number(point[1]);
      const double got = r.f(x, y).item<double>();
      INFO(r.name << " of " << x << ", " << y << " is " << got << ", not " << want);
      if (!std::isfinite(want)) {
        CHECK((std::isnan(want) ? std::isnan(got) : got == want));
        continue;
      }
      const double error = std::fabs(got - want), unit = std::fabs(std::nextafter(want, 2 * want + 1) - want);
      CHECK((error <= r.ulps * unit || error <= r.absolute));
    }
}

}  // namespace fluxion::test

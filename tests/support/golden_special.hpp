// The golden values of special functions: arguments as binary64, results with 20 digits.
#pragma once

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace fluxion::test {

struct GoldenPoint {
  std::vector<double> args;
  long double value;
};

inline const std::vector<GoldenPoint>& golden_special(const std::string& name) {
  static const auto all = [] {
    std::map<std::string, std::vector<GoldenPoint>> read;
    std::ifstream file(FLUXION_TEST_DATA "/../scipy/special.json");
    const auto document = nlohmann::json::parse(file);
    for (const auto& [function, points] : document.items())
      for (const auto& p : points) {
        GoldenPoint point;
        for (const auto& a : p[0]) point.args.push_back(std::strtod(a.template get<std::string>().c_str(), nullptr));
        point.value = std::strtold(p[1].template get<std::string>().c_str(), nullptr);
        read[function].push_back(point);
      }
    return read;
  }();
  return all.at(name);
}

/// How far off a number is, relative to the exact value; that of denormals is no number of digits, and does not count.
inline double relative_error(double got, long double want) {
  if (std::isnan(want)) return std::isnan(got) ? 0 : HUGE_VAL;
  const auto nearest = static_cast<double>(want);
  if (std::isnan(got) || std::isinf(nearest) || std::isinf(got)) return got == nearest ? 0 : HUGE_VAL;
  if (std::fabs(want) < 2.3e-308L) return std::fabs(got) < 4e-308 ? 0 : HUGE_VAL;
  return static_cast<double>(std::fabs((got - want) / want));
}

}  // namespace fluxion::test

// How accurate the approximated functions are, on every instruction set, and that docs/accuracy.md says so.
// build/test/tests/fluxion_tests "[write_accuracy]" writes that page anew.
#include "support.hpp"

#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

#include <nlohmann/json.hpp>

using namespace kernel_tests;

namespace {

using Reference = long double (*)(long double);

struct Function {
  const char* name;   // in special.json
  Op op;
  double low, high;   // where random arguments are taken
  Reference reference;
  bool has_zeros = false;  // at numbers that are not floating: next to them errors are absolute
};

const Function functions[] = {
    {"exp", Op::exp, -745, 709, std::exp},
    {"exp2", Op::exp2, -1070, 1023, std::exp2},
    {"expm1", Op::expm1, -60, 709, std::expm1},
    {"log", Op::log, 0, 1e308, std::log},
    {"log1p", Op::log1p, -1, 1e308, std::log1p},
    {"sqrt", Op::sqrt, 0, 1e308, std::sqrt},
    {"rsqrt", Op::rsqrt, 0, 1e308, [](long double x) { return 1 / std::sqrt(x); }},
    {"cbrt", Op::cbrt, -1e308, 1e308, std::cbrt},
    {"sin", Op::sin, -1e6, 1e6, std::sin},
    {"cos", Op::cos, -1e6, 1e6, std::cos},
    {"tan", Op::tan, -1e6, 1e6, std::tan},
    {"asin", Op::asin, -1, 1, std::asin},
    {"acos", Op::acos, -1, 1, std::acos},
    {"atan", Op::atan, -1e308, 1e308, std::atan},
    {"atan2", Op::atan2, 0, 0, nullptr},
    {"sinh", Op::sinh, -710, 710, std::sinh},
    {"cosh", Op::cosh, -710, 710, std::cosh},
    {"tanh", Op::tanh, -25, 25, std::tanh},
    {"asinh", Op::asinh, -1e308, 1e308, std::asinh},
    {"acosh", Op::acosh, 1, 1e308, std::acosh},
    {"atanh", Op::atanh, -1, 1, std::atanh},
    {"logistic", Op::logistic, -740, 40, [](long double x) { return 1 / (1 + std::exp(-x)); }},
    {"pow", Op::pow, 0, 0, nullptr},
    {"erf", Op::erf, -6, 6, std::erf},
    {"erfc", Op::erfc, -6, 27, std::erfc},
    {"erf_inv", Op::erf_inv, 0, 0, nullptr},
    {"lgamma", Op::lgamma, -50, 1e300, std::lgamma, true},
    {"digamma", Op::digamma, 0, 0, nullptr, true},
    {"polygamma", Op::polygamma, 0, 0, nullptr},
};

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

/// Random arguments with the values of the long double library, which has eleven bits more.
template <class T>
std::vector<Point> random_points(const Function& f) {
  std::mt19937_64 random(17);
  std::uniform_real_distribution<double> unit(0, 1);
  using L = std::numeric_limits<T>;
  const double low = std::max<double>(f.low, L::lowest()), high = std::min<double>(f.high, L::max());
  std::vector<Point> points;
  while (f.reference != nullptr && points.size() < 30000) {
    // A third all over the domain, a third of all magnitudes, a third around 1.
    const double spread = low / 2 + unit(random) * (high / 2 - low / 2);
    const double magnitude = std::exp((unit(random) * 2 - 1) * (sizeof(T) == 4 ? 80 : 690));
    const double sign = unit(random) < 0.5 ? -1 : 1;
    const auto kind = points.size() % 3;
    const T x = kind == 0 ? T(2 * spread) : kind == 1 ? T(sign * magnitude) : T(sign * unit(random) * 4);
    if (!(x >= T(low) && x <= T(high)) || std::fabs(x) < L::min()) {
      points.push_back({{1.0}, f.reference(1.0L)});
      continue;
    }
    points.push_back({{double(x)}, f.reference(x)});
  }
  return points;
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

struct Worst {
  double error = 0;
  std::string where;
};

/// The worst error over the points, which are computed in one go.
template <class T>
Worst worst_error(const Table& table, const Function& f, const std::vector<Point>& points) {
  std::vector<T> a, b;
  std::vector<long double> want;
  for (const Point& p : points) {
    if (!exact<T>(p)) continue;
    a.push_back(T(p.args[0]));
    b.push_back(T(p.args.back()));
    want.push_back(p.value);
  }
  const Kernel kernel = table.elementwise(f.op, dtype<T>(), 0);
  REQUIRE(kernel != nullptr);
  const auto got = ir::arity(f.op) == 1 ? apply<T>(kernel, a.size(), a) : apply<T>(kernel, a.size(), a, b);
  Worst worst;
  for (std::size_t i = 0; i < got.size(); ++i) {
    double error = ulps(got[i], want[i]);
    if (f.has_zeros && std::isfinite(want[i]))
      error = std::min(error, double(std::fabs(got[i] - want[i]) / std::numeric_limits<T>::epsilon()));
    if (error <= worst.error) continue;
    worst = {error, shown(a[i]) + ", " + shown(b[i]) + " is " + shown(got[i]) + ", not " + shown(T(want[i]))};
  }
  return worst;
}

template <class T>
std::vector<Point> all_points(const Function& f) {
  static const auto known = golden();
  auto points = known.at(f.name);
  for (auto& p : random_points<T>(f)) points.push_back(std::move(p));
  return points;
}

const std::string page = FLUXION_ACCURACY_PAGE;

/// The numbers of the page, by function and then "float32 avx2".
std::map<std::string, std::map<std::string, double>> written() {
  std::map<std::string, std::map<std::string, double>> table;
  std::ifstream file(page);
  std::vector<std::string> columns;
  for (std::string line; std::getline(file, line);) {
    if (line.size() < 2 || line[0] != '|' || line[1] == '-') continue;
    std::istringstream cells(line.substr(1));
    std::vector<std::string> row;
    for (std::string cell; std::getline(cells, cell, '|');) {
      const auto first = cell.find_first_not_of(' '), last = cell.find_last_not_of(' ');
      if (first != std::string::npos) row.push_back(cell.substr(first, last - first + 1));
    }
    if (columns.empty()) columns = row;
    else for (std::size_t i = 1; i < row.size() && i < columns.size(); ++i) table[row[0]][columns[i]] = std::stod(row[i]);
  }
  return table;
}

template <class T>
std::string column(const Table& table) {
  return (sizeof(T) == 4 ? "float32 " : "float64 ") + std::string(table.isa);
}

template <class T>
void check(const Function& f) {
  static const auto stored = written();
  const auto points = all_points<T>(f);
  for (const Table* table : tables()) {
    const auto worst = worst_error<T>(*table, f, points);
    INFO(label(*table, f.op) << " at " << worst.where << ": " << worst.error << " ulp");
    CHECK(worst.error <= 4);
    INFO("docs/accuracy.md does not say so; if it is meant to, write it anew: fluxion_tests \"[write_accuracy]\"");
    REQUIRE(stored.contains(f.name));
    REQUIRE(stored.at(f.name).contains(column<T>(*table)));
    CHECK(worst.error <= stored.at(f.name).at(column<T>(*table)));
  }
}

// In hundredths, rounded up, so that a measurement never exceeds what it wrote.
std::string hundredths(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", std::ceil(x * 100) / 100);
  return text;
}

}  // namespace

TEMPLATE_TEST_CASE("approximated functions are within 4 ulp, and as accurate as docs/accuracy.md says", "[kernels]", float,
                   double) {
  for (const Function& f : functions) check<TestType>(f);
}

TEST_CASE("writes docs/accuracy.md", "[.][write_accuracy]") {
  REQUIRE(tables().size() == 3);
  std::ofstream out(page);
  out << R"(# Accuracy

The largest errors of the approximated functions that were found, in units in the last place of the exact result, on
each instruction set. The arguments are the golden points of `tests/kernels/special.json` and 30,000 random ones where
the long double library has the function. For `lgamma` and `digamma`, which have zeros between floating numbers, an
error next to a zero counts as absolute, in units of the dtype's epsilon. `tests/kernels/accuracy_test.cpp` measures,
demands at most 4, and holds these numbers against what it measures; `fluxion_tests "[write_accuracy]"` writes this
page.

| function |)";
  for (const char* type : {"float32", "float64"})
    for (const Table* t : tables()) out << ' ' << type << ' ' << t->isa << " |";
  out << "\n|---|---|---|---|---|---|---|\n";
  for (const Function& f : functions) {
    out << "| " << f.name << " |";
    const auto singles = all_points<float>(f), doubles = all_points<double>(f);
    for (const Table* t : tables()) out << ' ' << hundredths(worst_error<float>(*t, f, singles).error) << " |";
    for (const Table* t : tables()) out << ' ' << hundredths(worst_error<double>(*t, f, doubles).error) << " |";
    out << '\n';
  }
}

// The sub-gradient table: every transformation gives each row's derivative, and the document says what the
// table says.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include <fluxion/fluxion.hpp>

#include "support/host.hpp"
#include "testing/frozen.hpp"
#include "testing/program.hpp"
#include "testing/subgradient_cases.hpp"
#include "testing/subgradients.hpp"

namespace fluxion::test {

namespace {

using testing::Subgradient;
using testing::subgradients;

std::string id(std::string_view function, std::string_view where) {
  return std::string(function) + " | " + std::string(where);
}

const SubgradientCase* case_of(const Subgradient& row) {
  for (const auto& c : subgradient_cases())
    if (c.function == row.function && c.where == row.where) return &c;
  return nullptr;
}

bool same(double got, double want, double tolerance) {
  if (std::isnan(want)) return !std::isfinite(got);
  return got == want || std::fabs(got - want) <= tolerance * std::max(1.0, std::fabs(want));
}

std::string wrong(const std::vector<double>& got, const Subgradient& row, double tolerance) {
  std::ostringstream text;
  bool ok = got.size() == row.gradient.size();
  for (std::size_t i = 0; i < got.size(); ++i) {
    text << ' ' << got[i];
    ok = ok && same(got[i], row.gradient[i], tolerance);
  }
  return ok ? "" : "got" + text.str();
}

std::vector<double> numbers(ArraySpan xs) {
  std::vector<double> out;
  for (const auto& x : xs)
    for (const auto& n : read(x).v) out.push_back(n.f);
  return out;
}

// A case in a dtype: the arguments, and the function of one of them with the others held.
struct Call {
  const SubgradientCase& c;
  Arrays args;

  Call(const SubgradientCase& of, DType t) : c(of) {
    for (const auto& x : of.args) args.push_back(x.astype(t));
  }
  FlatFn whole() const {
    return [this](const Arrays& a) { return Arrays{c.f(a)}; };
  }
  FlatFn alone(std::size_t k) const {
    return [this, k](const Arrays& a) {
      auto all = args;
      all[k] = a[0];
      return Arrays{c.f(all)};
    };
  }
  // The k-th argument's basis tangents.
  Arrays basis(std::size_t k) const {
    Arrays out;
    for (std::int64_t i = 0; i < args[k].size(); ++i) {
      auto h = read(zeros_like(args[k]));
      h.v[static_cast<std::size_t>(i)].f = 1;
      out.push_back(make(h));
    }
    return out;
  }
};

// Each argument alone: a zero tangent of another one would make NaN of an infinite slope.
std::vector<double> by_jvp(const Call& call, bool jit) {
  std::vector<double> out;
  for (std::size_t k = 0; k < call.args.size(); ++k) {
    const auto f = testing::jvp_of(call.alone(k), {1});
    for (const auto& t : call.basis(k)) {
      const auto tangent = (jit ? jitted(f) : f)({call.args[k], t})[1];
      out.push_back(read(tangent).v[0].f);
    }
  }
  return out;
}
std::vector<double> by_vjp(const Call& call, bool jit) {
  const auto f = testing::vjp_of(call.whole(), std::vector<char>(call.args.size(), 1));
  const auto ct = ones_like(call.c.f(call.args));
  const auto out = (jit ? jitted(f) : f)(joined(call.args, {ct}));
  return numbers(ArraySpan(out).subspan(1));
}
std::vector<double> by_vmapped_vjp(const Call& call) {
  const auto n = call.args.size();
  const auto f = testing::vjp_of(call.whole(), std::vector<char>(n, 1));
  const auto ct = ones_like(call.c.f(call.args));
  Arrays twice;
  for (const auto& x : joined(call.args, {ct})) twice.push_back(stack({x, x}, 0));
  const auto out = vmapped(f, FlatAxes(n + 1, 0), 2)(twice);
  Arrays second;
  for (std::size_t k = 1; k < out.size(); ++k) second.push_back(out[k][1]);
  return numbers(second);
}

void hold(const Subgradient& row, const SubgradientCase& c, DType t) {
  const double tolerance = t == DType::float64 ? 1e-12 : 1e-6;
  const Call call(c, t);
  INFO(id(row.function, row.where) << ", " << t);
  CHECK(wrong(by_jvp(call, false), row, tolerance) == "");
  CHECK(wrong(by_jvp(call, true), row, tolerance) == "");
  CHECK(wrong(by_vjp(call, false), row, tolerance) == "");
  CHECK(wrong(by_vjp(call, true), row, tolerance) == "");
  CHECK(wrong(by_vmapped_vjp(call), row, tolerance) == "");
}

}  // namespace

TEST_CASE("every row of the sub-gradient table is exercised, once") {
  std::set<std::string> rows, examples;
  for (const auto& r : subgradients()) CHECK(rows.insert(id(r.function, r.where)).second);
  for (const auto& c : subgradient_cases()) CHECK(examples.insert(id(c.function, c.where)).second);
  CHECK(rows == examples);
  CHECK(rows.size() >= 90);
}

TEST_CASE("every transformation gives the derivatives of the sub-gradient table") {
  for (const auto& row : subgradients()) {
    const auto* c = case_of(row);
    REQUIRE(c != nullptr);
    for (const auto t : {DType::float64, DType::float32}) hold(row, *c, t);
  }
}

namespace {

// Rows whose replay goes other ways than the table, with the reason.
const std::map<std::string, std::string> kNotKept{
    {"linalg::eigvalsh | a repeated eigenvalue",
     "which eigenvectors LAPACK finds is no decision that can be kept"},
    {"linalg::svdvals | a repeated singular value",
     "which vectors LAPACK finds is no decision that can be kept"},
};

bool all_finite(const std::vector<double>& v) {
  return std::all_of(v.begin(), v.end(), [](double x) { return std::isfinite(x); });
}
bool says_a_slope(const Subgradient& row) {
  return std::none_of(row.gradient.begin(), row.gradient.end(), [](double x) { return std::isnan(x); });
}

// Central differences of the program with its decisions kept.
std::vector<double> by_differences(const Call& call) {
  constexpr double h = 1e-4;
  const testing::Frozen kept(testing::program_of(call.whole(), call.args), call.args);
  std::vector<double> out;
  for (std::size_t k = 0; k < call.args.size(); ++k)
    for (const auto& t : call.basis(k)) {
      auto low = call.args, high = call.args;
      low[k] = low[k] - h * t;
      high[k] = high[k] + h * t;
      out.push_back(((kept(high)[0] - kept(low)[0]) / (2 * h)).item<double>());
    }
  return out;
}

}  // namespace

TEST_CASE("programs with their decisions kept have the slopes of the sub-gradient table") {
  std::set<std::string> needed;
  int checked = 0;
  for (const auto& row : subgradients()) {
    const auto* c = case_of(row);
    const Call call(*c, DType::float64);
    if (!says_a_slope(row) || !all_finite(numbers(call.args)) ||
        !all_finite(numbers(Arrays{c->f(call.args)})))
      continue;
    const auto name = id(row.function, row.where);
    const auto problem = wrong(by_differences(call), row, 1e-6);
    ++checked;
    if (kNotKept.contains(name) && !problem.empty()) {
      needed.insert(name);
      continue;
    }
    INFO(name);
    CHECK(problem == "");
  }
  for (const auto& [name, reason] : kNotKept) {
    INFO(name << " is listed because " << reason);
    CHECK(needed.contains(name));
  }
  CHECK(checked >= 70);
}

namespace {

std::string line_of(const Subgradient& r) {
  std::ostringstream line;
  line << "| `" << r.function << "` | " << r.where << " | " << r.derivative << " | " << r.jax << " |";
  return line.str();
}

}  // namespace

TEST_CASE("docs/subgradients.md has the rows of the sub-gradient table, and no others") {
  std::ifstream page(FLUXION_TEST_DATA "/../../docs/subgradients.md");
  REQUIRE(page.good());
  std::vector<std::string> lines, want;
  for (std::string line; std::getline(page, line);)
    if (line.starts_with("| `")) lines.push_back(line);
  for (const auto& r : subgradients()) want.push_back(line_of(r));
  for (std::size_t i = 0; i < std::max(lines.size(), want.size()); ++i) {
    INFO("row " << i);
    CHECK((i < lines.size() ? lines[i] : "") == (i < want.size() ? want[i] : ""));
  }
}

}  // namespace fluxion::test

// The published methods of other gradient checkers, over the same wrong rules and the same correct but tricky
// functions.
#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <iomanip>
#include <iostream>
#include <sstream>

#include "testing/mutants.hpp"
#include "testing/others.hpp"
#include "testing/soak.hpp"
#include "testing/tricky.hpp"

namespace fluxion::test {
namespace {

enum Checker { jax, torch, torch_all, torch_fast, stan, ours, n_checkers };
constexpr std::array<const char*, n_checkers> kNames = {"JAX", "PyTorch", "PyTorch+", "fast", "Stan", "Fluxion"};
constexpr const char* kLegend =
    "JAX: check_grads; PyTorch: gradcheck and gradgradcheck; PyTorch+: with check_forward_ad and check_batched_grad; "
    "fast: with\n"
    "fast_mode; Stan: expect_ad; Fluxion: check_all. All with their defaults. -: it has no such law, or asks for "
    "float64.\n";

bool in_double_precision(const Arrays& args) {
  for (const auto& x : args)
    if (is_inexact(x.dtype()) && x.dtype() != float64 && x.dtype() != complex128) return false;
  return true;
}

Complaint verdict(int checker, const FlatFn& f, const Arrays& args, int order) {
  switch (checker) {
    case jax:
      return jax_check_grads(f, args, order);
    case torch:
      return torch_gradcheck(f, args, order, {});
    case torch_all:
      return torch_gradcheck(f, args, order, {.forward = true, .batched = true});
    case torch_fast:
      return torch_gradcheck(f, args, order, {.fast = true});
    default:
      return stan_expect_ad(f, args, order);
  }
}

// Whether the checker looks at such things at all.
bool has_law(int checker, const Mutant& m, const Arrays& args) {
  if (checker != jax && !in_double_precision(args)) return false;
  if (m.order > 2 && (checker == torch || checker == torch_all || checker == torch_fast)) return false;
  switch (m.shows) {
    case Shows::derivative:
      return true;
    case Shows::batch:  // check_batched_grad maps the backward pass alone
    case Shows::program:
      return false;
    case Shows::purity:
      return checker == torch || checker == torch_all;
  }
  return true;
}

class Table {
 public:
  Table(std::string title, int width) : title_(std::move(title)), width_(width) {}
  void row(const std::string& name, const std::array<char, n_checkers>& cells, bool shown = true) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      marked_[i] += cells[i] == 'x';
      scope_[i] += cells[i] != '-';
    }
    if (shown) print(name, [&](std::size_t i) { return std::string(1, cells[i]); });
  }
  void end() {
    print("total", [&](std::size_t i) { return std::to_string(marked_[i]) + "/" + std::to_string(scope_[i]); });
    std::cout << title_ << '\n' << kLegend << std::setw(width_) << std::left << "";
    for (const auto* name : kNames) std::cout << std::setw(10) << name;
    std::cout << '\n' << text_.str() << std::flush;
  }

 private:
  template <class F>
  void print(const std::string& name, const F& cell) {
    text_ << std::left << std::setw(width_) << name;
    for (std::size_t i = 0; i < n_checkers; ++i) text_ << std::setw(10) << cell(i);
    text_ << '\n';
  }
  std::string title_;
  int width_;
  std::ostringstream text_;
  std::array<int, n_checkers> marked_{}, scope_{};
};

}  // namespace

TEST_CASE("the first numbers of NumPy's RandomState(0)") {
  RandomState rng(0);
  CHECK(rng.normal() == Approx(1.764052345967664).epsilon(1e-15));
  CHECK(rng.normal() == Approx(0.4001572083672233).epsilon(1e-15));
  CHECK(rng.normal() == Approx(0.9787379841057392).epsilon(1e-15));
}

TEST_CASE("who catches which wrong rule") {
  Table table("Wrong rules: x caught, . missed, ! accused, and the right rule as well", 52);
  for (const auto& m : mutants()) {
    const auto args = m.args(random::key(11));
    const int order = std::max(2, m.order);
    std::array<char, n_checkers> cells{};
    for (int c = 0; c < ours; ++c) {
      const bool caught = verdict(c, m.wrong, args, order).complains;
      const bool anyhow = caught && args[0].size() <= 64 && verdict(c, m.right, args, order).complains;
      cells[static_cast<std::size_t>(c)] = anyhow ? '!' : caught ? 'x' : has_law(c, m, args) ? '.' : '-';
    }
    const auto report = testing::report_all(m.wrong, args, {.order = order, .key = random::key(7), .explain = false});
    cells[ours] = report.passed() ? '.' : 'x';
    INFO(m.name);
    CHECK(!report.passed());
    table.row(m.name, cells);
  }
  table.end();
}

TEST_CASE("who complains of correct functions") {
  Table table("Correct functions: x accused, . passed (rows where someone complains)", 52);
  for (const auto& t : tricky()) {
    std::array<char, n_checkers> cells{};
    cells.fill('.');
    for (std::size_t seed = 0; seed < seeds(1, 20); ++seed) {
      const Array key = random::key(static_cast<std::int64_t>(seed));
      const auto args = t.args(random::split(key)[1]);
      for (int c = 0; c < ours; ++c) {
        auto& cell = cells[static_cast<std::size_t>(c)];
        if (c != jax && !in_double_precision(args))
          cell = '-';
        else if (cell == '.' && verdict(c, t.f, args, 2).complains)
          cell = 'x';
      }
      const auto report = checked(t, key, {.explain = false});
      INFO(t.name << ", seed " << seed);
      INFO(report);
      CHECK(report.passed());
      if (!report.passed()) cells[ours] = 'x';
    }
    table.row(t.name, cells, std::find(cells.begin(), cells.end(), 'x') != cells.end());
  }
  table.end();
}

}  // namespace fluxion::test

// Every primitive x {jvp, transpose, batch, jit} x dtype x order goes through the checker, and a table says
// so. A cell that is missing has a reason, and a reason is needed.
#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include <fluxion/random.hpp>

#include "ir/op.hpp"
#include "testing/coverage_programs.hpp"
#include "testing/findings.hpp"
#include "testing/program.hpp"
#include "testing/soak.hpp"

namespace fluxion::test {

namespace {

using testing::Check;
using testing::CheckOptions;
using testing::Findings;

enum Rule { jvp, transpose, batch, jit, rules };
constexpr const char* kRules[] = {"jvp", "transpose", "batch", "jit"};

/// What has been decided of one primitive and dtype: the highest order without a gap below, -1 for nothing.
struct Cells {
  std::set<int> decided[rules];
  int wanted[rules] = {-1, -1, -1, -1};  // up to which order
  int from[rules] = {1, 1, 0, 0};
};
using Table = std::map<std::string, std::map<DType, Cells>>;

// Why cells are missing from some order on.
struct Missing {
  std::set<std::string> primitives;
  std::set<DType> dtypes;  // empty: all
  std::set<Rule> which;    // empty: all
  int order;
  const char* reason;
};
const std::set<DType> kHalves{DType::float16, DType::bfloat16};

const std::vector<Missing>& missing() {
  static const std::vector<Missing> list{
      {{"geqrf", "hessenberg", "householder_product", "nextafter", "random_gamma_grad", "schur",
        "tridiagonal"},
       {},
       {},
       1,
       "has no derivative, and says so"},
      {{"bitcast_convert_type"},
       {},
       {},
       1,
       "acts on bits: what it gives is held, and no function of a real number"},
      {{"cbrt", "erf", "erfc", "erf_inv"},
       kHalves,
       {jvp},
       1,
       "has constants in its rule that are rounded to a half: differences tell nothing of so few digits"},
      {{"pure_callback"},
       kHalves,
       {jvp},
       1,
       "computes in its own dtype: differences tell nothing of so few digits"},
  };
  return list;
}

std::set<std::string> all_primitives() {
  std::set<std::string> names;
  for (std::size_t i = 0; i < static_cast<std::size_t>(ir::Op::count_); ++i)
    names.insert(std::string(ir::name(static_cast<ir::Op>(i))));
  const std::regex declaration("string_view name = \"([a-z0-9_]+)\"");
  const auto src = std::filesystem::path(FLUXION_TEST_DATA) / "../../src";
  for (const auto* layer : {"lax", "transforms"})
    for (const auto& file : std::filesystem::recursive_directory_iterator(src / layer)) {
      std::ostringstream text;
      text << std::ifstream(file.path()).rdbuf();
      const auto source = text.str();
      for (std::sregex_iterator it(source.begin(), source.end(), declaration), end; it != end; ++it)
        names.insert((*it)[1]);
    }
  return names;
}

bool any_inexact(const Arrays& xs) {
  return std::any_of(xs.begin(), xs.end(), [](const Array& x) { return is_inexact(x.dtype()); });
}

// --- what a program exercises ---

class Exercise {
 public:
  Exercise(const CoverageProgram& p, Cells& cells) : p_(p), cells_(cells) {}

  // The names of all that disagrees.
  std::string run() {
    values(p_.f, p_.args, 0);
    if (!any_inexact(p_.args) || !any_inexact(p_.f(p_.args))) return wrong_;
    derivatives();
    auto f = p_.f;
    auto args = p_.args;
    for (int order = 1; order <= 2 && order <= p_.order && wrong_.empty(); ++order) {
      const auto active = testing::active_of(args);
      Arrays tangents;
      for (const auto& x : args)
        if (is_inexact(x.dtype())) tangents.push_back(x);
      f = testing::jvp_of(f, active);
      args = joined(args, tangents);
      values(f, args, order);
    }
    return wrong_;
  }

 private:
  void values(const FlatFn& f, const Arrays& args, int order) {
    note(batch, order, checked(Check::vmap, f, args, 1), "");
    note(jit, order, checked(Check::jit, f, args, 1), "");
  }

  void derivatives() {
    const auto found = checked(Check::grads, p_.f, p_.args, p_.order);
    for (int order = 1; order <= p_.order; ++order) {
      note(jvp, order, found, "jvp equals differences" + suffix(order));
      note(transpose, order, found, "vjp satisfies the inner-product identity" + suffix(order));
    }
  }

  static std::string suffix(int order) { return order == 1 ? "" : ", order " + std::to_string(order) + " "; }

  // A law is of an order if its name is, or begins so: of which derivative it is follows.
  void note(Rule rule, int order, const Findings& found, const std::string& law) {
    for (const auto& l : found.laws) {
      const bool same = law.empty() || (law.back() == ' ' ? l.law.starts_with(law) : l.law == law);
      if (same && l.tally.agree > 0) cells_.decided[rule].insert(order);
    }
  }

  Findings checked(Check check, const FlatFn& f, const Arrays& args, int order) {
    CheckOptions options;
    options.order = order;
    options.directions = 2;
    options.key = random::key(1);
    options.explain = false;
    std::vector<std::string> paths;
    for (std::size_t i = 0; i < args.size(); ++i) paths.push_back("arg" + std::to_string(i));
    Findings found;
    try {
      found = testing::examine(check, {f, args, paths}, options);
    } catch (const Error& e) {
      wrong_ += std::string(e.what()) + "\n";
    }
    for (const auto& d : found.disagreements) {
      std::ostringstream text;
      text << d.law << ": " << d.what << ", expected " << d.expected << " +- " << d.expected_error << ", got "
           << d.got << " (tolerance " << d.tolerance << ")\n";
      wrong_ += text.str();
      break;
    }
    return found;
  }

  const CoverageProgram& p_;
  Cells& cells_;
  std::string wrong_;
};

// --- the table ---

const Missing* reason_for(const std::string& primitive, DType t, Rule rule, int order) {
  for (const auto& m : missing())
    if (m.primitives.contains(primitive) && (m.dtypes.empty() || m.dtypes.contains(t)) &&
        (m.which.empty() || m.which.contains(rule)) && order >= m.order)
      return &m;
  return nullptr;
}

// The highest order decided of each rule; "." where there is nothing to decide, "-" where a reason stands.
std::string shown(const std::string& primitive, DType t, const Cells& c) {
  std::string text;
  for (int r = 0; r < rules; ++r) {
    if (c.wanted[r] < c.from[r]) {
      text += '.';
      continue;
    }
    int order = c.from[r];
    while (order <= c.wanted[r] && c.decided[r].contains(order)) ++order;
    const bool none = order == c.from[r];
    text += none ? (reason_for(primitive, t, static_cast<Rule>(r), order) != nullptr ? '-' : '!')
                 : static_cast<char>('0' + order - 1);
  }
  return text;
}

void print(const Table& table) {
  std::cout << "\nThe highest order decided of jvp, transpose, batch, jit; '.' nothing to decide, '-' a "
               "listed reason\n";
  std::cout << std::string(30, ' ');
  for (const auto t : coverage_dtypes())
    std::cout << short_name(t) << std::string(6 - short_name(t).size(), ' ');
  std::cout << '\n';
  for (const auto& [primitive, by_dtype] : table) {
    std::cout << primitive << std::string(primitive.size() < 30 ? 30 - primitive.size() : 1, ' ');
    for (const auto t : coverage_dtypes()) {
      const auto found = by_dtype.find(t);
      std::cout << (found == by_dtype.end() ? is_inexact(t) ? "!!!!" : "    "
                                            : shown(primitive, t, found->second))
                << "  ";
    }
    std::cout << '\n';
  }
}

void expect(Cells& c, const CoverageProgram& p) {
  c.wanted[batch] = c.wanted[jit] = 0;
  if (!any_inexact(p.args) || !any_inexact(p.f(p.args))) return;
  for (int r = 0; r < rules; ++r) c.wanted[r] = p.order < 2 ? p.order : 2;
  c.wanted[jvp] = c.wanted[transpose] = p.order;
}

Table exercised() {
  Table table;
  for (auto& p : coverage_programs(soaking())) {
    auto& cells = table[p.primitive][p.dtype];
    const auto label = p.primitive + " " + std::string(short_name(p.dtype)) + " (" + p.name + ")";
    if (!p.f) {
      INFO(label);
      CHECK(p.refused != "");  // a dtype that the primitive takes has a program
      continue;
    }
    expect(cells, p);
    const auto wrong = Exercise(p, cells).run();
    if (wrong.empty() || reason_for(p.primitive, p.dtype, jvp, 1) != nullptr) continue;
    INFO(label);
    CHECK(wrong == "");
  }
  return table;
}

}  // namespace

TEST_CASE("gradient coverage: every primitive, rule, dtype and order has gone through the checker") {
  const auto table = exercised();
  print(table);
  std::set<std::pair<const Missing*, std::string>> needed;
  std::map<std::string, int> cells;
  std::string gaps;
  for (const auto& name : all_primitives())
    for (const auto t : coverage_dtypes()) {  // of integers only what moves them or computes with them
      const auto found = table.find(name);
      if (found == table.end() || (is_inexact(t) && !found->second.contains(t)))
        gaps += name + " " + std::string(short_name(t)) + " has no program\n";
    }
  for (const auto& [primitive, by_dtype] : table)
    for (const auto& [t, c] : by_dtype)
      for (int r = 0; r < rules; ++r)
        for (int order = c.from[r]; order <= c.wanted[r]; ++order) {
          const auto* reason = reason_for(primitive, t, static_cast<Rule>(r), order);
          ++cells[c.decided[r].contains(order) ? "decided" : reason != nullptr ? "with a reason" : "missing"];
          if (c.decided[r].contains(order)) continue;
          if (reason != nullptr)
            needed.emplace(reason, primitive);
          else
            gaps += primitive + " " + kRules[r] + " " + std::string(short_name(t)) + " order " +
                    std::to_string(order) + "\n";
        }
  for (const auto& m : missing())
    for (const auto& primitive : m.primitives) {
      INFO(primitive << " is listed because it " << m.reason);
      CHECK(needed.contains({&m, primitive}));
    }
  for (const auto& [what, n] : cells) std::cout << n << " cells " << what << '\n';
  CHECK(gaps == "");
  CHECK(cells["decided"] > 5000);
}

}  // namespace fluxion::test

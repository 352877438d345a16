#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "numpy/surface.hpp"

namespace fluxion {

namespace {

using test::SurfaceRow;

const std::string kTests = FLUXION_TEST_DATA "/..";
const std::string kPage = kTests + "/../docs/numpy.md";

std::map<std::string, SurfaceRow, std::less<>> all_rows() {
  std::map<std::string, SurfaceRow, std::less<>> out;
  for (const auto& rows : {test::surface_of_elementwise_functions(), test::surface_of_reductions(), test::surface_of_shapes(),
                           test::surface_of_types()})
    for (const auto& r : rows) {
      INFO(r.name);
      CHECK(out.emplace(r.name, r).second);  // each name once
    }
  return out;
}

// Groups of names, in order: "group: name name ...".
std::vector<std::pair<std::string, std::vector<std::string>>> names_of_jax_numpy() {
  std::vector<std::pair<std::string, std::vector<std::string>>> out;
  std::ifstream file(kTests + "/numpy/jax_numpy_names.txt");
  for (std::string line; std::getline(file, line);) {
    const auto colon = line.find(": ");
    std::istringstream words(line.substr(colon + 2));
    std::vector<std::string> names;
    for (std::string word; words >> word;) names.push_back(word);
    out.emplace_back(line.substr(0, colon), names);
  }
  return out;
}

test::Samples samples() {
  return {arange(6.0).reshape({2, 3}),
          array({0.5, 1.5, 2.5}),
          array({1.0, 2.0, 3.0}),
          array({{2.0, 0.5, 0.0}, {0.5, 2.0, 0.5}, {0.0, 0.5, 2.0}}),
          array({0, 1, 2}).astype(int64),
          array({true, false, true}),
          array({1.0, 2.0, 3.0}).astype(complex128)};
}

std::string escaped(std::string_view s) {
  std::string out;
  for (char c : s) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}

std::string page() {
  const auto rows = all_rows();
  std::ostringstream os;
  std::size_t n = 0, present = 0;
  for (const auto& [name, row] : rows) ++n, present += row.use != nullptr;
  os << "# The names of jax.numpy\n\n"
     << "This page is written by `tests/numpy/surface_test.cpp`, which compiles and runs every expression in it. Of the " << n
     << " names of\n`jax.numpy`, " << present << " have a counterpart. In the expressions, `x` is a matrix, `v` and `w` are vectors, `m` is a square "
     << "matrix,\n`i` are integers, `b` bools and `z` complex numbers. Options are designated initialisers; the headers list them.\n";
  for (const auto& [group, names] : names_of_jax_numpy()) {
    os << "\n## " << group << "\n\n| name | in C++ | if absent, why |\n| --- | --- | --- |\n";
    for (const auto& name : names) {
      const auto row = rows.find(name);
      if (row == rows.end()) continue;
      os << "| `" << name << "` | ";
      if (row->second.use != nullptr) os << '`' << escaped(row->second.spelling) << "` | |\n";
      else os << "| " << row->second.reason << " |\n";
    }
  }
  return os.str();
}

}  // namespace

TEST_CASE("every name of jax.numpy has a row, and no other") {
  std::set<std::string> want, have;
  for (const auto& [group, names] : names_of_jax_numpy()) want.insert(names.begin(), names.end());
  for (const auto& [name, row] : all_rows()) have.insert(name);
  CHECK(want.size() == 415);
  std::vector<std::string> missing, unknown;
  std::set_difference(want.begin(), want.end(), have.begin(), have.end(), std::back_inserter(missing));
  std::set_difference(have.begin(), have.end(), want.begin(), want.end(), std::back_inserter(unknown));
  CHECK(missing == std::vector<std::string>{});
  CHECK(unknown == std::vector<std::string>{});
}

TEST_CASE("every expression runs, and every absence has a reason") {
  const auto s = samples();
  for (const auto& [name, row] : all_rows()) {
    INFO(name);
    if (row.use != nullptr) CHECK_NOTHROW(row.use(s));
    else CHECK(row.reason.size() > 10);
  }
}

TEST_CASE("docs/numpy.md is what the rows say") {
  std::ifstream file(kPage);
  std::ostringstream is;
  is << file.rdbuf();
  INFO("write it anew with: fluxion_tests \"write docs/numpy.md\"");
  CHECK((is.str() == page()));
}

TEST_CASE("write docs/numpy.md", "[.]") { std::ofstream(kPage) << page(); }

}  // namespace fluxion

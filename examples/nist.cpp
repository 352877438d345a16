// The 27 nonlinear regression problems of NIST's Statistical Reference Datasets, each from its second starting point,
// by Levenberg-Marquardt. NIST certifies eleven digits of every parameter; six are required here.
//
// The argument is the folder with NIST's files (https://www.itl.nist.gov/div898/strd); without it there is nothing to
// do, which the exit code 77 says.
#include <fluxion/fluxion.hpp>
#include <fluxion/ufuncs.hpp>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "levenberg_marquardt.hpp"

namespace fx = fluxion;
using fx::Array;

// --- models ------------------------------------------------------------------------------------------------

/// b: parameters, x: a predictor, or several in rows.
using Model = Array (*)(const Array& b, const Array& x);

struct Problem {
  const char* name;
  Model model;
  Array (*response)(const Array& y) = [](const Array& y) { return y; };
};

Array saturation(const Array& b, const Array& x) { return b[0] * (1.0 - fx::exp(-b[1] * x)); }
Array decay_over_line(const Array& b, const Array& x) { return fx::exp(-b[0] * x) / (b[1] + b[2] * x); }
Array decay(const Array& size, const Array& rate, const Array& x) { return size * fx::exp(-rate * x); }
Array bump(const Array& size, const Array& at, const Array& width, const Array& x) {
  return size * fx::exp(-fx::square((x - at) / width));
}
Array decay_and_bumps(const Array& b, const Array& x) {
  return decay(b[0], b[1], x) + bump(b[2], b[3], b[4], x) + bump(b[5], b[6], b[7], x);
}
Array three_decays(const Array& b, const Array& x) {
  return decay(b[0], b[1], x) + decay(b[2], b[3], x) + decay(b[4], b[5], x);
}
Array cubics(const Array& b, const Array& x) {
  return (b[0] + x * (b[1] + x * (b[2] + x * b[3]))) / (1.0 + x * (b[4] + x * (b[5] + x * b[6])));
}
Array quadratics(const Array& b, const Array& x) {
  return (b[0] + x * (b[1] + x * b[2])) / (1.0 + x * (b[3] + x * b[4]));
}
Array wave(const Array& c, const Array& s, const Array& period, const Array& x) {
  const Array phase = 2 * M_PI * x / period;
  return c * fx::cos(phase) + s * fx::sin(phase);
}
Array cycles(const Array& b, const Array& x) {
  return b[0] + wave(b[1], b[2], 12.0, x) + wave(b[4], b[5], b[3], x) + wave(b[7], b[8], b[6], x);
}

const Problem kProblems[] = {
    {"Bennett5", [](const Array& b, const Array& x) { return b[0] * fx::power(b[1] + x, -1.0 / b[2]); }},
    {"BoxBOD", saturation},
    {"Chwirut1", decay_over_line},
    {"Chwirut2", decay_over_line},
    {"DanWood", [](const Array& b, const Array& x) { return b[0] * fx::power(x, b[1]); }},
    {"ENSO", cycles},
    {"Eckerle4",
     [](const Array& b, const Array& x) { return b[0] / b[1] * fx::exp(-0.5 * fx::square((x - b[2]) / b[1])); }},
    {"Gauss1", decay_and_bumps},
    {"Gauss2", decay_and_bumps},
    {"Gauss3", decay_and_bumps},
    {"Hahn1", cubics},
    {"Kirby2", quadratics},
    {"Lanczos1", three_decays},
    {"Lanczos2", three_decays},
    {"Lanczos3", three_decays},
    {"MGH09", [](const Array& b, const Array& x) { return b[0] * x * (x + b[1]) / (x * (x + b[2]) + b[3]); }},
    {"MGH10", [](const Array& b, const Array& x) { return b[0] * fx::exp(b[1] / (x + b[2])); }},
    {"MGH17", [](const Array& b, const Array& x) { return b[0] + decay(b[1], b[3], x) + decay(b[2], b[4], x); }},
    {"Misra1a", saturation},
    {"Misra1b", [](const Array& b, const Array& x) { return b[0] * (1.0 - fx::power(1.0 + b[1] * x / 2.0, -2)); }},
    {"Misra1c", [](const Array& b, const Array& x) { return b[0] * (1.0 - 1.0 / fx::sqrt(1.0 + 2.0 * b[1] * x)); }},
    {"Misra1d", [](const Array& b, const Array& x) { return b[0] * b[1] * x / (1.0 + b[1] * x); }},
    {"Nelson", [](const Array& b, const Array& x) { return b[0] - b[1] * x[0] * fx::exp(-b[2] * x[1]); },
     [](const Array& y) { return fx::log(y); }},
    {"Rat42", [](const Array& b, const Array& x) { return b[0] / (1.0 + fx::exp(b[1] - b[2] * x)); }},
    {"Rat43",
     [](const Array& b, const Array& x) { return b[0] / fx::power(1.0 + fx::exp(b[1] - b[2] * x), 1.0 / b[3]); }},
    {"Roszman1", [](const Array& b, const Array& x) { return b[0] - b[1] * x - fx::arctan(b[2] / (x - b[3])) / M_PI; }},
    {"Thurber", cubics},
};

// --- files -------------------------------------------------------------------------------------------------

struct Dataset {
  std::vector<double> start, certified, y, x;  // x: predictor by predictor
  double sum_of_squares = 0;
};

/// Reads a file as NIST lays it out: `b1 = start1 start2 certified deviation`, and rows of y and predictors at the end.
Dataset read_dataset(const std::filesystem::path& path) {
  std::ifstream in(path);
  if (!in) throw std::runtime_error(path.string() + ": cannot be read");
  Dataset d;
  std::vector<std::vector<double>> rows;
  int first_row = 0, number = 0;  // the head says at which line data begin
  for (std::string line; std::getline(in, line);) {
    ++number;
    std::istringstream fields(line);
    std::string word, equals;
    if (first_row != 0 && number >= first_row) {
      std::vector<double> row;
      while (fields >> word) row.push_back(std::stod(word));
      if (!row.empty()) rows.push_back(row);
    } else if (line.find("Data  ") != std::string::npos && line.find("(lines ") != std::string::npos) {
      first_row = std::stoi(line.substr(line.find("(lines ") + 7));
    } else if (line.rfind("Residual Sum of Squares:", 0) == 0) {
      d.sum_of_squares = std::stod(line.substr(24));
    } else if (fields >> word >> equals && word[0] == 'b' && equals == "=") {
      double first, second, certified, deviation;
      if (!(fields >> first >> second >> certified >> deviation)) continue;
      d.start.push_back(second);
      d.certified.push_back(certified);
    }
  }
  if (d.start.empty() || rows.empty()) throw std::runtime_error(path.string() + ": no parameters or no data");
  for (std::size_t column = 0; column < rows[0].size(); ++column)
    for (const auto& row : rows) (column == 0 ? d.y : d.x).push_back(row.at(column));
  // In a copy that goes round, Roszman1's b1 is off by exactly 1.
  if (path.filename() == "Roszman1.dat" && d.certified[0] > 1) d.certified[0] -= 1;
  return d;
}

/// How many digits agree: 11 of a certified number at most.
double digits(double got, double certified) {
  if (got == certified) return 11;
  return std::min(11.0, -std::log10(std::fabs(got - certified) / std::fabs(certified)));
}

// --- fitting -----------------------------------------------------------------------------------------------

bool solves(const Problem& p, const std::filesystem::path& folder) {
  const auto d = read_dataset(folder / (std::string(p.name) + ".dat"));
  const auto n = static_cast<std::int64_t>(d.y.size()), predictors = static_cast<std::int64_t>(d.x.size()) / n;
  const Array y = p.response(fx::array(d.y));
  const Array x = fx::array(d.x).reshape(predictors == 1 ? fx::Shape{n} : fx::Shape{predictors, n});
  const auto fit = examples::levenberg_marquardt([&](const Array& b) { return p.model(b, x) - y; }, fx::array(d.start));
  const auto b = fit.parameters.to_vector<double>();
  double worst = 11;
  for (std::size_t i = 0; i < b.size(); ++i)
    worst = std::min(worst, std::isnan(b[i]) ? 0 : digits(b[i], d.certified[i]));
  std::printf("%-9s %4d steps  %4.1f digits of %zu parameters  %4.1f of the sum of squares%s%s\n", p.name, fit.steps,
              worst, b.size(), digits(fit.sum_of_squares, d.sum_of_squares), fit.converged ? "" : "  not converged",
              worst < 6 ? "  FAILED" : "");
  return worst >= 6;
}

int main(int argc, char** argv) try {
  const std::filesystem::path folder = argc > 1 ? argv[1] : "";
  if (!std::filesystem::is_directory(folder)) {
    std::cout << "skipped: give the folder with the files of NIST's Statistical Reference Datasets, got '"
              << folder.string() << "'\n";
    return 77;
  }
  int solved = 0, problems = 0;
  for (const auto& p : kProblems) {
    ++problems;
    solved += solves(p, folder);
  }
  std::printf("%d of %d problems solved to six digits\n", solved, problems);
  return solved == problems ? 0 : 1;
} catch (const std::exception& e) {
  std::cerr << e.what() << '\n';
  return 1;
}

// Bayesian logistic regression on a CSV file: the mode by gradient ascent, then Hamiltonian Monte Carlo.
//
// The model is one pure function, `log_posterior`. `grad` differentiates it, `vmap` runs several chains
// side by side, and `jit` compiles the whole; the sampler knows nothing of the model but value and gradient.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <numeric>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

#include <boost/hana/adapt_struct.hpp>
#include <fluxion/fluxion.hpp>

namespace fx = fluxion;
using fx::Array;

// --- the model ---------------------------------------------------------------------------------------------

struct Params { Array intercept, coef; };  // [], [features]
struct Data { Array x, y; };               // [rows, features], [rows] of 0 and 1

BOOST_HANA_ADAPT_STRUCT(Params, intercept, coef);
BOOST_HANA_ADAPT_STRUCT(Data, x, y);

Array logits(const Params& p, const Array& x) { return fx::dot(x, p.coef) + p.intercept; }

/// log p(params | data) up to a constant: coefficients are normal(0, 1), the intercept is normal(0, 2.5).
Array log_posterior(const Params& p, const Data& data) {
  const Array z = logits(p, data.x);
  const Array log_total = fx::softplus(z);  // log(1 + exp(z)), without overflow
  const Array log_likelihood = fx::sum(data.y * z - log_total);
  const Array log_prior = -0.5 * (fx::sum(fx::square(p.coef)) + fx::square(p.intercept / 2.5));
  return log_likelihood + log_prior;
}

// --- the mode ----------------------------------------------------------------------------------------------

struct State { Params position; Array log_density; Params gradient; };
struct Ascent { Params position, velocity; };

BOOST_HANA_ADAPT_STRUCT(State, position, log_density, gradient);
BOOST_HANA_ADAPT_STRUCT(Ascent, position, velocity);

State state_at(const Params& position, const Data& data) {
  const auto [value, gradient] = fx::value_and_grad(log_posterior)(position, data);
  return {position, value, gradient};
}

/// p + t * direction
Params moved(const Params& p, const Array& t, const Params& direction) {
  return fx::tree::map([&](const Array& a, const Array& d) { return a + t * d; }, p, direction);
}

/// All parameters as one vector, the intercept first.
Array flat(const Params& p) { return fx::tree::ravel(p).first; }

/// One step of Nesterov's accelerated gradient ascent.
Ascent ascent_step(const Ascent& now, const Array& rate, const Array& momentum, const Data& data) {
  const Params ahead = moved(now.position, momentum, now.velocity);
  const Params next = moved(ahead, rate, state_at(ahead, data).gradient);
  return {next, moved(next, -1, now.position)};
}

State find_mode(const Data& data, int steps) {
  // The curvature of the likelihood is at most x'x / 4, that of the prior 1: the inverse is a safe rate.
  const Array rate = 1 / (1 + 0.25 * (fx::sum(fx::square(data.x)) + data.x.shape(0)));
  const Params zero{fx::zeros({}), fx::zeros({data.x.shape(1)})};
  const auto step = fx::jit(ascent_step);
  Ascent ascent{zero, zero};
  for (int i = 0; i < steps; ++i) ascent = step(ascent, rate, i / (i + 3.0), data);
  return state_at(ascent.position, data);
}

// --- the sampler -------------------------------------------------------------------------------------------

struct Transition { State state; Array acceptance; };  // with what probability the proposal was accepted
BOOST_HANA_ADAPT_STRUCT(Transition, state, acceptance);

/// Hamiltonian dynamics for a time of leapfrog_steps * step_size: half a kick, drifts and kicks, half a kick.
std::pair<State, Params> leapfrog(State s, Params momentum, const Array& step_size, int leapfrog_steps,
                                  const Data& data) {
  momentum = moved(momentum, 0.5 * step_size, s.gradient);
  for (int i = 0; i < leapfrog_steps; ++i) {
    s = state_at(moved(s.position, step_size, momentum), data);
    const bool last = i + 1 == leapfrog_steps;
    momentum = moved(momentum, last ? 0.5 * step_size : step_size, s.gradient);
  }
  return {s, momentum};
}

Params standard_normal(const Array& key, const Params& like) {
  const auto [intercept_key, coef_key] = fx::random::split<2>(key);
  return {fx::random::normal(intercept_key, like.intercept.shape()),
          fx::random::normal(coef_key, like.coef.shape())};
}

Array kinetic_energy(const Params& momentum) {
  return 0.5 * (fx::square(momentum.intercept) + fx::sum(fx::square(momentum.coef)));
}

/// One transition of Hamiltonian Monte Carlo (Neal 2011) for a single chain.
Transition hmc_step(const Array& key, const State& now, const Array& step_size, int leapfrog_steps,
                    const Data& data) {
  const auto [momentum_key, accept_key] = fx::random::split<2>(key);
  const Params momentum = standard_normal(momentum_key, now.position);
  const auto [proposal, final_momentum] = leapfrog(now, momentum, step_size, leapfrog_steps, data);
  const Array gain = (proposal.log_density - kinetic_energy(final_momentum)) -
                     (now.log_density - kinetic_energy(momentum));  // of log density over both variables
  const Array acceptance = fx::where(fx::isnan(gain), 0, fx::exp(fx::minimum(gain, 0)));  // NaN: diverged
  const Array accept = fx::random::uniform(accept_key) < acceptance;
  const auto chosen = [&](const Array& a, const Array& b) { return fx::where(accept, a, b); };
  return {fx::tree::map(chosen, proposal, now), acceptance};
}

/// The step size at which proposals are accepted as often as wanted: dual averaging (Hoffman, Gelman 2014).
class StepSize {
 public:
  explicit StepSize(double initial) : centre_(std::log(10 * initial)), log_step_(std::log(initial)) {}
  double while_adapting() const { return std::exp(log_step_); }
  double adapted() const { return std::exp(log_average_); }
  void update(double acceptance) {
    const double n = ++count_;
    shortfall_ += (wanted - acceptance - shortfall_) / (n + 10);
    log_step_ = centre_ - std::sqrt(n) / 0.05 * shortfall_;
    const double weight = std::pow(n, -0.75);
    log_average_ += weight * (log_step_ - log_average_);
  }

 private:
  static constexpr double wanted = 0.8;
  double centre_, log_step_, log_average_ = 0, shortfall_ = 0;
  int count_ = 0;
};

/// A line on stderr that counts up, if somebody is there to see it.
class Progress {
 public:
  explicit Progress(int total) : total_(total) {}
  ~Progress() { if (visible_) std::cerr << "\r\033[K"; }
  void show(const char* phase, int done) const {
    if (visible_ && (done % 10 == 0 || done == total_))
      std::cerr << '\r' << phase << ' ' << done << '/' << total_ << "\033[K" << std::flush;
  }

 private:
  int total_;
  bool visible_ = isatty(STDERR_FILENO) != 0;
};

struct Sampling { int chains = 4, samples = 1000, warmup = 500, leapfrog_steps = 16; };
struct Draws {
  Array values;  // [samples, chains, 1 + features], the intercept first
  double acceptance = 0, step_size = 0;
  double gradients_per_second = 0;
};

Draws sample(const Array& key, const Params& mode, const Data& data, const Sampling& how) {
  // Chains start at different places about the mode, so that R-hat can tell whether they have come together.
  const auto [start_key, chains_key] = fx::random::split<2>(key);
  const auto start = [&](const Array& k) {
    return state_at(moved(mode, 0.5, standard_normal(k, mode)), data);
  };
  State chains = fx::vmap(start)(fx::random::split(start_key, how.chains));
  const auto step = fx::jit(fx::vmap(hmc_step, {.in_axes = {0, 0, fx::none, fx::none, fx::none}}),
                            fx::static_argnums<3>);

  StepSize step_size(0.01);
  Draws result;
  fx::Arrays draws;
  Progress progress(how.warmup + how.samples);
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < how.warmup + how.samples; ++i) {
    const bool adapting = i < how.warmup;
    const Array keys = fx::random::split(fx::random::fold_in(chains_key, i), how.chains);
    const double size = adapting ? step_size.while_adapting() : step_size.adapted();
    const Transition t = step(keys, chains, size, how.leapfrog_steps, data);
    chains = t.state;
    const double acceptance = fx::mean(t.acceptance).item<double>();
    if (adapting) {
      step_size.update(acceptance);
    } else {
      result.acceptance += acceptance / how.samples;
      draws.push_back(fx::vmap(flat)(chains.position));
    }
    progress.show(adapting ? "warm-up" : "sampling", i + 1);
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  result.values = fx::stack(draws);
  result.step_size = step_size.adapted();
  result.gradients_per_second =
      double(how.warmup + how.samples) * how.chains * how.leapfrog_steps / seconds.count();
  return result;
}

/// Split R-hat of each parameter (Gelman et al. 2013): near 1 when all halves of all chains agree.
Array split_r_hat(const Array& draws) {
  const auto half = draws.shape(0) / 2;
  const Array halves = fx::concatenate({draws[fx::range(0, half)], draws[fx::range(half, 2 * half)]}, 1);
  const Array within = fx::mean(fx::var(halves, 0, 1), 0);
  const Array between = fx::var(fx::mean(halves, 0), 0, 1);
  return fx::sqrt((half - 1.0) / half + between / within);
}

// --- reading the data --------------------------------------------------------------------------------------

struct Row { int line; std::vector<double> cells; };
struct Table {
  std::string file;
  std::vector<std::string> columns;
  std::vector<Row> rows;
};

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error(what); }
std::string quoted(const std::string& text) { return '"' + text + '"'; }
std::string text_of(const Array& x) { return (std::ostringstream() << x).str(); }
std::string place(const std::string& file, int line) { return file + ':' + std::to_string(line); }

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream in(line + ',');
  for (std::string cell; std::getline(in, cell, ',');) {
    const auto first = cell.find_first_not_of(" \t\r"), last = cell.find_last_not_of(" \t\r");
    cells.push_back(first == std::string::npos ? "" : cell.substr(first, last - first + 1));
  }
  return cells;
}

/// One number per column. `where` is the file and line, for messages.
std::vector<double> numbers_of(const std::string& line, const std::vector<std::string>& columns,
                               const std::string& where) {
  const auto cells = cells_of(line);
  if (cells.size() != columns.size())
    fail(where + ": " + std::to_string(columns.size()) + " cells are required, as in the header, got " +
         std::to_string(cells.size()));
  std::vector<double> numbers(cells.size());
  for (std::size_t c = 0; c < cells.size(); ++c) {
    const auto end = cells[c].data() + cells[c].size();
    const auto [stopped, error] = std::from_chars(cells[c].data(), end, numbers[c]);
    if (error != std::errc() || stopped != end || !std::isfinite(numbers[c]))
      fail(where + ": column " + quoted(columns[c]) + " must be a finite number, got " + quoted(cells[c]));
  }
  return numbers;
}

/// A header line with the names of the columns, then lines of as many numbers, separated by commas.
Table read_csv(const std::string& file) {
  std::ifstream in(file);
  std::string line;
  if (!in) fail(file + ": the file cannot be opened; name another with --csv FILE");
  if (!std::getline(in, line))
    fail(file + ": a header line with the names of the columns is required, got an empty file");
  Table table{file, cells_of(line), {}};
  for (int number = 2; std::getline(in, line); ++number)
    if (line.find_first_not_of(" \t\r") != std::string::npos)
      table.rows.push_back({number, numbers_of(line, table.columns, place(file, number))});
  if (table.rows.size() < 20)
    fail(file + ": at least 20 rows are required, got " + std::to_string(table.rows.size()));
  return table;
}

std::size_t target_column(const Table& table, const std::string& target) {
  const auto found = std::find(table.columns.begin(), table.columns.end(), target);
  if (found == table.columns.end()) {
    std::string names;
    for (const auto& name : table.columns) names += (names.empty() ? "" : ", ") + quoted(name);
    fail(table.file + ": no column is named " + quoted(target) + "; choose with --target from " + names);
  }
  const auto column = static_cast<std::size_t>(found - table.columns.begin());
  for (const auto& row : table.rows)
    if (const double v = row.cells[column]; v != 0 && v != 1)
      fail(place(table.file, row.line) + ": the target " + quoted(target) + " must be 0 or 1, got " +
           quoted(text_of(v)));
  if (table.columns.size() == 1) fail(table.file + ": a column besides the target is required");
  return column;
}

struct Problem {
  std::vector<std::string> features;
  Data train, test;
};

/// The given rows as arrays.
Data data_of(const Table& table, std::size_t target, std::span<const std::size_t> rows) {
  std::vector<std::vector<double>> x;
  std::vector<double> y;
  for (const auto r : rows) {
    auto cells = table.rows[r].cells;
    y.push_back(cells[target]);
    cells.erase(cells.begin() + static_cast<std::ptrdiff_t>(target));
    x.push_back(std::move(cells));
  }
  return {fx::array(x), fx::array(y)};
}

bool is_constant(const Array& column) { return bool(fx::min(column) == fx::max(column)); }

/// Holds out a fifth of the rows, chosen by the key, and standardises the features by what the others say.
Problem problem_of(const Table& table, const std::string& target_name, const Array& key) {
  const auto target = target_column(table, target_name);
  const auto n = table.rows.size();
  const auto rank = fx::random::bits(key, {static_cast<std::int64_t>(n)}).to_vector<std::uint64_t>();
  std::vector<std::size_t> rows(n);
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  std::stable_sort(rows.begin(), rows.end(), [&](auto a, auto b) { return rank[a] < rank[b]; });

  const std::span<const std::size_t> shuffled(rows);
  Problem problem{table.columns, data_of(table, target, shuffled.subspan(n / 5)),
                  data_of(table, target, shuffled.first(n / 5))};
  problem.features.erase(problem.features.begin() + static_cast<std::ptrdiff_t>(target));
  const std::string same = " is the same in all rows to learn from; ";
  const Array x = problem.train.x;
  if (is_constant(problem.train.y))
    fail(table.file + ": the target " + quoted(target_name) + same + "both 0 and 1 are required");
  for (std::size_t f = 0; f < problem.features.size(); ++f)
    if (is_constant(x(fx::range(), f)))
      fail(table.file + ": column " + quoted(problem.features[f]) + same + "remove it");
  for (Data* data : {&problem.train, &problem.test})
    data->x = (data->x - fx::mean(x, 0)) / fx::std(x, 0);
  return problem;
}

// --- what the user asked for -------------------------------------------------------------------------------

#ifndef FLUXION_EXAMPLES_DATA
#define FLUXION_EXAMPLES_DATA "examples/data"
#endif

struct Options {
  std::string csv = FLUXION_EXAMPLES_DATA "/breast_cancer.csv", target;
  int seed = 0;
  Sampling sampling;
  int ascent_steps = 1000;
  bool jit = true, help = false;
};

constexpr const char* usage = R"(bayesian_logistic: Bayesian logistic regression by Hamiltonian Monte Carlo

  --csv FILE       a header line of column names, then lines of numbers, separated by commas;
                   by default the Wisconsin breast cancer data
  --target COLUMN  the column of 0 and 1 to predict from all others
  --seed N         the same seed gives the same numbers (0)
  --chains N       Markov chains (4)
  --warmup N       transitions of each chain while the step size is adapted (500)
  --samples N      transitions of each chain that are kept (1000)
  --quick          fewer steps of everything, for a first look
  --no-jit         operation by operation instead of compiled; the same numbers
  --help           this text
)";

int integer(const std::string& option, const std::string& text, int least) {
  constexpr int most = 1000000;
  int value = 0;
  const auto end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stopped != end || value < least || value > most)
    fail(option + ": an integer from " + std::to_string(least) + " to " + std::to_string(most) +
         " is required, got " + quoted(text));
  return value;
}

Options parsed(const std::vector<std::string>& args) {
  Options o;
  for (std::size_t i = 0; i < args.size(); ++i) {
    const std::string& option = args[i];
    const auto text = [&] {
      if (i + 1 == args.size()) fail(option + ": a value is required; see --help");
      return args[++i];
    };
    const auto count = [&](int least) { return integer(option, text(), least); };
    if (option == "--csv") o.csv = text();
    else if (option == "--target") o.target = text();
    else if (option == "--seed") o.seed = count(0);
    else if (option == "--chains") o.sampling.chains = count(1);
    else if (option == "--samples") o.sampling.samples = count(4);
    else if (option == "--warmup") o.sampling.warmup = count(1);
    else if (option == "--quick") o.ascent_steps = 200, o.sampling.warmup = 60, o.sampling.samples = 60;
    else if (option == "--no-jit") o.jit = false;
    else if (option == "--help") o.help = true;
    else fail(quoted(option) + " is not an option; see --help");
  }
  const bool shipped = o.csv == Options().csv;
  if (o.target.empty() && !shipped && !o.help) fail("--target: the column to predict is required with --csv");
  if (o.target.empty()) o.target = "benign";
  return o;
}

// --- the whole ---------------------------------------------------------------------------------------------

double accuracy(const Array& probability, const Array& y) {
  return fx::mean((probability > 0.5) == (y == 1)).item<double>();
}

/// The probability of 1 for each row, averaged over all draws.
Array predictive_mean(const Array& draws, const Array& x) {
  const Array all = draws.reshape({-1, draws.shape(-1)});
  const Params each{all(fx::range(), 0), all(fx::range(), fx::range(1, fx::none))};
  const Array z = fx::vmap(logits, {.in_axes = {0, fx::none}})(each, x);  // [draws, rows]
  return fx::mean(fx::sigmoid(z), 0);
}

void print_table(const std::vector<std::string>& features, const Array& draws) {
  const auto mean = fx::mean(draws, {0, 1}).to_vector<double>();
  const auto sd = fx::std(draws, {0, 1}).to_vector<double>();
  const auto r_hat = split_r_hat(draws).to_vector<double>();
  std::printf("\n%-26s %9s %9s %9s\n", "parameter", "mean", "sd", "R-hat");
  for (std::size_t i = 0; i < mean.size(); ++i)
    std::printf("%-26s %9.4f %9.4f %9.4f\n", i == 0 ? "intercept" : features[i - 1].c_str(), mean[i], sd[i],
                r_hat[i]);
  std::printf("\nlargest R-hat              %9.4f\n", *std::max_element(r_hat.begin(), r_hat.end()));
}

void run(const Options& o) {
  const fx::disable_jit guard(!o.jit);
  const auto [split_key, sample_key] = fx::random::split<2>(fx::random::key(o.seed));
  const auto [features, train, test] = problem_of(read_csv(o.csv), o.target, split_key);
  std::printf("%d rows to learn from, %d held out, %d features\n", int(train.y.size()), int(test.y.size()),
              int(features.size()));

  const State mode = find_mode(train, o.ascent_steps);
  std::printf("mode after %d gradient steps: log posterior %.6f, gradient %.1e, held-out accuracy %.4f\n",
              o.ascent_steps, mode.log_density.item<double>(), fx::norm(flat(mode.gradient)).item<double>(),
              accuracy(fx::sigmoid(logits(mode.position, test.x)), test.y));

  const Draws draws = sample(sample_key, mode.position, train, o.sampling);
  print_table(features, draws.values);
  std::printf("acceptance                 %9.4f   (%d chains of %d, %d leapfrog steps of %.4f)\n",
              draws.acceptance, o.sampling.chains, o.sampling.samples, o.sampling.leapfrog_steps,
              draws.step_size);
  std::printf("held-out accuracy          %9.4f\n", accuracy(predictive_mean(draws.values, test.x), test.y));
  std::printf("gradient evaluations per second: %.0f\n", draws.gradients_per_second);
}

int main(int argc, char** argv) try {
  const Options options = parsed({argv + 1, argv + argc});
  if (options.help) std::fputs(usage, stdout);
  else run(options);
} catch (const std::exception& e) {
  std::cerr << "bayesian_logistic: " << e.what() << '\n';
  return 1;
}

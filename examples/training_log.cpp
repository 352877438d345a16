// Watching a compiled training loop: a logistic regression on synthetic data is trained inside one jitted loop, and from
// inside that loop ordered callbacks write what happens to a CSV file and a JSON lines file. Both are then read back.
//
// The loop is one program: nothing returns to C++ between two steps but the callbacks, and without them the same code
// is the same training.
#include <charconv>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <unistd.h>

#include <boost/hana/adapt_struct.hpp>
#include <fluxion/fluxion.hpp>

namespace fx = fluxion;
using fx::Array;

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error(what); }

// --- the model ---------------------------------------------------------------------------------------------

struct Params { Array weights, bias; };  // [features], []
struct Data { Array x, y; };             // [rows, features], [rows] of 0 and 1
struct Metrics { Array step, loss, accuracy, gradient_norm; };

BOOST_HANA_ADAPT_STRUCT(Params, weights, bias);
BOOST_HANA_ADAPT_STRUCT(Data, x, y);
BOOST_HANA_ADAPT_STRUCT(Metrics, step, loss, accuracy, gradient_norm);

Array logits(const Params& p, const Array& x) { return fx::dot(x, p.weights) + p.bias; }

/// Mean negative log-likelihood.
Array loss(const Params& p, const Data& data) {
  const Array z = logits(p, data.x);
  return fx::mean(fx::softplus(z) - data.y * z);
}

Array accuracy(const Params& p, const Data& data) { return fx::mean((logits(p, data.x) > 0.0) == (data.y == 1.0)); }

/// Rows drawn from a model that is known, so that there is something to find.
Data synthetic(int seed, std::int64_t rows, std::int64_t features) {
  const auto [x_key, w_key, y_key] = fx::random::split<3>(fx::random::key(seed));
  const Array x = fx::random::normal(x_key, {rows, features});
  const Array truth = 2.0 * fx::random::normal(w_key, {features});
  return {x, fx::random::bernoulli(y_key, fx::sigmoid(fx::dot(x, truth))).astype(fx::float64)};
}

// --- the log -----------------------------------------------------------------------------------------------

struct Record {
  long step;
  double loss, accuracy, gradient_norm;
  friend bool operator==(const Record&, const Record&) = default;
};

/// A line per record in each of two files. Called from inside the compiled loop; what it throws ends the training.
class Log {
 public:
  explicit Log(const std::filesystem::path& folder)
      : csv_path(folder / "metrics.csv"), json_path(folder / "metrics.jsonl"), csv_(csv_path), json_(json_path) {
    if (!csv_ || !json_) fail(folder.string() + ": no file can be written there");
    csv_ << "step,loss,accuracy,gradient_norm\n";
  }

  void operator()(const Metrics& m) {
    const auto step = m.step.item<long>();
    const auto text = [](const Array& x) {
      char out[32];
      return std::string(out, std::to_chars(out, out + sizeof out, x.item<double>()).ptr);  // reads back to the bit
    };
    const auto l = text(m.loss), a = text(m.accuracy), g = text(m.gradient_norm);
    csv_ << step << ',' << l << ',' << a << ',' << g << std::endl;
    json_ << "{\"step\": " << step << ", \"loss\": " << l << ", \"accuracy\": " << a << ", \"gradient_norm\": " << g << '}'
          << std::endl;
    if (!csv_ || !json_) fail(csv_path.string() + ": the disk is full, or the file is gone");
  }

  const std::filesystem::path csv_path, json_path;

 private:
  std::ofstream csv_, json_;
};

// --- the training ------------------------------------------------------------------------------------------

/// Gradient descent; `write` is called with the metrics of every `every`th step, in order.
template <class Write>
Params trained(const Data& data, int steps, int every, const Write& write) {
  const auto step = [&](const Array& i, const Params& p) {
    const auto result = fx::value_and_grad(loss)(p, data);
    const auto& value = result.first;
    const auto& gradient = result.second;
    const auto log = [&] {
      const Array norm = fx::sqrt(fx::sum(fx::square(gradient.weights)) + fx::square(gradient.bias));
      fx::debug::callback({.ordered = true}, write, Metrics{i, value, accuracy(p, data), norm});
      return i;
    };
    fx::cond(i % every == 0, log, [&] { return i; });  // what is not logged is not computed
    return fx::tree::map([](const Array& w, const Array& g) { return w - 0.5 * g; }, p, gradient);
  };
  const auto train = fx::jit([&](const Params& start) { return fx::fori_loop(0, steps, step, start); });
  return train(Params{fx::zeros({data.x.shape(1)}), 0.0});
}

// --- reading back ------------------------------------------------------------------------------------------

std::vector<Record> read_back(const std::filesystem::path& path, const char* format) {
  std::ifstream in(path);
  std::vector<Record> records;
  for (std::string line; std::getline(in, line);) {
    Record r{};
    if (line.rfind("step,", 0) == 0) continue;
    if (std::sscanf(line.c_str(), format, &r.step, &r.loss, &r.accuracy, &r.gradient_norm) != 4)
      fail(path.string() + ": not a record: " + line);
    records.push_back(r);
  }
  return records;
}

void summarise(const std::vector<Record>& records) {
  std::printf("%8s %12s %10s %14s\n", "step", "loss", "accuracy", "gradient norm");
  const std::size_t stride = records.size() < 8 ? 1 : records.size() / 8;
  for (std::size_t i = 0; i < records.size(); i += stride)
    std::printf("%8ld %12.6f %10.4f %14.3e\n", records[i].step, records[i].loss, records[i].accuracy, records[i].gradient_norm);
}

/// What must be true of any such log, whatever was drawn.
void check(const std::vector<Record>& csv, const std::vector<Record>& json, int steps, int every) {
  if (csv != json) fail("the two files differ");
  if (csv.size() != static_cast<std::size_t>((steps + every - 1) / every)) fail("a step is missing");
  for (std::size_t i = 0; i < csv.size(); ++i)
    if (csv[i].step != static_cast<long>(i) * every) fail("the steps are not in order");
  if (csv.size() > 1 && csv.back().loss >= csv.front().loss) fail("the loss has not gone down");
}

// --- the whole ---------------------------------------------------------------------------------------------

constexpr char usage[] =
    "usage: training_log [--steps N] [--every N] [--seed N] [DIRECTORY]\n"
    "Trains inside one compiled loop, and writes DIRECTORY/metrics.csv and metrics.jsonl from there.\n"
    "Without a DIRECTORY they go to a temporary one, which is removed.\n";

struct Options {
  std::string folder;
  int steps = 400, every = 10, seed = 0;
  bool help = false;
};

int number(const std::string& option, const std::string& text, int least) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least)
    fail(option + ": a whole number of at least " + std::to_string(least) + " is required, got \"" + text + "\"");
  return value;
}

Options parsed(std::span<char* const> args) {
  Options o;
  for (std::size_t i = 0; i < args.size(); ++i) {
    const std::string option = args[i];
    const auto value = [&](int least) {
      if (i + 1 == args.size()) fail(option + ": a value is required");
      return number(option, args[++i], least);
    };
    if (option == "--help") o.help = true;
    else if (option == "--steps") o.steps = value(1);
    else if (option == "--every") o.every = value(1);
    else if (option == "--seed") o.seed = value(0);
    else if (option.starts_with("-")) fail("\"" + option + "\" is not an option; see --help");
    else if (!o.folder.empty()) fail("one directory is required, got \"" + o.folder + "\" and \"" + option + "\"");
    else o.folder = option;
  }
  return o;
}

void run(const Options& o, const std::filesystem::path& folder) {
  const Data data = synthetic(o.seed, 500, 8);
  Log log(folder);
  const Params p = trained(data, o.steps, o.every, [&log](const Metrics& m) { log(m); });
  const auto csv = read_back(log.csv_path, "%ld,%lf,%lf,%lf");
  const auto json = read_back(log.json_path, R"({"step": %ld, "loss": %lf, "accuracy": %lf, "gradient_norm": %lf})");
  check(csv, json, o.steps, o.every);
  summarise(csv);
  std::printf("\n%zu records in %s and %s\n", csv.size(), log.csv_path.filename().c_str(), log.json_path.filename().c_str());
  const Params silent = trained(data, o.steps, o.every, [](const Metrics&) {});
  if (!fx::array_equal(p.weights, silent.weights)) fail("watching has changed the training");
  std::printf("loss after %d steps: %.6f, to the bit the same without a log\n", o.steps, loss(p, data).item<double>());
}

int main(int argc, char** argv) try {
  const Options options = parsed({argv + 1, argv + argc});
  if (options.help) {
    std::fputs(usage, stdout);
    return 0;
  }
  if (!options.folder.empty()) {
    if (!std::filesystem::is_directory(options.folder)) fail("\"" + options.folder + "\" is not a directory");
    run(options, options.folder);
    return 0;
  }
  auto pattern = (std::filesystem::temp_directory_path() / "training_log_XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) fail(pattern + ": no directory can be made there");
  const struct Removed {
    std::filesystem::path path;
    ~Removed() { std::filesystem::remove_all(path); }
  } temporary{pattern};
  run(options, temporary.path);
} catch (const std::exception& e) {
  std::cerr << "training_log: " << e.what() << '\n';
  return 1;
}

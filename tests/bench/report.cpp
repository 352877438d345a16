#include "report.hpp"

#include <cmath>
#include <cstdio>
#include <map>
#include <optional>

#include "bench.hpp"
#include "machine.hpp"

namespace fluxion::bench {
namespace {

double median(std::vector<double> v) {
  const auto middle = v.begin() + static_cast<std::ptrdiff_t>(v.size() / 2);
  std::nth_element(v.begin(), middle, v.end());
  return *middle;
}

/// Seconds per call of `runs` runs.
double sample(const Impl& impl, std::int64_t runs) {
  const double start = thread_seconds();
  for (std::int64_t i = 0; i < runs; ++i) impl.run();
  return (thread_seconds() - start) / static_cast<double>(runs * impl.calls);
}

/// Runs that take `seconds` or more. Warms up on the way.
std::int64_t enough_runs(const Impl& impl, double seconds) {
  sample(impl, 1);
  for (std::int64_t runs = 1;;) {
    const double took = sample(impl, runs) * static_cast<double>(runs * impl.calls);
    if (took >= seconds) return runs;
    const double factor = took > 0 ? 1.3 * seconds / took : 100;
    runs = std::max(runs + 1, static_cast<std::int64_t>(static_cast<double>(runs) * std::min(factor, 100.0)));
  }
}

using Times = std::map<std::string, double>;

Times measured(const Case& c, const ReportOptions& options) {
  std::vector<std::int64_t> runs;
  for (const auto& impl : c.impls) runs.push_back(enough_runs(impl, options.seconds));
  std::vector<std::vector<double>> samples(c.impls.size());
  for (int r = 0; r < options.repetitions; ++r)
    for (std::size_t k = 0; k < c.impls.size(); ++k) samples[k].push_back(sample(c.impls[k], runs[k]));
  Times times;
  for (std::size_t k = 0; k < c.impls.size(); ++k) times[c.impls[k].name] = median(samples[k]);
  return times;
}

std::string pretty(double seconds) {
  const auto [scale, unit] = seconds < 1e-6   ? std::pair{1e9, "ns"}
                             : seconds < 1e-3 ? std::pair{1e6, "µs"}
                             : seconds < 1    ? std::pair{1e3, "ms"}
                                              : std::pair{1.0, "s"};
  char text[32];
  std::snprintf(text, sizeof text, "%.3g %s", seconds * scale, unit);
  return text;
}

std::string number(const char* format, double x) {
  char text[32];
  std::snprintf(text, sizeof text, format, x);
  return text;
}

/// `P2a/f32_1e7/jit` for the implementation `jit` of `P2a/f32_1e7`; whole names stay.
std::string whole_name(const std::string& entry, const std::string& impl) {
  return impl.find('/') == std::string::npos ? entry + "/" + impl : impl;
}

class Table {
 public:
  explicit Table(const Machine& m) : machine_(m) {
    std::puts("| case | hand | jit | other | jit ÷ hand | goal | hand of the limit | hand, then ÷ now |\n"
              "| --- | --- | --- | --- | --- | --- | --- | --- |");
  }

  void row(const std::string& entry, const Case& c, const Times& times) {
    for (const auto& [name, seconds] : times) all_[entry + "/" + name] = seconds;
    if (const double least = limit(c); least > 0) all_[entry + "/limit"] = least;
    const auto at = [&](const char* name) { return times.contains(name) ? std::optional(times.at(name)) : std::nullopt; };
    const auto hand = at("hand"), jit = at("jit");
    std::printf("| %s | %s | %s | %s | %s | %s | %s | %s |\n", entry.c_str(), hand ? pretty(*hand).c_str() : "",
                jit ? pretty(*jit).c_str() : "", others(times).c_str(),
                hand && jit ? number("%.2f", *jit / *hand).c_str() : "", goals(entry, c).c_str(),
                of_the_limit(c, hand).c_str(), then(c, hand).c_str());
    std::fflush(stdout);
  }

 private:
  static std::string others(const Times& times) {
    std::string text;
    for (const auto& [name, seconds] : times)
      if (name != "hand" && name != "jit") text += (text.empty() ? "" : ", ") + name + " " + pretty(seconds);
    return text;
  }
  std::string goals(const std::string& entry, const Case& c) const {
    std::string text;
    for (const auto& g : c.goals) {
      const auto of = all_.find(whole_name(entry, g.of)), to = all_.find(whole_name(entry, g.to));
      if (!text.empty()) text += ", ";
      if (g.to.empty()) {
        text += g.of + " ≤ " + pretty(g.most) + (of->second <= g.most ? ": met" : ": **missed**");
        continue;
      }
      text += g.of + " ÷ " + g.to + " ≤ " + number("%.3g", g.most);
      if (of == all_.end() || to == all_.end()) {
        text += " (not measured)";
        continue;
      }
      const double ratio = of->second / to->second;
      text += (ratio <= g.most ? ": met, " : ": **missed**, ") + number("%.3g", ratio);
    }
    return text;
  }
  /// The share of what memory or arithmetic allow that the hand-written version reaches.
  std::string of_the_limit(const Case& c, std::optional<double> hand) const {
    const double least = limit(c);
    return hand && least > 0 ? number("%.2f", least / *hand) : "";
  }
  double limit(const Case& c) const {
    return std::max(c.flops / (c.narrow ? machine_.flops32 : machine_.flops64), c.bytes / machine_.bandwidth);
  }
  static std::string then(const Case& c, std::optional<double> hand) {
    if (!hand || c.table_seconds <= 0) return "";
    const double share = c.table_seconds / *hand;
    return number("%.2f", share) + (share < 0.9 ? " **slow**" : "");
  }

  Machine machine_;
  Times all_;
};

/// What is wrong with the outputs of a case; empty if nothing is.
std::string fault(const Case& c) {
  try {
    return c.check ? c.check() : "it has no check";
  } catch (const std::exception& e) {
    return e.what();
  }
}

}  // namespace

int report(const ReportOptions& options) {
  const Machine m = measured_machine();
  std::printf("%s: multiply-adds %.0f (f32) and %.0f (f64) GFLOP/s, memory %.1f GB/s; one core, CPU time, medians of"
              " %d interleaved repetitions.\n\n",
              processor().c_str(), m.flops32 / 1e9, m.flops64 / 1e9, m.bandwidth / 1e9, options.repetitions);
  Table table(m);
  int faults = 0;
  for (const auto& e : entries()) {
    if (!std::regex_search(e.name, options.filter)) continue;
    const Case c = e.make();
    if (const auto what = fault(c); !what.empty()) {
      std::printf("| %s | **outputs differ**: %s |\n", e.name.c_str(), what.c_str());
      ++faults;
      continue;
    }
    table.row(e.name, c, measured(c, options));
  }
  return faults;
}

int check(const std::regex& filter) {
  int faults = 0;
  for (const auto& e : entries()) {
    if (!std::regex_search(e.name, filter)) continue;
    const auto what = fault(e.make());
    if (!what.empty()) ++faults;
    std::printf("%s: %s\n", e.name.c_str(), what.empty() ? "the outputs agree" : what.c_str());
  }
  return faults;
}

}  // namespace fluxion::bench

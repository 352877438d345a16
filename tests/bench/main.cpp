// fluxion_bench: Google Benchmark's options, or
//   --report [--filter=REGEX] [--repetitions=N]   the table of docs/performance.md
//   --check [--filter=REGEX]                      only whether the outputs agree
#include <benchmark/benchmark.h>
#include <tbb/global_control.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <regex>
#include <string_view>

#include "bench.hpp"
#include "machine.hpp"
#include "report.hpp"

namespace fluxion::bench {
namespace {

/// A case that Google Benchmark runs: made and checked when the first of its implementations is, gone after the last.
struct Live {
  explicit Live(Entry e) : entry(std::move(e)) {}
  Entry entry;
  std::optional<Case> made;
  std::string fault;

  const Case& get() {
    if (!made) {
      made = entry.make();
      fault = made->check ? made->check() : "it has no check";
    }
    return *made;
  }
};

void measure(benchmark::State& state, const std::shared_ptr<Live>& live, std::size_t impl) {
  static std::shared_ptr<Live> last;  // its arrays are freed when another case begins
  if (last != live && last != nullptr) last->made.reset();
  last = live;
  const Impl& i = live->get().impls[impl];
  if (!live->fault.empty()) return state.SkipWithError(live->fault.c_str());
  for (auto _ : state) i.run();
  state.counters["calls"] = benchmark::Counter(static_cast<double>(i.calls), benchmark::Counter::kIsIterationInvariantRate);
}

/// Whether the filter may choose one of its implementations: making a case takes time.
bool may_match(const Entry& e, const std::regex& filter) {
  for (const char* impl : {"jit", "eager", "hand", "eigen", "openblas"})
    if (std::regex_search(e.name + "/" + impl, filter)) return true;
  return false;
}

void register_all(const std::regex& filter) {
  for (const auto& e : entries()) {
    if (!may_match(e, filter)) continue;
    const auto live = std::make_shared<Live>(e);
    const auto names = e.make().impls;
    for (std::size_t k = 0; k < names.size(); ++k)
      benchmark::RegisterBenchmark((e.name + "/" + names[k].name).c_str(),
                                   [live, k](benchmark::State& s) { measure(s, live, k); });
  }
}

std::optional<std::string_view> value(std::string_view argument, std::string_view option) {
  if (!argument.starts_with(option)) return std::nullopt;
  return argument.substr(option.size());
}

/// Some environments name a processor for OpenBLAS, which then runs at half its speed. It reads that when it is loaded,
/// so the program begins once more without.
void forget_named_processor(char** argv) {
  if (std::getenv("OPENBLAS_CORETYPE") == nullptr && std::getenv("OPENBLAS_L2_SIZE") == nullptr) return;
  unsetenv("OPENBLAS_CORETYPE");
  unsetenv("OPENBLAS_L2_SIZE");
  execv("/proc/self/exe", argv);
  std::fputs("fluxion_bench: OPENBLAS_CORETYPE is set, so OpenBLAS may be slow; unset it\n", stderr);
}

int run(int argc, char** argv) {
  forget_named_processor(argv);
  bool wants_report = false, wants_check = false;
  ReportOptions options{std::regex("")};
  std::regex names("");
  for (int k = 1; k < argc; ++k) {
    const std::string_view a = argv[k];
    if (a == "--report") wants_report = true;
    else if (a == "--check") wants_check = true;
    else if (auto v = value(a, "--filter=")) options.filter = std::regex(v->begin(), v->end());
    else if (auto f = value(a, "--benchmark_filter=")) names = std::regex(f->begin(), f->end());
    else if (auto n = value(a, "--repetitions=")) options.repetitions = std::max(5, std::stoi(std::string(*n)));
  }
  // Cost is compared on one core.
  const tbb::global_control one(tbb::global_control::max_allowed_parallelism, 1);
  stay_on_this_core();
  if (wants_check) return check(options.filter);
  if (wants_report) return report(options);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  register_all(names);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

}  // namespace
}  // namespace fluxion::bench

int main(int argc, char** argv) {
  try {
    return fluxion::bench::run(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "fluxion_bench: %s\n", e.what());
    return 1;
  }
}

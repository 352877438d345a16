// The programs that jax's own tests export, run with lax: eager and jitted, against the results they come with.
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <set>
#include <sstream>

#include <fluxion/transforms.hpp>

#include "stablehlo/compare.hpp"
#include "stablehlo/evaluate.hpp"

namespace fluxion::test::stablehlo {

namespace {

namespace fs = std::filesystem;

/// Programs that differ from what they expect, or are not read, by the beginning of their name, and why.
struct Known {
  std::string_view name, reason;
};
constexpr std::string_view kCancels = "a part of a complex sum of products that cancels is rounded in another order";
constexpr std::string_view kOrder = "sums are rounded in another order, four or five units apart";
constexpr std::string_view kNanSign = "wants a NaN's sign bit; all NaNs count as one value here";
const Known kKnown[] = {
    {"cosh_float32_20_20", "the expected values are an expansion in float32, four units off"},
    {"dot_general_bfloat16_4_3_complex", kCancels},
    {"dot_general_float16_4_3_complex128_3_6", kCancels},
    {"dot_general_float32_4_3_complex128_3_6", kCancels},
    {"dot_general_int64_4_3_complex64_3_6", kCancels},
    {"dot_general_uint32_4_3_complex128_3_6", kCancels},
    {"dot_general_uint8_4_3_complex64_3_6", kCancels},
    {"pow_complex64_20_30_complex64_20_30", "wants 1e-3 absolute of numbers whose last place is larger"},
    {"reduce_window_add_float32_12_12", kOrder},
    {"rng_bit_generator_uint64_2", "bits by key and counter at once: fx::random has keys of its own"},
    {"select_and_scatter_add_bool", "adds bools, which have no sum in lax"},
    {"sort_float32_5", kNanSign},
    {"top_k_float32_5_chlo", kNanSign},
    {"triangular_solve_bfloat16_4_4_bfloat16_4_1", "no matrices of 16-bit floats"},
    {"triangular_solve_float16_4_4_float16_4_1", "no matrices of 16-bit floats"},
    {"triangular_solve_float32_2_8_8_float32_2_10_8", kOrder},
};

const Known* known(const std::string& name) {
  for (const auto& k : kKnown)
    if (name.starts_with(k.name)) return &k;
  return nullptr;
}

std::string contents(const fs::path& file) {
  std::ostringstream s;
  s << std::ifstream(file).rdbuf();
  return s.str();
}

/// Empty, or the first thing that is wrong.
std::string run_program(const fs::path& file) {
  const Program program(contents(file));
  const auto inputs = program.inputs(), expected = program.expected();
  const auto checks = program.checks();
  const auto eager = program(inputs);
  const auto compiled = fluxion::jit([&](const Arrays& x) { return program(x); })(inputs);
  for (std::size_t i = 0; i < checks.size(); ++i) {
    if (auto wrong = difference(checks[i], eager[i], expected[i]); !wrong.empty()) return wrong;
    if (auto wrong = difference("expect_close", compiled[i], eager[i]); !wrong.empty()) return "jitted: " + wrong;
  }
  return "";
}

std::string outcome(const fs::path& file) {
  try {
    return run_program(file);
  } catch (const NotTranscribed& e) {
    return std::string("not transcribed: ") + e.what();
  } catch (const std::exception& e) {
    return std::string("threw: ") + e.what();
  }
}

}  // namespace

TEST_CASE("programs exported by jax give the results that they come with") {
  if (!fs::exists(FLUXION_STABLEHLO)) {
    WARN("skipped: there are no programs in " FLUXION_STABLEHLO
         "; set FLUXION_CORPORA to the folder of reference data");
    return;
  }
  int passed = 0, total = 0;
  std::map<std::string_view, int> excused;
  std::set<std::string_view> used;
  for (const auto& entry : fs::directory_iterator(FLUXION_STABLEHLO)) {
    const auto name = entry.path().stem().string();
    const auto wrong = outcome(entry.path());
    ++total;
    if (wrong.empty()) ++passed;
    const auto* k = known(name);
    if (k != nullptr && !wrong.empty()) ++excused[k->reason], used.insert(k->name);
    else if (!wrong.empty()) FAIL_CHECK(name << ": " << wrong);
  }
  std::cout << "StableHLO programs: " << passed << " of " << total << " pass\n";
  for (const auto& [reason, count] : excused) std::cout << "  " << count << ": " << reason << '\n';
  CHECK(total > 1600);
  for (const auto& k : kKnown) {
    INFO(k.name << " passes now: take it off the list");
    CHECK(used.contains(k.name));
  }
}

}  // namespace fluxion::test::stablehlo

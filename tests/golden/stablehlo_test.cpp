// The programs that jax's own tests export, run with lax: eager and jitted, against the results they come with.
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <iostream>
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
const Known kKnown[] = {
    {"none", "none"},
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
  for (const auto& entry : fs::directory_iterator(FLUXION_STABLEHLO)) {
    const auto name = entry.path().stem().string();
    const auto wrong = outcome(entry.path());
    ++total;
    if (wrong.empty()) ++passed;
    const auto* k = known(name);
    if (k != nullptr && !wrong.empty()) ++excused[k->reason];
    else if (!wrong.empty()) FAIL_CHECK(name << ": " << wrong);
  }
  std::cout << "StableHLO programs: " << passed << " of " << total << " pass\n";
  for (const auto& [reason, count] : excused) std::cout << "  " << count << ": " << reason << '\n';
  CHECK(total > 1600);
}

}  // namespace fluxion::test::stablehlo

// Every name of jax.numpy, with the expression that stands for it here, or why there is none. docs/numpy.md is written
// from these rows, which are compiled and run.
#pragma once

#include <string_view>
#include <vector>

#include <fluxion/fluxion.hpp>

namespace fluxion::test {

/// What expressions may use.
struct Samples {
  Array x;     // f64[2,3]
  Array v, w;  // f64[3], ascending
  Array m;     // f64[3,3], symmetric and positive definite
  Array i;     // i64[3], the numbers 0, 1, 2
  Array b;     // bool[3]
  Array z;     // c128[3]
};

struct SurfaceRow {
  std::string_view name;
  std::string_view spelling;           // empty if absent
  void (*use)(const Samples& samples);  // null if absent
  std::string_view reason;
};

using SurfaceRows = std::vector<SurfaceRow>;
SurfaceRows surface_of_elementwise_functions();
SurfaceRows surface_of_reductions();
SurfaceRows surface_of_shapes();
SurfaceRows surface_of_types();

}  // namespace fluxion::test

/// A row whose expression is compiled and run. In it, x, v, w, m, i, b and z are the samples.
#define FLUXION_PRESENT(name, ...)                                                          \
  {name, #__VA_ARGS__,                                                                      \
   [](const ::fluxion::test::Samples& samples) {                                            \
     [[maybe_unused]] const auto& [x, v, w, m, i, b, z] = samples;                          \
     (void)(__VA_ARGS__);                                                                   \
   },                                                                                       \
   ""}
#define FLUXION_ABSENT(name, reason) {name, "", nullptr, reason}

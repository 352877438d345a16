// The options of printing, of the calling thread.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fluxion {

struct PrintSettings {
  int precision = 8;
  std::int64_t threshold = 1000, edgeitems = 3, linewidth = 75;
  bool suppress = false;
};

PrintSettings& print_settings();

}  // namespace fluxion

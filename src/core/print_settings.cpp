#include "core/print_settings.hpp"

#include <fluxion/print_options.hpp>

#include "base/text.hpp"

namespace fluxion {

PrintSettings& print_settings() {
  thread_local PrintSettings settings;
  return settings;
}

PrintOptions get_printoptions() {
  const auto& s = print_settings();
  return {s.precision, s.threshold, s.edgeitems, s.linewidth, s.suppress};
}

void set_printoptions(const PrintOptions& options) {
  const auto check = [](const char* name, std::optional<std::int64_t> value) {
    if (value && *value < 0)
      throw ValueError(text("set_printoptions: options must not be negative, got ", name, " ", *value,
                            "; leave an option out to keep it"));
  };
  check("precision", options.precision);
  check("threshold", options.threshold);
  check("edgeitems", options.edgeitems);
  check("linewidth", options.linewidth);
  auto& s = print_settings();
  s = {options.precision.value_or(s.precision), options.threshold.value_or(s.threshold),
       options.edgeitems.value_or(s.edgeitems), options.linewidth.value_or(s.linewidth),
       options.suppress.value_or(s.suppress)};
}

printoptions::printoptions(const PrintOptions& options) : saved_(get_printoptions()) { set_printoptions(options); }
printoptions::~printoptions() { set_printoptions(saved_); }

}  // namespace fluxion

// How far a window of weights may reach over the edges of what it slides over: amounts per axis, or a rule for them.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

#include <fluxion/array.hpp>

namespace fluxion::lax {

/// `same`: as many windows as ceil(extent / stride), what must be added shared equally, the odd one at the end
/// (`same_lower`: in front). `valid`: nothing is added. Source: jax.lax.PaddingType.
enum class PadType : std::uint8_t { same, same_lower, valid };

/// Elements added in front and behind along one axis; negative amounts cut off.
struct PadAmounts {
  std::int64_t low = 0, high = 0;
  friend bool operator==(const PadAmounts&, const PadAmounts&) = default;
};

/// "SAME", "SAME_LOWER", "VALID", a PadType, or {{low, high}, ...} with one pair per spatial axis.
class ConvPadding {
 public:
  ConvPadding(PadType type) : type_(type), by_type_(true) {}  // NOLINT: implicit on purpose, as are the others
  /// Throws ValueError for a name that is none of the three.
  ConvPadding(const char* name) : ConvPadding(std::string_view(name)) {}
  ConvPadding(std::string_view name);
  ConvPadding(std::initializer_list<PadAmounts> amounts) : amounts_(amounts) {}
  ConvPadding(std::vector<PadAmounts> amounts) : amounts_(std::move(amounts)) {}

  bool by_type() const { return by_type_; }
  PadType type() const { return type_; }
  /// The amounts as given; empty if there is a type instead.
  const std::vector<PadAmounts>& amounts() const { return amounts_; }
  /// The amounts for windows of `window` elements that slide over `extents` by `strides`; those given, if they were.
  std::vector<PadAmounts> over(const Dims& extents, const Dims& window, const Dims& strides) const;

 private:
  PadType type_ = PadType::valid;
  bool by_type_ = false;
  std::vector<PadAmounts> amounts_;
};

}  // namespace fluxion::lax

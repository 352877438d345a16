// Format strings of debug::print: literal text and fields, checked against the arguments once, when traced.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fluxion/array.hpp>

namespace fluxion::lax {

/// What a field can refer to: its name, if it has one, and its aval; null for text.
struct FormatArg {
  std::string name;
  const Aval* aval;
};

/// [[fill]align][sign][0][width][.precision][type], as in std::format.
struct FieldSpec {
  char fill = ' ', align = 0, sign = '-', type = 0;
  int width = 0, precision = -1;
  bool plain = true;  // nothing was asked for: arrays print as they print
};

class Format {
 public:
  /// Throws ValueError if a field is malformed or names no argument, an argument has no field, or a field's type does
  /// not fit the argument's dtype.
  Format(std::string_view format, std::span<const FormatArg> args);

  struct Value {
    Array array;
    const std::string* text;
  };
  std::string operator()(std::span<const Value> values) const;

 private:
  friend class FormatParser;
  struct Piece {
    std::string text;  // before the field
    int argument = -1;
    FieldSpec spec;
  };
  std::vector<Piece> pieces_;
};

}  // namespace fluxion::lax

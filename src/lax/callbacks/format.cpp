#include "lax/callbacks/format.hpp"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "core/node.hpp"

namespace fluxion::lax {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr std::string_view kFloatTypes = "fFeEgG", kIntegerTypes = "dxXo";
bool has(std::string_view set, char c) { return c != 0 && set.find(c) != std::string_view::npos; }

// --- one field ---

std::string number(const FieldSpec& spec, double v) {
  char out[512];
  std::string how = "%";
  if (spec.sign != '-') how += spec.sign;
  how += ".*";
  how += spec.type == 0 ? 'g' : spec.type;
  const int digits = spec.precision >= 0 ? spec.precision : spec.type == 0 ? 17 : 6;
  std::snprintf(out, sizeof out, how.c_str(), digits, v);
  return out;
}
std::string number(const FieldSpec& spec, std::int64_t v, bool is_unsigned) {
  char out[64];
  std::string how = "%";
  if (spec.sign != '-' && !is_unsigned) how += spec.sign;
  how += "ll";
  how += spec.type == 0 || spec.type == 'd' ? (is_unsigned ? 'u' : 'd') : spec.type;
  const bool negative = !is_unsigned && v < 0 && has("xXo", spec.type);
  std::snprintf(out, sizeof out, how.c_str(), static_cast<long long>(negative ? -v : v));
  return negative ? "-" + std::string(out) : out;
}

std::string padded(const FieldSpec& spec, std::string s, bool is_number) {
  const auto width = static_cast<std::size_t>(spec.width);
  if (s.size() >= width) return s;
  const auto n = width - s.size();
  const char align = spec.align != 0 ? spec.align : is_number ? '>' : '<';
  if (align == '=') return s.insert(!s.empty() && has("+- ", s[0]) ? 1 : 0, n, spec.fill);
  const auto before = align == '>' ? n : align == '^' ? n / 2 : 0;
  return std::string(before, spec.fill) + s + std::string(n - before, spec.fill);
}

std::string element(const FieldSpec& spec, const Array& x) {
  const auto t = x.dtype();
  if (t == DType::bool_ && !has(kIntegerTypes, spec.type)) return padded(spec, x.item<bool>() ? "True" : "False", false);
  if (is_floating(t) || has(kFloatTypes, spec.type))
    return padded(spec, spec.type == 0 && spec.precision < 0 ? text(x) : number(spec, x.astype(float64).item<double>()), true);
  if (t == DType::uint64) return padded(spec, number(spec, static_cast<std::int64_t>(x.item<std::uint64_t>()), true), true);
  return padded(spec, number(spec, x.astype(int64).item<std::int64_t>(), false), true);
}

/// Nested brackets on one line, every element formatted.
std::string formatted(const FieldSpec& spec, const Array& x) {
  if (x.ndim() == 0) return element(spec, x);
  std::string out = "[";
  for (std::int64_t i = 0; i < x.shape()[0]; ++i) out += (i == 0 ? "" : " ") + formatted(spec, x[i]);
  return out + "]";
}

void check_type(const FieldSpec& spec, const FormatArg& arg, std::string_view field) {
  if (spec.plain) return;
  if (arg.aval == nullptr) {
    if (spec.type == 0 || spec.type == 's') return;
    throw ValueError(text("debug::print: {", field, "} needs a number, got a string; use {} or {:s}"));
  }
  const auto t = arg.aval->dtype;
  const bool number = t == DType::bool_ || is_integer(t) || is_floating(t);
  if (!number || spec.type == 's')
    throw ValueError(text("debug::print: {", field, "} needs ", number ? "a string" : "real numbers", ", got ", *arg.aval,
                          "; use {}"));
  if (has(kIntegerTypes, spec.type) && is_floating(t))
    throw ValueError(text("debug::print: {", field, "} needs integers, got ", *arg.aval, "; use a format such as {:.3f} or {:g}"));
}

}  // namespace

/// Reads a format from left to right.
class FormatParser {
 public:
  FormatParser(std::string_view format, std::span<const FormatArg> args, std::vector<Format::Piece>& out)
      : left_(format), all_(format), args_(args), used_(args.size(), 0), out_(out) {}

  void run() {
    std::string literal;
    while (!left_.empty()) {
      const char c = left_[0];
      if ((c == '{' || c == '}') && left_.size() > 1 && left_[1] == c) {
        literal += c;
        left_.remove_prefix(2);
      } else if (c == '}') {
        fail("a single } must be written }}");
      } else if (c == '{') {
        left_.remove_prefix(1);
        auto piece = field();
        piece.text = std::exchange(literal, {});
        out_.push_back(std::move(piece));
      } else {
        literal += c;
        left_.remove_prefix(1);
      }
    }
    out_.push_back({std::move(literal), -1, {}});
    const auto unused = std::find(used_.begin(), used_.end(), 0);
    if (unused == used_.end()) return;
    const auto& arg = args_[static_cast<std::size_t>(unused - used_.begin())];
    fail(text("every argument needs a field, got none for ",
              arg.name.empty() ? text("argument ", unused - used_.begin()) : "\"" + arg.name + "\"", "; add {} or drop it"));
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw ValueError(text("debug::print: ", what, ", in \"", all_, "\""));
  }

  Format::Piece field() {
    const auto end = left_.find('}');
    if (end == std::string_view::npos) fail("a field must end with }, got none; write a brace itself as {{");
    const auto whole = left_.substr(0, end);
    left_.remove_prefix(end + 1);
    const auto colon = whole.find(':');
    Format::Piece piece{{}, argument(whole.substr(0, colon)), {}};
    if (colon != std::string_view::npos) piece.spec = spec(whole.substr(colon + 1));
    const auto at = static_cast<std::size_t>(piece.argument);
    used_[at] = 1;
    check_type(piece.spec, args_[at], whole);
    return piece;
  }

  int argument(std::string_view name) {
    const auto n = static_cast<int>(args_.size());
    if (name.empty() || is_digit(name[0])) {
      const bool automatic = name.empty();
      if ((automatic ? numbered_ : counted_)) fail("fields must be all {} or all numbered, got both");
      (automatic ? counted_ : numbered_) = true;
      const int i = automatic ? next_positional() : to_number(name);
      if (i < 0 || i >= n) fail(text("there must be an argument for every field, got ", n, " arguments and {", name, "} that needs argument ", automatic ? n : i));
      return i;
    }
    for (int i = 0; i < n; ++i)
      if (args_[static_cast<std::size_t>(i)].name == name) return i;
    fail(text("a named field needs an argument of that name, got {", name, "}; pass fx::debug::arg(\"", name, "\", x)"));
  }
  int next_positional() {
    while (next_ < args_.size() && !args_[next_].name.empty()) ++next_;
    return next_ < args_.size() ? static_cast<int>(next_++) : -1;
  }
  int to_number(std::string_view digits) const {
    int n = 0;
    for (const char c : digits) {
      if (!is_digit(c)) fail(text("a field must be {}, {0} or {name}, got {", digits, "}"));
      n = std::min(n * 10 + (c - '0'), 100000);
    }
    return n;
  }

  FieldSpec spec(std::string_view s) const {
    const auto whole = s;
    FieldSpec f;
    f.plain = s.empty();
    const auto is_align = [](char c) { return c == '<' || c == '>' || c == '^'; };
    if (s.size() > 1 && is_align(s[1])) {
      f.fill = s[0];
      f.align = s[1];
      s.remove_prefix(2);
    } else if (!s.empty() && is_align(s[0])) {
      f.align = s[0];
      s.remove_prefix(1);
    }
    if (!s.empty() && (s[0] == '+' || s[0] == '-' || s[0] == ' ')) {
      f.sign = s[0];
      s.remove_prefix(1);
    }
    if (!s.empty() && s[0] == '0') {
      if (f.align == 0) f.align = '=', f.fill = '0';
      s.remove_prefix(1);
    }
    f.width = digits(s).value_or(0);
    if (!s.empty() && s[0] == '.') {
      s.remove_prefix(1);
      const auto p = digits(s);
      if (!p) fail(text("a precision needs digits, got {:", whole, "}"));
      f.precision = *p;
    }
    if (!s.empty() && (has(kFloatTypes, s[0]) || has(kIntegerTypes, s[0]) || s[0] == 's')) {
      f.type = s[0];
      s.remove_prefix(1);
    }
    if (!s.empty() || f.width > 200 || f.precision > 200)
      fail(text("a format must be [[fill]align][sign][0][width][.precision][type] with a type of f, e, g, d, x, o or s, got {:",
                whole, "}"));
    return f;
  }
  static std::optional<int> digits(std::string_view& s) {
    if (s.empty() || !is_digit(s[0])) return std::nullopt;
    int n = 0;
    for (; !s.empty() && is_digit(s[0]); s.remove_prefix(1)) n = std::min(n * 10 + (s[0] - '0'), 100000);
    return n;
  }

  std::string_view left_, all_;
  std::span<const FormatArg> args_;
  std::vector<char> used_;
  std::vector<Format::Piece>& out_;
  std::size_t next_ = 0;
  bool counted_ = false, numbered_ = false;
};

Format::Format(std::string_view format, std::span<const FormatArg> args) { FormatParser(format, args, pieces_).run(); }

std::string Format::operator()(std::span<const Value> values) const {
  std::string out;
  for (const auto& p : pieces_) {
    out += p.text;
    if (p.argument < 0) continue;
    const auto& v = values[static_cast<std::size_t>(p.argument)];
    if (v.text != nullptr) out += padded(p.spec, *v.text, false);
    else out += p.spec.plain ? text(v.array) : formatted(p.spec, v.array);
  }
  return out;
}

}  // namespace fluxion::lax

// Arrays print as NumPy prints them.
#include <fluxion/array.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <complex>
#include <cstring>
#include <ostream>
#include <sstream>
#include <string>
#include <vector>

#include <fluxion/print_options.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "core/print_settings.hpp"
#include "core/trace.hpp"

namespace fluxion {

namespace {

// Digits behind the point; more than these never differ.
int precision() { return std::min(print_settings().precision, 100); }
std::int64_t edge_items() { return print_settings().edgeitems; }

template <class T>
T load(const std::byte* p) {
  T v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

// --- one number ---

template <class T>
std::string to_chars(T v, std::chars_format format, int precision = -1) {
  char buffer[512];
  const auto end = precision < 0 ? std::to_chars(buffer, buffer + sizeof buffer, v, format).ptr
                                 : std::to_chars(buffer, buffer + sizeof buffer, v, format, precision).ptr;
  return {buffer, end};
}

// "1.25" or "1.", rounded to eight places if the shortest digits are more.
template <class T>
std::string positional(T v) {
  auto s = to_chars(v, std::chars_format::fixed);
  const auto point = s.find('.');
  if (point == std::string::npos) return s + '.';
  if (s.size() - point - 1 <= static_cast<std::size_t>(precision())) return s;
  s = to_chars(v, std::chars_format::fixed, precision());
  while (s.back() == '0') s.pop_back();
  return s;
}

struct Scientific {
  std::string mantissa, exponent;  // "1.5", "+20"
};

template <class T>
Scientific scientific(T v) {
  auto s = to_chars(v, std::chars_format::scientific);
  const auto digits_after_point = [&] {
    const auto point = s.find('.');
    return point == std::string::npos ? 0 : s.find('e') - point - 1;
  };
  const bool rounded = digits_after_point() > static_cast<std::size_t>(precision());
  if (rounded) s = to_chars(v, std::chars_format::scientific, precision());
  const auto e = s.find('e');
  Scientific out{s.substr(0, e), s.substr(e + 1)};
  while (rounded && out.mantissa.back() == '0') out.mantissa.pop_back();
  if (out.mantissa.find('.') == std::string::npos) out.mantissa += '.';
  return out;
}

const char* nonfinite(double v) { return std::isnan(v) ? "nan" : v > 0 ? "inf" : "-inf"; }

// The number with the fewest digits that is read back as this half.
double fewest_digits(float16_t v) {
  const double exact = v;
  for (int precision = 0; std::isfinite(exact) && precision < 5; ++precision) {
    const auto s = to_chars(exact, std::chars_format::scientific, precision);
    double read = 0;
    std::from_chars(s.data(), s.data() + s.size(), read);
    if (float16_t(read).bits == v.bits) return read;
  }
  return exact;
}

// bfloat16 prints as C++ streams print floats, in six digits.
std::string bfloat16_text(bfloat16_t v) {
  return std::isfinite(static_cast<float>(v)) ? to_chars(static_cast<double>(v), std::chars_format::general, 6) : nonfinite(v);
}

// A scalar alone prints as Python's repr.
template <class T>
std::string scalar_text(T v) {
  if (!std::isfinite(v)) return nonfinite(v);
  const auto magnitude = std::abs(static_cast<double>(v));
  if (magnitude == 0 || (magnitude >= 1e-4 && magnitude < 1e16)) {
    auto s = to_chars(v, std::chars_format::fixed);
    return s.find('.') == std::string::npos ? s + ".0" : s;
  }
  return to_chars(v, std::chars_format::scientific);
}

template <class T>
std::string part_text(T v) {
  auto s = scalar_text(v);
  if (s.ends_with(".0")) s.resize(s.size() - 2);
  return s;
}

template <class T>
std::string complex_text(std::complex<T> z) {
  auto imaginary = part_text(z.imag()) + 'j';
  if (z.real() == 0 && !std::signbit(z.real())) return imaginary;
  return '(' + part_text(z.real()) + (imaginary[0] == '-' ? "" : "+") + imaginary + ')';
}

// --- the numbers of one array: all of one width ---

std::string padded_left(const std::string& s, std::size_t width) {
  return s.size() >= width ? s : std::string(width - s.size(), ' ') + s;
}

bool needs_exponents(const std::vector<double>& values) {
  double largest = 0, smallest = 0;
  for (auto v : values) {
    const auto m = std::abs(v);
    if (!std::isfinite(v) || m == 0) continue;
    largest = std::max(largest, m);
    smallest = smallest == 0 ? m : std::min(smallest, m);
  }
  if (print_settings().suppress) return false;
  return largest != 0 && (largest >= 1e8 || smallest < 1e-4 || largest / smallest > 1000);
}

// "+1.5", where signs are wanted.
std::string with_sign(std::string s, bool wanted) { return wanted && s[0] != '-' ? '+' + s : s; }

// Left and right of the point, aligned; `tail` is filled with `filler` to one length.
std::vector<std::string> aligned(const std::vector<std::string>& numbers,
                                 const std::vector<std::string>& exponents, const std::vector<double>& values,
                                 char filler, bool signs) {
  std::size_t left = 0, right = 0, exponent = 0;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (!std::isfinite(values[i])) continue;
    const auto point = numbers[i].find('.');
    left = std::max(left, point);
    right = std::max(right, numbers[i].size() - point - 1);
    exponent = std::max(exponent, exponents[i].size());
  }
  const auto tail = exponent == 0 ? right : right + 1 + exponent;
  for (auto v : values) {
    const auto needed = std::isfinite(v) ? 0 : with_sign(nonfinite(v), signs).size();
    if (needed > tail + 1) left = std::max(left, needed - tail - 1);
  }
  std::vector<std::string> out;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (!std::isfinite(values[i])) {
      out.push_back(padded_left(with_sign(nonfinite(values[i]), signs), left + 1 + tail));
      continue;
    }
    const auto point = numbers[i].find('.');
    auto s = padded_left(numbers[i].substr(0, point), left) + numbers[i].substr(point);
    s.resize(left + 1 + right, filler);
    if (exponent != 0) {
      const auto& e = exponents[i];  // at least the digits of the longest
      s += 'e' + e.substr(0, 1) + std::string(exponent - e.size(), '0') + e.substr(1);
    }
    out.push_back(std::move(s));
  }
  return out;
}

template <class T>
std::vector<std::string> float_words(const std::vector<T>& elements, bool signs = false) {
  const std::vector<double> values(elements.begin(), elements.end());
  const bool exponents = needs_exponents(values);
  std::vector<std::string> numbers, powers;
  for (const T v : elements) {
    if (!std::isfinite(v)) {
      numbers.emplace_back(), powers.emplace_back();
    } else if (exponents) {
      auto s = scientific(v);
      numbers.push_back(with_sign(std::move(s.mantissa), signs)), powers.push_back(std::move(s.exponent));
    } else {
      numbers.push_back(with_sign(positional(v), signs)), powers.emplace_back();
    }
  }
  return aligned(numbers, powers, values, exponents ? '0' : ' ', signs);
}

template <class T>
std::vector<T> loaded(const std::vector<const std::byte*>& elements, std::size_t offset = 0) {
  std::vector<T> out;
  for (const auto* p : elements) out.push_back(load<T>(p + offset));
  return out;
}

std::vector<std::string> half_words(const std::vector<const std::byte*>& elements) {
  std::vector<double> values;
  for (const auto* p : elements) values.push_back(fewest_digits(load<float16_t>(p)));
  return float_words(values);
}

std::vector<std::string> bfloat16_words(const std::vector<const std::byte*>& elements) {
  std::vector<std::string> words;
  for (const auto* p : elements) words.push_back(bfloat16_text(load<bfloat16_t>(p)));
  return words;
}

// Real and imaginary parts are aligned each for themselves; the j follows the last digit.
template <class T>
std::vector<std::string> complex_words(const std::vector<const std::byte*>& elements) {
  auto words = float_words(loaded<T>(elements));
  const auto imaginary = float_words(loaded<T>(elements, sizeof(T)), true);
  for (std::size_t i = 0; i < words.size(); ++i) {
    auto part = imaginary[i];
    part.insert(part.find_last_not_of(' ') + 1, "j");
    words[i] += part;
  }
  return words;
}

template <class T>
std::vector<std::string> integer_words(const std::vector<const std::byte*>& elements) {
  std::vector<std::string> words;
  std::size_t width = 0;
  for (const auto* p : elements) {
    words.push_back(std::to_string(load<T>(p)));
    width = std::max(width, words.back().size());
  }
  for (auto& w : words) w = padded_left(w, width);
  return words;
}

std::vector<std::string> bool_words(const std::vector<const std::byte*>& elements) {
  std::vector<std::string> words;
  for (const auto* p : elements) words.emplace_back(*p != std::byte{0} ? " True" : "False");
  return words;
}


std::vector<std::string> words_of(const std::vector<const std::byte*>& elements, DType t) {
  switch (t) {
    case DType::bool_: return bool_words(elements);
    case DType::int8: return integer_words<std::int8_t>(elements);
    case DType::int16: return integer_words<std::int16_t>(elements);
    case DType::int32: return integer_words<std::int32_t>(elements);
    case DType::int64: return integer_words<std::int64_t>(elements);
    case DType::uint8: return integer_words<std::uint8_t>(elements);
    case DType::uint16: return integer_words<std::uint16_t>(elements);
    case DType::uint32: return integer_words<std::uint32_t>(elements);
    case DType::uint64: return integer_words<std::uint64_t>(elements);
    case DType::float16: return half_words(elements);
    case DType::bfloat16: return bfloat16_words(elements);
    case DType::float32: return float_words(loaded<float>(elements));
    case DType::complex64: return complex_words<float>(elements);
    case DType::complex128: return complex_words<double>(elements);
    default: return float_words(loaded<double>(elements));
  }
}

}  // namespace

std::string scalar_word(const std::byte* p, DType t) {
  if (t == float32) return scalar_text(load<float>(p));
  if (t == float64) return scalar_text(load<double>(p));
  if (t == float16) return scalar_text(fewest_digits(load<float16_t>(p)));
  if (t == complex64) return complex_text(load<std::complex<float>>(p));
  if (t == complex128) return complex_text(load<std::complex<double>>(p));
  if (t == bool_) return *p != std::byte{0} ? "True" : "False";
  return words_of({p}, t)[0];
}

namespace {

// --- rows and brackets ---

// What stands around the words: how far lines are moved in, and whether elements are separated by commas.
struct Style {
  std::size_t indent = 1, after = 0;
  bool commas = false;
};

// Lays out words in nested brackets. Long axes are summarised: only their edges have words.
class Layout {
 public:
  Layout(const Shape& shape, bool summarise, const Style& style)
      : shape_(shape), summarise_(summarise), style_(style) {}

  /// Whether position i of an axis is shown.
  bool shown(std::size_t axis, std::int64_t i) const {
    return !cut(axis) || i < edge_items() || i >= shape_[axis] - edge_items();
  }
  bool cut(std::size_t axis) const { return summarise_ && shape_[axis] > 2 * edge_items(); }

  std::string print(std::vector<std::string> words) {
    words_ = std::move(words);
    next_ = 0;
    const auto width = static_cast<std::size_t>(print_settings().linewidth);
    return nested(0, std::string(style_.indent, ' '), std::max(width, style_.after + 1) - style_.after);
  }

 private:
  std::string nested(std::size_t axis, const std::string& indent, std::size_t width) {
    const auto body = axis + 1 == shape_.size() ? row(axis, indent, width) : block(axis, indent, width);
    return '[' + body.substr(indent.size()) + ']';
  }

  std::string block(std::size_t axis, const std::string& indent, std::size_t width) {
    const std::string separator = (style_.commas ? "," : "") + std::string(shape_.size() - axis - 1, '\n');
    std::string s;
    for (std::int64_t i = 0; i < shape_[axis]; ++i) {
      if (!shown(axis, i)) {
        s += indent + "...";
        i = shape_[axis] - edge_items();
        if (i == shape_[axis]) break;
        s += separator;
      }
      s += indent + nested(axis + 1, indent + ' ', width - 1);
      if (i + 1 < shape_[axis]) s += separator;
    }
    return s;
  }

  std::string row(std::size_t axis, const std::string& indent, std::size_t width) {
    const char* separator = style_.commas ? ", " : " ";
    std::string done, line = indent;
    const auto add = [&](const std::string& word) {
      if (line.size() + word.size() + 1 > width && line.size() > indent.size()) {
        while (line.back() == ' ') line.pop_back();
        done += line + '\n';
        line = indent;
      }
      line += word;
    };
    for (std::int64_t i = 0; i < shape_[axis]; ++i) {
      if (!shown(axis, i)) {
        add("...");
        i = shape_[axis] - edge_items();
        if (i == shape_[axis]) break;
        line += separator;
      }
      add(words_[next_++]);
      if (i + 1 < shape_[axis]) line += separator;
    }
    return done + line;
  }

  Shape shape_;
  bool summarise_;
  Style style_;
  std::vector<std::string> words_;
  std::size_t next_ = 0;
};

// Pointers to the shown elements in row-major order.
void gather(const Layout& layout, const Shape& shape, const Dims& strides, std::int64_t item,
            std::size_t axis, const std::byte* at, std::vector<const std::byte*>& out) {
  if (axis == shape.size()) {
    out.push_back(at);
    return;
  }
  for (std::int64_t i = 0; i < shape[axis]; ++i)
    if (layout.shown(axis, i))
      gather(layout, shape, strides, item, axis + 1, at + i * strides[axis] * item, out);
}

std::string elements_text(const Shape& shape, const Dims& strides, DType t, const std::byte* data,
                          const Style& style = {}) {
  if (shape.empty()) return style.commas ? words_of({data}, t)[0] : scalar_word(data, t);
  const auto n = element_count(shape);
  if (n == 0) return "[]";
  Layout layout(shape, n > print_settings().threshold, style);
  std::vector<const std::byte*> elements;
  gather(layout, shape, strides, static_cast<std::int64_t>(itemsize(t)), 0, data, elements);
  return layout.print(words_of(elements, t));
}

}  // namespace

std::ostream& operator<<(std::ostream& os, const Array& x) {
  const auto* c = concrete(x);
  if (c == nullptr) return os << describe(x);
  const auto& a = c->aval;
  if (is_key(a.dtype)) {  // two words of 32 bits per key
    auto shape = a.shape;
    auto strides = a.shape.empty() ? Dims{} : c->strides;
    for (auto& s : strides) s *= 2;
    shape.push_back(2);
    strides.push_back(1);
    return os << a << " overlaying:\n" << elements_text(shape, strides, uint32, c->data);
  }
  if (a.dtype > complex128) return os << a;  // float0 and tapes hold nothing to show
  return os << elements_text(a.shape, c->strides, a.dtype, c->data);
}

std::string array_str(const Array& x) {
  std::ostringstream os;
  os << x;
  return std::move(os).str();
}

// Where the dtype does not fit behind the last line it gets a line of its own.
std::string array_repr(const Array& x) {
  const auto* c = concrete(x);
  if (c == nullptr || c->aval.dtype > complex128) return array_str(x);
  const auto& a = c->aval;
  const std::string prefix = "Array(", dtype = text("dtype=", a.dtype, a.weak ? ", weak_type=True)" : ")");
  auto s = elements_text(a.shape, c->strides, a.dtype, c->data, {prefix.size() + 1, 1, true});
  if (a.size() == 0) s += text(", shape=", a.shape);
  const auto last_line = s.rfind('\n') == std::string::npos ? prefix.size() + s.size() : s.size() - s.rfind('\n') - 1;
  const bool fits = static_cast<std::int64_t>(last_line + dtype.size() + 2) <= print_settings().linewidth;
  return prefix + s + (fits ? ", " : ",\n" + std::string(prefix.size(), ' ')) + dtype;
}

}  // namespace fluxion

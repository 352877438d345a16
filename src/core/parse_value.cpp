// The lexical half of parsing: numbers, names, avals, and the parameters that every primitive may have.
#include <cctype>
#include <charconv>
#include <cstring>

#include <fluxion/extend/parse.hpp>
#include "base/text.hpp"
#include "core/node.hpp"
#include "core/params.hpp"

namespace fluxion {

namespace {

constexpr std::size_t kMostAxes = 64;

bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

}  // namespace

bool is_plain(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || (c != '\0' && std::strchr("_<>.:~+-/*&$", c) != nullptr);
}

std::string quoted(std::string_view s) {
  std::string out = "'";
  for (const char c : s) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

bool ValueParser::skip_blanks() {
  bool line_ended = false;
  for (; at_ < text_.size() && is_blank(text_[at_]); ++at_) line_ended |= text_[at_] == '\n';
  return line_ended;
}

char ValueParser::peek() {
  skip_blanks();
  return at_ < text_.size() ? text_[at_] : '\0';
}

bool ValueParser::next_is(std::string_view text) {
  skip_blanks();
  return text_.substr(at_).starts_with(text);
}

bool ValueParser::accept(std::string_view text) {
  if (!next_is(text)) return false;
  at_ += text.size();
  return true;
}

void ValueParser::expect(std::string_view text) {
  if (!accept(text)) fail("'" + std::string(text) + "'");
}

void ValueParser::fail_with(const std::string& message) const {
  std::size_t line = 1, begin = 0;
  for (std::size_t i = 0; i < at_ && i < text_.size(); ++i)
    if (text_[i] == '\n') {
      ++line;
      begin = i + 1;
    }
  throw ValueError(text("parse_jaxpr: ", line, ":", at_ - begin + 1, ": ", message));
}

void ValueParser::fail(std::string_view required) {
  skip_blanks();
  std::string got;
  for (auto rest = text_.substr(at_); got.size() < rest.size() && got.size() < 24 && !is_blank(rest[got.size()]);)
    got += std::isprint(static_cast<unsigned char>(rest[got.size()])) ? rest[got.size()] : '?';
  fail_with(text(required, " is required, got ", at_ >= text_.size() ? "the end" : "'" + got + "'",
                 "; the text must be what a jaxpr prints"));
}

std::int64_t ValueParser::integer() {
  skip_blanks();
  std::int64_t v = 0;
  const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), v);
  if (error == std::errc::result_out_of_range) fail("an integer of 64 bits");
  if (error != std::errc()) fail("an integer");
  at_ = static_cast<std::size_t>(end - text_.data());
  return v;
}

double ValueParser::number() {
  skip_blanks();
  double v = 0;
  const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), v);
  if (error == std::errc::result_out_of_range) fail("a number that float64 can hold");
  if (error != std::errc()) fail("a number");
  at_ = static_cast<std::size_t>(end - text_.data());
  return v;
}

std::string ValueParser::word() {
  std::string out;
  if (peek() != '\'') {
    while (at_ < text_.size() && is_plain(text_[at_])) out += text_[at_++];
    if (out.empty()) fail("a name");
    return out;
  }
  for (auto i = at_ + 1; i < text_.size(); ++i) {
    if (text_[i] == '\'') {
      at_ = i + 1;
      return out;
    }
    const bool escaped = text_[i] == '\\' && i + 1 < text_.size();
    if (escaped) ++i;
    out += escaped && text_[i] == 'n' ? '\n' : text_[i];
  }
  fail("a text that ends with a quote");
}

Aval ValueParser::aval() {
  skip_blanks();
  Aval a;
  const auto begin = at_;
  std::string_view name = text_.substr(at_);
  name = name.substr(0, std::min(name.find('['), name.size()));
  bool found = false;
  for (int t = 0; t <= static_cast<int>(DType::tape); ++t)
    if (name == short_name(static_cast<DType>(t))) {
      a.dtype = static_cast<DType>(t);
      found = true;
    }
  if (!found) fail("an aval such as f64[2,3]");
  at_ += name.size();
  expect("[");
  while (!accept("]")) {
    if (!a.shape.empty()) expect(",");
    if (peek() == '-') fail("an extent that is not negative");
    a.shape.push_back(integer());
    if (a.shape.size() > kMostAxes) fail(text("at most ", kMostAxes, " axes, and ']',"));
  }
  try {
    checked_element_count("an aval", a.shape);
  } catch (const ValueError& e) {
    at_ = begin;
    fail_with(e.what());
  }
  return a;
}

bool ValueParser::field(const char* name, bool optional) {
  skip_blanks();
  const auto rest = text_.substr(at_);
  const auto n = std::strlen(name);
  if (in_params_ && rest.starts_with(name) && rest.substr(n).starts_with("=")) {
    at_ += n + 1;
    return true;
  }
  if (!optional) fail(text("the parameter '", name, "='", in_params_ ? "" : " in brackets"));
  return false;
}

namespace {

/// "(a, b)", "(a,)" or "()", or the same in brackets.
template <class F>
void list(ValueParser& p, std::string_view open, std::string_view close, const F& element) {
  p.expect(open);
  for (bool first = true; !p.accept(close); first = false) {
    if (!first) {
      p.expect(",");
      if (p.accept(close)) return;
    }
    element();
  }
}

}  // namespace

Dims parse_value(ValueParser& p, ParseAs<Dims>) {
  Dims d;
  const bool brackets = p.peek() == '[';
  list(p, brackets ? "[" : "(", brackets ? "]" : ")", [&] { d.push_back(p.integer()); });
  return d;
}

bool parse_value(ValueParser& p, ParseAs<bool>) {
  if (p.accept("True")) return true;
  if (p.accept("False")) return false;
  p.fail("True or False");
}

DType parse_value(ValueParser& p, ParseAs<DType>) {
  std::string_view longest;
  DType found{};
  for (int t = 0; t <= static_cast<int>(DType::tape); ++t) {
    const auto candidate = name(static_cast<DType>(t));
    if (candidate.size() <= longest.size()) continue;
    if (p.next_is(candidate)) {
      longest = candidate;
      found = static_cast<DType>(t);
    }
  }
  if (longest.empty()) p.fail("a dtype such as float64");
  p.expect(longest);
  return found;
}

AxisNames parse_value(ValueParser& p, ParseAs<AxisNames>) {
  std::vector<std::string> names;
  list(p, "(", ")", [&] { names.push_back(p.word()); });
  return AxisNames(std::move(names));
}

None parse_value(ValueParser& p, ParseAs<None>) {
  p.expect("None");
  return {};
}

std::vector<Aval> parse_value(ValueParser& p, ParseAs<std::vector<Aval>>) {
  std::vector<Aval> avals;
  list(p, "(", ")", [&] { avals.push_back(p.aval()); });
  return avals;
}

std::vector<JaxprPtr> parse_value(ValueParser& p, ParseAs<std::vector<JaxprPtr>>) {
  std::vector<JaxprPtr> all;
  p.expect("(");
  while (!p.accept(")")) all.push_back(p.jaxpr());
  return all;
}

}  // namespace fluxion

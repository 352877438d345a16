// An explanation in words, and as a line of C++ that shows the fault again.
#include <cxxabi.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <typeinfo>

#include <fluxion/parse.hpp>
#include <fluxion/print_options.hpp>
#include <fluxion/random.hpp>

#include "base/text.hpp"
#include "core/literal.hpp"
#include "core/node.hpp"
#include "testing/explain.hpp"
#include "testing/interpret.hpp"
#include "tools/parse_jaxpr.hpp"

namespace fluxion::testing {

namespace {

constexpr std::int64_t kMostElements = 10000;  // of arguments that are written out
constexpr std::size_t kLine = 112;  // a report's columns without its indentation

// --- arrays as C++ -------------------------------------------------------------------------------------------------

std::string float_text(double v, const char* suffix, const std::string& digits) {
  const bool single = *suffix != 0;
  if (std::isnan(v)) return single ? "float(fx::nan)" : "fx::nan";
  if (std::isinf(v)) return std::string(v < 0 ? "-" : "") + (single ? "float(fx::inf)" : "fx::inf");
  return digits + suffix;
}
std::string number_text(double v) { return float_text(v, "", literal_text(scalar(v))); }
std::string number_text(float v) { return float_text(v, "f", literal_text(scalar(v))); }

template <class T>
std::string complex_text(std::complex<T> z, const char* type) {
  return text("std::complex<", type, ">(", number_text(z.real()), ", ", number_text(z.imag()), ")");
}

// The type whose arrays are made by name, for literals of it have another type.
const char* named_type(DType t) {
  switch (t) {
    case DType::int8: return "std::int8_t";
    case DType::int16: return "std::int16_t";
    case DType::int64: return "std::int64_t";
    case DType::uint8: return "std::uint8_t";
    case DType::uint16: return "std::uint16_t";
    case DType::uint32: return "std::uint32_t";
    case DType::uint64: return "std::uint64_t";
    default: return nullptr;
  }
}

std::vector<std::string> element_texts(const Array& x) {
  std::vector<std::string> out;
  const auto all = [&](const auto& values, const auto& show) {
    for (const auto& v : values) out.push_back(show(v));
  };
  switch (x.dtype()) {
    case DType::bool_: all(x.to_vector<bool>(), [](bool v) { return std::string(v ? "true" : "false"); }); break;
    case DType::float32: all(x.to_vector<float>(), [](float v) { return number_text(v); }); break;
    case DType::complex64:
      all(x.to_vector<std::complex<float>>(), [](auto z) { return complex_text(z, "float"); });
      break;
    case DType::complex128:
      all(x.to_vector<std::complex<double>>(), [](auto z) { return complex_text(z, "double"); });
      break;
    case DType::uint64: all(x.to_vector<std::uint64_t>(), [](auto v) { return std::to_string(v) + "u"; }); break;
    default:
      if (is_inexact(x.dtype()))
        all(x.astype(DType::float64).to_vector<double>(), [](double v) { return number_text(v); });
      else all(x.astype(DType::int64).to_vector<std::int64_t>(), [](auto v) { return std::to_string(v); });
  }
  return out;
}

std::string shape_text(const Shape& shape) {
  std::string s = "{";
  for (std::size_t i = 0; i < shape.size(); ++i) s += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  return s + "}";
}

std::string braces(const std::vector<std::string>& elements, const Shape& shape, std::size_t axis, std::size_t& at) {
  std::string s = "{";
  for (std::int64_t i = 0; i < shape[axis]; ++i)
    s += (i == 0 ? "" : ", ") + (axis + 1 < shape.size() ? braces(elements, shape, axis + 1, at) : elements[at++]);
  return s + "}";
}

std::string elements_text(const Array& x, const char* type) {
  const auto elements = element_texts(x);
  const auto of_type = type == nullptr ? std::string() : text("<", type, ">");
  const bool one = std::find(x.shape().begin(), x.shape().end(), 1) != x.shape().end();
  const bool nested = x.ndim() > 1 && x.ndim() <= 4 && !one && type == nullptr;
  std::size_t at = 0;
  if (x.ndim() == 0) return text("fx::scalar", of_type, "(", elements[0], ")");
  if (x.ndim() == 1 || nested) return text("fx::array", of_type, "(", braces(elements, x.shape(), 0, at), ")");
  return text("fx::array", of_type, "(", braces(elements, {x.size()}, 0, at), ").reshape(", shape_text(x.shape()), ")");
}

// --- names ---------------------------------------------------------------------------------------------------------

std::string single_line(const std::string& s) {
  std::string out;
  for (char c : s) {
    const bool blank = c == ' ' || c == '\n';
    if (!blank) out += c;
    else if (!out.empty() && out.back() != ' ') out += ' ';
  }
  return out;
}

// "BadMul", as one who defined it would name it.
std::string type_of_rules(const Primitive& p) {
  int status = 0;
  char* full = abi::__cxa_demangle(typeid(p).name(), nullptr, nullptr, &status);
  std::string name = full != nullptr ? full : typeid(p).name();
  std::free(full);
  const std::string open = "PrimitiveOf<", anonymous = "(anonymous namespace)::";
  if (const auto at = name.find(open); at != std::string::npos)
    name = name.substr(at + open.size(), name.rfind('>') - at - open.size());
  const auto erase_all = [&](const std::string& part, std::size_t n) {
    for (auto at = name.find(part); at != std::string::npos; at = name.find(part)) name.erase(at, n);
  };
  erase_all(anonymous, anonymous.size());
  erase_all(" >", 1);
  while (name.ends_with(' ')) name.pop_back();
  return name;
}

bool is_of_library(const Primitive& p) {
  const auto& all = library_primitives();
  return std::any_of(all.begin(), all.end(), [&](const ReadablePrimitive& r) { return r.primitive == &p; });
}

struct UsersPrimitive {
  const Primitive* primitive;
  std::size_t least, most;
};

// What text does not hold: users' primitives, which must be listed, and functions, which cannot.
struct TextNeeds {
  std::vector<UsersPrimitive> primitives;
  std::string function;  // the name of a C++ function that is called

  void add(const Jaxpr& j) {
    for (const auto& e : j.eqns) {
      const auto kind = e.prim->name();
      const auto n = e.in.size();
      if (is_custom_derivative(e) || kind == "custom_vmap_call") function = Fields(e.params.view()).texts["name"];
      if (!is_of_library(*e.prim)) list(*e.prim, n);
      for (const auto& [field, programs] : Fields(e.params.view()).programs)
        for (const auto& p : programs)
          if (p != nullptr) add(*p);
    }
  }

 private:
  void list(const Primitive& p, std::size_t n) {
    for (auto& u : primitives)
      if (u.primitive == &p) {
        u.least = std::min(u.least, n);
        u.most = std::max(u.most, n);
        return;
      }
    primitives.push_back({&p, n, n});
  }
};

bool is_readable(const Case& c, const TextNeeds& needs) {
  if (!needs.function.empty()) return false;
  if (!needs.primitives.empty()) return true;  // as far as can be told without their types
  try {
    parse_jaxpr(to_string(c.program));
    return true;
  } catch (const Error&) {
    return false;
  }
}

// --- the line ------------------------------------------------------------------------------------------------------

const char* function_name(Check c) {
  switch (c) {
    case Check::grads: return "check_grads";
    case Check::vmap: return "check_vmap";
    case Check::jit: return "check_jit";
    case Check::pure: return "check_pure";
    case Check::transpose: return "check_transpose";
    case Check::all: return "check_all";
  }
  return "";
}

std::string options_text(Check check, const CheckOptions& o) {
  const CheckOptions plain;
  std::vector<std::string> fields;
  const bool derivatives = check == Check::grads || check == Check::all;
  if (derivatives) fields.push_back(text(".order = ", o.order));
  if (derivatives && !o.forward) fields.push_back(".forward = false");
  if (derivatives && !o.reverse) fields.push_back(".reverse = false");
  if (o.directions != plain.directions) fields.push_back(text(".directions = ", o.directions));
  if (o.key)
    fields.push_back(text(".key = fx::random::key(", random::key_data(*o.key).to_vector<std::uint32_t>()[1], ")"));
  if (o.slack != plain.slack) fields.push_back(text(".slack = ", o.slack));
  if (o.laws != plain.laws) fields.push_back(".laws = false");
  std::string s = "{";
  for (std::size_t i = 0; i < fields.size(); ++i) s += (i == 0 ? "" : ", ") + fields[i];
  return s + "}";
}

std::string list_text(const Arrays& xs) {
  std::string s = "{";
  for (std::size_t i = 0; i < xs.size(); ++i) s += (i == 0 ? "" : ", ") + cpp_text(xs[i]);
  return s + "}";
}
std::string arguments_text(const Arrays& xs) { return xs.size() == 1 ? cpp_text(xs[0]) : "std::tuple" + list_text(xs); }

// "one" "two": a literal of any length in lines of at most `width`.
std::string string_literal(const std::string& s, std::size_t width, const std::string& indent) {
  std::string out;
  for (std::size_t at = 0; at < s.size();) {
    auto n = s.size() - at;
    if (n > width) {
      const auto blank = s.rfind(' ', at + width - 1);
      n = blank == std::string::npos || blank <= at ? width : blank + 1 - at;
    }
    std::string piece;
    for (char c : s.substr(at, n)) piece += c == '"' || c == '\\' ? text('\\', c) : std::string(1, c);
    out += (out.empty() ? "\"" : "\n" + indent + "\"") + piece + "\"";
    at += n;
  }
  return out;
}

std::string parse_options_text(const Case& c, const TextNeeds& needs) {
  std::string s;
  if (c.program.n_consts != 0) s = ".consts = " + list_text(c.consts());
  if (!needs.primitives.empty()) {
    std::string list;
    for (const auto& u : needs.primitives) {
      list += (list.empty() ? "" : ", ") + text("fx::readable<", type_of_rules(*u.primitive), ">(", u.least);
      list += u.most == u.least ? ")" : text(", ", u.most, ")");
    }
    s += (s.empty() ? "" : ", ") + text(".primitives = {", list, "}");
  }
  return s.empty() ? "" : "{" + s + "}";
}

}  // namespace

std::string cpp_text(const Array& x) {
  const auto t = x.dtype();
  if (t == DType::float0 || t == DType::tape) return text("fx::zeros(", shape_text(x.shape()), ", fx::", name(t), ")");
  if (is_key(t)) return text("fx::random::wrap_key_data(", cpp_text(random::key_data(x)), ")");
  if (x.size() == 0) return text("fx::zeros(", shape_text(x.shape()), ", fx::", name(t), ")");
  const auto dtype = t == DType::float64 ? std::string() : text(", fx::", t == DType::bool_ ? "bool_" : name(t));
  if (x.size() > 4 && x.ndim() > 0) {
    const auto elements = element_texts(x);
    if (std::all_of(elements.begin(), elements.end(), [&](const auto& e) { return e == elements[0]; })) {
      const auto zero_or_one = elements[0] == "1.0" || elements[0] == "1.0f" || elements[0] == "1" ? "fx::ones("
                               : elements[0] == "0.0" || elements[0] == "0.0f" || elements[0] == "0" ? "fx::zeros("
                                                                                                    : "";
      if (*zero_or_one != 0) return zero_or_one + shape_text(x.shape()) + dtype + ")";
      return text("fx::full(", shape_text(x.shape()), ", ", elements[0], dtype.empty() ? ", fx::float64" : dtype, ")");
    }
  }
  const auto plain = elements_text(x, named_type(t));
  return is_half(t) ? text(plain, ".astype(fx::", name(t), ")") : plain;
}

std::vector<std::string> input_names(const std::string& jaxpr) {
  std::size_t depth = 0, top = 0;
  for (std::size_t i = 0; i < jaxpr.size(); ++i) {
    if (jaxpr[i] == '{' && depth++ == 0) top = i;  // programs that occur more than once are printed before
    if (jaxpr[i] == '}') --depth;
  }
  const auto first = jaxpr.find("lambda", top) + 6, last = jaxpr.find(". let", first);
  std::vector<std::string> names;
  for (auto colon = jaxpr.find(':', first); colon < last; colon = jaxpr.find(':', colon + 1)) {
    const auto begin = jaxpr.find_last_of(" ;\n", colon) + 1;
    names.push_back(jaxpr.substr(begin, colon - begin));
  }
  return names;
}

std::string reproducing_line(const Case& c, const Probe& probe, const Subject& original) {
  TextNeeds needs;
  needs.add(c.program);
  std::int64_t elements = 0;
  for (const auto& x : c.values) elements += x.size();
  if (elements > kMostElements)
    return text("// the arguments have ", elements, " elements, and less did not show the fault in time");
  const auto call = text("fx::testing::", function_name(probe.check), "(");
  const auto options = options_text(probe.check, probe.options);
  if (!is_readable(c, needs)) {
    const bool is_the_function = c.program.eqns.size() == 1 && !needs.function.empty();
    const auto args = arguments_text(is_the_function ? c.args() : original.args);
    const auto whole = text(call, "f, ", args, ", ", options, ");");
    return text("// f: ", is_the_function ? "the function " + needs.function : "what has been checked", "\n",
                whole.size() <= kLine ? whole : text(call, "\n    f,\n    ", args, ",\n    ", options, ");"));
  }
  const auto program = single_line(to_string(c.program)), extra = parse_options_text(c, needs),
             args = arguments_text(c.args());
  const auto whole = text(call, "fx::testing::program(", string_literal(program, program.size(), ""),
                          extra.empty() ? "" : ", ", extra, "), ", args, ", ", options, ");");
  if (whole.size() <= kLine) return whole;
  const std::string indent(8, ' ');
  const bool short_program = program.size() <= 85, short_args = args.size() + options.size() <= kLine;
  return text(call, "\n    fx::testing::program(", short_program ? "" : "\n" + indent,
              string_literal(program, short_program ? program.size() : 96, indent),
              extra.empty() ? "" : ",\n" + indent, extra, "),\n    ", args, short_args ? ", " : ",\n    ", options,
              ");");
}

// --- words ---------------------------------------------------------------------------------------------------------

namespace {

std::string short_text(const Array& x) {
  if (x.is_empty_handle()) return "0";
  const printoptions few({.precision = 6, .threshold = 12, .edgeitems = 2, .linewidth = 10000});
  return single_line(array_str(x));
}

// As many digits as tell it from what was expected.
std::string short_number(double v) {
  char digits[40];
  std::snprintf(digits, sizeof digits, "%.10g", std::isnan(v) ? std::fabs(v) : v);  // NaN has no sign
  std::string s = digits;
  return s.find_first_of(".en") == std::string::npos ? s + ".0" : s;
}

std::string error_text(double v) {
  char digits[40];
  std::snprintf(digits, sizeof digits, "%.2g", v);
  return digits;
}

// Of a program's arguments, those that have tangents.
std::vector<std::string> names_of_floats(const Case& c, const std::vector<std::string>& names) {
  std::vector<std::string> out;
  for (std::size_t i = c.program.n_consts; i < c.values.size() && i < names.size(); ++i)
    if (is_inexact(c.values[i].dtype())) out.push_back(names[i]);
  return out;
}

// The arguments of the program that was differentiated last: a derivative's are followed by tangents or cotangents.
std::vector<std::string> names_at_order(const Disagreement& d, const Case& c, const std::vector<std::string>& names) {
  std::vector<std::string> out(names.begin() + static_cast<std::ptrdiff_t>(c.program.n_consts), names.end());
  const bool of_vjp = d.law.find("(of vjp") != std::string::npos;
  for (const auto& n : names_of_floats(c, names))
    if (out.size() < d.point.size() && !of_vjp) out.push_back("d" + n);
  for (std::size_t k = 0; out.size() < d.point.size(); ++k) out.push_back(text(of_vjp ? "ct" : "t", k));
  return out;
}

std::string direction_text(const Disagreement& d, const Case& c, const std::vector<std::string>& names) {
  std::vector<std::string> moving;
  const auto all = names_at_order(d, c, names);
  for (std::size_t i = 0; i < d.point.size() && i < all.size(); ++i)
    if (is_inexact(d.point[i].dtype())) moving.push_back(all[i]);
  std::string s;
  for (std::size_t i = 0; i < d.direction.size(); ++i) {
    const auto name = i < moving.size() ? (d.order > 1 ? "δ" : "d") + moving[i] : text("t", i);
    s += (s.empty() ? "" : ", ") + name + " = " + short_text(d.direction[i]);
  }
  return s;
}

}  // namespace

Explanation in_words(const Suspicion& s, const Disagreement& d, const Subject& original) {
  const auto& c = s.at.c;
  Explanation e;
  e.primitive = s.primitive;
  e.rule = s.rule;
  e.to_one_rule = s.at.one_equation;
  e.jaxpr = to_string(c.program);
  const auto names = input_names(e.jaxpr);
  for (std::size_t i = 0; i < c.values.size() && i < names.size(); ++i)
    e.point.push_back(names[i] + " = " + short_text(c.values[i]));
  const auto all = names_at_order(d, c, names);
  for (std::size_t i = c.values.size() - c.program.n_consts; i < d.point.size(); ++i)
    e.point.push_back(all[i] + " = " + short_text(d.point[i]));
  e.direction = direction_text(d, c, names);
  e.law = d.what.empty() ? d.law : d.law + ": " + d.what;
  if (d.numbers && !d.law.empty()) {
    e.expected = short_number(d.expected) + (d.expected_error > 0 ? " ± " + error_text(d.expected_error) : "");
    e.got = short_number(d.got);
  }
  e.reproduce = reproducing_line(c, s.probe, original);
  return e;
}

}  // namespace fluxion::testing

// How the text of an equation becomes a primitive with its parameters again: for parse_jaxpr. The library says so of
// its own primitives; users list theirs.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/hana/tuple.hpp>
#include <boost/hana/unpack.hpp>

#include <fluxion/extend/primitive.hpp>

namespace fluxion {

/// Reads what `show` has printed. Every function skips blanks first, and throws ValueError with line and column for
/// something else than what it reads.
class ValueParser {
 public:
  ValueParser(const ValueParser&) = delete;
  ValueParser& operator=(const ValueParser&) = delete;

  /// The next character that is no blank; 0 at the end.
  char peek();
  /// Whether this is what comes next; if so, it is taken.
  bool accept(std::string_view text);
  bool next_is(std::string_view text);
  void expect(std::string_view text);
  std::int64_t integer();
  double number();
  /// A name: letters, digits and any of _<>.:~+-/*&$; or a text in quotes.
  std::string word();
  Aval aval();
  /// A jaxpr, or the name of one that has been defined.
  virtual JaxprPtr jaxpr() = 0;
  /// The avals of the equation's results, as they are printed.
  const Avals& results() const { return results_; }
  /// Throws ValueError: `required` is required here.
  [[noreturn]] void fail(std::string_view required);
  /// Throws ValueError with this message.
  [[noreturn]] void fail_with(const std::string& message) const;

  /// Takes `name=`; optional ones may be missing.
  bool field(const char* name, bool optional);

 protected:
  explicit ValueParser(std::string_view text) : text_(text) {}
  ~ValueParser() = default;
  bool skip_blanks();  // whether a line has ended

  std::string_view text_;
  std::size_t at_ = 0;
  bool in_params_ = false;
  Avals results_;
};

/// Names the type that is to be read.
template <class T>
struct ParseAs {};

/// The inverses of `show`. A user's type of field has its own `parse_value`, found by argument-dependent lookup; an
/// equation that has a parameter without one cannot be read.
Dims parse_value(ValueParser& p, ParseAs<Dims>);
bool parse_value(ValueParser& p, ParseAs<bool>);
inline std::int64_t parse_value(ValueParser& p, ParseAs<std::int64_t>) { return p.integer(); }
inline double parse_value(ValueParser& p, ParseAs<double>) { return p.number(); }
DType parse_value(ValueParser& p, ParseAs<DType>);
inline std::string parse_value(ValueParser& p, ParseAs<std::string>) { return p.word(); }
AxisNames parse_value(ValueParser& p, ParseAs<AxisNames>);
inline AxisName parse_value(ValueParser& p, ParseAs<AxisName>) { return {p.word()}; }
None parse_value(ValueParser& p, ParseAs<None>);
std::vector<Aval> parse_value(ValueParser& p, ParseAs<std::vector<Aval>>);
inline Aval parse_value(ValueParser& p, ParseAs<Aval>) { return p.aval(); }
inline std::optional<std::int64_t> parse_value(ValueParser& p, ParseAs<std::optional<std::int64_t>>) {
  return p.integer();
}
inline JaxprPtr parse_value(ValueParser& p, ParseAs<JaxprPtr>) { return p.jaxpr(); }
std::vector<JaxprPtr> parse_value(ValueParser& p, ParseAs<std::vector<JaxprPtr>>);
template <std::integral T>
T parse_value(ValueParser& p, ParseAs<T>) {
  const auto v = p.integer();
  if (static_cast<std::int64_t>(static_cast<T>(v)) != v) p.fail_with("an integer is too large for its parameter");
  return static_cast<T>(v);
}

/// A primitive that can be read, and how many operands it takes.
struct ReadablePrimitive {
  static constexpr std::size_t any = static_cast<std::size_t>(-1);

  const Primitive* primitive;
  std::size_t least, most;
  Params (*params)(ValueParser&);
  /// Null, or what is wrong with operands before abstract_eval sees them; empty if nothing is.
  std::string (*problem)(AvalSpan in, ParamsView params);
};

namespace detail {

template <class T>
T parse_field(ValueParser& p, const char* name) {
  constexpr bool optional = std::is_same_v<T, std::optional<std::int64_t>>;
  if (!p.field(name, optional)) return T{};
  if constexpr (requires {
                  { parse_value(p, ParseAs<T>{}) } -> std::convertible_to<T>;
                })
    return parse_value(p, ParseAs<T>{});
  else
    p.fail_with(std::string("the parameter '") + name +
                "' is no text, and cannot be read; trace the function again instead");
}

template <class P>
Params parse_params(ValueParser& p) {
  namespace hana = boost::hana;
  return hana::unpack(hana::accessors<P>(), [&](const auto&... fields) {
    return Params(ParamsView::of(P{parse_field<std::decay_t<decltype(hana::second(fields)(std::declval<const P&>()))>>(
        p, hana::to<char const*>(hana::first(fields)))...}));
  });
}

}  // namespace detail

/// The primitive P, of so many operands. `Problem`, if there is one, is a static function of P.
template <class P>
ReadablePrimitive readable(std::size_t least, std::size_t most) {
  ReadablePrimitive r{&define<P>(), least, most, &detail::parse_params<typename P::Params>, nullptr};
  if constexpr (requires(AvalSpan in, const typename P::Params& p) {
                  { P::problem(in, p) } -> std::same_as<std::string>;
                })
    r.problem = [](AvalSpan in, ParamsView p) { return P::problem(in, p.as<typename P::Params>()); };
  return r;
}
template <class P>
ReadablePrimitive readable(std::size_t operands) { return readable<P>(operands, operands); }

}  // namespace fluxion

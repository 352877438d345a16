// Arrays as text, so that a test reads like a session.
#pragma once

#include <sstream>
#include <string>

#include <fluxion/fluxion.hpp>

namespace fluxion::test {

/// The printed elements on one line, after dtype and shape unless both are plain: "i32[3] [1 2 3]".
inline std::string shown(const Array& x) {
  std::ostringstream os;
  os << x.aval() << (x.weak_type() ? "* " : " ") << x;
  auto s = os.str();
  for (std::size_t i = 0; i < s.size(); ++i)
    if (s[i] == '\n') s[i] = ' ';
  std::string out;
  for (char c : s)
    if (!(c == ' ' && !out.empty() && (out.back() == ' ' || out.back() == '['))) out += c;
  return out;
}

/// As printed.
inline std::string printed(const Array& x) {
  std::ostringstream os;
  os << x;
  return os.str();
}

/// The message of the E that f throws; "" if it throws none, "!" before that of anything else.
template <class E, class F>
std::string message_of(const F& f) {
  try {
    f();
  } catch (const E& e) {
    return e.what();
  } catch (const std::exception& e) {
    return std::string("!") + e.what();
  }
  return "";
}

/// Whether f throws an E.
template <class E, class F>
bool refuses(const F& f) {
  const auto m = message_of<E>(f);
  return !m.empty() && m[0] != '!';
}

}  // namespace fluxion::test

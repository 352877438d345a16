#include "testing/shrink_shapes.hpp"

#include <algorithm>
#include <cctype>
#include <set>

#include <fluxion/lax.hpp>
#include <fluxion/parse.hpp>

#include "core/node.hpp"
#include "testing/interpret.hpp"

namespace fluxion::testing {

namespace {

// The extents above one, greatest first.
std::vector<std::int64_t> extents_of(const Arrays& xs) {
  std::set<std::int64_t, std::greater<>> all;
  for (const auto& x : xs)
    for (auto n : x.shape())
      if (n > 1) all.insert(n);
  return {all.begin(), all.end()};
}

Array part_of(const Array& x, std::size_t axis, std::int64_t n, bool last) {
  Dims start(x.shape().size(), 0), limit = x.shape();
  if (last) start[axis] = limit[axis] - n;
  limit[axis] = start[axis] + n;
  return lax::slice(x, start, limit);
}

Array with_extent(Array x, std::int64_t n, std::int64_t m, bool last) {
  for (std::size_t axis = 0; axis < x.shape().size(); ++axis)
    if (x.shape()[axis] == n) x = part_of(x, axis, m, last);
  return x;
}

Arrays with_extent(const Arrays& xs, std::int64_t n, std::int64_t m, bool last) {
  Arrays out;
  for (const auto& x : xs) out.push_back(with_extent(x, n, m, last));
  return out;
}

// --- parameters, by their text -------------------------------------------------------------------------------------

bool holds_extents(std::string_view field) {
  for (const std::string_view name : {"shape", "new_sizes", "sizes", "length", "limit_indices", "slice_sizes", "size",
                                      "fft_lengths", "permutation_size", "window_dimensions"})
    if (field == name) return true;
  return false;
}

// Replaces the whole number n within text[first, last).
void replace_numbers(std::string& text, std::size_t first, std::size_t last, const std::string& n,
                     const std::string& m) {
  for (std::size_t at = first; at < last;) {
    if (!std::isdigit(static_cast<unsigned char>(text[at]))) {
      ++at;
      continue;
    }
    auto end = at;
    while (end < last && std::isdigit(static_cast<unsigned char>(text[end]))) ++end;
    if (text.compare(at, end - at, n) == 0) {
      text.replace(at, n.size(), m);
      last = last - n.size() + m.size();
      end = at + m.size();
    }
    at = end;
  }
}

// Avals, `:f64[2,3]`, and fields that hold extents.
std::string with_extent(std::string text, std::int64_t from, std::int64_t to) {
  const auto n = std::to_string(from), m = std::to_string(to);
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    auto word = at;
    const auto is_word = [](char k) {
      return std::isalnum(static_cast<unsigned char>(k)) || k == '_' || k == '<' || k == '>';
    };
    while (word > 0 && is_word(text[word - 1])) --word;
    if (c == '[' && word > 0 && text[word - 1] == ':')
      replace_numbers(text, at + 1, text.find(']', at), n, m);
    if (c == '=' && holds_extents(std::string_view(text).substr(word, at - word))) {
      auto end = text[at + 1] == '(' ? text.find(')', at) : at + 1;
      while (end < text.size() && std::isdigit(static_cast<unsigned char>(text[end]))) ++end;
      replace_numbers(text, at + 1, end, n, m);
    }
  }
  return text;
}

// Rules and callbacks are C++ functions, of which text keeps the names only.
bool holds_functions(const Eqn& e) {
  const auto name = e.prim->name();
  if (name.starts_with("custom_") || name.ends_with("_callback")) return true;
  for (const auto& [field, programs] : Fields(e.params.view()).programs)
    for (const auto& p : programs)
      if (p != nullptr && std::any_of(p->eqns.begin(), p->eqns.end(), holds_functions)) return true;
  return false;
}

Params with_extent(const Jaxpr& holder, const Eqn& e, std::int64_t n, std::int64_t m) {
  if (holds_functions(e)) return e.params;
  Jaxpr one;
  one.vars = holder.vars;
  for (const auto& a : e.in)
    if (!a.is_literal() && std::find(one.in.begin(), one.in.end(), a.var) == one.in.end()) one.in.push_back(a.var);
  one.eqns.push_back(e);
  const auto text = to_string(one), changed = with_extent(text, n, m);
  if (text == changed) return e.params;
  const auto read = parse_jaxpr(changed).jaxpr;
  return read->eqns.at(0).prim == e.prim ? read->eqns[0].params : e.params;
}

// x without an axis, at its first element.
Array without_axis(const Array& x, std::size_t axis) {
  const auto first = part_of(x, axis, 1, false);
  Shape shape = x.shape();
  shape.erase(axis);
  return lax::reshape(first, shape);
}

// Those of the greatest rank without an axis; nothing if it is not theirs.
std::optional<Arrays> without_axis(const Arrays& xs, std::size_t axis) {
  std::int64_t rank = 0;
  Arrays out;
  for (const auto& x : xs) rank = std::max(rank, x.ndim());
  if (static_cast<std::int64_t>(axis) >= rank) return {};
  for (const auto& x : xs) out.push_back(x.ndim() == rank ? without_axis(x, axis) : x);
  return out;
}

// Leaves out one axis after another of what `take` accepts.
Arrays with_few_axes(Arrays xs, const std::function<bool(const Arrays&)>& take) {
  for (std::size_t axis = 0;;) {
    const auto candidate = without_axis(xs, axis);
    if (!candidate) return xs;
    if (take(*candidate)) xs = *candidate;
    else ++axis;
  }
}

}  // namespace

std::int64_t smallest_extent(std::int64_t n, const std::function<bool(std::int64_t)>& fails) {
  std::int64_t passes = 0, failing = n;
  for (std::int64_t m = 1; m < n; m *= 2) {
    if (fails(m)) {
      failing = m;
      break;
    }
    passes = m;
  }
  while (failing - passes > 1) {
    const auto middle = passes + (failing - passes) / 2;
    (fails(middle) ? failing : passes) = middle;
  }
  return failing;
}

std::optional<Case> with_extent(const Case& c, std::int64_t n, std::int64_t m, bool last) {
  const auto values = with_extent(c.values, n, m, last);
  try {
    Case changed = c;
    for (auto& e : changed.program.eqns) e.params = with_extent(c.program, e, n, m);
    if (auto out = with_values(changed, values)) return out;
  } catch (const Error&) {  // a parameter cannot be read from its text
  }
  return with_values(c, values);
}

Case with_small_shapes(const Case& c, const Probe& probe) {
  Case best = c;
  for (const auto n : extents_of(c.values))
    for (const bool last : {false, true}) {
      const auto m = smallest_extent(n, [&](std::int64_t k) {
        const auto candidate = with_extent(best, n, k, last);
        return candidate && probe.fails(*candidate);
      });
      if (m == n) continue;
      best = *with_extent(best, n, m, last);
      break;
    }
  with_few_axes(best.values, [&](const Arrays& xs) {
    const auto candidate = with_values(best, xs);
    const bool fails = candidate && probe.fails(*candidate);
    if (fails) best = *candidate;
    return fails;
  });
  return best;
}

Subject with_small_arguments(const Subject& s, const Probe& probe) {
  Subject best = s;
  for (const auto n : extents_of(s.args)) {
    const auto with = [&](std::int64_t m) { return Subject{s.f, with_extent(best.args, n, m, false), s.paths}; };
    const auto m = smallest_extent(n, [&](std::int64_t k) { return probe(with(k)).failed(); });
    if (m < n) best = with(m);
  }
  best.args = with_few_axes(best.args, [&](const Arrays& xs) { return probe(Subject{s.f, xs, s.paths}).failed(); });
  return best;
}

}  // namespace fluxion::testing

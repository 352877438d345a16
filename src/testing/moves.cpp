#include "testing/moves.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>

#include "core/trace.hpp"

namespace fluxion::testing {

namespace {

constexpr double kBound = 4;             // values beyond are scaled down
constexpr std::int64_t kLargest = 40;    // elements of a value
constexpr double kBodyBound = 2;

double magnitude(const Value& v) { return std::max(std::fabs(v.lo), std::fabs(v.hi)); }

// Small, within bounds.
Value settled(Value v) {
  while (v.x.size() > kLargest) v.x = v.ndim() > 1 ? mean(v.x, 0) : v.x[range(0, kLargest)];
  const auto m = magnitude(v);
  return m > kBound ? into(v, -kBound / 2 * (v.lo < 0), kBound / 2) : v;
}

Array run(const std::vector<Gene>& genes, const MoveTable& table, int depth, const Array& x) {
  std::vector<Value> pool{{x, -kBodyBound, kBodyBound}};
  play(genes, table, depth, pool);
  if (pool.size() == 1) return 0.9 * sin(x);  // no instruction
  const auto last = into(pool.back(), -kBodyBound, kBodyBound);
  return fitted(last.x, x.shape()).astype(x.dtype());
}

Dims other_axes(const Value& v) {
  Dims all;
  for (std::int64_t i = 0; i < v.ndim(); ++i) all.push_back(i);
  return all;
}

}  // namespace

std::pair<Value, Value> Scene::both() const {
  auto x = first(), y = second();
  if (y.x.dtype() != x.x.dtype()) y.x = y.x.astype(x.x.dtype());
  const auto &s = x.x.shape(), &t = y.x.shape();
  bool fits = true;
  for (std::size_t i = 1; i <= std::min(s.size(), t.size()); ++i) {
    const auto m = s[s.size() - i], n = t[t.size() - i];
    fits = fits && (m == n || m == 1 || n == 1);
  }
  if (!fits || element_count(broadcast_shapes(s, t)) > kLargest) y.x = mean(y.x);
  const auto to = broadcast_shapes(x.x.shape(), y.x.shape());
  x.x = broadcast_to(x.x, to);
  y.x = broadcast_to(y.x, to);
  return {x, y};
}

Body Scene::body() const {
  return [genes = gene_.body, &table = table_, depth = depth_ - 1](const Array& x) {
    return run(genes, table, depth, x);
  };
}
Body Scene::other_body() const {
  auto genes = gene_.body;
  for (auto& g : genes) g.move += 17 + gene_.b, ++g.c;
  return [genes, &table = table_, depth = depth_ - 1](const Array& x) { return run(genes, table, depth, x); };
}

const MoveTable& MoveTable::of(const ProgramOptions& o) {
  std::uint8_t allowed = Move::plain;
  if (!o.smooth) allowed |= Move::kinked;
  if (o.control_flow) allowed |= Move::control;
  if (o.transforms) allowed |= Move::transform;
  if (o.linear_algebra) allowed |= Move::linear_algebra;
  if (o.complex) allowed |= Move::complex;
  static std::mutex mutex;
  static auto* const tables = new std::map<std::uint8_t, MoveTable>;  // immortal: programs refer to it
  const std::lock_guard lock(mutex);
  return tables->try_emplace(allowed, allowed).first->second;
}

MoveTable::MoveTable(std::uint8_t allowed) {
  for (const auto family :
       {elementwise_moves, special_moves, binary_moves, kinked_moves, shape_moves, reduction_moves,
        window_moves, indexing_moves, linear_algebra_moves, complex_moves, control_moves, transform_moves}) {
    std::vector<std::uint32_t> all, without_body;
    for (auto& move : family()) {
      if ((move.kind & ~allowed) != 0) continue;
      all.push_back(size());
      if (!move.has_body()) without_body.push_back(size());
      moves_.push_back(std::move(move));
    }
    without_body_.insert(without_body_.end(), without_body.begin(), without_body.end());
    if (!all.empty()) families_.push_back(std::move(all));
    if (!without_body.empty()) families_without_body_.push_back(std::move(without_body));
  }
}

const Move& MoveTable::at(std::uint32_t move, int depth) const {
  const auto& m = moves_[move % moves_.size()];
  return depth > 0 || !m.has_body() ? m : moves_[without_body_[move % without_body_.size()]];
}

void play(const std::vector<Gene>& genes, const MoveTable& table, int depth, std::vector<Value>& pool) {
  for (const auto& g : genes) pool.push_back(settled(table.at(g.move, depth).make(Scene(g, pool, table, depth))));
}

Value into(const Value& v, double lo, double hi) {
  if (v.lo >= lo && v.hi <= hi) return v;
  if (v.hi <= v.lo) return {0.0 * v.x + 0.5 * (lo + hi), lo, hi};
  const double slope = (hi - lo) / (v.hi - v.lo), shift = lo - slope * v.lo;
  return {std::fabs(shift) < 1e-12 ? slope * v.x : slope * v.x + shift, lo, hi};
}

Value apart(const Value& v, std::int64_t axis) {
  if (v.ndim() == 0) return v;
  const auto n = v.x.shape(axis);
  const auto step =
      n % 2 == 0 ? n / 2 + 1 + n / 2 % 2 : 2;  // mostly coprime to n; else elements are apart in pairs only
  std::vector<double> places;
  std::vector<char> taken(static_cast<std::size_t>(n), 0);
  for (std::int64_t i = 0, at = n / 2; i < n; ++i, at = (at + step) % n) {
    while (taken[static_cast<std::size_t>(at)] != 0) at = (at + 1) % n;
    taken[static_cast<std::size_t>(at)] = 1;
    places.push_back(static_cast<double>(at));
  }
  Shape shape(v.x.shape().size(), 1);
  shape[static_cast<std::size_t>(axis)] = n;
  const auto shift = constant([&] { return array(places, shape).astype(v.x.dtype()); });
  return {into(v, -0.3, 0.3).x + shift, -0.3, static_cast<double>(n) - 0.7};
}

Value with_axis(const Value& v) { return v.ndim() > 0 ? v : Value{v.x.reshape({1}), v.lo, v.hi}; }
std::int64_t some_axis(const Scene& s, const Value& v) { return s.choice(v.ndim()); }
Array constant(const std::function<Array()>& make) {
  const SetTrace none(nullptr);
  return make();
}
Array weighted(const Array& x) {
  const auto n = std::max<std::int64_t>(1, x.size());
  return x * constant([&] {
           return (arange(1.0, static_cast<double>(n + 1)) / n).reshape(x.shape()).astype(x.dtype());
         });
}
Array number(const Array& x, double v) {
  return constant([&] { return Array(v).astype(x.dtype()); });
}
Array alternating(const Shape& shape) {
  std::vector<std::int64_t> v(static_cast<std::size_t>(element_count(shape)));
  for (std::size_t i = 0; i < v.size(); ++i) v[i] = (i * 7 / 3) % 2 == 0;
  return constant([&] { return array(v, shape).astype(bool_); });
}

Array fitted(const Array& x, const Shape& shape) {
  if (x.shape() == shape) return x;
  const auto& s = x.shape();
  bool fits = s.size() <= shape.size();
  for (std::size_t i = 1; fits && i <= s.size(); ++i) {
    const auto n = s[s.size() - i];
    fits = n == 1 || n == shape[shape.size() - i];
  }
  if (fits) return broadcast_to(x, shape);
  if (element_count(s) == element_count(shape)) return x.reshape(shape);
  return broadcast_to(mean(x, Axis(other_axes({x, 0, 0}))), shape);
}

Array matrix_of(const Value& v, std::int64_t m, std::int64_t n) { return resize(into(v, -1, 1).x, {m, n}); }
Value bounded(Array x, double bound) { return {std::move(x), -bound, bound}; }
Value between(Array x, double lo, double hi) { return {std::move(x), lo, hi}; }

}  // namespace fluxion::testing

// Parameters of an equation, erased: one plain struct per primitive, reflected by Hana so that printing,
// equality and hashing are written once.
#pragma once

#include <algorithm>
#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

#include <boost/hana/accessors.hpp>
#include <boost/hana/adapt_struct.hpp>
#include <boost/hana/core/to.hpp>
#include <boost/hana/define_struct.hpp>
#include <boost/hana/first.hpp>
#include <boost/hana/for_each.hpp>
#include <boost/hana/second.hpp>
#include <boost/hana/string.hpp>

#include <fluxion/aval.hpp>
#include <fluxion/axis_names.hpp>
#include <fluxion/extend/effect.hpp>
#include <fluxion/extend/host.hpp>
#include <fluxion/index.hpp>

namespace fluxion {

struct Jaxpr;
using JaxprPtr = std::shared_ptr<const Jaxpr>;

/// A parameter that is the name of one axis.
struct AxisName {
  std::string name;
  friend bool operator==(const AxisName&, const AxisName&) = default;
};

/// How a parameter value prints in a jaxpr: (0, 1), True, float64. A user's type of field has its own `show` and
/// `hash_value`, found by argument-dependent lookup, and ==.
std::string show(const Dims& v);
std::string show(bool v);
std::string show(std::int64_t v);
std::string show(double v);
std::string show(DType v);
std::string show(const std::string& v);
std::string show(const AxisNames& v);
inline std::string show(None) { return "None"; }
std::string show(const HostFunctionPtr& v);
std::string show(const std::vector<Aval>& v);
/// Empty if there is no value: the parameter is not printed.
std::string show(const std::optional<std::int64_t>& v);
/// f64[2,3], as messages name what came.
std::string show(const Aval& v);
template <std::integral T>
std::string show(T v) { return show(static_cast<std::int64_t>(v)); }
std::size_t hash_value(const AxisNames& v);
inline std::size_t hash_value(None) { return 0; }
std::size_t hash_value(const Dims& v);
inline std::size_t hash_value(bool v) { return v; }
template <std::integral T>
std::size_t hash_value(T v) { return std::hash<T>{}(v); }
inline std::size_t hash_value(double v) { return std::hash<double>{}(v); }
inline std::size_t hash_value(DType v) { return static_cast<std::size_t>(v); }
inline std::size_t hash_value(const std::string& v) { return std::hash<std::string>{}(v); }
std::size_t hash_value(const std::vector<Aval>& v);
inline std::size_t hash_value(const std::optional<std::int64_t>& v) { return v ? hash_value(*v) + 1 : 0; }
inline std::size_t hash_value(const AxisName& v) { return hash_value(v.name); }
inline std::size_t hash_value(const JaxprPtr& v) { return std::hash<JaxprPtr>{}(v); }
inline std::size_t hash_value(const HostFunctionPtr& v) { return std::hash<HostFunctionPtr>{}(v); }

std::size_t hash_value(const std::vector<JaxprPtr>& v);

inline std::size_t hash_combine(std::size_t seed, std::size_t h) {
  return seed ^ (h + 0x9e3779b97f4a7c15ULL + (seed << 6) + (seed >> 2));
}

/// Receives the fields of a Params struct in declaration order.
struct FieldVisitor {
  virtual void text(const char* name, const std::string& value) = 0;
  /// Names of axes that the operation works over.
  virtual void axes(const char* name, const AxisNames&, const std::string& shown) { text(name, shown); }
  virtual void jaxpr(const char* name, const JaxprPtr& value) = 0;
  virtual void jaxprs(const char* name, const std::vector<JaxprPtr>& values) = 0;

 protected:
  ~FieldVisitor() = default;
};

namespace detail {

struct ParamsTable {
  const std::type_info& type;
  void (*fields)(const void*, FieldVisitor&);
  bool (*equal)(const void*, const void*);
  std::size_t (*hash)(const void*);
  std::shared_ptr<const void> (*clone)(const void*);
};

template <class P>
void visit_fields(const void* p, FieldVisitor& v) {
  namespace hana = boost::hana;
  hana::for_each(hana::accessors<P>(), [&](const auto& field) {
    const auto& value = hana::second(field)(*static_cast<const P*>(p));
    const char* name = hana::to<char const*>(hana::first(field));
    using T = std::decay_t<decltype(value)>;
    if constexpr (std::is_same_v<T, JaxprPtr>) v.jaxpr(name, value);
    else if constexpr (std::is_same_v<T, std::vector<JaxprPtr>>) v.jaxprs(name, value);
    else if constexpr (std::is_same_v<T, AxisNames>) v.axes(name, value, show(value));
    else if constexpr (std::is_same_v<T, AxisName>) v.axes(name, AxisNames(value.name), value.name);
    else if (auto shown = show(value); !shown.empty() || !std::is_same_v<T, std::optional<std::int64_t>>) v.text(name, shown);
  });
}

template <class P>
bool equal_params(const void* a, const void* b) {
  bool same = true;
  boost::hana::for_each(boost::hana::accessors<P>(), [&](const auto& field) {
    const auto& get = boost::hana::second(field);
    same = same && get(*static_cast<const P*>(a)) == get(*static_cast<const P*>(b));
  });
  return same;
}

template <class P>
std::size_t hash_params(const void* p) {
  std::size_t h = 0;
  boost::hana::for_each(boost::hana::accessors<P>(), [&](const auto& field) {
    h = hash_combine(h, hash_value(boost::hana::second(field)(*static_cast<const P*>(p))));
  });
  return h;
}

Effect effect_of(const JaxprPtr& held);
Effect effect_of(const std::vector<JaxprPtr>& held);
/// The effects of the jaxprs among the fields.
template <class P>
Effect held_effect(const P& p) {
  Effect all = Effect::none;
  boost::hana::for_each(boost::hana::accessors<P>(), [&](const auto& field) {
    const auto& value = boost::hana::second(field)(p);
    using T = std::decay_t<decltype(value)>;
    if constexpr (std::is_same_v<T, JaxprPtr> || std::is_same_v<T, std::vector<JaxprPtr>>)
      all = std::max(all, effect_of(value));
  });
  return all;
}

template <class P>
inline constexpr ParamsTable params_table{
    typeid(P), &visit_fields<P>, &equal_params<P>, &hash_params<P>,
    [](const void* p) -> std::shared_ptr<const void> { return std::make_shared<const P>(*static_cast<const P*>(p)); }};

}  // namespace detail

/// Params of a primitive that has none.
struct NoParams {
  BOOST_HANA_DEFINE_STRUCT(NoParams);
};

/// A borrowed Params struct of any type, as passed to rules. Costs nothing to make.
class ParamsView {
 public:
  template <class P>
  static ParamsView of(const P& p) { return {&p, &detail::params_table<P>}; }
  ParamsView(const void* data, const detail::ParamsTable* table) : data_(data), table_(table) {}

  template <class P>
  const P& as() const { return *static_cast<const P*>(data_); }
  void fields(FieldVisitor& v) const { table_->fields(data_, v); }
  std::size_t hash() const { return table_->hash(data_); }
  friend bool operator==(const ParamsView& a, const ParamsView& b) {
    return a.table_->type == b.table_->type && a.table_->equal(a.data_, b.data_);
  }

 private:
  friend class Params;
  const void* data_;
  const detail::ParamsTable* table_;
};

/// An owned copy, as kept in an equation or a cache key.
class Params {
 public:
  explicit Params(ParamsView v) : data_(v.table_->clone(v.data_)), table_(v.table_) {}
  ParamsView view() const { return {data_.get(), table_}; }
  template <class P>
  const P& as() const { return view().as<P>(); }

 private:
  std::shared_ptr<const void> data_;
  const detail::ParamsTable* table_;
};

}  // namespace fluxion

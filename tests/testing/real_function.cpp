#include "testing/real_function.hpp"

#include <fluxion/fluxion.hpp>

namespace fluxion::test {

namespace {

Arrays inexact(const Arrays& xs) {
  Arrays out;
  for (const auto& x : xs)
    if (is_inexact(x.dtype())) out.push_back(x);
  return out;
}

// Of complex numbers JAX's transpose has no conjugate in it: Re(ct J t) is what it keeps. The sign of the imaginary
// parts of cotangents makes of that the scalar product of real vectors.
Arrays conjugated(Arrays xs) {
  for (auto& x : xs) x = conj(x);
  return xs;
}

Arrays last(const Arrays& xs, std::size_t n) { return {xs.end() - static_cast<std::ptrdiff_t>(n), xs.end()}; }

}  // namespace

Places::Places(const Arrays& all) {
  for (const auto& x : all) {
    active_.push_back(is_inexact(x.dtype()));
    if (!active_.back()) continue;
    avals_.push_back(x.aval());
    size_ += static_cast<std::size_t>(x.size()) * (is_complex(x.dtype()) ? 2 : 1);
  }
}

Reals Places::read(const Arrays& all) const { return read_tangents(inexact(all)); }

Reals Places::read_tangents(const Arrays& given) const {
  Reals v;
  for (const auto& x : given) {
    if (is_complex(x.dtype())) {
      for (const auto& z : x.astype(complex128).to_vector<std::complex<double>>()) {
        v.push_back(z.real());
        v.push_back(z.imag());
      }
    } else {
      for (const double d : x.astype(float64).to_vector<double>()) v.push_back(d);
    }
  }
  return v;
}

Arrays Places::tangents(const Reals& v) const {
  Arrays out;
  std::size_t at = 0;
  for (const auto& aval : avals_) {
    const auto n = static_cast<std::size_t>(aval.size());
    if (is_complex(aval.dtype)) {
      std::vector<std::complex<double>> z(n);
      for (auto& c : z) {
        c = {v[at], v[at + 1]};
        at += 2;
      }
      out.push_back(array(z, aval.shape).astype(aval.dtype));
    } else {
      const auto first = v.begin() + static_cast<std::ptrdiff_t>(at);
      out.push_back(
          array(std::vector<double>(first, first + static_cast<std::ptrdiff_t>(n)), aval.shape).astype(aval.dtype));
      at += n;
    }
  }
  return out;
}

Arrays Places::written(const Reals& v, Arrays all) const {
  const auto parts = tangents(v);
  for (std::size_t i = 0, next = 0; i < all.size(); ++i)
    if (active_[i]) all[i] = parts[next++];
  return all;
}

RealFunction::RealFunction(FlatFn f, Arrays args)
    : f_(std::move(f)), args_(std::move(args)), results_(f_(args_)), in_(args_), out_(results_) {}

Reals RealFunction::operator()(const Reals& x) const { return out_.read(f_(in_.written(x, args_))); }

Arrays RealFunction::jvp_flat(const Reals& x, const Reals& t) const {
  return jvp_of(f_, in_.active())(joined(in_.written(x, args_), in_.tangents(t)));
}
Arrays RealFunction::vjp_flat(const Reals& x, const Reals& ct) const {
  return vjp_of(f_, in_.active())(joined(in_.written(x, args_), conjugated(out_.tangents(ct))));
}

Reals RealFunction::jvp(const Reals& x, const Reals& t) const {
  return out_.read_tangents(last(jvp_flat(x, t), out_.tangents(Reals(outputs())).size()));
}
Reals RealFunction::vjp(const Reals& x, const Reals& ct) const {
  return in_.read_tangents(conjugated(last(vjp_flat(x, ct), in_.tangents(Reals(inputs())).size())));
}
std::vector<Reals> RealFunction::rows(const Reals& x) const {
  const auto all = in_.written(x, args_);
  const auto lin = detail::linearize_flat(
      [&](const Arrays& some) {
        Arrays in = all;
        for (std::size_t i = 0, next = 0; i < in.size(); ++i)
          if (is_inexact(in[i].dtype())) in[i] = some[next++];
        return inexact(f_(in));
      },
      inexact(all), "vjp");
  std::vector<Reals> each;
  for (std::size_t k = 0; k < outputs(); ++k) {
    Reals unit(outputs());
    unit[k] = 1;
    each.push_back(in_.read_tangents(conjugated(lin.map.backward(conjugated(out_.tangents(unit))))));
  }
  return each;
}
Reals RealFunction::value_by_jvp(const Reals& x) const {
  return out_.read(part(jvp_flat(x, Reals(inputs())), 0, results_.size()));
}
Reals RealFunction::value_by_vjp(const Reals& x) const {
  return out_.read(part(vjp_flat(x, Reals(outputs())), 0, results_.size()));
}

Reals RealFunction::jvp_of_jvp(const Reals& x, const Reals& t, const Reals& u) const {
  const auto active = in_.active();
  const auto inner = jvp_of(f_, active);
  const FlatFn derivative = [&](const Arrays& at) {
    const auto all = inner(joined(at, in_.tangents(t)));
    return last(all, out_.tangents(Reals(outputs())).size());
  };
  return out_.read_tangents(last(jvp_of(derivative, active)(joined(in_.written(x, args_), in_.tangents(u))),
                                 out_.tangents(Reals(outputs())).size()));
}

Reals RealFunction::jvp_of_vjp(const Reals& x, const Reals& ct, const Reals& u) const {
  const auto active = in_.active();
  const auto inner = vjp_of(f_, active);
  const auto n = in_.tangents(Reals(inputs())).size();
  const FlatFn derivative = [&](const Arrays& at) { return last(inner(joined(at, conjugated(out_.tangents(ct)))), n); };
  return in_.read_tangents(
      conjugated(last(jvp_of(derivative, active)(joined(in_.written(x, args_), in_.tangents(u))), n)));
}

}  // namespace fluxion::test

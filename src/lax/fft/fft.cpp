// The Fourier transform as a primitive: linear, and its own transpose up to what real signals fold together.
#include <fluxion/lax/fft.hpp>

#include <algorithm>

#include <fluxion/complex.hpp>
#include <fluxion/extend/lower.hpp>

#include "core/node.hpp"
#include "lax/fft/transform.hpp"
#include "lax/promote.hpp"
#include "lax/readable.hpp"
#include "lax/rules.hpp"

namespace fluxion::lax {

std::string show(FftType t) {
  constexpr const char* names[] = {"FFT", "IFFT", "RFFT", "IRFFT"};
  return names[static_cast<std::size_t>(t)];
}

FftType parse_value(ValueParser& p, ParseAs<FftType>) {
  const auto name = p.word();
  for (const auto t : {FftType::FFT, FftType::IFFT, FftType::RFFT, FftType::IRFFT})
    if (show(t) == name) return t;
  p.fail("FFT, IFFT, RFFT or IRFFT");
}

namespace {

bool is_double(DType t) { return t == DType::float64 || t == DType::complex128; }
DType complex_of(DType t) { return is_double(t) ? DType::complex128 : DType::complex64; }
DType real_of(DType t) { return is_double(t) ? DType::float64 : DType::float32; }
bool is_inverse(FftType t) { return t == FftType::IFFT || t == FftType::IRFFT; }

/// What a transform does to one block of a stack, the extents of the block's axes being `lengths`.
class Plan {
 public:
  Plan(FftType type, const Dims& lengths)
      : type_(type),
        lengths_(lengths),
        half_(lengths),
        n_(static_cast<std::size_t>(lengths.back())),
        outer_(shortened(), real() ? 1 : 0, is_inverse(type)),
        last_(n_, is_inverse(type)),
        line_(n_),
        image_(n_),
        block_(static_cast<std::size_t>(element_count(half_))),
        scale_(is_inverse(type) ? 1.0 / static_cast<double>(element_count(lengths)) : 1.0) {}

  template <class From, class To>
  void operator()(const From* from, To* to) {
    if constexpr (std::is_floating_point_v<From>) {
      from_real(from, to);
    } else if constexpr (std::is_floating_point_v<To>) {
      to_real(from, to);
    } else {
      std::copy_n(from, block_.size(), block_.begin());
      outer_(block_.data());
      for (std::size_t i = 0; i < block_.size(); ++i) to[i] = static_cast<To>(block_[i] * scale_);
    }
  }

 private:
  bool real() const { return type_ == FftType::RFFT || type_ == FftType::IRFFT; }
  // Of a real signal half of the last axis says all.
  const Dims& shortened() {
    if (real()) half_[half_.size() - 1] = lengths_.back() / 2 + 1;
    return half_;
  }
  template <class From, class To>
  void from_real(const From* from, To* to) {
    const auto half = n_ / 2 + 1;
    for (std::size_t row = 0; row < block_.size() / half; ++row) {
      std::copy_n(from + row * n_, n_, line_.begin());
      last_(line_.data(), image_.data());
      std::copy_n(image_.begin(), half, block_.begin() + static_cast<std::ptrdiff_t>(row * half));
    }
    outer_(block_.data());
    for (std::size_t i = 0; i < block_.size(); ++i) to[i] = static_cast<To>(block_[i]);
  }
  template <class From, class To>
  void to_real(const From* from, To* to) {
    const auto half = n_ / 2 + 1;
    std::copy_n(from, block_.size(), block_.begin());
    outer_(block_.data());
    for (std::size_t row = 0; row < block_.size() / half; ++row) {
      const auto* known = block_.data() + row * half;
      line_[0] = known[0].real();
      for (std::size_t k = 1; k < half; ++k) {
        line_[k] = 2 * k == n_ ? Complex(known[k].real()) : known[k];
        line_[n_ - k] = std::conj(line_[k]);
      }
      last_(line_.data(), image_.data());
      for (std::size_t j = 0; j < n_; ++j) to[row * n_ + j] = static_cast<To>(image_[j].real() * scale_);
    }
  }

  FftType type_;
  Dims lengths_, half_;
  std::size_t n_;
  BlockTransform outer_;
  LineTransform last_;
  std::vector<Complex> line_, image_, block_;
  double scale_;
};

struct Fft {
  static constexpr std::string_view name = "fft";
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (Dims, fft_lengths), (FftType, fft_type));
  };

  static Avals abstract_eval(AvalSpan in, const Params& p) {
    const auto& x = in[0];
    const auto& n = p.fft_lengths;
    const bool takes_real = p.fft_type == FftType::RFFT;
    if (!(takes_real ? x.dtype == DType::float32 || x.dtype == DType::float64 : is_complex(x.dtype)))
      throw TypeError(text(name, ": ", show(p.fft_type), " takes ",
                           takes_real ? "float32 or float64" : "complex64 or complex128", ", got ", x,
                           "; convert with astype, or take the real part"));
    if (n.empty() || n.size() > 3 || *std::min_element(n.begin(), n.end()) < 0)
      throw ValueError(text(name, ": one to three lengths, none negative, are required, got ", n, "; fx::fft::fftn takes more axes"));
    Shape want = n;
    if (p.fft_type == FftType::IRFFT) want[want.size() - 1] = n.back() / 2 + 1;
    const auto rank = x.shape.size();
    if (rank < n.size() || Shape(x.shape.data() + rank - std::min(rank, n.size()), std::min(rank, n.size())) != want)
      throw ValueError(text(name, ": ", show(p.fft_type), " of lengths ", n, " takes ", want, " as last extents, got ",
                            x, "; pad or slice it first, as fx::fft functions do"));
    Shape shape(x.shape.data(), rank - n.size());
    for (auto d : n) shape.push_back(d);
    if (takes_real) shape[rank - 1] = n.back() == 0 ? 0 : n.back() / 2 + 1;
    return {{shape, p.fft_type == FftType::IRFFT ? real_of(x.dtype) : complex_of(x.dtype), false}};
  }

  static constexpr Linear jvp = linear;

  // Of the first half of a spectrum: what is cut off had cotangent zero.
  static Array transpose_rfft(const Array& ct, const Dims& lengths) {
    std::vector<Padding> config(ct.shape().size());
    config.back().high = lengths.back() - ct.shape().back();
    return lax::real(fft(pad(ct, make_scalar(ct.dtype(), 0), config), FftType::FFT, lengths));
  }
  // Values that the real signal has twice, in the two halves of its spectrum, count twice.
  static Array transpose_irfft(const Array& ct, const Dims& lengths) {
    const auto x = fft(ct, FftType::RFFT, lengths);
    const auto n = x.shape().back();
    const auto at = iota(DType::int64, {n}, 0);
    const auto number = [](std::int64_t i) { return make_scalar(DType::int64, static_cast<double>(i)); };
    const bool odd = lengths.back() % 2 == 1;
    const auto once = odd ? eq(at, number(0)) : bitwise_or(eq(at, number(0)), eq(at, number(n - 1)));
    const auto total = static_cast<double>(element_count(lengths));
    const auto scale =
        select_n(once, full({n}, make_scalar(ct.dtype(), 2 / total)), full({n}, make_scalar(ct.dtype(), 1 / total)));
    return lax::conj(mul(broadcast_in_dim(convert_element_type(scale, x.dtype()), x.shape(), {x.ndim() - 1}), x));
  }
  static Arrays transpose(const TransposeArgs& args, const Params& p) {
    const auto& ct = args.cotangents[0];
    if (p.fft_type == FftType::RFFT) return {transpose_rfft(ct, p.fft_lengths)};
    if (p.fft_type == FftType::IRFFT) return {transpose_irfft(ct, p.fft_lengths)};
    return {fft(ct, p.fft_type, p.fft_lengths)};
  }

  static BatchOut batch(const BatchArgs& args, const Params& p) { return {{bind_one<Fft>(args.operands, p)}, {1}}; }

  template <class From, class To>
  static void run(const HostOperand& in, const HostResult& out, const Params& p) {
    const auto axes = p.fft_lengths.size();
    const auto elements = [&](const Shape& s) { return element_count(Shape(s.data() + s.size() - axes, axes)); };
    const auto from_size = elements(in.shape()), to_size = elements(out.shape());
    if (out.size() == 0) return;
    Plan plan(p.fft_type, p.fft_lengths);
    for (std::int64_t i = 0; i < out.size() / to_size; ++i)
      plan(reinterpret_cast<const From*>(in.bytes()) + i * from_size, reinterpret_cast<To*>(out.bytes()) + i * to_size);
  }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return lower_to_host<Fft>(b, in, p, [p](auto from, auto to) {
      const auto with = [&]<class Real>() {
        using C = std::complex<Real>;
        if (p.fft_type == FftType::RFFT)
          run<Real, C>(from[0], to[0], p);
        else if (p.fft_type == FftType::IRFFT)
          run<C, Real>(from[0], to[0], p);
        else
          run<C, C>(from[0], to[0], p);
      };
      if (real_of(from[0].dtype()) == DType::float32)
        with.template operator()<float>();
      else
        with.template operator()<double>();
    });
  }
};

}  // namespace

Array fft(const Array& x, FftType fft_type, const Dims& fft_lengths) {
  auto y = promote_inexact(x);
  if (fft_type != FftType::RFFT && is_floating(y.dtype())) y = convert(y, complex_of(y.dtype()));
  if (fft_lengths.empty()) return y;
  return bind_one<Fft>({&y, 1}, {fft_lengths, fft_type});
}

void list_fourier_transforms(Readables& to) { to.insert(to.end(), {readable<Fft>(1)}); }

}  // namespace fluxion::lax

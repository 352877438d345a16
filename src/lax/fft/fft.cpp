// The Fourier transform as a primitive: linear, and its own transpose up to what real signals fold together.
#include <fluxion/lax/fft.hpp>

#include <algorithm>

#include <fluxion/complex.hpp>
#include <fluxion/extend/lower.hpp>

#include "core/host_kernels.hpp"
#include "core/node.hpp"
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

  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    const auto kind = p.fft_type == FftType::RFFT    ? FourierForm::Kind::to_half
                      : p.fft_type == FftType::IRFFT ? FourierForm::Kind::from_half
                                                     : FourierForm::Kind::complex;
    const auto out = abstract_eval(avals_of(b, in), p)[0];
    return b.host_call(in, {{out.dtype, out.shape}}, fourier_function({kind, is_inverse(p.fft_type), p.fft_lengths}),
                       Effect::none);
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

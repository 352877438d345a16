// Operations on complex numbers. Compiled once, for the baseline: most of the work is the C library's.
#include "kernels/eval/complex.hpp"
#include "kernels/isa/blocks.hpp"
#include "kernels/isa/lookup.hpp"

namespace fluxion::kernels::FLUXION_ISA {
namespace {

/// A function of doubles on numbers of either size.
template <auto f> struct Widened {
  template <class T> static Complex<T> call(Complex<T> z) {
    const auto w = f({double(z.re), double(z.im)});
    return {T(w.re), T(w.im)};
  }
  template <class T> static Complex<T> call(Complex<T> a, Complex<T> b) {
    const auto w = f({double(a.re), double(a.im)}, {double(b.re), double(b.im)});
    return {T(w.re), T(w.im)};
  }
};
/// A function of the C library.
template <auto f> complex::Wide library(complex::Wide z) { return complex::number(f(complex::c_number(z))); }
template <auto f, class T> Kernel function() { return unary_blocks<Widened<f>, Complex<T>, Complex<T>>(); }

struct Neg { template <class T> static Complex<T> call(Complex<T> x) { return {-x.re, -x.im}; } };
struct Conj { template <class T> static Complex<T> call(Complex<T> x) { return {x.re, -x.im}; } };
struct Real { template <class T> static T call(Complex<T> x) { return x.re; } };
struct Imag { template <class T> static T call(Complex<T> x) { return x.im; } };
struct Modulus { template <class T> static T call(Complex<T> x) { return T(complex::modulus({x.re, x.im})); } };
struct Join { template <class T> static Complex<T> call(T re, T im) { return {re, im}; } };
struct Add {
  template <class T>
  static Complex<T> call(Complex<T> a, Complex<T> b) {
    return {a.re + b.re, a.im + b.im};
  }
};
struct Sub {
  template <class T>
  static Complex<T> call(Complex<T> a, Complex<T> b) {
    return {a.re - b.re, a.im - b.im};
  }
};
struct Mul {
  template <class T> static Complex<T> call(Complex<T> a, Complex<T> b) {
    return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
  }
};
struct Square { template <class T> static Complex<T> call(Complex<T> a) { return Mul::call(a, a); } };
struct Eq {
  template <class T> static std::uint8_t call(Complex<T> a, Complex<T> b) { return (a.re == b.re) & (a.im == b.im); }
};
struct Ne {
  template <class T> static std::uint8_t call(Complex<T> a, Complex<T> b) { return (a.re != b.re) | (a.im != b.im); }
};
// In lexicographic order; what holds a NaN comes out.
template <class T> bool has_nan(Complex<T> z) { return (z.re != z.re) | (z.im != z.im); }
struct Max {
  template <class T> static Complex<T> call(Complex<T> a, Complex<T> b) {
    const bool first = a.re == b.re ? a.im > b.im : a.re > b.re;
    return (first & !has_nan(b)) | has_nan(a) ? a : b;
  }
};
struct Min {
  template <class T> static Complex<T> call(Complex<T> a, Complex<T> b) {
    const bool first = a.re == b.re ? a.im < b.im : a.re < b.re;
    return (first & !has_nan(b)) | has_nan(a) ? a : b;
  }
};

template <class T> Kernel kernel_of(ir::Op op, unsigned mask) {
  using ir::Op;
  using C = Complex<T>;
  switch (op) {
    case Op::neg: return unary_blocks<Neg, C, C>();
    case Op::conj: return unary_blocks<Conj, C, C>();
    case Op::real: return unary_blocks<Real, T, C>();
    case Op::imag: return unary_blocks<Imag, T, C>();
    case Op::abs: return unary_blocks<Modulus, T, C>();
    case Op::sign: return function<complex::sign, T>();
    case Op::exp: return function<complex::exp, T>();
    case Op::expm1: return function<complex::expm1, T>();
    case Op::log: return function<complex::log, T>();
    case Op::log1p: return function<complex::log1p, T>();
    case Op::sqrt: return function<complex::sqrt, T>();
    case Op::logistic: return function<complex::logistic, T>();
    case Op::sin: return function<library<complex::csin>, T>();
    case Op::cos: return function<library<complex::ccos>, T>();
    case Op::tanh: return function<library<complex::ctanh>, T>();
    case Op::square: return unary_blocks<Square, C, C>();
    case Op::rsqrt: return function<complex::rsqrt, T>();
    case Op::exp2: return function<complex::exp2, T>();
    case Op::tan: return function<library<complex::ctan>, T>();
    case Op::asin: return function<library<complex::casin>, T>();
    case Op::acos: return function<library<complex::cacos>, T>();
    case Op::atan: return function<library<complex::catan>, T>();
    case Op::sinh: return function<library<complex::csinh>, T>();
    case Op::cosh: return function<library<complex::ccosh>, T>();
    case Op::asinh: return function<library<complex::casinh>, T>();
    case Op::acosh: return function<library<complex::cacosh>, T>();
    case Op::atanh: return function<library<complex::catanh>, T>();
    case Op::add: return binary_blocks<Add, C, C>(mask);
    case Op::sub: return binary_blocks<Sub, C, C>(mask);
    case Op::mul: return binary_blocks<Mul, C, C>(mask);
    case Op::div: return binary_blocks<Widened<complex::quotient>, C, C>(mask);
    case Op::pow: return binary_blocks<Widened<complex::pow>, C, C>(mask);
    case Op::max: return binary_blocks<Max, C, C>(mask);
    case Op::min: return binary_blocks<Min, C, C>(mask);
    case Op::eq: return binary_blocks<Eq, std::uint8_t, C>(mask);
    case Op::ne: return binary_blocks<Ne, std::uint8_t, C>(mask);
    case Op::select: return select_blocks<C>(mask);
    default: return nullptr;
  }
}

// Reductions: element j of a line goes to accumulator j % K, K = 256 / itemsize, in order of j; then the
// accumulators are folded by halves. There is no identity in it, with which infinite products would be NaN.
template <class Function, class C>
C fold_line(const char* p, std::size_t count, std::ptrdiff_t stride) {
  constexpr std::size_t accumulators = 256 / sizeof(C);
  const auto element = [&](std::size_t j) { return *reinterpret_cast<const C*>(p + std::ptrdiff_t(j) * stride); };
  C acc[accumulators];
  std::size_t used = count < accumulators ? count : accumulators;
  for (std::size_t i = 0; i < used; ++i) acc[i] = element(i);
  for (std::size_t j = used; j < count; ++j) acc[j % accumulators] = Function::call(acc[j % accumulators], element(j));
  for (std::size_t h = accumulators / 2; h > 0; h /= 2) {
    for (std::size_t i = 0; i < h && i + h < used; ++i) acc[i] = Function::call(acc[i], acc[i + h]);
    used = used < h ? used : h;
  }
  return acc[0];
}

template <class Function, class C>
void fold_rows(void* out, const void* in, std::size_t n, std::size_t width) {
  const auto* p = static_cast<const char*>(in);
  for (std::size_t r = 0; r < n; ++r)
    static_cast<C*>(out)[r] = fold_line<Function, C>(p + r * width * sizeof(C), width, sizeof(C));
}
template <class Function, class C>
void fold_columns(void* out, const void* in, std::size_t rows, std::ptrdiff_t row_stride, std::size_t n) {
  const auto* p = static_cast<const char*>(in);
  for (std::size_t c = 0; c < n; ++c)
    static_cast<C*>(out)[c] = fold_line<Function, C>(p + c * sizeof(C), rows, row_stride);
}

template <class C> RowReduction rows_of(ir::ReduceOp op) {
  switch (op) {
    case ir::ReduceOp::prod: return &fold_rows<Mul, C>;
    case ir::ReduceOp::max: return &fold_rows<Max, C>;
    case ir::ReduceOp::min: return &fold_rows<Min, C>;
    default: return nullptr;  // sums are those of the parts
  }
}
template <class C> ColumnReduction columns_of(ir::ReduceOp op) {
  switch (op) {
    case ir::ReduceOp::prod: return &fold_columns<Mul, C>;
    case ir::ReduceOp::max: return &fold_columns<Max, C>;
    case ir::ReduceOp::min: return &fold_columns<Min, C>;
    default: return nullptr;
  }
}

}  // namespace

RowReduction complex_rows(ir::ReduceOp op, DType t) {
  return t == DType::complex64 ? rows_of<Complex<float>>(op) : rows_of<Complex<double>>(op);
}
ColumnReduction complex_columns(ir::ReduceOp op, DType t) {
  return t == DType::complex64 ? columns_of<Complex<float>>(op) : columns_of<Complex<double>>(op);
}

Kernel complex_kernel(ir::Op op, DType t, unsigned mask) {
  return t == DType::complex64 ? kernel_of<float>(op, mask) : kernel_of<double>(op, mask);
}

Kernel joining_kernel(DType t, unsigned mask) {
  switch (t) {
    case DType::float32: return binary_blocks<Join, Complex<float>, float>(mask);
    case DType::float64: return binary_blocks<Join, Complex<double>, double>(mask);
    default: return nullptr;
  }
}

}  // namespace fluxion::kernels::FLUXION_ISA

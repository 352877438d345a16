// The LAPACK and BLAS routines that the decompositions call, from the library that matrix products are linked with. All
// matrices are column-major. The lengths of character arguments come last, as gfortran passes them.
#pragma once

#include <complex>
#include <cstddef>

namespace fluxion::lapack {

using Cf = std::complex<float>;
using Cd = std::complex<double>;

extern "C" {
void spotrf_(const char* uplo, const int* n, float* a, const int* lda, int* info, std::size_t);
void dpotrf_(const char* uplo, const int* n, double* a, const int* lda, int* info, std::size_t);
void cpotrf_(const char* uplo, const int* n, Cf* a, const int* lda, int* info, std::size_t);
void zpotrf_(const char* uplo, const int* n, Cd* a, const int* lda, int* info, std::size_t);
void strsm_(const char* side, const char* uplo, const char* trans, const char* diag, const int* m, const int* n,
            const float* alpha, const float* a, const int* lda, float* b, const int* ldb, std::size_t,
            std::size_t, std::size_t, std::size_t);
void dtrsm_(const char* side, const char* uplo, const char* trans, const char* diag, const int* m, const int* n,
            const double* alpha, const double* a, const int* lda, double* b, const int* ldb, std::size_t,
            std::size_t, std::size_t, std::size_t);
void ctrsm_(const char* side, const char* uplo, const char* trans, const char* diag, const int* m, const int* n,
            const Cf* alpha, const Cf* a, const int* lda, Cf* b, const int* ldb, std::size_t, std::size_t,
            std::size_t, std::size_t);
void ztrsm_(const char* side, const char* uplo, const char* trans, const char* diag, const int* m, const int* n,
            const Cd* alpha, const Cd* a, const int* lda, Cd* b, const int* ldb, std::size_t, std::size_t,
            std::size_t, std::size_t);
void sgemm_(const char* transa, const char* transb, const int* m, const int* n, const int* k, const float* alpha,
            const float* a, const int* lda, const float* b, const int* ldb, const float* beta, float* c, const int* ldc,
            std::size_t, std::size_t);
void dgemm_(const char* transa, const char* transb, const int* m, const int* n, const int* k, const double* alpha,
            const double* a, const int* lda, const double* b, const int* ldb, const double* beta, double* c,
            const int* ldc, std::size_t, std::size_t);
void cgemm_(const char* transa, const char* transb, const int* m, const int* n, const int* k, const Cf* alpha,
            const Cf* a, const int* lda, const Cf* b, const int* ldb, const Cf* beta, Cf* c, const int* ldc,
            std::size_t, std::size_t);
void zgemm_(const char* transa, const char* transb, const int* m, const int* n, const int* k, const Cd* alpha,
            const Cd* a, const int* lda, const Cd* b, const int* ldb, const Cd* beta, Cd* c, const int* ldc,
            std::size_t, std::size_t);
void strsv_(const char* uplo, const char* trans, const char* diag, const int* n, const float* a, const int* lda,
            float* x, const int* incx, std::size_t, std::size_t, std::size_t);
void dtrsv_(const char* uplo, const char* trans, const char* diag, const int* n, const double* a, const int* lda,
            double* x, const int* incx, std::size_t, std::size_t, std::size_t);
void ctrsv_(const char* uplo, const char* trans, const char* diag, const int* n, const Cf* a, const int* lda,
            Cf* x, const int* incx, std::size_t, std::size_t, std::size_t);
void ztrsv_(const char* uplo, const char* trans, const char* diag, const int* n, const Cd* a, const int* lda,
            Cd* x, const int* incx, std::size_t, std::size_t, std::size_t);
void sgetrf_(const int* m, const int* n, float* a, const int* lda, int* pivots, int* info);
void dgetrf_(const int* m, const int* n, double* a, const int* lda, int* pivots, int* info);
void cgetrf_(const int* m, const int* n, Cf* a, const int* lda, int* pivots, int* info);
void zgetrf_(const int* m, const int* n, Cd* a, const int* lda, int* pivots, int* info);
void sgeqrf_(const int* m, const int* n, float* a, const int* lda, float* tau, float* work, const int* lwork,
             int* info);
void dgeqrf_(const int* m, const int* n, double* a, const int* lda, double* tau, double* work, const int* lwork,
             int* info);
void cgeqrf_(const int* m, const int* n, Cf* a, const int* lda, Cf* tau, Cf* work, const int* lwork, int* info);
void zgeqrf_(const int* m, const int* n, Cd* a, const int* lda, Cd* tau, Cd* work, const int* lwork, int* info);
void sorgqr_(const int* m, const int* n, const int* k, float* a, const int* lda, const float* tau, float* work,
             const int* lwork, int* info);
void dorgqr_(const int* m, const int* n, const int* k, double* a, const int* lda, const double* tau,
             double* work, const int* lwork, int* info);
void cungqr_(const int* m, const int* n, const int* k, Cf* a, const int* lda, const Cf* tau, Cf* work,
             const int* lwork, int* info);
void zungqr_(const int* m, const int* n, const int* k, Cd* a, const int* lda, const Cd* tau, Cd* work,
             const int* lwork, int* info);
void sgtsv_(const int* n, const int* nrhs, float* dl, float* d, float* du, float* b, const int* ldb, int* info);
void dgtsv_(const int* n, const int* nrhs, double* dl, double* d, double* du, double* b, const int* ldb,
            int* info);
void cgtsv_(const int* n, const int* nrhs, Cf* dl, Cf* d, Cf* du, Cf* b, const int* ldb, int* info);
void zgtsv_(const int* n, const int* nrhs, Cd* dl, Cd* d, Cd* du, Cd* b, const int* ldb, int* info);
void ssyevd_(const char* jobz, const char* uplo, const int* n, float* a, const int* lda, float* w, float* work,
             const int* lwork, int* iwork, const int* liwork, int* info, std::size_t, std::size_t);
void dsyevd_(const char* jobz, const char* uplo, const int* n, double* a, const int* lda, double* w,
             double* work, const int* lwork, int* iwork, const int* liwork, int* info, std::size_t,
             std::size_t);
void cheevd_(const char* jobz, const char* uplo, const int* n, Cf* a, const int* lda, float* w, Cf* work,
             const int* lwork, float* rwork, const int* lrwork, int* iwork, const int* liwork, int* info,
             std::size_t, std::size_t);
void zheevd_(const char* jobz, const char* uplo, const int* n, Cd* a, const int* lda, double* w, Cd* work,
             const int* lwork, double* rwork, const int* lrwork, int* iwork, const int* liwork, int* info,
             std::size_t, std::size_t);
void sgesdd_(const char* jobz, const int* m, const int* n, float* a, const int* lda, float* s, float* u,
             const int* ldu, float* vt, const int* ldvt, float* work, const int* lwork, int* iwork, int* info,
             std::size_t);
void dgesdd_(const char* jobz, const int* m, const int* n, double* a, const int* lda, double* s, double* u,
             const int* ldu, double* vt, const int* ldvt, double* work, const int* lwork, int* iwork, int* info,
             std::size_t);
void cgesdd_(const char* jobz, const int* m, const int* n, Cf* a, const int* lda, float* s, Cf* u,
             const int* ldu, Cf* vt, const int* ldvt, Cf* work, const int* lwork, float* rwork, int* iwork,
             int* info, std::size_t);
void zgesdd_(const char* jobz, const int* m, const int* n, Cd* a, const int* lda, double* s, Cd* u,
             const int* ldu, Cd* vt, const int* ldvt, Cd* work, const int* lwork, double* rwork, int* iwork,
             int* info, std::size_t);
void sgeev_(const char* jobvl, const char* jobvr, const int* n, float* a, const int* lda, float* wr, float* wi,
            float* vl, const int* ldvl, float* vr, const int* ldvr, float* work, const int* lwork, int* info,
            std::size_t, std::size_t);
void dgeev_(const char* jobvl, const char* jobvr, const int* n, double* a, const int* lda, double* wr,
            double* wi, double* vl, const int* ldvl, double* vr, const int* ldvr, double* work, const int* lwork,
            int* info, std::size_t, std::size_t);
void cgeev_(const char* jobvl, const char* jobvr, const int* n, Cf* a, const int* lda, Cf* w, Cf* vl,
            const int* ldvl, Cf* vr, const int* ldvr, Cf* work, const int* lwork, float* rwork, int* info,
            std::size_t, std::size_t);
void zgeev_(const char* jobvl, const char* jobvr, const int* n, Cd* a, const int* lda, Cd* w, Cd* vl,
            const int* ldvl, Cd* vr, const int* ldvr, Cd* work, const int* lwork, double* rwork, int* info,
            std::size_t, std::size_t);
void sgees_(const char* jobvs, const char* sort, const void* select, const int* n, float* a, const int* lda,
            int* sdim, float* wr, float* wi, float* vs, const int* ldvs, float* work, const int* lwork,
            int* bwork, int* info, std::size_t, std::size_t);
void dgees_(const char* jobvs, const char* sort, const void* select, const int* n, double* a, const int* lda,
            int* sdim, double* wr, double* wi, double* vs, const int* ldvs, double* work, const int* lwork,
            int* bwork, int* info, std::size_t, std::size_t);
void cgees_(const char* jobvs, const char* sort, const void* select, const int* n, Cf* a, const int* lda,
            int* sdim, Cf* w, Cf* vs, const int* ldvs, Cf* work, const int* lwork, float* rwork, int* bwork,
            int* info, std::size_t, std::size_t);
void zgees_(const char* jobvs, const char* sort, const void* select, const int* n, Cd* a, const int* lda,
            int* sdim, Cd* w, Cd* vs, const int* ldvs, Cd* work, const int* lwork, double* rwork, int* bwork,
            int* info, std::size_t, std::size_t);
void sgehrd_(const int* n, const int* ilo, const int* ihi, float* a, const int* lda, float* tau, float* work,
             const int* lwork, int* info);
void dgehrd_(const int* n, const int* ilo, const int* ihi, double* a, const int* lda, double* tau, double* work,
             const int* lwork, int* info);
void cgehrd_(const int* n, const int* ilo, const int* ihi, Cf* a, const int* lda, Cf* tau, Cf* work,
             const int* lwork, int* info);
void zgehrd_(const int* n, const int* ilo, const int* ihi, Cd* a, const int* lda, Cd* tau, Cd* work,
             const int* lwork, int* info);
void ssytrd_(const char* uplo, const int* n, float* a, const int* lda, float* d, float* e, float* tau,
             float* work, const int* lwork, int* info, std::size_t);
void dsytrd_(const char* uplo, const int* n, double* a, const int* lda, double* d, double* e, double* tau,
             double* work, const int* lwork, int* info, std::size_t);
void chetrd_(const char* uplo, const int* n, Cf* a, const int* lda, float* d, float* e, Cf* tau, Cf* work,
             const int* lwork, int* info, std::size_t);
void zhetrd_(const char* uplo, const int* n, Cd* a, const int* lda, double* d, double* e, Cd* tau, Cd* work,
             const int* lwork, int* info, std::size_t);
}

/// The routines for elements of type T, under the names of the real ones.
template <class T>
struct Routines;
template <>
struct Routines<float> {
  using Real = float;
  static constexpr auto potrf = spotrf_;
  static constexpr auto gemm = sgemm_;
  static constexpr auto trsm = strsm_;
  static constexpr auto trsv = strsv_;
  static constexpr auto getrf = sgetrf_;
  static constexpr auto geqrf = sgeqrf_;
  static constexpr auto orgqr = sorgqr_;
  static constexpr auto gtsv = sgtsv_;
  static constexpr auto syevd = ssyevd_;
  static constexpr auto gesdd = sgesdd_;
  static constexpr auto geev = sgeev_;
  static constexpr auto gees = sgees_;
  static constexpr auto gehrd = sgehrd_;
  static constexpr auto sytrd = ssytrd_;
};
template <>
struct Routines<double> {
  using Real = double;
  static constexpr auto potrf = dpotrf_;
  static constexpr auto gemm = dgemm_;
  static constexpr auto trsm = dtrsm_;
  static constexpr auto trsv = dtrsv_;
  static constexpr auto getrf = dgetrf_;
  static constexpr auto geqrf = dgeqrf_;
  static constexpr auto orgqr = dorgqr_;
  static constexpr auto gtsv = dgtsv_;
  static constexpr auto syevd = dsyevd_;
  static constexpr auto gesdd = dgesdd_;
  static constexpr auto geev = dgeev_;
  static constexpr auto gees = dgees_;
  static constexpr auto gehrd = dgehrd_;
  static constexpr auto sytrd = dsytrd_;
};
template <>
struct Routines<Cf> {
  using Real = float;
  static constexpr auto potrf = cpotrf_;
  static constexpr auto gemm = cgemm_;
  static constexpr auto trsm = ctrsm_;
  static constexpr auto trsv = ctrsv_;
  static constexpr auto getrf = cgetrf_;
  static constexpr auto geqrf = cgeqrf_;
  static constexpr auto orgqr = cungqr_;
  static constexpr auto gtsv = cgtsv_;
  static constexpr auto syevd = cheevd_;
  static constexpr auto gesdd = cgesdd_;
  static constexpr auto geev = cgeev_;
  static constexpr auto gees = cgees_;
  static constexpr auto gehrd = cgehrd_;
  static constexpr auto sytrd = chetrd_;
};
template <>
struct Routines<Cd> {
  using Real = double;
  static constexpr auto potrf = zpotrf_;
  static constexpr auto gemm = zgemm_;
  static constexpr auto trsm = ztrsm_;
  static constexpr auto trsv = ztrsv_;
  static constexpr auto getrf = zgetrf_;
  static constexpr auto geqrf = zgeqrf_;
  static constexpr auto orgqr = zungqr_;
  static constexpr auto gtsv = zgtsv_;
  static constexpr auto syevd = zheevd_;
  static constexpr auto gesdd = zgesdd_;
  static constexpr auto geev = zgeev_;
  static constexpr auto gees = zgees_;
  static constexpr auto gehrd = zgehrd_;
  static constexpr auto sytrd = zhetrd_;
};

template <class T>
using Real = typename Routines<T>::Real;
template <class T>
inline constexpr bool is_complex = !__is_same(T, Real<T>);

}  // namespace fluxion::lapack

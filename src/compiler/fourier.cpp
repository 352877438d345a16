// Fourier transforms as functions of the host: one plan per axis, made when it is first needed.
#include <mutex>

#include "compiler/fourier_plan.hpp"
#include "core/host_kernels.hpp"

namespace fluxion::compiler {
namespace {

std::size_t unsign(std::int64_t i) { return static_cast<std::size_t>(i); }

template <class T>
class Transform {
 public:
  explicit Transform(const FourierForm& form) : form_(form), half_(form.lengths) {
    const auto last = unsign(form.lengths.back());
    if (form.kind == FourierForm::Kind::complex) lines_ = LinePlan<T>::of(last);
    else real_ = RealPlan<T>::of(last);
    for (std::size_t a = 0; a + 1 < form.lengths.size(); ++a)
      columns_.push_back(ColumnPlan<T>::of(unsign(form.lengths[a])));
    if (form.kind != FourierForm::Kind::complex) half_[half_.size() - 1] = form.lengths.back() / 2 + 1;
    scale_ = form.inverse ? 1.0 / static_cast<double>(element_count(form.lengths)) : 1.0;
  }

  void run(const T* from, T* to, std::size_t count) const {
    const auto lines = count * unsign(element_count(form_.lengths) / form_.lengths.back());
    if (form_.kind == FourierForm::Kind::from_half) {
      if (columns_.empty()) return real_->inverse(from, to, lines, scale_);
      const Scratch memory(2 * count * unsign(element_count(half_)) * sizeof(T));
      T* const block = memory.as<T>();
      along_columns(from, block, count, 1);
      return real_->inverse(block, to, lines, scale_);
    }
    const auto own = columns_.empty() ? scale_ : 1;
    if (form_.kind == FourierForm::Kind::to_half) real_->forward(from, to, lines);
    else lines_->run(from, to, lines, form_.inverse, own);
    along_columns(to, to, count, scale_);
  }

 private:
  void along_columns(const T* from, T* to, std::size_t count, double scale) const {
    auto outer = count, inner = unsign(element_count(half_));
    for (std::size_t a = 0; a < columns_.size(); ++a) {
      inner /= unsign(half_[a]);
      columns_[a]->run(a == 0 ? from : to, to, outer, inner, form_.inverse, a + 1 == columns_.size() ? scale : 1);
      outer *= unsign(half_[a]);
    }
  }

  FourierForm form_;
  Dims half_;  // extents of the (half) spectrum
  std::shared_ptr<const LinePlan<T>> lines_;
  std::shared_ptr<const RealPlan<T>> real_;
  std::vector<std::shared_ptr<const ColumnPlan<T>>> columns_;
  double scale_;
};

class Fourier final : public HostFunction {
 public:
  explicit Fourier(FourierForm form) : form_(std::move(form)) {}
  std::string name() const override { return "fft"; }
  void operator()(std::span<const HostOperand> in, std::span<const HostResult> out) const override {
    if (out[0].size() == 0) return;
    const bool doubles = itemsize(in[0].dtype()) / (is_complex(in[0].dtype()) ? 2 : 1) == 8;
    if (doubles) run(double_, in[0], out[0]);
    else run(float_, in[0], out[0]);
  }

 private:
  template <class T>
  struct Once {
    mutable std::once_flag flag;
    mutable std::unique_ptr<const Transform<T>> transform;
  };
  template <class T>
  void run(const Once<T>& once, const HostOperand& in, const HostResult& out) const {
    std::call_once(once.flag, [&] { once.transform = std::make_unique<const Transform<T>>(form_); });
    const auto& shape = form_.kind == FourierForm::Kind::from_half ? out.shape() : in.shape();
    const auto count = element_count(Shape(shape.data(), shape.size() - form_.lengths.size()));
    once.transform->run(reinterpret_cast<const T*>(in.bytes()), reinterpret_cast<T*>(out.bytes()), unsign(count));
  }

  FourierForm form_;
  Once<float> float_;
  Once<double> double_;
};

}  // namespace
}  // namespace fluxion::compiler

namespace fluxion {
HostFunctionPtr fourier_function(const FourierForm& form) { return std::make_shared<compiler::Fourier>(form); }
}  // namespace fluxion

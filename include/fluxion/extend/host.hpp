// Functions of the host as instructions: what they see of their operands and results.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include <fluxion/aval.hpp>

namespace fluxion {

namespace detail {
[[noreturn]] void throw_wrong_element_type(const Aval& aval, DType asked);

/// Dense row-major elements somewhere in memory.
class HostMemory {
 public:
  HostMemory(const Aval& aval, std::byte* data) : aval_(&aval), data_(data) {}

  const Aval& aval() const { return *aval_; }
  const Shape& shape() const { return aval_->shape; }
  DType dtype() const { return aval_->dtype; }
  std::int64_t size() const { return aval_->size(); }
  std::size_t size_in_bytes() const { return static_cast<std::size_t>(size()) * itemsize(dtype()); }

 protected:
  template <Scalar T>
  std::span<T> as() const {
    if (dtype() != dtype_of<T>) throw_wrong_element_type(*aval_, dtype_of<T>);
    return {reinterpret_cast<T*>(data_), static_cast<std::size_t>(size())};
  }
  const Aval* aval_;
  std::byte* data_;
};
}  // namespace detail

/// An operand, row-major, for the time of the call.
class HostOperand : public detail::HostMemory {
 public:
  HostOperand(const Aval& aval, const std::byte* data) : HostMemory(aval, const_cast<std::byte*>(data)) {}
  /// The elements. Throws TypeError if T is not the dtype's type.
  template <Scalar T>
  std::span<const T> elements() const { return as<T>(); }
  const std::byte* bytes() const { return data_; }
};

/// A result, row-major, all of whose elements the call must write. It overlaps no operand.
class HostResult : public detail::HostMemory {
 public:
  using HostMemory::HostMemory;
  template <Scalar T>
  std::span<T> elements() const { return as<T>(); }
  std::byte* bytes() const { return data_; }
};

/// A function that compiled programs call. Two are equal if they are one object. It may be called by several
/// threads at once, may throw (the program stops and what it threw reaches whoever ran the program) and may itself
/// run compiled programs.
class HostFunction {
 public:
  HostFunction() = default;
  HostFunction(const HostFunction&) = delete;
  virtual ~HostFunction() = default;
  /// As it prints in jaxprs and listings.
  virtual std::string name() const = 0;
  virtual void operator()(std::span<const HostOperand> in, std::span<const HostResult> out) const = 0;
};
using HostFunctionPtr = std::shared_ptr<const HostFunction>;

}  // namespace fluxion

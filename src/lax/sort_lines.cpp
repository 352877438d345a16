#include "lax/sort_lines.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "lax/ordered_keys.hpp"
#include "lax/radix_sort.hpp"

namespace fluxion::lax {

namespace {

// --- one operand: the elements are made again from their keys
// -----------------------------------------------------------

template <class T>
T element(std::make_unsigned_t<T> key) {
  using U = std::make_unsigned_t<T>;
  if constexpr (std::is_signed_v<T>) return T(U(key ^ (U(1) << (8 * sizeof(U) - 1))));
  else return key;
}

template <class T>
void sort_integers(const T* in, T* out, std::size_t rows, std::size_t n) {
  using U = std::make_unsigned_t<T>;
  const Items<U> keys(n), spare(n);
  for (std::size_t r = 0; r < rows; ++r, in += n, out += n) {
    for (std::size_t i = 0; i < n; ++i) keys.data()[i] = ordered_key(in[i], Zeros::equal);
    const U* const sorted = RadixSort<U, U>(keys.data(), spare.data()).sorted(n);
    for (std::size_t i = 0; i < n; ++i) out[i] = element<T>(sorted[i]);
  }
}

/// Floats of which only the bits matter. Zeros of both signs keep their order, which is stability.
template <class E, std::unsigned_integral U>
void sort_floats(const E* in, U* out, std::size_t rows, std::size_t n, U nan) {
  constexpr U sign = U(1) << (8 * sizeof(U) - 1);
  const Items<U> keys(n), spare(n);
  std::vector<U> zeros;
  for (std::size_t r = 0; r < rows; ++r, in += n, out += n) {
    std::size_t negative_zeros = 0;
    for (std::size_t i = 0; i < n; ++i) {
      U bits;
      std::memcpy(&bits, in + i, sizeof bits);
      negative_zeros += bits == sign;
      keys.data()[i] = ordered_key(in[i], Zeros::equal);
    }
    const U* const sorted = RadixSort<U, U>(keys.data(), spare.data()).sorted(n);
    for (std::size_t i = 0; i < n; ++i) {
      const U k = sorted[i];
      out[i] = k == std::numeric_limits<U>::max() ? nan : U((k & sign) != 0 ? k ^ sign : ~k);
    }
    if (negative_zeros == 0) continue;
    zeros.clear();
    for (std::size_t i = 0; i < n; ++i) {
      U bits;
      std::memcpy(&bits, in + i, sizeof bits);
      if (U(bits << 1) == 0) zeros.push_back(bits);
    }
    std::copy(zeros.begin(), zeros.end(), out + (std::lower_bound(sorted, sorted + n, sign) - sorted));
  }
}

void sort_values(const HostOperand& in, const HostResult& out) {
  const auto n = static_cast<std::size_t>(in.shape().back());
  const auto rows = static_cast<std::size_t>(in.size()) / n;
  const auto *from = in.bytes();
  auto* to = out.bytes();
  const auto floats = [&]<class E, class U>(E, U nan) {
    sort_floats(reinterpret_cast<const E*>(from), reinterpret_cast<U*>(to), rows, n, nan);
  };
  switch (in.dtype()) {
    case DType::float64: return floats(double(), std::uint64_t{0x7ff8000000000000});
    case DType::float32: return floats(float(), std::uint32_t{0x7fc00000});
    case DType::float16: return floats(Float16Bits(), std::uint16_t{0x7e00});
    case DType::bfloat16: return floats(Bfloat16Bits(), std::uint16_t{0x7fc0});
    case DType::bool_:
      return sort_integers(reinterpret_cast<const std::uint8_t*>(from), reinterpret_cast<std::uint8_t*>(to), rows, n);
    default:
      visit_ordered(in.dtype(), [&]<class T>() {
        if constexpr (std::integral<T> && !std::same_as<T, bool>)
          sort_integers(reinterpret_cast<const T*>(from), reinterpret_cast<T*>(to), rows, n);
      });
  }
}

// --- several operands: a permutation, found key by key, the most significant last -----------------

/// One part of a key: elements `step` apart.
struct Part {
  DType dtype;
  const std::byte* first;
  std::size_t step;
};

std::vector<Part> parts_of(std::span<const HostOperand> keys) {
  std::vector<Part> parts;
  for (const auto& k : keys) {
    const auto size = itemsize(k.dtype());
    parts.push_back({k.dtype(), k.bytes(), size});
    if (is_complex(k.dtype())) parts.push_back({k.dtype(), k.bytes() + size / 2, size});
  }
  return parts;
}

template <class E>
void order_by(const std::byte* row, std::size_t step, std::vector<std::uint32_t>& order, Zeros zeros) {
  using U = decltype(ordered_key(E(), zeros));
  const auto n = order.size();
  const Items<Keyed<U>> keyed(n), spare(n);
  for (std::size_t i = 0; i < n; ++i) {
    E e;
    std::memcpy(&e, row + order[i] * step, sizeof e);
    keyed.data()[i] = {ordered_key(e, zeros), order[i]};
  }
  const auto* const sorted = RadixSort<U, Keyed<U>>(keyed.data(), spare.data()).sorted(n);
  for (std::size_t i = 0; i < n; ++i) order[i] = sorted[i].from;
}

template <std::size_t size>
void gather(std::byte* to, const std::byte* from, const std::vector<std::uint32_t>& order) {
  for (std::size_t i = 0; i < order.size(); ++i) std::memcpy(to + i * size, from + order[i] * size, size);
}
void gather(std::byte* to, const std::byte* from, const std::vector<std::uint32_t>& order, std::size_t size) {
  switch (size) {
    case 1: return gather<1>(to, from, order);
    case 2: return gather<2>(to, from, order);
    case 4: return gather<4>(to, from, order);
    case 8: return gather<8>(to, from, order);
    default: return gather<16>(to, from, order);
  }
}

template <class I>
void search(const HostOperand& sorted, const HostOperand& queries, I* out, bool right) {
  const auto n = static_cast<std::size_t>(sorted.shape().back()), m = static_cast<std::size_t>(queries.shape().back());
  const auto rows = m == 0 ? 0 : static_cast<std::size_t>(queries.size()) / m;
  visit_ordered(sorted.dtype(), [&]<class E>() {
    const auto* s = reinterpret_cast<const E*>(sorted.bytes());
    const auto* q = reinterpret_cast<const E*>(queries.bytes());
    for (std::size_t r = 0; r < rows; ++r, s += n, q += m, out += m)
      for (std::size_t j = 0; j < m; ++j) {
        const auto key = ordered_key(q[j], Zeros::equal);
        std::size_t low = 0, high = n;
        while (low < high) {
          const auto mid = low + (high - low) / 2;
          const auto k = ordered_key(s[mid], Zeros::equal);
          if (right ? k <= key : k < key) low = mid + 1;
          else high = mid;
        }
        out[j] = static_cast<I>(low);
      }
  });
}

}  // namespace

void sort_rows(std::span<const HostOperand> in, std::span<const HostResult> out, std::size_t num_keys) {
  if (in[0].size() == 0) return;
  if (in.size() == 1 && !is_complex(in[0].dtype())) return sort_values(in[0], out[0]);
  const auto n = static_cast<std::size_t>(in[0].shape().back());
  const auto rows = static_cast<std::size_t>(in[0].size()) / n;
  const auto parts = parts_of(in.first(num_keys));
  std::vector<std::uint32_t> order(n);
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t i = 0; i < n; ++i) order[i] = static_cast<std::uint32_t>(i);
    for (std::size_t k = parts.size(); k-- > 0;)
      visit_ordered(parts[k].dtype, [&]<class E>() {
        order_by<E>(parts[k].first + r * n * parts[k].step, parts[k].step, order, Zeros::equal);
      });
    for (std::size_t k = 0; k < in.size(); ++k) {
      const auto size = itemsize(in[k].dtype());
      gather(out[k].bytes() + r * n * size, in[k].bytes() + r * n * size, order, size);
    }
  }
}

void top_rows(const HostOperand& in, std::span<const HostResult> out, std::size_t k) {
  const auto n = static_cast<std::size_t>(in.shape().back());
  if (in.size() == 0 || k == 0) return;
  const auto rows = static_cast<std::size_t>(in.size()) / n;
  const auto size = itemsize(in.dtype());
  visit_ordered(in.dtype(), [&]<class E>() {
    using U = decltype(ordered_key(E(), Zeros::apart));
    std::vector<Keyed<U>> keyed(n);
    std::vector<std::uint32_t> order(k);
    for (std::size_t r = 0; r < rows; ++r) {
      const auto* row = reinterpret_cast<const E*>(in.bytes()) + r * n;
      for (std::size_t i = 0; i < n; ++i) keyed[i] = {ordered_key(row[i], Zeros::apart), static_cast<std::uint32_t>(i)};
      const auto middle = keyed.begin() + static_cast<std::ptrdiff_t>(k);
      std::partial_sort(keyed.begin(), middle, keyed.end(),
                        [](const auto& a, const auto& b) { return a.key != b.key ? a.key > b.key : a.from < b.from; });
      for (std::size_t i = 0; i < k; ++i) order[i] = keyed[i].from;
      gather(out[0].bytes() + r * k * size, in.bytes() + r * n * size, order, size);
      std::memcpy(out[1].bytes() + r * k * sizeof(std::int32_t), order.data(), k * sizeof(std::int32_t));
    }
  });
}

void search_rows(const HostOperand& sorted, const HostOperand& queries, const HostResult& out, bool right) {
  if (out.dtype() == DType::int32) search(sorted, queries, out.elements<std::int32_t>().data(), right);
  else search(sorted, queries, out.elements<std::int64_t>().data(), right);
}

}  // namespace fluxion::lax

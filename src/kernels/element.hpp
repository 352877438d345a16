// Elements as they lie in memory: any type of that size, at any alignment.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fluxion::kernels {

template <std::size_t size> struct Element;
template <> struct Element<1> { typedef std::uint8_t type __attribute__((may_alias)); };
template <> struct Element<2> { typedef std::uint16_t type __attribute__((may_alias, aligned(1))); };
template <> struct Element<4> { typedef std::uint32_t type __attribute__((may_alias, aligned(1))); };
template <> struct Element<8> { typedef std::uint64_t type __attribute__((may_alias, aligned(1))); };
template <> struct Element<16> { __extension__ typedef unsigned __int128 type __attribute__((may_alias, aligned(1))); };

}  // namespace fluxion::kernels

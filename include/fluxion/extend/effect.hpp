// What an operation does besides computing its results.
#pragma once

#include <cstdint>

namespace fluxion {

/// An operation with an effect is neither dropped when its results are unused, nor merged with an equal one, nor
/// done twice. Those with `ordered` effects also keep their order among each other, across loops and branches.
/// Greater values promise more. Source: jax._src.effects.
enum class Effect : std::uint8_t { none, unordered, ordered };

}  // namespace fluxion

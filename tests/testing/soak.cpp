#include "testing/soak.hpp"

namespace fluxion::test {

#ifdef FLUXION_SOAK
bool soaking() { return true; }
#else
bool soaking() { return false; }
#endif

std::size_t seeds(std::size_t in_default_suite, std::size_t in_soak) { return soaking() ? in_soak : in_default_suite; }

}  // namespace fluxion::test

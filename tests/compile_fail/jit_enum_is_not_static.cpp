// error: mark the argument with fx::static_argnums
#include <fluxion/transforms.hpp>

namespace fx = fluxion;
using fx::Array;

enum class Mode { fast, exact };
Array f(const Array& x, Mode) { return x; }
void misuse() { fx::jit(f)(1.0, Mode::fast); }

// error: f must take one Array per tree and return an Array
#include <fluxion/transforms.hpp>

namespace fx = fluxion;
using fx::Array;

void misuse() { fx::tree::map([](const Array& x) { return std::pair{x, x}; }, std::tuple{Array(1.0)}); }

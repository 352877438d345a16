#include <algorithm>
#include "support/case.hpp"
namespace fluxion::test {
void add_linalg_cases(std::vector<Case>&);
void add_fft_cases(std::vector<Case>&);
#ifndef NO_FFT
#endif
const std::vector<Exception>& exceptions() { static const std::vector<Exception> l{}; return l; }
bool excepted(const Case& c, std::string_view law) { return std::any_of(exceptions().begin(), exceptions().end(), [&](const Exception& e) { return e.covers(c, law); }); }
const std::vector<Case>& cases() { static const auto all = [] { std::vector<Case> c; add_fft_cases(c); return c; }(); return all; }
}

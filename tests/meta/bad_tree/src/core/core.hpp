#include <range/v3/view/zip.hpp>   // bad

#include <fluxion/testing/program.hpp>

namespace fluxion::testing {

Program::Program(std::string_view text, const ParseOptions& options) : program_(parse_jaxpr(text, options)) {}

Arrays Program::operator()(const Arrays& args) const { return eval_jaxpr(program_, args); }

}  // namespace fluxion::testing

// debug::print: a debug callback that writes a line.
#include <fluxion/callbacks.hpp>

#include <iostream>
#include <mutex>

#include "base/text.hpp"
#include "core/node.hpp"
#include "lax/callbacks/format.hpp"

namespace fluxion {

namespace {

thread_local std::ostream* destination = nullptr;  // null is std::cout

void write_line(const std::string& line) {
  static auto& mutex = *new std::mutex;  // lines of several threads stay whole
  const std::lock_guard lock(mutex);
  (destination != nullptr ? *destination : std::cout) << line << '\n';
}

}  // namespace

namespace detail {

void print_flat(bool ordered, std::string_view format, std::vector<PrintArg> args) {
  Arrays operands;
  std::vector<lax::FormatArg> described;
  for (auto& a : args) {
    if (!a.is_text) require_value("debug::print", a.value);
    described.push_back({a.name, a.is_text ? nullptr : &a.value.aval()});
    if (!a.is_text) operands.push_back(a.value);
  }
  const lax::Format parsed(format, described);
  for (auto& a : args) a.value = Array();  // operands are arguments of the callback, and not to be kept
  const auto line = [parsed, args = std::move(args)](const Arrays& in) {
    std::vector<lax::Format::Value> values;
    std::size_t next = 0;
    for (const auto& a : args) {
      if (a.is_text) values.push_back({{}, &a.text});
      else values.push_back({in[next++], nullptr});
    }
    write_line(parsed(values));
    return Arrays{};
  };
  bind_callback({CallbackKind::debug, text("print \"", format, "\""), line, {}, ordered}, operands);
}

}  // namespace detail

debug::output_to::output_to(std::ostream& os) : saved_(std::exchange(destination, &os)) {}
debug::output_to::~output_to() { destination = saved_; }

}  // namespace fluxion

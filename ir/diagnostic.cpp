#include "ir/diagnostic.hpp"

#include <cstdio>
#include <cstdlib>

namespace smelt {

std::string Failure::to_string() const {
  std::string text;
  for (const Diagnostic& d : diagnostics) {
    text += "error[" + d.code + "]: ";
    if (!d.place.empty()) text += d.place + ": ";
    text += d.reason + "\n";
    if (!d.help.empty()) text += "  help: " + d.help + "\n";
  }
  return text;
}

void internal_error(const char* file, int line, const std::string& what) {
  std::fprintf(stderr, "smelt: internal error at %s:%d: %s\nThis is a fault of Smelt; please report it.\n", file, line,
               what.c_str());
  std::abort();
}

}  // namespace smelt

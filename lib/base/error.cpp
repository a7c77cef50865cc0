// Raising errors, kept out of line so that checks stay small at the call.
#include "base/error.h"

namespace mo {

void raise(Code code, std::string message) { throw Error(code, std::move(message)); }

void broken(const char* condition, const char* file, int line) {
  std::string_view path = file;
  fail(Code::internal, "internal invariant broken: ", condition, " (", path.substr(path.find_last_of('/') + 1), ":", line, ")");
}

}  // namespace mo

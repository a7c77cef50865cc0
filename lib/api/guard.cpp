// Maps every exception to an error code, and checks text arguments.
#include "api/guard.h"

#include <cstring>
#include <new>
#include <stdexcept>

#include "api/error.h"

namespace mo::api {

mo_error* current_error() noexcept {
  try {
    throw;
  } catch (const Error& e) { return make_error(e.code(), e.message(), e.node(), e.op()); } catch (const std::bad_alloc&) {
    return out_of_memory_error();
  } catch (const std::length_error&) {  // a container asked for more than can exist
    return out_of_memory_error();
  } catch (const std::exception& e) { return make_error(Code::internal, e.what(), {}, {}); } catch (...) {
    return make_error(Code::internal, "exception of unknown type", {}, {});
  }
}

std::string text_argument(const char* value, const char* what) {
  require(value != nullptr, Code::invalid_argument, what, " is NULL");
  return value;
}

std::string name_argument(const char* value, const char* what) {
  std::string name = text_argument(value, what);
  require(!name.empty(), Code::invalid_argument, what, " is empty");
  return name;
}

std::string path_argument(const char* value, const char* what) {
  std::string path = name_argument(value, what);
  require(path.size() <= 4096, Code::invalid_argument, what, " is longer than 4096 bytes: ", printable(path));
  return path;
}

}  // namespace mo::api

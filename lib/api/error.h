// The error object of the C interface: one block of memory, or one of two static objects when there is none.
#pragma once
#include <string_view>

#include "base/error.h"
#include "mo/mo.h"

namespace mo::api {

// Texts are made printable and cut to 4 KiB. Never throws; without memory the result is the static out-of-memory object.
mo_error* make_error(Code code, std::string_view message, std::string_view node, std::string_view op) noexcept;
mo_error* out_of_memory_error() noexcept;

}  // namespace mo::api

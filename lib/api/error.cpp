// mo_error: code, message, node and operator in one block of memory.
#include "api/error.h"

#include <cstdlib>
#include <cstring>
#include <string>

struct mo_error {
  int32_t code;
  const char* message;
  const char* node;
  const char* op;
};

namespace mo::api {

namespace {

constexpr size_t k_message_limit = 4096, k_name_limit = 512;
const mo_error k_out_of_memory{MO_ERR_OUT_OF_MEMORY, "out of memory", "", ""};

const char* put(char*& at, std::string_view text) {
  const char* start = at;
  std::memcpy(at, text.data(), text.size());
  at[text.size()] = '\0';
  at += text.size() + 1;
  return start;
}

}  // namespace

mo_error* out_of_memory_error() noexcept { return const_cast<mo_error*>(&k_out_of_memory); }

mo_error* make_error(Code code, std::string_view message, std::string_view node, std::string_view op) noexcept {
  if (code == Code::out_of_memory) return out_of_memory_error();
  try {
    std::string texts[3] = {printable(message, k_message_limit - 4), printable(node, k_name_limit), printable(op, k_name_limit)};
    void* block = std::malloc(sizeof(mo_error) + texts[0].size() + texts[1].size() + texts[2].size() + 3);
    if (!block) return out_of_memory_error();
    auto* error = static_cast<mo_error*>(block);
    char* at = static_cast<char*>(block) + sizeof(mo_error);
    error->code = static_cast<int32_t>(code);
    error->message = put(at, texts[0]);
    error->node = put(at, texts[1]);
    error->op = put(at, texts[2]);
    return error;
  } catch (...) { return out_of_memory_error(); }
}

}  // namespace mo::api

int32_t mo_error_code(const mo_error* error) { return error ? error->code : MO_OK; }
const char* mo_error_message(const mo_error* error) { return error ? error->message : ""; }
const char* mo_error_node(const mo_error* error) { return error ? error->node : ""; }
const char* mo_error_op(const mo_error* error) { return error ? error->op : ""; }

void mo_error_free(mo_error* error) {
  if (error != &mo::api::k_out_of_memory) std::free(error);
}

const char* mo_error_name(int32_t code) {
  static constexpr const char* k_names[] = {"MO_OK",          "MO_ERR_INVALID_ARGUMENT", "MO_ERR_NOT_FOUND", "MO_ERR_IO",
                                            "MO_ERR_FORMAT",  "MO_ERR_UNSUPPORTED",      "MO_ERR_SHAPE",     "MO_ERR_TYPE",
                                            "MO_ERR_LIMIT",   "MO_ERR_OUT_OF_MEMORY",    "MO_ERR_CANCELLED", "MO_ERR_DEADLINE",
                                            "MO_ERR_BUSY",    "MO_ERR_DEVICE",           "MO_ERR_CALLBACK",  "MO_ERR_THRESHOLD",
                                            "MO_ERR_INTERNAL"};
  if (code < 0 || code >= static_cast<int32_t>(std::size(k_names))) return "MO_ERR_UNKNOWN";
  return k_names[code];
}

// mo.h and base/error.h tell the same numbers.
static_assert(int32_t(mo::Code::invalid_argument) == MO_ERR_INVALID_ARGUMENT && int32_t(mo::Code::not_found) == MO_ERR_NOT_FOUND);
static_assert(int32_t(mo::Code::io) == MO_ERR_IO && int32_t(mo::Code::format) == MO_ERR_FORMAT &&
              int32_t(mo::Code::unsupported) == MO_ERR_UNSUPPORTED);
static_assert(int32_t(mo::Code::shape) == MO_ERR_SHAPE && int32_t(mo::Code::type) == MO_ERR_TYPE && int32_t(mo::Code::limit) == MO_ERR_LIMIT);
static_assert(int32_t(mo::Code::out_of_memory) == MO_ERR_OUT_OF_MEMORY && int32_t(mo::Code::cancelled) == MO_ERR_CANCELLED);
static_assert(int32_t(mo::Code::deadline) == MO_ERR_DEADLINE && int32_t(mo::Code::busy) == MO_ERR_BUSY && int32_t(mo::Code::device) == MO_ERR_DEVICE);
static_assert(int32_t(mo::Code::callback) == MO_ERR_CALLBACK && int32_t(mo::Code::threshold) == MO_ERR_THRESHOLD &&
              int32_t(mo::Code::internal) == MO_ERR_INTERNAL);

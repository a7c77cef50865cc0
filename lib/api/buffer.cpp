// mo_buffer's accessors.
#include "api/buffer.h"

using mo::api::valid_or_null;

const void* mo_buffer_data(const mo_buffer* buffer) {
  const mo_buffer* b = valid_or_null(buffer);
  return b ? b->content.data() : nullptr;
}

const char* mo_buffer_text(const mo_buffer* buffer) {
  const mo_buffer* b = valid_or_null(buffer);
  return b ? b->content.c_str() : "";
}

int64_t mo_buffer_size(const mo_buffer* buffer) {
  const mo_buffer* b = valid_or_null(buffer);
  return b ? static_cast<int64_t>(b->content.size()) : 0;
}

void mo_buffer_free(mo_buffer* buffer) { mo::api::release(buffer); }

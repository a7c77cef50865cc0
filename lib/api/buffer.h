// mo_buffer: bytes or text that the library hands out.
#pragma once
#include <string>

#include "api/handle.h"

struct mo_buffer : mo::api::Handle<0x6d6f6275> {
  explicit mo_buffer(std::string t) : content(std::move(t)) {}
  const std::string content;
};

namespace mo::api {
inline mo_buffer* buffer(std::string content) { return new mo_buffer(std::move(content)); }
}  // namespace mo::api

// The error object: codes, names, clean texts, the static out-of-memory error, the firewall.
#include "api/error.h"

#include <new>
#include <stdexcept>

#include "api/guard.h"
#include "support.h"

using namespace api_test;
using mo::Code;

TEST_CASE("every code has its own name and the unknown have one") {
  CHECK(std::string(mo_error_name(0)) == "MO_OK");
  CHECK(std::string(mo_error_name(MO_ERR_SHAPE)) == "MO_ERR_SHAPE");
  CHECK(std::string(mo_error_name(MO_ERR_INTERNAL)) == "MO_ERR_INTERNAL");
  for (int32_t code : {-1, 17, 0x7fffffff, INT32_MIN}) CHECK(std::string(mo_error_name(code)) == "MO_ERR_UNKNOWN");
}

TEST_CASE("no error reads as success with empty texts") {
  CHECK(mo_error_code(nullptr) == MO_OK);
  for (const char* text : {mo_error_message(nullptr), mo_error_node(nullptr), mo_error_op(nullptr)}) CHECK(std::string(text).empty());
  mo_error_free(nullptr);
}

TEST_CASE("an exception becomes an error with node and operator") {
  Caught c = caught(mo::api::guard([] {
    mo::Error e(Code::shape, "sizes differ");
    e.at("conv_1", "Conv");
    throw e;
  }));
  CHECK(c.code == MO_ERR_SHAPE);
  CHECK(c.message == "sizes differ");
  CHECK(c.node == "conv_1");
  CHECK(c.op == "Conv");
}

TEST_CASE("memory that is not there is the static error, freed without harm") {
  mo_error* e = mo::api::guard([] { throw std::bad_alloc(); });
  CHECK(e == mo::api::out_of_memory_error());
  CHECK(mo_error_code(e) == MO_ERR_OUT_OF_MEMORY);
  mo_error_free(e);
  mo_error_free(e);
  CHECK(mo_error_code(mo::api::guard([] { (void)std::vector<char>().reserve(SIZE_MAX); })) == MO_ERR_OUT_OF_MEMORY);
}

TEST_CASE("foreign exceptions are internal errors") {
  CHECK(caught(mo::api::guard([] { throw std::runtime_error("odd"); })).code == MO_ERR_INTERNAL);
  CHECK(caught(mo::api::guard([] { throw 7; })).code == MO_ERR_INTERNAL);
}

TEST_CASE("messages are short printable UTF-8 whatever they are made of") {
  std::string hostile = "a\x1b[31m%s%n\n\xff\xfe" + std::string(1 << 20, 'x');
  Caught c = caught(mo::api::make_error(Code::format, hostile, hostile, hostile));
  CHECK(c.message.size() < 4096);
  CHECK(c.node.size() < 4096);
  for (unsigned char ch : c.message + c.node + c.op) CHECK_MESSAGE((ch >= 0x20 && ch < 0x7f), int(ch));
  CHECK(has(c.message, "%s%n"));
}

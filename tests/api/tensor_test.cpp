// Tensors across the C interface: sizes checked, strings packed, handles that share, collections in order.
#include <cstring>

#include "support.h"

using namespace api_test;

TEST_CASE("a tensor copies what it is given and reads it back") {
  float data[6] = {1, 2, 3, 4, 5, 6};
  int64_t dims[2] = {2, 3};
  auto t = make<mo_tensor>([&](mo_tensor** out) { return mo_tensor_create(MO_DTYPE_FLOAT32, dims, 2, data, sizeof data, out); });
  data[0] = 99;
  CHECK(values(t.get()) == std::vector<float>{1, 2, 3, 4, 5, 6});
  CHECK(mo_tensor_dtype(t.get()) == MO_DTYPE_FLOAT32);
  CHECK(mo_tensor_rank(t.get()) == 2);
  CHECK(mo_tensor_dims(t.get())[1] == 3);
  CHECK(mo_tensor_bytes(t.get()) == 24);
  ok(mo_tensor_write(t.get(), data, sizeof data));
  CHECK(static_cast<const float*>(mo_tensor_data(t.get()))[0] == 99);
}

TEST_CASE("sizes that do not fit are errors that say both numbers") {
  int64_t dims[2] = {2, 3};
  float data[6] = {};
  mo_tensor* t = nullptr;
  Caught c = caught(mo_tensor_create(MO_DTYPE_FLOAT32, dims, 2, data, 20, &t));
  CHECK(c.code == MO_ERR_SHAPE);
  CHECK(has(c.message, "24"));
  CHECK(has(c.message, "20"));
  CHECK(t == nullptr);
  int64_t huge[3] = {int64_t{1} << 31, int64_t{1} << 31, 8}, negative[1] = {-1};
  CHECK(caught(mo_tensor_create(MO_DTYPE_FLOAT32, huge, 3, data, 24, &t)).code == MO_ERR_LIMIT);
  CHECK(caught(mo_tensor_create(MO_DTYPE_FLOAT32, negative, 1, data, 0, &t)).code == MO_ERR_SHAPE);
  CHECK(caught(mo_tensor_create(MO_DTYPE_FLOAT32, nullptr, 1, data, 4, &t)).code == MO_ERR_INVALID_ARGUMENT);
  CHECK(caught(mo_tensor_create(MO_DTYPE_FLOAT32, dims, 65, data, 4, &t)).code == MO_ERR_LIMIT);
  CHECK(caught(mo_tensor_create(MO_DTYPE_FLOAT32, dims, -1, data, 4, &t)).code == MO_ERR_LIMIT);
  CHECK(caught(mo_tensor_create(MO_DTYPE_FLOAT32, dims, 2, nullptr, 24, &t)).code == MO_ERR_INVALID_ARGUMENT);
  for (int32_t dtype : {0, -1, 29, 0x7fffffff}) CHECK(caught(mo_tensor_create(dtype, dims, 2, data, 24, &t)).code == MO_ERR_TYPE);
}

TEST_CASE("no data means zeros, scalars and empty tensors are tensors") {
  int64_t dims[2] = {2, 2}, none[1] = {0};
  auto zeros = make<mo_tensor>([&](mo_tensor** out) { return mo_tensor_create(MO_DTYPE_FLOAT32, dims, 2, nullptr, 0, out); });
  CHECK(values(zeros.get()) == std::vector<float>(4, 0));
  float one = 1;
  auto scalar = make<mo_tensor>([&](mo_tensor** out) { return mo_tensor_create(MO_DTYPE_FLOAT32, nullptr, 0, &one, 4, out); });
  CHECK(mo_tensor_rank(scalar.get()) == 0);
  CHECK(mo_tensor_dims(scalar.get()) != nullptr);
  auto empty = make<mo_tensor>([&](mo_tensor** out) { return mo_tensor_create(MO_DTYPE_INT64, none, 1, nullptr, 0, out); });
  CHECK(mo_tensor_bytes(empty.get()) == 0);
}

TEST_CASE("strings travel as texts ended by NUL") {
  const char packed[] = "ab\0\0gr\xc3\xbc\xc3\x9f";  // "ab", "", "grüß"
  int64_t dims[1] = {3};
  auto t = make<mo_tensor>([&](mo_tensor** out) { return mo_tensor_create(MO_DTYPE_STRING, dims, 1, packed, sizeof packed, out); });
  REQUIRE(mo_tensor_bytes(t.get()) == sizeof packed);
  char back[sizeof packed] = {};
  ok(mo_tensor_read(t.get(), back, sizeof back));
  CHECK(std::memcmp(back, packed, sizeof packed) == 0);
  CHECK(mo_tensor_data(t.get()) == nullptr);
  mo_tensor* bad = nullptr;
  CHECK(caught(mo_tensor_create(MO_DTYPE_STRING, dims, 1, packed, 3, &bad)).code == MO_ERR_SHAPE);
  CHECK(caught(mo_tensor_create(MO_DTYPE_STRING, dims, 1, packed, sizeof packed - 1, &bad)).code == MO_ERR_SHAPE);
  CHECK(caught(mo_tensor_view(MO_DTYPE_STRING, dims, 1, back, sizeof back, &bad)).code == MO_ERR_TYPE);
}

TEST_CASE("packed 4-bit tensors take half a byte an element, rounded up") {
  int64_t dims[1] = {3};
  uint8_t data[2] = {0x21, 0x03};
  auto t = make<mo_tensor>([&](mo_tensor** out) { return mo_tensor_create(MO_DTYPE_INT4, dims, 1, data, 2, out); });
  CHECK(mo_tensor_bytes(t.get()) == 2);
}

TEST_CASE("a view reads and writes the caller's memory") {
  float data[2] = {1, 2};
  int64_t dims[1] = {2};
  auto t = make<mo_tensor>([&](mo_tensor** out) { return mo_tensor_view(MO_DTYPE_FLOAT32, dims, 1, data, sizeof data, out); });
  data[1] = 5;
  CHECK(values(t.get()) == std::vector<float>{1, 5});
  float other[2] = {7, 8};
  ok(mo_tensor_write(t.get(), other, sizeof other));
  CHECK(data[0] == 7);
}

TEST_CASE("a collection keeps order, replaces by name, and shares its tensors") {
  auto a = floats({1}, {1}), b = floats({1}, {2});
  auto ts = named("b", a);
  ok(mo_tensors_set(ts.get(), "a", a.get()));
  ok(mo_tensors_set(ts.get(), "b", b.get()));
  CHECK(mo_tensors_count(ts.get()) == 2);
  CHECK(std::string(mo_tensors_name(ts.get(), 0)) == "b");
  CHECK(mo_tensors_name(ts.get(), 2) == nullptr);
  CHECK(mo_tensors_name(ts.get(), -1) == nullptr);
  auto got = make<mo_tensor>([&](mo_tensor** out) { return mo_tensors_get(ts.get(), "b", out); });
  float three = 3;
  ok(mo_tensor_write(b.get(), &three, 4));
  CHECK(values(got.get()) == std::vector<float>{3});
  ts.reset();
  CHECK(values(got.get()) == std::vector<float>{3});
}

TEST_CASE("a missing tensor's error lists those that are there") {
  auto ts = named("input", floats({1}, {1}));
  mo_tensor* t = nullptr;
  Caught c = caught(mo_tensors_get(ts.get(), "inptu", &t));
  CHECK(c.code == MO_ERR_NOT_FOUND);
  CHECK(has(c.message, "input"));
  CHECK(caught(mo_tensors_set(ts.get(), "", floats({1}, {1}).get())).code == MO_ERR_INVALID_ARGUMENT);
}

TEST_CASE("collections survive a round trip through .npz") {
  std::string path = "api_tensor_test.npz";
  auto ts = named("x", floats({2, 2}, {1, 2, 3, 4}));
  ok(mo_tensors_save(ts.get(), path.c_str()));
  auto back = make<mo_tensors>([&](mo_tensors** out) { return mo_tensors_load(path.c_str(), 0, out); });
  auto x = make<mo_tensor>([&](mo_tensor** out) { return mo_tensors_get(back.get(), "x", out); });
  CHECK(values(x.get()) == std::vector<float>{1, 2, 3, 4});
  mo_tensors* none = nullptr;
  CHECK(caught(mo_tensors_load(path.c_str(), 8, &none)).code == MO_ERR_LIMIT);
  std::remove(path.c_str());
  CHECK(caught(mo_tensors_load(path.c_str(), 0, &none)).code == MO_ERR_NOT_FOUND);
  CHECK(none == nullptr);
}

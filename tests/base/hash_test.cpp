// SHA-256 against the examples of FIPS 180-4, and its streaming form.
#include "base/hash.h"

#include <doctest/doctest.h>

#include "base/file.h"
#include "support/temp_folder.h"

using namespace mo;

TEST_CASE("sha-256 gives the published digests") {
  CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST_CASE("sha-256 does not depend on how the bytes are cut") {
  std::string all(10007, '\0');
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<char>(i * 131);
  for (size_t step : {1u, 7u, 63u, 64u, 65u, 4096u}) {
    Sha256 hash;
    for (size_t i = 0; i < all.size(); i += step) hash.update(std::string_view(all).substr(i, step));
    CHECK(hex(hash.finish()) == sha256_hex(all));
  }
  TempFolder folder;
  write_file(folder / "x", all);
  CHECK(sha256_file(folder / "x") == sha256_hex(all));
}

// Text tables and numbers for people.
#include "report/table.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace mo::report;

TEST_CASE("columns line up and numbers stand right") {
  Table t({"name", "size>"});
  t.row({"a", "1"});
  t.row({"größer", "1000"});
  t.row({"short"});
  CHECK(t.text() == "name    size\n------  ----\na          1\ngrößer  1000\nshort\n");
}

TEST_CASE("sizes and counts carry three digits and a unit") {
  CHECK(bytes_text(0) == "0 B");
  CHECK(bytes_text(999) == "999 B");
  CHECK(bytes_text(1000) == "1.00 kB");
  CHECK(bytes_text(13968481) == "14.0 MB");
  CHECK(bytes_text(999999) == "1.00 MB");
  CHECK(count_text(54) == "54");
  CHECK(count_text(3.49e6) == "3.49 M");
  CHECK(count_text(4.09e9) == "4.09 G");
}

TEST_CASE("digits count from the first that is not zero") {
  CHECK(significant(0.00123456, 3) == "0.00123");
  CHECK(significant(123456, 3) == "123456");
  CHECK(significant(0, 3) == "0");
  CHECK(significant(-1.5, 2) == "-1.5");
  CHECK(significant(NAN, 3) == "-");
  CHECK(significant(INFINITY, 3) == "inf");
  CHECK(significant(1e-9, 3) == "1.00e-09");
  CHECK(percent(0.2634) == "26.3 %");
}

TEST_CASE("pairs stand in two columns") { CHECK(pairs({{"a", "1"}, {"longer", "2"}}) == "a       1\nlonger  2\n"); }

// MO_SKIP: leaves a test case early and says so by name; check.sh counts these lines.
#pragma once
#include <doctest/doctest.h>

#include <cstdio>

#define MO_SKIP(reason)                                                                            \
  do {                                                                                             \
    std::printf("skipped: %s: %s\n", doctest::getContextOptions()->currentTest->m_name, (reason)); \
    return;                                                                                        \
  } while (0)

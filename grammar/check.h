// PML_CHECK(condition, message): an invariant of ours. It holds in release builds too; when it does not,
// there is no sane way on, and the program ends with the place.
#pragma once

#include <cstdio>
#include <cstdlib>

#define PML_CHECK(condition, message)                                                                           \
  do {                                                                                                          \
    if (!(condition)) {                                                                                         \
      std::fprintf(stderr, "pml: internal error: %s (%s) at %s:%d\n", message, #condition, __FILE__, __LINE__); \
      std::abort();                                                                                             \
    }                                                                                                           \
  } while (false)

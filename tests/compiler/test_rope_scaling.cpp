#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "compiler/rope_scaling.h"

namespace pml::compiler {
namespace {

RopeConfig rope(double base, std::int32_t rotary_dim) {
  RopeConfig config;
  config.base = base;
  config.rotary_dim = rotary_dim;
  return config;
}

TEST_CASE("rope scaling: llama3 stretches long waves and leaves short ones") {
  // With base 16 and 8 dimensions the wavelengths are 2 pi times 1, 2, 4 and 8. Of an original context of 16 pi the
  // waves are 8, 4, 2 and 1 times as short: above `high` they stay, below `low` they are stretched eightfold.
  struct Case {
    double low, high;
    double kept[4];  // part of the frequency that is not divided
  };
  const Case cases[] = {
      {1.5, 4.5, {1, 5.0 / 6, 1.0 / 6, 0}},
      {2.5, 3.5, {1, 1, 0, 0}},
      {0.25, 0.5, {1, 1, 1, 1}},
      {8.5, 9, {0, 0, 0, 0}},
  };
  for (const Case& test : cases) {
    CAPTURE(test.low, test.high);
    RopeConfig config = rope(16, 8);
    REQUIRE(scale_as_llama3(config, {8, test.low, test.high, 50}));  // 16 pi is 50.27
    REQUIRE(config.divisors.size() == 4);
    for (int i = 0; i < 4; ++i) {
      CHECK(1 / config.divisors[i] == Approx(test.kept[i] + (1 - test.kept[i]) / 8).margin(0.01));
    }
  }
}

TEST_CASE("rope scaling: numbers that make no scaling are refused") {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (const double factor : {0.0, -1.0, kNan, kInfinity}) {
    RopeConfig config = rope(10000, 16);
    CHECK(!scale_linearly(config, factor));
    CHECK(!scale_as_llama3(config, {factor, 1, 4, 8192}));
    CHECK(!scale_as_llama3(config, {8, factor, 4, 8192}));
    CHECK(!scale_as_llama3(config, {8, 1, factor, 8192}));
    CHECK(config.divisors.empty());
  }
  RopeConfig config = rope(10000, 16);
  CHECK(!scale_as_llama3(config, {8, 4, 4, 8192}));
  CHECK(!scale_as_llama3(config, {8, 1, 4, 0}));
}

}  // namespace
}  // namespace pml::compiler

// SPDX-License-Identifier: Apache-2.0
#include "shared/verdicts.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <set>
#include <string>
#include <string_view>

namespace arpline {
namespace {

TEST(Verdicts, EachHasACounterOfItsOwnNameAtItsOwnIndex) {
#define ARPL_WIRE(class, name, description) \
  EXPECT_EQ(offsetof(arpl_verdict_counts, name), sizeof(__u64) * ARPL_##name) << #name;
#include "shared/verdicts.def"
#define ARPL_OTHER(class, name, description) \
  EXPECT_EQ(offsetof(arpl_other_counts, name), sizeof(__u64) * ARPL_OTHER_##name) << #name;
#include "shared/verdicts.def"
#define ARPL_ENGINE(class, name, description) \
  EXPECT_EQ(offsetof(arpl_engine_counts, name), sizeof(__u64) * ARPL_ENGINE_##name) << #name;
#include "shared/verdicts.def"
}

#define EXPECT_WOULD_PASS(name)
#define EXPECT_WOULD_TO_CHILD(name)                                                                     \
  EXPECT_EQ(offsetof(arpl_verdict_counts, would_##name), sizeof(__u64) * arpl_would_index(ARPL_##name)) \
      << #name;
#define EXPECT_WOULD_RING(name) EXPECT_WOULD_TO_CHILD(name)
#define EXPECT_WOULD_REFLECT(name) EXPECT_WOULD_TO_CHILD(name)
#define EXPECT_WOULD_DROP(name) EXPECT_WOULD_TO_CHILD(name)

TEST(Verdicts, EachActingOneHasATwinForObserve){
#define ARPL_WIRE(class, name, description) EXPECT_WOULD_##class(name)
#include "shared/verdicts.def"
}

TEST(Verdicts, TheTwinsLieBehindTheVerdictsWithoutAGap) {
  EXPECT_EQ(arpl_would_index(static_cast<arpl_verdict>(ARPL_FIRST_ACTING)), ARPL_WIRE_VERDICTS);
  EXPECT_EQ(arpl_would_index(static_cast<arpl_verdict>(ARPL_WIRE_VERDICTS - 1)), ARPL_VERDICT_COUNTERS - 1);
}

TEST(Verdicts, EachIsOfTheClassOfTheTable) {
#define ARPL_WIRE(class, name, description) EXPECT_EQ(arpl_class_of(ARPL_##name), ARPL_CLASS_##class) << #name;
#include "shared/verdicts.def"
}

TEST(Verdicts, HaveUniqueNamesAndADescriptionOnOneLine) {
  std::set<std::string> wire;
  std::set<std::string> other;
  std::set<std::string> engine;
  const auto check = [](std::set<std::string>& names, const char* name, std::string_view description) {
    EXPECT_TRUE(names.insert(name).second) << name;
    EXPECT_FALSE(description.empty()) << name;
    EXPECT_EQ(description.find('\n'), std::string_view::npos) << name;
  };
#define ARPL_WIRE(class, name, description) check(wire, #name, description);
#define ARPL_OTHER(class, name, description) check(other, #name, description);
#define ARPL_ENGINE(class, name, description) check(engine, #name, description);
#include "shared/verdicts.def"
  EXPECT_EQ(wire.size(), ARPL_WIRE_VERDICTS);
  EXPECT_EQ(other.size(), ARPL_OTHER_VERDICTS);
  EXPECT_EQ(engine.size(), ARPL_ENGINE_VERDICTS);
}

}  // namespace
}  // namespace arpline

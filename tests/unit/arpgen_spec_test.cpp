// SPDX-License-Identifier: Apache-2.0
#include "arpgen/spec.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "base/error.hpp"

namespace arpline::gen {
namespace {

std::string error_of(const std::string& text) {
  try {
    parse_spec(text);
  } catch (const SetupError& error) {
    return error.what();
  }
  return "";
}

TEST(ArpgenSpec, has_defaults_for_all_but_the_targets) {
  const Spec spec = parse_spec("who-has to=10.0.0.0/24");
  EXPECT_EQ(spec.text, "who-has to=10.0.0.0/24");
  EXPECT_EQ(spec.kind, ARPGEN_WHO_HAS);
  EXPECT_EQ(spec.to, (Range{0x0a000000, 256}));
  EXPECT_FALSE(spec.from);
  EXPECT_FALSE(spec.mac);
  EXPECT_EQ(spec.order, ARPGEN_UNIFORM);
  EXPECT_EQ(spec.requesters, ARPGEN_UNIFORM);
  EXPECT_EQ(spec.flaw, ARPGEN_NO_FLAW);
  EXPECT_EQ(spec.weight, 1U);
  EXPECT_FALSE(spec.own_macs || spec.unicast || spec.vlan != 0);
}

TEST(ArpgenSpec, takes_its_words_in_any_order) {
  const Spec spec = parse_spec(
      "  who-has  weight=7 vlan=42 unicast macs=own mac=02:42:00:00:00:01 requesters=sequential order=zipf:0.8 "
      "from=10.1.0.0/16\tto=10.0.0.1 ");
  EXPECT_EQ(spec.weight, 7U);
  EXPECT_EQ(spec.vlan, 42);
  EXPECT_TRUE(spec.unicast);
  EXPECT_TRUE(spec.own_macs);
  EXPECT_EQ(spec.mac, Mac{0x010000004202});
  EXPECT_EQ(spec.requesters, ARPGEN_SEQUENTIAL);
  EXPECT_EQ(spec.order, ARPGEN_ZIPF);
  EXPECT_DOUBLE_EQ(spec.exponent, 0.8);
  EXPECT_EQ(spec.from->count, 65536U);
}

TEST(ArpgenSpec, means_the_default_by_its_name) {
  const Spec spec =
      parse_spec("who-has to=10.0.0.1 from=10.0.0.2 order=uniform requesters=uniform mac=own macs=one");
  EXPECT_EQ(spec.order, ARPGEN_UNIFORM);
  EXPECT_FALSE(spec.mac);
  EXPECT_FALSE(spec.own_macs);
  EXPECT_DOUBLE_EQ(parse_spec("who-has to=10.0.0.1 order=zipf").exponent, 1.0);
}

TEST(ArpgenSpec, names_the_word_that_it_does_not_understand) {
  for (const std::string word : {"speed=3",
                                 "to",
                                 "to=",
                                 "to=10.0.0.300",
                                 "order=random",
                                 "order=zipf:",
                                 "order=zipf:x",
                                 "order=zipf:-1",
                                 "order=zipf:nan",
                                 "requesters=zipf",
                                 "mac=1",
                                 "mac=02:00:00:00:00:0g",
                                 "mac=02-00-00-00-00-01",
                                 "mac=02:00:00:00:00:01:",
                                 "mac=01:00:5e:00:00:01",
                                 "mac=00:00:00:00:00:00",
                                 "macs=two",
                                 "unicast=yes",
                                 "vlan=0",
                                 "vlan=4095",
                                 "vlan=1x",
                                 "flaw=none",
                                 "weight=0",
                                 "weight=-1",
                                 "weight=1000001",
                                 "=",
                                 "x"}) {
    const std::string error = error_of("who-has " + word);
    EXPECT_NE(error.find("word \"" + word + "\""), std::string::npos) << word << ": " << error;
    EXPECT_NE(error.find("\"who-has " + word + "\""), std::string::npos) << error;
  }
  EXPECT_NE(error_of("whohas to=10.0.0.1").find("one of who-has, probe"), std::string::npos);
  EXPECT_NE(error_of(""), "");
}

TEST(ArpgenSpec, refuses_a_word_that_is_given_twice) {
  EXPECT_NE(error_of("who-has to=10.0.0.1 to=10.0.0.2").find("word \"to=10.0.0.2\": given twice"),
            std::string::npos);
  EXPECT_NE(error_of("who-has to=10.0.0.1 unicast unicast"), "");
}

TEST(ArpgenSpec, refuses_words_that_mean_nothing_together) {
  for (const std::string text :
       {"who-has", "probe", "claim", "reply from=10.0.0.1", "announcement to=10.0.0.1", "other to=10.0.0.1",
        "announcement order=sequential", "probe to=10.0.0.1 from=10.0.0.2", "probe to=10.0.0.1 macs=own",
        "who-has to=10.0.0.1 from=0.0.0.0/8", "who-has to=10.0.0.1 requesters=sequential", "other flaw=opcode",
        "claim to=10.0.0.1 unicast", "who-has to=10.0.0.1 flaw=long unicast"}) {
    EXPECT_NE(error_of(text).find("\"" + text + "\""), std::string::npos) << text << ": " << error_of(text);
  }
}

TEST(ArpgenSpec, every_kind_and_every_flaw_has_a_name) {
  EXPECT_EQ(kinds().size(), std::size_t{ARPGEN_KINDS});
  EXPECT_EQ(flaws().size(), std::size_t{ARPGEN_FLAWS - 1});
  std::set<std::string_view> names;
  for (const auto& kind : kinds()) {
    EXPECT_EQ(info_of(kind.kind).name, kind.name);
    EXPECT_FALSE(kind.description.empty());
    EXPECT_TRUE(names.insert(kind.name).second);
  }
  for (const auto& flaw : flaws()) {
    EXPECT_EQ(parse_spec("who-has to=10.0.0.1 flaw=" + std::string{flaw.name}).flaw, flaw.flaw);
    EXPECT_FALSE(flaw.description.empty());
    EXPECT_TRUE(names.insert(flaw.name).second);
  }
}

TEST(ArpgenSpec, only_flawless_requests_are_expected_to_be_answered) {
  EXPECT_TRUE(parse_spec("who-has to=10.0.0.1").answered());
  EXPECT_TRUE(parse_spec("probe to=10.0.0.1").answered());
  for (const std::string text : {"announcement", "other", "claim to=10.0.0.1", "reply to=10.0.0.1"}) {
    EXPECT_FALSE(parse_spec(text).answered()) << text;
    EXPECT_FALSE(parse_spec(text).may_be_answered()) << text;
  }
  EXPECT_FALSE(parse_spec("who-has to=10.0.0.1 flaw=long").answered());
  EXPECT_TRUE(parse_spec("who-has to=10.0.0.1 flaw=long").may_be_answered());
  EXPECT_FALSE(parse_spec("who-has to=10.0.0.1 flaw=opcode").may_be_answered());
}

}  // namespace
}  // namespace arpline::gen

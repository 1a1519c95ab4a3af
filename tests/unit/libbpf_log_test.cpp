// SPDX-License-Identifier: Apache-2.0
#include "kernel/libbpf_log.hpp"

#include <bpf/libbpf.h>
#include <gtest/gtest.h>

namespace arpline {
namespace {

// Captures libbpf's messages, and compares them with the part that is kept.
struct LibbpfLog : testing::Test {
  ~LibbpfLog() override { libbpf_set_print(nullptr); }

  static std::string printed_by_a_failure(bool verbose) {
    keep_libbpf_log(verbose);
    testing::internal::CaptureStderr();
    EXPECT_EQ(bpf_object__open_file("/no/such/object", nullptr), nullptr);
    return testing::internal::GetCapturedStderr();
  }
};

TEST_F(LibbpfLog, keeps_the_last_line_and_prints_nothing) {
  forget_libbpf_line();
  EXPECT_EQ(printed_by_a_failure(false), "");
  EXPECT_NE(last_libbpf_line().find("/no/such/object"), std::string::npos) << last_libbpf_line();
  EXPECT_EQ(last_libbpf_line().find('\n'), std::string::npos);
  forget_libbpf_line();
  EXPECT_EQ(last_libbpf_line(), "");
}

TEST_F(LibbpfLog, prints_all_of_it_when_asked_to) {
  const auto printed = printed_by_a_failure(true);
  EXPECT_NE(printed.find("/no/such/object"), std::string::npos) << printed;
  EXPECT_NE(printed.find(last_libbpf_line()), std::string::npos) << "the last line is kept all the same";
}

}  // namespace
}  // namespace arpline

// SPDX-License-Identifier: Apache-2.0
#include "arpline/foreign_files.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace arpline {
namespace {

namespace fs = std::filesystem;

class ForeignFilesTest : public testing::Test {
 protected:
  ForeignFilesTest() {
    EXPECT_NE(mkdtemp(root_.data()), nullptr);
    fs::create_directory(root_ + "/run");
  }
  ~ForeignFilesTest() override { fs::remove_all(root_); }

  void write(const std::string& name, const std::string& text) const { std::ofstream{root_ + name} << text; }
  std::optional<std::string> read(const std::string& name) { return files_.read(root_, name); }

  std::string root_ = testing::TempDir() + "arpline-foreign-XXXXXX";
  ForeignFiles files_;
};

TEST_F(ForeignFilesTest, a_small_file_is_read_whether_its_path_begins_with_a_slash_or_not) {
  write("/run/state", "managed=true\n");
  EXPECT_EQ(read("/run/state"), "managed=true\n");
  EXPECT_EQ(read("run/state"), "managed=true\n");
  EXPECT_EQ(read("/run/other"), std::nullopt);
  EXPECT_TRUE(files_.silent().empty());
}

TEST_F(ForeignFilesTest, no_link_is_followed_and_the_root_is_not_left) {
  write("/run/state", "text");
  fs::create_symlink("state", root_ + "/run/link");
  fs::create_symlink("/etc/hostname", root_ + "/run/outside");
  fs::create_symlink("/proc/self/fd", root_ + "/run/magic");
  fs::create_directory_symlink("run", root_ + "/folder");
  for (const auto* name :
       {"/run/link", "/run/outside", "/run/magic/0", "/folder/state", "/../../../etc/hostname"})
    EXPECT_EQ(read(name), std::nullopt) << name;
}

TEST_F(ForeignFilesTest, what_is_no_file_is_not_opened) {
  ASSERT_EQ(mkfifo((root_ + "/run/fifo").c_str(), 0600), 0);
  EXPECT_EQ(read("/run/fifo"), std::nullopt);
  EXPECT_EQ(read("/run"), std::nullopt);
  EXPECT_EQ(files_.read("/dev", "/null"), std::nullopt);
  EXPECT_TRUE(files_.silent().empty()) << "nobody has waited for it";
}

TEST_F(ForeignFilesTest, the_kernels_own_files_are_not_read) {
  EXPECT_EQ(files_.read("/proc", "/self/status"), std::nullopt);
  EXPECT_EQ(files_.read("/sys", "/class/net/lo/address"), std::nullopt);
}

TEST_F(ForeignFilesTest, what_is_long_is_not_read_at_all) {
  write("/run/most", std::string(ForeignFiles::kMostBytes, 'x'));
  write("/run/more", std::string(ForeignFiles::kMostBytes + 1, 'x'));
  write("/run/huge", "");
  fs::resize_file(root_ + "/run/huge", std::uintmax_t{1} << 40U);
  EXPECT_EQ(read("/run/most").value_or("").size(), ForeignFiles::kMostBytes);
  EXPECT_EQ(read("/run/more"), std::nullopt);
  EXPECT_EQ(read("/run/huge"), std::nullopt);
}

TEST_F(ForeignFilesTest, several_roots_are_kept_apart) {
  write("/run/state", "one");
  fs::create_directories(root_ + "/other/run");
  write("/other/run/state", "two");
  EXPECT_EQ(read("/run/state"), "one");
  EXPECT_EQ(files_.read(root_ + "/other", "/run/state"), "two");
  EXPECT_EQ(files_.read(root_ + "/none", "/run/state"), std::nullopt);
}

}  // namespace
}  // namespace arpline

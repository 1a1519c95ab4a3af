// SPDX-License-Identifier: Apache-2.0
#include "kernel/pins.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/error.hpp"

namespace arpline {
namespace {

struct Folder {
  Folder() { EXPECT_NE(mkdtemp(path.data()), nullptr); }
  ~Folder() { std::filesystem::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string path = testing::TempDir() + "arpline-pins-XXXXXX";
};

TEST(PinName, is_written_without_dots_and_read_back) {
  const PinName name{.parent = "eth0.100", .ifindex = 7, .netns_inode = 4026531840};
  EXPECT_EQ(name.text(), "eth0_100@7-4026531840");
  PinName back;
  ASSERT_TRUE(parse_pin_name(name.text(), back));
  EXPECT_EQ(back.parent, "eth0_100");
  EXPECT_EQ(back.ifindex, 7);
  EXPECT_EQ(back.netns_inode, 4026531840U);
}

TEST(PinName, nothing_else_is_taken_for_one) {
  PinName name;
  for (const auto* text : {"", "eth0", "eth0@", "eth0@x-1", "eth0@1", "eth0@1-x"}) {
    EXPECT_FALSE(parse_pin_name(text, name)) << text;
  }
}

TEST(PinRoot, that_is_no_bpf_file_system_is_refused_and_nothing_is_to_be_mounted_over_it) {
  const Folder folder;
  try {
    prepare_pin_root(folder.path + "/arpline");
    FAIL() << "accepted";
  } catch (const SetupError& error) {
    EXPECT_EQ(std::string{error.what()}.find("bpf bpf " + folder.path), std::string::npos) << error.what();
    EXPECT_NE(std::string{error.what()}.find("/sys/fs/bpf"), std::string::npos) << error.what();
  }
}

mode_t mode_of(const std::string& path) {
  struct stat info {};
  EXPECT_EQ(stat(path.c_str(), &info), 0) << path;
  return info.st_mode & 07777;
}

TEST(PinFolder, that_is_open_to_others_is_closed) {
  const Folder folder;
  const auto path = folder.path + "/nic0@1-2";
  ASSERT_EQ(mkdir(path.c_str(), 0777), 0);
  ASSERT_EQ(chmod(path.c_str(), 0777), 0);
  ASSERT_EQ(mkdir((path + "/ours").c_str(), 0700), 0);
  EXPECT_EQ(prepare_pin_folder(folder.path, "nic0@1-2"), path);
  EXPECT_EQ(mode_of(path), 0700U);
  EXPECT_TRUE(std::filesystem::exists(path + "/ours"));
}

TEST(PinFolder, of_somebody_else_is_taken_over_and_emptied) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a folder away";
  constexpr uid_t kSomebody = 65534;
  const Folder folder;
  const auto path = folder.path + "/nic0@1-2";
  for (const auto* below : {"", "/theirs", "/theirs/deep", "/ours"})
    ASSERT_EQ(mkdir((path + below).c_str(), 0777), 0);
  ASSERT_EQ(symlink("/tmp", (path + "/link").c_str()), 0);
  for (const auto* below : {"", "/theirs", "/theirs/deep", "/link"})
    ASSERT_EQ(lchown((path + below).c_str(), kSomebody, kSomebody), 0);
  EXPECT_EQ(prepare_pin_folder(folder.path, "nic0@1-2"), path);
  EXPECT_EQ(mode_of(path), 0700U);
  EXPECT_FALSE(std::filesystem::exists(path + "/theirs"));
  EXPECT_FALSE(std::filesystem::is_symlink(path + "/link"));
  EXPECT_TRUE(std::filesystem::exists(path + "/ours"));
  ASSERT_EQ(symlink("/tmp", (folder.path + "/nic0@1-4").c_str()), 0);
  ASSERT_EQ(lchown((folder.path + "/nic0@1-4").c_str(), kSomebody, kSomebody), 0);
  prepare_pin_folder(folder.path, "nic0@1-4");
  EXPECT_TRUE(std::filesystem::is_directory(std::filesystem::symlink_status(folder.path + "/nic0@1-4")));
}

TEST(RunRoot, that_others_may_look_into_stays_so_and_is_written_to_by_us_alone) {
  const Folder folder;
  prepare_run_root(folder.path + "/deep/run");
  EXPECT_EQ(mode_of(folder.path + "/deep/run"), 0755U);
  ASSERT_EQ(chmod((folder.path + "/deep/run").c_str(), 0750), 0);
  prepare_run_root(folder.path + "/deep/run");
  EXPECT_EQ(mode_of(folder.path + "/deep/run"), 0750U) << "somebody has decided so";
  ASSERT_EQ(chmod((folder.path + "/deep/run").c_str(), 0777), 0);
  prepare_run_root(folder.path + "/deep/run");
  EXPECT_EQ(mode_of(folder.path + "/deep/run"), 0755U);
}

TEST(PinLock, is_held_by_one_at_a_time_whatever_the_run_root) {
  const Folder folder;
  EXPECT_FALSE(is_pin_locked(folder.path));
  {
    const PinLock lock(folder.path);
    EXPECT_TRUE(is_pin_locked(folder.path));
    EXPECT_THROW(PinLock{folder.path}, SetupError);
  }
  EXPECT_FALSE(is_pin_locked(folder.path));
}

TEST(PinFolder, that_we_made_a_link_is_refused) {
  const Folder folder;
  ASSERT_EQ(symlink("/tmp", (folder.path + "/nic0@1-3").c_str()), 0);
  EXPECT_THROW(prepare_pin_folder(folder.path, "nic0@1-3"), SetupError);
}

TEST(ParentLock, is_held_by_one_at_a_time_and_leaves_nothing) {
  const Folder folder;
  {
    const ParentLock lock(folder.path, "nic0@1-2");
    EXPECT_TRUE(is_locked(folder.path, "nic0@1-2"));
    EXPECT_THROW(ParentLock(folder.path, "nic0@1-2"), SetupError);
    EXPECT_TRUE(is_locked(folder.path, "nic0@1-2")) << "the refused one must not take the first one's away";
  }
  EXPECT_FALSE(is_locked(folder.path, "nic0@1-2"));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path));
}

}  // namespace
}  // namespace arpline

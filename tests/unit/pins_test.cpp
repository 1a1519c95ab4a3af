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

TEST(PinRoot, that_is_no_bpf_file_system_is_refused_with_the_mount_command) {
  const Folder folder;
  try {
    prepare_pin_root(folder.path + "/arpline");
    FAIL() << "accepted";
  } catch (const SetupError& error) {
    EXPECT_NE(std::string{error.what()}.find("mount -t bpf bpf " + folder.path), std::string::npos)
        << error.what();
  }
}

TEST(PinFolder, of_somebody_else_or_open_to_others_is_refused) {
  const Folder folder;
  ASSERT_EQ(mkdir((folder.path + "/nic0@1-2").c_str(), 0777), 0);
  ASSERT_EQ(chmod((folder.path + "/nic0@1-2").c_str(), 0777), 0);
  EXPECT_THROW(prepare_pin_folder(folder.path, "nic0@1-2"), SetupError);
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

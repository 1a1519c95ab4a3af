// SPDX-License-Identifier: Apache-2.0
#include "base/output.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/error.hpp"

namespace arpline {
namespace {

namespace fs = std::filesystem;

class OutputFileTest : public testing::Test {
 protected:
  OutputFileTest() { EXPECT_NE(mkdtemp(folder_.data()), nullptr); }
  ~OutputFileTest() override { fs::remove_all(folder_); }

  std::string path(const char* name = "out") const { return folder_ + "/" + name; }
  static std::string read(const std::string& path) {
    std::ifstream in{path};
    return {std::istreambuf_iterator<char>{in}, {}};
  }
  static void write(const std::string& path, const char* text) { std::ofstream{path} << text; }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator{folder_}, fs::directory_iterator{}));
  }

  std::string folder_ = testing::TempDir() + "arpline-output-XXXXXX";
};

TEST_F(OutputFileTest, the_old_file_stays_until_the_new_one_is_complete) {
  write(path(), "before");
  ASSERT_EQ(chmod(path().c_str(), 0640), 0);
  OutputFile output{path()};
  std::fputs("after", output.file());
  std::fflush(output.file());
  EXPECT_EQ(read(path()), "before");
  output.commit();
  EXPECT_EQ(read(path()), "after");
  EXPECT_EQ(files(), 1U);
  struct stat info {};
  ASSERT_EQ(stat(path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0640U);
}

TEST_F(OutputFileTest, without_commit_no_file_is_left) {
  { const OutputFile output{path()}; }
  EXPECT_EQ(files(), 0U);
  write(path(), "before");
  { const OutputFile output{path()}; }
  EXPECT_EQ(read(path()), "before");
  EXPECT_EQ(files(), 1U);
}

TEST_F(OutputFileTest, a_symbolic_link_stays_one) {
  write(path("real"), "before");
  fs::create_symlink("real", path("link"));
  OutputFile output{path("link")};
  std::fputs("after", output.file());
  output.commit();
  EXPECT_TRUE(fs::is_symlink(path("link")));
  EXPECT_EQ(read(path("real")), "after");
}

TEST_F(OutputFileTest, a_device_is_written_to_and_never_replaced) {
  OutputFile full{"/dev/full"};
  std::fputs("text", full.file());
  EXPECT_THROW(full.commit(), SetupError);
  EXPECT_TRUE(fs::is_character_file("/dev/full"));
}

TEST_F(OutputFileTest, a_file_that_cannot_be_written_is_refused_at_once) {
  EXPECT_THROW(OutputFile{folder_}, SetupError);
  EXPECT_THROW(OutputFile{path("no/such/folder")}, SetupError);
}

}  // namespace
}  // namespace arpline

// SPDX-License-Identifier: Apache-2.0
#include "base/command.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "arpline/attached.hpp"
#include "arpline/doctor/findings.hpp"
#include "doctor_facts.hpp"

namespace arpline {
namespace {

namespace fs = std::filesystem;

// Texts with characters that shells interpret, and texts without.
std::vector<std::string> hostile_words() {
  return {"",       "a b",         "$(id>pwn)",  "`id>pwn`", ";id>pwn;",  "a'b",      "a\"b",   "-n",
          "--help", "~",           "a!b",        "!!",       "#x",        "*",        "{a,b}",  "a=b",
          "\\",     "a\\nb",       "%s%n",       "\x1b[31m", "-\x1b",     "%d\x1b",   "'\x1b'", "\xc2\x9b[31m",
          "$(\n)",  "'$(id>pwn)'", "';id>pwn;'", "\\'",      "a&b|c<d>e", "\xff!\xfe"};
}

// Also every byte but NUL, alone and between others, but no line break at the end.
std::vector<std::string> words() {
  auto all = hostile_words();
  for (int byte = 1; byte < 256; ++byte) {
    all.push_back(std::string{"a"} + static_cast<char>(byte) + "b");
    if (byte != '\n') all.emplace_back(1, static_cast<char>(byte));
  }
  return all;
}

std::string output_of(const std::string& command) {
  std::string text;
  FILE* pipe = popen(command.c_str(), "r");
  std::array<char, 4096> buffer{};
  for (std::size_t length = 0; (length = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    text.append(buffer.data(), length);
  pclose(pipe);
  return text;
}

// The folder in which a command injected by a word would leave a file.
class Scratch {
 public:
  Scratch() {
    char name[] = "/tmp/command_test.XXXXXX";
    folder_ = mkdtemp(name);
    before_ = fs::current_path();
    fs::current_path(folder_);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    fs::current_path(before_);
    fs::remove_all(folder_);
  }
  bool is_empty() const { return fs::is_empty(folder_); }

 private:
  fs::path folder_;
  fs::path before_;
};

TEST(Command, a_shell_reads_each_word_as_it_was) {
  const Scratch scratch;
  std::string script;
  std::string wanted;
  for (const auto& word : words()) {
    ASSERT_TRUE(is_typeable(word));
    script += Command{"printf '<%s>' {}\n", word}.text() + "\n";
    wanted += "<" + word + ">";
  }
  for (const auto* shell : {"sh", "bash"}) {
    FILE* file = fopen("script", "w");
    fputs(script.c_str(), file);
    fclose(file);
    EXPECT_EQ(output_of(std::string{shell} + " script"), wanted) << shell;
    unlink("script");
    EXPECT_TRUE(scratch.is_empty()) << shell;
  }
}

TEST(Command, is_printable_whatever_the_word) {
  for (const auto& word : words()) {
    const Command command{"ip link set dev {} up", word};
    for (const char c : command.text()) ASSERT_TRUE(c >= ' ' && c <= '~') << command.text();
  }
}

TEST(Command, a_command_within_a_command_is_one_word) {
  const Scratch scratch;
  for (const auto& word : hostile_words()) {
    const Command inner{"printf %s {}", word};
    EXPECT_EQ(output_of(Command("sh -c {}", inner.text()).text()), word) << inner.text();
  }
  EXPECT_TRUE(scratch.is_empty());
}

TEST(Command, plain_words_numbers_and_commands_stay_as_they_are) {
  const Command enter{"nsenter --net={} ", "/run/netns/web"};
  EXPECT_EQ((Command{"{}ip addr add {}/{} dev {}", enter, "10.0.0.1", 24, "eth0.100"}.text()),
            "nsenter --net=/run/netns/web ip addr add 10.0.0.1/24 dev eth0.100");
  EXPECT_EQ(then(Command{"a"}, Command{"b"}).text(), "a && b");
  EXPECT_EQ(then(Command{}, Command{"b"}).text(), "b");
}

TEST(Command, a_line_break_at_the_end_cant_be_typed) {
  EXPECT_FALSE(is_typeable("a\n"));
  EXPECT_FALSE(is_typeable(std::string{"a\0b", 3}));
  EXPECT_TRUE(is_typeable("\na"));
}

TEST(Command, a_name_that_looks_like_an_option_is_none) {
  EXPECT_EQ(detach_command("-f").text(), "arpline detach -- -f");
  EXPECT_EQ(start_command("-f").text(), "arplined --parent=-f");
}

// For every finding that names an interface: the shell runs the command's own programs only.
TEST(Command, doctors_commands_run_nothing_of_a_name) {
  const Scratch scratch;
  for (const auto& name : hostile_words()) {
    if (name.empty() || name.find('/') != std::string::npos) continue;
    auto facts = doctor::healthy_host();
    auto& device = doctor::web_device(facts);
    device.name = name;
    device.up = false;
    doctor::db_device(facts).name = name;
    doctor::db_device(facts).arp_ignore = 8;
    facts.namespaces[0].devices[0].name = name;
    facts.namespaces[0].devices[0].proxy_arp = true;
    facts.parents[0].managed = {.who = Manager::network_manager};
    for (const auto& finding : doctor::examine(facts)) {
      if (finding.command.empty()) continue;
      // Shell functions replace the programs.
      const std::string nothing = "() { :; }\n";
      std::string script;
      for (const auto* program : {"ip", "nsenter", "sysctl", "arpline", "mkdir", "networkctl", "nmcli", "sh"})
        script += program + nothing;
      FILE* file = popen("sh 2>/dev/null", "w");
      fputs((script + "printf() { command printf \"$@\"; }\n" + finding.command.text() + "\n").c_str(), file);
      pclose(file);
      EXPECT_FALSE(fs::exists("pwn")) << finding.command.text();
      for (const char c : finding.command.text() + finding.evidence + finding.subject)
        ASSERT_TRUE(c >= ' ' && c <= '~') << finding.id;
    }
  }
}

}  // namespace
}  // namespace arpline

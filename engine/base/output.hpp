// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <memory>
#include <string>

namespace arpline {

/// A file that is there as a whole or not at all: written under another name in the same folder, and called as
/// it should be by commit(). What has been there stays until then. Devices and pipes are written to as they
/// are.
class OutputFile {
 public:
  /// Throws SetupError.
  explicit OutputFile(std::string path);
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  /// Without commit() nothing stays of it.
  ~OutputFile();

  FILE* file() const noexcept { return file_.get(); }
  const std::string& path() const noexcept { return path_; }
  /// Throws SetupError when any of it could not be written.
  void commit();

 private:
  struct Close {
    void operator()(FILE* file) const noexcept { std::fclose(file); }
  };

  int open_beside();

  std::string path_;    // as the caller calls it
  std::string target_;  // the file that is there under that name, behind symbolic links
  std::string beside_;  // empty: nothing has to be renamed
  std::unique_ptr<FILE, Close> file_;
};

/// Whether the open file and the one called `path` are the same.
bool is_same_file(int fd, const std::string& path) noexcept;

/// Everything that was printed has arrived; else throws SetupError: a full disk is no success.
void finish_stdout();

/// Writes what is in it. Throws SetupError that calls it `name`, for what could not be written before, too.
void flush(FILE* file, const std::string& name);

}  // namespace arpline

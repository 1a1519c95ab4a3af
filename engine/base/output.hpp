// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <memory>
#include <string>

namespace arpline {

/// A file that appears complete or not at all: it is written under a temporary name in the same folder, and
/// commit() renames it over the old file. Devices and pipes are written directly.
class OutputFile {
 public:
  /// Throws SetupError.
  explicit OutputFile(std::string path);
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  /// Removes the temporary file unless commit() has renamed it.
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

  std::string path_;    // as the caller gave it
  std::string target_;  // the path with its symbolic links resolved
  std::string beside_;  // the temporary file; empty: none, or renamed already
  std::unique_ptr<FILE, Close> file_;
};

/// Whether `fd` and `path` are the same file.
bool is_same_file(int fd, const std::string& path) noexcept;

/// Flushes standard output; throws SetupError when any of it is lost, for example on a full disk.
void finish_stdout();

/// Flushes `file`; throws SetupError with `name` when this or an earlier write has failed.
void flush(FILE* file, const std::string& name);

}  // namespace arpline

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace arpline {

/// A failed set-up in one line: object, operation, errno text, remedy. Only set-up code throws it; the hot path
/// never throws.
class SetupError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// "OPERATION: strerror(ERROR)" and, when there is one, "; REMEDY".
[[noreturn]] void throw_errno(std::string_view operation, int error, std::string_view remedy = {});

}  // namespace arpline

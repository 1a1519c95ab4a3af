// SPDX-License-Identifier: Apache-2.0
#include "base/error.hpp"

#include <system_error>

namespace arpline {

void throw_errno(std::string_view operation, int error, std::string_view remedy) {
  std::string line{operation};
  line += ": " + std::generic_category().message(error);
  if (!remedy.empty()) line += "; " + std::string{remedy};
  throw SetupError(line);
}

}  // namespace arpline

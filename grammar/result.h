// Result<T>: how a failure of the world (file, network, memory, device) travels. A mistake in the user's
// text travels as a diagnostic (diagnostics.h); a bug of ours ends the program (check.h).
#pragma once

#include <exception>
#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace pml {

/// What failed, as one line: fact, fact, likely cause. No final full stop, no line break.
struct Error {
  std::string message;
};

template <typename T>
using Result = tl::expected<T, Error>;

/// What an exception of a library says, in one line.
Error error_of(const std::exception& exception);

inline tl::unexpected<Error> fail(std::string message) { return tl::make_unexpected(Error{std::move(message)}); }

}  // namespace pml

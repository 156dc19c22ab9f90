// Unicode normalisation form C, as tokenizers that normalise expect it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pml::compiler {

/// `text` (UTF-8) in form C as Hugging Face's `tokenizers` computes it, whose tables are those of Unicode 9:
/// characters that came later neither move nor combine. Nothing if the text is in that form already, and for
/// text that is not UTF-8, which stays as it is.
std::optional<std::string> to_nfc(std::string_view text);

}  // namespace pml::compiler

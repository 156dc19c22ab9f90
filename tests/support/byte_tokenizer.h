// A tokenizer whose tokens are bytes, with ChatML's special tokens: lengths in tests can be counted by hand.
#pragma once

#include "compiler/text_encoder.h"
#include "compiler/tokenizer.h"

namespace pml::test {

/// Token i is byte i; 256 is <|im_start|>, 257 <|im_end|>, 258 <bos>. No token stands for the byte F1, which
/// begins U+40000 to U+7FFFF.
compiler::TokenizerData byte_tokenizer_data();
/// With <bos> at position 0, if that is wanted.
compiler::Tokenizer byte_tokenizer(bool with_bos = false);

/// A ChatML encoder over a tokenizer that lives as long as the program.
compiler::TextEncoder byte_encoder(bool with_bos = false);

}  // namespace pml::test

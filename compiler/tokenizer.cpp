#include "compiler/tokenizer.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <utility>

#include "compiler/bpe.h"
#include "compiler/byte_level.h"
#include "compiler/nfc.h"
#include "compiler/pre_tokenizer.h"
#include "compiler/quote.h"
#include "grammar/check.h"

namespace pml::compiler {
namespace {

bool is_special(std::int32_t type) { return type == kControlToken || type == kUserDefinedToken; }

/// Tokens by their text, for build(), which asks 150,000 times at every start: so the texts lie together, and
/// a slot is nothing but an ID.
class TokenIndex {
 public:
  TokenIndex(std::size_t num_tokens, std::size_t text_size)
      : slots_(std::bit_ceil(std::max<std::size_t>(num_tokens * 2, 2)), -1) {
    text_.reserve(text_size);
    begins_.reserve(num_tokens + 1);
  }

  /// Enters the next token; -1, or the ID that has this text already.
  TokenId add(std::string_view text) {
    TokenId& slot = slots_[find_slot(text)];
    if (slot >= 0) return slot;
    slot = static_cast<TokenId>(size());
    text_ += text;
    begins_.push_back(text_.size());
    return -1;
  }

  std::size_t size() const { return begins_.size() - 1; }
  std::string_view text(TokenId id) const {
    return std::string_view(text_).substr(begins_[id], begins_[id + 1] - begins_[id]);
  }
  /// -1: no such token.
  TokenId find(std::string_view text) const { return slots_[find_slot(text)]; }

 private:
  /// The slot of `text`, or the empty one where it belongs. There is one: the table is at most half full.
  std::size_t find_slot(std::string_view wanted) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t i = std::hash<std::string_view>()(wanted) & mask;
    while (slots_[i] >= 0 && text(slots_[i]) != wanted) i = (i + 1) & mask;
    return i;
  }

  std::string text_;                    // of all tokens, one after another
  std::vector<std::size_t> begins_{0};  // [size() + 1], into `text_`
  std::vector<TokenId> slots_;
};

/// Adds the rules to `table`. A rule is "left right"; both and their concatenation have to be tokens.
Result<void> add_merges(const TokenizerData& data, const TokenIndex& index, MergeTable& table) {
  std::string joined;
  // Vocabularies list tokens in the order of the merges that make them, so the next token is tried first.
  TokenId token = -1;
  for (std::size_t rank = 0; rank < data.merges.size(); ++rank) {
    const std::string_view merge = data.merges[rank];
    const auto failure = [&](const char* what) {
      return fail("merge " + std::to_string(rank) + " of the tokenizer, " + quote(merge) + ", " + what);
    };
    const std::size_t blank = merge.find(' ');
    if (blank == merge.npos || merge.find(' ', blank + 1) != merge.npos) {
      return failure("is not two tokens with a blank between them");
    }
    const std::string_view left = merge.substr(0, blank);
    const std::string_view right = merge.substr(blank + 1);
    joined.assign(left).append(right);
    const TokenId left_id = index.find(left);
    const TokenId right_id = index.find(right);
    const bool is_next = std::cmp_less(token + 1, index.size()) && index.text(token + 1) == joined;
    token = is_next ? token + 1 : index.find(joined);
    if (left_id < 0 || right_id < 0) return failure("merges text that is no token");
    if (token < 0) return failure("makes text that is no token");
    if (is_special(data.types[token])) return failure("makes a special token, which text must never do");
    if (!table.add(left_id, right_id, token)) return failure("stands twice");
  }
  return {};
}

/// Pieces of one text and what they became. Text repeats itself: most pieces are found here, and no lock or
/// clean-up is needed since the cache lives as long as one call. Direct-mapped: a newer piece takes the
/// place.
class PieceCache {
 public:
  struct Entry {
    const char* piece = nullptr;
    std::uint32_t size = 0;
    std::uint32_t num_tokens = 0;
    std::size_t first_token = 0;  // in the output
  };

  /// Sized for the text, so that short texts do not pay for an empty table.
  explicit PieceCache(std::size_t text_size)
      : entries_(std::bit_ceil(std::clamp(text_size / 16, std::size_t{1}, kMaxEntries))) {}

  static bool is_worth_it(std::string_view piece) { return piece.size() > 1 && piece.size() <= kMaxPieceBytes; }

  /// The place of `piece`, which holds it or something else.
  Entry& at(std::string_view piece) { return entries_[std::hash<std::string_view>()(piece) & (entries_.size() - 1)]; }
  static bool holds(const Entry& entry, std::string_view piece) {
    return entry.piece != nullptr && std::string_view(entry.piece, entry.size) == piece;
  }

 private:
  static constexpr std::size_t kMaxEntries = 8192;
  static constexpr std::size_t kMaxPieceBytes = 64;
  std::vector<Entry> entries_;
};

/// Finds pieces that are a token as they stand, for tokenizers that merge only what is none.
class WholePieces {
 public:
  WholePieces(TokenIndex index, std::vector<std::int32_t> types) : index_(std::move(index)), types_(std::move(types)) {}

  /// -1: the piece is no token, or not one that text may make.
  TokenId find(std::string_view piece) const {
    std::string text;
    for (const char byte : piece) text += kCharacters[static_cast<std::uint8_t>(byte)];
    const TokenId id = index_.find(text);
    return id >= 0 && types_[id] == kNormalToken ? id : -1;
  }

 private:
  static inline const std::array<std::string, 256> kCharacters = [] {
    std::array<std::string, 256> characters;
    for (int byte = 0; byte < 256; ++byte) {
      characters[byte] = byte_level_character(static_cast<std::uint8_t>(byte));
    }
    return characters;
  }();

  TokenIndex index_;
  std::vector<std::int32_t> types_;  // by ID
};

}  // namespace

struct Tokenizer::Impl {
  Impl(PreTokenizer pieces, std::size_t num_merges) : pre_tokenizer(std::move(pieces)), merges(num_merges) {}

  PreTokenizer pre_tokenizer;
  MergeTable merges;
  bool normalizes_to_nfc = false;
  std::optional<WholePieces> whole_pieces;    // if merges are ignored for them
  std::array<TokenId, 256> byte_tokens{};     // -1: no token stands for the byte
  std::string bytes;                          // of all tokens, one after another
  std::vector<std::uint32_t> bytes_begin{0};  // [vocab_size + 1], into `bytes`
  std::unordered_map<std::string, TokenId> special_tokens;
  std::vector<TokenId> end_tokens;
  std::optional<TokenId> bos;

  /// What decoding makes of a token: a user-defined token is its text, a normal one the bytes that its
  /// characters stand for (or its text, if one of them stands for none). The rest is not text.
  void append_bytes(const std::string& token, std::int32_t type) {
    if (type == kUserDefinedToken || (type == kNormalToken && !append_byte_level(token, bytes))) bytes += token;
    bytes_begin.push_back(static_cast<std::uint32_t>(bytes.size()));
  }

  void encode_piece(std::string_view piece, std::vector<TokenId>& symbols) const {
    symbols.clear();
    if (const TokenId whole = whole_pieces ? whole_pieces->find(piece) : -1; whole >= 0) {
      symbols.push_back(whole);
      return;
    }
    for (const char byte : piece) {
      const TokenId token = byte_tokens[static_cast<std::uint8_t>(byte)];
      if (token >= 0) symbols.push_back(token);
    }
    apply_merges(merges, symbols);
  }
};

Result<Tokenizer> Tokenizer::build(const TokenizerData& data) {
  if (data.model != "gpt2") {
    return fail("tokenizer model " + quote(data.model) + " is not supported ('gpt2', byte-level BPE, is)");
  }
  const auto rules = data.rules ? *data.rules : named_text_rules(data.pre_tokenizer);
  if (!rules) return tl::make_unexpected(rules.error());
  auto pre_tokenizer = PreTokenizer::build(rules->splits);
  if (!pre_tokenizer) return tl::make_unexpected(pre_tokenizer.error());
  const std::size_t vocab_size = data.tokens.size();
  if (!std::in_range<TokenId>(vocab_size)) return fail("the tokenizer has more tokens than IDs of 32 bits");
  if (data.types.size() != vocab_size) {
    return fail("the tokenizer has " + std::to_string(data.types.size()) + " token types for " +
                std::to_string(vocab_size) + " tokens");
  }
  std::size_t text_bytes = 0;
  for (const std::string& token : data.tokens) text_bytes += token.size();
  if (!std::in_range<std::uint32_t>(text_bytes)) return fail("the tokenizer's tokens have more than 4 GB of text");

  auto impl = std::make_unique<Impl>(std::move(*pre_tokenizer), data.merges.size());
  TokenIndex index(vocab_size, text_bytes);
  impl->bytes.reserve(text_bytes);
  impl->bytes_begin.reserve(vocab_size + 1);
  for (std::size_t i = 0; i < vocab_size; ++i) {
    const auto id = static_cast<TokenId>(i);
    if (const TokenId earlier = index.add(data.tokens[i]); earlier >= 0) {
      return fail("tokens " + std::to_string(earlier) + " and " + std::to_string(id) + " of the tokenizer are both " +
                  quote(data.tokens[i]));
    }
    impl->append_bytes(data.tokens[i], data.types[i]);
    if (is_special(data.types[i])) impl->special_tokens.emplace(data.tokens[i], id);
  }
  if (auto added = add_merges(data, index, impl->merges); !added) return tl::make_unexpected(added.error());

  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    const TokenId id = index.find(byte_level_character(static_cast<std::uint8_t>(byte)));
    impl->byte_tokens[byte] = id >= 0 && data.types[id] == kNormalToken ? id : -1;
  }
  impl->normalizes_to_nfc = rules->normalizes_to_nfc;
  if (rules->normalizes_to_nfc && std::ranges::count(impl->byte_tokens, -1) > 0) {
    return fail("the tokenizer normalises text, but has no token for some bytes, which is not supported");
  }
  if (rules->ignores_merges) impl->whole_pieces.emplace(std::move(index), data.types);
  const auto is_token = [&](TokenId id) { return id >= 0 && std::cmp_less(id, vocab_size); };
  if (data.add_bos) {
    if (!is_token(data.bos)) return fail("the tokenizer's BOS, token " + std::to_string(data.bos) + ", is no token");
    impl->bos = data.bos;
  }
  for (const TokenId id : data.end_tokens) {
    if (!is_token(id)) return fail("the tokenizer's end token " + std::to_string(id) + " is no token");
  }
  impl->end_tokens = data.end_tokens;
  return Tokenizer(std::move(impl));
}

std::vector<TokenId> Tokenizer::encode(std::string_view text) const {
  std::vector<TokenId> tokens;
  encode(text, tokens);
  return tokens;
}

void Tokenizer::encode(std::string_view text, std::vector<TokenId>& out) const {
  std::optional<std::string> normalized;
  if (impl_->normalizes_to_nfc) normalized = to_nfc(text);
  if (normalized) text = *normalized;
  PieceCache cache(text.size());
  std::vector<TokenId> symbols;
  std::size_t begin = 0;
  for (const std::size_t end : impl_->pre_tokenizer.split(text)) {
    const std::string_view piece = text.substr(begin, end - begin);
    begin = end;
    if (!PieceCache::is_worth_it(piece)) {
      impl_->encode_piece(piece, symbols);
      out.insert(out.end(), symbols.begin(), symbols.end());
      continue;
    }
    PieceCache::Entry& entry = cache.at(piece);
    if (PieceCache::holds(entry, piece)) {
      for (std::size_t i = 0; i < entry.num_tokens; ++i) out.push_back(TokenId{out[entry.first_token + i]});
      continue;
    }
    impl_->encode_piece(piece, symbols);
    entry = {piece.data(), static_cast<std::uint32_t>(piece.size()), static_cast<std::uint32_t>(symbols.size()),
             out.size()};
    out.insert(out.end(), symbols.begin(), symbols.end());
  }
}

std::optional<std::size_t> Tokenizer::unencodable(std::string_view text) const {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (impl_->byte_tokens[static_cast<std::uint8_t>(text[i])] < 0) return i;
  }
  return std::nullopt;
}

std::optional<TokenId> Tokenizer::special_token(std::string_view text) const {
  const auto found = impl_->special_tokens.find(std::string(text));
  return found == impl_->special_tokens.end() ? std::nullopt : std::optional(found->second);
}

std::vector<std::string_view> Tokenizer::special_tokens() const {
  std::vector<std::string_view> texts;
  for (const auto& [text, id] : impl_->special_tokens) texts.emplace_back(text);
  std::ranges::sort(texts);
  return texts;
}

std::string_view Tokenizer::bytes(TokenId id) const {
  PML_CHECK(id >= 0 && std::cmp_less(id, vocab_size()), "a token's ID is below the vocabulary's size");
  const std::uint32_t begin = impl_->bytes_begin[id];
  return std::string_view(impl_->bytes).substr(begin, impl_->bytes_begin[id + 1] - begin);
}

std::string_view Tokenizer::special_text(TokenId id) const {
  for (const auto& [text, token] : impl_->special_tokens) {
    if (token == id) return text;
  }
  return {};
}

std::size_t Tokenizer::vocab_size() const { return impl_->bytes_begin.size() - 1; }
std::optional<TokenId> Tokenizer::bos() const { return impl_->bos; }
const std::vector<TokenId>& Tokenizer::end_tokens() const { return impl_->end_tokens; }

Tokenizer::Tokenizer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

}  // namespace pml::compiler

// Texts that diagnostics can point into: where they came from, and where their lines begin.
//
// A SourceSet owns every text of one run (schema, prompt, files taken in by `src`); a Place names a range in
// one of them. Sources never move or change once added, until they are forgotten. Not thread-safe while texts are being
// added.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "grammar/result.h"

namespace pml::grammar {

using SourceId = std::uint32_t;

/// Bytes [begin, end) of a source. An empty range is a point between two characters.
struct Place {
  SourceId source = 0;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  friend bool operator==(const Place&, const Place&) = default;
};

/// 1-based; a column counts characters (code points), a tab is one.
struct LineColumn {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
};

class Source {
 public:
  /// `taken_in_at`: what names it in another source; nothing if the command line does. `first_line`: the number of the
  /// text's first line.
  Source(std::string name, std::string text, std::optional<Place> taken_in_at, std::uint32_t first_line = 1);

  const std::string& name() const { return name_; }
  const std::optional<Place>& taken_in_at() const { return taken_in_at_; }
  std::string_view text() const { return text_; }
  LineColumn locate(std::uint32_t offset) const;
  /// The line that holds `offset`, without its line break, and the offset at which it begins.
  std::string_view line_at(std::uint32_t offset, std::uint32_t& line_begin) const;

 private:
  static constexpr std::uint32_t kBlockBytes = 4096;

  std::uint32_t characters_before(std::uint32_t offset) const;

  std::string name_;
  std::string text_;
  std::optional<Place> taken_in_at_;
  std::uint32_t first_line_;
  std::vector<std::uint32_t> line_begins_;
  std::vector<std::uint32_t> characters_before_;  // of each block of the text: a line may be as long as the text
};

/// What one run may read: no file above these sizes, no `src` outside the allowed folders.
struct ReadLimits {
  std::uint64_t document_bytes = 64ULL << 20;
  std::uint64_t src_bytes = 16ULL << 20;       // of one file
  std::uint64_t all_src_bytes = 256ULL << 20;  // of all files of a schema
};

class SourceSet {
 public:
  SourceId add(std::string name, std::string text, std::optional<Place> taken_in_at = std::nullopt);
  /// A line of a file, without those before it.
  SourceId add_line(std::string name, std::string text, std::uint32_t number);
  /// Says that a source's text was decoded from another source: its byte i stands at offsets[i] there; the last offset
  /// is that of the end. From then on messages show it there.
  void embed(SourceId source, SourceId outer, std::vector<std::uint32_t> offsets);
  /// The place as messages show it.
  Place shown(const Place& place) const;
  std::size_t size() const { return sources_.size(); }
  /// Forgets the sources that were added after the first `size`; places in them are no longer valid.
  void shrink(std::size_t size);
  const Source& operator[](SourceId id) const { return sources_[id]; }
  std::string_view text(const Place& place) const;
  /// The place without the blanks at its ends.
  Place trimmed(Place place) const;

 private:
  struct Embedding {
    SourceId outer = 0;
    std::vector<std::uint32_t> offsets;
  };

  std::deque<Source> sources_;  // a deque, so that string_views into earlier texts stay valid
  std::map<SourceId, Embedding> embeddings_;
};

/// Reads a regular file of at most `limit` bytes. The message leaves out the path: the caller knows how it was
/// written.
Result<std::string> read_file(const std::filesystem::path& path, std::uint64_t limit);
/// The same of a text in UTF-8, without the byte order mark that it may begin with.
Result<std::string> read_text_file(const std::filesystem::path& path, std::uint64_t limit);
std::string without_byte_order_mark(std::string text);

}  // namespace pml::grammar

#include "grammar/source_files.h"

#include <fnmatch.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "grammar/ast.h"
#include "grammar/vocabulary.h"

namespace pml::grammar {
namespace {

namespace fs = std::filesystem;

/// Of one pattern.
constexpr std::size_t kMostFiles = 10'000;
constexpr std::size_t kMostEntries = 1'000'000;
constexpr std::size_t kMostFolders = 64;  // within each other

/// Lines of a file, from 1 on, both included.
struct LineRange {
  std::size_t first = 1;
  std::size_t last = SIZE_MAX;
};

/// Of `L10-40`, `L10`, `L10-`.
std::optional<LineRange> parse_range(std::string_view text) {
  LineRange range;
  const char* const end = text.data() + text.size();
  if (!text.starts_with('L')) return std::nullopt;
  auto [at, error] = std::from_chars(text.data() + 1, end, range.first);
  if (error != std::errc{} || range.first == 0) return std::nullopt;
  if (at == end) {
    range.last = range.first;
    return range;
  }
  if (*at++ != '-') return std::nullopt;
  if (at == end) return range;
  if (*at == 'L') ++at;
  const auto [rest, second_error] = std::from_chars(at, end, range.last);
  if (second_error != std::errc{} || rest != end || range.last < range.first) return std::nullopt;
  return range;
}

Place without_last_line_break(Place place, std::string_view text) {
  if (text.ends_with('\n')) place.end -= text.ends_with("\r\n") ? 2 : 1;
  return place;
}

/// The place of some lines; nothing if there are not so many. `num_lines`: how many there are.
std::optional<Place> lines(SourceId source, std::string_view text, const LineRange& range, std::size_t& num_lines) {
  num_lines = 0;
  std::size_t begin = 0;
  std::optional<std::size_t> from;
  while (begin < text.size()) {
    ++num_lines;
    const std::size_t line_end = std::min(text.find('\n', begin), text.size() - 1) + 1;
    if (num_lines == range.first) from = begin;
    if (from && num_lines == range.last) {
      return Place{source, static_cast<std::uint32_t>(*from), static_cast<std::uint32_t>(line_end)};
    }
    begin = line_end;
  }
  if (!from || range.last != SIZE_MAX) return std::nullopt;
  return Place{source, static_cast<std::uint32_t>(*from), static_cast<std::uint32_t>(text.size())};
}

/// A file's or folder's name as that of a module: what may not stand in one becomes `_`.
std::string legal_name(const std::string& name) {
  if (is_legal_name(name)) return name;
  std::string legal;
  for (std::size_t at = 0; at < name.size();) {
    std::size_t size = 1;
    while (at + size < name.size() && (static_cast<unsigned char>(name[at + size]) & 0xC0) == 0x80) ++size;
    const std::string character = name.substr(at, size);
    legal += is_legal_name(character) || character == "." ? character : "_";
    at += size;
  }
  return is_legal_name(legal) ? legal : "_" + legal;
}

/// Walks folders after a pattern, part by part.
class Walk {
 public:
  Walk(const std::string& pattern, fs::path folder) : base_(std::move(folder)) {
    for (std::size_t begin = 0; begin <= pattern.size();) {
      const std::size_t end = std::min(pattern.find('/', begin), pattern.size());
      std::string part = pattern.substr(begin, end - begin);
      begin = end + 1;
      // Any folders within any folders are any folders.
      if (part.empty() || (part == "**" && !parts_.empty() && parts_.back() == part)) continue;
      parts_.push_back(std::move(part));
    }
    for (; num_fixed_ + 1 < parts_.size() && parts_[num_fixed_].find_first_of("*?[") == std::string::npos; ++num_fixed_)
      base_ /= parts_[num_fixed_];
  }

  void run() {
    visit(base_, num_fixed_, 0);
    std::ranges::sort(found_);
    found_.erase(std::unique(found_.begin(), found_.end()), found_.end());
    visited_.clear();
  }

  /// The folder that the pattern's fixed part names.
  const fs::path& base() const { return base_; }
  const std::vector<fs::path>& found() const { return found_; }
  bool is_too_much() const { return is_too_much_; }

 private:
  void visit(const fs::path& folder, std::size_t part, std::size_t depth) {
    if (depth > kMostFolders) is_too_much_ = true;
    // Several `**` lead to the same folder in many ways.
    if (is_too_much_ || !visited_.emplace(folder, part).second) return;
    const bool is_any_depth = parts_[part] == "**";
    if (is_any_depth && part + 1 < parts_.size()) visit(folder, part + 1, depth);
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
      if (++num_entries_ > kMostEntries || found_.size() > kMostFiles) is_too_much_ = true;
      if (is_too_much_) return;
      const std::string name = entry->path().filename().string();
      const std::string pattern = is_any_depth ? "*" : parts_[part];
      if (::fnmatch(pattern.c_str(), name.c_str(), FNM_PERIOD) != 0) continue;
      std::error_code ignored;
      const bool is_folder = entry->is_directory(ignored);
      // A link to a folder may lead back to where it lies.
      if (is_folder && is_any_depth && !entry->is_symlink(ignored)) visit(entry->path(), part, depth + 1);
      if (is_folder && !is_any_depth && part + 1 < parts_.size()) visit(entry->path(), part + 1, depth + 1);
      const bool is_last = part + 1 == parts_.size();
      if (!is_folder && is_last && entry->is_regular_file(ignored)) found_.push_back(entry->path());
    }
  }

  fs::path base_;
  std::vector<std::string> parts_;
  std::size_t num_fixed_ = 0;  // of the parts, before the first one with a wildcard
  std::vector<fs::path> found_;
  std::set<std::pair<fs::path, std::size_t>>
      visited_;  // folders, with the part of the pattern that their entries match
  std::size_t num_entries_ = 0;
  bool is_too_much_ = false;
};

}  // namespace

std::optional<Place> SourceFiles::text(const XmlAttribute& src, const fs::path& folder) {
  std::string name = src.value;
  std::optional<LineRange> range;
  std::error_code error;
  const std::size_t hash = name.rfind('#');
  if (hash != std::string::npos && !fs::exists(folder / name, error)) {
    range = parse_range(std::string_view(name).substr(hash + 1));
    if (!range) {
      diagnostics_.add(
          DiagnosticKind::src_range, src.value_place,
          "lines are written file#L10-40, file#L10 or file#L10-, not " + ast::in_quotes(name.substr(hash)));
      return std::nullopt;
    }
    name.resize(hash);
  }
  const auto file = open(folder / name, src, options_.limits.src_bytes);
  if (!file || !is_text(*file)) return std::nullopt;
  const std::string_view content = sources_[file->source].text();
  Place place{file->source, 0, static_cast<std::uint32_t>(content.size())};
  if (range) {
    std::size_t num_lines = 0;
    const auto part = lines(file->source, content, *range, num_lines);
    if (!part) {
      diagnostics_.add(DiagnosticKind::src_range, src.value_place,
                       ast::in_quotes(name) + " has " + std::to_string(num_lines) +
                           (num_lines == 1 ? " line" : " lines") + ", not so many as `" + src.value.substr(hash) + "`");
      return std::nullopt;
    }
    place = *part;
  }
  return without_last_line_break(place, sources_.text(place));
}

bool SourceFiles::is_pattern(const std::string& src, const fs::path& folder) {
  std::error_code error;
  return src.find_first_of("*?[") != std::string::npos && !fs::exists(folder / src, error);
}

std::optional<std::vector<SourceFiles::Match>> SourceFiles::matches(const XmlAttribute& src, const fs::path& folder) {
  Walk walk(src.value, src.value.starts_with('/') ? fs::path("/") : folder.empty() ? fs::path(".") : folder);
  std::error_code error;
  if (const fs::path real = fs::canonical(walk.base(), error); !error && !is_allowed(real)) {
    report_outside(src);
    return std::nullopt;
  }
  walk.run();
  if (walk.is_too_much()) {
    diagnostics_.add(DiagnosticKind::src_pattern, src.value_place,
                     "the pattern leads to more than " + std::to_string(kMostFiles) + " files, or through more than " +
                         std::to_string(kMostEntries) + " entries");
    return std::nullopt;
  }
  if (walk.found().empty()) {
    auto& diagnostic =
        diagnostics_.add(DiagnosticKind::src_pattern, src.value_place, "no file matches " + ast::in_quotes(src.value));
    const std::size_t hash = src.value.rfind('#');
    if (hash != std::string::npos && parse_range(std::string_view(src.value).substr(hash + 1))) {
      diagnostic.notes.push_back(
          {std::nullopt, "lines can be named of one file alone, not of all that a pattern names"});
    }
    return std::nullopt;
  }
  std::vector<Match> matches;
  bool is_whole = true;
  std::map<std::vector<std::string>, fs::path> names;
  for (const fs::path& path : walk.found()) {
    const auto file = open(path, src, options_.limits.src_bytes);
    if (!file) return std::nullopt;
    if (!is_text(*file)) {
      is_whole = false;
      continue;
    }
    const std::string_view content = sources_[file->source].text();
    Match match;
    match.text = without_last_line_break({file->source, 0, static_cast<std::uint32_t>(content.size())}, content);
    for (const fs::path& part : path.lexically_relative(walk.base())) match.names.push_back(legal_name(part.string()));
    if (const auto [earlier, is_new] = names.emplace(match.names, path); !is_new) {
      diagnostics_.add(DiagnosticKind::duplicate_name, src.value_place,
                       ast::in_quotes(path.string()) + " and " + ast::in_quotes(earlier->second.string()) +
                           " would be modules of one name");
    }
    matches.push_back(std::move(match));
  }
  return is_whole ? std::optional(std::move(matches)) : std::nullopt;
}

std::optional<SourceFiles::Document> SourceFiles::document(const XmlAttribute& src, const fs::path& folder) {
  if (src.value.empty()) {
    diagnostics_.add(DiagnosticKind::bad_value, src.value_place, "`src` is a file's path, not empty");
    return std::nullopt;
  }
  return open(folder / src.value, src, options_.limits.document_bytes);
}

std::optional<SourceFiles::Document> SourceFiles::open(const fs::path& path, const XmlAttribute& src,
                                                       std::uint64_t limit) {
  const auto unreadable = [&](const std::string& why) {
    diagnostics_.add(DiagnosticKind::src_unreadable, src.value_place, ast::in_quotes(src.value) + " " + why);
  };
  std::error_code error;
  const fs::path real = fs::canonical(path, error);
  if (error) {
    unreadable("cannot be read: " + error.message());
    return std::nullopt;
  }
  if (!is_allowed(real)) {
    report_outside(src);
    return std::nullopt;
  }
  auto text = read_text_file(real, limit);
  if (!text) {
    unreadable(text.error().message);
    return std::nullopt;
  }
  const bool was_too_much = num_bytes_ > options_.limits.all_src_bytes;
  num_bytes_ += text->size();
  if (num_bytes_ > options_.limits.all_src_bytes) {
    if (was_too_much) return std::nullopt;  // which has been said
    diagnostics_.add(DiagnosticKind::src_unreadable, src.value_place,
                     "the files that this schema takes in are larger than " +
                         std::to_string(options_.limits.all_src_bytes >> 20) + " MiB together");
    return std::nullopt;
  }
  return Document{sources_.add(path.lexically_normal().string(), std::move(*text), src.value_place), path, real};
}

/// If not, says so, once of each file.
bool SourceFiles::is_text(const Document& file) {
  if (no_texts_.contains(file.real)) return false;
  if (check_encoding(file.source, sources_, diagnostics_, ControlCharacters::allowed)) return true;
  no_texts_.insert(file.real);
  return false;
}

void SourceFiles::report_outside(const XmlAttribute& src) {
  diagnostics_
      .add(DiagnosticKind::src_outside, src.value_place,
           ast::in_quotes(src.value) + " lies outside the schema's folder")
      .notes.push_back({std::nullopt, "allow another folder with --allow DIR"});
}

bool SourceFiles::is_allowed(const fs::path& real) const {
  std::vector<fs::path> folders = options_.allowed;
  folders.push_back(options_.folder.empty() ? "." : options_.folder);
  return std::any_of(folders.begin(), folders.end(), [&](const fs::path& folder) {
    std::error_code error;
    const auto base = fs::canonical(folder, error);
    if (error) return false;
    const auto [end, unused] = std::mismatch(base.begin(), base.end(), real.begin(), real.end());
    return end == base.end();
  });
}

}  // namespace pml::grammar

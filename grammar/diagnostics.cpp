#include "grammar/diagnostics.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "grammar/display.h"

namespace pml::grammar {
namespace {

struct KindEntry {
  DiagnosticKind kind;
  std::string_view name;
  Severity severity;
};

constexpr std::array kKinds{
#define PML_DIAGNOSTIC(identifier, name, severity) KindEntry{DiagnosticKind::identifier, name, Severity::severity},
#include "grammar/diagnostic_kinds.def"
#undef PML_DIAGNOSTIC
};

const KindEntry& entry(DiagnosticKind kind) { return kKinds[static_cast<std::size_t>(kind)]; }

/// Columns that the text takes as it is shown.
int shown_width(std::string_view text) { return display_width(printable(text)); }

/// The blanks that put the caret under the character after `before`: tabs stay tabs.
std::string padding(std::string_view before) {
  std::string blanks;
  while (true) {
    const std::size_t tab = before.find('\t');
    blanks.append(static_cast<std::size_t>(shown_width(before.substr(0, tab))), ' ');
    if (tab == std::string_view::npos) return blanks;
    blanks.push_back('\t');
    before.remove_prefix(tab + 1);
  }
}

/// The part of a very long line that is worth printing: around [begin, end).
constexpr std::size_t kMaxLineBytes = 200;

std::string excerpt(const Place& anywhere, const SourceSet& sources) {
  const Place place = sources.shown(anywhere);
  const Source& source = sources[place.source];
  std::uint32_t line_begin = 0;
  std::string_view line = source.line_at(place.begin, line_begin);
  std::size_t begin = std::min<std::size_t>(place.begin - line_begin, line.size());
  std::size_t end = std::clamp<std::size_t>(place.end - line_begin, begin, line.size());
  std::string head;
  if (line.size() > kMaxLineBytes) {
    std::size_t from = begin > kMaxLineBytes / 2 ? begin - kMaxLineBytes / 2 : 0;
    // A character has four bytes at most; more that continue one are no UTF-8.
    for (int i = 0; i < 3 && from > 0 && continues_character(line[from]); ++i) --from;
    std::size_t to = std::min(line.size(), from + kMaxLineBytes);
    for (int i = 0; i < 3 && to < line.size() && continues_character(line[to]); ++i) ++to;
    line = line.substr(from, to - from);
    begin -= from;
    end = std::min(end - from, line.size());
    if (from > 0) head = "... ";
  }
  const int width = std::max(1, shown_width(line.substr(begin, end - begin)));
  std::string text = "    " + head + printable(line) + "\n    " + std::string(head.size(), ' ');
  text += padding(line.substr(0, begin)) + "^" + std::string(static_cast<std::size_t>(width - 1), '~') + "\n";
  return text;
}

std::string position(const Place& anywhere, const SourceSet& sources) {
  const Place place = sources.shown(anywhere);
  const Source& source = sources[place.source];
  const LineColumn at = source.locate(place.begin);
  return source.name() + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
}

/// Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment) over bytes, good
/// enough for names.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);  // the row of i - 2
  std::vector<std::size_t> above(b.size() + 1);   // the row of i - 1
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before.swap(above);
    above.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      const bool is_swap = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (is_swap) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row[b.size()];
}

}  // namespace

std::string_view name_of(DiagnosticKind kind) { return entry(kind).name; }
Severity severity_of(DiagnosticKind kind) { return entry(kind).severity; }

std::string_view to_string(Severity severity) { return severity == Severity::error ? "error" : "warning"; }

std::optional<DiagnosticKind> diagnostic_kind(std::string_view name) {
  const auto* const found = std::ranges::find(kKinds, name, &KindEntry::name);
  return found == kKinds.end() ? std::nullopt : std::optional(found->kind);
}

const std::vector<DiagnosticKind>& all_diagnostic_kinds() {
  static const std::vector<DiagnosticKind> kinds = [] {
    std::vector<DiagnosticKind> list;
    for (const KindEntry& kind : kKinds) list.push_back(kind.kind);
    return list;
  }();
  return kinds;
}

Diagnostic& Diagnostics::add(DiagnosticKind kind, Place place, std::string message) {
  if (severity_of(kind) == Severity::error) ++num_errors_;
  if (severity_of(kind) == Severity::warning && ignored_.contains(kind)) {
    dropped_ = {kind, place, std::move(message), {}};
    return dropped_;
  }
  if (list_.size() >= kMostKept) {
    ++num_dropped_;
    dropped_ = {kind, place, std::move(message), {}};
    return dropped_;
  }
  list_.push_back({kind, place, std::move(message), {}});
  return list_.back();
}

void Diagnostics::keep_if(std::size_t first, const std::function<bool(const Diagnostic&)>& is_wanted) {
  const auto dropped =
      std::stable_partition(list_.begin() + static_cast<std::ptrdiff_t>(first), list_.end(), is_wanted);
  num_errors_ -= static_cast<std::size_t>(std::count_if(dropped, list_.end(), [](const Diagnostic& diagnostic) {
    return severity_of(diagnostic.kind) == Severity::error;
  }));
  list_.erase(dropped, list_.end());
}

std::string headline(const Diagnostic& diagnostic, const SourceSet& sources) {
  return printable(position(diagnostic.place, sources) + ": " + std::string(to_string(severity_of(diagnostic.kind))) +
                   ": " + diagnostic.message + " [" + std::string(name_of(diagnostic.kind)) + "]");
}

std::vector<Note> notes_of(const Diagnostic& diagnostic, const SourceSet& sources) {
  std::vector<Note> notes = diagnostic.notes;
  for (auto at = sources[diagnostic.place.source].taken_in_at(); at; at = sources[at->source].taken_in_at()) {
    notes.push_back({at, "the file is taken in here"});
  }
  return notes;
}

std::string render(const Diagnostic& diagnostic, const SourceSet& sources) {
  std::string text = headline(diagnostic, sources) + "\n";
  text += excerpt(diagnostic.place, sources);
  for (const Note& note : notes_of(diagnostic, sources)) {
    if (note.place) {
      text += printable(position(*note.place, sources) + ": note: " + note.message) + "\n";
      text += excerpt(*note.place, sources);
    } else {
      text += printable("    note: " + note.message) + "\n";
    }
  }
  return text;
}

std::string render(const Diagnostics& diagnostics, const SourceSet& sources, std::size_t first) {
  constexpr std::size_t kMostPrinted = 100;
  std::vector<const Diagnostic*> list;
  for (std::size_t i = first; i < diagnostics.list().size(); ++i) list.push_back(&diagnostics.list()[i]);
  std::stable_sort(list.begin(), list.end(), [](const Diagnostic* a, const Diagnostic* b) {
    return std::pair(a->place.source, a->place.begin) < std::pair(b->place.source, b->place.begin);
  });
  std::string text;
  for (std::size_t i = 0; i < std::min(kMostPrinted, list.size()); ++i) text += render(*list[i], sources);
  if (list.size() > kMostPrinted) {
    text += "... and " + std::to_string(list.size() - kMostPrinted + diagnostics.num_dropped()) + " more\n";
  }
  return text;
}

std::optional<std::string> nearest(std::string_view wrong, const std::vector<std::string_view>& candidates) {
  if (wrong.size() < 2 || wrong.size() > 64) return std::nullopt;  // of one letter everything is near
  std::size_t best = std::max<std::size_t>(1, wrong.size() / 3) + 1;
  std::optional<std::string> found;
  for (const std::string_view candidate : candidates) {
    if (candidate.size() > wrong.size() + best || wrong.size() > candidate.size() + best) continue;
    const std::size_t distance = edit_distance(wrong, candidate);
    if (distance < best) {
      best = distance;
      found = std::string(candidate);
    }
  }
  return found;
}

std::string did_you_mean(std::string_view wrong, const std::vector<std::string_view>& candidates) {
  const auto name = nearest(wrong, candidates);
  return name ? "; did you mean `" + *name + "`?" : "";
}

}  // namespace pml::grammar

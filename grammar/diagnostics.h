// Diagnostics: what is wrong in a user's text, where, and what to do about it.
//
// A phase adds what it finds to a Diagnostics and goes on; who asked for the phase prints them
// (`file:line:col: error: message [kind]`, the line, a caret under the exact characters).
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "grammar/source.h"

namespace pml::grammar {

enum class DiagnosticKind {
#define PML_DIAGNOSTIC(identifier, name, severity) identifier,
#include "grammar/diagnostic_kinds.def"
#undef PML_DIAGNOSTIC
};

enum class Severity { error, warning };

std::string_view name_of(DiagnosticKind kind);
Severity severity_of(DiagnosticKind kind);
std::string_view to_string(Severity severity);  // "error", "warning"
/// Nothing if there is none of that name.
std::optional<DiagnosticKind> diagnostic_kind(std::string_view name);
/// All kinds, in the registry's order.
const std::vector<DiagnosticKind>& all_diagnostic_kinds();

struct Note {
  std::optional<Place> place;
  std::string message;
};

struct Diagnostic {
  DiagnosticKind kind;
  Place place;
  std::string message;      // one sentence without a full stop
  std::vector<Note> notes;  // where else to look, what to write instead
};

class Diagnostics {
 public:
  /// `ignored`: kinds of warnings that are dropped.
  explicit Diagnostics(std::set<DiagnosticKind> ignored = {}) : ignored_(std::move(ignored)) {}

  /// Of very many the last ones are only counted: a text may have a mistake in every byte.
  static constexpr std::size_t kMostKept = 10'000;

  /// The reference stays valid until the next add(); use it to append notes.
  Diagnostic& add(DiagnosticKind kind, Place place, std::string message);
  const std::vector<Diagnostic>& list() const { return list_; }
  std::size_t num_errors() const { return num_errors_; }
  bool has_errors() const { return num_errors_ > 0; }
  /// Those that are not in the list.
  std::size_t num_dropped() const { return num_dropped_; }
  /// Forgets those from the index `first` on for which `is_wanted` is false.
  void keep_if(std::size_t first, const std::function<bool(const Diagnostic&)>& is_wanted);

 private:
  std::set<DiagnosticKind> ignored_;
  std::vector<Diagnostic> list_;
  Diagnostic dropped_{};  // takes the notes of what is ignored, or too much
  std::size_t num_dropped_ = 0;
  std::size_t num_errors_ = 0;
};

/// The diagnostic's notes, and behind them where its source was taken in, and where that was, and so on.
std::vector<Note> notes_of(const Diagnostic& diagnostic, const SourceSet& sources);
/// Place, severity, message and kind, in one line without a line break.
std::string headline(const Diagnostic& diagnostic, const SourceSet& sources);
/// One diagnostic with its notes, as text that ends with a line break.
std::string render(const Diagnostic& diagnostic, const SourceSet& sources);
/// All of them from the index `first` on, by source and place, at most 100; then a line that says how many more
/// there are.
std::string render(const Diagnostics& diagnostics, const SourceSet& sources, std::size_t first = 0);

/// Of `candidates`, the one that `wrong` was probably meant to be; nothing if none is near.
std::optional<std::string> nearest(std::string_view wrong, const std::vector<std::string_view>& candidates);
/// "; did you mean `x`?" or an empty string.
std::string did_you_mean(std::string_view wrong, const std::vector<std::string_view>& candidates);

}  // namespace pml::grammar

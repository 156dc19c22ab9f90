#include "cli/json_output.h"

#include <cstdio>

namespace pml::cli {
namespace {

Json place_to_json(const grammar::Place& anywhere, const grammar::SourceSet& sources) {
  const grammar::Place place = sources.shown(anywhere);
  const grammar::Source& source = sources[place.source];
  const auto begin = source.locate(place.begin);
  const auto end = source.locate(place.end);
  return {{"file", source.name()},
          {"line", begin.line},
          {"column", begin.column},
          {"end_line", end.line},
          {"end_column", end.column}};
}

}  // namespace

void print(const Json& object) {
  const std::string text = object.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::printf("%s\n", text.c_str());
}

void print_error(const std::string& message) { print({{"ok", false}, {"error", message}}); }

Json to_json(const grammar::Diagnostics& diagnostics, const grammar::SourceSet& sources) {
  Json list = Json::array();
  for (const grammar::Diagnostic& diagnostic : diagnostics.list()) {
    Json notes = Json::array();
    for (const grammar::Note& note : notes_of(diagnostic, sources)) {
      Json entry{{"message", note.message}};
      if (note.place) entry["place"] = place_to_json(*note.place, sources);
      notes.push_back(std::move(entry));
    }
    list.push_back({{"kind", name_of(diagnostic.kind)},
                    {"severity", to_string(severity_of(diagnostic.kind))},
                    {"message", diagnostic.message},
                    {"place", place_to_json(diagnostic.place, sources)},
                    {"notes", std::move(notes)}});
  }
  return list;
}

void add_all(const Json& entries, Json& list) { list.insert(list.end(), entries.begin(), entries.end()); }

}  // namespace pml::cli

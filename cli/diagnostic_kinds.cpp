#include "cli/diagnostic_kinds.h"

#include <algorithm>
#include <cstdio>

#include "cli/json_output.h"
#include "cli/terminal.h"
#include "grammar/diagnostic_help.h"

namespace pml::cli {
namespace {

using grammar::DiagnosticHelp;
using grammar::DiagnosticKind;
using grammar::Example;
using grammar::ExampleFile;

std::string indented(std::string_view text) {
  std::string lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    lines += "    " + std::string(text.substr(0, end));
    text.remove_prefix(end);
  }
  return lines.ends_with('\n') ? lines : lines + "\n";
}

/// The command that the example is an example of.
std::string command(const DiagnosticHelp& help) {
  std::string line = "pml check schema.pml";
  if (!help.wrong.prompt.empty()) line += " --prompt prompt.pml";
  if (!help.model.empty()) line += " " + std::string(help.model);
  return line;
}

std::string documents(const Example& example) {
  std::string text;
  const auto add = [&text](std::string_view name, std::string_view content) {
    if (!content.empty()) text += "  " + std::string(name) + ":\n" + indented(content);
  };
  for (const ExampleFile& file : example.files) add(file.name, file.text);
  add("schema.pml", example.schema);
  add("prompt.pml", example.prompt);
  return text;
}

Json to_json(const Example& example) {
  Json json{{"schema", example.schema}};
  if (!example.prompt.empty()) json["prompt"] = example.prompt;
  json["files"] = Json::object();
  for (const ExampleFile& file : example.files) {
    if (!file.name.empty()) json["files"][std::string(file.name)] = file.text;
  }
  return json;
}

Json head_to_json(DiagnosticKind kind) {
  return {
      {"kind", name_of(kind)}, {"severity", to_string(severity_of(kind))}, {"summary", grammar::help_of(kind).summary}};
}

}  // namespace

int list_kinds(const Options& options) {
  if (options.json) {
    Json kinds = Json::array();
    for (const DiagnosticKind kind : grammar::all_diagnostic_kinds()) kinds.push_back(head_to_json(kind));
    print({{"ok", true}, {"kinds", std::move(kinds)}});
    return kDone;
  }
  std::size_t width = 0;
  for (const DiagnosticKind kind : grammar::all_diagnostic_kinds()) width = std::max(width, name_of(kind).size());
  for (const DiagnosticKind kind : grammar::all_diagnostic_kinds()) {
    std::printf("%-*s  %-7s  %s\n", static_cast<int>(width), name_of(kind).data(), to_string(severity_of(kind)).data(),
                grammar::help_of(kind).summary.data());
  }
  return kDone;
}

int explain_kind(DiagnosticKind kind, const Options& options) {
  const DiagnosticHelp& help = grammar::help_of(kind);
  if (options.json) {
    Json json{{"ok", true}};
    json.update(head_to_json(kind));
    json["meaning"] = help.meaning;
    json["wrong"] = to_json(help.wrong);
    json["command"] = command(help);
    json["says"] = help.says;
    json["cure"] = help.cure;
    json["cured"] = to_json(cured_example(help));
    json["model"] = help.model;
    print(json);
    return kDone;
  }
  const int width = terminal_width();
  const auto show = [](const std::string& text) { std::fputs(text.c_str(), stdout); };
  print_wrapped(std::string(name_of(kind)) + " (" + std::string(to_string(severity_of(kind))) + "): ", help.summary, 0,
                width);
  show("\n");
  print_wrapped("", help.meaning, 0, width);
  show("\nWrong:\n" + documents(help.wrong) + "\n" + command(help) + " says:\n" + indented(help.says) + "\n");
  print_wrapped("Cure: ", help.cure, 0, width);
  show(documents(help.cured));
  return kDone;
}

}  // namespace pml::cli

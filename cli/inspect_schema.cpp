// pml inspect SCHEMA: what the schema's parts were compiled to.
#include <algorithm>
#include <cstdio>

#include "cli/inspect.h"
#include "cli/json_output.h"
#include "cli/quantity.h"
#include "grammar/display.h"

namespace pml::cli {
namespace {

using grammar::printable;
using runtime::Manifest;
using runtime::ManifestNode;

const char* describe(Currency currency) {
  switch (currency) {
    case Currency::current:
      return "";
    case Currency::outdated:
      return "The schema was edited since it was compiled; this is what was compiled.";
    case Currency::not_compiled:
      return "The schema was not compiled as it is now, and with this model and these options; this is what a compile "
             "would give.";
  }
  return "";
}

/// The modules of a node's context, each once, in order; the oldest ones are left out if there are many.
std::string describe_context(const Manifest& manifest, const ManifestNode& node) {
  constexpr std::size_t kMostNamed = 4;
  std::vector<std::string> names;
  std::int64_t num_tokens = 0;
  bool has_more = false;
  for (std::int32_t at = node.parent; at != compiler::kNone; at = manifest.nodes[at].parent) {
    num_tokens += manifest.nodes[at].num_tokens;
    const std::string name = module_name(manifest.nodes[at].module);
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    if (names.size() < kMostNamed)
      names.push_back(name);
    else
      has_more = true;
  }
  if (names.empty()) return "nothing";
  std::string text = has_more ? "... " : "";
  for (auto name = names.rbegin(); name != names.rend(); ++name) text += (name == names.rbegin() ? "" : ", ") + *name;
  return text + " (" + compiler::count_tokens(num_tokens) + ")";
}

}  // namespace

int inspect_schema(const Workspace& workspace, const Manifest& manifest, Currency currency,
                   const std::vector<std::string>& unreadable, const Options& options) {
  std::size_t num_stored = 0;
  std::vector<std::string> damaged;
  std::uint64_t sum_bytes = 0;
  Json segments = Json::array();
  if (!options.json) {
    std::printf("schema %s, %s\n    %s\n\n", printable(manifest.schema).c_str(),
                manifest.layout == "pack" ? "packed" : compiler::count_tokens(manifest.end).c_str(),
                describe_recipe(manifest.recipe).c_str());
    if (const char* remark = describe(currency); *remark != '\0') std::printf("%s\n\n", remark);
    std::printf("%-13s %6s %10s  %-8s %s\n", "slots", "tokens", "bytes", "state", "module");
  }
  for (std::size_t id = 0; id < manifest.nodes.size(); ++id) {
    const ManifestNode& node = manifest.nodes[id];
    Look look;
    if (node.is_artifact()) look = look_at(workspace.store(), node.digest, options.verify);
    num_stored += look.is_there && look.error.empty() ? 1 : 0;
    if (!look.error.empty()) damaged.push_back(look.error);
    sum_bytes += look.size_bytes;
    const std::int32_t last = node.first + node.num_tokens - 1;
    const std::string digest = compiler::to_hex(node.digest);
    if (options.json) {
      segments.push_back({{"id", id},
                          {"module", node.module},
                          {"kind", node.kind},
                          {"tokens", node.num_tokens},
                          {"first", node.first},
                          {"last", last},
                          {"parent", node.parent},
                          {"context", node.context},
                          {"digest", digest},
                          {"state", node.is_artifact() ? look.state() : "in contexts only"},
                          {"bytes", look.size_bytes}});
      continue;
    }
    if (!node.is_artifact()) continue;
    const std::string slots = std::to_string(node.first) + "-" + std::to_string(last);
    std::printf("%-13s %6d %10s  %-8s %s\n", slots.c_str(), node.num_tokens,
                look.is_there ? format_size(look.size_bytes).c_str() : "-", look.state(),
                printable(module_name(node.module) + (node.kind == "static" ? "" : ", " + node.kind)).c_str());
    std::printf("%42s %s, %s: after %s\n", "", digest.substr(0, 12).c_str(), node.context.c_str(),
                printable(describe_context(manifest, node)).c_str());
  }
  if (options.json) {
    print({{"schema", manifest.schema},
           {"source", manifest.source},
           {"store", workspace.store().folder().string()},
           {"is_current", currency == Currency::current},
           {"recipe", Json::parse(manifest.recipe)},
           {"segments", std::move(segments)},
           {"stored", num_stored},
           {"damaged", damaged},
           {"unreadable", unreadable},
           {"bytes", sum_bytes},
           {"verified", options.verify}});
  } else {
    std::printf("\n%zu of %s stored, %s%s\n", num_stored, count_of(manifest.num_artifacts(), "segment").c_str(),
                format_size(sum_bytes).c_str(),
                options.verify && damaged.empty() && num_stored > 0 ? ", verified" : "");
    warn_of_damage(damaged);
  }
  return damaged.empty() && unreadable.empty() ? kDone : kBadInput;
}

}  // namespace pml::cli

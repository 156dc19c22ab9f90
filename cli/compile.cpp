// pml compile: encode every segment that the store does not hold yet.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>

#include "cli/commands.h"
#include "cli/encode.h"
#include "cli/engine.h"
#include "cli/json_output.h"
#include "cli/measure_standins.h"
#include "cli/prompt_log.h"
#include "cli/quantity.h"
#include "cli/runtime_options.h"
#include "cli/terminal.h"
#include "cli/timing.h"
#include "cli/workspace.h"
#include "grammar/display.h"
#include "runtime/store/build_plan.h"
#include "runtime/store/encode_rate.h"
#include "runtime/store/manifest_json.h"
#include "runtime/store/stored_manifests.h"

namespace pml::cli {
namespace {

using Clock = std::chrono::steady_clock;
using runtime::BuildPlan;
using runtime::BuildStep;
using runtime::EncodeReason;
using runtime::Manifest;

runtime::KvShape kv_shape(const Workspace& workspace) {
  const auto& config = workspace.model().config();
  return {config.num_layers, config.num_kv_heads, config.head_dim, kv_type_of(workspace.recipe())};
}

/// Steps of one module, for the same reason and with the same detail.
struct ModuleSteps {
  std::string module;
  std::size_t num_segments = 0;

  std::string subject() const {
    return num_segments > 1 ? module + " (" + count_of(num_segments, "segment") + ")" : module;
  }
};

std::string line_of(const std::string& subject, const std::string& detail) {
  return detail.empty() ? subject : subject + ": " + detail;
}

/// Steps that share a detail: a line a module. If they are many it is one line in all: it names the modules, or only
/// counts the segments where a detail that comes from elsewhere says enough.
std::vector<std::string> lines_of(EncodeReason reason, const std::string& detail,
                                  const std::vector<ModuleSteps>& modules) {
  constexpr std::size_t kMostAlike = 8;
  std::vector<std::string> lines;
  if (modules.size() <= kMostAlike) {
    for (const ModuleSteps& steps : modules) lines.push_back(line_of(steps.subject(), detail));
    return lines;
  }
  std::size_t num_segments = 0;
  std::string names;
  for (const ModuleSteps& steps : modules) {
    num_segments += steps.num_segments;
    names += (names.empty() ? "" : ", ") + steps.subject();
  }
  const bool comes_from_elsewhere = reason == EncodeReason::context || reason == EncodeReason::recipe;
  if (comes_from_elsewhere && !detail.empty()) return {line_of(count_of(num_segments, "segment"), detail)};
  return {line_of(names, detail)};
}

/// The steps for one reason, those with one detail together, in the order in which they come first.
std::vector<std::string> lines_for(EncodeReason reason, const BuildPlan& plan, const Manifest& manifest) {
  std::vector<std::pair<std::string, std::vector<ModuleSteps>>> groups;
  std::map<std::string, std::size_t> group_of;
  std::map<std::pair<std::string, std::string>, std::size_t> place_of;  // in its group
  for (const BuildStep& step : plan.steps) {
    if (step.reason != reason) continue;
    const auto [group, is_new_group] = group_of.try_emplace(step.detail, groups.size());
    if (is_new_group) groups.push_back({step.detail, {}});
    std::vector<ModuleSteps>& modules = groups[group->second].second;
    const std::string module = module_name(manifest.nodes[step.node].module);
    const auto [place, is_new] = place_of.try_emplace({step.detail, module}, modules.size());
    if (is_new) modules.push_back({module, 0});
    ++modules[place->second].num_segments;
  }
  std::vector<std::string> lines;
  for (const auto& [detail, modules] : groups) {
    for (std::string& line : lines_of(reason, detail, modules)) lines.push_back(std::move(line));
  }
  return lines;
}

/// What the files of some artifacts will take.
std::uint64_t file_bytes(const Workspace& workspace, const std::vector<compiler::ChainId>& nodes) {
  const auto digests = chain_digests(workspace.layout(), workspace.contexts(), workspace.recipe());
  const std::string recipe = compiler::to_json(workspace.recipe());
  std::uint64_t sum = 0;
  for (const compiler::ChainId node : nodes) {
    sum += artifact_file_bytes(runtime::make_metadata(workspace.layout(), workspace.contexts(), digests, recipe, node),
                               kv_shape(workspace));
  }
  return sum;
}

std::vector<compiler::ChainId> nodes_of(const BuildPlan& plan) {
  std::vector<compiler::ChainId> nodes;
  for (const BuildStep& step : plan.steps) nodes.push_back(step.node);
  return nodes;
}

/// The artifacts that a schema has because of its scaffolds.
struct ScaffoldCost {
  std::size_t num_artifacts = 0;
  std::int64_t num_tokens = 0;
  std::uint64_t size_bytes = 0;

  std::string text() const {
    return count_of(num_artifacts, "artifact") + " of " + std::to_string(num_tokens) + " tokens, " +
           format_size(size_bytes);
  }
};
ScaffoldCost scaffold_cost(const Workspace& workspace, const Manifest& manifest) {
  std::vector<compiler::ChainId> nodes;
  ScaffoldCost cost;
  for (std::size_t id = 0; id < manifest.nodes.size(); ++id) {
    if (manifest.nodes[id].scaffold.empty()) continue;
    nodes.push_back(static_cast<compiler::ChainId>(id));
    cost.num_tokens += manifest.nodes[id].num_tokens;
  }
  cost.num_artifacts = nodes.size();
  cost.size_bytes = file_bytes(workspace, nodes);
  return cost;
}

/// Columns before the text of a reason.
constexpr int kReasonColumns = 11;

/// Which modules are encoded, and why. Says nothing of a first compile, where everything is new. `other_source`: the
/// file that this is in comparison with, if it is another one; else empty.
void print_reasons(const BuildPlan& plan, const Manifest& manifest, const std::string& other_source) {
  const auto is_new = [](const BuildStep& step) { return step.reason == EncodeReason::fresh && step.detail.empty(); };
  if (plan.steps.size() == manifest.num_artifacts() && std::all_of(plan.steps.begin(), plan.steps.end(), is_new))
    return;
  const int width = terminal_width();
  if (!plan.steps.empty() && !other_source.empty()) {
    print_wrapped("  ", "since " + grammar::printable(other_source) + " was compiled, the latest of this name:", 4,
                  width);
  }
  for (const EncodeReason reason : {EncodeReason::fresh, EncodeReason::edited, EncodeReason::context,
                                    EncodeReason::recipe, EncodeReason::damaged}) {
    for (const std::string& line : lines_for(reason, plan, manifest)) {
      std::string start = "  " + std::string(to_string(reason));
      start.resize(kReasonColumns, ' ');
      print_wrapped(start, grammar::printable(line), kReasonColumns, width);
    }
  }
}

Json reasons_to_json(const BuildPlan& plan, const Manifest& manifest) {
  Json list = Json::array();
  for (const BuildStep& step : plan.steps) {
    Json entry{{"module", manifest.nodes[step.node].module}, {"reason", to_string(step.reason)}};
    if (!step.detail.empty()) entry["detail"] = step.detail;
    list.push_back(std::move(entry));
  }
  return list;
}

/// What a compile did, or would do.
struct Report {
  const Workspace& workspace;
  const Manifest& manifest;
  const BuildPlan& plan;
  std::size_t num_encoded = 0;
  std::int64_t num_tokens = 0;
  std::uint64_t size_bytes = 0;  // of the artifacts' files
  std::optional<double> seconds = std::nullopt;
  ScaffoldCost scaffolds = {};
  std::string other_source = "";  // the file that the plan compares with, if it is another one; else empty

  Json to_json(bool is_dry_run) const {
    Json json{{"segments", manifest.num_artifacts()},
              {"encoded", num_encoded},
              {"reused", manifest.num_artifacts() - plan.steps.size()},
              {"tokens_encoded", num_tokens},
              {"bytes", size_bytes},
              {"seconds", seconds ? Json(*seconds) : Json(nullptr)},
              {"dry_run", is_dry_run},
              {"encode", reasons_to_json(plan, manifest)},
              {"recipe", Json::parse(compiler::to_json(workspace.recipe()))},
              {"store", workspace.store().folder().string()}};
    if (!other_source.empty()) json["compared_with"] = other_source;
    if (scaffolds.num_artifacts > 0) {
      json["scaffolds"] = {
          {"artifacts", scaffolds.num_artifacts}, {"tokens", scaffolds.num_tokens}, {"bytes", scaffolds.size_bytes}};
    }
    return json;
  }
};

int report_dry_run(const Report& report, const Options& options) {
  if (options.json) {
    print(report.to_json(/*is_dry_run=*/true));
    return kDone;
  }
  print_reasons(report.plan, report.manifest, report.other_source);
  std::string time = "in a time that is not known before a first compile";
  if (report.seconds) {
    char text[48];
    std::snprintf(text, sizeof text, "in about %.1f s", *report.seconds);
    time = text;
  }
  const std::string cost =
      ": " + std::to_string(report.num_tokens) + " tokens, " + format_size(report.size_bytes) + ", " + time;
  std::printf("%s: of %s, %zu would be encoded%s\n", report.manifest.schema.c_str(),
              count_of(report.manifest.num_artifacts(), "segment").c_str(), report.num_encoded,
              report.num_encoded == 0 ? "" : cost.c_str());
  return kDone;
}

void report_compile(const Report& report, const Options& options, Timing& timing) {
  if (options.json) {
    Json json = report.to_json(/*is_dry_run=*/false);
    if (options.timing) json["timing"] = timing.to_json();
    print(json);
  } else if (!options.quiet) {
    print_reasons(report.plan, report.manifest, report.other_source);
    std::printf("%s: %s, %zu encoded, %zu reused; %lld tokens, %s, %.2f s\n", report.manifest.schema.c_str(),
                count_of(report.manifest.num_artifacts(), "segment").c_str(), report.num_encoded,
                report.manifest.num_artifacts() - report.plan.steps.size(), static_cast<long long>(report.num_tokens),
                format_size(report.size_bytes).c_str(), *report.seconds);
  }
  if (options.timing && !options.json) timing.print();
}

/// The file that `before` was compiled from, if that was not the file of `manifest`; else empty.
std::string other_source(const runtime::StoredManifest* before, const Manifest& manifest) {
  if (before == nullptr) return "";
  const bool is_same = std::ranges::any_of(
      before->sources(), [&](const runtime::CompiledSource& source) { return source.path == manifest.source; });
  return is_same ? "" : before->manifest.source;
}

/// Those that prompts which were asked speak for; else those of the last compile, as far as nothing was edited.
void choose_standins(Workspace& workspace, const std::vector<compiler::Selection>& log,
                     const runtime::StoredManifest* before) {
  if (!log.empty()) {
    workspace.set_standins(compiler::choose_standins(workspace.layout(), log));
  } else if (before != nullptr) {
    workspace.set_standins(recall_standins(workspace.layout(), before->manifest.standins));
  }
}

/// The prompts that stand-ins are chosen and tokens ranked with: of the log, else random ones.
std::vector<compiler::Selection> prompts_to_measure(Workspace& workspace, const Options& options,
                                                    const std::vector<compiler::Selection>& log) {
  std::int32_t count = options.measured_prompts;
  if (count < 0) {
    count = workspace.repair_policy().kind == grammar::RepairPolicy::Kind::ratio ? kRankingPrompts : 0;
  }
  std::vector<compiler::Selection> prompts(log.begin(), log.begin() + std::min<std::ptrdiff_t>(count, std::ssize(log)));
  if (log.empty()) prompts = random_prompts(workspace, count, options.json);
  return prompts;
}

bool has_open_unions(const Workspace& workspace) {
  return !open_unions(workspace.layout(), workspace.standins(), workspace.context_kind()).empty();
}

/// The manifest comes last, so that it never names what is not there. One that is there already only gets a new
/// time: it is the latest again. Copies of a schema share a manifest, which then names all of their files.
void store_manifest(const Workspace& workspace, Manifest manifest) {
  const runtime::Store& store = workspace.store();
  const auto before = runtime::read_manifest(store, workspace.manifest_name());
  if (before && *before) take_sources(manifest, **before);
  const std::string text = runtime::to_json(manifest);
  const bool is_stored = store.read_text(workspace.manifest_name()) == text;
  if (is_stored) return store.touch(workspace.manifest_name());
  const auto written = store.write_text(workspace.manifest_name(), text);
  if (written) return;
  if (!store.is_read_only()) workspace.fail(written.error().message);
  warn(written.error().message + "; everything is compiled, but what was compiled last is not noted");
}

}  // namespace

int compile(const Options& options) {
  const Clock::time_point start = Clock::now();
  Timing timing("program");
  timing.begin("model file and store");
  Workspace workspace(options);
  workspace.require_model();
  workspace.open_store(options.dry_run ? StoreUse::look : StoreUse::keep);
  timing.begin("schema");
  workspace.read_schema();
  workspace.name_manifest();
  workspace.lay_out();
  workspace.make_recipe();

  timing.begin("what is stored");
  if (const auto stored = runtime::read_manifest(workspace.store(), workspace.manifest_name()); !stored) {
    warn(stored.error().message + "; a compile writes this manifest anew");
  }
  const auto manifests = read_manifests(workspace.store());
  const runtime::StoredManifest* before =
      latest_manifest(manifests.readable, workspace.schema().name, workspace.schema_path());
  const std::vector<compiler::Selection> log = options.prompt_log.empty()
                                                   ? std::vector<compiler::Selection>()
                                                   : read_prompt_log(workspace, options.prompt_log, options.json);
  choose_standins(workspace, log, before);
  const std::vector<compiler::Selection> prompts = prompts_to_measure(workspace, options, log);
  if (options.measured_prompts > 0 && !options.dry_run && !prompts.empty() && has_open_unions(workspace)) {
    StandinJob job{workspace, timing, prompts};
    const int exit_code = run_in_engine(EngineCommand::measure_standins, options, {.measure_standins = &job});
    if (exit_code == kInterrupted) workspace.stop("interrupted: no stand-in was chosen", kInterrupted);
    if (exit_code != kDone) return exit_code;
  }
  Manifest manifest = workspace.make_manifest();
  if (before != nullptr) keep_ranking(manifest, before->manifest);
  const BuildPlan plan =
      plan_build(workspace.store(), manifest, kv_shape(workspace), before == nullptr ? nullptr : &before->manifest);
  Report report{workspace, manifest, plan, plan.steps.size(), plan.num_tokens, file_bytes(workspace, nodes_of(plan))};
  report.other_source = other_source(before, manifest);
  report.scaffolds = scaffold_cost(workspace, manifest);
  if (report.scaffolds.num_artifacts > 0 && !options.json && !options.quiet) {
    std::printf("scaffolds: %s\n", report.scaffolds.text().c_str());
  }
  if (report.scaffolds.size_bytes > options.scaffold_bytes && !options.force && !options.dry_run) {
    workspace.stop("the scaffolds take " + report.scaffolds.text() + ", more than " +
                       format_size(options.scaffold_bytes) +
                       "; --force compiles them all the same, --scaffold-size allows more",
                   kBadInput);
  }
  if (options.dry_run) {
    const auto rate = read_encode_rate(workspace.store(), workspace.recipe());
    if (plan.steps.empty())
      report.seconds = 0.0;
    else if (rate)
      report.seconds = rate->seconds_for(plan.num_tokens);
    return report_dry_run(report, options);
  }

  if (!plan.steps.empty() || !prompts.empty()) {
    if (!plan.steps.empty() && workspace.store().is_read_only()) {
      workspace.fail("the store " + workspace.store().folder().string() + " is read-only, and " +
                     count_of(plan.steps.size(), "segment") + " of the schema must be encoded");
    }
    timing.begin("LibTorch");
    EncodeJob job{workspace, plan, timing, prompts};
    const int exit_code = run_in_engine(EngineCommand::encode, options, {.encode = &job});
    if (exit_code == kInterrupted) {
      workspace.stop("interrupted: " + std::to_string(job.num_encoded) + " of " +
                         count_of(plan.steps.size(), "segment") + " were encoded and stay in the store",
                     kInterrupted);
    }
    if (exit_code != kDone) return exit_code;
    set_ranking(manifest, job.ranking);
    report.num_encoded = job.num_encoded;
    report.num_tokens = job.num_tokens;
  }
  timing.begin("manifest");
  store_manifest(workspace, manifest);
  report.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  report_compile(report, options, timing);
  return kDone;
}

}  // namespace pml::cli

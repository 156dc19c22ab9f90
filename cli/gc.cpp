// pml gc: remove from the store what is not wanted any more.
#include <cstdio>
#include <ctime>

#include "cli/commands.h"
#include "cli/json_output.h"
#include "cli/quantity.h"
#include "cli/workspace.h"
#include "runtime/store/garbage.h"

namespace pml::cli {
namespace {

using runtime::Garbage;
using runtime::GarbageItem;
using runtime::GarbageReason;

/// Why things of a kind go, for people.
const char* describe(GarbageReason reason) {
  switch (reason) {
    case GarbageReason::unnamed:
      return "named by no manifest";
    case GarbageReason::unused:
      return "not used for longer than --older-than";
    case GarbageReason::beyond_size:
      return "used least recently, beyond --max-size";
    case GarbageReason::superseded:
      return "of schemas that were compiled again after an edit";
    case GarbageReason::empty:
      return "of schemas none of whose artifacts is left";
    case GarbageReason::abandoned:
      return "left behind by writers that died";
  }
  return "";
}

const char* kind_of(GarbageReason reason) {
  switch (reason) {
    case GarbageReason::superseded:
    case GarbageReason::empty:
      return "manifest";
    case GarbageReason::abandoned:
      return "temporary file";
    default:
      return "artifact";
  }
}

runtime::GarbagePolicy read_policy(const Options& options, const Workspace& workspace) {
  runtime::GarbagePolicy policy;
  const auto duration = [&](const char* flag, const std::string& text) {
    const auto seconds = parse_duration(text);
    if (!seconds) workspace.misuse(std::string(flag) + ": " + seconds.error().message);
    return *seconds;
  };
  if (!options.grace.empty()) policy.grace_seconds = duration("--grace", options.grace);
  if (!options.older_than.empty()) policy.older_than_seconds = duration("--older-than", options.older_than);
  if (!options.max_size.empty()) {
    const auto size = parse_size(options.max_size);
    if (!size) workspace.misuse("--max-size: " + size.error().message);
    policy.max_bytes = *size;
  }
  return policy;
}

/// Of the items of one reason.
struct Sum {
  std::size_t count = 0;
  std::uint64_t size_bytes = 0;
};

void print_summary(const std::vector<GarbageItem>& items, const Garbage& garbage, const runtime::GarbagePolicy& policy,
                   bool is_dry_run) {
  const char* verb = is_dry_run ? "would be removed" : "removed";
  for (const GarbageReason reason : {GarbageReason::unnamed, GarbageReason::unused, GarbageReason::beyond_size,
                                     GarbageReason::superseded, GarbageReason::empty, GarbageReason::abandoned}) {
    Sum sum;
    for (const GarbageItem& item : items) {
      sum.count += item.reason == reason ? 1 : 0;
      sum.size_bytes += item.reason == reason ? item.size_bytes : 0;
    }
    if (sum.count == 0) continue;
    std::printf("%s: %s, %s, %s\n", verb, count_of(sum.count, kind_of(reason)).c_str(),
                format_size(sum.size_bytes).c_str(), describe(reason));
  }
  if (items.empty()) std::printf("nothing %s\n", verb);
  std::printf("kept: %s, %s\n", count_of(garbage.num_kept, "artifact").c_str(),
              format_size(garbage.kept_bytes).c_str());
  if (garbage.num_young > 0) {
    std::printf("  %s of them, %s, named by no manifest, but used in the last %s (--grace)\n",
                std::to_string(garbage.num_young).c_str(), format_size(garbage.young_bytes).c_str(),
                format_duration(policy.grace_seconds).c_str());
  }
  if (policy.max_bytes && garbage.kept_bytes > *policy.max_bytes) {
    std::printf("  more than --max-size: the rest was used in the last %s (--grace)\n",
                format_duration(policy.grace_seconds).c_str());
  }
}

}  // namespace

int gc(const Options& options) {
  Workspace workspace(options);
  const runtime::GarbagePolicy policy = read_policy(options, workspace);
  workspace.open_store(StoreUse::look);
  if (!workspace.store().is_store()) workspace.fail("there is no store in " + workspace.store().folder().string());
  Garbage garbage = find_garbage(read_contents(workspace.store()), policy, std::time(nullptr));

  std::vector<GarbageItem> items;
  std::string failure;
  for (const GarbageItem& item : garbage.items) {
    std::string why;
    if (options.dry_run || remove_garbage(item, why)) {
      items.push_back(item);
      continue;
    }
    if (!why.empty()) failure = item.path.string() + " cannot be removed: " + why;
  }

  std::uint64_t removed_bytes = 0;
  Json removed = Json::array();
  for (const GarbageItem& item : items) {
    removed_bytes += item.size_bytes;
    removed.push_back({{"path", item.path.string()}, {"bytes", item.size_bytes}, {"reason", to_string(item.reason)}});
  }
  if (!failure.empty()) workspace.fail(failure);
  if (options.json) {
    print({{"dry_run", options.dry_run},
           {"removed", std::move(removed)},
           {"removed_bytes", removed_bytes},
           {"kept", garbage.num_kept},
           {"kept_bytes", garbage.kept_bytes},
           {"young", garbage.num_young},
           {"young_bytes", garbage.young_bytes},
           {"store", workspace.store().folder().string()}});
  } else if (!options.quiet) {
    print_summary(items, garbage, policy, options.dry_run);
  }
  return kDone;
}

}  // namespace pml::cli

// pml gc: remove from the store what is not wanted any more.
#include <array>
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

/// How people are told of the things that go for a reason.
struct Description {
  GarbageReason reason;
  const char* kind;
  const char* why;
};

constexpr std::array<Description, 9> kDescriptions{{
    {GarbageReason::unnamed, "artifact", "named by no manifest"},
    {GarbageReason::unused, "artifact", "not used for longer than --older-than"},
    {GarbageReason::beyond_size, "artifact", "used least recently, beyond --max-size"},
    {GarbageReason::superseded, "manifest", "of schemas that were compiled again after an edit"},
    {GarbageReason::empty, "manifest", "of schemas none of whose artifacts is left"},
    {GarbageReason::vanished, "fingerprint", "of model files that are gone"},
    {GarbageReason::unneeded, "rate", "of models that no manifest names"},
    {GarbageReason::abandoned, "temporary file", "left behind by writers that died"},
    {GarbageReason::bare, "folder", "without an artifact"},
}};

/// What a collection did, or would do.
struct Account {
  struct Failure {
    const GarbageItem* item;
    std::string why;
  };

  std::vector<const GarbageItem*> removed;
  std::vector<Failure> failures;
  std::size_t num_kept = 0;  // artifacts
  std::uint64_t kept_bytes = 0;

  std::uint64_t removed_bytes() const {
    std::uint64_t sum = 0;
    for (const GarbageItem* item : removed) sum += item->size_bytes;
    return sum;
  }
};

Account collect(const Garbage& garbage, bool is_dry_run) {
  Account account{{}, {}, garbage.num_kept, garbage.kept_bytes};
  for (const GarbageItem& item : garbage.items) {
    std::string why;
    if (is_dry_run || remove_garbage(item, why)) {
      account.removed.push_back(&item);
      continue;
    }
    if (!why.empty()) account.failures.push_back({&item, why});
    if (!is_artifact(item.reason)) continue;
    ++account.num_kept;
    account.kept_bytes += item.size_bytes;
  }
  return account;
}

std::string describe(const Account::Failure& failure) {
  return failure.item->path.string() + " cannot be removed: " + failure.why;
}

/// On standard error; a store that cannot be written to at all is not listed file by file.
void report_failures(const Account& account) {
  constexpr std::size_t kMostListed = 5;
  for (std::size_t i = 0; i < account.failures.size() && i < kMostListed; ++i) {
    say(describe(account.failures[i]));
  }
  if (account.failures.size() > kMostListed) {
    say("and " + std::to_string(account.failures.size() - kMostListed) + " more");
  }
}

void print_summary(const Account& account, const Garbage& garbage, const Options& options) {
  const char* verb = options.dry_run ? "would be removed" : "removed";
  for (const Description& description : kDescriptions) {
    std::size_t count = 0;
    std::uint64_t size_bytes = 0;
    for (const GarbageItem* item : account.removed) {
      if (item->reason != description.reason) continue;
      ++count;
      size_bytes += item->size_bytes;
    }
    if (count == 0) continue;
    std::printf("%s: %s, %s, %s\n", verb, count_of(count, description.kind).c_str(), format_size(size_bytes).c_str(),
                description.why);
  }
  if (account.removed.empty()) std::printf("nothing %s\n", verb);
  if (!account.failures.empty()) std::printf("not removed: %s\n", count_of(account.failures.size(), "item").c_str());
  std::printf("kept: %s, %s\n", count_of(account.num_kept, "artifact").c_str(),
              format_size(account.kept_bytes).c_str());
  const std::string grace = format_duration(options.garbage.grace_seconds);
  if (garbage.num_young > 0) {
    std::printf("  %zu of them, %s, named by no manifest, but used in the last %s (--grace)\n", garbage.num_young,
                format_size(garbage.young_bytes).c_str(), grace.c_str());
  }
  const auto& max_bytes = options.garbage.max_bytes;
  if (max_bytes && account.kept_bytes > *max_bytes && account.failures.empty()) {
    std::printf("  more than --max-size: the rest was used in the last %s (--grace)\n", grace.c_str());
  }
}

Json to_json(const Account& account, const Garbage& garbage, const runtime::StoreContents& contents, bool is_dry_run) {
  Json json = Json::object();
  if (!account.failures.empty()) {
    json["ok"] = false;
    json["error"] = describe(account.failures.front());
  }
  json["dry_run"] = is_dry_run;
  json["removed"] = Json::array();
  for (const GarbageItem* item : account.removed) {
    json["removed"].push_back(
        {{"path", item->path.string()}, {"bytes", item->size_bytes}, {"reason", to_string(item->reason)}});
  }
  json["removed_bytes"] = account.removed_bytes();
  json["failed"] = Json::array();
  for (const Account::Failure& failure : account.failures) {
    json["failed"].push_back({{"path", failure.item->path.string()}, {"error", failure.why}});
  }
  json["kept"] = account.num_kept;
  json["kept_bytes"] = account.kept_bytes;
  json["young"] = garbage.num_young;
  json["young_bytes"] = garbage.young_bytes;
  json["unreadable"] = contents.unreadable_manifests;
  json["store"] = contents.folder.string();
  return json;
}

}  // namespace

int gc(const Options& options) {
  Workspace workspace(options);
  workspace.require_store();
  const runtime::StoreContents contents = read_contents(workspace.store());
  for (const std::string& why : contents.unreadable_manifests) {
    warn(why + "; while this manifest is there, what no other names is kept");
  }
  const Garbage garbage = find_garbage(contents, options.garbage, std::time(nullptr));
  const Account account = collect(garbage, options.dry_run);
  report_failures(account);
  if (options.json) {
    print(to_json(account, garbage, contents, options.dry_run));
  } else if (!options.quiet) {
    print_summary(account, garbage, options);
  }
  return account.failures.empty() ? kDone : kMachineFailed;
}

}  // namespace pml::cli

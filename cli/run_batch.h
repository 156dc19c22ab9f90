// pml run --batch: many prompts of one schema, decoded together.
#pragma once

#include "cli/options.h"
#include "cli/workspace.h"

namespace pml::cli {

/// Answers the lines of options.batch, one JSON object a line:
///
///     {"prompt": "<prompt>...</prompt>", "user": "...", "id": ..., "max_tokens": 64, "temperature": 0.7,
///      "top_k": 40, "top_p": 0.9, "min_p": 0.05, "seed": 1, "stop": ["\n"]}
///
/// `prompt` may also be an object (grammar/json_prompt.h), or a string that holds one; in its place `select` is an
/// expression, and `file` names a prompt's file, from the batch's folder. Mistakes are shown in the line. What a line
/// leaves out is as on the command line. `-` is standard input: its lines are answered as they come, and `file` is
/// meant from the current folder. Prints one JSON object a line, in the order of the lines (with --json one object with
/// all `results`, which are kept in memory until then). A line whose prompt begins as an earlier one's did, up to that
/// one's answer or into it, computes only what is new: the next turn of a conversation. A line that fails gets an
/// `error` as its result, and `diagnostics` if it has mistakes; the others go on. The exit code is kMachineFailed if
/// the machine failed at one of them, else kBadInput if one had mistakes.
int run_batch(Workspace& workspace, const Options& options);

}  // namespace pml::cli

// Manifests as JSON (docs/format.md says it field by field).
#pragma once

#include <string>
#include <string_view>

#include "grammar/result.h"
#include "runtime/store/manifest.h"

namespace pml::runtime {

std::string to_json(const Manifest& manifest);

/// Fails if the text is no manifest that this version can follow; the message names the field that is to blame.
/// What is read is sound: parents stand before their children, segments lie inside the layout.
Result<Manifest> read_manifest(std::string_view text);

}  // namespace pml::runtime

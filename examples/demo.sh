#!/usr/bin/env bash
# The main job on a real model: compile a schema, answer a prompt, and say what that took. Called by `make demo`.
set -euo pipefail
cd "$(dirname "$0")/.."
model=$1
store=build/demo-store

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }

say "1. Compile: every part of the schema is encoded once (a second time this is instant)"
echo "   pml compile schemas/travel.pml -m MODEL"
build/pml compile schemas/travel.pml -m "$model" --store "$store"

say "2. Answer: the parts are spliced, only what is new is computed"
echo "   pml run schemas/travel.pml --prompt examples/travel-beach.pml -m MODEL"
echo
build/pml run schemas/travel.pml --prompt examples/travel-beach.pml -m "$model" --store "$store" --max-tokens 80

say "3. The same prompt without the cache, for comparison"
echo "   pml run ... --no-cache --max-tokens 1"
build/pml run schemas/travel.pml --prompt examples/travel-beach.pml -m "$model" --store "$store" --max-tokens 1 \
  --no-cache > /dev/null

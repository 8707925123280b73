#!/usr/bin/env bash
# Measures BF16 on this machine and writes a Markdown table: which kernels run, tests of the machine code, matrix products, training with a profile by kind of op, reading a
# prompt, a stress run with frequent collections, and PyTorch beside it. Made for an idle Linux machine whose processor has a matrix unit (AMX), where it takes hours.
#
#   runs/amx.sh [--toy] [--threads N] [--data NAME] [--out FILE] [--peer CHECKOUT]
#
#   --toy             sizes so small that everything takes minutes, on any machine
#   --threads N       threads that compute (default: all processors)
#   --data NAME       a dataset with a tokenizer (nanochat data, nanochat tok train) for 300 steps in F32 and in BF16
#   --out FILE        the table (default amx.md in the current folder)
#   --peer CHECKOUT   a checkout of PyTorch's nanochat to measure in the same run, alternating; PYTHON names a Python with torch for it
# Without a matrix unit BF16 is widened to F32: the table says so, and leaves out what would compare the two. NANOCHAT: the program, if not the one of this repository.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
nanochat=${NANOCHAT:-$root/nanochat}

toy=
threads=$(getconf _NPROCESSORS_ONLN)
data=
out=amx.md
peer=
shapes=10000
stress=300
depths=(4 6)
step=(--seq-len 512 --vocab-size 32768 --total-batch-size 16384)
gemm=()
prefill=(--depth 12 --prompt 512 --seq-len 512 --vocab-size 32768)
run=(--depth 4 --max-seq-len 512 --device-batch-size 8 --total-batch-size 16384 --num-iterations 300 --eval-every 100)
compare=()
while [ $# -gt 0 ]; do
  case $1 in
  --toy)
    toy=yes shapes=20 stress=1 depths=(2)
    step=(--seq-len 32 --vocab-size 300 --total-batch-size 128 --steps 1 --warmup 1)
    gemm=(--shape 96x64x64 --seconds 0 --warmup-seconds 0 --rounds 1)
    prefill=(--depth 2 --prompt 32 --seq-len 32 --vocab-size 300 --rounds 1 --warmup 1)
    run=(--depth 2 --max-seq-len 32 --device-batch-size 2 --total-batch-size 128 --num-iterations 4 --eval-every 4 --eval-tokens 512)
    compare=(--alternations 1 --depths 1 --square 64 --batch-tokens 64 --seconds 0 --train-depths 2 --decode-depths 2 --seq-len 32 --vocab-size 300
      --total 128 --micro-batches 2 --steps 1 --tokens 4 --eager)
    ;;
  --threads) threads=${2:?a number} && shift ;;
  --data) data=${2:?a dataset} && shift ;;
  --out) out=${2:?a file} && shift ;;
  --peer) peer=${2:?a folder} && shift ;;
  -h | --help)
    sed -n '2,/^set -/{s/^# \{0,1\}//;/^set -/d;p;}' "$0"
    exit 0
    ;;
  *)
    echo "runs/amx.sh: unknown argument $1; --help shows what there is" >&2
    exit 2
    ;;
  esac
  shift
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
table=$work/table.md
failed=0
part() {
  local name=$1 started=$SECONDS
  shift
  echo "runs/amx.sh: $name" >&2
  printf '\n## %s\n\n`%s`\n\n```\n' "$name" "${*/#$root\//}" >>"$table"
  if "$@" >"$work/output" 2>"$work/errors"; then
    cat "$work/output" >>"$table"
    printf '```\n\n%d s in all\n' $((SECONDS - started)) >>"$table"
  else
    cat "$work/output" "$work/errors" >>"$table"
    printf '```\n\nFAILED after %d s\n' $((SECONDS - started)) >>"$table"
    failed=1
  fi
}
leave_out() { printf '\n## %s\n\nleft out: %s\n' "$1" "$2" >>"$table"; }
bench() {
  local name=$1 group=$2
  shift 2
  part "$name" "$nanochat" bench "$group" --no-history --threads "$threads" "$@"
}
tests() {
  "$root/mvnw" -B -f "$root/pom.xml" test -am -pl "$1" -Dtest="$2" -Dsurefire.failIfNoSpecifiedTests=false "${@:3}" >"$work/maven" 2>&1 || {
    cat "$work/maven"
    return 1
  }
  grep -E 'Tests run: .* in |skipped|no tiles' "$work/maven"
}

{
  echo "# BF16, $(date -u +%Y-%m-%d)"
  echo
  echo "Commit $(git -C "$root" rev-parse --short HEAD 2>/dev/null || echo unknown), $(uname -srm), $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $threads threads"
} >"$table"
part "Which kernels run" "$nanochat" devices
unit=
! grep -q 'matrix unit (AMX)' "$work/output" || unit=yes

part "Machine code, $shapes random shapes, guard pages, collections for $stress s" tests engine/core \
  'AssemblerTest,CodePageTest,ProductsTest,Tile*Test,MatrixUnitTest,CollectionsTest,Bf16Test' "-Dnanochat4j.shapes=$shapes" "-Dnanochat4j.stress.seconds=$stress"
if [ -n "$toy" ]; then
  leave_out "Goldens in BF16; a replayed step allocates nothing" "--toy"
else
  part "Goldens in BF16; a replayed step allocates nothing" tests model,train 'Bf16*Test,AllocationTest'
fi

types=(f32 bf16)
for type in "${types[@]}"; do
  bench "Matrix products, $type" gemm --dtype "$type" ${gemm[@]+"${gemm[@]}"}
  for depth in "${depths[@]}"; do
    bench "Training, depth $depth, $type" train --depth "$depth" --dtype "$type" "${step[@]}"
  done
  bench "Reading a prompt, $type" decode --tokens 2 --dtype "$type" "${prefill[@]}"
done
if [ -n "$unit" ]; then
  bench "Matrix products, bf16, without machine code" gemm --dtype bf16 --no-machine-code ${gemm[@]+"${gemm[@]}"}
  bench "Training, depth ${depths[0]}, bf16, without machine code" train --depth "${depths[0]}" --dtype bf16 --no-machine-code "${step[@]}"
else
  leave_out "Without machine code" "there is no matrix unit to compare with"
fi

if [ -n "$data" ]; then
  for type in "${types[@]}"; do
    part "Curve, $type" "$nanochat" train --data "$data" --dtype "$type" --threads "$threads" --model-tag "amx-$type" --replace --sample-every -1 "${run[@]}"
  done
else
  leave_out "Curves" "give --data"
fi

if [ -n "$peer" ]; then
  part "Beside PyTorch" "$root/bench/peer/compare.sh" --peer "$peer" --nanochat "$nanochat" --threads "$threads" --dtypes f32,bf16 \
    --groups gemm,train,prefill,decode ${compare[@]+"${compare[@]}"}
else
  leave_out "Beside PyTorch" "give --peer"
fi

mv "$table" "$out"
echo "runs/amx.sh: $out is written$([ $failed -eq 0 ] || echo ', with failures')"
exit $failed

"""
A training run of this program once more by PyTorch's nanochat: the same weights at the start, the same tokenizer, text, batches and options.

The checkout's own scripts/base_train.py runs in this process, with its model, optimizer, schedules, loader and evaluation. Beside it stand what it finds in
its base folder (the run's tokenizer, converted, and dataset), and weights: those that `nanochat train` begins with, which it saves after one step at learning
rate 0. What it prints is compared with the run's metrics.jsonl. Runs on the Python that has torch.
"""

import argparse
import contextlib
import io
import json
import os
import pickle
import re
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path

from peer import byte_units, stand_ins

HERE = Path(__file__).resolve().parent
TORCH = {"f32": "float32", "bf16": "bfloat16"}
MODEL = "depth aspect_ratio head_dim max_seq_len window_pattern".split()
HORIZON = "num_iterations target_flops target_param_data_ratio device_batch_size total_batch_size".split()
RATES = "embedding_lr unembedding_lr weight_decay matrix_lr scalar_lr".split()
SCHEDULE = "warmup_steps warmdown_ratio final_lr_frac".split()
EVALUATION = "eval_every eval_tokens".split()
STILL = dict.fromkeys("embedding_lr unembedding_lr matrix_lr scalar_lr".split(), 0)


def words(options, names):
    return [f"--{name.replace('_', '-')}={options[name]}" for name in names]


class Run:
    """What a run of ours has recorded."""

    def __init__(self, folder):
        self.folder = folder
        self.name = folder.name
        self.losses, self.bpb = {}, {}
        with open(folder / "metrics.jsonl", encoding="utf-8") as file:
            for line in map(json.loads, file):
                if line["kind"] == "run":
                    self.options, self.data = line["options"], Path(line["data"]["folder"])
                elif line["kind"] == "step":
                    self.losses[line["step"]] = line["train/smooth_loss"]
                elif line["kind"] == "validation":
                    self.bpb[line["step"]] = line["val/bpb"]

    def checkpoint(self):
        return max(self.folder.glob("step_*"))

    def first_weights(self, nanochat, out):
        """The weights before the first step: one step is taken that moves nothing but the smear scalars, whose rate is fixed, and those by 1e-10."""
        if self.options["architecture"] != "current":
            raise SystemExit(f"{self.name} is of the architecture {self.options['architecture']}, which the checkout does not train")
        horizon = [name for name in HORIZON if name not in ("num_iterations", "target_flops")]
        command = [str(nanochat), "train", *words(self.options, MODEL + horizon), *words(STILL, STILL)]
        command += ["--num-iterations=1", "--warmup-steps=2000000000", "--eval-every=-1", "--sample-every=-1"]
        command += [f"--seed={self.options['seed']}", "--dtype=f32", "--embedding-dtype=f32", "--data", str(self.data)]
        command += ["--tokenizer", str(self.checkpoint()), "--out", str(out)]
        subprocess.run(command, check=True, stdout=sys.stderr)
        return out / "step_000001" / "model.safetensors"


def tokenizer(file, folder):
    """Our tokenizer as the checkout's scripts/tok_train.py saves one: a pickled tiktoken encoding, and the bytes of each token."""
    import tiktoken
    import torch

    saved = json.loads(file.read_text(encoding="utf-8"))
    special = {token["content"]: token["id"] for token in saved["added_tokens"]}
    units = byte_units()
    ranks = {
        bytes(units[unit] for unit in token): rank
        for token, rank in saved["model"]["vocab"].items()
        if token not in special
    }
    pattern = saved["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"]
    encoding = tiktoken.Encoding("ours", pat_str=pattern, mergeable_ranks=ranks, special_tokens=special)
    sizes = torch.zeros(encoding.n_vocab, dtype=torch.int32)
    for token, rank in ranks.items():
        sizes[rank] = len(token)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.pkl").write_bytes(pickle.dumps(encoding))
    torch.save(sizes, folder / "token_bytes.pt")


def widened():
    """Products of BF16 tensors as products in F32 that are rounded to BF16 once: what a matrix unit computes, at the speed of F32 where there is none."""
    import torch
    from torch.overrides import TorchFunctionMode

    products = {torch.nn.functional.linear, torch.matmul, torch.Tensor.matmul, torch.Tensor.__matmul__}
    products.add(torch.nn.functional.scaled_dot_product_attention)

    class Widened(TorchFunctionMode):
        def __torch_function__(self, function, types, args=(), kwargs=None):
            if function in products and args[0].dtype == torch.bfloat16:
                return function(*(tensor.float() for tensor in args), **(kwargs or {})).bfloat16()
            return function(*args, **(kwargs or {}))

    return Widened()


class Enough(Exception):
    """The step of --stop-after is done."""


class Watch(io.TextIOBase):
    """Takes what the checkout prints; tells of losses and bits per byte beside ours."""

    def __init__(self, runs, every, stop_after, log):
        self.runs, self.every, self.stop_after, self.log = runs, every, stop_after, log
        self.losses, self.bpb = {}, {}
        self.line = ""

    def write(self, text):
        self.log.write(text)
        self.log.flush()
        *lines, self.line = (self.line + text).split("\n")
        for line in lines:
            self.read(line)
        return len(text)

    def read(self, line):
        if match := re.match(r"step (\d+)/\d+ .*? loss: ([\d.]+|nan)", line):
            step = int(match[1])
            self.losses[step] = float(match[2])
            if step < 3 or step % self.every == 0 or step == self.stop_after:
                self.row(step, "smoothed loss", self.losses[step], [run.losses.get(step) for run in self.runs])
            if step == self.stop_after:
                raise Enough
        elif match := re.match(r"Step (\d+) \| Validation bpb: ([\d.]+|nan)", line):
            step = int(match[1])
            self.bpb[step] = float(match[2])
            self.row(step, "bits per byte", self.bpb[step], [run.bpb.get(step) for run in self.runs])

    def row(self, step, what, theirs, ours):
        cells = [f"{'':10}" if x is None else f"{x:10.6f} ({theirs / x:.5f})" for x in ours]
        print(f"{step:6}  {what}  {theirs:10.6f}  " + "  ".join(cells), file=sys.__stdout__, flush=True)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--peer", type=Path, required=True, help="checkout of github.com/karpathy/nanochat")
    add("--run", type=Path, required=True, help="folder of the run of ours whose options count")
    add("--beside", type=Path, nargs="*", default=[], help="folders of further runs to print beside it")
    add("--nanochat", type=Path, default=HERE.parent.parent / "nanochat", help="our program")
    add("--dtype", choices=TORCH, help="type that PyTorch computes in (default: the run's)")
    add("--widen", action="store_true", help="compute products of BF16 in F32, rounded once: for processors without BF16")
    add("--eager", action="store_true", help="do not compile the peer's model and optimizer; --widen never does")
    add("--threads", type=int, default=os.cpu_count(), help="threads of PyTorch (default: all)")
    add("--every", type=int, default=50, help="steps between printed losses")
    add("--stop-after", type=int, help="end after this step, from 0")
    add("--work", type=Path, help="folder for weights, tokenizer and log, used again if it is there (default: temporary)")
    add("--no-evaluation", action="store_true", help="losses of training only")
    args = parser.parse_args()
    if not (args.peer / "scripts" / "base_train.py").is_file():
        parser.error(f"{args.peer} is no checkout of nanochat: it has no scripts/base_train.py")
    return args


def train(args, runs, work):
    """The checkout's base training over our weights, with what it prints watched."""
    run = runs[0]
    dtype = args.dtype or run.options["dtype"]
    os.environ.update(NANOCHAT_BASE_DIR=str(work), NANOCHAT_DTYPE=TORCH[dtype], OMP_NUM_THREADS=str(args.threads))
    if args.eager or args.widen:
        os.environ["TORCHDYNAMO_DISABLE"] = "1"
    weights = work / "first" / "step_000001" / "model.safetensors"
    if not weights.exists():
        weights = run.first_weights(args.nanochat, work / "first")
    tokenizer(run.checkpoint() / "tokenizer.json", work / "tokenizer")
    dataset = work / "base_data_climbmix"  # where the checkout looks for text, of whatever kind
    if not dataset.exists():
        dataset.symlink_to(run.data.resolve(), target_is_directory=True)

    import torch
    from safetensors.torch import load_file

    torch.set_num_threads(args.threads)
    sys.dont_write_bytecode = True  # the checkout stays as it is
    sys.path.insert(0, str(args.peer))
    stand_ins()
    from nanochat.gpt import GPT

    initialise = GPT.init_weights

    def ours(model):
        initialise(model)  # the rotary tables and the types
        model.load_state_dict(load_file(weights))

    GPT.init_weights = ours
    sys.argv = ["base_train.py", *words(run.options, MODEL + HORIZON + RATES + SCHEDULE + EVALUATION)]
    sys.argv += ["--device-type=cpu", "--core-metric-every=-1", "--sample-every=-1"]
    sys.argv += ["--eval-every=-1"] if args.no_evaluation else []
    names = "  ".join(f"{one.name:20}" for one in runs)
    products = ", products widened to F32" if args.widen else ""
    print(f"PyTorch {torch.__version__} computes in {dtype}{products}; beside ours, with its ratio to them\n")
    print(f"  step  {'':13}  {'PyTorch':>10}  {names}", flush=True)
    with open(work / f"{dtype}.log", "w", encoding="utf-8") as log:
        watch = Watch(runs, args.every, args.stop_after, log)
        mode = widened() if args.widen else contextlib.nullcontext()
        with contextlib.redirect_stdout(watch), contextlib.suppress(Enough), mode:
            runpy.run_path(str(args.peer / "scripts" / "base_train.py"), run_name="__main__")


def main():
    args = arguments()
    runs = [Run(folder) for folder in (args.run, *args.beside)]
    with contextlib.ExitStack() as stack:
        work = args.work or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        work.mkdir(parents=True, exist_ok=True)
        train(args, runs, work.resolve())


if __name__ == "__main__":
    main()

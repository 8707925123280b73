"""
PyTorch's nanochat and this one in one run, alternating: medians of each side, and ours over theirs.

Each side is one long-lived process that measures on command (`nanochat bench serve` here, peer.py there), so neither compiles while it is timed, and
the other one waits meanwhile. Both get the same number of threads. What is compared: matrix products, training (compiled), reading a prompt, decoding,
each in the types of --dtypes and named by it; learning a vocabulary (HuggingFace tokenizers), encoding (tiktoken). With several types there are also rows of
each side's better choice, from the same measurements. Runs on the Python that has torch.
"""

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
GROUPS = ("gemm", "train", "decode", "prefill", "tokenizer")
TORCH = {"f32": "float32", "bf16": "bfloat16"}


class Side:
    """A process that answers one line with one line."""

    def __init__(self, command, environment, log):
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=environment, text=True
        )
        self.name = command[0]

    def ask(self, question):
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.name} ended with exit code {self.process.wait()}; see the log")
        answer = json.loads(line)
        if "error" in answer:
            raise SystemExit(f"{self.name} cannot measure {question}:\n{answer['error']}")
        return answer

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Comparison:
    def __init__(self, args):
        self.args = args
        self.rows = []
        self.log = open(args.log, "w")
        environment = dict(os.environ)
        environment.update(
            OMP_NUM_THREADS=str(args.threads),
            MKL_NUM_THREADS=str(args.threads),
            RAYON_NUM_THREADS=str(args.threads),
            TOKENIZERS_PARALLELISM="true" if args.threads > 1 else "false",
            PYTHONUNBUFFERED="1",
        )
        self.environment = environment
        self.ours = Side([str(args.nanochat), "bench", "serve"], dict(os.environ), self.log)
        self.peers = {}

    def peer(self, dtype="f32"):
        """PyTorch's nanochat computes in one type per process."""
        if dtype not in self.peers:
            command = [sys.executable, str(HERE / "peer.py"), "--peer", str(self.args.peer)]
            command += ["--threads", str(self.args.threads)]
            self.peers[dtype] = Side(command, dict(self.environment, NANOCHAT_DTYPE=TORCH[dtype]), self.log)
        return self.peers[dtype]

    def measure(self, *words):
        return self.ours.ask([*words, "--threads", str(self.args.threads)])["result"]

    def alternate(self, name, ours, theirs, unit):
        """Speeds of both sides, who begins changing each time; a row of medians."""
        one, other = [], []
        for round in range(self.args.alternations):
            for side in (ours, theirs) if round % 2 == 0 else (theirs, ours):
                (one if side is ours else other).append(side())
        return self.row(name, one, other, unit)

    def row(self, name, one, other, unit):
        ratios = [a / b for a, b in zip(one, other)]
        row = {
            "name": name,
            "unit": unit,
            "ratio": statistics.median(one) / statistics.median(other),
            "lowest_ratio": min(ratios),
            "highest_ratio": max(ratios),
            "ours": statistics.median(one),
            "peer": statistics.median(other),
            "ours_all": one,
            "peer_all": other,
        }
        self.rows.append(row)
        print(
            f"{row['ratio']:6.2f}  ({row['lowest_ratio']:.2f} to {row['highest_ratio']:.2f})  "
            f"{digits(row['ours'])} {digits(row['peer'])} {unit:<10} {name}",
            flush=True,
        )
        return row

    def gemm(self):
        args = self.args
        shapes = [(args.square, args.square, args.square, case) for case in ("NN", "NT", "TN")]
        for depth in args.depths:
            c = 64 * depth
            for rows, columns in ((c, c), (4 * c, c), (c, 4 * c)):  # forward, gradient of the input, of the weight
                shapes.append((args.batch_tokens, rows, columns, "NT"))
                shapes.append((args.batch_tokens, columns, rows, "NN"))
                shapes.append((rows, columns, args.batch_tokens, "TN"))
        for dtype in args.dtypes:
            ratios = []
            for m, n, k, case in shapes:
                work = 2e-9 * m * n * k
                ask = dict(what="gemm", m=m, n=n, k=k, case=case, rounds=5, seconds=args.seconds, warm_seconds=args.seconds)
                options = ["--shape", f"{m}x{n}x{k}:{case}", "--dtype", dtype, "--seconds", str(args.seconds)]
                options += ["--warmup-seconds", str(args.seconds), "--rounds", "5"]
                row = self.alternate(
                    f"gemm {m}x{n}x{k} {case}, {dtype}",
                    lambda: self.measure("gemm", *options)["kernels"][0]["gflops"],
                    lambda: work / self.peer(dtype).ask(dict(ask))["seconds"],
                    "GFLOP/s",
                )
                ratios.append(row["ratio"])
            self.note(f"gemm, {dtype}: mean ratio {statistics.mean(ratios):.2f}, lowest {min(ratios):.2f}")

    def shape(self, depth):
        args = self.args
        values = dict(
            depth=depth, aspect_ratio=64, head_dim=64, seq_len=args.seq_len, vocab_size=args.vocab_size
        )
        words = [word for name, value in values.items() for word in ("--" + name.replace("_", "-"), str(value))]
        return values, words

    def train(self):
        args = self.args
        for depth in args.train_depths:
            ours, theirs = {}, {}
            for dtype in args.dtypes:
                ours[dtype], theirs[dtype] = self.train_in(depth, dtype)
            for one, other in itertools.product(args.dtypes, repeat=2):
                name = f"train depth {depth}, better micro-batch of each, ours {one}, peer {other}"
                self.row(name, ours[one], theirs[other], "tok/s")

    def train_in(self, depth, dtype):
        """Speeds of both sides' better micro-batches."""
        args = self.args
        values, words = self.shape(depth)
        step = ["--total-batch-size", str(args.total), "--dtype", dtype, "--no-profile"]
        tried = self.measure("train", *words, *step, "--steps", "2", "--warmup", "1")
        best_rows = tried["micro_batch"]
        self.note(f"train depth {depth}, {dtype}: our better micro-batch is {best_rows} rows")
        one, other = [], []
        for rows in dict.fromkeys([*args.micro_batches, best_rows]):
            ask = dict(what="train", rows=rows, total=args.total, compile=not args.eager, **values)
            ask.update(steps=args.steps, warm_up=1)
            memory = {"ours": 0, "peer": 0}

            def ours():
                options = ["--device-batch-size", str(rows), "--steps", str(args.steps), "--warmup", "1"]
                result = self.measure("train", *words, *step, *options)
                memory["ours"] = max(memory["ours"], result["peak_memory"] or 0)
                return result["tok_per_sec"]

            def theirs():
                result = self.peer(dtype).ask(dict(ask))
                memory["peer"] = max(memory["peer"], result["peak_memory"] or 0)
                return args.total / result["seconds"]

            row = self.alternate(f"train depth {depth}, micro-batch {rows}, {dtype}", ours, theirs, "tok/s")
            row["peak_memory"] = memory
            one.append(row["ours_all"])
            other.append(row["peer_all"])
            if all(memory.values()):
                self.note(
                    f"  peak resident memory: ours {memory['ours'] / 2**30:.2f} GiB, peer {memory['peer'] / 2**30:.2f} GiB"
                )
        return max(one, key=statistics.median), max(other, key=statistics.median)

    def generate(self, depth, prompt, tokens, batch, figure):
        name = f"{figure} depth {depth}, prompt {prompt}, batch {batch}"
        ours, theirs = {}, {}
        for dtype in self.args.dtypes:
            row = self.generate_in(dtype, name, depth, prompt, tokens, batch, figure)
            ours[dtype], theirs[dtype] = row["ours_all"], row["peer_all"]
        if len(ours) > 1:
            one, other = (max(side, key=lambda dtype: statistics.median(side[dtype])) for side in (ours, theirs))
            self.row(f"{name}, better type of each: ours {one}, peer {other}", ours[one], theirs[other], "tok/s")

    def generate_in(self, dtype, name, depth, prompt, tokens, batch, figure):
        values, words = self.shape(depth)
        ask = dict(what="decode", prompt=prompt, tokens=tokens, batch=batch, rounds=1, warm_up=1, **values)
        options = ["decode", *words, "--dtype", dtype, "--prompt", str(prompt), "--tokens", str(tokens)]
        options += ["--batch", str(batch), "--rounds", "1", *self.args.ours_decode]
        # before the first alternation, so that both have compiled what they compile
        self.measure(*options, "--warmup", "3")
        self.peer(dtype).ask(dict(ask, warm_up=3))
        count = batch * (prompt if figure == "prefill" else 1)
        return self.alternate(
            f"{name}, {dtype}",
            lambda: self.measure(*options, "--warmup", "1")[f"{figure}_tok_per_sec"],
            lambda: count / self.peer(dtype).ask(dict(ask))[figure],
            "tok/s",
        )

    def decode(self):
        for depth in self.args.decode_depths:
            for batch in self.args.batches:
                self.generate(depth, 64, self.args.tokens, batch, "decode")

    def prefill(self):
        for depth in self.args.decode_depths:
            self.generate(depth, self.args.seq_len, 2, 1, "prefill")

    def tokenizer(self):
        args = self.args
        if args.text is None:
            self.note("tokenizer: left out; give --text FILE")
            return
        with tempfile.TemporaryDirectory() as folder:
            documents = Path(folder) / "documents.jsonl"
            size = write_documents(args.text, documents, args.megabytes) / 1e6
            trained = Path(folder) / "tokenizer"
            command = [str(args.nanochat), "tok", "train", "--input", str(documents), "--out", str(trained)]
            command += ["--vocab-size", str(args.tokenizer_size), "--doc-cap", str(2**31 - 1)]
            subprocess.run(command, check=True, stdout=self.log, stderr=self.log)
            tokenizer = json.loads((trained / "tokenizer.json").read_text(encoding="utf-8"))
            special = [token["content"] for token in tokenizer["added_tokens"]]
            ranks = {token: id for token, id in tokenizer["model"]["vocab"].items() if token not in special}
            pattern = find_pattern(tokenizer["pre_tokenizer"])
            words = ["tokenizer", "--input", str(documents), "--megabytes", str(size + 1), "--rounds", "1"]
            words += ["--vocab-size", str(args.tokenizer_size)]
            learn = dict(what="learn", documents=str(documents), pattern=pattern, special_tokens=special)
            learn.update(vocab_size=args.tokenizer_size)
            encode = dict(what="encode", documents=str(documents), pattern=pattern, ranks=ranks)
            ours, learned, encoded = [], [], []
            for round in range(args.alternations):
                sides = [
                    lambda: ours.append(self.measure(*words)),
                    lambda: (learned.append(self.peer().ask(dict(learn))), encoded.append(self.peer().ask(dict(encode)))),
                ]
                for side in sides if round % 2 == 0 else reversed(sides):
                    side()
            same = {result["tokens"] for result in ours} | {result["tokens"] for result in encoded}
            if len(same) != 1:
                raise SystemExit(f"the two encoders disagree: {sorted(same)} tokens of the same text")
            speed = lambda result, work, at: result[work][at]["megabytes_per_second"]
            self.row(
                f"learning {args.tokenizer_size} ids from {size:.1f} MB, beside HuggingFace",
                [speed(result, "training", -1) for result in ours],
                [size / result["seconds"] for result in learned],
                "MB/s",
            )
            for at, threads in ((0, 1), (-1, args.threads)):
                self.row(
                    f"encoding with {threads} thread(s), beside tiktoken",
                    [speed(result, "encoding", at) for result in ours],
                    [size / result[str(threads)] for result in encoded],
                    "MB/s",
                )

    def note(self, text):
        print(text, flush=True)

    def close(self):
        for side in [self.ours, *self.peers.values()]:
            side.close()
        self.log.close()


def digits(value):
    return f"{value:12,.1f}" if value >= 10 else f"{value:12.3f}"


def find_pattern(node):
    """The split pattern in a tokenizer.json."""
    if node["type"] == "Sequence":
        return next(filter(None, map(find_pattern, node["pretokenizers"])))
    return node["pattern"]["Regex"] if node["type"] == "Split" else None


def documents_of(file):
    if file.suffix == ".parquet":
        import pyarrow.parquet

        for batch in pyarrow.parquet.ParquetFile(file).iter_batches(columns=["text"]):
            yield from batch.column(0).to_pylist()
    elif file.suffix == ".jsonl":
        with open(file, encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)["text"]
    else:
        yield from filter(str.strip, file.read_text(encoding="utf-8").split("\n\n"))


def write_documents(text, target, megabytes):
    """Documents until there are enough bytes, the same for both sides; returns the bytes."""
    size = 0
    with open(target, "w", encoding="utf-8") as out:
        for file in sorted(text.rglob("*.parquet")) if text.is_dir() else [text]:
            for document in documents_of(file):
                if size >= 1e6 * megabytes:
                    return size
                out.write(json.dumps({"text": document}) + "\n")
                size += len(document.encode("utf-8"))
    return size


def arguments():
    numbers = lambda text: [int(word) for word in text.split(",")]
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    add = parser.add_argument
    add("--peer", type=Path, required=True, help="checkout of PyTorch's nanochat")
    add("--nanochat", type=Path, default=HERE.parent.parent / "nanochat", help="our launcher")
    add("--groups", default=",".join(GROUPS), help="what to compare")
    add("--alternations", type=int, default=5, help="measurements of each side")
    add("--threads", type=int, default=os.cpu_count(), help="threads of each side")
    add("--json", type=Path, default=None, help="also write all figures into this file")
    add("--log", default=os.devnull, help="where both sides' progress goes")
    add("--dtypes", type=lambda text: text.split(","), default="f32", help="types that both sides compute in, of f32 and bf16")
    add("--depths", type=numbers, default="4,6,12", help="depths of the matrix products")
    add("--square", type=int, default=2048, help="extent of the square products")
    add("--batch-tokens", type=int, default=4096, help="tokens of a micro-batch in the matrix products")
    add("--seconds", type=float, default=0.5, help="seconds to warm up, and to time, each product")
    add("--train-depths", type=numbers, default="4,6", help="depths that are trained")
    add("--seq-len", type=int, default=512, help="tokens of a row, and of the prompt of prefill")
    add("--vocab-size", type=int, default=32768, help="vocabulary of the models")
    add("--total", type=int, default=16384, help="tokens of a step")
    add("--micro-batches", type=numbers, default="32,8", help="rows of a micro-batch that both sides train with")
    add("--steps", type=int, default=2, help="steps of each measurement, after one that does not count")
    add("--eager", action="store_true", help="do not compile the peer's model")
    add("--decode-depths", type=numbers, default="4,12", help="depths that generate")
    add("--tokens", type=int, default=128, help="tokens decoded after a prompt of 64")
    add("--batches", type=numbers, default="1", help="rows decoded together")
    add("--ours-decode", type=str.split, default=[], help="more options for our side's decoding, one string")
    add("--text", type=Path, default=None, help="text for the tokenizers: .jsonl, .parquet, plain, or a folder of parquet files")
    add("--megabytes", type=float, default=20, help="so much of it, 10^6 bytes")
    add("--tokenizer-size", type=int, default=32768, help="ids that the tokenizers learn")
    args = parser.parse_args()
    unknown = set(args.groups.split(",")) - set(GROUPS)
    if unknown:
        parser.error(f"no group {', '.join(sorted(unknown))}; choose of {', '.join(GROUPS)}")
    if not args.dtypes or set(args.dtypes) - set(TORCH):
        parser.error(f"--dtypes takes {' and '.join(TORCH)}, separated by a comma")
    if not (args.peer / "nanochat" / "gpt.py").is_file():
        parser.error(f"{args.peer} is no checkout of nanochat: it has no nanochat/gpt.py")
    if args.alternations < 1:
        parser.error("--alternations must be at least 1")
    return args


def main():
    args = arguments()
    comparison = Comparison(args)
    print(f" ratio  (lowest to highest)        ours         peer unit       what, threads {args.threads}", flush=True)
    for group in args.groups.split(","):
        getattr(comparison, group)()
    comparison.close()
    if args.json is not None:
        temporary = args.json.with_name("." + args.json.name + ".tmp")
        temporary.write_text(json.dumps({"threads": args.threads, "rows": comparison.rows}, indent=1))
        os.replace(temporary, args.json)


if __name__ == "__main__":
    main()

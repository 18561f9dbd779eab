"""`crossover model create`, `inspect`, `embed` and `bench`, as a user would call them, and what they
refuse.

Usage: model_test.py PROGRAM SOURCE_ROOT
"""

import json
import os
import pathlib
import resource
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import program  # noqa: E402
from program import CELLS_FAILED, DONE, ENVIRONMENT, INTERRUPTED, USAGE  # noqa: E402
from program import WithFolder, crossover  # noqa: E402

TINY_BYTES = {"q8_0": 1_800_000, "f16": 3_300_000, "bf16": 3_300_000, "f32": 6_400_000}


class WithModels(WithFolder):
    def create(self, name: str = "tiny.gguf", *options: object) -> pathlib.Path:
        path = self.folder / name
        result = crossover("model", "create", "--preset", "tiny-encoder", *options, path)
        self.assertEqual(result.returncode, DONE, result.stderr)
        self.assertIn("million weights", result.stdout)
        return path

    def inspect(self, path: pathlib.Path) -> dict:
        result = crossover("model", "inspect", path, "--format", "json")
        self.assertEqual(result.returncode, DONE, result.stderr)
        return json.loads(result.stdout)

    def assert_refused(self, status: int, message: str, *arguments: object) -> None:
        result = crossover("model", *arguments)
        self.assertEqual(result.returncode, status, result.stderr)
        self.assertIn(message, result.stderr)
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)


class Create(WithModels):
    def test_every_type(self):
        for kind, size in TINY_BYTES.items():
            path = self.create(f"{kind}.gguf", "--type", kind)
            self.assertAlmostEqual(path.stat().st_size, size, delta=0.15 * size)
            totals = {row["type"]: row for row in self.inspect(path)["totals"]}
            self.assertEqual(totals[kind]["tensors"], 82 if kind == "f32" else 45)
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()),
                         sorted(f"{kind}.gguf" for kind in TINY_BYTES))

    def test_the_seed_decides_the_bytes(self):
        one = self.create("one.gguf").read_bytes()
        self.assertEqual(one, self.create("again.gguf", "--seed", 1).read_bytes())
        self.assertNotEqual(one, self.create("other.gguf", "--seed", 2).read_bytes())

    def test_the_text_decides_the_vocabulary(self):
        text = self.folder / "text.txt"
        text.write_text("low low low lower lowest")
        path = self.create("own.gguf", "--text", text)
        metadata = {row["key"]: row for row in self.inspect(path)["metadata"]}
        self.assertEqual(metadata["tokenizer.ggml.merges"]["value"],
                         ["l o", "lo w", "Ġ low", "Ġlow e"])
        self.assertEqual(metadata["tokenizer.ggml.tokens"]["length"], 4096)

    def test_bad_usage(self):
        out = self.folder / "out.gguf"
        self.assert_refused(USAGE, "needs --preset NAME; one of embeddinggemma-300m, tiny-encoder",
                            "create", out)
        self.assert_refused(USAGE, "unknown preset 'tiny-encodr' of model create; did you mean "
                            "'tiny-encoder'?", "create", "--preset", "tiny-encodr", out)
        tiny = ("create", "--preset", "tiny-encoder")
        self.assert_refused(USAGE, "--type = q4_k; expected one of q8_0, f16, bf16, f32",
                            *tiny, "--type", "q4_k", out)
        self.assert_refused(USAGE, "--seed = -1; expected 0 or more", *tiny, "--seed=-1", out)
        self.assert_refused(USAGE, "cannot be read, or is empty",
                            *tiny, "--text", self.folder / "missing.txt", out)
        self.assert_refused(USAGE, "needs the name of a file", *tiny)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_places_that_cannot_be_written(self):
        file = self.folder / "file"
        file.write_text("kept")
        self.assert_refused(ENVIRONMENT, "cannot write", "create", "--preset", "tiny-encoder",
                            file / "out.gguf")
        self.assert_refused(ENVIRONMENT, "is a folder", "create", "--preset", "tiny-encoder",
                            self.folder)
        self.assertEqual([path.name for path in self.folder.iterdir()], ["file"])
        self.assertEqual(file.read_text(), "kept")

    def test_a_full_disk_keeps_the_old_file(self):
        out = self.folder / "out.gguf"
        out.write_text("old")
        result = subprocess.run(
            [program.PROGRAM, "model", "create", "--preset", "tiny-encoder", out],
            capture_output=True, text=True, check=False, timeout=60,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)),
        )
        self.assertEqual(result.returncode, ENVIRONMENT, result.stderr)
        self.assertIn(f"cannot write {out}: File too large", result.stderr)
        self.assertEqual([path.name for path in self.folder.iterdir()], ["out.gguf"])
        self.assertEqual(out.read_text(), "old")

    def test_interruption_leaves_nothing(self):
        out = self.folder / "out.gguf"
        process = subprocess.Popen(
            [program.PROGRAM, "model", "create", "--preset", "embeddinggemma-300m", out],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        while process.poll() is None and not list(self.folder.iterdir()):
            time.sleep(0.001)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, INTERRUPTED)
        self.assertEqual(list(self.folder.iterdir()), [])


class Inspect(WithModels):
    def test_json(self):
        path = self.create()
        document = self.inspect(path)
        self.assertEqual(list(document), ["file", "bytes", "version", "alignment", "metadata",
                                          "tensors", "totals"])
        self.assertEqual(document["bytes"], path.stat().st_size)
        metadata = {row["key"]: row for row in document["metadata"]}
        self.assertEqual(metadata["general.architecture"],
                         {"key": "general.architecture", "type": "string",
                          "value": "gemma-embedding"})
        self.assertEqual(
            metadata["gemma-embedding.attention.layer_norm_rms_epsilon"]["value"], 1e-6)
        tokens = metadata["tokenizer.ggml.tokens"]
        self.assertEqual((tokens["element_type"], tokens["length"]), ("string", 4096))
        self.assertEqual(tokens["value"][:5], ["<pad>", "<eos>", "<bos>", "<unk>", "Ā"])
        tensors = {row["name"]: row for row in document["tensors"]}
        self.assertEqual(tensors["token_embd.weight"]["shape"], [128, 4096])
        self.assertEqual(tensors["token_embd.weight"]["bytes"], 128 * 4096 // 32 * 34)
        self.assertEqual(sum(row["bytes"] for row in document["totals"]),
                         sum(row["bytes"] for row in document["tensors"]))

    def test_text(self):
        result = crossover("model", "inspect", self.create())
        self.assertEqual(result.returncode, DONE, result.stderr)
        self.assertRegex(result.stdout, r"GGUF version 3, \d+ bytes, 31 keys, 82 tensors\n")
        self.assertRegex(result.stdout,
                         r"tokenizer\.ggml\.tokens +string\[4096\] +\['<pad>', .*, \.\.\.\]\n")
        self.assertRegex(result.stdout, r"layer_norm_rms_epsilon +f32 +1e-06\n")
        self.assertRegex(result.stdout, r"\ntoken_embd\.weight +q8_0 +128 x 4096 +557056\n")
        self.assertRegex(result.stdout, r"\nq8_0 +45 +\d+ +\d+\n")

    def test_control_characters_do_not_reach_the_terminal(self):
        path = self.create("evil.gguf")
        path.write_bytes(path.read_bytes().replace(b"<eos>", b"\x1b[2J\x07", 1))
        result = crossover("model", "inspect", path)
        self.assertEqual(result.returncode, DONE, result.stderr)
        self.assertNotIn("\x1b", result.stdout)
        self.assertIn("\\x1b[2J\\x07", result.stdout)

    def test_damaged_files(self):
        path = self.create()
        whole = path.read_bytes()
        path.write_bytes(whole[:1000])
        self.assert_refused(USAGE, f"{path}: byte ", "inspect", path)
        path.write_bytes(whole[:-100_000])
        self.assert_refused(USAGE, "ends beyond the file", "inspect", path)
        path.write_bytes(b"")
        self.assert_refused(USAGE, f"{path}: byte 0: the file is empty", "inspect", path)
        path.write_text("no model")
        self.assert_refused(USAGE, "begins with 'no m'; expected 'GGUF'", "inspect", path)

    def test_bad_usage(self):
        self.assert_refused(USAGE, "needs a GGUF file", "inspect")
        self.assert_refused(USAGE, "No such file", "inspect", self.folder / "missing.gguf")
        self.assert_refused(USAGE, "is a folder", "inspect", self.folder)
        self.assert_refused(USAGE, "unknown action 'inspct' of model; did you mean 'inspect'?",
                            "inspct")
        self.assert_refused(USAGE, "--format = xml", "inspect", "x", "--format", "xml")

    def test_a_file_that_may_not_be_read(self):
        if os.geteuid() == 0:
            self.skipTest("root may read every file")
        path = self.create()
        path.chmod(0)
        self.assert_refused(ENVIRONMENT, "Permission denied", "inspect", path)

    def test_reference_models(self):
        shared = pathlib.Path(os.environ.get("CROSSOVER_SHARED", program.ROOT / "../shared"))
        files = sorted(shared.glob("reference/*.gguf")) + sorted(shared.glob("vocab/*.gguf"))
        if not files:
            self.skipTest(f"no models in {shared}")
        for path in files:
            document = self.inspect(path)
            keys = {row["key"] for row in document["metadata"]}
            self.assertIn("tokenizer.ggml.tokens", keys)
            self.assertEqual(bool(document["tensors"]), "reference" in path.parts)


MODES = (("--granularity", "serial"), ("--granularity", "fine", "--threads", 2),
         ("--granularity", "coarse", "--threads", 2, "--schedule", "stealing"),
         ("--granularity", "hybrid", "--threads", 2, "--teams", 1),
         ("--granularity", "packed", "--threads", 2, "--regions", "team"))


class Embed(WithModels):
    def texts(self, content: bytes, name: str = "texts.txt") -> pathlib.Path:
        path = self.folder / name
        path.write_bytes(content)
        return path

    def embed(self, model: pathlib.Path, texts: pathlib.Path, *options: object) -> list[dict]:
        result = crossover("model", "embed", "--model", model, "--texts", texts, "--format", "json",
                           *options)
        self.assertEqual(result.returncode, DONE, result.stderr)
        return json.loads(result.stdout)

    def test_every_mode_gives_the_same_embeddings_of_length_one(self):
        model = self.create()
        texts = self.texts("one\ntwo words\n\nÄpfel\n".encode())
        expected = None
        for mode in MODES:
            rows = self.embed(model, texts, *mode)
            self.assertEqual([row["text"] for row in rows], ["one", "two words", "", "Äpfel"])
            for row in rows:
                self.assertEqual(len(row["embedding"]), 128)
                self.assertAlmostEqual(sum(x * x for x in row["embedding"]), 1, places=4)
                self.assertEqual(row["tokens"][0], 2)  # the beginning
            expected = expected or rows
            for row, other in zip(rows, expected):
                self.assertEqual(row["tokens"], other["tokens"])
                cosine = sum(a * b for a, b in zip(row["embedding"], other["embedding"]))
                self.assertGreater(cosine, 0.9999)

    def test_weights_that_are_not_numbers_are_refused(self):
        model = self.create("nan.gguf", "--type", "f32")
        model.write_bytes(model.read_bytes()[:-4096] + b"\xff" * 4096)
        texts = self.texts(b"one\n")
        for form in ("text", "json"):
            result = crossover("model", "embed", "--model", model, "--texts", texts, "--format",
                               form)
            self.assertEqual(result.returncode, CELLS_FAILED, result.stderr)
            self.assertEqual(result.stdout, "")
            self.assertIn(f"text 1 has no embedding: some of its numbers are not finite; does "
                          f"{model} hold", result.stderr)

    def test_bytes_that_are_no_utf8_have_embeddings(self):
        rows = self.embed(self.create(), self.texts(b"a\xff\xfeb\n"))
        self.assertEqual(len(rows[0]["tokens"]), 5)

    def test_long_texts_are_an_error_or_cut(self):
        model = self.create()
        texts = self.texts(b"short\n" + b"q " * 3000 + b"\n")
        self.assert_refused(USAGE, "texts.txt:2: the text has", "embed", "--model", model,
                            "--texts", texts)
        result = crossover("model", "embed", "--model", model, "--texts", texts, "--truncate")
        self.assertEqual(result.returncode, DONE, result.stderr)
        self.assertIn("1 texts were cut to 2048 tokens", result.stderr)

    def test_bad_usage(self):
        model = self.create()
        good = ("embed", "--model", model)
        self.assert_refused(USAGE, "empty.txt: is empty", *good, "--texts",
                            self.texts(b"", "empty.txt"))
        self.assert_refused(USAGE, "missing.txt: cannot be read", *good, "--texts",
                            self.folder / "missing.txt")
        self.assert_refused(USAGE, "unknown granularity 'corse'; did you mean 'coarse'?", *good,
                            "--granularity", "corse")
        self.assert_refused(USAGE, "--threads = 0; expected 1 to 1024", *good, "--threads", 0)
        hybrid = ("--granularity", "hybrid", "--threads", 3)
        self.assert_refused(USAGE, "2 teams; expected a divisor of the 3 threads", *good, *hybrid,
                            "--teams", 2)
        self.assert_refused(USAGE, "no teams; expected at least one", *good, *hybrid, "--teams=-1")
        self.assert_refused(USAGE, "unknown variant 'fastest' of family matmul_q8; legal: naive",
                            *good, "--matmul", "fastest")
        self.assert_refused(USAGE, "expected a GGUF file or one of embeddinggemma-300m", "embed",
                            "--model", self.folder / "missing.gguf")
        self.assert_refused(USAGE, "byte 0: ", "embed", "--model", self.texts(b"GGXF" * 20))

    def test_other_models_are_named(self):
        shared = pathlib.Path(os.environ.get("CROSSOVER_SHARED", program.ROOT / "../shared"))
        path = shared / "reference/llama-q4_k.gguf"
        if not path.exists():
            self.skipTest(f"no models in {shared}")
        self.assert_refused(USAGE, "the architecture 'llama' is not supported", "embed", "--model",
                            path)


class Bench(WithModels):
    def test_counts_prove_the_mode(self):
        model = self.create()
        regions = {}
        for mode in MODES:
            result = crossover("model", "bench", "--model", model, "--batch", 6, "--passes", 2,
                               "--format", "json", *mode)
            self.assertEqual(result.returncode, DONE, result.stderr)
            row = json.loads(result.stdout)
            regions[mode[1]] = row["parallel_regions"]
            self.assertEqual(row["texts"], 6)
            self.assertEqual(row["threads_used"], 1 if mode[1] == "serial" else 2)
            self.assertIn(row["allocations"], (0, None))
            self.assertGreater(row["tokens_per_second"], 0)
            self.assertIsNone(row["text_seconds"]["p99"])  # twelve times are too few
        self.assertEqual(regions["serial"], 0)
        self.assertEqual(regions["coarse"], 1)
        self.assertGreater(regions["fine"], 5 * regions["packed"])

    def test_a_full_disk_keeps_the_old_trace(self):
        trace = self.folder / "trace.json"
        trace.write_text("old")
        result = subprocess.run(
            [program.PROGRAM, "model", "bench", "--model", self.create(), "--passes", "1",
             "--trace", trace],
            capture_output=True, text=True, check=False, timeout=60,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)),
        )
        self.assertEqual(result.returncode, ENVIRONMENT, result.stderr)
        self.assertIn(f"cannot write {trace}: File too large", result.stderr)
        self.assertEqual(trace.read_text(), "old")
        self.assertEqual(list(self.folder.glob("*.part")), [])

    def test_a_batch_larger_than_the_file_says_so(self):
        texts = self.folder / "three.txt"
        texts.write_text("one\ntwo\nthree\n")
        arguments = ("model", "bench", "--model", self.create(), "--texts", texts, "--passes", 1)
        result = crossover(*arguments, "--batch", 8)
        self.assertEqual(result.returncode, DONE, result.stderr)
        self.assertIn("a batch of 8 from 3 texts: they are repeated", result.stderr)
        self.assertIn("8 texts, ", result.stdout)
        self.assertEqual(crossover(*arguments, "--batch", 3).stderr, "")

    def test_the_trace_has_every_operation_of_every_text(self):
        trace = self.folder / "trace.json"
        result = crossover("model", "bench", "--model", self.create(), "--batch", 4, "--passes", 1,
                           "--granularity", "coarse", "--threads", 2, "--trace", trace)
        self.assertEqual(result.returncode, DONE, result.stderr)
        events = json.loads(trace.read_text())["traceEvents"]
        self.assertEqual(len(events), 4 * (6 * 10 + 3))
        self.assertEqual({event["args"]["text"] for event in events}, {0, 1, 2, 3})

    def test_bad_usage(self):
        tiny = ("bench", "--model", "tiny-encoder")
        self.assert_refused(USAGE, "--batch = 0; expected 1 to", *tiny, "--batch", 0)
        self.assert_refused(USAGE, "--passes = -1; expected 1 to", *tiny, "--passes=-1")


if __name__ == "__main__":
    program.main()
